"""Reading from a real broker: order, exact offsets, rubbish, rebalances, clock marks, a broker that dies."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

import devstack
from aftersales_contracts import registry
from aftersales_contracts.clock import ClockMarkedV1
from aftersales_contracts.envelope import Envelope, write
from aftersales_contracts.shop.contacts import TOPIC as CONTACTS
from aftersales_contracts.shop.orders import TOPIC as ORDERS
from chassis import clock
from chassis.engine.records import PartitionId, StoredOrigin
from chassis.ingest.buffer import Release
from chassis.ingest.decoder import Accepted, Rejected
from chassis.ingest.feed import Feed
from chassis.ingest.lenient_records import tolerate
from chassis.store.progress import Progress
from tests.chassis.kafka_world import FAR, PARTITIONS, START, World, make_world

pytestmark = pytest.mark.stack


@pytest.fixture
async def world(stack: devstack.Stack) -> AsyncIterator[World]:
    async with make_world(stack.bootstrap_servers) as made:
        yield made


async def collect(
    feed: Feed, is_enough: Callable[[list[Release]], bool], seconds: float = 30
) -> list[Release]:
    """Takes and commits releases until enough is there."""
    releases: list[Release] = []
    async with asyncio.timeout(seconds):
        while not is_enough(releases):
            release = await feed.next(0.5)
            if release is not None:
                releases.append(release)
                await feed.commit(release)
    return releases


def ids(releases: Sequence[Release]) -> list[str]:
    return [
        buffered.entry.received.envelope.id
        for release in releases
        for buffered in release.records
        if isinstance(buffered.entry, Accepted)
    ]


def count(number: int) -> Callable[[list[Release]], bool]:
    return lambda releases: sum(len(release.records) for release in releases) >= number


def is_assigned(feed: Feed) -> bool:
    return bool(feed.assignment)


async def happens(is_true: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not is_true():
            await asyncio.sleep(0.05)


async def until(is_true: Callable[[], bool], feed: Feed, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not is_true():
            await feed.next(0.05)


async def test_a_backlog_over_skewed_partitions_comes_in_order_of_event_time(world: World) -> None:
    draw = random.Random(7)
    total = 6_000
    for number in range(total):
        partition = draw.choices(range(PARTITIONS), weights=(8, 3, 1, 1))[0]
        await world.send(partition, START + timedelta(seconds=number))
    await world.producer.flush()
    async with world.feed(partition_records=500) as feed:
        releases = await collect(feed, count(total))
        times = [buffered.at for release in releases for buffered in release.records]
        assert len(times) == total
        assert all(one <= other for one, other in pairwise(times))
        assert max(len(release.records) for release in releases) > 100
        await until(feed.is_caught_up, feed)
        assert sum(feed.health().lag.values()) == 0
    assert sum((await world.committed()).values()) == total


async def test_idle_partitions_have_the_clock_as_watermark(world: World) -> None:
    async with world.feed(stand_refresh_ms=50) as feed:
        before = clock.now()
        watermarks: dict[PartitionId, datetime] = {}

        def all_stand(releases: list[Release]) -> bool:
            for release in releases:
                watermarks.update(release.watermarks)
            return len(watermarks) == 2 * PARTITIONS and min(watermarks.values()) >= before

        releases = await collect(feed, all_stand)
        assert {partition_id.topic for partition_id in watermarks} == {
            world.name(ORDERS),
            world.name(CONTACTS),
        }
        assert not any(release.records for release in releases)
        assert releases[-1].watermark is not None
        assert clock.now() - releases[-1].watermark < timedelta(seconds=2)
        assert feed.health().assigned_count == 3 * PARTITIONS
        assert feed.is_caught_up()


async def test_live_events_arrive_within_a_blink(world: World) -> None:
    delays: list[float] = []
    async with world.feed() as feed:
        await until(feed.is_caught_up, feed)

        async def publish() -> None:
            for number in range(200):
                await world.send(number % PARTITIONS, clock.now())
                await asyncio.sleep(0.005)

        publishing = asyncio.create_task(publish())
        async with asyncio.timeout(30):
            while len(delays) < 200:
                release = await feed.next(1.0)
                if release is not None:
                    delays += [(clock.now() - buffered.at).total_seconds() for buffered in release.records]
                    await feed.commit(release)
        await publishing
    delays.sort()
    print(f"p50 {delays[100] * 1000:.1f} ms, p99 {delays[198] * 1000:.1f} ms")
    assert delays[100] < 0.25


async def test_rubbish_is_handed_over_with_a_reason_and_stops_nothing(world: World) -> None:
    topic = world.name(ORDERS)
    key, headers, value = world.record("o-0", START)
    bad_header = [(name, b"\xff\xfe" if name == "ce_id" else raw) for name, raw in headers]
    await world.producer.send(topic, value, key, 0, None, bad_header)
    await world.producer.send(topic, None, key, 0)
    await world.producer.send(topic, b"\x00\x01", None, 0, None, [("x", b"\xff")])
    await world.producer.send(topic, value[:-9], key, 0, None, headers)
    await world.send(0, START)
    await world.producer.flush()
    async with world.feed() as feed:
        releases = await collect(feed, count(5))
        items = [buffered for release in releases for buffered in release.records]
        reasons = [buffered.entry.reason for buffered in items if isinstance(buffered.entry, Rejected)]
        assert reasons == ["bad_utf8", "not_cloudevents", "not_cloudevents", "bad_json"]
        assert isinstance(items[-1].entry, Accepted)
        assert items[1].record.value is None
        assert items[2].record.value == b"\x00\x01"
        assert tuple(items[2].record.headers) == (("x", b"\xff"),)


class Unspeakable(str):
    """A header name that is no UTF-8 on the wire, as other clients can write it."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"\xff\xfe"


