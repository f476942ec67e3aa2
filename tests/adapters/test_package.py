"""The package: what it imports, what its README says of it."""

import sys

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


def test_the_readme_has_every_status_as_the_code_has_it() -> None:
    assert filled(README.read_text("utf-8")) == README.read_text("utf-8")


def test_the_readme_names_every_kind() -> None:
    text = README.read_text("utf-8")
    assert {kind for kind in KINDS if f"| `{kind}` |" not in text} == set()


def test_a_remark_has_one_word_and_a_sense() -> None:
    assert all(word.replace("_", "").isalpha() and sense for word, sense in REMARKS.items())
