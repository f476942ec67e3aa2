"""Which revision of its schema the code needs, and which one the database is at.

Apart from the migrations themselves: loading those takes longer than all the rest of a service's start.
"""

from pathlib import Path

import asyncpg

from chassis.store.database import Connection

SCRIPTS = Path(__file__).with_name("migrations")


def head() -> str:
    """The newest revision that this code knows: the number that its file's name begins with."""
    return max(path.stem.split("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*.py"))


async def revision_of(connection: Connection) -> str | None:
    """The revision of the schema on the connection's search path; None before the first migration."""
    try:
        value: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    return value
