"""Migrations against the table definitions, partitions, and what a role may not do."""

import importlib
import json
from datetime import UTC, datetime

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Boolean, Date, DateTime, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSON

from chassis.store.migrate import migrate
from chassis.store.revision import SCRIPTS, head, revision_of
from chassis.store.store import CASES, FACTS, MOVED, WAITING
from chassis.store.tables import Table
from tests.conftest import Database

step_0006 = importlib.import_module("chassis.store.migrations.versions.0006_open_tasks")
pytestmark = pytest.mark.stack
AT = datetime(2026, 3, 1, tzinfo=UTC)

NAMES = {
    Text: "text",
    BigInteger: "bigint",
    Integer: "integer",
    Boolean: "boolean",
    DateTime: "timestamp with time zone",
    Date: "date",
    LargeBinary: "bytea",
    JSON: "json",
}


async def test_the_migrations_make_what_the_tables_say(refunds_pool: asyncpg.Pool) -> None:
    rows = await refunds_pool.fetch(
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
        " WHERE table_schema = 'refunds'"
    )
    made = {(r["table_name"], r["column_name"]): (r["data_type"], r["is_nullable"] == "YES") for r in rows}
    said = {
        (table.name, column.name): (
            next(name for kind, name in NAMES.items() if isinstance(column.type, kind)),
            bool(column.nullable),
        )
        for table in Table.metadata.tables.values()
        for column in table.columns
    }
    own = {place: kind for place, kind in made.items() if place[0] in {table for table, _ in said}}
    assert own == said
    indexes = {
        row[0]
        for row in await refunds_pool.fetch("SELECT indexname FROM pg_indexes WHERE schemaname='refunds'")
    }
    for table in Table.metadata.tables.values():
        assert {index.name for index in table.indexes} <= indexes
        keys = await refunds_pool.fetch(
            "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid"
            " AND a.attnum = ANY (i.indkey) WHERE i.indisprimary AND i.indrelid = $1::regclass",
            table.name,
        )
        assert {row[0] for row in keys} == {column.name for column in table.primary_key.columns}


async def test_rows_have_the_columns_and_types_of_their_tables(refunds_pool: asyncpg.Pool) -> None:
    """Those without a default; of the tables that COPY fills first, all of them."""
    for of_table, table in ((CASES, "cases"), (FACTS, "facts"), (WAITING, "waiting"), (MOVED, "moved")):
        rows = await refunds_pool.fetch(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = to_regclass($1)"
            " AND attnum > 0 AND NOT attisdropped AND attidentity = ''",
            table,
        )
        types = {name: kind.replace("timestamp with time zone", "timestamptz") for name, kind in rows}
        assert types.items() - of_table.columns.items() <= {("since", "timestamptz")}
        assert of_table.columns.items() <= types.items()


def test_the_newest_file_is_the_head_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    assert ScriptDirectory.from_config(config).get_current_head() == head()


async def test_migrating_again_changes_nothing_and_the_revision_is_known(refunds_url: str) -> None:
    await migrate(refunds_url, "refunds")
    connection = await asyncpg.connect(refunds_url, server_settings={"search_path": "refunds"})
    assert await revision_of(connection) == head()
    await connection.execute("DROP TABLE alembic_version")
    assert await revision_of(connection) is None
    await connection.close()


async def test_partitions_are_made_once_and_only_for_the_tables_that_have_them(
    refunds_pool: asyncpg.Pool,
) -> None:
    for _ in range(2):
        await refunds_pool.execute("SELECT ensure_partition('inbox', '2017-03-01')")
    names = [
        row[0]
        for row in await refunds_pool.fetch("SELECT tablename FROM pg_tables WHERE tablename LIKE 'inbox_%'")
    ]
    assert names == ["inbox_201703"]
    for parent, month in (("cases", "2017-03-01"), ("inbox", "2017-03-02")):
        with pytest.raises(asyncpg.RaiseError):
            await refunds_pool.execute(f"SELECT ensure_partition('{parent}', '{month}')")


async def test_no_service_reaches_the_tables_of_another(own_database: Database) -> None:
    for service in ("refunds", "reviews"):
        await migrate(own_database.services[service], service)
    connection = await asyncpg.connect(own_database.services["reviews"])
    for statement in (
        "SELECT * FROM refunds.cases",
        "INSERT INTO refunds.cursors (name, position) VALUES ('x', 1)",
        "SELECT refunds.ensure_partition('inbox', '2017-03-01')",
        "CREATE TABLE refunds.mine (id int)",
        "CREATE TABLE public.mine (id int)",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


async def test_questions_of_the_release_before_are_found_in_the_facts(refunds_pool: asyncpg.Pool) -> None:
    """Those of open cases that were neither withdrawn nor answered, each once."""
    asked, withdrawn = "aftersales.task.requested.v1", "aftersales.task.withdrawn.v1"
    answered = "shop.task.completed.v1"
    told = [
        ("open", 1, asked, "t1", ""), ("open", 2, asked, "t2", ""), ("open", 3, withdrawn, "t2", ""),
        ("open", 4, asked, "t1", ""), ("answered", 1, asked, "t3", ""), ("answered", 2, None, "", answered),
        ("again", 1, None, "", answered), ("again", 2, asked, "t4", ""), ("ended", 1, asked, "t5", ""),
    ]  # fmt: skip
    await refunds_pool.execute("SELECT ensure_partition('facts', '2026-03-01')")
    for case_id in ("open", "answered", "again", "ended"):
        await refunds_pool.execute(
            "INSERT INTO cases VALUES ($1, 'order', $1, 4, 'Paid', '{}', 's1', 'p', NULL, $2, $3, $3, 0)",
            case_id, case_id == "ended", AT,
        )  # fmt: skip
    for position, (case_id, version, event_type, task_id, cause_type) in enumerate(told):
        event = None if event_type is None else json.dumps({
            "task_id": task_id, "shop_id": "s1", "kind_code": "approval", "question_code": "is_it_so",
            "due_at": f"2026-03-0{version}T00:00:00Z",
        })  # fmt: skip
        await refunds_pool.execute(
            "INSERT INTO facts VALUES ($1, $2, $3, 'order', $3, $4, 'Asked', $2, '{}', '', 'p', $5, 's', 'i',"
            " 'c', NULL, $6, $3, $7)",
            position, AT, case_id, version, cause_type, event_type, event,
        )  # fmt: skip
    await refunds_pool.execute(step_0006.ASKED_BEFORE)
    rows = await refunds_pool.fetch("SELECT case_id, task_id, shop_id, due_at FROM tasks ORDER BY 1, 2")
    assert [tuple(row) for row in rows] == [
        ("again", "t4", "s1", datetime(2026, 3, 2, tzinfo=UTC)),
        ("open", "t1", "s1", datetime(2026, 3, 4, tzinfo=UTC)),
    ]
