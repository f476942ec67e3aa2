"""Shows dead letters to operators, and sends them again with who and why on record."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from aftersales_contracts.reasons import Reason
from chassis.operate.erasure import ERASED
from chassis.store.database import Connection
from chassis.store.stored_headers import unpack_headers

Publish = Callable[[str, bytes | None, Sequence[tuple[str, bytes | None]], bytes | None], Awaitable[None]]

COLUMNS = """
position, at, recorded_at, reason, detail, topic, partition, "offset" AS place, event_type, event_source,
event_id, subject, kind, case_id, name, resent_at
"""
LIST = f"""
SELECT {COLUMNS} FROM dead_letters
WHERE ($1::text IS NULL OR reason = $1)
    AND ($2::text IS NULL OR event_type = $2 OR event_type LIKE '%.' || $2 || '.v%')
    AND ($3::text IS NULL OR starts_with(event_source, $3))
    AND ($4::text IS NULL OR topic = $4)
    AND ($5::timestamptz IS NULL OR recorded_at >= $5) AND ($6::timestamptz IS NULL OR recorded_at < $6)
    AND ($7::text IS NULL OR event_id = $7)
ORDER BY position DESC LIMIT $8
"""  # noqa: S608  constants of this module
OF_RECORDS = f"""
SELECT {COLUMNS} FROM dead_letters
JOIN unnest($1::text[], $2::int[], $3::bigint[]) AS record (topic, partition, "offset")
    USING (topic, partition, "offset")
WHERE kind = '' ORDER BY position DESC
"""  # noqa: S608  constants of this module
SHOW = 'SELECT *, "offset" AS place FROM dead_letters WHERE position = $1'
HOLD = f"{SHOW} FOR UPDATE"
COUNT = "SELECT reason, count(*) FROM dead_letters GROUP BY reason ORDER BY reason"
UNPARK = """
UPDATE waiting SET reason = 'failed', attempts = 0, retry_at = clock_timestamp()
WHERE subject = $1 AND kind = $2 AND case_id = $3 AND name = $4 AND reason = 'parked'
"""
BACK_TO_CASE = """
INSERT INTO waiting (subject, kind, case_id, at, name, message, shop_id, reason, attempts, retry_at,
    cause_type, cause_source, cause_id, correlation, trace, topic, partition, "offset", key, headers, value)
SELECT subject, kind, case_id, at, name, message, shop_id, 'failed', 0, clock_timestamp(),
    event_type, event_source, event_id, coalesce(nullif(correlation, ''), case_id), trace,
    nullif(topic, ''), partition, "offset", key, headers, value
FROM dead_letters WHERE position = $1
"""
RECORD = """
UPDATE dead_letters SET resent_at = clock_timestamp(), resent_by = $2, resent_why = $3 WHERE position = $1
"""
HOLD_RECORD = """
SELECT position, resent_at FROM {schema}.dead_letters
WHERE topic = $1 AND partition = $2 AND "offset" = $3 AND kind = '' FOR UPDATE
"""
RECORD_ALL = """
UPDATE {schema}.dead_letters SET resent_at = clock_timestamp(), resent_by = $4, resent_why = $5
WHERE topic = $1 AND partition = $2 AND "offset" = $3 AND kind = ''
"""
AGAIN = "it was sent again already: if it failed again there is a newer dead letter"


class NoSuchDeadLetter(LookupError):
    """There is no dead letter of that number."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One dead letter, without its bytes."""

    position: int
    at: datetime
    """Event time for a message of a case, else the moment of setting aside."""
    recorded_at: datetime
    """Moment of setting aside, by the machine's clock."""
    reason: str
    detail: str
    topic: str
    partition: int
    offset: int
    event_type: str
    event_source: str
    event_id: str
    """Type, source, id and subject are as a refused record gave them; nothing about them was checked."""
    subject: str
    kind: str
    case_id: str
    name: str
    resent_at: datetime | None

    @property
    def record(self) -> tuple[str, int, int] | None:
        """The place of a record that was refused as a whole. None for a message that failed in a case."""
        return (self.topic, self.partition, self.offset) if self.topic and not self.kind else None


