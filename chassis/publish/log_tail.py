"""Remembers what this process has just committed to the log, so that the relay need not read it back."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from chassis.engine.records import FactRecord

ANNOUNCED_MOST, STRETCHES_MOST = 6_000, 1_000
"""Most facts and stretches in memory, in a replica that publishes nothing too. The relay reads the rest from
the table.
"""


class Stretch(NamedTuple):
    """Consecutive positions of the log, all of them facts."""

    start: int
    """Position before the first fact."""
    end: int
    """Position of the last fact."""
    announced: Sequence[FactRecord]
    """Announcing facts, by position."""


class LogTail:
    """Holds committed stretches of the log by position. The oldest is dropped first."""

    def __init__(self) -> None:
        self._stretches: deque[Stretch] = deque()
        self._count = 0

    def add(self, head: int, facts: Sequence[FactRecord]) -> None:
        """Adds what a transaction has appended, after the commit. `head` is the position of the last fact.

        Two transactions that commit one after the other may be added in either order.
        """
        announced = [fact for fact in facts if fact.event is not None]
        stretch = Stretch(head - len(facts), head, announced)
        place = len(self._stretches)
        while place and self._stretches[place - 1].start > stretch.start:
            place -= 1
        self._stretches.insert(place, stretch)
        self._count += len(announced)
        while self._count > ANNOUNCED_MOST or len(self._stretches) > STRETCHES_MOST:
            self._drop()

    def after(self, position: int) -> Stretch | None:
        """Takes the stretch that starts exactly at this position, and forgets everything before it."""
        if self.next_start(position) != position:
            return None
        return self._drop()

    def next_start(self, position: int) -> int | None:
        """Finds the start of the first stretch from this position on, and forgets everything before it."""
        while self._stretches and self._stretches[0].start < position:
            self._drop()
        return self._stretches[0].start if self._stretches else None

    def clear(self) -> None:
        """Forgets everything: from now on the log may be another one."""
        self._stretches.clear()
        self._count = 0

    def _drop(self) -> Stretch:
        stretch = self._stretches.popleft()
        self._count -= len(stretch.announced)
        return stretch
