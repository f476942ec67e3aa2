"""docs/operations.md and docs/security.md say what the code has: tables, commands, tests that exist."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.architecture import reference
from tests.architecture.tree import ROOT

SECURITY = ROOT / "docs" / "security.md"
PLACES = (reference.OPERATIONS, SECURITY)


def test_the_tables_of_metrics_and_settings_are_up_to_date() -> None:
    text = reference.OPERATIONS.read_text("utf-8")
    assert reference.filled(text) == text, "run `make docs`"


def test_every_metric_and_setting_is_told_in_words() -> None:
    for rows in (list(reference.metrics()), list(reference.settings())):
        assert len(rows) > 15
        assert all(row.rsplit("|", 2)[-2].strip() for row in rows), rows


@pytest.mark.parametrize("path", PLACES, ids=lambda path: path.name)
def test_every_command_that_the_documents_name_is_there(path: Path) -> None:
    text = path.read_text("utf-8")
    named = set(re.findall(r"(?:`|^ +)aftersales ([a-z-]+)", text, re.MULTILINE))
    shown = CliRunner().invoke(app, ["--help"], terminal_width=200).output
    assert named
    assert all(re.search(rf"\b{name}\b", shown) for name in named), named


@pytest.mark.parametrize("path", PLACES, ids=lambda path: path.name)
def test_every_test_that_the_documents_name_exists(path: Path) -> None:
    text = path.read_text("utf-8")
    for folder, test in re.findall(r"`(tests/[\w/.]+?)(?:::(\w+))?`", text):
        file = ROOT / folder
        assert file.exists(), folder
        assert not test or f"def {test}(" in file.read_text("utf-8"), test
