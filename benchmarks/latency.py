"""Measures from publish to outcome read, at a steady rate that does not wait for answers (open loop)."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import quantiles
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from benchmarks import broker
from benchmarks.lab import BenchmarkError, Lab, utc_now
from benchmarks.scale import Scale
from benchmarks.stream import STEPS, Stream
from benchmarks.throughput import Tell

EVENTS_PER_SECOND = 300
WARM_UP_SECONDS = 3
SPREAD_COUNT = 100


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from the moment at which an event was due to be published to its last outcome read."""

    events_per_second: int
    count: int
    """Events that lead to an outcome."""
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float


async def run(lab: Lab, scale: Scale, tell: Tell) -> Latency:
    """One process; every event carries the time at which it is published."""
    await lab.make_database("latency")
    wanted = EVENTS_PER_SECOND * (scale.latency_seconds + WARM_UP_SECONDS)
    gap_microseconds = 1_000_000 // EVENTS_PER_SECOND
    stream = Stream("l", wanted // len(STEPS), spread_count=SPREAD_COUNT, gap_microseconds=gap_microseconds)
    async with lab.serving("latency") as parts:
        await lab.publish(stream.set_up(utc_now() - timedelta(minutes=5)))
        await lab.caught_up("latency", parts)
        await lab.settle()
        tell(f"{stream.count:,} events, {EVENTS_PER_SECOND} a second")
        due, read = await _exchange(lab, stream)
        await lab.caught_up("latency", parts)
    delays = sorted(
        (read[event] - moment) * 1000
        for number, (event, moment) in enumerate(due.items())
        if event in read and number >= EVENTS_PER_SECOND * WARM_UP_SECONDS
    )
    if len(delays) < 100:
        raise BenchmarkError(f"only {len(delays)} outcomes came")
    cuts = quantiles(delays, n=100, method="inclusive")
    return Latency(EVENTS_PER_SECOND, len(delays), cuts[49], cuts[89], cuts[98], delays[-1])


async def _exchange(lab: Lab, stream: Stream) -> tuple[dict[bytes, float], dict[bytes, float]]:
    """Event id -> when it was due, and event id -> when its last outcome was read."""
    due: dict[bytes, float] = {}
    read: dict[bytes, float] = {}
    start = await lab.ends([broker.OUTCOME_TOPIC])
    consumer = AIOKafkaConsumer(bootstrap_servers=lab.bootstrap_servers, fetch_max_wait_ms=20)
    await consumer.start()
    consumer.assign([TopicPartition(*place) for place in start])
    for place, offset in start.items():
        consumer.seek(TopicPartition(*place), offset)
    reader = asyncio.create_task(_read(consumer, read))
    producer = broker.make_producer(lab.bootstrap_servers, linger_ms=0)
    await producer.start()
    try:
        await _publish(producer, stream, due)
        quiet_since, count = time.monotonic(), -1
        while time.monotonic() - quiet_since < 1.0:
            if len(read) != count:
                quiet_since, count = time.monotonic(), len(read)
            await asyncio.sleep(0.1)
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        await consumer.stop()
        await producer.stop()
    return due, read


async def _publish(producer: AIOKafkaProducer, stream: Stream, due: dict[bytes, float]) -> None:
    """Publishes each event at its moment, whatever became of the others."""
    gap = 1.0 / EVENTS_PER_SECOND
    began = time.monotonic() + 0.2
    events = stream.measured(utc_now() + timedelta(seconds=0.2) + stream.length)
    for number, (topic, key, headers, value) in enumerate(events):
        moment = began + number * gap
        left = moment - time.monotonic()
        if left > 0:
            await asyncio.sleep(left)
        due[_id_of(headers)] = moment
        await producer.send(topic, key=key, value=value, headers=headers)


async def _read(consumer: AIOKafkaConsumer, read: dict[bytes, float]) -> None:
    while True:
        batches: Mapping[Any, Sequence[Any]] = await consumer.getmany(timeout_ms=100)
        now = time.monotonic()
        for records in batches.values():
            for record in records:
                read[dict(record.headers)["ce_causationid"]] = now


def _id_of(headers: Sequence[tuple[str, bytes]]) -> bytes:
    return next(value for name, value in headers if name == "ce_id")
