"""Watches by Kafka alone how far a service's group has come and how much it has published.

Nothing here knows the service's tables. So services of different layouts are watched alike, and
PostgreSQL is not asked anything while its processor time is measured.
"""

import asyncio
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from aftersales_contracts.topics import TOPICS
from benchmarks import broker
from benchmarks.broker import Ends
from benchmarks.lab import LIMIT_SECONDS, BenchmarkError
from benchmarks.stream import SOURCES
from devstack.part import Part

INPUTS = tuple(SOURCES)
"""Topics that the benchmark publishes on."""
LOOK_AGAIN_SECONDS = 0.2
QUIET_SECONDS = 1.5


def total(ends: Ends, since: Ends) -> int:
    """Counts the records between two looks at the ends."""
    return sum(end - since.get(place, 0) for place, end in ends.items())


def behind(ends: Ends, since: Ends, passed: Ends) -> int:
    """Counts the records that a group has not passed; where it never committed it stands at `since`."""
    return sum(max(0, end - passed.get(place, since.get(place, 0))) for place, end in ends.items())


class Watch:
    """Two connections that stay open; a context manager. `group` is the consumer group of the service."""

    def __init__(self, bootstrap_servers: str, group: str) -> None:
        self._group = group
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers)
        self._admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
        self._start: Ends = {}
        """Where the inputs begin for the group."""

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        await self._admin.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._admin.close()
        await self._consumer.stop()

    async def clear(self) -> None:
        """Removes all records of all topics: a new group has nothing to read but what is published next."""
        ends = await self.ends(list(TOPICS))
        await self._admin.delete_records(
            {TopicPartition(*place): RecordsToDelete(end) for place, end in ends.items() if end}
        )
        self._start = {place: end for place, end in ends.items() if place[0] in INPUTS}

    async def ends(self, topics: Sequence[str]) -> Ends:
        """Asks where the partitions of these topics end now."""
        places = [
            TopicPartition(topic, number) for topic in topics for number in range(broker.partitions_of(topic))
        ]
        found = await self._consumer.end_offsets(places)
        return {(place.topic, place.partition): offset for place, offset in found.items()}

    async def published(self) -> Ends:
        """Asks where the outcomes end now."""
        return await self.ends([broker.OUTCOME_TOPIC])

    async def handled(self, part: Part, limit: float = LIMIT_SECONDS) -> None:
        """Returns once the group has passed all inputs and nothing has been published for a while."""
        until = time.monotonic() + limit
        last, quiet_since = await self.published(), time.monotonic()
        while True:
            await self._pause(part, until, "records were not handled")
            published = await self.published()
            if published != last or await self._behind():
                last, quiet_since = published, time.monotonic()
            elif time.monotonic() - quiet_since >= QUIET_SECONDS:
                return

    async def has_published(self, part: Part, since: Ends, count: int, limit: float = LIMIT_SECONDS) -> None:
        """Returns once so many outcomes were published since then and the group has passed all inputs."""
        until = time.monotonic() + limit
        while (done := total(await self.published(), since)) < count or await self._behind():
            await self._pause(part, until, f"{done} of {count} outcomes were published")

    async def idle(self, part: Part, seconds: float) -> None:
        """Lets time pass, and asks the broker as often as while it waits for outcomes."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await self._pause(part, until + LIMIT_SECONDS, "nothing was to be done")
            await self.published()

    async def _behind(self) -> int:
        ends = await self.ends(INPUTS)
        found = await self._admin.list_consumer_group_offsets(self._group)
        passed = {(place.topic, place.partition): known.offset for place, known in found.items()}
        return behind(ends, self._start, passed)

    @staticmethod
    async def _pause(part: Part, until: float, what: str) -> None:
        if not part.running:
            raise BenchmarkError(f"{part.name} has ended\n{part.tail()}")
        if time.monotonic() > until:
            raise BenchmarkError(f"{what} in time\n{part.tail()}")
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
