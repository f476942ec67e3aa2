"""Talks to Kafka in the benchmark's own way: whole batches out, raw records in, ends of partitions."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.partitioner import murmur2

from aftersales_contracts.topics import TOPICS, outcome_topic
from benchmarks.stream import Record

OUTCOME_TOPIC = outcome_topic("refunds")

BATCH_BYTES = 256 * 1024
IN_FLIGHT_COUNT = 200
"""Batches on their way to the broker before the next ones are built."""

Ends = dict[tuple[str, int], int]
"""(topic, partition) -> offset behind the last record."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One published outcome: when it was published (seconds since 1970), its key and its headers."""

    published_at: float
    key: bytes
    headers: Mapping[str, bytes]


def make_producer(bootstrap_servers: str, *, linger_ms: int = 2) -> AIOKafkaProducer:
    """An idempotent producer that waits for all replicas; the baselines and the load use this one."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        acks="all",
        enable_idempotence=True,
        linger_ms=linger_ms,
        max_batch_size=BATCH_BYTES,
    )


async def publish(bootstrap_servers: str, records: Iterable[Record]) -> int:
    """Publishes all of it in order per partition, quickly: batches are built here. Returns how many."""
    producer = make_producer(bootstrap_servers)
    await producer.start()
    counts: dict[str, int] = {}
    open_batches: dict[tuple[str, int], Any] = {}
    sent: list[asyncio.Future[Any]] = []
    total = 0
    try:
        for topic, key, headers, value in records:
            if topic not in counts:
                counts[topic] = len(await producer.partitions_for(topic))
            place = topic, (murmur2(key) & 0x7FFFFFFF) % counts[topic]
            batch = open_batches.get(place)
            total += 1
            if batch is not None:
                if batch.append(key=key, value=value, headers=headers, timestamp=None) is not None:
                    continue
                sent.append(await _send(producer, place, batch))
                if len(sent) >= IN_FLIGHT_COUNT:
                    await asyncio.gather(*sent)
                    sent.clear()
            batch = open_batches[place] = producer.create_batch()
            batch.append(key=key, value=value, headers=headers, timestamp=None)
        for place, batch in open_batches.items():
            sent.append(await _send(producer, place, batch))
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
    return total


async def _send(producer: AIOKafkaProducer, place: tuple[str, int], batch: Any) -> asyncio.Future[Any]:
    batch.close()
    future: asyncio.Future[Any] = await producer.send_batch(batch, place[0], partition=place[1])
    return future


def partitions_of(topic: str) -> int:
    """Returns the number of a topic's partitions; a baseline's topic has those of the one it stands for."""
    return TOPICS[topic if topic in TOPICS else OUTCOME_TOPIC].partitions


async def ends_of(bootstrap_servers: str, topics: Sequence[str]) -> Ends:
    """Where the partitions of these topics end now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers)
    await consumer.start()
    try:
        places = [TopicPartition(topic, number) for topic in topics for number in range(partitions_of(topic))]
        found: Mapping[Any, int] = await consumer.end_offsets(places)
        return {(place.topic, place.partition): offset for place, offset in found.items()}
    finally:
        await consumer.stop()


async def read_between(bootstrap_servers: str, start: Ends, end: Ends) -> list[Seen]:
    """Everything published between two looks at the ends."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers, enable_auto_commit=False, max_partition_fetch_bytes=4 << 20
    )
    await consumer.start()
    seen: list[Seen] = []
    try:
        left = {place for place, offset in end.items() if offset > start.get(place, 0)}
        consumer.assign([TopicPartition(*place) for place in left])
        for place in left:
            consumer.seek(TopicPartition(*place), start.get(place, 0))
        while left:
            batches: Mapping[Any, Sequence[Any]] = await consumer.getmany(timeout_ms=1_000, max_records=5_000)
            for records in batches.values():
                seen.extend(
                    Seen(record.timestamp / 1000, record.key or b"", dict(record.headers))
                    for record in records
                    if record.offset < end[record.topic, record.partition]
                )
            for place in list(left):
                if await consumer.position(TopicPartition(*place)) >= end[place]:
                    left.discard(place)
    finally:
        await consumer.stop()
    return seen
