"""Checks a service's README against its rules: state diagrams, deadlines, what is read and announced."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chassis.service import Kind, Service
from kernel.decider import Deadline, DeadlinePassed, NotYet

SECTION = re.compile(r"^### `([a-z-]+)`$(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
DIAGRAM = re.compile(r"```mermaid\nstateDiagram-v2\n(.*?)```", re.DOTALL)
ARROW = re.compile(r"^\s*(\[\*\]|\w+) --> (\[\*\]|\w+)", re.MULTILINE)

Edge = tuple[str, str]


class Readme:
    """A README, by kind of case."""

    def __init__(self, service: Service, path: Path) -> None:
        self.service = service
        self.text = path.read_text(encoding="utf-8")
        self.sections = dict(SECTION.findall(self.text))

    def edges(self, kind: str) -> set[Edge]:
        """The arrows of a kind's diagram."""
        found = DIAGRAM.search(self.sections[kind])
        assert found is not None, f"{kind} has no diagram"
        return set(ARROW.findall(found.group(1)))

    def check_words(self) -> None:
        """Every kind has its section; every event type read or announced and every policy pack is named."""
        assert list(self.sections) == [kind.name for kind in self.service.kinds]
        types = {event.TYPE for event in self.service.reads}
        missing = sorted(name for name in types if f"`{_short(name)}`" not in self.text)
        assert missing == [], "read, and not in the README"
        for kind in self.service.kinds:
            for announce in kind.announces.values():
                event = announce.__annotations__["return"]
                assert f"`{_short(event.TYPE)}`" in self.sections[kind.name], (kind.name, event.TYPE)


def _short(name: str) -> str:
    return name.split(".", 1)[1].rsplit(".", 1)[0]


def messages_of(service: str, kind: str) -> Sequence[object] | None:
    """Finds the messages that explore a kind's diagram: MESSAGES of `drawn.py` in its test folder.

    A ledger has no such file, and no diagram.
    """
    module = f"{folder_of(service, kind)}.drawn"
    if find_spec(module) is None:
        return None
    found: Sequence[object] = import_module(module).MESSAGES
    return found


def reopened_of(service: str, kind: str) -> Sequence[str]:
    """Finds the ended states that a case may leave again: REOPENS of `drawn.py`, where it has one."""
    module = f"{folder_of(service, kind)}.drawn"
    found: Sequence[str] = () if find_spec(module) is None else getattr(import_module(module), "REOPENS", ())
    return found


def folder_of(service: str, kind: str) -> str:
    """Names the package of a kind's tests."""
    return f"tests.services.{service}.{kind.replace('-', '_')}"


def is_ledger(kind: Kind[Any, Any, Any, Any]) -> bool:
    """Tells whether a kind never ends and waits for nobody: its section says so, and has no diagram."""
    return len(kind.states) == 1 and not kind.deadlines(kind.initial)


def explored(
    kind: Kind[Any, Any, Any, Any],
    messages: Sequence[object],
    policy: object,
    start: datetime,
    limit: int = 4000,
) -> tuple[set[Edge], set[str]]:
    """Every step between states that these messages and the deadlines lead to, and the deadlines' names.

    Breadth first from the beginning; a state already seen is not entered again. `[*]` stands for the
    beginning and for an ended state's end.
    """
    decider = kind
    edges: set[Edge] = set()
    names: set[str] = set()
    seen = {repr(decider.initial)}
    queue: list[tuple[Any, datetime]] = [(decider.initial, start)]
    while queue and len(seen) < limit:
        state, now = queue.pop(0)
        pending: Sequence[Deadline] = decider.deadlines(state)
        names |= {deadline.name for deadline in pending}
        for message, at in _steps(messages, pending, now):
            try:
                decided = decider.decide(state, message, policy, at)
            except NotYet:
                continue
            after = state
            for entry in decided:
                after = decider.evolve(after, entry.fact)
            if type(after) is not type(state):
                edges.add((_name(kind, state), _name(kind, after)))
            if repr(after) not in seen:
                seen.add(repr(after))
                queue.append((after, at))
    ended = {(cls.__name__, "[*]") for cls in kind.ended_states if any(to == cls.__name__ for _, to in edges)}
    return edges | ended, names


def _steps(
    messages: Sequence[object], pending: Iterable[Deadline], now: datetime
) -> list[tuple[object, datetime]]:
    due = [(DeadlinePassed(x.name, x.due_at), x.due_at) for x in pending]
    return [(message, now) for message in messages] + due


def _name(kind: Kind[Any, Any, Any, Any], state: object) -> str:
    return "[*]" if type(state) is type(kind.initial) else type(state).__name__
