"""The relay on a real PostgreSQL and a real Kafka: order, repetition after a crash, one leader."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from aftersales_contracts.envelope import read
from aftersales_contracts.shop.orders import OrderClosedV1, OrderPaidV1, OrderPlacedV1
from chassis.publish import relay as relay_module
from chassis.publish.log_reader import PostgresLogReader
from chassis.publish.log_tail import LogTail
from chassis.publish.publisher import KEY_BYTES_KNOWN, KafkaPublisher, _hash_of, _known_hash
from chassis.publish.relay import Record, Relay
from chassis.store.lease import LeaseLost, PostgresLease
from devstack import Stack, ports
from tests.chassis.runtime.test_batches import T0, Bench

pytestmark = pytest.mark.stack


class Counted:
    """Metrics of a relay."""

    def __init__(self) -> None:
        self.count = 0

    def relayed(self, count: int) -> None:
        self.count += count


class Dying(KafkaPublisher):
    """Publishes, and then the process is gone before the cursor moves."""

    async def publish(self, records: Sequence[Record]) -> None:
        await super().publish(records)
        raise ConnectionResetError


class Reread(PostgresLogReader):
    """The log, and which windows of it were read back."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        super().__init__(connection)
        self.windows: list[tuple[int, int]] = []

    async def facts(self, start: int, upto: int) -> Sequence[asyncpg.Record]:
        self.windows.append((start, upto))
        return await super().facts(start, upto)


