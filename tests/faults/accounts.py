"""Keeps account of every record's fate, from Kafka and the tables, not by the services' reading code."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from aftersales_contracts.envelope import EnvelopeError, read
from aftersales_contracts.registry import EVENTS, topics_of
from aftersales_contracts.topics import TOPICS
from chassis.ingest.inbox_keys import body_hash, inbox_key, month_of
from chassis.service import Service, inputs
from chassis.store.stored_headers import printable, unpack_headers
from tests.faults.mutants import HANDLED, Mutant

Place = tuple[str, int, int]
"""Topic, partition, offset."""
DEAD = """
SELECT position, reason, detail, topic, partition, "offset" AS place, key, headers, value, kind
FROM {0}.dead_letters
"""
OMITTED = "dead-omitted"


@dataclass(frozen=True)
class Raw:
    """A record as it lies in Kafka."""

    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None


@dataclass
class Books:
    """The accounts of one service; `faults` says what does not add up, one line each."""

    service: Service
    records: Mapping[Place, Raw]
    """All records of the topics that it reads."""
    faults: list[str] = field(default_factory=list[str])
    dead: dict[Place, str] = field(default_factory=dict[Place, str])
    """Refused at the decoder: place -> reason."""
    failed: list[str] = field(default_factory=list[str])
    """Accepted, and set aside by a case."""

    async def keep(self, connection: asyncpg.Connection, published: Mapping[Place, list[Raw]]) -> None:
        """Compares the tables with the records, and the dead letters' topic with the tables."""
        await self._dead_letters(connection, published)
        await self._inbox(connection)

    async def _dead_letters(
        self, connection: asyncpg.Connection, published: Mapping[Place, list[Raw]]
    ) -> None:
        for row in await connection.fetch(DEAD.format(self.service.name)):
            place = (row["topic"], row["partition"], row["place"])
            if row["kind"]:
                self.failed.append(f"{row['reason']} {row['kind']} {row['detail']} {place}")
                continue
            if place in self.dead:
                self.faults.append(f"two dead letters of {place}")
            self.dead[place] = row["reason"]
            original = self.records.get(place)
            if original is None:
                self.faults.append(f"a dead letter of {place}, where nothing is")
                continue
            headers = tuple((printable(name), content) for name, content in original.headers)
            stored = Raw(row["key"], unpack_headers(row["headers"]), row["value"])
            if stored != Raw(original.key, headers, original.value):
                self.faults.append(f"the table has other bytes than {place}")
            self._topic(place, str(row["reason"]), stored, published.get(place, []))

    def _topic(self, place: Place, reason: str, stored: Raw, told: Sequence[Raw]) -> None:
        if not told:
            self.faults.append(f"nobody was told of the dead letter of {place}")
        for raw in told:
            said = {name: content for name, content in raw.headers if name.startswith("dead-")}
            if said["dead-reason"] != reason.encode() or not said["dead-detail"]:
                self.faults.append(f"the topic tells another reason of {place}")
            bare = tuple(header for header in raw.headers if not header[0].startswith("dead-"))
            if OMITTED not in said and Raw(raw.key, bare, raw.value) != stored:
                self.faults.append(f"the topic has other bytes than {place}")

    async def _inbox(self, connection: asyncpg.Connection) -> None:
        """Every record that is no dead letter was entered, or its type is not read; nothing else was."""
        rows = await connection.fetch(f"SELECT month, key, body_hash FROM {self.service.name}.inbox")
        entered = {(row["month"], row["key"]): row["body_hash"] for row in rows}
        handled: dict[tuple[Any, bytes], int] = {}
        for place, raw in self.records.items():
            if place in self.dead:
                continue
            try:
                envelope, data = read(raw.key, raw.headers, raw.value)
            except EnvelopeError as error:
                self.faults.append(f"neither handled nor a dead letter ({error.reason}): {place}")
                continue
            event_class = EVENTS.get(envelope.type)
            if event_class is None or place[0] not in topics_of(event_class):
                self.faults.append(f"neither handled nor a dead letter (type): {place}")
            elif event_class in self.service.reads:
                entry = (month_of(envelope.time), inbox_key(envelope.source, envelope.id))
                if handled.setdefault(entry, body_hash(envelope.type, data)) != body_hash(
                    envelope.type, data
                ):
                    self.faults.append(f"an id with two bodies, both handled: {place}")
        if handled != entered:
            lost, extra = handled.keys() - entered.keys(), entered.keys() - handled.keys()
            self.faults.append(f"inbox: {len(lost)} not entered, {len(extra)} entered that nobody published")

    def check_fates(self, mutants: Sequence[tuple[Place, Mutant]]) -> None:
        """Each mutation had the fate that the contract states, where the service reads the type."""
        topics = set(inputs(self.service))
        for place, mutant in mutants:
            if place[0] not in topics or EVENTS[mutant.event_type] not in self.service.reads:
                continue
            verdict = self.dead.get(place, HANDLED)
            if mutant.fate and verdict not in mutant.fate:
                self.faults.append(f"{mutant.kind} of {mutant.event_type}: {verdict}, not {set(mutant.fate)}")

    def by_reason(self) -> Counter[str]:
        """Number of records refused at the decoder, by reason."""
        return Counter(self.dead.values())


async def all_records(bootstrap_servers: str, topics: Sequence[str]) -> dict[Place, Raw]:
    """Everything in these topics."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        enable_auto_commit=False,
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    await consumer.start()
    found: dict[Place, Raw] = {}
    try:
        places = [TopicPartition(name, n) for name in topics for n in range(TOPICS[name].partitions)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        behind = [place for place, end in ends.items() if end > 0]
        while behind:
            for place, messages in (await consumer.getmany(*behind, timeout_ms=1_000)).items():
                for one in messages:
                    raw = Raw(one.key, tuple(one.headers), one.value)
                    found[place.topic, place.partition, one.offset] = raw
            behind = [place for place in behind if await consumer.position(place) < ends[place]]
        return found
    finally:
        await consumer.stop()


def told_of(dead_topic: Mapping[Place, Raw]) -> dict[Place, list[Raw]]:
    """Records of a dead letters' topic by the place that they are about."""
    found: dict[Place, list[Raw]] = {}
    for raw in dead_topic.values():
        said = {name: (content or b"").decode() for name, content in raw.headers if name.startswith("dead-")}
        place = (said["dead-topic"], int(said["dead-partition"]), int(said["dead-offset"]))
        found.setdefault(place, []).append(raw)
    return found
