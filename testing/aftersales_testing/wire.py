"""Writes events and clock marks to Kafka, and reads outcomes and dead letters."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)

from aftersales_contracts.base import Event
from aftersales_contracts.clock import ClockMarkedV1
from aftersales_contracts.envelope import Envelope, read, write
from aftersales_contracts.readers import READS
from aftersales_contracts.registry import EVENTS, encode, read_data, topics_of
from aftersales_contracts.topics import TOPICS

PATIENCE_SECONDS = 30.0
READ_AT_ONCE_COUNT = 500
MARKED = sorted({topic for types in READS.values() for name in types for topic in topics_of(EVENTS[name])})
"""Topics that some service reads: where clock marks go."""
HEARD = frozenset(name for types in READS.values() for name in types)
"""Types that some service reads."""


@dataclass(frozen=True)
class Outcome:
    """An outcome as it was announced."""

    at: datetime
    service: str
    event: Event
    id: str
    """Its CloudEvents id."""

    def __str__(self) -> str:
        shown = self.event.model_dump(mode="json", exclude_none=True)
        return f"{self.at:%Y-%m-%d %H:%M} {self.service} {self.event.TYPE} {shown}"


@dataclass(frozen=True)
class DeadLetter:
    """A record that a service could not use."""

    service: str
    reason: str
    detail: str
    topic: str
    type: str
    """The type that it named; empty where that cannot be read."""
    id: str

    def __str__(self) -> str:
        named = f"{self.type} {self.id}".strip() or "a record"
        return f"{self.service} could not use {named} on {self.topic}: {self.reason}: {self.detail}"


class Wire:
    """One producer and one consumer, over all topics."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._failed: list[str] = []
        common = {"bootstrap.servers": bootstrap_servers, "acks": "all", "log_level": 3}
        self._producer = Producer(
            # `murmur2_random`: as everybody else spreads keys.
            {**common, "enable.idempotence": True, "partitioner": "murmur2_random", "linger.ms": 1}
        )
        # A mark goes to two hundred partitions, and an idempotent producer has five requests under way.
        self._marker = Producer({**common, "linger.ms": 1})
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": "aftersales-testing",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 20,
                "log_level": 3,
            }
        )
        self._read_to = {
            (topic.name, number): 0
            for topic in TOPICS.values()
            if topic.side in {"out", "dead"}
            for number in range(topic.partitions)
        }
        self._consumer.assign([TopicPartition(*each, OFFSET_BEGINNING) for each in self._read_to])

    def close(self) -> None:
        """Ends both, with all their threads."""
        self._producer.flush(PATIENCE_SECONDS)
        self._consumer.close()
        del self._producer, self._marker, self._consumer

    def publish(self, topic: str, event: Event, envelope: Envelope) -> None:
        """Publishes an event; returns once the broker has it."""
        key, headers, value = write(envelope, encode(event))
        self._produce(topic, key, headers, value)

    def publish_record(
        self, topic: str, key: bytes | None, headers: Sequence[tuple[str, bytes]], value: bytes | None
    ) -> None:
        """Publishes any record; returns once the broker has it."""
        self._produce(topic, key, headers, value)

    def mark(self, number: int, at: datetime) -> None:
        """Says on every partition that is read that this moment has come."""
        data = ClockMarkedV1(mark_at=at, sequence_count=number)
        envelope = Envelope(f"mark.{number}", "aftersales/testing", data.TYPE, at, data.subject_of())
        key, headers, value = write(envelope, encode(data))
        for topic in MARKED:
            for partition in range(TOPICS[topic].partitions):
                self._marker.produce(
                    topic,
                    value=value,
                    key=key,
                    headers=list(headers),
                    partition=partition,
                    on_delivery=self._done,
                )
        self._flush(self._marker)

    def collect(self) -> tuple[list[Outcome], list[DeadLetter]]:
        """All that was announced or set aside since the last time. Outcomes come in order of time."""
        asked = [TopicPartition(*place, OFFSET_END) for place in self._read_to]
        found = self._consumer.offsets_for_times(asked, timeout=PATIENCE_SECONDS)
        ends = {(each.topic, each.partition): each.offset for each in found}
        outcomes: list[Outcome] = []
        letters: list[DeadLetter] = []
        until = time.monotonic() + PATIENCE_SECONDS
        while any(self._read_to[place] < end for place, end in ends.items()):
            if time.monotonic() > until:
                raise TimeoutError("the broker does not give what it has")
            for message in self._consumer.consume(READ_AT_ONCE_COUNT, 0.02):
                self._take(message, outcomes, letters)
        return sorted(outcomes, key=lambda each: (each.at, each.service, each.id)), letters

    def _take(self, message: Any, outcomes: list[Outcome], letters: list[DeadLetter]) -> None:
        place = (message.topic(), message.partition())
        error = message.error()
        if error is not None:
            if error.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(error)
            self._read_to[place] = max(self._read_to[place], message.offset())
            return
        self._read_to[place] = message.offset() + 1
        topic, headers = TOPICS[place[0]], message.headers() or []
        (service,) = topic.writers
        if topic.side == "dead":
            letters.append(_letter(service, dict(headers)))
            return
        envelope, data = read(message.key(), headers, message.value())
        event_class = EVENTS.get(envelope.type)
        if event_class is not None and event_class is not ClockMarkedV1:
            outcomes.append(Outcome(envelope.time, service, read_data(event_class, data), envelope.id))

    def _produce(
        self, topic: str, key: bytes | None, headers: Sequence[tuple[str, bytes]], value: bytes | None
    ) -> None:
        self._producer.produce(topic, value=value, key=key, headers=list(headers), on_delivery=self._done)
        self._flush(self._producer)

    def _done(self, error: KafkaError | None, message: Any) -> None:
        if error is not None:
            self._failed.append(f"{message.topic()}: {error}")

    def _flush(self, producer: Producer) -> None:
        left = producer.flush(PATIENCE_SECONDS)
        failed, self._failed = self._failed, []
        if failed or left:
            raise ConnectionError(f"the broker did not take {len(failed) + left} records {failed[:1]}")


def _letter(service: str, headers: dict[str, bytes | None]) -> DeadLetter:
    def text(name: str) -> str:
        return (headers.get(name) or b"").decode(errors="replace")

    names = ("dead-reason", "dead-detail", "dead-topic", "ce_type", "ce_id")
    return DeadLetter(service, *(text(name) for name in names))
