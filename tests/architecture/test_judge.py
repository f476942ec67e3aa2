"""The judge of the proof shares no code with what it judges, and knows which service reads what."""

import ast
from pathlib import Path
from typing import get_args, get_type_hints

from aftersales_contracts.readers import READS
from aftersales_contracts.registry import services_of
from cli.access import load_services
from tests.architecture import tree
from tests.faults.proof.readers import inputs_of

PROOF = "tests.faults.proof"
JUDGE = tree.ROOT / "tests" / "faults" / "proof" / "judge.py"
OURS = {"chassis", "services", "cli", "devstack", "simulator", "benchmarks", "tests"}


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree.tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _reached(start: Path) -> dict[Path, set[str]]:
    """Everything of the proof that a module imports, at any depth, with its imports."""
    found: dict[Path, set[str]] = {}
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path in found or not path.exists():
            continue
        found[path] = _imports(path)
        names = [name.removeprefix(f"{PROOF}.") for name in found[path] if name.startswith(f"{PROOF}.")]
        waiting += [start.parent / f"{name.partition('.')[0]}.py" for name in names]
    return found


def test_the_judge_imports_nothing_of_what_it_judges() -> None:
    reached = _reached(JUDGE)
    assert len(reached) > 8
    bad = {
        f"{path.name} imports {name}"
        for path, names in reached.items()
        for name in names
        if name.partition(".")[0] in OURS and name != PROOF and not name.startswith(f"{PROOF}.")
    }
    assert bad == set()


def test_the_judge_reaches_the_checks() -> None:
    names = {path.name for path in _reached(JUDGE)}
    assert {"fact_checks.py", "inbox_checks.py", "reducer.py", "secrets.py", "log.py"} <= names


def test_the_contracts_say_what_each_service_reads() -> None:
    services = load_services()
    assert {name: set(types) for name, types in READS.items()} == {
        name: {event.TYPE for event in service.reads} for name, service in services.items()
    }
    for name in services:
        assert len(inputs_of(name)) > 5


def test_the_contracts_let_each_service_announce_what_it_announces() -> None:
    """A type that several services announce names each of them: elsewhere it would be on the wrong topic."""
    announced = [
        (name, get_type_hints(announce)["return"])
        for name, service in load_services().items()
        for kind in service.kinds
        for announce in kind.announces.values()
    ]
    types = [(name, each) for name, told in announced for each in get_args(told) or (told,)]
    assert len(types) > 100
    assert [(name, each.TYPE) for name, each in types if name not in services_of(each)] == []
