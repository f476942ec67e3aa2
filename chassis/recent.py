"""What this process has just committed to the log, so that its relay need not read it back."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from chassis.records import FactRecord

FACTS_MOST = 4_000
"""Facts kept at most; the relay reads from the table what is no longer here."""


class Stretch(NamedTuple):
    """Consecutive positions of the log, all of them facts."""

    start: int
    """The position before the first."""
    facts: Sequence[FactRecord]

    @property
    def end(self) -> int:
        """The last position."""
        return self.start + len(self.facts)


class Recent:
    """Committed stretches of the log in order of position, the oldest dropped first."""

    def __init__(self) -> None:
        self._stretches: deque[Stretch] = deque()
        self._count = 0

    def add(self, head: int, facts: Sequence[FactRecord]) -> None:
        """Notes what a transaction appended, after its commit; `head` is the position of its last fact."""
        self._stretches.append(Stretch(head - len(facts), facts))
        self._count += len(facts)
        while self._count > FACTS_MOST:
            self._count -= len(self._stretches.popleft().facts)

    def after(self, position: int) -> Stretch | None:
        """The stretch that follows this position at once, and everything before it forgotten."""
        while self._stretches and self._stretches[0].start < position:
            self._count -= len(self._stretches.popleft().facts)
        if not self._stretches or self._stretches[0].start > position:
            return None
        found = self._stretches.popleft()
        self._count -= len(found.facts)
        return found