@dataclass(frozen=True, slots=True)
class Filter:
    """Letters to list; whatever is None says nothing."""

    reason: str | None = None
    event_type: str | None = None
    """The whole type, or its middle: `order.placed`."""
    source: str | None = None
    """Beginning of the source."""
    topic: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    event_id: str | None = None


async def entries(connection: Connection, wanted: Filter, limit: int) -> list[Entry]:
    """Lists the newest dead letters that the filter lets through, at most `limit`."""
    rows = await connection.fetch(
        LIST, wanted.reason, wanted.event_type, wanted.source, wanted.topic, wanted.since, wanted.until,
        wanted.event_id, limit,
    )  # fmt: skip
    return [Entry(*row) for row in rows]


async def of_records(connection: Connection, records: Sequence[tuple[str, int, int]]) -> list[Entry]:
    """Lists the dead letters that stand for these records."""
    topics, partitions, offsets = zip(*records, strict=True) if records else ((), (), ())
    rows = await connection.fetch(OF_RECORDS, list(topics), list(partitions), list(offsets))
    return [Entry(*row) for row in rows]


async def counts(connection: Connection) -> dict[str, int]:
    """Counts dead letters by reason."""
    return {row[0]: row[1] for row in await connection.fetch(COUNT)}


async def one(connection: Connection, position: int) -> asyncpg.Record:
    """Loads one dead letter, original bytes included. Raises NoSuchDeadLetter."""
    return await _one(connection, SHOW, position)


async def _one(connection: Connection, query: str, position: int) -> asyncpg.Record:
    row: asyncpg.Record | None = await connection.fetchrow(query, position)
    if row is None:
        raise NoSuchDeadLetter(f"no dead letter {position}")
    return row


async def resend(
    connection: Connection, position: int, by: str, why: str, publish: Publish, schemas: Sequence[str] = ()
) -> str:
    """Sends a dead letter again: to its case if a rule failed, else to its topic. Returns the target.

    A record goes to its topic once, for all its readers: `schemas` are those whose letters of the same record
    are noted with it. The rows record who and why. Raises NoSuchDeadLetter. Raises ValueError without who or
    why, for what was sent again already, for a letter that was emptied when a person was erased, and for lost
    records.
    """
    if not by.strip() or not why.strip():
        raise ValueError("say who sends it again, and why")
    said = by.strip(), why.strip()
    async with connection.transaction():
        row = await _one(connection, SHOW, position)
        if row["kind"]:
            await _back_to_case(connection, await _one(connection, HOLD, position))
            target = f"{row['kind']} {row['case_id']}"
            await connection.execute(RECORD, position, *said)
        else:
            target = await _to_topic(connection, row, said, publish, schemas)
    return target


async def _to_topic(
    connection: Connection,
    row: asyncpg.Record,
    said: tuple[str, str],
    publish: Publish,
    schemas: Sequence[str],
) -> str:
    """Publishes a record as it came, once. The locks are taken in the order of the schemas, so that two
    operators with letters of one record wait for each other.
    """
    if row["detail"] == ERASED:
        raise ValueError("it was emptied: there is nothing to send")
    if row["reason"] == Reason.RECORDS_LOST:
        raise ValueError("it stands for records that are gone: their senders have to tell them again")
    place = row["topic"], row["partition"], row["place"]
    homes = schemas or [str(await connection.fetchval("SELECT current_schema()"))]
    for home in homes:
        for held in await connection.fetch(HOLD_RECORD.format(schema=home), *place):
            if held["resent_at"] is not None:
                raise ValueError(AGAIN)
    await publish(row["topic"], row["key"], unpack_headers(row["headers"]), row["value"])
    for home in homes:
        await connection.execute(RECORD_ALL.format(schema=home), *place, *said)
    return str(row["topic"])


async def _back_to_case(connection: Connection, row: asyncpg.Record) -> None:
    """Sends a message back to its case, once only. A further failure makes another dead letter. A parked
    message is still with its case.
    """
    if row["resent_at"] is not None:
        raise ValueError(AGAIN)
    place = row["subject"], row["kind"], row["case_id"], row["name"]
    if await connection.execute(UNPARK, *place) != "UPDATE 0":
        return
    if row["message"] is None:
        raise ValueError("it was emptied: there is nothing to send")
    await connection.execute(BACK_TO_CASE, row["position"])
