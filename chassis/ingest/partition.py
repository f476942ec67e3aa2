"""What a process holds in memory of one partition that it reads."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from chassis.engine.records import Origin, Place
from chassis.ingest.decoder import Entry, Mark

EARLIEST = datetime.min.replace(tzinfo=UTC)
"""Stands for "no time of its own": sorts before every event."""


class Position(NamedTuple):
    """Where reading stands in one partition."""

    place: Place
    position: int
    """Next offset to read."""
    high: int | None
    """Its end, when the broker last said so."""
    seen_at: datetime | None
    """When that was."""


class Item(msgspec.Struct):
    """One record on its way: as it came, what the border made of it, and its place in the order."""

    place: Place
    record: Origin
    entry: Entry
    offset: int
    bytes: int
    """Size of key and value."""
    at: datetime = EARLIEST
    """Time that it is ordered by; one without a time of its own follows its predecessor."""


@dataclass(slots=True)
class Partition:
    """Buffer of one partition, what is known of its end, and how far it has been read.

    `position` is the next offset to read, `high` the end when the broker last answered (at `seen_at`).
    """

    place: Place
    is_own: bool
    passed: int = 0
    """The last clock mark that lies wholly behind."""
    items: deque[Item] = field(default_factory=deque[Item])
    bytes: int = 0
    marks: deque[tuple[int, datetime]] = field(default_factory=deque[tuple[int, datetime]])
    """Clock marks in the buffer, in order: (sequence, moment)."""
    expected: int | None = None
    """The offset behind the last record that was pushed."""
    position: int | None = None
    high: int | None = None
    seen_at: datetime | None = None
    hungry_since: float | None = None
    """Since when it has held others up, in seconds of the reader's clock."""
    last_at: datetime = EARLIEST
    released_to: datetime | None = None
    stand: datetime | None = None
    """The moment up to which it has been read; never goes back."""
    stand_given: datetime | None = None
    is_paused: bool = False
    flow: float = 0.0
    """Records released of late, the older the less."""

    @property
    def has_more(self) -> bool:
        """Whether there is more to read from the broker, as far as is known."""
        return self.position is None or self.high is None or self.position < self.high

    @property
    def next_offset(self) -> int:
        """The offset to go on from after a restart: of the lowest record that was not released."""
        if self.items:
            return self.items[0].offset
        return max(self.expected or 0, self.position or 0)

    def push(self, item: Item) -> None:
        """Adds a record. One with a lower offset than expected starts the partition anew from there."""
        if self.expected is not None and item.offset < self.expected:
            self.items.clear()
            self.marks.clear()
            self.bytes = 0
            self.position = None
        self.expected = item.offset + 1
        entry = item.entry
        if entry.at is not None:
            self.last_at = entry.at
        item.at = self.last_at
        if isinstance(entry, Mark) and entry.sequence > self.passed:
            self.marks.append((entry.sequence, entry.moment))
        self.items.append(item)
        self.bytes += item.bytes

    def pop(self) -> None:
        """Forgets the first record."""
        self.bytes -= self.items.popleft().bytes

    def take_to_mark(self, sequence: int) -> tuple[list[Item], int]:
        """What lies before the mark of that number, taken out of the buffer, and the offset behind it."""
        taken: list[Item] = []
        while True:
            item = self.items.popleft()
            self.bytes -= item.bytes
            if isinstance(item.entry, Mark) and item.entry.sequence >= sequence:
                return taken, item.offset + 1
            taken.append(item)

    def forget_passed_marks(self) -> None:
        """Marks that came again count no more; their records join the next mark's."""
        while self.marks and self.marks[0][0] <= self.passed:
            self.marks.popleft()
