"""Chooses the OS user that runs PostgreSQL for root, and tells what that user can reach."""

import os
import pwd
import stat
from pathlib import Path

from devstack.errors import PartMissing
from devstack.part import Owner

NAME_SETTING = "AFTERSALES_POSTGRES_OS_USER"
USUAL = "nobody"


def choose() -> Owner | None:
    """None for an ordinary user; for root another user, since PostgreSQL refuses to run as root.

    AFTERSALES_POSTGRES_OS_USER names it, otherwise it is `nobody`, which every system has.
    Raises PartMissing.
    """
    if os.geteuid() != 0:
        return None
    name = os.environ.get(NAME_SETTING, USUAL)
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise PartMissing(f"no OS user {name} to run PostgreSQL: set {NAME_SETTING}") from None
    if entry.pw_uid == 0:
        raise PartMissing(f"PostgreSQL cannot run as {name}: set {NAME_SETTING}")
    return Owner(name, entry.pw_uid, entry.pw_gid)


def reaches(path: Path, owner: Owner | None) -> bool:
    """Whether that user can walk down to `path` through all the folders above it."""
    if owner is None:
        return True
    return all(_may_enter(folder, owner) for folder in path.absolute().parents if folder.exists())


def _may_enter(folder: Path, owner: Owner) -> bool:
    status = folder.stat()
    if status.st_uid == owner.user_id:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == owner.group_id:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
