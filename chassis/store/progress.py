"""Tells how far a service has come: to drivers of replays, and to observers."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from aftersales_contracts.topics import TOPICS
from chassis.service import Service, inputs, is_own
from chassis.store.database import Connection

PASSED = """
SELECT count(*) FROM {schema}.intake WHERE topic = ANY ($1::text[]) AND mark >= $2
"""
WATERMARK = "SELECT min(coalesce(stands_at, '-infinity')) FROM {schema}.intake WHERE topic = ANY ($1::text[])"
IS_BUSY = """
SELECT EXISTS (
        SELECT FROM {schema}.cases AS c WHERE wake_at <= $1 AND mark < $2 AND NOT EXISTS (
            SELECT FROM {schema}.cases AS newborn
            WHERE newborn.subject = c.subject AND newborn.wake_at <= $1 AND newborn.mark >= $2))
    OR EXISTS (SELECT FROM {schema}.waiting WHERE due_at <= $1)
    OR EXISTS (SELECT FROM {schema}.waiting WHERE expires_at <= $1)
    OR (SELECT position FROM {schema}.cursors WHERE name = 'relay')
       < (SELECT position FROM {schema}.cursors WHERE name = 'head')
"""
READ_TO = "SELECT topic, partition, mark, next_offset FROM intake"
NEXT_DUE = """
SELECT least((SELECT min(wake_at) FROM {0}.cases), (SELECT min(due_at) FROM {0}.waiting),
             (SELECT min(expires_at) FROM {0}.waiting))
"""
HEAD = "SELECT position FROM {schema}.cursors WHERE name = 'head'"


class Progress(NamedTuple):
    """Progress of one partition, as the database knows it."""

    round_number: int = 0
    """In a replay: the last round that was wholly handled. Its column is called `mark`, after its clock mark.
    """
    next_offset: int = 0
    """Offset before which all records are handled."""


def partitions_count(topics: Iterable[str]) -> int:
    """Counts the partitions of these topics."""
    return sum(TOPICS[topic].partitions for topic in topics)


async def has_passed(connection: Connection, service: Service, mark: int) -> bool:
    """Tells whether a service has handled clock mark `mark`, decided everything due, and published
    everything.
    """
    schema = service.name
    topics = inputs(service)
    passed: int | None = await connection.fetchval(PASSED.format(schema=schema), topics, mark)
    if (passed or 0) < partitions_count(topics):
        return False
    external = [topic for topic in topics if not is_own(topic)]
    watermark: datetime | None = await connection.fetchval(WATERMARK.format(schema=schema), external)
    if watermark is None:
        return False
    is_busy: bool | None = await connection.fetchval(IS_BUSY.format(schema=schema), watermark, mark)
    return not is_busy


async def head(connection: Connection, service: Service) -> int:
    """Reads the position of a service's last fact or dead letter."""
    position: int | None = await connection.fetchval(HEAD.format(schema=service.name))
    return position or 0


async def next_due(connection: Connection, service: Service) -> datetime | None:
    """Reads the earliest event time at which any case or waiting message must be looked at again."""
    found: datetime | None = await connection.fetchval(NEXT_DUE.format(service.name))
    return found
