"""Sends rows to the database together: few as parameters of one statement, many by COPY.

COPY takes a quarter of the time per row. Parameters save one or two round trips, and a small batch waits for
those.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg

from chassis.store.database import Connection

FEW = 60
"""Most rows that go as parameters."""

Row = tuple[Any, ...]


class Statement(NamedTuple):
    """A statement over rows, as it reads them from its parameters, and from a table."""

    over_few: str
    over_many: str


class Rows:
    """Sends rows of one shape: a table, and the types of its columns by name, in order."""

    def __init__(self, table: str, columns: Mapping[str, str]) -> None:
        self.columns = dict(columns)
        self._table = table
        names = ", ".join(f'"{name}"' for name in columns)
        types = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(columns.values(), 1))
        self._given = f"unnest({types}) AS given ({names})"
        self._insert = f"INSERT INTO {table} ({names}) SELECT * FROM {self._given}"  # noqa: S608  names of ours

    def statement(self, text: str) -> Statement:
        """Makes a statement that reads the rows in place of `{given}`."""
        return Statement(text.format(given=self._given), text.format(given=f"{self._table} AS given"))

    async def fetch(
        self, connection: Connection, statement: Statement, rows: Sequence[Row]
    ) -> Sequence[asyncpg.Record]:
        """Runs a statement over the rows. Many rows then lie in the table until the transaction ends."""
        if len(rows) <= FEW:
            found: Sequence[asyncpg.Record] = await connection.fetch(
                statement.over_few, *zip(*rows, strict=True)
            )
            return found
        await connection.copy_records_to_table(self._table, records=rows, columns=self.columns)
        return await self.fetch_again(connection, statement, rows)

    async def fetch_again(
        self, connection: Connection, statement: Statement, rows: Sequence[Row]
    ) -> Sequence[asyncpg.Record]:
        """Runs another statement over the same rows."""
        if len(rows) <= FEW:
            return await self.fetch(connection, statement, rows)
        found: Sequence[asyncpg.Record] = await connection.fetch(statement.over_many)
        return found

    async def insert(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Inserts the rows. Raises the database's error for a row that exists already."""
        if len(rows) <= FEW:
            await connection.execute(self._insert, *zip(*rows, strict=True))
        else:
            await connection.copy_records_to_table(self._table, records=rows, columns=self.columns)
