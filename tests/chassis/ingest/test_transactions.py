"""Reading beside transactions of producers, on a real broker."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

import pytest
from aiokafka import AIOKafkaProducer

import devstack
from aftersales_contracts.shop.orders import TOPIC as ORDERS
from chassis import clock
from chassis.engine.records import PartitionId
from chassis.ingest.buffer import Release
from tests.chassis.ingest.test_reader import collect, count, ids, until
from tests.chassis.kafka_world import PARTITIONS, START, World, make_world

pytestmark = pytest.mark.stack


@pytest.fixture
async def world(stack: devstack.Stack) -> AsyncIterator[World]:
    async with make_world(stack.bootstrap_servers) as made:
        yield made


async def test_an_open_transaction_holds_its_partition_until_it_is_over(world: World) -> None:
    """B5: what others wrote behind it may have been told in time, so no deadline overtakes it."""
    partition_id = PartitionId(world.name(ORDERS), 0)
    producer = AIOKafkaProducer(bootstrap_servers=world.bootstrap, transactional_id=f"{world.prefix}open")
    await producer.start()
    watermarks: dict[PartitionId, datetime] = {}

    def seen_beyond(moment: datetime) -> Callable[[list[Release]], bool]:
        def check(releases: list[Release]) -> bool:
            for release in releases:
                watermarks.update(release.watermarks)
            others = [at for each, at in watermarks.items() if each != partition_id]
            return len(others) == 2 * PARTITIONS - 1 and min(others) > moment

        return check

    try:
        async with world.feed(stand_refresh_ms=50) as feed:
            async with producer.transaction():  # one that was committed leaves nothing behind
                await producer.send(partition_id.topic, b"rubbish", b"k", 0)
            await collect(feed, count(1))
            await until(feed.is_caught_up, feed)
            assert feed.health().held[partition_id.topic] == 0
            await producer.begin_transaction()
            await (await producer.send(partition_id.topic, b"rubbish", b"k", 0))
            behind = clock.now()
            await (await world.send(0, behind))
            await collect(feed, seen_beyond(clock.now() + timedelta(seconds=1)))
            assert watermarks.get(partition_id, START) < behind
            assert feed.health().held[partition_id.topic] == 1
            assert feed.health().lag[partition_id.topic] >= 1
            assert not feed.is_caught_up()
            await producer.abort_transaction()
            assert len(ids(await collect(feed, count(1)))) == 1
            await until(feed.is_caught_up, feed)
            await collect(feed, seen_beyond(behind))
            assert feed.health().held[partition_id.topic] == 0
            assert sum(feed.health().lag.values()) == 0
    finally:
        await producer.stop()
