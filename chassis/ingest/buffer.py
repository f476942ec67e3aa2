"""Buffers the records of a process by partition, tracks watermarks, and says when to pause.

Pure: no Kafka, no clock, no waiting. `merge.Merge` and `replay_barrier.ReplayBarrier` decide the order.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from chassis.engine.records import PartitionId
from chassis.ingest.partition import BufferedRecord, Partition
from chassis.settings import Limits
from chassis.store.progress import Progress

P = TypeVar("P", bound=Partition)

_SHARE_LEAST = 10


@dataclass(slots=True)
class Release:
    """Records to handle now, with the progress of the partitions once the records are handled."""

    records: list[BufferedRecord] = field(default_factory=list[BufferedRecord])
    """Accepted and rejected records, in order of event time across partitions."""
    positions: dict[PartitionId, int] = field(default_factory=dict[PartitionId, int])
    """Next offset to commit, for every partition that moved: the lowest offset not yet released."""
    watermarks: dict[PartitionId, datetime] = field(default_factory=dict[PartitionId, datetime])
    """New watermarks of external partitions."""
    watermark: datetime | None = None
    """Watermark of this process: the least of its external partitions. None while one is unknown, or without
    any.
    """
    is_whole: bool = True
    """Whether everything before `watermark` is handled with this release. In a replay: the round's last
    piece.
    """
    round_number: int = 0
    """In a replay: the round that these records belong to; 0 otherwise."""
    rounds: dict[PartitionId, int] = field(default_factory=dict[PartitionId, int])
    """In a replay: for each position the last round that lies wholly before it."""
    ignored: dict[str, int] = field(default_factory=dict[str, int])
    """Number of records that this service does not read, by event type."""
    has_more: bool = False
    """Whether more could be released at once."""

    def count_ignored(self, event_type: str) -> None:
        """Counts a record that this service does not read."""
        self.ignored[event_type] = self.ignored.get(event_type, 0) + 1


class Buffer(ABC, Generic[P]):
    """Holds the partitions that this process reads, and releases their records in order.

    `is_own` names the topics that our own services write. Their records are released like all others. They
    hold no watermark, because such topics form cycles.
    """

    is_time_driven: bool
    """Whether mere time, without another record, can bring a release about."""

    def __init__(self, *, limits: Limits, is_own: Callable[[str], bool]) -> None:
        self._limits = limits
        self._is_own = is_own
        self._partitions: dict[PartitionId, P] = {}

    @abstractmethod
    def _made(self, partition_id: PartitionId, *, is_own: bool) -> P:
        """Makes the buffer of one partition."""

    @abstractmethod
    def _fill(self, release: Release, now_monotonic: float, now: datetime) -> bool:
        """Fills a release. False where nothing but watermarks moves. The arguments are those of `release`."""

    @property
    def partition_ids(self) -> Collection[PartitionId]:
        """The partitions of this process."""
        return self._partitions.keys()

    @property
    def buffered_count(self) -> int:
        """Records in memory that have not been released."""
        return sum(len(part.records) for part in self._partitions.values())

    def assign(self, partition_ids: Iterable[PartitionId]) -> None:
        """Adds partitions that were assigned to this process."""
        for partition_id in partition_ids:
            if partition_id not in self._partitions:
                is_own = self._is_own(partition_id.topic)
                self._partitions[partition_id] = self._made(partition_id, is_own=is_own)

    def note_progress(self, progress: Mapping[PartitionId, Progress]) -> None:
        """Notes how far assigned partitions had been read before, as the database knows it."""

    def revoke(self, partition_ids: Iterable[PartitionId]) -> None:
        """Drops partitions and their records. The next reader reads the records again."""
        for partition_id in partition_ids:
            self._partitions.pop(partition_id, None)

    def push(self, partition_id: PartitionId, records: Iterable[BufferedRecord]) -> None:
        """Adds records of one partition, in order of offset. Those of a partition given up are dropped."""
        part = self._partitions.get(partition_id)
        if part is not None:
            for buffered in records:
                part.push(buffered)

    def note_position(
        self,
        partition_id: PartitionId,
        position: int,
        high: int | None,
        seen_at: datetime | None,
        stable: int | None = None,
    ) -> None:
        """Notes the next offset to read, the end of the partition, when the broker told that end, and the end
        of what may be read of it.
        """
        part = self._partitions.get(partition_id)
        if part is not None:
            part.note_position(position)
            part.high, part.seen_at, part.stable = high, seen_at, stable

    def note_start(self, partition_id: PartitionId, offset: int, known: int) -> None:
        """Notes where reading of a partition began or began again; see `Partition.begin`."""
        part = self._partitions.get(partition_id)
        if part is not None:
            part.begin(offset, known)

    def is_caught_up(self) -> bool:
        """Tells whether nothing is left to read or to release, as far as is known."""
        return all(not part.records and not part.has_more for part in self._partitions.values())

    def seen_at(self) -> datetime | None:
        """Finds when the broker last told the end of a partition."""
        return max((part.seen_at for part in self._partitions.values() if part.seen_at), default=None)

    def held(self) -> dict[str, int]:
        """Counts the partitions per topic that an open transaction holds up."""
        counts: dict[str, int] = {}
        for partition_id, part in self._partitions.items():
            counts[partition_id.topic] = counts.get(partition_id.topic, 0) + part.is_held
        return counts

    def lag(self) -> dict[str, int]:
        """Counts the records per topic that are written and not yet released, as far as is known."""
        behind: dict[str, int] = {}
        for partition_id, part in self._partitions.items():
            unread = 0 if part.high is None or part.position is None else part.high - part.position
            behind[partition_id.topic] = (
                behind.get(partition_id.topic, 0) + len(part.records) + max(0, unread)
            )
        return behind

    def watermark(self) -> datetime | None:
        """Computes the watermark of this process. None while the watermark of an external partition is
        unknown.
        """
        watermarks = [part.watermark for part in self._partitions.values() if not part.is_own]
        known = [watermark for watermark in watermarks if watermark is not None]
        return min(known) if known and len(known) == len(watermarks) else None

    def pauses(self) -> tuple[list[PartitionId], list[PartitionId]]:
        """Lists the partitions to pause and the partitions to resume.

        Half the buffer is split evenly, half by recent throughput. The merge stops at the partition that runs
        dry first.
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
            elif (len(part.records) > records or part.bytes > size) and self._may_pause(part):
                part.is_paused = True
                pause.append(part.partition_id)
        return pause, resume

    def _may_pause(self, part: P) -> bool:
        """Tells whether a partition with enough in memory may be paused."""
        return True

    def release(self, now_monotonic: float, now: datetime, *, with_watermarks: bool = True) -> Release | None:
        """Releases records to handle now, or None.

        `now_monotonic`, in seconds, measures patience: it should run only while the reader could have read.
        Without `with_watermarks` a mere move of idle partitions' watermarks is no release.
        """
        release = Release()
        moved = self._fill(release, now_monotonic, now)
        if not moved and not with_watermarks:
            return None
        for partition_id, offset in release.positions.items():
            self._partitions[partition_id].told_offset = offset
        for partition_id, part in self._partitions.items():
            if part.is_own or part.watermark is None or part.watermark == part.told_watermark:
                continue
            part.told_watermark = part.watermark
            release.watermarks[partition_id] = part.watermark
        return release if moved or release.watermarks else None
