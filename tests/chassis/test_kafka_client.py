"""The end of a connection that reads, in the moment after a fetch that failed."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

import devstack
from chassis.ingest.reader import KafkaReader
from chassis.kafka_client import close, drop
from chassis.settings import Kafka, Settings
from tests.chassis.kafka_world import World, make_world

pytestmark = pytest.mark.stack
PAUSE_MS = 60_000
"""So long that the end always comes before it is over."""
CLIENT_WAIT_MS, BROKER_WAIT_MS = 1_000, 5_000
"""The broker may wait longer with its answer than the client does: a fetch of nothing fails."""
CLIENT_LOG = "aiokafka.consumer.fetcher"


@pytest.fixture
async def world(stack: devstack.Stack) -> AsyncIterator[World]:
    async with make_world(stack.bootstrap_servers) as made:
        yield made


async def a_fetch_has_failed(caplog: pytest.LogCaptureFixture) -> None:
    async with asyncio.timeout(20):
        while not any("Failed fetch" in record.message for record in caplog.records):
            await asyncio.sleep(0.01)


def open_connections(consumer: Any) -> list[Any]:
    return [each for each in consumer._client._conns.values() if each.connected()]


async def test_a_consumer_ends_wholly_in_the_pause_after_a_failed_fetch(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, CLIENT_LOG)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=world.bootstrap,
        retry_backoff_ms=PAUSE_MS,
        request_timeout_ms=CLIENT_WAIT_MS,
        fetch_max_wait_ms=BROKER_WAIT_MS,
        enable_auto_commit=False,
    )
    await consumer.start()
    consumer.assign([TopicPartition(world.topics[0], 0)])
    await a_fetch_has_failed(caplog)
    async with asyncio.timeout(10):
        await close(consumer)
        await close(consumer)
    assert not open_connections(consumer)


async def test_a_cancelled_end_of_a_consumer_is_a_cancellation(world: World) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=world.bootstrap, enable_auto_commit=False)
    await consumer.start()
    closing = asyncio.ensure_future(close(consumer))
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await close(consumer)
    assert not open_connections(consumer)


async def test_reading_ends_wholly_in_the_pause_after_a_failed_fetch(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, CLIENT_LOG)
    kafka = Kafka(
        bootstrap_servers=world.bootstrap,
        group_prefix=world.prefix,
        request_timeout_ms=CLIENT_WAIT_MS,
        fetch_idle_wait_ms=BROKER_WAIT_MS,
    )

    async def nothing(*_: object) -> None:
        pass

    reader = KafkaReader(
        Settings(kafka=kafka),
        "refunds",
        world.topics,
        on_records=nothing,
        on_assigned=nothing,
        on_revoked=nothing,
    )
    await reader.start()
    consumer: Any = reader._subscriber.consumer
    consumer._fetcher._retry_backoff = PAUSE_MS / 1000
    await a_fetch_has_failed(caplog)
    async with asyncio.timeout(15):
        await reader.stop()
    assert not open_connections(consumer)


async def test_a_producer_given_up_with_something_to_send_stayed_connected(world: World) -> None:
    """Its sender never comes to the end, as with a partition that takes nothing."""
    producer = AIOKafkaProducer(bootstrap_servers=world.bootstrap, enable_idempotence=True)
    await producer.start()
    sender: Any = producer._sender
    sender.sender_task.cancel()
    await asyncio.wait({sender.sender_task})
    sender._sender_task = asyncio.create_task(asyncio.Event().wait())
    await producer.send(world.topics[0], b"x")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await producer.stop()
    assert not sender.sender_task.done()
    assert [each for each in producer.client._conns.values() if each.connected()]
    await drop(producer)
    assert sender.sender_task.done()
    assert not [each for each in producer.client._conns.values() if each.connected()]
