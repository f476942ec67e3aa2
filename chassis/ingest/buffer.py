"""Buffers what a process reads: its partitions, their watermarks, and when to pause one.

Pure: no Kafka, no clock, no waiting. `merge.Merge` and `replay_barrier.ReplayBarrier` release from it.
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
    """Carries what may be handled now, and how far the partitions are read once it has been."""

    records: list[BufferedRecord] = field(default_factory=list[BufferedRecord])
    """Accepted and rejected records, in order of event time across partitions."""
    positions: dict[PartitionId, int] = field(default_factory=dict[PartitionId, int])
    """Next offset to commit of every partition that moved: its lowest record not yet released."""
    watermarks: dict[PartitionId, datetime] = field(default_factory=dict[PartitionId, datetime])
    """External partitions: the moment up to which each has been read, where that changed."""
    watermark: datetime | None = None
    """The least of all external watermarks of this process; None while one is unknown, or there is none."""
    is_whole: bool = True
    """Whether all before `watermark` is handled once this release is. In a replay: a round's last piece."""
    round_number: int = 0
    """In a replay: the round that these records belong to; 0 otherwise."""
    rounds: dict[PartitionId, int] = field(default_factory=dict[PartitionId, int])
    """In a replay: for each position the last round that lies wholly before it."""
    ignored: dict[str, int] = field(default_factory=dict[str, int])
    """Records that this service does not read, counted by event type."""
    has_more: bool = False
    """More could be released at once."""

    def count_ignored(self, event_type: str) -> None:
        """Counts a record that this service does not read."""
        self.ignored[event_type] = self.ignored.get(event_type, 0) + 1


class Buffer(ABC, Generic[P]):
    """Holds the partitions that this process reads, and releases their records in order.

    `is_own` tells the topics that our own services write: their records are released like all others, but
    no watermark waits for them, because they form cycles.
    """

    is_time_driven: bool
    """Whether a release may come about by mere time, without another record."""

    def __init__(self, *, limits: Limits, is_own: Callable[[str], bool]) -> None:
        self._limits = limits
        self._is_own = is_own
        self._partitions: dict[PartitionId, P] = {}

    @abstractmethod
    def _made(self, partition_id: PartitionId, *, is_own: bool) -> P:
        """Makes the buffer of one partition."""

    @abstractmethod
    def _fill(self, release: Release, now_monotonic: float, now: datetime) -> bool:
        """Fills a release; False where nothing moves but watermarks. Times as in `release`."""

    @property
    def partition_ids(self) -> Collection[PartitionId]:
        """The partitions of this process."""
        return self._partitions.keys()

    @property
    def buffered_count(self) -> int:
        """Records in memory that have not been released."""
        return sum(len(part.records) for part in self._partitions.values())

    def assign(self, partition_ids: Iterable[PartitionId]) -> None:
        """Takes partitions over."""
        for partition_id in partition_ids:
            if partition_id not in self._partitions:
                is_own = self._is_own(partition_id.topic)
                self._partitions[partition_id] = self._made(partition_id, is_own=is_own)

    def note_progress(self, progress: Mapping[PartitionId, Progress]) -> None:
        """Notes how far partitions just taken over had been read before, as the database knows it."""

    def revoke(self, partition_ids: Iterable[PartitionId]) -> None:
        """Gives partitions up. Their records in memory belong to whoever reads the partitions next."""
        for partition_id in partition_ids:
            self._partitions.pop(partition_id, None)

    def push(self, partition_id: PartitionId, records: Iterable[BufferedRecord]) -> None:
        """Adds records of one partition, in order of offset. Those of a partition given up are dropped."""
        part = self._partitions.get(partition_id)
        if part is not None:
            for buffered in records:
                part.push(buffered)

    def note_position(
        self, partition_id: PartitionId, position: int, high: int | None, seen_at: datetime | None
    ) -> None:
        """Where reading stands, where the partition ended when last asked, and when that was."""
        part = self._partitions.get(partition_id)
        if part is not None:
            part.position, part.high, part.seen_at = position, high, seen_at

    def is_caught_up(self) -> bool:
        """Tells whether nothing is left to read or to release, as far as is known."""
        return all(not part.records and not part.has_more for part in self._partitions.values())

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
            elif (len(part.records) > records or part.bytes > size) and self._may_pause(part):
                part.is_paused = True
                pause.append(part.partition_id)
        return pause, resume

    def _may_pause(self, part: P) -> bool:
        """Tells whether a partition with enough in memory may be paused."""
        return True

    def release(self, now_monotonic: float, now: datetime, *, with_watermarks: bool = True) -> Release | None:
        """Gives what may be handled now, or None.

        `now_monotonic`, in seconds, should run only while the reader could have read: patience is
        counted in it. Without `with_watermarks` a mere move of idle partitions' watermarks is no release.
        """
        release = Release()
        moved = self._fill(release, now_monotonic, now)
        if not moved and not with_watermarks:
            return None
        for partition_id, part in self._partitions.items():
            if part.is_own or part.watermark is None or part.watermark == part.told_watermark:
                continue
            part.told_watermark = part.watermark
            release.watermarks[partition_id] = part.watermark
        return release if moved or release.watermarks else None
