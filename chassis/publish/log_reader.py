"""Reads windows of the log for the relay: announcing facts and dead letters, by position."""

from collections.abc import Sequence
from typing import Any, Protocol

import asyncpg

from chassis.store.bounds import bounded
from chassis.store.database import Connection

HEAD = "SELECT position FROM cursors WHERE name = 'head'"
FACTS = bounded("""
SELECT event_key, kind, case_id, version, {at}, event_type, correlation, cause_id, trace, event
FROM facts WHERE position > $1 AND position <= $2 AND event IS NOT NULL ORDER BY position
""", "at")  # fmt: skip
DEAD = """
SELECT position, reason, detail, topic, partition, "offset" AS place, key, headers, value
FROM dead_letters WHERE position > $1 AND position <= $2 ORDER BY position
"""
FITS = """
SELECT min(position) - 1 FROM (
    SELECT position, row_number() OVER (ORDER BY position) AS nth,
           sum(coalesce(octet_length(key), 0) + octet_length(headers::text)
               + coalesce(octet_length(value), 0)) OVER (ORDER BY position) AS bytes
    FROM dead_letters WHERE position > $1 AND position <= $2
) AS letter WHERE bytes > $3 AND nth > 1
"""


class LogReader(Protocol):
    """Reads the log for the relay; see `chassis.publish.log_reader.PostgresLogReader`."""

    async def head(self) -> int | None: ...
    async def fitting(self, start: int, upto: int, limit_bytes: int) -> int: ...
    async def facts(self, start: int, upto: int) -> Sequence[Any]: ...
    async def dead_letters(self, start: int, upto: int) -> Sequence[Any]: ...


class PostgresLogReader:
    """Reads the log over the relay's own connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def head(self) -> int | None:
        """Reads the last position given. Everything up to it is committed. None in a schema without a log."""
        position: int | None = await self._connection.fetchval(HEAD)
        return position

    async def fitting(self, start: int, upto: int, limit_bytes: int) -> int:
        """Finds the window's end, so that its dead letters hold at most `limit_bytes`, or are just one."""
        end: int | None = await self._connection.fetchval(FITS, start, upto, limit_bytes)
        return upto if end is None else end

    async def facts(self, start: int, upto: int) -> Sequence[asyncpg.Record]:
        """Reads the announcing facts after `start` and up to `upto`, by position."""
        rows: Sequence[asyncpg.Record] = await self._connection.fetch(FACTS, start, upto)
        return rows

    async def dead_letters(self, start: int, upto: int) -> Sequence[asyncpg.Record]:
        """Reads the dead letters of the same window, by position."""
        rows: Sequence[asyncpg.Record] = await self._connection.fetch(DEAD, start, upto)
        return rows
