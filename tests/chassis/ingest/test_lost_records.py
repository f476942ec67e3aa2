"""B14: records that the retention of a topic deletes before they were read, on a real broker."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

import devstack
from aftersales_contracts.reasons import Reason
from aftersales_contracts.shop.orders import TOPIC as ORDERS
from chassis.engine.records import PartitionId
from chassis.ingest.buffer import Release
from chassis.ingest.decoder import Rejected
from chassis.store.progress import Progress
from tests.chassis.ingest.test_reader import collect, count, ids
from tests.chassis.kafka_world import START, World, make_world

pytestmark = pytest.mark.stack


@pytest.fixture
async def world(stack: devstack.Stack) -> AsyncIterator[World]:
    async with make_world(stack.bootstrap_servers) as made:
        yield made


async def sent(world: World, number_count: int) -> None:
    """Writes that many records to the first partition of orders."""
    for second in range(number_count):
        await world.send(0, START + timedelta(seconds=second))
    await world.producer.flush()


async def deleted(world: World, before_offset: int) -> None:
    """Deletes the first records of that partition, as retention does."""
    admin = AIOKafkaAdminClient(bootstrap_servers=world.bootstrap)
    await admin.start()
    place = TopicPartition(world.name(ORDERS), 0)
    await admin.delete_records({place: RecordsToDelete(before_offset=before_offset)})
    await admin.close()


def gaps(releases: Sequence[Release]) -> list[tuple[int, str]]:
    """Offset and detail of each gap that was told."""
    return [
        (buffered.offset, buffered.entry.detail)
        for release in releases
        for buffered in release.records
        if isinstance(buffered.entry, Rejected) and buffered.entry.reason is Reason.RECORDS_LOST
    ]


async def test_a_gap_while_the_service_was_down_is_told_before_reading_goes_on(world: World) -> None:
    partition_id = PartitionId(world.name(ORDERS), 0)
    async with world.feed() as feed:
        await sent(world, 3)
        await collect(feed, count(3))
    await sent(world, 7)
    await deleted(world, 8)
    async with world.feed(progress={partition_id: Progress(next_offset=3)}) as feed:
        releases = await collect(feed, count(3))
    assert gaps(releases) == [(7, "offsets 3 to 7 were deleted before they were read")]
    assert ids(releases) == ["e-9", "e-10"]
    assert releases[-1].positions[partition_id] == 10
    async with world.feed(progress={partition_id: Progress(next_offset=10)}) as feed:
        await sent(world, 1)
        assert gaps(await collect(feed, count(1))) == []


async def test_a_gap_while_the_service_reads_is_told(world: World) -> None:
    partition_id = PartitionId(world.name(ORDERS), 0)
    async with world.feed(progress={partition_id: Progress()}) as feed:
        await sent(world, 2)
        await collect(feed, count(2))
        reader = feed._reader
        assert reader is not None
        reader.hold([partition_id], [])
        await sent(world, 5)
        await deleted(world, 6)
        reader.hold([], [partition_id])
        releases = await collect(feed, count(2))
    assert gaps(releases) == [(5, "offsets 2 to 5 were deleted before they were read")]
    assert ids(releases) == ["e-7"]


async def test_old_records_that_nobody_was_to_read_are_no_gap(world: World) -> None:
    """A service that never read the topic begins where the topic begins."""
    partition_id = PartitionId(world.name(ORDERS), 0)
    await sent(world, 4)
    await deleted(world, 2)
    async with world.feed(progress={partition_id: Progress()}) as feed:
        releases = await collect(feed, count(2))
    assert gaps(releases) == []
    assert ids(releases) == ["e-3", "e-4"]
