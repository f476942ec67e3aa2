"""What a process holds in memory of one partition that it reads."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from chassis.engine.records import Origin, PartitionId
from chassis.ingest.decoder import Entry

EARLIEST = datetime.min.replace(tzinfo=UTC)
"""Stands for "no time of its own": sorts before every event."""


class Position(NamedTuple):
    """Where reading stands in one partition."""

    partition_id: PartitionId
    position: int
    """Next offset to read."""
    high: int | None
    """Its end, when the broker last said so."""
    seen_at: datetime | None
    """When that was."""


class BufferedRecord(msgspec.Struct):
    """One record on its way: as it came, what the decoder made of it, and its place in the order."""

    partition_id: PartitionId
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

    partition_id: PartitionId
    is_own: bool
    records: deque[BufferedRecord] = field(default_factory=deque[BufferedRecord])
    bytes: int = 0
    expected: int | None = None
    """The offset behind the last record that was pushed."""
    position: int | None = None
    high: int | None = None
    seen_at: datetime | None = None
    hungry_since: float | None = None
    """Since when it has held others up, in seconds of the reader's clock."""
    last_at: datetime = EARLIEST
    released_to: datetime | None = None
    watermark: datetime | None = None
    """The moment up to which it has been read; never goes back."""
    told_watermark: datetime | None = None
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
        if self.records:
            return self.records[0].offset
        return max(self.expected or 0, self.position or 0)

    def push(self, buffered: BufferedRecord) -> None:
        """Adds a record. One with a lower offset than expected starts the partition anew from there."""
        if self.expected is not None and buffered.offset < self.expected:
            self.restart()
        self.expected = buffered.offset + 1
        entry = buffered.entry
        if entry.at is not None:
            self.last_at = entry.at
        buffered.at = self.last_at
        self.records.append(buffered)
        self.bytes += buffered.bytes

    def restart(self) -> None:
        """Forgets the records: the partition is read again from an earlier offset."""
        self.records.clear()
        self.bytes = 0
        self.position = None

    def pop(self) -> None:
        """Forgets the first record."""
        self.bytes -= self.records.popleft().bytes
