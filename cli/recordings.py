"""Reads recorded events: CloudEvents of a file, records as kcat prints them, or a topic up to its end."""

import json
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from aftersales_contracts.registry import EVENTS, topics_of
from aftersales_contracts.topics import TOPICS
from chassis.kafka_client import close, connection
from chassis.settings import Kafka
from cli.errors import CommandError

STRUCTURED = (("content-type", b"application/cloudevents+json"),)
WAIT_MS = 1_000
WAITS_MOST = 10
"""Answers without a record after which a topic counts as unreadable."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One record of a producer, or what would be its record."""

    where: str
    """The line of the file, or topic/partition/offset."""
    topic: str
    offset: int
    key: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    value: bytes | None
    partition: int = 0
    partitions_count: int | None = None
    """The number of partitions of the topic, where the partition is known."""
    is_keyless: bool = False
    """Whether the recording has no key, so that the subject stands for it."""


def from_lines(content: bytes | None, name: str) -> Iterator[Recorded]:
    """The events of a file, one a line. Raises CommandError for no file, another form, or no event."""
    if content is None:
        raise CommandError(f"{name} is neither a file nor a topic of the contracts")
    start = content.lstrip()[:1]
    if start == b"[":
        raise CommandError(f"{name}: a JSON array: write one event a line (jq -c '.[]')")
    if not start:
        raise CommandError(f"{name}: there is no event")
    lines = content.splitlines()
    if start == b"{" and len(lines) > 1 and lines[0].strip() == b"{":
        raise CommandError(f"{name}: an event over several lines: write one event a line (jq -c .)")
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _from_line(number, line)


def _from_line(number: int, line: bytes) -> Recorded:
    """A line that is neither form is taken for a CloudEvent: the border says what is wrong with it."""
    where = f"line {number}"
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if isinstance(found, dict) and "specversion" not in found and {"payload", "headers"} & found.keys():
        return _from_record(where, found)
    told: dict[str, Any] = found if isinstance(found, dict) else {}
    key = told.get("partitionkey", told.get("subject"))
    return Recorded(
        where,
        _topic_of(told.get("type")),
        0,
        key.encode(errors="replace") if isinstance(key, str) else None,
        STRUCTURED,
        line,
        is_keyless="partitionkey" not in told,
    )


def _from_record(where: str, found: Mapping[str, Any]) -> Recorded:
    headers = list(_headers(found.get("headers")))
    texts = dict(headers)
    value, key, topic = found.get("payload"), found.get("key"), found.get("topic")
    partition, offset = found.get("partition"), found.get("offset")
    if isinstance(topic, str) and isinstance(partition, int):
        where = f"{where} ({topic}/{partition}/{offset})"
    event_type = texts.get("ce_type") or b""
    is_keyless = "key" not in found
    raw_key = texts.get("ce_subject") if is_keyless else None if key is None else _bytes(key)
    declared = TOPICS.get(topic) if isinstance(topic, str) else None
    return Recorded(
        where,
        topic if isinstance(topic, str) else _topic_of(event_type.decode(errors="replace")),
        offset if isinstance(offset, int) else 0,
        raw_key,
        headers,
        None if value is None else _bytes(value),
        partition=partition if isinstance(partition, int) else 0,
        partitions_count=declared.partitions if declared and isinstance(partition, int) else None,
        is_keyless=is_keyless,
    )


def _headers(found: object) -> Iterator[tuple[str, bytes | None]]:
    """Names and values: kcat lists them in turn, AsyncAPI as an object."""
    if isinstance(found, dict):
        pairs = list(found.items())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    elif isinstance(found, list):
        pairs = list(zip(found[::2], found[1::2], strict=False))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    else:
        return
    for name, value in pairs:  # pyright: ignore[reportUnknownVariableType]
        yield str(name), None if value is None else _bytes(value)  # pyright: ignore[reportUnknownArgumentType]


def _bytes(value: object) -> bytes:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode(errors="surrogatepass")


def _topic_of(event_type: object) -> str:
    """The topic of a type, for recordings that do not say it; nothing for a type that nobody knows."""
    known = EVENTS.get(event_type) if isinstance(event_type, str) else None
    return "" if known is None else min(topics_of(known))


async def from_topic(kafka: Kafka, topic: str, last: int | None = None) -> AsyncGenerator[Recorded]:
    """The committed records of a topic up to the end that it has now, or the `last` of each partition.

    Raises CommandError without a broker, for a topic that is not there, and where its end is not reached.
    """
    consumer = AIOKafkaConsumer(
        **connection(kafka, "operator"), enable_auto_commit=False, isolation_level="read_committed"
    )
    try:
        await consumer.start()
        cluster = await consumer._client.fetch_all_metadata()
        count = len(cluster.partitions_for_topic(topic) or ())
        if not count:
            raise CommandError(f"{topic} is not on {kafka.bootstrap_servers}")
        async for record in to_the_end(consumer, topic, count, last):
            yield record
    except (KafkaError, OSError) as error:
        raise CommandError(f"{topic} cannot be read at {kafka.bootstrap_servers}: {error}") from None
    finally:
        await close(consumer)


async def to_the_end(consumer: Any, topic: str, count: int, last: int | None) -> AsyncGenerator[Recorded]:
    """The records up to the ends of the partitions now. Raises CommandError where one is not reached."""
    places = [TopicPartition(topic, number) for number in range(count)]
    consumer.assign(places)
    first, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    for place in places:
        consumer.seek(place, first[place] if last is None else max(first[place], ends[place] - last))
    waits = 0
    open_places = {place for place in places if await consumer.position(place) < ends[place]}
    while open_places:
        found = await consumer.getmany(*sorted(open_places), timeout_ms=WAIT_MS)
        waits = 0 if found else waits + 1
        if waits > WAITS_MOST:
            raise CommandError(f"{topic}: its end is not reached; a transaction may be open")
        for records in found.values():
            for record in records:
                if record.offset < ends[TopicPartition(topic, record.partition)]:
                    yield _as_recorded(record, count)
        open_places = {place for place in open_places if await consumer.position(place) < ends[place]}


def _as_recorded(record: Any, count: int) -> Recorded:
    where = f"{record.topic}/{record.partition}/{record.offset}"
    return Recorded(
        where,
        record.topic,
        record.offset,
        record.key,
        record.headers,
        record.value,
        partition=record.partition,
        partitions_count=count,
    )