async def test_a_header_name_that_the_client_cannot_decode_stops_nothing(world: World) -> None:
    rogue = AIOKafkaProducer(bootstrap_servers=world.bootstrap)
    await rogue.start()
    batch = rogue.create_batch()
    batch._builder = _DefaultRecordBatchBuilderPy(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=16_384,
    )
    key, headers, value = world.record("o-0", START)
    for _ in range(2):
        batch.append(key=key, value=value, timestamp=None, headers=[*headers, (Unspeakable("x"), None)])
    await (await rogue.send_batch(batch, world.name(ORDERS), partition=0))
    await rogue.stop()
    for number in range(200):
        await world.send(number % PARTITIONS, START)
    await world.producer.flush()
    try:
        async with world.feed() as feed:
            releases = await collect(feed, count(202))
            names = ids(releases)
            assert names.count("e-1") == 2
            assert len(set(names)) == 201
            assert len(names) == 202
    finally:
        tolerate(False)


async def test_what_was_not_committed_comes_again(world: World) -> None:
    for number in range(40):
        await world.send(0, START + timedelta(seconds=number))
    await world.producer.flush()
    async with world.feed(batch_records=10) as feed:
        first = await collect(feed, count(20))
        lost = await feed.next(5)
        assert lost is not None
        assert len(lost.records) == 10
    assert await world.committed() == {PartitionId(world.name(ORDERS), 0): 20}
    async with world.feed() as feed:
        second = await collect(feed, count(20))
    assert ids(first) + ids(second) == [f"e-{number}" for number in range(1, 41)]


async def test_members_come_and_go_and_nothing_is_lost(world: World) -> None:
    total = 3_000
    seen: list[str] = []

    async def consume(feed: Feed, stop: asyncio.Event) -> None:
        while not stop.is_set():
            release = await feed.next(0.1)
            if release is not None:
                await asyncio.sleep(0.005)
                seen.extend(ids([release]))
                await feed.commit(release)

    async def publish() -> None:
        for number in range(total):
            await world.send(number % PARTITIONS, clock.now())
            if number % 10 == 0:
                await asyncio.sleep(0.02)
        await world.producer.flush()

    publishing = asyncio.create_task(publish())
    stop = asyncio.Event()
    async with world.feed(batch_records=50) as first:
        consuming = asyncio.create_task(consume(first, stop))
        for _ in range(2):
            left = asyncio.Event()
            async with world.feed(batch_records=50) as second:
                other = asyncio.create_task(consume(second, left))
                await happens(partial(is_assigned, second))
                await asyncio.sleep(1.0)
                left.set()
                await other
        await publishing
        await happens(lambda: len(set(seen)) >= total)
        stop.set()
        await consuming
    assert len(set(seen)) == total
    assert len(seen) - total <= 500


async def test_by_marks_a_tick_is_released_whole_and_in_order(world: World) -> None:
    draw = random.Random(3)
    seconds = [draw.randrange(1_000) for _ in range(900)]
    for second in seconds:
        await world.send(draw.randrange(PARTITIONS), START + timedelta(seconds=second))
    await world.producer.flush()
    moment = START + timedelta(seconds=1_000)
    async with world.feed(by_marks=True, batch_records=400, partition_records=10) as feed:
        assert await feed.next(1.0) is None
        await world.mark(1, moment)
        releases = await collect(
            feed, lambda found: bool(found) and (found[-1].is_whole, found[-1].round_number) == (True, 1)
        )
        assert [len(release.records) for release in releases] == [400, 400, 100]
        assert [buffered.at for release in releases for buffered in release.records] == sorted(
            START + timedelta(seconds=second) for second in seconds
        )
        assert set(releases[-1].watermarks.values()) == {moment}
        assert await feed.next(0.2) is None
    assert len(await world.committed()) == 3 * PARTITIONS


