"""Tells how far the replicas of a service have read, as the database knows it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg

from aftersales_contracts.topics import Topic
from chassis import clock
from chassis.engine.records import PartitionId
from chassis.store.bounds import bounded
from chassis.store.database import Connection
from chassis.store.progress import READ_TO, Progress

BEGINNING = datetime.fromisoformat("0001-01-01T00:00:00+00:00")
END = datetime.fromisoformat("9999-12-31T00:00:00+00:00")
FRESH_SECONDS = 0.05
CLOCK_SECONDS = 1.0
"""Pause between questions for the database's time. In between, the database's clock is assumed to go on."""
OTHERS = bounded("""
SELECT count, {least} FROM (
    SELECT count(*) AS count, CASE WHEN bool_and(stands_at IS NOT NULL) THEN min(stands_at) END AS least
    FROM intake
    WHERE topic = ANY ($1::text[])
      AND NOT EXISTS (
          SELECT FROM unnest($2::text[], $3::int[]) AS mine (topic, partition)
          WHERE mine.topic = intake.topic AND mine.partition = intake.partition)
) AS others
""", "least")  # fmt: skip


class Reached(NamedTuple):
    """The watermark of the service, and in a replay its last whole round."""

    watermark: datetime
    round_number: int = 0


class PostgresWatermarks:
    """Reads watermarks of partitions. The watermark of the service must not pass any of them."""

    def __init__(self, pool: asyncpg.Pool, external: Sequence[str], topics: Mapping[str, Topic]) -> None:
        self._pool = pool
        self._external = list(external)
        self._count = sum(topics[topic].partitions for topic in external)
        self._known = BEGINNING
        self._asked_at = -1.0
        self._asked_for: frozenset[PartitionId] = frozenset()
        self._clock: tuple[datetime, float] | None = None
        """Answer of the database's clock, and the moment of the answer."""

    async def others(self, mine: Collection[PartitionId]) -> datetime:
        """Finds the least watermark of the external partitions that other processes read; END without any."""
        own = frozenset(partition_id for partition_id in mine if partition_id.topic in self._external)
        if self.is_alone(own):
            return END
        now = clock.monotonic()
        if own != self._asked_for or now - self._asked_at > FRESH_SECONDS:
            row = await self._pool.fetchrow(
                OTHERS,
                self._external,
                [partition_id.topic for partition_id in own],
                [partition_id.partition for partition_id in own],
            )
            self._known = _least(row, self._count - len(own))
            self._asked_at, self._asked_for = now, own
        return self._known

    def is_alone(self, mine: Collection[PartitionId]) -> bool:
        """Tells whether no other process reads an external partition."""
        return sum(partition_id.topic in self._external for partition_id in mine) >= self._count

    async def stored(self, connection: Connection) -> datetime:
        """Finds the least watermark of all external partitions, as this connection's database knows it."""
        return _least(await connection.fetchrow(OTHERS, self._external, [], []), self._count)

    async def not_ahead(self, moment: datetime) -> datetime:
        """Limits a moment to the database's clock.

        The clocks of the reading machines tell watermarks. A clock that is ahead would fire deadlines too
        early.
        """
        now = clock.monotonic()
        if self._clock is None or now - self._clock[1] > CLOCK_SECONDS:
            self._clock = await self._pool.fetchval("SELECT clock_timestamp()"), clock.monotonic()
        said, said_at = self._clock
        return min(moment, said + timedelta(seconds=max(0.0, now - said_at)))

    async def progress(self, partition_ids: Collection[PartitionId]) -> dict[PartitionId, Progress]:
        """Reads the progress of each partition, whoever read it."""
        rows = await self._pool.fetch(READ_TO)
        known = {PartitionId(row[0], row[1]): Progress(row[2], row[3]) for row in rows}
        return {partition_id: known.get(partition_id, Progress()) for partition_id in partition_ids}


def _least(row: asyncpg.Record | None, wanted_count: int) -> datetime:
    """Takes the least watermark of an answer to OTHERS. BEGINNING where a partition or its watermark is
    missing.
    """
    if row is None or row["count"] < wanted_count or row["least"] is None:
        return BEGINNING
    least: datetime = row["least"]
    return least
