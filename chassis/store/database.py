"""Opens connections of a service to its own schema. Every wait is bounded."""

from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from chassis.settings import Database

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy
"""A connection, borrowed from the pool or not."""


def _session(settings: Database, service: str) -> dict[str, str]:
    """Sets what holds for every statement.

    Plans are kept. They must go by index whatever the tables held at planning time: a plan that reads a small
    table as a whole would do so when the table is large, too.
    """
    schema = settings.schema_name or service
    return {
        "search_path": schema,
        "application_name": f"aftersales-{service}",
        "statement_timeout": str(settings.statement_timeout_ms),
        "lock_timeout": str(settings.lock_timeout_ms),
        "idle_in_transaction_session_timeout": str(settings.idle_transaction_timeout_ms),
        "timezone": "UTC",
        "jit": "off",
        "enable_seqscan": "off",
    }


STAGES = """
CREATE TEMPORARY TABLE IF NOT EXISTS arrived (month date, key bytea, body_hash bigint) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS moved (
    subject text, kind text, case_id text, version bigint, state_name text, state json, shop_id text,
    policy text, wake_at timestamptz, is_ended boolean, opened_at timestamptz, moved_at timestamptz,
    mark bigint, stored_version bigint
) ON COMMIT DELETE ROWS;
"""
"""Temporary tables for COPY, from which a batch goes into the tables: array parameters cost four times as
much.
"""


async def _stages(connection: asyncpg.Connection) -> None:
    await connection.execute(STAGES)


async def _kept(_: PoolConnectionProxy) -> None:
    """Skips asyncpg's reset query: a released connection holds no session state."""


async def open_pool(settings: Database, service: str) -> asyncpg.Pool:
    """Opens the pool of one process."""
    pool: asyncpg.Pool = await asyncpg.create_pool(
        settings.url.get_secret_value(),
        min_size=settings.pool_min,
        max_size=settings.pool_max,
        timeout=settings.connect_timeout_ms / 1000,
        command_timeout=settings.statement_timeout_ms / 1000 + 5,
        server_settings=_session(settings, service),
        init=_stages,
        reset=_kept,
    )
    return pool


async def connect(settings: Database, service: str) -> asyncpg.Connection:
    """Opens one connection, for a holder of a lease.

    Commits on this connection do not wait for the disk. A cursor that a crashed server has lost publishes its
    last window again, with the same ids, as after any crash in between.
    """
    return await asyncpg.connect(
        settings.url.get_secret_value(),
        timeout=max(1, settings.connect_timeout_ms // 1000),
        command_timeout=settings.statement_timeout_ms / 1000 + 5,
        server_settings={**_session(settings, service), "synchronous_commit": "off"},
    )
