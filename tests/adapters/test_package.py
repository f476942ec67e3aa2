"""The package: what it imports, what its README says of it."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from aftersales_adapters.catalogue import KINDS
from aftersales_adapters.result import REMARKS
from tests.adapters.tables import README, filled
from tests.architecture import tree


def test_adapters_import_pydantic_the_contracts_and_the_standard_library_only() -> None:
    allowed = sys.stdlib_module_names | {"pydantic", "aftersales_contracts", "aftersales_adapters"}
    found = {
        f"{tree.name(path)}:{line} {module}"
        for path in tree.python_files()
        if tree.name(path).startswith("adapters/")
        for line, module in tree.imports(path)
        if module.split(".")[0] not in allowed
    }
    assert found == set()


def test_the_wheel_holds_every_module_and_says_that_it_is_typed(tmp_path: Path) -> None:
    """Built as `pip install ./adapters` builds it."""
    source = tmp_path / "adapters"
    shutil.copytree(tree.ROOT / "adapters", source, ignore=shutil.ignore_patterns("__pycache__"))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "made")]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    (wheel,) = (tmp_path / "made").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        (about,) = (archive.read(name).decode() for name in held if name.endswith("METADATA"))
    modules = {f"aftersales_adapters/{path.name}" for path in source.glob("aftersales_adapters/*.py")}
    assert held >= modules | {"aftersales_adapters/py.typed"}
    needed = {line.split(": ")[1] for line in about.splitlines() if line.startswith("Requires-Dist")}
    assert {re.split(r"[<>=]", need)[0] for need in needed} == {"aftersales-contracts", "pydantic"}


def test_the_readme_has_every_status_as_the_code_has_it() -> None:
    assert filled(README.read_text("utf-8")) == README.read_text("utf-8")


def test_the_readme_names_every_kind() -> None:
    text = README.read_text("utf-8")
    assert {kind for kind in KINDS if f"| `{kind}` |" not in text} == set()


def test_a_remark_has_one_word_and_a_sense() -> None:
    assert all(word.replace("_", "").isalpha() and sense for word, sense in REMARKS.items())
