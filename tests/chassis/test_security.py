"""The database and the small server give strangers nothing: rows of the checklist in docs/security.md."""

import platform

import asyncpg
import pytest
from prometheus_client import generate_latest

from chassis.observe.metrics import Metrics


@pytest.mark.stack
async def test_the_one_function_with_its_owners_rights_looks_in_its_own_schema_only(
    refunds_pool: asyncpg.Pool,
) -> None:
    rows = await refunds_pool.fetch(
        "SELECT proname, proconfig FROM pg_proc WHERE prosecdef AND pronamespace = 'refunds'::regnamespace"
    )
    assert [(row["proname"], list(row["proconfig"])) for row in rows] == [
        ("ensure_partition", ["search_path=refunds"])
    ]


@pytest.mark.stack
async def test_a_services_role_looks_in_its_own_schema_and_may_make_nothing_elsewhere(
    refunds_pool: asyncpg.Pool,
) -> None:
    settings = await refunds_pool.fetchval(
        "SELECT setconfig FROM pg_db_role_setting WHERE setrole = current_user::regrole"
        " AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    assert list(settings) == ["search_path=refunds"]
    for statement in ("CREATE TABLE public.mine (a int)", "CREATE SCHEMA mine", "CREATE ROLE mine"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await refunds_pool.execute(statement)
    rights = await refunds_pool.fetchrow(
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
        " FROM pg_roles WHERE rolname = current_user"
    )
    assert rights is not None
    assert not any(rights)


@pytest.mark.stack
async def test_every_session_of_a_service_has_bounded_waits(refunds_pool: asyncpg.Pool) -> None:
    for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        assert await refunds_pool.fetchval("SELECT current_setting($1)", name) not in {"0", ""}, name


def test_metrics_tell_no_version() -> None:
    told = generate_latest(Metrics("refunds").registry).decode()
    assert platform.python_version() not in told
    assert "python_info" not in told
