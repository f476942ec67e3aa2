"""Works on the data for an operator: reads again after a restore, publishes again, drops months, erases."""

import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    for_code,
)

from aftersales_contracts.topics import SERVICES, TOPICS
from chassis import clock
from chassis.kafka_client import connection as kafka_arguments
from chassis.operate import erasure
from chassis.operate.provision import role_of
from chassis.operate.retention import Before, Pruned, StillNeeded, prune
from chassis.service import inputs
from chassis.settings import Kafka, Settings
from cli.access import connected, load_services, present
from cli.errors import CommandError
from cli.schema import HAS_ROLE

NOBODY_READS = ("Empty", "Dead")
NOT_ALLOWED = (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
)
INTAKE = "SELECT topic, partition, next_offset FROM intake"
PUBLISH_AGAIN = """
UPDATE cursors SET holder = NULL, lease_until = NULL, position = least(position, coalesce(
    (SELECT min(position) - 1 FROM facts WHERE recorded_at >= $1), position))
WHERE name = 'relay' RETURNING position
"""
"""Clears the holder: the leader of now gives up its window and begins again at the cursor."""


@dataclass(frozen=True, slots=True)
class Rewound:
    """One input partition: where the group stood, and where the database says that reading goes on."""

    service: str
    topic: str
    partition: int
    group_offset: int | None
    next_offset: int
    lost_count: int
    """Records that the database has not seen and the topic no longer has."""
    ahead_count: int
    """Offsets that the database has seen and the topic never had, or no longer: Kafka is behind."""

    @property
    def is_changed(self) -> bool:
        """Whether the group has to be set."""
        return self.group_offset != self.next_offset


def chosen(service: str | None) -> Sequence[str]:
    """One service or all. Raises CommandError for one that is none."""
    if service is not None and service not in SERVICES:
        raise CommandError(f"no such service: {service} ({', '.join(SERVICES)})")
    return SERVICES if service is None else (service,)


@asynccontextmanager
async def schema_of(service: str) -> AsyncGenerator[asyncpg.Connection]:
    """A connection that acts as the service's role in its schema."""
    async with connected(present().database_url) as connection:
        role = role_of(service)
        if await connection.fetchval(HAS_ROLE, role):
            await connection.execute(f'SET ROLE "{role}"')
        await connection.execute("SELECT set_config('search_path', $1, false)", service)
        yield connection


async def rewind(service: str | None, *, is_trial: bool) -> list[Rewound]:
    """Sets each consumer group to what its database has seen; the services must not run.

    Raises CommandError where a service still reads.
    """
    found: list[Rewound] = []
    for name in chosen(service):
        async with schema_of(name) as connection:
            seen = {TopicPartition(row[0], row[1]): int(row[2]) for row in await connection.fetch(INTAKE)}
        kafka = Settings().kafka.model_copy(update={"bootstrap_servers": present().bootstrap_servers})
        if not is_trial:
            await _check_stopped(kafka, name)
        found += await _set_group(kafka, name, seen, is_trial=is_trial)
    return found


async def _check_stopped(kafka: Kafka, name: str) -> None:
    admin = AIOKafkaAdminClient(**kafka_arguments(kafka, name))
    answer: Any
    try:
        await admin.start()
        (answer,) = await admin.describe_consumer_groups([kafka.group_of(name)])
    except KafkaError as error:
        raise refused(name, error, "no answer from Kafka") from None
    finally:
        await admin.close()
    check_nobody_reads(name, answer)


def check_nobody_reads(name: str, answer: Any) -> None:
    """Raises CommandError unless Kafka's description of the service's group says that it is empty."""
    code, _, state, *_ = answer.groups[0]
    if code:
        raise refused(name, for_code(code)(), "Kafka does not describe its group")
    if state not in NOBODY_READS:
        raise CommandError(f"{name}: its group is {state}; stop every replica first")


def refused(name: str, error: KafkaError, what: str) -> CommandError:
    """Says in one line what Kafka refused; a missing right is named as such."""
    kind = type(error).__name__
    if isinstance(error, NOT_ALLOWED):
        return CommandError(f"{name}: this principal has no right to its group or topics ({kind})")
    return CommandError(f"{name}: {what} ({kind})")


async def _set_group(
    kafka: Kafka, name: str, seen: Mapping[TopicPartition, int], *, is_trial: bool
) -> list[Rewound]:
    consumer = AIOKafkaConsumer(
        **kafka_arguments(kafka, name), group_id=kafka.group_of(name), enable_auto_commit=False
    )
    found: list[Rewound] = []
    try:
        await consumer.start()
        topics = inputs(load_services((name,))[name])
        places = [TopicPartition(topic, n) for topic in topics for n in range(TOPICS[topic].partitions)]
        consumer.assign(places)
        first, end = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        for place in places:
            wanted = seen.get(place, 0)
            offset = min(max(wanted, first[place]), end[place])
            lost = max(0, first[place] - wanted) if wanted or not first[place] else 0
            group_offset = await consumer.committed(place)
            found.append(
                Rewound(
                    name,
                    place.topic,
                    place.partition,
                    group_offset,
                    offset,
                    lost,
                    max(0, wanted - end[place]),
                )
            )
        changed = {
            TopicPartition(one.topic, one.partition): one.next_offset for one in found if one.is_changed
        }
        if changed and not is_trial:
            await consumer.commit(changed)
    except KafkaError as error:
        raise refused(name, error, "the group cannot be set: stop every replica of it first") from None
    finally:
        await consumer.stop()
    return found


async def publish_again(service: str | None, since: datetime) -> dict[str, int]:
    """Lets the relays publish what was recorded since a moment again, with the same ids; says from where."""
    found: dict[str, int] = {}
    for name in chosen(service):
        async with schema_of(name) as connection:
            found[name] = int(await connection.fetchval(PUBLISH_AGAIN, since) or 0)
    return found


async def prune_all(
    service: str | None,
    facts: date | None,
    repeats: date | None,
    dead_letters: date | None,
    *,
    is_trial: bool,
) -> dict[str, Pruned]:
    """Drops what is older, by service. Raises CommandError for what is still needed."""
    moment = None if dead_letters is None else datetime.combine(dead_letters, time(), UTC)
    before = Before(facts, repeats, moment)
    past_days = Settings().limits.past_days
    done: dict[str, Pruned] = {}
    for name in chosen(service):
        async with schema_of(name) as connection:
            try:
                done[name] = await prune(connection, before, clock.now(), past_days, is_trial=is_trial)
            except StillNeeded as error:
                raise CommandError(f"{name}: {error}") from None
            except asyncpg.LockNotAvailableError:
                raise CommandError(f"{name}: the tables are busy; try again") from None
    return done


async def erase(identifiers: Sequence[str]) -> dict[str, dict[str, int]]:
    """Replaces each identifier of a person in all services by one random word; rows changed, by service."""
    done: dict[str, dict[str, int]] = {name: {} for name in SERVICES}
    try:
        for identifier in identifiers:
            await _erase_one(identifier, done)
    except erasure.NotAnIdentifier as error:
        raise CommandError(str(error)) from None
    return done


async def _erase_one(identifier: str, done: dict[str, dict[str, int]]) -> None:
    pseudonym = f"erased-{secrets.token_hex(8)}"
    subjects: set[str] = set()
    for name in SERVICES:
        async with schema_of(name) as connection:
            subjects |= await erasure.subjects_of(connection, identifier)
    for name in SERVICES:
        async with schema_of(name) as connection:
            counts = await erasure.erase(connection, identifier, pseudonym, subjects)
        for table, count in counts.items():
            done[name][table] = done[name].get(table, 0) + count
