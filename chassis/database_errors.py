"""What the database may answer: what passes by itself, what it will never take, and that it was set back."""

import asyncpg

from chassis.store import Conflict

TRANSIENT = (
    Conflict, OSError, TimeoutError,
    asyncpg.InterfaceError, asyncpg.PostgresError, asyncpg.InternalClientError,
)  # fmt: skip
"""What may pass by itself: the database away, full, restarting, behind, or another process that was first.

The client's internal errors are among them: a connection that breaks within an answer ends with one.
"""
UNSTORABLE = (asyncpg.DataError, asyncpg.NotNullViolationError, ValueError, OverflowError)
"""What will be refused again, however often it is tried."""


class DatabaseBehind(Exception):
    """The database does not know what this process has noted in it: it was set back to an earlier moment."""


def concerns_all(error: Exception) -> bool:
    """Whether an error says nothing of a single record: there is no culprit to look for."""
    if isinstance(error, DatabaseBehind):
        return True
    return isinstance(error, TRANSIENT) and not isinstance(error, UNSTORABLE)
