"""From the feed to the batch processor: nothing that was taken from the feed is forgotten."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import pytest

from chassis.engine.records import PartitionId
from chassis.ingest.buffer import Release
from chassis.ingest.feed import Feed
from chassis.runtime.batches import BatchProcessor
from chassis.runtime.ingest_loop import IngestLoop
from chassis.runtime.ports import Watermarks
from chassis.store.watermarks import END

PLACE = PartitionId("shop.orders.v1", 0)


class Handed:
    """A feed that hands out each release once, as the real one does, and then no more."""

    assignment = frozenset({PLACE})
    learned: Mapping[PartitionId, int] = {}

    def __init__(self, count: int) -> None:
        self._releases = [Release(positions={PLACE: number}) for number in range(1, count + 1)]
        self.committed: list[int] = []

    async def next(self, timeout_seconds: float) -> Release | None:
        del timeout_seconds
        if not self._releases:
            raise asyncio.CancelledError
        return self._releases.pop(0)

    async def commit(self, release: Release) -> None:
        self.committed.append(release.positions[PLACE])


class Taking:
    """A batch processor that notes how far it was told that the input had been read."""

    def __init__(self) -> None:
        self.taken: list[int] = []

    async def process(self, arrivals: Sequence[Any], progress: Any, watermark: datetime) -> None:
        del arrivals, watermark
        self.taken.append(progress.positions[PLACE])


class Away(Watermarks):
    """Standings in a database that is away when it is asked for the second time."""

    def __init__(self) -> None:
        self.asked_count = 0

    def is_alone(self, mine: Collection[PartitionId]) -> bool:
        return bool(mine)

    async def stored(self, connection: Any) -> datetime:
        return END

    async def others(self, mine: Collection[PartitionId]) -> datetime:
        del mine
        self.asked_count += 1
        if self.asked_count == 2:
            raise ConnectionResetError
        return END

    async def not_ahead(self, moment: datetime) -> datetime:
        return moment


async def test_a_release_in_hand_when_the_database_goes_away_is_not_lost() -> None:
    feed, processor = Handed(3), Taking()
    ingest_loop = IngestLoop(
        cast("Feed", feed), cast("BatchProcessor", processor), Away(), asyncio.Event(), lambda _: None
    )
    with pytest.raises(ConnectionResetError):
        await ingest_loop.run()
    assert (processor.taken, feed.committed) == ([1], [1])
    with pytest.raises(asyncio.CancelledError):
        await ingest_loop.run()
    assert (processor.taken, feed.committed) == ([1, 2, 3], [1, 2, 3])
