"""Reads topics to their ends, a partition after the other in effect, without keeping what it read."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from aftersales_contracts.topics import TOPICS
from tests.faults.proof.ledger import Header

FETCH_BYTES = 4 * 1024 * 1024
PATIENCE_ROUNDS = 150


@dataclass(frozen=True, slots=True)
class Lying:
    """A record as it lies in Kafka."""

    topic: str
    partition: int
    offset: int
    written_ms: int
    """Milliseconds since 1970, by the broker's clock where the topic says so, else the producer's."""
    key: bytes | None
    headers: tuple[Header, ...]
    value: bytes | None


def partitions_of(topics: Sequence[str]) -> list[TopicPartition]:
    """Every partition of these topics."""
    return [TopicPartition(name, n) for name in topics for n in range(TOPICS[name].partitions)]


async def lying(bootstrap_servers: str, topics: Sequence[str]) -> AsyncIterator[list[Lying]]:
    """Everything in these topics, in batches of one partition each, in order of offset within it.

    Raises TimeoutError where the broker stops giving.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        enable_auto_commit=False,
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_bytes=8 * FETCH_BYTES,
        fetch_max_wait_ms=50,
    )
    await consumer.start()
    try:
        places = partitions_of(topics)
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        behind = [one for one in places if ends[one] > 0]
        idle_count = 0
        while behind:
            found: dict[TopicPartition, list[Any]] = await consumer.getmany(*behind, timeout_ms=200)
            idle_count = 0 if found else idle_count + 1
            if idle_count > PATIENCE_ROUNDS:
                raise TimeoutError(f"nothing comes of {behind[:3]}")
            for at, messages in found.items():
                yield [
                    Lying(at.topic, at.partition, m.offset, m.timestamp, m.key, tuple(m.headers), m.value)
                    for m in messages
                ]
            behind = [one for one in behind if await consumer.position(one) < ends[one]]
    finally:
        await _end(consumer)


async def _end(consumer: AIOKafkaConsumer) -> None:
    """Ends a consumer as `chassis.kafka_client.close` does; of its own, because the judge shares no code."""
    stopping = asyncio.ensure_future(consumer.stop())
    try:
        await asyncio.wait({stopping})
    finally:
        stopping.cancel()
    if not stopping.cancelled():
        stopping.result()
    await consumer._client.close()


async def end_offsets(consumer: AIOKafkaConsumer, topics: Sequence[str]) -> dict[TopicPartition, int]:
    """The end of every partition."""
    return dict(await consumer.end_offsets(partitions_of(topics)))
