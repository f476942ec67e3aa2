"""Tells how far a replay has come: by clock marks, which one clock writes for all replicas."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import asyncpg

from aftersales_contracts.topics import Topic
from chassis.store.database import Connection
from chassis.store.watermarks import END, PostgresWatermarks, Reached

REACHED = """
SELECT count(*) AS count, min(mark) AS mark,
       min(stands_at) FILTER (WHERE topic = ANY ($2::text[])) AS stands_at
FROM intake WHERE topic = ANY ($1::text[])
"""


class ReplayWatermarks(PostgresWatermarks):
    """Reads the last clock mark that all replicas have handled; no clock of a machine bounds it."""

    def __init__(
        self, pool: asyncpg.Pool, inputs: Sequence[str], external: Sequence[str], topics: Mapping[str, Topic]
    ) -> None:
        super().__init__(pool, external, topics)
        self._inputs = list(inputs)
        self._input_count = sum(topics[topic].partitions for topic in inputs)

    async def stored(self, connection: Connection) -> datetime:
        """Bounds nothing: END."""
        return END

    async def not_ahead(self, moment: datetime) -> datetime:
        """Leaves the moment as it is."""
        return moment

    async def reached(self) -> Reached | None:
        """Finds the moment and number of the last mark that all replicas have handled; None before one."""
        row = await self._pool.fetchrow(REACHED, self._inputs, self._external)
        if row is None or row["count"] < self._input_count or not row["mark"]:
            return None
        return Reached(row["stands_at"], row["mark"])
