"""Topics, records and feeds for tests on a real broker."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from aftersales_contracts import registry
from aftersales_contracts.clock import ClockMarkedV1
from aftersales_contracts.components import Party
from aftersales_contracts.enums import Role
from aftersales_contracts.envelope import Envelope, write
from aftersales_contracts.shop.contacts import TOPIC as CONTACTS
from aftersales_contracts.shop.orders import TOPIC as ORDERS
from aftersales_contracts.shop.orders import CloseCause, OrderClosedV1
from chassis import clock
from chassis.engine.records import Origin, PartitionId, StoredOrigin
from chassis.ingest.decoder import Decoder, Entry
from chassis.ingest.feed import Feed
from chassis.ingest.merge import Merge
from chassis.ingest.replay_barrier import ReplayBarrier
from chassis.kafka_client import make_producer
from chassis.service import is_own
from chassis.settings import Kafka, Limits, Settings
from chassis.store.progress import Progress
from tests.chassis import toy

OUTCOMES = "aftersales.logistics.v1"
PARTITIONS = 4
FAR = 2**62
"""An offset that no group stands beyond: these feeds have no database."""
START = datetime.fromisoformat("2026-01-01T00:00:00+00:00")

SERVICE = replace(toy.TOY, kinds=(replace(toy.TAB_KIND, reads={OrderClosedV1: toy.nothing}),))


@dataclass
class World:
    """Topics of one test: the real names behind a prefix of their own."""

    bootstrap: str
    prefix: str
    producer: Any
    topics: Sequence[str]
    sent_count: int = 0

    def settings(self, by_marks: bool = False, **limits: int) -> Settings:
        kafka = Kafka(bootstrap_servers=self.bootstrap, group_prefix=self.prefix)
        return Settings(clock="marks" if by_marks else "wall", kafka=kafka, limits=Limits(**limits))

    def name(self, topic: str) -> str:
        return f"{self.prefix}.{topic}"

    @asynccontextmanager
    async def feed(
        self, by_marks: bool = False, progress: Mapping[PartitionId, Progress] | None = None, **limits: int
    ) -> AsyncGenerator[Feed]:
        settings = self.settings(by_marks, **limits)
        decoder = Decoder(SERVICE, settings.limits, by_marks=by_marks, now=clock.now)

        def read(record: Origin) -> Entry:
            topic = record.topic.removeprefix(f"{self.prefix}.")
            return decoder.read(
                StoredOrigin(topic, record.partition, record.offset, record.key, record.headers, record.value)
            )

        async def known(places: Collection[PartitionId]) -> Mapping[PartitionId, Progress]:
            return {place: (progress or {}).get(place, Progress(next_offset=FAR)) for place in places}

        buffer = (ReplayBarrier if by_marks else Merge)(
            limits=settings.limits,
            is_own=lambda topic: is_own(topic.removeprefix(f"{self.prefix}.")),
        )
        feed = Feed(settings, "refunds", self.topics, read, buffer, known)
        await feed.start()
        try:
            yield feed
        finally:
            await feed.stop()

    def record(self, order_id: str, at: datetime) -> tuple[bytes, list[tuple[str, bytes]], bytes]:
        self.sent_count += 1
        by = Party(role=Role.BUYER)
        data = OrderClosedV1(shop_id="shop", order_id=order_id, cause=CloseCause.REFUNDED, by=by)
        envelope = Envelope(f"e-{self.sent_count}", "test/shop", data.TYPE, at, order_id)
        return write(envelope, registry.encode(data))

    async def send(self, partition: int, at: datetime, topic: str = ORDERS) -> asyncio.Future[object]:
        key, headers, value = self.record(f"o-{partition}", at)
        sent: asyncio.Future[object] = await self.producer.send(
            self.name(topic), value, key, partition, None, headers
        )
        return sent

    async def mark(self, sequence: int, at: datetime) -> None:
        data = registry.encode(ClockMarkedV1(mark_at=at, sequence_count=sequence))
        for topic in self.topics:
            for partition in range(PARTITIONS):
                envelope = Envelope(f"mark-{sequence}", "test/clock", ClockMarkedV1.TYPE, at, "clock")
                key, headers, value = write(envelope, data)
                await self.producer.send(topic, value, key, partition, None, headers)
        await self.producer.flush()

    async def committed(self) -> dict[PartitionId, int]:
        group = f"{self.prefix}-refunds"
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, group_id=group, enable_auto_commit=False
        )
        await consumer.start()
        try:
            places = [TopicPartition(topic, number) for topic in self.topics for number in range(PARTITIONS)]
            consumer.assign(places)
            found = {PartitionId(*place): await consumer.committed(place) for place in places}
            return {place: offset for place, offset in found.items() if offset}
        finally:
            await consumer.stop()


@asynccontextmanager
async def make_world(bootstrap: str) -> AsyncGenerator[World]:
    prefix = f"t{secrets.token_hex(4)}"
    topics = [f"{prefix}.{name}" for name in (ORDERS, CONTACTS, OUTCOMES)]
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, PARTITIONS, 1) for topic in topics])
    await admin.close()
    producer = make_producer(Kafka(bootstrap_servers=bootstrap), "test")
    await producer.start()
    try:
        yield World(bootstrap, prefix, producer, topics)
    finally:
        await producer.stop()
