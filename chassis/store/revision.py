"""Compares revisions: the one that the code needs, and the one of the database.

This module does not load the migrations: that takes longer than all the rest of a service's start.
"""

from pathlib import Path

import asyncpg

from chassis.store.database import Connection

SCRIPTS = Path(__file__).with_name("migrations")


def head() -> str:
    """Finds the newest revision of this code: the number that a migration's file name begins with."""
    return max(path.stem.split("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*.py"))


async def revision_of(connection: Connection) -> str | None:
    """Reads the revision of the schema on the search path. None before the first migration."""
    try:
        value: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    return value
