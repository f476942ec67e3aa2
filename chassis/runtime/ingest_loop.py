"""Moves releases from the feed to the batch processor, and tracks how far this process has read."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from chassis import clock
from chassis.engine.records import PartitionId
from chassis.ingest.buffer import Release
from chassis.ingest.decoder import Accepted, Rejected
from chassis.ingest.feed import Feed
from chassis.runtime.batches import BatchProcessor, BatchProgress
from chassis.runtime.ports import Watermarks
from chassis.service import is_own
from chassis.store.store import DatabaseBehind
from chassis.store.watermarks import BEGINNING, END, Reached

log = logging.getLogger(__name__)

ALONE_NOTE_SECONDS = 10.0

Ignoring = Callable[[Mapping[str, int]], None]
"""Counts records that the service does not read, by event type."""


class IngestLoop:
    """Writes one release after the other. Only then may the offsets of the release move."""

    def __init__(
        self,
        feed: Feed,
        processor: BatchProcessor,
        watermarks: Watermarks,
        due: asyncio.Event,
        ignored: Ignoring,
    ) -> None:
        self._feed = feed
        self._processor = processor
        self._watermarks = watermarks
        self._due = due
        self._ignored = ignored
        processor.stored_watermark = self.stored_watermark
        self._own_watermark: tuple[frozenset[PartitionId], datetime] | None = None
        """Partitions of this process, and the watermark of the process for those partitions."""
        self._noted_at = 0.0
        self._in_hand: tuple[Release, frozenset[PartitionId]] | None = None
        """Retried after a failure: skipping it would commit later offsets and lose these records."""

    async def run(self) -> None:
        """Moves releases until cancellation."""
        while True:
            if self._in_hand is None:
                release = await self._feed.next(1.0)
                if release is None:
                    continue
                self._in_hand = release, self._feed.assignment
            try:
                await self._finish(*self._in_hand)
            except DatabaseBehind:
                log.warning("the database was set back; reading again what it does not know")
                self._own_watermark = None
                self._processor.forget()
                self._feed.start_over()
            self._in_hand = None

    async def _finish(self, release: Release, partition_ids: frozenset[PartitionId]) -> None:
        """Writes one release. Its watermark speaks for `partition_ids`, whoever reads them by now."""
        processor = self._processor
        arrivals = [
            processor.translate(buffered.record, buffered.entry)
            for buffered in release.records
            if isinstance(buffered.entry, Accepted | Rejected)
        ]
        others = await self._watermarks.others(partition_ids)
        self._ignored(release.ignored)
        read_to = await self._watermarks.not_ahead(min(others, release.watermark or BEGINNING))
        if release.records or release.positions or self._is_time_to_note(others):
            progress = BatchProgress(
                release.positions,
                release.watermarks,
                release.rounds,
                release.round_number,
                self._feed.learned,
            )
            await processor.process(arrivals, progress, read_to)
        await self._feed.commit(release)
        if release.watermark is not None and release.is_whole:
            self._own_watermark = partition_ids, release.watermark
        self._due.set()

    def _is_time_to_note(self, others: datetime) -> bool:
        """Tells whether idle watermarks should be written: at once for other replicas, seldom without any."""
        now = clock.monotonic()
        if others == END and now - self._noted_at < ALONE_NOTE_SECONDS:
            return False
        self._noted_at = now
        return True

    async def stored_watermark(self, connection: Any) -> datetime:
        """Reads the watermark beyond which this connection decides no deadline. END where nobody else reads.

        Watermarks of other replicas from before a restore of the database no longer hold.
        """
        if self._watermarks.is_alone(self._feed.assignment):
            return END
        return await self._watermarks.stored(connection)

    async def watermark(self) -> datetime:
        """Computes the watermark of the service: the least of the other replicas' and, if known, this
        process's.
        """
        mine = self._feed.assignment
        watermark = (
            self._own_watermark[1]
            if self._own_watermark is not None and self._own_watermark[0] == mine
            else BEGINNING
        )
        if not any(not is_own(partition_id.topic) for partition_id in mine):
            watermark = END  # a replica that reads nothing holds nothing up
        return await self._watermarks.not_ahead(min(watermark, await self._watermarks.others(mine)))

    async def reached(self) -> Reached:
        """Tells the timer loop how far it may go."""
        return Reached(await self.watermark())
