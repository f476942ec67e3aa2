"""Releases a replay round by round, by clock marks. Every run gets the same order.

A clock mark says that everything before its moment lies before the mark in the partition. Nothing is released
before every partition has shown the next mark. A round is everything before that mark. The round comes in one
sorted order, in pieces as large as a batch.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chassis.engine.records import PartitionId
from chassis.ingest.buffer import Buffer, Release
from chassis.ingest.decoder import Accepted, Ignored, Mark
from chassis.ingest.partition import EARLIEST, BufferedRecord, Partition
from chassis.settings import Limits
from chassis.store.progress import Progress


@dataclass(slots=True)
class ReplayPartition(Partition):
    """Buffers one partition, and the clock marks in it."""

    passed: int = 0
    """The last clock mark that was wholly handled."""
    marks: deque[tuple[int, datetime]] = field(default_factory=deque[tuple[int, datetime]])
    """Clock marks in the buffer, in order: (sequence, moment)."""

    def restart(self) -> None:
        """Drops the records and the marks."""
        Partition.restart(self)  # `super()` does not know a class with slots
        self.marks.clear()

    def push(self, buffered: BufferedRecord) -> None:
        """Adds a record, and notes a mark that is not passed."""
        Partition.push(self, buffered)
        entry = buffered.entry
        if isinstance(entry, Mark) and entry.sequence > self.passed:
            self.marks.append((entry.sequence, entry.moment))

    def take_to_mark(self, sequence: int) -> tuple[list[BufferedRecord], int]:
        """Takes the records before the mark of that number out of the buffer. Returns them with the offset
        after the mark.
        """
        taken: list[BufferedRecord] = []
        while True:
            buffered = self.records.popleft()
            self.bytes -= buffered.bytes
            if isinstance(buffered.entry, Mark) and buffered.entry.sequence >= sequence:
                return taken, buffered.offset + 1
            taken.append(buffered)

    def forget_passed_marks(self) -> None:
        """Drops marks that came again. Their records join the next mark's."""
        while self.marks and self.marks[0][0] <= self.passed:
            self.marks.popleft()


@dataclass(slots=True)
class _Barrier:
    """Everything before one clock mark, sorted, and how much of it has been released."""

    sequence: int
    moment: datetime
    records: list[BufferedRecord]
    ends: dict[PartitionId, int]
    """Per partition the offset after its mark."""
    partition_ids: frozenset[PartitionId]
    """Partitions of the process when the barrier was complete. All of them pass the mark together."""
    given: int = 0
    open_offsets: dict[PartitionId, list[int]] = field(default_factory=dict[PartitionId, list[int]])
    """Per partition the offsets not yet released, the lowest last."""
    done: dict[PartitionId, set[int]] = field(default_factory=dict[PartitionId, set[int]])
    """Per partition the released offsets above an open one."""


