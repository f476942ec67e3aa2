"""What this process has just committed to the log, so that its relay need not read it back."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from chassis.engine.records import FactRecord

ANNOUNCED_MOST, STRETCHES_MOST = 6_000, 1_000
"""Kept at most, in a replica that publishes nothing too; the relay reads from the table what is gone."""


class Stretch(NamedTuple):
    """Consecutive positions of the log, all of them facts."""

    start: int
    """The position before the first."""
    end: int
    """The last position."""
    announced: Sequence[FactRecord]
    """Those that announce something, in order of position."""


class LogTail:
    """Committed stretches of the log in order of position, the oldest dropped first."""

    def __init__(self) -> None:
        self._stretches: deque[Stretch] = deque()
        self._count = 0

    def add(self, head: int, facts: Sequence[FactRecord]) -> None:
        """Notes what a transaction appended, after its commit; `head` is the position of its last fact.

        Two transactions that commit one after the other may be noted the other way round.
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
        """The stretch that follows this position at once, and everything before it forgotten."""
        if self.next_start(position) != position:
            return None
        return self._drop()

    def next_start(self, position: int) -> int | None:
        """Where the first stretch from this position on starts, and everything before it forgotten."""
        while self._stretches and self._stretches[0].start < position:
            self._drop()
        return self._stretches[0].start if self._stretches else None

    def clear(self) -> None:
        """Forgets everything: the log may be another one from now on."""
        self._stretches.clear()
        self._count = 0

    def _drop(self) -> Stretch:
        stretch = self._stretches.popleft()
        self._count -= len(stretch.announced)
        return stretch
