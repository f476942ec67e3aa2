"""Finds the folder of files that outlive a clone."""

import os
from pathlib import Path


def folder() -> Path:
    """The cache folder: AFTERSALES_CACHE, else `aftersales` in the user's cache folder."""
    named = os.environ.get("AFTERSALES_CACHE")
    if named:
        return Path(named).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "aftersales"
