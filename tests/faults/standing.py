"""Whether services have come to rest, by their own tables and the broker's offsets; waits with bounds."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Self

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from aftersales_contracts.topics import TOPICS
from chassis.clock import monotonic
from chassis.service import Service, inputs

LOOK_AGAIN_SECONDS = 0.1
BUSY = """
SELECT (SELECT count(*) FROM {0}.cases WHERE wake_at <= clock_timestamp()) AS cases_due,
       (SELECT count(*) FROM {0}.waiting WHERE due_at <= clock_timestamp()
            OR expires_at <= clock_timestamp() OR reason IN ('failed', 'horizon')) AS messages_due,
       (SELECT max(position) FILTER (WHERE name = 'head') - max(position) FILTER (WHERE name = 'relay')
            FROM {0}.cursors) AS unsent
"""
READ_TO = "SELECT topic, partition, next_offset FROM {0}.intake"


class Rest:
    """Tells when nothing is left to read, to decide or to publish, by the clock on the wall."""

    def __init__(self, bootstrap_servers: str, pool: asyncpg.Pool, services: Sequence[Service]) -> None:
        self._pool = pool
        self._services = tuple(services)
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False)
        self._places = [
            TopicPartition(topic.name, number)
            for topic in TOPICS.values()
            if topic.side != "dead"
            for number in range(topic.partitions)
        ]

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._consumer.stop()

    async def wait(self, limit_seconds: float) -> None:
        """Returns once all services rest. Raises AssertionError with what is left after the limit."""
        end = monotonic() + limit_seconds
        while True:
            ends = await self.ends()
            left = {s.name: await self.left(s, ends) for s in self._services}
            if not any(left.values()) and await self.ends() == ends:
                return
            assert monotonic() < end, f"no rest in {limit_seconds:.0f} s: {left}"
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def ends(self) -> dict[TopicPartition, int]:
        """The end of every partition but those of dead letters."""
        return dict(await self._consumer.end_offsets(self._places))

    async def left(self, service: Service, ends: Mapping[TopicPartition, int]) -> dict[str, int]:
        """Counts what a service still has to do, by kind; empty where the service rests."""
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(READ_TO.format(service.name))
            busy = await connection.fetchrow(BUSY.format(service.name))
        assert busy is not None
        read_to = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
        topics = set(inputs(service))
        unread = sum(
            max(0, end - read_to.get(place, 0)) for place, end in ends.items() if place.topic in topics
        )
        found = {"unread": unread, **dict(busy.items())}
        return {name: count for name, count in found.items() if count}
