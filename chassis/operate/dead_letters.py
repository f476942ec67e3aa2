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

LIST = """
SELECT position, at, reason, detail, topic, partition, "offset" AS place, event_type, event_id, kind, case_id,
       resent_at
FROM dead_letters WHERE ($1::text IS NULL OR reason = $1) ORDER BY position DESC LIMIT $2
"""
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


class NoSuchDeadLetter(LookupError):
    """There is no dead letter of that number."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list."""

    position: int
    at: datetime
    reason: str
    detail: str
    topic: str
    partition: int
    offset: int
    event_type: str
    event_id: str
    kind: str
    case_id: str
    resent_at: datetime | None


async def entries(connection: Connection, reason: str | None, limit: int) -> list[Entry]:
    """Lists the newest dead letters, at most `limit`, of one reason or of all."""
    return [Entry(*row) for row in await connection.fetch(LIST, reason, limit)]


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


async def resend(connection: Connection, position: int, by: str, why: str, publish: Publish) -> str:
    """Sends a dead letter again: to its case if a rule failed, else to its topic. Returns the target.

    The row records who and why. Raises NoSuchDeadLetter. Raises ValueError without who or why, for a message
    that its case has had again already, for a letter that was emptied when a person was erased, and for lost
    records.
    """
    if not by.strip() or not why.strip():
        raise ValueError("say who sends it again, and why")
    async with connection.transaction():
        row = await _one(connection, HOLD, position)
        if row["kind"]:
            await _back_to_case(connection, row)
            target = f"{row['kind']} {row['case_id']}"
        elif row["detail"] == ERASED:
            raise ValueError("it was emptied: there is nothing to send")
        elif row["reason"] == Reason.RECORDS_LOST:
            raise ValueError("it stands for records that are gone: their senders have to tell them again")
        else:
            headers = unpack_headers(row["headers"])
            await publish(row["topic"], row["key"], headers, row["value"])
            target = str(row["topic"])
        await connection.execute(RECORD, position, by.strip(), why.strip())
    return target


async def _back_to_case(connection: Connection, row: asyncpg.Record) -> None:
    """Sends a message back to its case, once only. A further failure makes another dead letter. A parked
    message is still with its case.
    """
    if row["resent_at"] is not None:
        raise ValueError("it was sent again already: if it failed again there is a newer dead letter")
    place = row["subject"], row["kind"], row["case_id"], row["name"]
    if await connection.execute(UNPARK, *place) != "UPDATE 0":
        return
    if row["message"] is None:
        raise ValueError("it was emptied: there is nothing to send")
    await connection.execute(BACK_TO_CASE, row["position"])
