"""The diagrams of the README show the rules as they are."""

import re
from pathlib import Path

import pytest

from services.logistics import service
from tests.services.diagrams import is_ledger
from tests.services.logistics.histories import changes
from tests.services.logistics.pools import KINDS, POOLS

README = Path(service.__file__).with_name("README.md").read_text(encoding="utf-8")
ARROW = re.compile(r"^\s*(\S+) --> (\S+)(?: : .+)?$")
GROUP = re.compile(r"^\s*state (\w+) \{$")


def drawn(kind_name: str) -> tuple[set[str], set[tuple[str, str]]]:
    """(states, arrows between different states) of a kind's diagram, boxes resolved; `[*]` is Absent."""
    section = re.split(r"^## ", README, flags=re.MULTILINE)
    text = next(part for part in section if part.startswith(f"{kind_name}\n"))
    block = re.search(r"```mermaid\nstateDiagram-v2\n(.*?)```", text, re.DOTALL)
    assert block is not None
    groups: dict[str, list[str]] = {}
    arrows: list[tuple[str, str]] = []
    inside: str | None = None
    for line in block[1].splitlines():
        if group := GROUP.match(line):
            inside = str(group[1])
            groups[inside] = []
        elif line.strip() == "}":
            inside = None
        elif inside is not None:
            groups[inside].append(line.strip())
        elif arrow := ARROW.match(line):
            arrows.append((arrow[1], arrow[2]))
        else:
            raise AssertionError(f"{kind_name}: what is {line!r}?")

    def members(name: str) -> list[str]:
        return groups.get(name) or ["Absent" if name == "[*]" else name]

    pairs = {(a, b) for left, right in arrows for a in members(left) for b in members(right) if a != b}
    return {name for pair in pairs for name in pair}, pairs


@pytest.mark.parametrize("kind_name", sorted(POOLS))
def test_states_are_drawn(kind_name: str) -> None:
    """Every state is in the diagram, and nothing else."""
    states, _ = drawn(kind_name)
    assert states == {state.__name__ for state in KINDS[kind_name].states}


@pytest.mark.parametrize("kind_name", sorted(POOLS))
def test_changes_are_drawn(kind_name: str) -> None:
    """Every change of state that the rules make is in the diagram."""
    _, pairs = drawn(kind_name)
    seen = {(before, after) for before, after in changes(kind_name) if before != after}
    assert seen - pairs == set()


def test_every_kind_has_a_section_and_a_ledger_says_that_it_is_one() -> None:
    sections = {part.split("\n", 1)[0]: part for part in re.split(r"^## ", README, flags=re.MULTILINE)}
    assert KINDS.keys() - sections.keys() == set()
    ledgers = KINDS.keys() - POOLS.keys()
    assert [name for name in ledgers if not is_ledger(KINDS[name]) or "ledger" not in sections[name]] == []
