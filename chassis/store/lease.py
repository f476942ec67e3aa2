"""Elects one leader among replicas: a lease in the row that the leader moves, so the lease is the fence.

Session locks do not suffice: a stopped (not dead) process keeps its session for ever. A lease ends by itself,
and at once when its session is gone.
"""

from typing import Protocol

import asyncpg

LEASE_SECONDS = 5

ME = "(SELECT pid || '@' || backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())"
TAKE = f"""
UPDATE cursors SET holder = {ME}, lease_until = clock_timestamp() + make_interval(secs => $2)
WHERE name = $1 AND (
    holder IS NULL OR holder = {ME} OR lease_until < clock_timestamp()
    OR NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid || '@' || backend_start = holder)
)
RETURNING position, holder
"""  # noqa: S608  no value is in the text
MOVE = """
UPDATE cursors SET position = $3, lease_until = clock_timestamp() + make_interval(secs => $4)
WHERE name = $1 AND holder = $2
"""
RELEASE = "UPDATE cursors SET holder = NULL, lease_until = NULL WHERE name = $1 AND holder = $2"


class LeaseLost(Exception):
    """Another process leads now. The work of this process must not be done."""


class Lease(Protocol):
    """A lease of one process on one cursor; see `chassis.store.lease.PostgresLease`."""

    position: int

    async def take(self) -> bool: ...
    async def move(self, position: int) -> None: ...
    async def release(self) -> None: ...


class PostgresLease:
    """Leases one cursor for one database connection."""

    def __init__(self, connection: asyncpg.Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._holder = ""
        self.position = 0

    async def take(self) -> bool:
        """Takes or renews the lease. `position` is then the position of the cursor."""
        row = await self._connection.fetchrow(TAKE, self._name, LEASE_SECONDS)
        if row is None:
            self._holder = ""
            return False
        self.position, self._holder = row
        return True

    async def move(self, position: int) -> None:
        """Moves the cursor and renews the lease. Raises LeaseLost where another process leads."""
        done = await self._connection.execute(MOVE, self._name, self._holder, position, LEASE_SECONDS)
        if done != "UPDATE 1":
            self._holder = ""
            raise LeaseLost(self._name)
        self.position = position

    async def release(self) -> None:
        """Lets another process lead at once."""
        if self._holder:
            await self._connection.execute(RELEASE, self._name, self._holder)
            self._holder = ""
