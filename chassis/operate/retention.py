"""Drops old months of facts and repeats, and old dead letters, on demand only."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chassis.store.database import Connection

MONTH = re.compile(r"_(\d{4})(\d\d)$")
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '3s'"
"""Longest wait of a drop for the batches under way. Later batches wait behind the drop."""
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
    """Data that was to go is still needed. The message says for what."""


@dataclass(frozen=True, slots=True)
class Before:
    """Day up to which everything may go; None leaves that part alone. Months go whole or not at all."""

    facts: date | None = None
    repeats: date | None = None
    dead_letters: datetime | None = None
    """Letters written before this moment go."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """Data that was dropped, or would be."""

    facts: Sequence[str]
    """Tables of facts, a month each."""
    repeats: Sequence[str]
    """Tables of the inbox, a month each."""
    dead_letters_count: int


async def prune(
    connection: Connection, before: Before, now: datetime, past_days: int, *, is_trial: bool
) -> Pruned:
    """Drops old data in one transaction of the schema on the search path. A trial only reports.

    Raises StillNeeded for repeats that may still come (events up to `past_days` old are accepted), for facts
    that are not published yet, and for the month being written.
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
    """Lists the partitions that end on that day or earlier."""
    if before is None:
        return []
    found: list[str] = []
    for (name,) in await connection.fetch(PARTITIONS, parent):
        month = MONTH.search(name)
        if month is not None and (int(month[1]), int(month[2])) < (before.year, before.month):
            found.append(name)
    return found
