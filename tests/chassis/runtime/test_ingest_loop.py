"""The reading loop around a rebalance: what a release says holds for the partitions it came from."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from chassis.engine.records import Place
from chassis.ingest.intake import Release
from chassis.runtime.ingest_loop import Reading
from chassis.runtime.timer_loop import Waker
from chassis.store.store import DatabaseBehind
from chassis.store.watermarks import BEGINNING, END

ORDERS, PAYMENTS = Place("shop.orders.v1", 0), Place("shop.payments.v1", 0)
READ_TO = datetime(2026, 1, 1, tzinfo=UTC)


class OneRelease:
    """A feed with one release, all that it had read of one partition."""

    def __init__(self) -> None:
        self.assignment = frozenset({ORDERS})
        self.learned = dict[Place, int]()
        self.release: Release | None = Release(stands_at={ORDERS: READ_TO}, frontier=READ_TO)
        self.done = asyncio.Event()

    async def next(self, timeout_seconds: float) -> Release | None:
        release, self.release = self.release, None
        if release is None:
            await asyncio.sleep(timeout_seconds)
        return release

    async def commit(self, release: Release) -> None:
        self.done.set()


class Stands:
    """The other partition has been read up to long ago, by whoever does not read it any more."""

    def __init__(self) -> None:
        self.asked: list[Collection[Place]] = []

    async def others(self, mine: Collection[Place]) -> datetime:
        self.asked.append(mine)
        return END if PAYMENTS in mine else BEGINNING

    def is_alone(self, mine: Collection[Place]) -> bool:
        return PAYMENTS in mine

    async def bound(self, connection: object) -> datetime:
        return READ_TO

    async def not_ahead(self, moment: datetime) -> datetime:
        return moment

    async def by_marks(self) -> tuple[datetime, int]:
        return BEGINNING, 0


async def until_done(reading: Reading, feed: OneRelease) -> None:
    """Reads until the release is committed and the loop has gone on from it."""
    task = asyncio.create_task(reading.run())
    await feed.done.wait()
    await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_the_horizon_spoke_for_partitions_that_were_taken_over_while_a_batch_was_written() -> None:
    feed: Any = OneRelease()
    stands = Stands()
    frontiers: list[datetime] = []

    class Worker:
        async def take(self, arrivals: object, progress: object, frontier: datetime) -> None:
            frontiers.append(frontier)
            feed.assignment = frozenset({ORDERS, PAYMENTS})

    worker: Any = Worker()
    reading = Reading(feed, worker, stands, asyncio.Event(), lambda _: None, by_marks=False)
    await until_done(reading, feed)
    assert await reading.horizon() == BEGINNING
    assert (stands.asked[0], frontiers) == ({ORDERS}, [BEGINNING])


async def test_a_database_that_was_set_back_is_read_for_again_from_where_it_stands() -> None:
    feed: Any = OneRelease()
    stands = Stands()
    said: list[str] = []

    class Worker:
        async def take(self, arrivals: object, progress: object, frontier: datetime) -> None:
            if not said:
                feed.release = Release(stands_at={ORDERS: READ_TO}, frontier=READ_TO)
                raise DatabaseBehind

        def forget(self) -> None:
            said.append("forget")

    def start_over() -> None:
        said.append("start over")

    feed.start_over = start_over
    worker: Any = Worker()
    reading = Reading(feed, worker, stands, asyncio.Event(), lambda _: None, by_marks=False)
    await until_done(reading, feed)
    assert said == ["forget", "start over"]


async def test_who_reads_everything_is_bound_by_nobody() -> None:
    feed: Any = OneRelease()
    worker: Any = type("Worker", (), {})()
    reading = Reading(feed, worker, Stands(), asyncio.Event(), lambda _: None, by_marks=False)
    assert worker.bound == reading.bound
    feed.assignment = frozenset({ORDERS, PAYMENTS})
    assert await reading.bound(None) == END
    feed.assignment = frozenset({ORDERS})
    assert await reading.bound(None) == READ_TO


async def test_no_deadline_fires_while_what_the_database_lost_is_not_read_again() -> None:
    asked: list[datetime] = []

    class Worker:
        horizon = END

        async def wake(self, limit: int) -> int:
            assert limit > 0
            asked.append(self.horizon)
            raise DatabaseBehind

    async def horizon() -> datetime:
        return READ_TO

    worker: Any = Worker()
    waker = Waker(worker, Stands(), asyncio.Event(), horizon)
    assert await waker._wake_some() == 0
    assert asked == [READ_TO], "an old horizon was kept"
