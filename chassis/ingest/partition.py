"""Holds the records of one partition in memory, and what is known of the partition's end."""

import logging
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from aftersales_contracts.reasons import Reason
from chassis.engine.records import Origin, PartitionId, StoredOrigin
from chassis.ingest.decoder import Entry, Rejected

log = logging.getLogger(__name__)

EARLIEST = datetime.min.replace(tzinfo=UTC)
"""Replaces the time of a record without one. Sorts before every event."""


class Position(NamedTuple):
    """Position of reading in one partition."""

    partition_id: PartitionId
    position: int
    """Next offset to read."""
    high: int | None
    """End of the partition, as the broker last told it."""
    seen_at: datetime | None
    """Moment of that answer."""
    stable: int | None = None
    """End of what may be read: no open transaction lies before it. None where transactions do not matter."""


class Start(NamedTuple):
    """Offset where reading of a partition began or began again."""

    offset: int
    known: int
    """Offset before which everything was handled, as the database knew it then."""


class BufferedRecord(msgspec.Struct):
    """One record, the decoder's verdict, and its place in the order."""

    partition_id: PartitionId
    record: Origin
    entry: Entry
    offset: int
    bytes: int
    """Size of key and value."""
    at: datetime = EARLIEST
    """Time to order by. A record without a time follows its predecessor."""


@dataclass(slots=True)
class Partition:
    """Buffers one partition.

    `position` is the next offset to read, `high` the end of the partition when the broker last answered (at
    `seen_at`), `stable` the end of what may be read of it. A partition that an open transaction holds up has
    more to read: what lies behind was perhaps told in time.
    """

    partition_id: PartitionId
    is_own: bool
    records: deque[BufferedRecord] = field(default_factory=deque[BufferedRecord])
    bytes: int = 0
    expected: int | None = None
    """Offset after the last record pushed."""
    position: int | None = None
    high: int | None = None
    seen_at: datetime | None = None
    stable: int | None = None
    told_offset: int = 0
    """The next offset as the last release told it."""
    started: Start | None = None
    """Offset where reading began or began again, until the records before it are accounted for."""
    hungry_since: float | None = None
    """Since when the partition has held the others up, in seconds of the reader's clock."""
    last_at: datetime = EARLIEST
    released_to: datetime | None = None
    watermark: datetime | None = None
    """Moment up to which the partition has been read. Never goes back."""
    told_watermark: datetime | None = None
    is_paused: bool = False
    flow: float = 0.0
    """Recent throughput: records released, older ones count less."""

    @property
    def has_more(self) -> bool:
        """Tells whether the broker has more records, as far as is known."""
        return self.position is None or self.high is None or self.position < self.high

    @property
    def is_held(self) -> bool:
        """Tells whether an open transaction holds up what lies behind it in the partition."""
        if self.stable is None or self.position is None or self.high is None:
            return False
        return self.stable <= self.position < self.high

    @property
    def next_offset(self) -> int:
        """Finds the offset to resume from after a restart: the lowest not released."""
        if self.records:
            return self.records[0].offset
        return max(self.expected or 0, self.position or 0)

    def push(self, buffered: BufferedRecord) -> None:
        """Adds a record. An offset lower than expected restarts the partition at that offset."""
        if self.started is not None and buffered.offset >= self.started.offset:
            self._tell_gap()
        if self.expected is not None and buffered.offset < self.expected:
            self.restart()
        self.expected = buffered.offset + 1
        entry = buffered.entry
        if entry.at is not None:
            self.last_at = entry.at
        buffered.at = self.last_at
        self.records.append(buffered)
        self.bytes += buffered.bytes

    def begin(self, start: int, known: int) -> None:
        """Notes where reading began or began again. Records before that offset may be gone.

        `known`: next offset as the database knows it, asked after the start was known. Records may be in the
        buffer. None may have been released since, nor be in hand.
        """
        self.started = Start(start, known)
        if self.records and self.records[-1].offset >= start:
            self._tell_gap()

    def note_position(self, position: int) -> None:
        """Notes the next offset to read, while no records are on their way from the reader."""
        if self.started is not None and position >= self.started.offset:
            self._tell_gap()
        self.position = position

    def _tell_gap(self) -> None:
        """Adds a rejected record for the records before the start that were deleted before they were read."""
        started, self.started = self.started, None
        if started is None:
            return
        start = started.offset
        place = len(self.records)
        while place and self.records[place - 1].offset >= start:
            place -= 1
        is_last = place == len(self.records)
        read_to = self.expected if is_last else self.records[place - 1].offset + 1 if place else 0
        handled = max(started.known, read_to or 0, self.position or 0)
        if not 0 < handled < start:
            return
        topic, partition = self.partition_id
        log.error(
            "records were deleted before they were read",
            extra={"topic": topic, "partition": partition, "offset": handled, "count": start - handled},
        )
        record = StoredOrigin(topic, partition, start - 1, None, (), None)
        entry = Rejected(
            Reason.RECORDS_LOST, f"offsets {handled} to {start - 1} were deleted before they were read"
        )
        before = self.records[place - 1].at if place else self.released_to or EARLIEST
        self.records.insert(place, BufferedRecord(self.partition_id, record, entry, start - 1, 0, before))
        if is_last:
            self.expected = start

    def restart(self) -> None:
        """Drops the records: the partition is read again from an earlier offset."""
        self.records.clear()
        self.bytes = 0
        self.position = None

    def pop(self) -> None:
        """Drops the first record."""
        self.bytes -= self.records.popleft().bytes
