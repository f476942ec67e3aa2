"""Makes .venv: what `make setup` runs. Standard library only; needs no network once the caches are warm.

The first time pip downloads the locked wheels into a wheelhouse in the cache folder (so pip's own settings
count: index, proxy, certificates). From there uv, itself one of the wheels, installs them in every clone.
"""

import hashlib
import os
import platform
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
STAMP = VENV / ".ready"
OLDEST_PYTHON = (3, 11)


def main() -> int:
    """Exit status 0 when .venv is complete, otherwise 1 with one line that says what is missing."""
    began = time.monotonic()
    if sys.version_info < OLDEST_PYTHON:
        return _fail(f"Python {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed, this is {sys.version}")
    try:
        wheels = _wheelhouse()
        _environment(wheels)
        _run([str(VENV / "bin" / "python"), "-m", "devstack", "fetch"], {"PYTHONPATH": str(ROOT)})
    except subprocess.CalledProcessError as error:
        return _fail(f"setup failed: {' '.join(map(str, error.cmd))[:200]}")
    STAMP.touch()
    print(f"setup: {VENV} is ready ({time.monotonic() - began:.1f} s)")
    return 0


def _fail(reason: str) -> int:
    print(f"setup: {reason}", file=sys.stderr)
    return 1


def _run(command: Sequence[str], extra: Mapping[str, str] | None = None) -> None:
    subprocess.run(command, check=True, env={**os.environ, **(extra or {})})


def _cache() -> Path:
    """As in devstack.cache, which cannot be imported before there is an environment."""
    return Path(runpy.run_path(str(ROOT / "devstack" / "cache.py"))["folder"]())


def _wheelhouse() -> Path:
    """The folder of the locked wheels for this Python and platform; downloaded unless it is there."""
    tag = f"{sys.implementation.cache_tag}-{platform.system()}-{platform.machine()}".lower()
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    folder = _cache() / "wheels" / f"{digest}-{tag}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    print("setup: downloading packages, this once", flush=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".download-") as work:
        _run([sys.executable, "-m", "venv", f"{work}/pip"])
        pip = [f"{work}/pip/bin/python", "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
        what = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(LOCK)]
        _run([*pip, *what, "--dest", f"{work}/wheels"])
        try:
            Path(work, "wheels").rename(folder)
        except OSError:
            if not folder.is_dir():  # otherwise another setup was faster, with the same files
                raise
    return folder


def _environment(wheels: Path) -> None:
    """Makes .venv anew unless it holds this interpreter's, and installs exactly the locked packages."""
    python = VENV / "bin" / "python"
    if not _usable(python):
        shutil.rmtree(VENV, ignore_errors=True)
        _run([sys.executable, "-m", "venv", "--without-pip", str(VENV)])
    with tempfile.TemporaryDirectory() as work:
        uv = _uv(wheels, Path(work))
        quiet = {"UV_CACHE_DIR": str(_cache() / "uv"), "UV_NO_PROGRESS": "1", "UV_PYTHON_DOWNLOADS": "never"}
        base = [str(uv), "pip", "--quiet", "--no-config", "--offline"]
        source = ["--python", str(python), "--no-index", "--find-links", str(wheels)]
        _run([*base, "sync", *source, "--require-hashes", str(LOCK)], quiet)
        ours = [word for name in ("contracts", "adapters", "") for word in ("--editable", str(ROOT / name))]
        _run([*base, "install", *source, "--no-deps", "--no-build-isolation", *ours], quiet)


def _usable(python: Path) -> bool:
    """Whether .venv runs and is of the same release as the Python that sets it up."""
    if not python.exists():
        return False
    ask = "import sys; print(sys.implementation.cache_tag)"
    said = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=False).stdout
    return said.strip() == sys.implementation.cache_tag


def _uv(wheels: Path, folder: Path) -> Path:
    """The program uv, taken out of its wheel."""
    (wheel,) = wheels.glob("uv-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (member,) = (name for name in archive.namelist() if name.endswith(".data/scripts/uv"))
        path = Path(archive.extract(member, folder))
    path.chmod(0o755)
    return path


if __name__ == "__main__":
    sys.exit(main())
