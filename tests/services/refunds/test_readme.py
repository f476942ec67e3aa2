"""The state diagrams in the README against the rules: every state is drawn, and every move that is seen."""

import re
from importlib import import_module
from pathlib import Path
from random import Random

import pytest

from services import refunds
from services.refunds.service import REFUNDS
from tests.services.diagrams import is_ledger
from tests.services.refunds.kinds import KINDS
from tests.services.refunds.test_money import BEGINNINGS, MOVES, WAITS, play

README = Path(next(iter(refunds.__path__))) / "README.md"
ARROW = re.compile(r"^\s*(\[\*\]|\w+) --> (\[\*\]|\w+)", re.MULTILINE)
TABLES = {
    kind: module.TABLE
    for kind in KINDS
    for module in [import_module(f"tests.services.refunds.{kind.replace('-', '_')}.test_rules")]
    if kind != "order"  # random orders show its moves
}
DIAGRAMS = [name for name, kind in KINDS.items() if not is_ledger(kind)]
Arrows = set[tuple[str, str]]


def drawn(kind: str) -> Arrows:
    """The arrows of a kind's diagram; `[*]` on the left is the initial state."""
    diagram = section_of(kind).split("stateDiagram-v2", 1)[1].split("```", 1)[0]
    return set(ARROW.findall(diagram))


def section_of(kind: str) -> str:
    text = README.read_text(encoding="utf-8")
    return text.split(f"\n## {kind}\n", 1)[1].split("\n## ", 1)[0]


def name_of(kind: str, state: object) -> str:
    return "[*]" if state == KINDS[kind].initial else type(state).__name__


@pytest.fixture(scope="module")
def seen() -> dict[str, Arrows]:
    """Moves of random orders and of the rule tables; without those that stay where they are."""
    moves: dict[str, Arrows] = {kind.name: set() for kind in REFUNDS.kinds}
    for seed in range(80):
        dice = Random(seed)
        history = [(dice.randrange(len(MOVES)), dice.randrange(2**16), dice.choice(WAITS)) for _ in range(25)]
        for noted in play(dice.randrange(len(BEGINNINGS)), history).facts:
            kind = noted.place[1]
            moves[kind].add((name_of(kind, noted.before), name_of(kind, noted.after)))
    for kind, table in TABLES.items():
        decider = KINDS[kind]
        for _, given, _, then in table:
            state = decider.initial
            for fact in [*given, *then]:
                after = decider.evolve(state, fact)
                moves[kind].add((name_of(kind, state), name_of(kind, after)))
                state = after
    return {kind: {(a, b) for a, b in arrows if a != b} for kind, arrows in moves.items()}


@pytest.mark.parametrize("kind", DIAGRAMS)
def test_every_state_is_drawn(kind: str) -> None:
    names = {state.__name__ for state in KINDS[kind].states} - {"Absent"}
    assert {name for arrow in drawn(kind) for name in arrow} - {"[*]"} == names


@pytest.mark.parametrize("kind", DIAGRAMS)
def test_ended_states_end(kind: str) -> None:
    ended = {state.__name__ for state in KINDS[kind].ended_states} - {"TurnedAway"}
    assert {source for source, target in drawn(kind) if target == "[*]"} - {"Filed"} == ended


@pytest.mark.parametrize("kind", DIAGRAMS)
def test_every_move_that_is_seen_is_drawn(kind: str, seen: dict[str, Arrows]) -> None:
    assert seen[kind] - drawn(kind) == set()
    moves = {(a, b) for a, b in drawn(kind) if b not in (a, "[*]")}
    assert len(seen[kind]) >= min(8, len(moves)), "or the diagram shows what nobody saw"


def test_a_ledger_says_that_it_is_one() -> None:
    ledgers = KINDS.keys() - set(DIAGRAMS)
    assert [name for name in ledgers if "ledger" not in section_of(name)] == []
