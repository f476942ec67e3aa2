"""One connection to a real broker: the codecs that it reads, and what it tells once it is broken."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiokafka import AIOKafkaProducer

import devstack
from aftersales_contracts.shop.orders import TOPIC as ORDERS
from tests.chassis.ingest.test_reader import collect, count, ids
from tests.chassis.kafka_world import START, World, make_world

pytestmark = pytest.mark.stack


@pytest.fixture
async def world(stack: devstack.Stack) -> AsyncIterator[World]:
    async with make_world(stack.bootstrap_servers) as made:
        yield made


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_every_codec_is_taken_and_read(world: World, codec: str) -> None:
    """B15: other clients compress by default."""
    producer = AIOKafkaProducer(bootstrap_servers=world.bootstrap, compression_type=codec)
    await producer.start()
    for number in range(20):
        key, headers, value = world.record(f"o-{number}", START + timedelta(seconds=number))
        await producer.send(world.name(ORDERS), value, key, headers=headers)
    await producer.stop()
    async with world.feed() as feed:
        assert len(ids(await collect(feed, count(20)))) == 20


async def test_a_broken_connection_tells_no_positions(world: World) -> None:
    """Its client may stand behind records of other partitions that it lost: they would never be read."""
    async with world.feed() as feed:
        await world.send(0, START)
        await collect(feed, count(1))
        reader, assigned = feed._reader, feed.assignment
        assert reader is not None
        assert len(list(reader.positions(assigned))) > 1
        reader.abandon()
        assert list(reader.positions(assigned)) == []
