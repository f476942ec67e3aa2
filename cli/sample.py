"""Publishes a sample order, its shipment and a refund application; tells what the services make of them."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.markup import escape

from aftersales_contracts.envelope import Envelope, EnvelopeError, read, write
from aftersales_contracts.registry import EVENTS, encode, read_data, topic_of
from aftersales_contracts.topics import SERVICES, outcome_topic
from chassis import clock
from chassis.kafka_client import connection, make_producer
from chassis.settings import Kafka
from cli import speech
from cli.errors import CommandError

SAMPLES = Path(__file__).resolve().parent.parent / "contracts" / "samples"
SOURCE = "aftersales/sample"
STORY = (
    "shop.order.placed.v1",
    "shop.order.paid.v1",
    "shop.parcel.registered.v1",
    "shop.order.shipped.v1",
    "shop.refund.applied.v1",
)
FRESH = {"order_id", "customer_id", "payment_id", "parcel_id", "parcel_ids", "tracking_code", "refund_id"}
IN_FULL = {"minor": 34800, "currency": "CNY"}
FITTED: Mapping[str, Mapping[str, Any]] = {
    "shop.order.paid.v1": {
        "payments": [{"payment_id": "pay-1", "method": "alipay", "amount": IN_FULL}],
        "paid_amount": IN_FULL,
    }
}
"""Values that replace the samples' own: those are paid for after terms that this story leaves out."""
QUIET_SECONDS = 5.0
AWAITED = "aftersales.refund.opened.v1"


@dataclass(frozen=True, slots=True)
class Told:
    """An event of the sample, or an outcome about it."""

    topic: str
    event_type: str
    event_id: str
    data: Mapping[str, Any]
    after_seconds: float
    """Since the first was published."""


def sample_data(event_type: str, tag: str, now: datetime) -> dict[str, Any]:
    """The contracts' sample of a type with ids of its own; what it promises lies ahead of now."""
    data = json.loads((SAMPLES / f"{event_type}.json").read_text("utf-8")) | FITTED.get(event_type, {})
    return {name: _renewed(value, tag, now, name) for name, value in data.items()}


def _renewed(value: Any, tag: str, now: datetime, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _renewed(inner, tag, now, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renewed(inner, tag, now, name) for inner in value]
    if name in FRESH:
        return f"{value}-{tag}"
    if name.endswith("_at"):
        return (now + timedelta(days=2)).isoformat()
    return value


async def follow(kafka: Kafka, limit_seconds: float) -> AsyncGenerator[Told]:
    """Publishes the sample, then yields it and every outcome about its order as they come.

    Ends when nothing has come for some seconds after the refund was opened. Raises CommandError without a
    broker, and where the refund is not opened in time.
    """
    tag = clock.new_id()[:8]
    now = clock.now()
    topics = [outcome_topic(service) for service in SERVICES]
    consumer = AIOKafkaConsumer(
        *topics, **connection(kafka, "operator"), auto_offset_reset="latest", enable_auto_commit=False
    )
    async with _started(consumer, kafka):
        await consumer.seek_to_end()  # from here on, before anything can have come of the sample
        for partition in consumer.assignment():
            await consumer.position(partition)
        began = clock.monotonic()
        async for told in _publish(kafka, tag, now, began):
            yield told
        async for told in _outcomes(consumer, tag, began, limit_seconds):
            yield told


@asynccontextmanager
async def _started(client: Any, kafka: Kafka) -> AsyncGenerator[None]:
    try:
        await client.start()
    except (KafkaError, OSError) as error:
        await client.stop()
        raise CommandError(f"no Kafka at {kafka.bootstrap_servers}: {error}") from None
    try:
        yield
    finally:
        await client.stop()


async def _publish(kafka: Kafka, tag: str, now: datetime, began: float) -> AsyncGenerator[Told]:
    producer = make_producer(kafka, "operator")
    async with _started(producer, kafka):
        for number, event_type in enumerate(STORY):
            data = sample_data(event_type, tag, now)
            event = read_data(EVENTS[event_type], json.dumps(data).encode())
            happened_at = now - timedelta(minutes=len(STORY) - number)
            event_id = f"sample-{tag}/{number}"
            envelope = Envelope(event_id, SOURCE, event_type, happened_at, event.subject_of())
            key, headers, value = write(envelope, encode(event))
            await producer.send_and_wait(topic_of(event), value, key=key, headers=headers)
            yield Told(topic_of(event), event_type, event_id, data, clock.monotonic() - began)


async def _outcomes(consumer: Any, tag: str, began: float, limit_seconds: float) -> AsyncGenerator[Told]:
    end = clock.monotonic() + limit_seconds
    is_opened = False
    while clock.monotonic() < end:
        record = None
        with suppress(TimeoutError):
            async with asyncio.timeout(min(QUIET_SECONDS, max(0.1, end - clock.monotonic()))):
                record = await consumer.getone()
        if record is None:
            if is_opened:
                return
            continue
        if record.key is None or not record.key.endswith(tag.encode()):
            continue
        try:
            envelope, value = read(record.key, record.headers, record.value)
        except EnvelopeError:
            continue  # written by somebody else
        is_opened = is_opened or envelope.type == AWAITED
        yield Told(record.topic, envelope.type, envelope.id, json.loads(value), clock.monotonic() - began)
    if not is_opened:
        raise CommandError(f"{AWAITED} did not come in {limit_seconds:.0f} s: are the services running?")


def show(console: Console, told: Told) -> None:
    """One line: what was published, or what came of it."""
    is_ours = told.topic.startswith("aftersales.")
    arrow = "[green]<-[/green]" if is_ours else "[dim]->[/dim]"
    what = escape(speech.gist(told.data).en) if is_ours else ""
    name = f"[bold]{told.event_type}[/bold] [dim]{escape(told.event_id)}[/dim]"
    console.print(f"{told.after_seconds:6.2f} s {arrow} {name} {what}", highlight=False, soft_wrap=True)
