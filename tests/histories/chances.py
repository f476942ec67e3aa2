"""A choice: something that may happen now, with its weight; and what choices have in common."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

from tests.histories.goods import Where
from tests.histories.ledger import Ledger
from tests.histories.world import Action

CARRIERS = ("sto", "sto", "sto", "yto", "ems")


@dataclass(frozen=True)
class Choice:
    """Something that may happen: of a group of alike things, so likely, and made when it is picked."""

    group: str
    weight: float
    make: Callable[[], Action]


def fixed(group: str, weight: float, verb: str, about: str = "", *args: str | int) -> Choice:
    """A choice that is always done alike."""
    return Choice(group, weight, partial(Action, 0, verb, about, args))


def coded(lines: dict[str, int]) -> list[str]:
    """Pieces as `line:count`."""
    return [f"{line_id}:{count}" for line_id, count in lines.items()]


def some(dice: Random, left: dict[str, int]) -> list[str]:
    """Some of these pieces, at least one."""
    names = dice.sample(sorted(left), dice.randint(1, len(left)))
    return [f"{name}:{dice.randint(1, left[name])}" for name in sorted(names)]


def with_buyer(ledger: Ledger) -> dict[str, int]:
    """Pieces that the buyer has."""
    found = {line_id: ledger.goods.count(line_id, Where.BUYER) for line_id in ledger.goods.ordered}
    return {line_id: count for line_id, count in found.items() if count}
