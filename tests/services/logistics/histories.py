"""Tells a case of logistics any history, and keeps its changes of state."""

import random
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st

from chassis.engine.codec import Codec
from kernel.decider import Told
from tests.services.diagrams import reopened_of
from tests.services.given import NEXT_DEADLINE, Walk
from tests.services.logistics.pools import FIRST, KINDS, POOLS, P, answer
from tests.services.logistics.shop import HOUR, T0

REOPENS: dict[str, Sequence[str]] = {
    "dispatch": ("HandedOver", "Stopped"),
    "parcel": ("Delivered", "Returned", "Lost", "Cancelled"),
    "lost-parcel": ("Resent", "Closed"),
    "courier-claim": ("Withdrawn", "Rejected", "Expired"),
    "intercept": (),
    "reship": ("Unavailable",),
    "stock-shortage": ("Released", "RefundDue"),
}
"""Ended states that a case may leave again; those of a kind that is not here stand in its `drawn.py`."""
HOURS = st.sampled_from((0, 1, 5, 30, 80, 300, 2_000))


class History(Walk):
    """A walk that also checks that whatever is stored survives being stored."""

    def __init__(self, kind_name: str) -> None:
        kind = KINDS[kind_name]
        reopens = REOPENS.get(kind_name) or reopened_of("logistics", kind_name)
        super().__init__(kind, P, T0, reopens)
        self.changes: set[tuple[str, str]] = set()
        """States before and after each decision, by class name."""
        self._codec = Codec((*kind.states, *kind.messages, *kind.facts))

    def tell(self, message: Any, delay: timedelta = timedelta(0)) -> list[Any]:
        """Tells a message, or an answer to the case's last question."""
        if isinstance(message, str) and message != NEXT_DEADLINE:
            message = answer(self.state, message)
        before = type(self.state).__name__
        decided = super().tell(message, delay)
        for value in (*([] if message == NEXT_DEADLINE else [message]), *decided, self.state):
            if not isinstance(value, Told):  # its messages are stored one by one
                self._check_stored(value)
        if decided:
            self.changes.add((before, type(self.state).__name__))
        return decided

    def _check_stored(self, value: Any) -> None:
        again = self._codec.decode(type(value).__name__, self._codec.encode(value))
        assert again == value

    def check_open(self) -> None:
        """Checks that an open case is looked at again, until persons have looked often enough."""
        state = self.state
        if type(state).__name__ == "Absent" or self.is_ended or self.kind.deadlines(state):
            return
        attention = getattr(state, "attention", None) or getattr(state.track, "attention", None)
        assert attention is not None
        assert attention.left == 0


def walk(kind_name: str, steps: Iterable[tuple[Any, int]], first: Sequence[Any] = ()) -> History:
    """Plays a history of one case: (message, hours before it)."""
    made = History(kind_name)
    for message in first or POOLS[kind_name][: FIRST.get(kind_name, 0)]:
        made.tell(message)
    for message, hours in steps:
        made.pass_time(hours * HOUR)
        made.tell(message)
    made.check_open()
    return made


def histories(kind_name: str, size: int = 25) -> st.SearchStrategy[list[tuple[Any, int]]]:
    """Draws any messages of the kind's pool, and the hours before each."""
    return st.lists(st.tuples(st.sampled_from(POOLS[kind_name]), HOURS), max_size=size)


@cache
def changes(kind_name: str, runs: int = 600) -> frozenset[tuple[str, str]]:
    """Collects the changes of state that many histories make."""
    dice = random.Random(kind_name)
    found: set[tuple[str, str]] = set()
    for _ in range(runs):
        steps = [
            (dice.choice(POOLS[kind_name]), dice.choice((0, 1, 5, 30, 80, 300)))
            for _ in range(dice.randint(1, 14))
        ]
        first = POOLS[kind_name][: FIRST.get(kind_name, 0) + 1] if dice.random() < 0.6 else []
        found |= walk(kind_name, steps, first).changes
    return frozenset(found)


def reached(kind_name: str) -> set[str]:
    """Collects the states that many histories reach."""
    return {after for _, after in changes(kind_name)}


def states(kind_name: str) -> set[str]:
    """Lists the states of a kind but the first: none of them is there for show."""
    return {state.__name__ for state in KINDS[kind_name].states} - {"Absent"}
