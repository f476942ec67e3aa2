"""Every kind of case is made alike; each check finds its fault in a copy; mypy finds what is forgotten."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture import tree
from tests.architecture.kinds import (
    CHECKS,
    RULES_LAYER,
    Kind,
    addresses,
    alias,
    annotations,
    calls,
    dispatching,
    foreign_imports,
    functions,
    impure_modules,
    kinds,
    open_branches,
    parsed,
    strange_files,
    unlisted_kinds,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_kind_is_made_alike(check: Callable[[Path], set[str]]) -> None:
    assert check(tree.ROOT) == set()


def test_every_service_has_kinds() -> None:
    services = {path.parent.name for path in tree.ROOT.glob("services/*/service.py")}
    assert len(services) > 3
    assert {kind.service for kind in kinds(tree.ROOT)} == services


# Faults, planted in a copy of one service: (check, file, text to replace or "" for the end, its
# replacement, part of the problem found).

KIND = "services/reviews/cases/review_followup"
OTHER = "services.reviews.cases.review"
FAULTS = [
    (unlisted_kinds, "../../service.py", '"review_followup",', "", "does not list review_followup"),
    (unlisted_kinds, "../../service.py", '"review",', '"reviews",', "lists reviews, which is no kind"),
    (unlisted_kinds, "../../service.py", '"review",', '"review", "review",', "lists review twice"),
    (unlisted_kinds, "../../service.py", "reviews.cases", "refunds.cases", "has no one list of kinds"),
    (unlisted_kinds, "border.py", "REVIEW_FOLLOWUP: Kind", "FOLLOWUP: Kind", "declare REVIEW_FOLLOWUP"),
    (unlisted_kinds, "border.py", "", "REVIEW_FOLLOWUP_2 = Kind()", "declare REVIEW_FOLLOWUP, its one Kind"),
    (strange_files, "helpers.py", "", "", "helpers.py is no file of a kind"),
    (strange_files, "policy.toml", "", "", "policy.toml is no file of a kind"),
    (strange_files, "../helpers.py", "", "", "helpers.py lies beside"),
    (strange_files, "__init__.py", "", "LIMIT = 3", "__init__.py is not empty"),
    (foreign_imports, "rules.py", "", f"from {OTHER} import rules as r", f"imports {OTHER}.rules"),
    (foreign_imports, "border.py", "", f"from {OTHER}.state import Known", f"imports {OTHER}.state"),
    (foreign_imports, "rules.py", "", f"from {OTHER} import border", f"imports {OTHER}.border"),
    (foreign_imports, "rules.py", "", f"import {OTHER}", f"rules.py imports {OTHER}"),
    (foreign_imports, "rules.py", "", f"from {OTHER}_followup import border", "_followup.border"),
    (foreign_imports, "messages.py", "", "from aftersales_contracts import base", "aftersales_contracts"),
    (foreign_imports, "state.py", "", "from chassis.service import Kind", "state.py imports chassis.service"),
    (foreign_imports, "state.py", "", "from services.reviews import policy", "state.py imports services.rev"),
    (foreign_imports, "rules.py", "", "import asyncio", "rules.py imports asyncio"),
    (foreign_imports, "border.py", "", "from chassis.store import Store", "border.py imports chassis.store"),
    (impure_modules, "../../credit.py", "", "import socket", "credit.py imports socket"),
    (impure_modules, "../../credit.py", "", f"from {OTHER} import state", f"credit.py imports {OTHER}"),
    (addresses, "border.py", "", 'TO = Addressed("s", NAME, "c", m.Explained(True))', "makes an address"),
    (addresses, "messages.py", "", 'TO = Addressed("s", NAME, "c", "anything")', "makes an address"),
    (addresses, "rules.py", "", 'BACK = ReplyTo("s", "order", "c")', "makes a reply's address"),
    (addresses, "messages.py", "message: Message", "message: object", "no `to` that takes a Message"),
    (open_branches, "rules.py", "assert_never(message)", "return []", "decide does not end in assert_never"),
    (open_branches, "rules.py", "assert_never(message)", "return []", "swallows what is not named"),
    (open_branches, "state.py", "assert_never(fact)", "return state", "evolve does not end in assert_never"),
    (open_branches, "rules.py", "", "T: Mapping[type, Callable[..., list[Fact]]] = {}", "a table by class"),
    (open_branches, "state.py", "", "T = {FollowupOpened: _opened, Task: lambda s, f: s}", "is a table"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("check", "file", "old", "new", "found"),
    FAULTS,
    ids=[f"{n}-{check.__name__}-{file}" for n, (check, file, *_) in enumerate(FAULTS)],
)
def test_a_fault_is_found(
    tmp_path: Path, check: Callable[[Path], set[str]], file: str, old: str, new: str, found: str
) -> None:
    copied(tmp_path, "services/reviews")
    assert check(tmp_path) == set()
    path = tmp_path / KIND / file
    text = path.read_text("utf-8") if path.exists() else ""
    assert old in text
    path.write_text(text.replace(old, new) if old else f"{text}{new}\n", "utf-8")
    assert [problem for problem in check(tmp_path) if found in problem] != []


def copied(to: Path, *places: str) -> None:
    for place in places:
        shutil.copytree(tree.ROOT / place, to / place, ignore=shutil.ignore_patterns("__pycache__"))


# Planted in every kind at once: new members of each union, and messages addressed by the wrong `to`.


@pytest.mark.timeout(300)
def test_mypy_names_the_place_of_what_is_forgotten_or_misdirected(tmp_path: Path) -> None:
    copied(tmp_path, "kernel", "services")
    shutil.copy(tree.ROOT / "pyproject.toml", tmp_path)
    planted = kinds(tmp_path)
    for kind in planted:
        for union in ("Message", "State", "Fact"):
            plant(kind, union)
    crossed = misdirect(tmp_path / "services", planted)
    errors = mypy(tmp_path, [*(path for kind in planted for path, _ in kind.files(RULES_LAYER)), crossed])
    for kind in planted:
        assert is_named(errors, kind, "rules.py", "decide", "PlantedMessage"), kind.place
        assert is_named(errors, kind, "state.py", "evolve", "PlantedFact"), kind.place
        of_states = [x for x in errors if x.file.startswith(f"{kind.place}/") and "PlantedState" in x.text]
        assert of_states, kind.place
    lines = {x.line for x in errors if x.file == "services/crossed.py" and "[arg-type]" in x.text}
    made = {node.lineno for node in calls(parsed(crossed), "to")}
    assert len(made) == len(planted)
    assert lines == made, "a message of another kind is taken"


@dataclass(frozen=True)
class Error:
    """One line of mypy."""

    file: str
    line: int
    text: str


def mypy(root: Path, files: list[Path]) -> list[Error]:
    """Checks files of a copied tree as `make types` does."""
    options = ["--config-file", "pyproject.toml", "--cache-dir", ".mypy_cache", "--no-pretty"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *(str(path.relative_to(root)) for path in files)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    found = re.findall(r"^(\S+?\.py):(\d+): error: (.*)$", done.stdout, re.MULTILINE)
    return [Error(file, int(line), text) for file, line, text in found]


def plant(kind: Kind, union: str) -> None:
    """Adds one class to a union, and nothing that deals with it."""
    path, node = alias(kind, union)
    rows = path.read_text("utf-8").split("\n")
    last, end = (node.value.end_lineno or 0) - 1, node.value.end_col_offset or 0
    rows[last] = f"{rows[last][:end]} | Planted{union}{rows[last][end:]}"
    before = ["from kernel.value import Value", "", "", f"class Planted{union}(Value):", "    pass", "", ""]
    rows[node.lineno - 1 : node.lineno - 1] = before
    path.write_text("\n".join(rows), "utf-8")


def misdirect(services: Path, planted: list[Kind]) -> Path:
    """Writes a module in which the `to` of every kind is given the messages of another kind."""
    rows = ["from typing import Any"]
    for number, kind in enumerate(planted):
        [to] = functions(kind.folder / "messages.py", "to")
        before = annotations(to).index("Message")
        rows += [
            f"from services.{kind.service}.cases.{kind.name} import messages as m{number}",
            f"def to{number}(anything: Any, message: m{(number + 1) % len(planted)}.Message) -> None:",
            f"    m{number}.to({'anything, ' * before}message)",
        ]
    path = services / "crossed.py"
    path.write_text("\n".join(rows), "utf-8")
    return path


def is_named(errors: list[Error], kind: Kind, file: str, name: str, planted: str) -> bool:
    """Tells whether an error about the planted class lies in that function or where it hands the union on."""
    union = planted.removeprefix("Planted")
    return any(
        x.file == f"{kind.place}/{file}" and function.lineno <= x.line <= (function.end_lineno or 0)
        for function in dispatching(kind.folder / file, name, union)
        for x in errors
        if planted in x.text
    )
