"""Checks the documents: links and paths lead somewhere; docstrings begin with a subject or a verb."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture import tree

DOCUMENTS = tuple(path for path in tree.files() if path.suffix == ".md")
TOP_FOLDERS = (*tree.CODE, "docs")
MADE_LATER = ("deploy/secrets", "deploy/.env")
"""Paths that a clone does not have: `make secrets` makes the one, the operator the other."""
PLAIN_FOLDERS = (
    "adapters/", "benchmarks/", "chassis/", "cli/", "contracts/aftersales_contracts/", "deploy/", "devstack/",
    "kernel/", "services/", "simulator/", "testing/aftersales_testing/", "tests/",
)  # fmt: skip
"""Folders whose docstrings are checked."""
FENCED = re.compile(r"^(```+|~~~+).*?^\1", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
OUR_PATH = re.compile(rf"(?<![\w./<>*-])(?:{'|'.join(TOP_FOLDERS)})/[\w./*<>-]*")
PLACEHOLDER = re.compile(r"<[\w-]+>")


def test_every_link_leads_somewhere() -> None:
    found = {f"{tree.name(path)}: {link}" for path in DOCUMENTS for link in broken_links(path)}
    assert len(DOCUMENTS) > 50
    assert found == set()


def test_every_path_in_backticks_exists() -> None:
    named = [(path, name) for path in DOCUMENTS for name in our_paths(tree.text(path))]
    assert len(named) > 150
    assert {f"{tree.name(path)}: {name}" for path, name in named if not exists(name)} == set()


def test_no_docstring_begins_with_what_or_how() -> None:
    found = {
        f"{tree.name(path)}:{line} {text.splitlines()[0]}"
        for path in tree.python_files()
        if tree.name(path).startswith(PLAIN_FOLDERS)
        for line, text in docstrings(tree.tree(path))
        if text.lstrip().startswith(("What", "How"))
    }
    assert found == set()


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("`chassis/no.py::test_x`", ["chassis/no.py"]),
        ('`make test TESTS="tests/no tests/kernel/"`', ["tests/no", "tests/kernel/"]),
        ("```\n`chassis/no.py`\n```\nchassis/no.py", []),
        ("`aftersales/tests/no.py`, `~/docs/no.md`", []),
    ],
)
def test_paths_are_found_in_backticks_only(text: str, paths: list[str]) -> None:
    assert our_paths(text) == paths


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        ("chassis/clock.py", True),
        ("chassis/clocks.py", False),
        ("chassis/", True),
        ("services/*/README.md", True),
        ("services/*/READ.md", False),
        ("services/<service>/cases/<kind>/", True),
        ("services/<service>/case/", False),
        ("deploy/secrets/grafana_password", True),
        ("deploy/secretsX", False),
    ],
)
def test_globs_and_placeholders_stand_for_something(name: str, is_there: bool) -> None:
    assert exists(name) == is_there


def test_a_link_without_target_or_heading_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# The *one* `page`, of 2\n# Twice\n# Twice\n"
        "[a](#the-one-page-of-2) [b](page.md#twice-1) [c](https://example.org/no) [d](.)\n"
        "[e](no.md) [f](#no) [g](page.md#twice-2) `[h](no)`\n"
    )
    assert list(broken_links(page)) == ["no.md", "#no", "page.md#twice-2"]


def broken_links(path: Path) -> Iterator[str]:
    """The relative links and anchors of a document that lead nowhere."""
    for link in LINK.findall(SPAN.sub("", FENCED.sub("", tree.text(path)))):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            yield link


@cache
def anchors(path: Path) -> frozenset[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCED.sub("", path.read_text("utf-8"))):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = 0
        while anchor in found:
            number += 1
            anchor = f"{slug}-{number}"
        found.add(anchor)
    return frozenset(found)


def our_paths(text: str) -> list[str]:
    """Paths in a document's backticks that begin with one of our top-level folders."""
    spans = SPAN.findall(FENCED.sub("", text))
    return [name.rstrip(".") for span in spans for name in OUR_PATH.findall(span)]


@cache
def exists(name: str) -> bool:
    """Whether a path is there; of a glob or a placeholder, whether anything fits."""
    if any(name == made or name.startswith(f"{made}/") for made in MADE_LATER):
        return True
    pattern = PLACEHOLDER.sub("*", name).rstrip("/")
    return next(tree.ROOT.glob(pattern), None) is not None


def docstrings(module: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, text) of the docstrings of a module, its classes, functions and attributes."""
    for node in ast.walk(module):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for statement in node.body:
                match statement:
                    case ast.Expr(value=ast.Constant(value=str() as text)):
                        yield statement.lineno, text
                    case _:
                        pass
