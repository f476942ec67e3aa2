"""Sizes, imports, clocks and words: what holds for every file of the repository."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture import tree

LONGEST_FILE_LINES = 400
LONGEST_FUNCTION_LINES = 70
CLOCK = "chassis/clock.py"
CLOCK_FREE = ("kernel/", "chassis/", "services/", "contracts/aftersales_contracts/", "adapters/", "cli/")
CLOCK_CALLS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now",
    "datetime.date.today", "time.time", "time.time_ns", "uuid.uuid1", "uuid.uuid4",
}  # fmt: skip
CLOCK_NAMES = {("uuid", "uuid1"), ("uuid", "uuid4"), ("time", "time"), ("time", "time_ns")}
OUTSIDE = {
    "asyncio", "concurrent", "ftplib", "http", "multiprocessing", "os", "pathlib", "random", "secrets",
    "select", "shutil", "signal", "smtplib", "socket", "sqlite3", "ssl", "subprocess", "tempfile",
    "threading", "time", "urllib",
}  # fmt: skip
"""Standard modules by which a rule could reach the outside or ask for the time."""
LEFT_TO_DO = re.compile(r"\b(?:" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3]) + r")\b")
MACHINE = re.compile(r"(?:/" + "root/|/" + "work/|/" + r"home/[a-z]|/" + r"Users/[a-z])")
REGISTRY = re.compile(
    r"py" + r"pi\.org|python" + r"hosted|mav" + r"en\.org|maven\.apa" + r"che|npm" + r"js\.org"
)


def lines(path: Path) -> int:
    return len(tree.text(path).splitlines())


def test_no_file_is_too_long() -> None:
    too_long = {
        tree.name(path): lines(path) for path in tree.python_files() if lines(path) > LONGEST_FILE_LINES
    }
    assert too_long == {}


def test_no_function_is_too_long() -> None:
    too_long = {}
    for path in tree.python_files():
        for node in ast.walk(tree.tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION_LINES:
                    too_long[f"{tree.name(path)}:{node.lineno} {node.name}"] = length
    assert too_long == {}


def import_contracts(root: Path) -> subprocess.CompletedProcess[str]:
    check = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    return subprocess.run(
        [sys.executable, "-P", "-c", check],
        cwd=root,
        env={
            **os.environ,
            "PYTHONPATH": f"{root}{os.pathsep}{root / 'contracts'}{os.pathsep}{root / 'adapters'}",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_import_contracts_hold() -> None:
    done = import_contracts(tree.ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "line", "contract", "told"),
    [
        (
            "chassis/engine/due.py",
            "from chassis.runtime import supervisor",
            "Within the chassis imports go down",
            "chassis.engine.due -> chassis.runtime.supervisor",
        ),
        (
            "chassis/publish/relay.py",
            "from chassis.ingest import decoder",
            "Within the chassis imports go down",
            "chassis.publish.relay -> chassis.ingest.decoder",
        ),
        (
            "chassis/engine/due.py",
            "from chassis.engine import engine",
            "No two modules or packages import each other",
            "No cycles are allowed in chassis.engine.",
        ),
        (
            "chassis/service.py",
            "from services.refunds import policy",
            "Tools stand on services, services on the chassis",
            "chassis.service -> services.refunds.policy",
        ),
        (
            "cli/console.py",
            "from cli import main",
            "No two modules or packages import each other",
            "No cycles are allowed in cli.",
        ),
    ],
)
def test_a_planted_import_is_refused(tmp_path: Path, file: str, line: str, contract: str, told: str) -> None:
    """An upward arrow, an arrow aside, a circle within a package: each breaks its contract by name."""
    for name in ("contracts", "adapters", "kernel", "chassis", "services", "devstack", "simulator", "cli"):
        shutil.copytree(tree.ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(tree.ROOT / "pyproject.toml", tmp_path)
    planted = tmp_path / file
    planted.write_text(f"{planted.read_text('utf-8')}\n{line}\n", "utf-8")
    done = import_contracts(tmp_path)
    said = " ".join(done.stdout.split())
    assert done.returncode == 1, said
    broken = [name for name in re.findall(r"([A-Z][^.]*?) BROKEN", said) if contract in name]
    assert broken, said
    assert told in said


def test_only_one_module_knows_faststream() -> None:
    found = {
        tree.name(path)
        for path in tree.python_files()
        for _, module in tree.imports(path)
        if module.split(".")[0] == "faststream"
    }
    assert found <= {"chassis/ingest/reader.py"}


def test_contracts_import_pydantic_and_the_standard_library_only() -> None:
    allowed = sys.stdlib_module_names | {
        "pydantic",
        "pydantic_core",
        "annotated_types",
        "aftersales_contracts",
    }
    found = {
        f"{tree.name(path)}:{line} {module}"
        for path in tree.python_files()
        if tree.name(path).startswith("contracts/aftersales_contracts/")
        for line, module in tree.imports(path)
        if module.split(".")[0] not in allowed
    }
    assert found == set()


def test_rules_reach_nothing_outside() -> None:
    """Files of rules, policies and whatever they import of their service: the kernel and pure Python."""
    pending = [path for path in tree.python_files() if is_rule_file(tree.name(path))]
    assert len(pending) > 80
    seen: set[Path] = set()
    found: set[str] = set()
    while pending:
        path = pending.pop()
        if path in seen:
            continue
        seen.add(path)
        own = ".".join(path.relative_to(tree.ROOT).parts[:2])
        for line, module in tree.imports(path):
            if module == own or module.startswith(f"{own}."):
                pending += [
                    file for file in [tree.module_path(module)] if file and file.name != "__init__.py"
                ]
            elif not is_pure(module):
                found.add(f"{tree.name(path)}:{line} {module}")
    assert found == set()


def is_rule_file(name: str) -> bool:
    of_kind = r"cases/\w+/(messages|state|facts|rules\w*|admission|account\w*|transitions)"
    return bool(re.fullmatch(rf"services/\w+/({of_kind}|policy)\.py", name))


def is_pure(module: str) -> bool:
    """Whether rules may import it. `pathlib` only names the policy file."""
    top = module.split(".", maxsplit=1)[0]
    if module == "pathlib" or module.startswith("kernel."):
        return True
    return top in sys.stdlib_module_names and top not in OUTSIDE


def test_one_module_looks_at_clock_and_randomness() -> None:
    found = set()
    for path in tree.python_files():
        name = tree.name(path)
        if name == CLOCK or not name.startswith(CLOCK_FREE):
            continue
        for node in ast.walk(tree.tree(path)):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in CLOCK_CALLS:
                found.add(f"{name}:{node.lineno} {ast.unparse(node)}")
            if isinstance(node, ast.ImportFrom):
                found |= {
                    f"{name}:{node.lineno} {node.module}.{alias.name}"
                    for alias in node.names
                    if (node.module, alias.name) in CLOCK_NAMES
                }
        found |= {f"{name}:{line} random" for line, module in tree.imports(path) if module == "random"}
    assert found == set()


@pytest.mark.parametrize(
    ("what", "pattern"), [("left to do", LEFT_TO_DO), ("machine path", MACHINE), ("registry", REGISTRY)]
)
def test_no_file_says_what_does_not_belong(what: str, pattern: re.Pattern[str]) -> None:
    found = {
        f"{tree.name(path)}:{number} {line.strip()[:80]}"
        for path in tree.files()
        for number, line in enumerate(tree.text(path).splitlines(), 1)
        if pattern.search(line)
    }
    assert found == set(), what


def test_every_locked_package_has_a_digest() -> None:
    locked = (tree.ROOT / "requirements.lock").read_text("utf-8")
    blocks = re.split(r"\n(?=[a-z0-9])", locked)
    assert len(blocks) > 50
    assert [
        block.splitlines()[0] for block in blocks if block[0] != "#" and "--hash=sha256:" not in block
    ] == []
