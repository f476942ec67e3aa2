"""The container engine: whether one is there, and the project's image on it.

Where none answers the tests are skipped with the reason, or fail where AFTERSALES_REQUIRED_TOOLS names
`docker`.
"""

import functools
import os
import subprocess
from pathlib import Path

from tests.support import tools

ROOT = Path(__file__).resolve().parents[2]
IMAGE_SETTING = "AFTERSALES_TEST_IMAGE"
"""Names an image to test instead of the one that is built from this tree."""
BUILT_IMAGE = "aftersales:containers-test"
ENGINE_SECONDS = 20
BUILD_SECONDS = 900


@functools.cache
def _complaint() -> str | None:
    """Why there is no engine; None where it answers."""
    try:
        asked = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            capture_output=True,
            text=True,
            timeout=ENGINE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return type(error).__name__
    return None if asked.returncode == 0 else (asked.stderr.strip() or "no answer").splitlines()[-1]


def need() -> None:
    """Skips the test where no engine answers, or fails it where one is required."""
    complaint = _complaint()
    if complaint is not None:
        tools.missing("docker", f"no container engine answers ({complaint})")


def docker(*arguments: str, limit_seconds: float = 120, stdin: str | None = None) -> str:
    """Returns the output of `docker ...`. Raises AssertionError with the complaint on failure."""
    done = run(*arguments, limit_seconds=limit_seconds, stdin=stdin)
    assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


def run(
    *arguments: str, limit_seconds: float = 120, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """`docker ...`, whatever becomes of it."""
    return subprocess.run(
        ["docker", *arguments],
        capture_output=True,
        text=True,
        timeout=limit_seconds,
        check=False,
        input=stdin,
        cwd=ROOT,
    )


@functools.cache
def project_image() -> str:
    """The project's image, built from this tree unless the environment names one."""
    named = os.environ.get(IMAGE_SETTING)
    if named:
        return named
    docker(
        "build", "--quiet", "--file", "deploy/Dockerfile", "--tag", BUILT_IMAGE, ".",
        limit_seconds=BUILD_SECONDS,
    )  # fmt: skip
    return BUILT_IMAGE


@functools.cache
def postgres_with_tls() -> str:
    """`postgres:18` as it is published; where the one at hand has no TLS, a PostgreSQL that does."""
    published, own = "postgres:18", "aftersales-test/postgres-tls"
    look = 'ldd "$(command -v postgres)"'
    if "libssl" in run("run", "--rm", "--entrypoint", "sh", published, "-c", look).stdout:
        return published
    tell(f"{published} has no TLS here: {own} instead")
    docker("build", "--quiet", "--tag", own, "tests/deploy/postgres", limit_seconds=BUILD_SECONDS)
    return own


def overlay(tag: str, base: str, files: dict[str, str], folder: Path, *steps: str) -> str:
    """Builds an image that adds files (path in the image -> content) and steps to another."""
    lines = [f"FROM {base}", "USER 0:0"]
    for number, (path, content) in enumerate(files.items()):
        (folder / f"file-{number}").write_text(content, "utf-8")
        lines.append(f"COPY --chmod=644 file-{number} {path}")
    lines += [f"RUN {step}" for step in steps]
    (folder / "Dockerfile").write_text("\n".join([*lines, "USER 10001:10001"]) + "\n", "utf-8")
    docker("build", "--quiet", "--tag", tag, str(folder), limit_seconds=BUILD_SECONDS)
    return tag


def tell(what: str) -> None:
    """A line for the figures of the run (`pytest -s`, or the report of a failure)."""
    print(f"containers: {what}")
