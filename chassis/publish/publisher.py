"""Publishes for the relay: whole batches per partition, idempotent, every batch acknowledged."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from chassis.kafka_client import drop
from chassis.publish.relay import Record

END_SECONDS = 5
KEYS_KNOWN, KEY_BYTES_KNOWN = 8_192, 256
"""Most hashes remembered, and the longest key remembered: a dead letter's key may be as large as a record."""

_known_hash = lru_cache(KEYS_KNOWN)(murmur2)
"""Remembers hashes: a case announces several times under one key, and Python computes the hash."""


class KafkaPublisher:
    """Publishes windows of records; keys go to partitions as with every Java client (murmur2).

    Batches are built here, not record by record in the producer: that costs a third. After a failure `reset`
    makes a new producer, so that nothing of the old producer is still on its way.
    """

    def __init__(self, make_producer: Callable[[], AIOKafkaProducer]) -> None:
        self._make_producer = make_producer
        self._producer: AIOKafkaProducer | None = None
        self._partitions: dict[str, int] = {}

    async def publish(self, records: Sequence[Record]) -> None:
        """Sends the records in their order; returns when all are acknowledged. Raises KafkaError."""
        producer = await self._started()
        open_batches: dict[tuple[str, int], Any] = {}
        sent: list[asyncio.Future[Any]] = []
        for topic, key, headers, value in records:
            place = topic, _hash_of(key) % await self._count(producer, topic)
            batch = open_batches.get(place)
            if batch is None:
                batch = open_batches[place] = producer.create_batch()
            elif batch.append(key=key, value=value, headers=headers, timestamp=None) is not None:
                continue
            else:
                sent.append(await self._send(producer, place, batch))
                batch = open_batches[place] = producer.create_batch()
            if batch.append(key=key, value=value, headers=headers, timestamp=None) is None:
                raise KafkaError(f"a record for {topic} is larger than a batch may be")
        for place, batch in open_batches.items():
            sent.append(await self._send(producer, place, batch))
        await asyncio.gather(*sent)

    @staticmethod
    async def _send(producer: AIOKafkaProducer, place: tuple[str, int], batch: Any) -> asyncio.Future[Any]:
        batch.close()
        future: asyncio.Future[Any] = await producer.send_batch(batch, place[0], partition=place[1])
        return future

    async def _count(self, producer: AIOKafkaProducer, topic: str) -> int:
        count = self._partitions.get(topic)
        if count is None:
            count = self._partitions[topic] = len(await producer.partitions_for(topic))
        return count

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = self._make_producer()
            try:
                await producer.start()
            except BaseException:
                await _end(producer)  # it may be connected, and would stay so for ever
                raise
            self._producer = producer
        return self._producer

    async def reset(self) -> None:
        """Drops the producer, with everything that it still holds."""
        producer, self._producer = self._producer, None
        self._partitions.clear()
        if producer is not None:
            await _end(producer)

    async def stop(self) -> None:
        """Ends the producer. Everything published is acknowledged already."""
        await self.reset()


def _hash_of(key: bytes | None) -> int:
    """Hashes a key to a number that is not negative; 0 without a key."""
    if key is None:
        return 0
    signed: int = _known_hash(key) if len(key) <= KEY_BYTES_KNOWN else murmur2(key)
    return signed & 0x7FFFFFFF


async def _end(producer: AIOKafkaProducer) -> None:
    """Ends a producer within bounds. A producer with unsent records would otherwise retry for ever."""
    with suppress(KafkaError, OSError, TimeoutError):
        async with asyncio.timeout(END_SECONDS):
            await producer.stop()
            return
    with suppress(KafkaError, OSError, TimeoutError):
        async with asyncio.timeout(END_SECONDS):
            await drop(producer)
