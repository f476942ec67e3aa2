"""The reading loop around a rebalance: what a release says holds for the partitions it came from."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from chassis.engine.records import PartitionId
from chassis.ingest.buffer import Release
from chassis.runtime.ingest_loop import IngestLoop
from chassis.runtime.timer_loop import TimerLoop
from chassis.store.store import DatabaseBehind
from chassis.store.watermarks import BEGINNING, END, Reached

ORDERS, PAYMENTS = PartitionId("shop.orders.v1", 0), PartitionId("shop.payments.v1", 0)
READ_TO = datetime(2026, 1, 1, tzinfo=UTC)


class OneRelease:
    """A feed with one release, all that it had read of one partition."""

    def __init__(self) -> None:
        self.assignment = frozenset({ORDERS})
        self.learned = dict[PartitionId, int]()
        self.release: Release | None = Release(watermarks={ORDERS: READ_TO}, watermark=READ_TO)
        self.done = asyncio.Event()

    async def next(self, timeout_seconds: float) -> Release | None:
        release, self.release = self.release, None
        if release is None:
            await asyncio.sleep(timeout_seconds)
        return release

    async def commit(self, release: Release) -> None:
        self.done.set()


class FakeWatermarks:
    """The other partition has been read up to long ago, by whoever does not read it any more."""

    def __init__(self) -> None:
        self.asked: list[Collection[PartitionId]] = []

    async def others(self, mine: Collection[PartitionId]) -> datetime:
        self.asked.append(mine)
        return END if PAYMENTS in mine else BEGINNING

    def is_alone(self, mine: Collection[PartitionId]) -> bool:
        return PAYMENTS in mine

    async def stored(self, connection: object) -> datetime:
        return READ_TO

    async def not_ahead(self, moment: datetime) -> datetime:
        return moment


async def until_done(ingest_loop: IngestLoop, feed: OneRelease) -> None:
    """Reads until the release is committed and the loop has gone on from it."""
    task = asyncio.create_task(ingest_loop.run())
    await feed.done.wait()
    await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_the_watermark_spoke_for_partitions_that_were_taken_over_while_a_batch_was_written() -> None:
    feed: Any = OneRelease()
    watermarks = FakeWatermarks()
    read_to: list[datetime] = []

    class BatchProcessor:
        async def process(self, arrivals: object, progress: object, watermark: datetime) -> None:
            read_to.append(watermark)
            feed.assignment = frozenset({ORDERS, PAYMENTS})

    processor: Any = BatchProcessor()
    ingest_loop = IngestLoop(feed, processor, watermarks, asyncio.Event(), lambda _: None)
    await until_done(ingest_loop, feed)
    assert await ingest_loop.watermark() == BEGINNING
    assert (watermarks.asked[0], read_to) == ({ORDERS}, [BEGINNING])


async def test_a_database_that_was_set_back_is_read_for_again_from_where_it_stands() -> None:
    feed: Any = OneRelease()
    watermarks = FakeWatermarks()
    said: list[str] = []

    class BatchProcessor:
        async def process(self, arrivals: object, progress: object, watermark: datetime) -> None:
            if not said:
                feed.release = Release(watermarks={ORDERS: READ_TO}, watermark=READ_TO)
                raise DatabaseBehind

        def forget(self) -> None:
            said.append("forget")

    def start_over() -> None:
        said.append("start over")

    feed.start_over = start_over
    processor: Any = BatchProcessor()
    ingest_loop = IngestLoop(feed, processor, watermarks, asyncio.Event(), lambda _: None)
    await until_done(ingest_loop, feed)
    assert said == ["forget", "start over"]


async def test_who_reads_everything_is_bound_by_nobody() -> None:
    feed: Any = OneRelease()
    processor: Any = type("BatchProcessor", (), {})()
    ingest_loop = IngestLoop(feed, processor, FakeWatermarks(), asyncio.Event(), lambda _: None)
    assert processor.stored_watermark == ingest_loop.stored_watermark
    feed.assignment = frozenset({ORDERS, PAYMENTS})
    assert await ingest_loop.stored_watermark(None) == END
    feed.assignment = frozenset({ORDERS})
    assert await ingest_loop.stored_watermark(None) == READ_TO


async def test_no_deadline_fires_while_what_the_database_lost_is_not_read_again() -> None:
    asked: list[datetime] = []

    class BatchProcessor:
        watermark = END

        async def fire_due(self, limit: int) -> int:
            assert limit > 0
            asked.append(self.watermark)
            raise DatabaseBehind

    async def reached() -> Reached:
        return Reached(READ_TO)

    processor: Any = BatchProcessor()
    timer_loop = TimerLoop(processor, asyncio.Event(), reached)
    assert await timer_loop._fire_some() == 0
    assert asked == [READ_TO], "an old horizon was kept"