class ReplayBarrier(Buffer[ReplayPartition]):
    """Releases the records before a clock mark once every partition has shown the mark."""

    is_time_driven = False

    def __init__(self, *, limits: Limits, is_own: Callable[[str], bool]) -> None:
        super().__init__(limits=limits, is_own=is_own)
        self._barrier: _Barrier | None = None

    def _made(self, partition_id: PartitionId, *, is_own: bool) -> ReplayPartition:
        return ReplayPartition(partition_id, is_own)

    @property
    def buffered_count(self) -> int:
        """Records in memory that have not been released, those of the barrier included."""
        behind = 0 if self._barrier is None else len(self._barrier.records) - self._barrier.given
        return behind + super().buffered_count

    def note_progress(self, progress: Mapping[PartitionId, Progress]) -> None:
        """Notes the last mark that an earlier reader of a partition has wholly handled.

        Without that note a new reader could wait for ever for a mark that lies behind.
        """
        for partition_id, known in progress.items():
            part = self._partitions.get(partition_id)
            if part is not None and known.round_number > part.passed:
                part.passed = known.round_number
                part.forget_passed_marks()

    def revoke(self, partition_ids: Iterable[PartitionId]) -> None:
        """Drops partitions, and their records in the barrier."""
        gone = set(partition_ids)
        super().revoke(gone)
        barrier = self._barrier
        if barrier is not None and gone & barrier.partition_ids:
            rest = [
                buffered for buffered in barrier.records[barrier.given :] if buffered.partition_id not in gone
            ]
            barrier.records, barrier.given = rest, 0
            barrier.partition_ids -= gone
            for kept in (barrier.ends, barrier.open_offsets, barrier.done):
                for partition_id in gone:
                    kept.pop(partition_id, None)
            if not barrier.partition_ids:
                self._barrier = None

    def is_caught_up(self) -> bool:
        """Tells whether nothing is left to read or to release, in the barrier either."""
        return self._barrier is None and super().is_caught_up()

    def _may_pause(self, part: ReplayPartition) -> bool:
        """Tells whether the partition has shown a mark. Without a mark the barrier could never complete."""
        return bool(part.marks)

    def _fill(self, release: Release, now_monotonic: float, now: datetime) -> bool:
        if self._barrier is None:
            self._barrier = self._complete()
        barrier = self._barrier
        release.watermark, release.is_whole = self.watermark(), False
        if barrier is None:
            return False
        release.watermark, release.round_number = barrier.moment, barrier.sequence
        self._give(barrier, release)
        if barrier.given < len(barrier.records):
            release.has_more = True
            return bool(release.records or release.positions)
        self._barrier = None
        release.is_whole = True
        for partition_id in barrier.partition_ids:
            part = self._partitions[partition_id]
            part.passed = max(part.passed, barrier.sequence)
            part.forget_passed_marks()
            if part.watermark is None or barrier.moment > part.watermark:
                part.watermark = barrier.moment
        for partition_id, end in barrier.ends.items():
            release.positions[partition_id] = end
            release.rounds[partition_id] = self._partitions[partition_id].passed
        release.has_more = any(part.marks for part in self._partitions.values())
        return True

    def _complete(self) -> _Barrier | None:
        """Makes the next barrier, if every partition has shown or passed the mark."""
        partitions = self._partitions.values()
        shown = [part.marks[0] for part in partitions if part.marks]
        if not shown:
            return None
        sequence, moment = min(shown)
        for part in partitions:
            if part.passed < sequence and not part.marks:
                return None
        records: list[BufferedRecord] = []
        barrier = _Barrier(sequence, moment, records, {}, frozenset(self._partitions))
        for part in partitions:
            if part.marks and part.marks[0][0] == sequence:
                taken, end = part.take_to_mark(sequence)
                records.extend(taken)
                barrier.ends[part.partition_id] = end
                if taken:
                    barrier.open_offsets[part.partition_id] = [
                        buffered.offset for buffered in reversed(taken)
                    ]
                    barrier.done[part.partition_id] = set()
        records.sort(key=_sort_key)
        return barrier

    def _give(self, barrier: _Barrier, release: Release) -> None:
        limits, size, moved = self._limits, 0, set[PartitionId]()
        while barrier.given < len(barrier.records):
            buffered = barrier.records[barrier.given]
            if isinstance(buffered.entry, Ignored | Mark):
                if isinstance(buffered.entry, Ignored):
                    release.count_ignored(buffered.entry.type)
            elif len(release.records) >= limits.batch_records or (
                release.records and size + buffered.bytes > limits.batch_bytes
            ):
                break
            else:
                release.records.append(buffered)
                size += buffered.bytes
            barrier.given += 1
            barrier.done[buffered.partition_id].add(buffered.offset)
            moved.add(buffered.partition_id)
        for partition_id in moved:
            opened, done = barrier.open_offsets[partition_id], barrier.done[partition_id]
            before = len(opened)
            while opened and opened[-1] in done:
                done.discard(opened.pop())
            if opened and len(opened) < before:
                release.positions[partition_id] = opened[-1]
                release.rounds[partition_id] = self._partitions[partition_id].passed


def _sort_key(buffered: BufferedRecord) -> tuple[datetime, str, str, str, int, int]:
    """Orders records alike in every run. Rejected records have no time and come first."""
    entry = buffered.entry
    if isinstance(entry, Accepted):
        envelope = entry.received.envelope
        return (
            entry.received.at,
            envelope.source,
            envelope.id,
            buffered.partition_id.topic,
            buffered.partition_id.partition,
            buffered.offset,
        )
    return EARLIEST, "", "", buffered.partition_id.topic, buffered.partition_id.partition, buffered.offset
