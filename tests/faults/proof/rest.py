"""Whether the services have come to rest, and whether they move at all, by tables and offsets alone."""

import asyncio
import time
from collections.abc import Sequence
from typing import Self

import asyncpg
from aiokafka import AIOKafkaConsumer

from chassis.kafka_client import close
from tests.faults.proof.readers import inputs_of
from tests.faults.proof.reading import end_offsets
from tests.support.away import AWAY

LOOK_AGAIN_SECONDS = 0.25
LOOK_SECONDS = 15.0
BUSY = """
SELECT (SELECT count(*) FROM {0}.cases WHERE wake_at <= clock_timestamp()) AS cases_due,
       (SELECT count(*) FROM {0}.waiting WHERE due_at <= clock_timestamp()
            OR expires_at <= clock_timestamp() OR reason IN ('failed', 'horizon', 'behind')) AS messages_due,
       (SELECT max(position) FILTER (WHERE name = 'head') - max(position) FILTER (WHERE name = 'relay')
            FROM {0}.cursors) AS unsent
"""
READ_TO = "SELECT topic, partition, next_offset FROM {0}.intake"
MOVED = """
SELECT (SELECT sum(position) FROM {0}.cursors)::bigint, (SELECT sum(next_offset) FROM {0}.intake)::bigint
"""


class Stuck(Exception):
    """Nothing moves, or not enough in time; the text says what is left to do."""


class Rest:
    """Looks at the services of a world from outside; an async context manager.

    Who looks says what to make of a broker or a database that is away: both may be under attack.
    """

    def __init__(self, bootstrap_servers: str, database_url: str, services: Sequence[str]) -> None:
        self._services = tuple(services)
        self._database_url = database_url
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False)
        self._pool: asyncpg.Pool | None = None
        self._topics = sorted({topic for name in self._services for topic in inputs_of(name)})

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        self._pool = await asyncpg.create_pool(self._database_url, min_size=0, max_size=2, timeout=10)
        return self

    async def __aexit__(self, *error: object) -> None:
        await close(self._consumer)
        if self._pool is not None:
            self._pool.terminate()

    async def left(self) -> dict[str, dict[str, int]]:
        """Lists what each service still has to do, by kind. A service that rests is not named."""
        async with asyncio.timeout(LOOK_SECONDS):
            return await self._left()

    async def _left(self) -> dict[str, dict[str, int]]:
        found_ends = await end_offsets(self._consumer, self._topics)
        ends = {(at.topic, at.partition): end for at, end in found_ends.items()}
        found: dict[str, dict[str, int]] = {}
        assert self._pool is not None
        async with self._pool.acquire() as connection:
            for name in self._services:
                topics = set(inputs_of(name))
                read_to = {(row[0], row[1]): row[2] for row in await connection.fetch(READ_TO.format(name))}
                busy = await connection.fetchrow(BUSY.format(name))
                unread = sum(max(0, end - read_to.get(at, 0)) for at, end in ends.items() if at[0] in topics)
                work = {"unread": unread, **dict(busy.items() if busy else ())}
                if any(work.values()):
                    found[name] = {what: count for what, count in work.items() if count}
        return found

    async def is_in_hand(self) -> bool:
        """Whether something was begun: a deadline that has just come due is not."""
        left = await self.left()
        return any(what != "cases_due" for work in left.values() for what in work)

    async def moved(self) -> int:
        """A number that grows with whatever a service reads, decides or publishes."""
        assert self._pool is not None
        async with asyncio.timeout(LOOK_SECONDS), self._pool.acquire() as connection:
            rows = [await connection.fetchrow(MOVED.format(name)) for name in self._services]
        return sum(int(value or 0) for row in rows if row for value in row)

    async def wait(self, limit_seconds: float, stall_seconds: float) -> float:
        """Returns after how many seconds all rest. Raises Stuck after the limit, or where nothing moves."""
        start = moved_at = time.monotonic()
        last = -1
        while True:
            try:
                left = await self.left()
                if not left and not await self.left():
                    return time.monotonic() - start
                moved = await self.moved()
            except AWAY as error:
                left, moved = {"all": {type(error).__name__: 1}}, last
            now = time.monotonic()
            if moved != last:
                last, moved_at = moved, now
            if now - moved_at > stall_seconds:
                raise Stuck(f"nothing moved for {stall_seconds:.0f} s; left to do: {left}")
            if now - start > limit_seconds:
                raise Stuck(f"no rest within {limit_seconds:.0f} s; left to do: {left}")
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def watch(self, stall_seconds: float) -> None:
        """Runs beside the faults; raises Stuck where nothing moves for so long. Ends by cancellation."""
        last, moved_at = -1, time.monotonic()
        while True:
            await asyncio.sleep(1)
            try:
                moved = await self.moved()
                is_idle = moved == last and not await self.left()
            except AWAY:
                moved, is_idle = last, False
            if moved != last or is_idle:
                last, moved_at = moved, time.monotonic()
            elif time.monotonic() - moved_at > stall_seconds:
                raise Stuck(f"nothing moved for {stall_seconds:.0f} s")
