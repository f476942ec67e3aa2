"""Merges partitions by event time, by the wall clock.

A partition that has more to read, and nothing in memory, holds the others up for a while. A partition that is
read to its end holds nobody up.
"""

from datetime import datetime, timedelta
from heapq import heappop, heappush, heapreplace

from chassis.engine.records import PartitionId
from chassis.ingest.buffer import Buffer, Release
from chassis.ingest.decoder import Ignored
from chassis.ingest.partition import EARLIEST, Partition

_TICK = timedelta(microseconds=1)
_BACKLOG_SHARE = 20
_FLOW_KEPT = 0.9


class Merge(Buffer[Partition]):
    """Releases the earliest heads of the partitions first."""

    is_time_driven = True  # patience ends

    def _made(self, partition_id: PartitionId, *, is_own: bool) -> Partition:
        return Partition(partition_id, is_own)

    def _fill(self, release: Release, now_monotonic: float, now: datetime) -> bool:
        heap: list[tuple[datetime, PartitionId]] = []
        for partition_id, part in self._partitions.items():
            if part.records:
                heappush(heap, (part.records[0].at, partition_id))
        moved: set[PartitionId] = set()
        if heap and not self._waits_for_one(heap[0][0], now_monotonic, now):
            self._take(heap, release, moved)
        for partition_id in moved:
            release.positions[partition_id] = self._partitions[partition_id].next_offset
        for partition_id, part in self._partitions.items():
            if moved:
                part.flow *= _FLOW_KEPT
            if part.position is not None and not part.records and part.next_offset != part.told_offset:
                release.positions[partition_id] = part.next_offset  # the mark of a transaction is no record
            self._advance_watermark(part)
        release.watermark = self.watermark()
        return bool(moved)

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
            if isinstance(entry, Ignored):
                release.count_ignored(entry.type)
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
        """Tells whether a partition with more to read, and nothing in memory, holds the others up.

        Patience grows with the age of the waiting records: while catching up, order is worth more than haste.
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
        """Advances the watermark of a partition to what is known now. A watermark never goes back."""
        if part.records:
            at = part.records[0].at
            reached = at - _TICK if at > EARLIEST else part.released_to
        elif part.has_more or part.seen_at is None:
            reached = part.released_to
        else:
            reached = part.seen_at
        if reached is not None and (part.watermark is None or reached > part.watermark):
            part.watermark = reached