class Broker:
    """A topic pair of its own on the session's broker, and relays that publish to it."""

    def __init__(self, stack: Stack, url: str) -> None:
        self.service = f"toy_{secrets.token_hex(4)}"
        self.servers = stack.bootstrap_servers
        self.url = url
        self.metrics = Counted()
        self.reread: list[tuple[int, int]] = []

    async def create(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        await admin.start()
        names = f"aftersales.{self.service}.v1", f"aftersales.{self.service}.dead.v1"
        await admin.create_topics([NewTopic(name, 4, 1) for name in names])
        await admin.close()

    def publisher(self, kind: type[KafkaPublisher] = KafkaPublisher) -> KafkaPublisher:
        return kind(
            lambda: AIOKafkaProducer(bootstrap_servers=self.servers, enable_idempotence=True, acks="all")
        )

    async def relay(
        self, publisher: KafkaPublisher, log_tail: LogTail | None = None
    ) -> tuple[Relay, asyncpg.Connection]:
        connection = await asyncpg.connect(self.url, server_settings={"search_path": "refunds"})
        lease, log_reader = PostgresLease(connection, "relay"), Reread(connection)
        self.reread = log_reader.windows
        relay = Relay(self.service, "aftersales/toy", lease, log_reader, publisher, self.metrics, log_tail)
        return relay, connection

    async def publish_all(self, pool: asyncpg.Pool, log_tail: LogTail | None = None) -> None:
        """Runs a relay until it has passed the whole log."""
        relay, connection = await self.relay(publisher := self.publisher(), log_tail)
        task = asyncio.create_task(relay.run())
        await until_published(pool)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await publisher.stop()
        await connection.close()

    async def read_all(self, suffix: str = "v1") -> list[tuple[str, str, bytes | None]]:
        """(key, id, value) of everything on the topic, in partition order."""
        topic = f"aftersales.{self.service}.{suffix}"
        consumer = AIOKafkaConsumer(bootstrap_servers=self.servers, auto_offset_reset="earliest")
        await consumer.start()
        found: list[tuple[str, str, bytes | None]] = []
        try:
            for partition in range(4):
                place = TopicPartition(topic, partition)
                consumer.assign([place])
                end = (await consumer.end_offsets([place]))[place]
                while await consumer.position(place) < end:
                    for record in (await consumer.getmany(place, timeout_ms=500)).get(place, []):
                        headers = dict(record.headers)
                        event_id = headers.get("ce_id", b"").decode()
                        found.append(((record.key or b"").decode(), event_id, record.value))
                        if event_id:
                            assert read(record.key, record.headers, record.value)[0].id == event_id
        finally:
            await consumer.stop()
        return found


@pytest.fixture
async def broker(stack: Stack, refunds_url: str) -> Broker:
    broker = Broker(stack, refunds_url)
    await broker.create()
    return broker


@pytest.fixture
async def bench(refunds_pool: asyncpg.Pool) -> Bench:
    bench = Bench(refunds_pool)
    for number in range(40):
        order = f"o{number % 8}"
        await bench.process(
            bench.arrival(OrderPlacedV1, order, T0, f"p{number}"),
            bench.arrival(OrderPaidV1, order, T0 + timedelta(minutes=1), f"a{number}"),
            bench.arrival(OrderClosedV1, order, T0 + timedelta(minutes=2), f"c{number}"),
        )
    return bench


async def until_published(pool: asyncpg.Pool) -> None:
    query = """SELECT (SELECT position FROM cursors WHERE name = 'head')
                    = (SELECT position FROM cursors WHERE name = 'relay')"""
    async with asyncio.timeout(20):
        while not await pool.fetchval(query):
            await asyncio.sleep(0.01)


async def head_of(pool: asyncpg.Pool) -> int:
    head: int = await pool.fetchval("SELECT position FROM cursors WHERE name = 'head'")
    return head


async def announced(pool: asyncpg.Pool) -> list[tuple[str, str]]:
    rows = await pool.fetch(
        "SELECT event_key, kind || '/' || case_id || '/' || version FROM facts"
        " WHERE event IS NOT NULL ORDER BY position"
    )
    return [(row[0], row[1]) for row in rows]


async def test_every_outcome_is_published_once_and_in_order_of_its_key(broker: Broker, bench: Bench) -> None:
    await broker.publish_all(bench.pool)
    expected = await announced(bench.pool)
    found = await broker.read_all()
    assert len(expected) == 8
    assert sorted((key, event_id) for key, event_id, _ in found) == sorted(expected)
    assert broker.metrics.count == 8


async def test_after_a_window_read_back_the_relay_goes_on_with_what_is_in_memory(
    broker: Broker, bench: Bench
) -> None:
    forgotten = await head_of(bench.pool)
    bench.log_tail.next_start(forgotten)
    for number in range(3):
        await bench.process(bench.arrival(OrderPlacedV1, f"n{number}", T0, f"n{number}"))
    await broker.publish_all(bench.pool, bench.log_tail)
    assert broker.reread == [(0, forgotten)]
    assert await head_of(bench.pool) == forgotten + 3
    found = await broker.read_all()
    assert sorted((key, event_id) for key, event_id, _ in found) == sorted(await announced(bench.pool))


async def test_a_crash_between_publish_and_cursor_repeats_with_the_same_ids(
    broker: Broker, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "WINDOW", 30)
    dying = broker.publisher(Dying)
    relay, connection = await broker.relay(dying)
    with pytest.raises(ConnectionResetError):
        await relay.run()
    await connection.close()
    assert len(await broker.read_all()) > 0
    await broker.publish_all(bench.pool)
    found = await broker.read_all()
    bodies: dict[str, set[bytes | None]] = {}
    for _, event_id, value in found:
        bodies.setdefault(event_id, set()).add(value)
    assert set(bodies) == {event_id for _, event_id in await announced(bench.pool)}
    assert len(found) > len(bodies), "something was published twice"
    assert all(len(values) == 1 for values in bodies.values()), "the same id is the same bytes"


async def test_there_is_one_leader_and_another_takes_over_when_its_session_is_gone(
    broker: Broker, bench: Bench
) -> None:
    first, first_connection = await broker.relay(first_out := broker.publisher())
    second, second_connection = await broker.relay(second_out := broker.publisher())
    tasks = [asyncio.create_task(first.run())]
    await until_published(bench.pool)
    tasks.append(asyncio.create_task(second.run()))
    await asyncio.sleep(1.2)
    assert (first.is_leader, second.is_leader) == (True, False)
    tasks[0].cancel()
    await asyncio.gather(tasks[0], return_exceptions=True)
    first_connection.terminate()
    async with asyncio.timeout(3):
        while not second.is_leader:
            await asyncio.sleep(0.02)
    tasks[1].cancel()
    await asyncio.gather(tasks[1], return_exceptions=True)
    await asyncio.gather(first_out.stop(), second_out.stop(), second_connection.close())


async def test_a_leader_that_was_paused_past_its_lease_moves_nothing(broker: Broker, bench: Bench) -> None:
    paused, paused_connection = await broker.relay(broker.publisher())
    assert await paused._lease.take()
    await bench.pool.execute("UPDATE cursors SET lease_until = clock_timestamp() WHERE name = 'relay'")
    relay, connection = await broker.relay(publisher := broker.publisher())
    task = asyncio.create_task(relay.run())
    await until_published(bench.pool)
    with pytest.raises(LeaseLost):
        await paused._lease.move(1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.gather(publisher.stop(), connection.close(), paused_connection.close())
    head = await bench.pool.fetchval("SELECT position FROM cursors WHERE name = 'head'")
    assert await bench.pool.fetchval("SELECT position FROM cursors WHERE name = 'relay'") == head


def test_keys_go_where_java_clients_send_them_and_long_ones_are_not_remembered() -> None:
    long, known = b"k" * (KEY_BYTES_KNOWN + 1), _known_hash.cache_info().currsize
    assert [_hash_of(key) for key in (None, long)] == [0, murmur2(long) & 0x7FFFFFFF]
    assert _known_hash.cache_info().currsize == known
    assert [_hash_of(b"21"), _hash_of(b"foobar")] == [-973932308 & 0x7FFFFFFF, -790332482 & 0x7FFFFFFF]
    assert _known_hash.cache_info().currsize == known + 2


async def test_a_producer_that_could_not_start_is_not_left_open() -> None:
    (nobody,) = ports.free(1)
    made: list[AIOKafkaProducer] = []

    def make() -> AIOKafkaProducer:
        made.append(AIOKafkaProducer(bootstrap_servers=f"127.0.0.1:{nobody}"))
        return made[-1]

    publisher = KafkaPublisher(make)
    for _ in range(2):
        with pytest.raises(KafkaError):
            await publisher.publish([("topic", b"key", [], b"value")])
    assert [producer._closed for producer in made] == [True, True]
