"""The order in which a process takes what it reads: by event time across all its partitions.

Pure: no Kafka, no clock, no waiting. Two modes. By the wall clock the heads of the partitions are
merged, and a partition with nothing left to read holds nobody up. By clock marks nothing is released
before every partition has shown the mark behind it; then all of it is, in one sorted order.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush, heapreplace

from chassis.engine.records import PartitionId
from chassis.ingest.decoder import Accepted, Ignored, Mark
from chassis.ingest.partition import EARLIEST, BufferedRecord, Partition
from chassis.settings import Limits

_TICK = timedelta(microseconds=1)
_BACKLOG_SHARE = 20
_SHARE_LEAST = 10
_FLOW_KEPT = 0.9


@dataclass(slots=True)
class Release:
    """What may be handled now, and where the partitions stand once it has been."""

    records: list[BufferedRecord] = field(default_factory=list[BufferedRecord])
    """Accepted and rejected records, in order of event time across partitions."""
    positions: dict[PartitionId, int] = field(default_factory=dict[PartitionId, int])
    """Next offset to commit of every partition that moved: its lowest record not yet released."""
    watermarks: dict[PartitionId, datetime] = field(default_factory=dict[PartitionId, datetime])
    """External partitions: the moment up to which each has been read, where that changed."""
    watermark: datetime | None = None
    """The least of all external watermarks of this process; None while one is unknown, or there is none."""
    mark: int | None = None
    """By clock marks: the mark that is wholly handled once this release is."""
    barrier: int | None = None
    """By clock marks: the mark that these records lie before."""
    passed: dict[PartitionId, int] = field(default_factory=dict[PartitionId, int])
    """By clock marks: for each position the last mark that lies wholly before it."""
    ignored: dict[str, int] = field(default_factory=dict[str, int])
    """Records that this service does not read, counted by event type."""
    has_more: bool = False
    """More could be released at once."""


@dataclass(slots=True)
class _Barrier:
    """All that lies before one clock mark, sorted, and how much of it has been released."""

    sequence: int
    moment: datetime
    records: list[BufferedRecord]
    ends: dict[PartitionId, int]
    """Per partition the offset behind its mark."""
    partition_ids: frozenset[PartitionId]
    """Partitions of the process when the barrier was complete: they pass it together."""
    given: int = 0
    open_offsets: dict[PartitionId, list[int]] = field(default_factory=dict[PartitionId, list[int]])
    """Per partition the offsets not yet released, the lowest last."""
    done: dict[PartitionId, set[int]] = field(default_factory=dict[PartitionId, set[int]])
    """Per partition the released offsets that lie behind one that is still open."""


class Intake:
    """Buffers of all partitions that this process reads, and the merge over them.

    `is_own` tells the topics that our own services write: they take part in the merge, but no
    watermark waits for them, because they form cycles.
    """

    def __init__(self, *, by_marks: bool, limits: Limits, is_own: Callable[[str], bool]) -> None:
        self._by_marks = by_marks
        self._limits = limits
        self._is_own = is_own
        self._partitions: dict[PartitionId, Partition] = {}
        self._barrier: _Barrier | None = None

    @property
    def partition_ids(self) -> Collection[PartitionId]:
        """The partitions of this process."""
        return self._partitions.keys()

    @property
    def buffered_count(self) -> int:
        """Records in memory that have not been released."""
        behind = 0 if self._barrier is None else len(self._barrier.records) - self._barrier.given
        return behind + sum(len(part.records) for part in self._partitions.values())

    def assign(self, partition_ids: Iterable[PartitionId]) -> None:
        """Takes partitions over."""
        for partition_id in partition_ids:
            if partition_id not in self._partitions:
                self._partitions[partition_id] = Partition(partition_id, self._is_own(partition_id.topic))

    def note_passed(self, passed: Mapping[PartitionId, int]) -> None:
        """The last clock mark that whoever read a partition before has wholly handled.

        Without it a process that takes over could wait for ever for a mark that lies behind.
        """
        for partition_id, sequence in passed.items():
            part = self._partitions.get(partition_id)
            if part is not None and sequence > part.passed:
                part.passed = sequence
                part.forget_passed_marks()

    def revoke(self, partition_ids: Iterable[PartitionId]) -> None:
        """Gives partitions up; what is in memory of them belongs to whoever reads them next."""
        gone = set(partition_ids)
        for partition_id in gone:
            self._partitions.pop(partition_id, None)
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

    def push(self, partition_id: PartitionId, items: Iterable[BufferedRecord]) -> None:
        """Records of one partition, in order of offset. Those of a partition given up are dropped."""
        part = self._partitions.get(partition_id)
        if part is not None:
            for buffered in items:
                part.push(buffered)

    def note_position(
        self, partition_id: PartitionId, position: int, high: int | None, seen_at: datetime | None
    ) -> None:
        """Where reading stands, where the partition ended when last asked, and when that was."""
        part = self._partitions.get(partition_id)
        if part is not None:
            part.position, part.high, part.seen_at = position, high, seen_at

    def is_caught_up(self) -> bool:
        """Whether nothing is left to read or to release, as far as is known."""
        return self._barrier is None and all(
            not part.records and not part.has_more for part in self._partitions.values()
        )

    def seen_at(self) -> datetime | None:
        """When the broker last said where a partition ends."""
        return max((part.seen_at for part in self._partitions.values() if part.seen_at), default=None)

    def lag(self) -> dict[str, int]:
        """Records per topic that were written and not yet released, as far as is known."""
        behind: dict[str, int] = {}
        for partition_id, part in self._partitions.items():
            unread = 0 if part.high is None or part.position is None else part.high - part.position
            behind[partition_id.topic] = (
                behind.get(partition_id.topic, 0) + len(part.records) + max(0, unread)
            )
        return behind

    def watermark(self) -> datetime | None:
        """The least watermark of the external partitions, or None while one is unknown."""
        watermarks = [part.watermark for part in self._partitions.values() if not part.is_own]
        known = [watermark for watermark in watermarks if watermark is not None]
        return min(known) if known and len(known) == len(watermarks) else None

    def pauses(self) -> tuple[list[PartitionId], list[PartitionId]]:
        """Partitions that should not be read for now, and those that should be again.

        Half of what may be in memory is shared out equally, half by how much each has given of late: the
        merge goes as far as the one that runs out first.
        """
        held = [part for part in self._partitions.values() if part.records]
        count = max(1, len(held))
        limits = self._limits
        size = max(limits.value_bytes, limits.buffered_bytes // count)
        flow = sum(part.flow for part in held)
        equal = limits.buffered_records / count / (2 if flow else 1)
        by_flow = limits.buffered_records / flow / 2 if flow else 0.0
        pause: list[PartitionId] = []
        resume: list[PartitionId] = []
        for part in self._partitions.values():
            records = max(_SHARE_LEAST, min(limits.partition_records, equal + by_flow * part.flow))
            if part.is_paused:
                if len(part.records) * 2 <= records and part.bytes * 2 <= size:
                    part.is_paused = False
                    resume.append(part.partition_id)
            elif (len(part.records) > records or part.bytes > size) and (not self._by_marks or part.marks):
                part.is_paused = True
                pause.append(part.partition_id)
        return pause, resume

    def release(self, now_monotonic: float, now: datetime, *, with_watermarks: bool = True) -> Release | None:
        """What may be handled now, or None.

        `now_monotonic`, in seconds, should run only while the reader could have read: patience is
        counted in it. Without `with_watermarks` a mere move of idle partitions' watermarks is no release.
        """
        release = Release()
        if self._by_marks:
            self._release_barrier(release)
        else:
            self._merge(release, now_monotonic, now)
        moved = bool(release.records or release.positions or release.mark is not None)
        if not moved and not with_watermarks:
            return None
        for partition_id, part in self._partitions.items():
            if part.is_own or part.watermark is None or part.watermark == part.told_watermark:
                continue
            part.told_watermark = part.watermark
            release.watermarks[partition_id] = part.watermark
        return release if moved or release.watermarks else None

    def _merge(self, release: Release, now_monotonic: float, now: datetime) -> None:
        heap: list[tuple[datetime, PartitionId]] = []
        for partition_id, part in self._partitions.items():
            if part.records:
                heappush(heap, (part.records[0].at, partition_id))
        moved: set[PartitionId] = set()
        if heap and not self._waits_for_one(heap[0][0], now_monotonic, now):
            self._take(heap, release, moved)
        for partition_id in moved:
            release.positions[partition_id] = self._partitions[partition_id].next_offset
        for part in self._partitions.values():
            if moved:
                part.flow *= _FLOW_KEPT
            self._advance_watermark(part)
        release.watermark = self.watermark()

    def _take(
        self, heap: list[tuple[datetime, PartitionId]], release: Release, moved: set[PartitionId]
    ) -> None:
        items, limits = release.records, self._limits
        size = 0
        while heap:
            at, partition_id = heap[0]
            part = self._partitions[partition_id]
            buffered = part.records[0]
            entry = buffered.entry
            if isinstance(entry, Ignored | Mark):
                _count_ignored(release, entry)
            elif len(items) >= limits.batch_records or (items and size + buffered.bytes > limits.batch_bytes):
                release.has_more = True
                return
            else:
                items.append(buffered)
                size += buffered.bytes
            part.pop()
            part.flow += 1
            if at > EARLIEST:
                part.released_to = at
            moved.add(partition_id)
            if part.records:
                heapreplace(heap, (part.records[0].at, partition_id))
                continue
            heappop(heap)
            if part.has_more and limits.patience_ms > 0:
                return

    def _waits_for_one(self, head_at: datetime, now_monotonic: float, now: datetime) -> bool:
        """Whether a partition that has more to read, and nothing in memory, holds the others up.

        Patience grows with the age of what is held: while catching up, order is worth more than haste.
        """
        limits = self._limits
        patience = limits.patience_ms / 1000
        if patience <= 0:
            return False
        age = (now - head_at).total_seconds() / _BACKLOG_SHARE
        patience = max(patience, min(limits.backlog_patience_ms / 1000, age))
        waits = False
        for part in self._partitions.values():
            if part.records or not part.has_more:
                part.hungry_since = None
            elif part.hungry_since is None:
                part.hungry_since = now_monotonic
                waits = True
            elif now_monotonic - part.hungry_since < patience:
                waits = True
        return waits

    @staticmethod
    def _advance_watermark(part: Partition) -> None:
        """Moves the watermark of a partition to what is known now; it never goes back."""
        if part.records:
            at = part.records[0].at
            reached = at - _TICK if at > EARLIEST else part.released_to
        elif part.has_more or part.seen_at is None:
            reached = part.released_to
        else:
            reached = part.seen_at
        if reached is not None and (part.watermark is None or reached > part.watermark):
            part.watermark = reached

    def _release_barrier(self, release: Release) -> None:
        if self._barrier is None:
            self._barrier = self._complete()
        barrier = self._barrier
        release.watermark = self.watermark()
        if barrier is None:
            return
        release.watermark = barrier.moment
        release.barrier = barrier.sequence
        self._give(barrier, release)
        if barrier.given < len(barrier.records):
            release.has_more = True
            return
        self._barrier = None
        release.mark = barrier.sequence
        for partition_id in barrier.partition_ids:
            part = self._partitions[partition_id]
            part.passed = max(part.passed, barrier.sequence)
            part.forget_passed_marks()
            if part.watermark is None or barrier.moment > part.watermark:
                part.watermark = barrier.moment
        for partition_id, end in barrier.ends.items():
            release.positions[partition_id] = end
            release.passed[partition_id] = self._partitions[partition_id].passed
        release.has_more = any(part.marks for part in self._partitions.values())

    def _complete(self) -> _Barrier | None:
        """The next barrier, if every partition has shown its mark or has passed it before."""
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
                _count_ignored(release, buffered.entry)
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
                release.passed[partition_id] = self._partitions[partition_id].passed


def _count_ignored(release: Release, entry: Ignored | Mark) -> None:
    if isinstance(entry, Ignored):
        release.ignored[entry.type] = release.ignored.get(entry.type, 0) + 1


def _sort_key(buffered: BufferedRecord) -> tuple[datetime, str, str, str, int, int]:
    """The same for the same record in every run; rejected ones, which have no time of their own, first."""
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
