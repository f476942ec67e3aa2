"""Migrates one service's schema forwards, while the services run.

Every step is transactional and waits only briefly for locks (`lock_timeout`). A live system is held up at
most that long. A step that cannot get its lock fails and may be run again.
"""

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection as SqlConnection
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from chassis.store.revision import SCRIPTS

LOCK_TIMEOUT_MS = 3_000


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return config


async def migrate(url: str, schema: str, *, role: str | None = None, revision: str = "head") -> None:
    """Brings a service's schema to a revision. `url` is an asyncpg one (`postgresql://...`).

    The schema must exist. `role`, if given, is set first and owns what is made.
    """

    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(url)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)

    def run(connection: SqlConnection) -> None:
        if role is not None:
            connection.execute(text(f'SET ROLE "{role}"'))
        connection.execute(text(f'SET search_path TO "{schema}"'))
        connection.execute(text(f"SET lock_timeout TO {LOCK_TIMEOUT_MS}"))
        connection.commit()
        config = _config()
        config.attributes["connection"] = connection
        config.attributes["schema"] = schema
        command.upgrade(config, revision)

    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()