async def test_by_marks_a_successor_waits_for_no_mark_that_was_handled(world: World) -> None:
    await world.mark(1, START)
    async with world.feed(by_marks=True) as feed:
        await collect(
            feed, lambda found: bool(found) and (found[-1].is_whole, found[-1].round_number) == (True, 1)
        )
    await world.send(2, START + timedelta(seconds=1))
    data = registry.encode(ClockMarkedV1(mark_at=START + timedelta(seconds=2), sequence_count=2))
    envelope = Envelope("mark-2", "test/clock", ClockMarkedV1.TYPE, START, "clock")
    key, headers, value = write(envelope, data)
    await world.producer.send_and_wait(world.name(ORDERS), value, key, 2, None, headers)
    reached = PartitionId(world.name(ORDERS), 2)
    progress = {
        PartitionId(topic, number): Progress(2, FAR) for topic in world.topics for number in range(PARTITIONS)
    }
    del progress[reached]
    async with world.feed(by_marks=True, progress=progress) as feed:
        releases = await collect(
            feed, lambda found: bool(found) and (found[-1].is_whole, found[-1].round_number) == (True, 2)
        )
        assert len(ids(releases)) == 1


async def test_a_group_ahead_of_its_database_is_set_back_before_anything_is_released(world: World) -> None:
    for second in range(40):
        await world.send(second % 2, START + timedelta(seconds=second))
    await world.producer.flush()
    async with world.feed() as feed:
        first = ids(await collect(feed, count(40)))
    partition_id = PartitionId(world.name(ORDERS), 0)
    assert await world.committed() == {partition_id: 20, PartitionId(world.name(ORDERS), 1): 20}
    await world.send(1, START + timedelta(seconds=40))
    async with world.feed(progress={partition_id: Progress(next_offset=15)}) as feed:
        again = await collect(feed, count(6))
    assert ids(again)[:5] == first[30::2]
    assert len(ids(again)) == 6
    assert all(release.positions.get(partition_id, 20) > 15 for release in again)


async def test_what_the_topic_no_longer_holds_is_no_reason_to_go_back(world: World) -> None:
    for second in range(10):
        await world.send(0, START + timedelta(seconds=second))
    await world.producer.flush()
    async with world.feed() as feed:
        await collect(feed, count(10))
    partition_id = PartitionId(world.name(ORDERS), 0)
    admin = AIOKafkaAdminClient(bootstrap_servers=world.bootstrap)
    await admin.start()
    await admin.delete_records({TopicPartition(*partition_id): RecordsToDelete(before_offset=10)})
    await admin.close()
    await world.send(0, START + timedelta(seconds=10))
    async with world.feed(progress={partition_id: Progress(next_offset=3)}) as feed:
        releases = await collect(feed, count(2))
    entries = [buffered.entry for release in releases for buffered in release.records]
    assert [entry.detail for entry in entries if isinstance(entry, Rejected)] == [
        "offsets 3 to 9 were deleted before they were read"
    ]
    assert len(ids(releases)) == 1


async def test_records_of_partitions_that_were_dealt_out_anew_are_dropped(world: World) -> None:
    for second in range(300):
        await world.send(0, START + timedelta(seconds=second))
    await world.producer.flush()
    async with world.feed() as feed:
        await happens(lambda: is_assigned(feed))
        key, headers, value = world.record("o-0", START)
        stale = [
            StoredOrigin(world.name(ORDERS), 0, offset, key, headers, value) for offset in range(900, 1_200)
        ]
        holds = iter([True, False])
        await feed._take(stale, lambda: next(holds))
        await feed._take(stale, lambda: False)
        releases = await collect(feed, count(300))
        assert max(buffered.offset for release in releases for buffered in release.records) == 299


async def test_a_missing_broker_is_waited_for() -> None:
    nobody = World("127.0.0.1:9", "nobody", None, ["nobody.shop.orders.v1"])
    async with nobody.feed() as feed:
        assert await feed.next(1.0) is None
        assert not feed.health().is_connected
        assert not feed.is_caught_up()


@pytest.mark.faults
@pytest.mark.timeout(180)
async def test_a_broker_that_is_killed_comes_back_and_nothing_is_lost() -> None:
    with devstack.start() as own:
        async with make_world(own.bootstrap_servers) as world, world.feed() as feed:
            for number in range(100):
                await world.send(number % PARTITIONS, clock.now())
            await world.producer.flush()
            before = await collect(feed, count(100))
            await asyncio.to_thread(own.kafka.kill)
            held = await feed.next(2.0)
            assert held is None or not held.records
            await asyncio.to_thread(own.kafka.start)
            for number in range(100):
                await world.send(number % PARTITIONS, clock.now())
            await world.producer.flush()
            wanted = {f"e-{number}" for number in range(1, 201)}
            after = await collect(feed, lambda found: set(ids(before)) | set(ids(found)) >= wanted, 90)
            assert len(ids(before)) + len(ids(after)) <= 300
