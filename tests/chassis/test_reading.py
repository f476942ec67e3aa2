"""The reading loop around a rebalance: what a release says holds for the partitions it came from."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from chassis.intake import Release
from chassis.partitions import Place
from chassis.reading import Reading
from chassis.worker import BEGINNING, END

ORDERS, PAYMENTS = Place("shop.orders.v1", 0), Place("shop.payments.v1", 0)
READ_TO = datetime(2026, 1, 1, tzinfo=UTC)


class OneRelease:
    """A feed with one release, all that it had read of one partition."""

    def __init__(self) -> None:
        self.assignment = frozenset({ORDERS})
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

    async def not_ahead(self, moment: datetime) -> datetime:
        return moment

    async def by_marks(self) -> tuple[datetime, int]:
        return BEGINNING, 0


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
    task = asyncio.create_task(reading.run())
    await feed.done.wait()
    await asyncio.sleep(0)
    assert await reading.horizon() == BEGINNING
    assert (stands.asked[0], frontiers) == ({ORDERS}, [BEGINNING])
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
