"""What is old enough to go: months of facts and of repeats, and dead letters. Nothing goes by itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chassis.store.database import Connection

MONTH = re.compile(r"_(\d{4})(\d\d)$")
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '3s'"
"""Dropping a month waits for the batches in hand, and lets those behind it wait for so long at most."""
PARTITIONS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = $1::regclass ORDER BY c.relname
"""
UNSENT = """
SELECT min(recorded_at) FROM facts WHERE position > (SELECT position FROM cursors WHERE name = 'relay')
"""
OLD_DEAD = """
FROM dead_letters AS d WHERE d.recorded_at < $1
  AND d.position <= (SELECT position FROM cursors WHERE name = 'relay')
  AND NOT EXISTS (SELECT FROM waiting AS w WHERE w.reason = 'parked' AND w.subject = d.subject
                  AND w.kind = d.kind AND w.case_id = d.case_id AND w.name = d.name)
"""


class StillNeeded(Exception):
    """What was to go is needed: the message says for what."""


@dataclass(frozen=True, slots=True)
class Before:
    """Up to which day everything may go; None leaves that part alone. Months go whole or not at all."""

    facts: date | None = None
    repeats: date | None = None
    dead_letters: datetime | None = None
    """By the moment when they were written."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went, or would go."""

    facts: Sequence[str]
    """Tables of facts, a month each."""
    repeats: Sequence[str]
    """Tables of the inbox, a month each."""
    dead_letters_count: int


async def prune(
    connection: Connection, before: Before, now: datetime, past_days: int, *, is_trial: bool
) -> Pruned:
    """Drops what is old, in one transaction of the schema on the search path; a trial only says what.

    Raises StillNeeded for repeats that may still come (events up to `past_days` old are accepted), for
    facts that were not published yet, and for the month that is being written.
    """
    if before.facts is not None and before.facts > now.date().replace(day=1):
        raise StillNeeded("facts of this month are being written")
    if before.repeats is not None and (now.date() - before.repeats).days <= past_days:
        raise StillNeeded(
            f"events up to {past_days} days old are accepted (AFTERSALES_LIMITS__PAST_DAYS):"
            " a month of repeats may go once all of it is older"
        )
    async with connection.transaction():
        await connection.execute(LOCK_TIMEOUT)
        facts = await _months(connection, "facts", before.facts)
        repeats = await _months(connection, "inbox", before.repeats)
        unsent: datetime | None = await connection.fetchval(UNSENT)
        if facts and before.facts is not None and unsent is not None and unsent.date() < before.facts:
            raise StillNeeded("facts of that time are not published yet: see the relay")
        count = 0
        if before.dead_letters is not None:
            count = int(await connection.fetchval(f"SELECT count(*) {OLD_DEAD}", before.dead_letters) or 0)
        if not is_trial:
            for name in (*facts, *repeats):
                await connection.execute(f'DROP TABLE "{name}"')
            if count:
                await connection.execute(f"DELETE {OLD_DEAD}", before.dead_letters)
    return Pruned(facts, repeats, count)


async def _months(connection: Connection, parent: str, before: date | None) -> list[str]:
    """The partitions that end on that day or earlier."""
    if before is None:
        return []
    found: list[str] = []
    for (name,) in await connection.fetch(PARTITIONS, parent):
        month = MONTH.search(name)
        if month is not None and (int(month[1]), int(month[2])) < (before.year, before.month):
            found.append(name)
    return found
