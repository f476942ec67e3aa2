"""P6: what is open, what is overdue and whom it waits for, over the tables of four services."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest
from typer.testing import CliRunner

from aftersales_contracts.topics import SERVICES
from chassis.store.migrate import migrate
from cli.access import BROKERS, DATABASE, load_services
from cli.main import app
from cli.overview import OpenTask, Reader, Wanted
from services.customers.cases.unpaid_order import state as unpaid
from tests.conftest import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LATER = NOW + 10 * DAY

PARKED = """
INSERT INTO customers.waiting (subject, kind, case_id, at, name, message, shop_id, reason, attempts,
    cause_type, cause_source, cause_id, correlation)
VALUES ('about-blocked', 'unpaid-order', 'blocked', $1, 'Paid', '{}', 's1', 'parked', 6, '', '', '', '')
"""
"""A message whose rule failed to the last attempt."""


def watched(pay_by: datetime) -> unpaid.Watched:
    order = unpaid.Order("o1", "c1", NOW - 3 * DAY, False, None, 4900)
    return unpaid.Watched(order, pay_by, pay_by + HOUR, None)


async def case(
    connection: asyncpg.Connection, service: str, kind: str, case_id: str, state: Any, **values: Any
) -> None:
    """A row as the store writes it; a state that is a text is the name of a class that nobody can read."""
    name, data = (
        (state, "{}")
        if isinstance(state, str)
        else (type(state).__name__, msgspec.json.encode(state).decode())
    )
    given = {
        "subject": f"about-{case_id}", "kind": kind, "case_id": case_id, "version": 3, "state_name": name,
        "state": data, "shop_id": "s1", "policy": "p", "is_ended": False, "wake_at": None,
        "opened_at": NOW - DAY, "moved_at": NOW - HOUR, **values,
    }  # fmt: skip
    places = ", ".join(f"${number}" for number in range(1, len(given) + 1))
    await connection.execute(
        f"INSERT INTO {service}.cases ({', '.join(given)}) VALUES ({places})",
        *given.values(),
    )


async def task(connection: asyncpg.Connection, row: OpenTask) -> None:
    await connection.execute(
        f"INSERT INTO {row.service}.tasks VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        row.kind, row.case_id, row.task_id, row.subject, row.shop_id, row.kind_code, row.question_code,
        row.asked_at, row.due_at,
    )  # fmt: skip


SAID = {"cases": "待付款订单", "tasks": "丢件", "deadlines": "待付款订单"}
LOST = OpenTask(
    "logistics",
    "lost-parcel",
    "l1",
    "t1",
    "sf/1",
    "s1",
    "assessment",
    "presume_lost",
    NOW - 3 * DAY,
    NOW - HOUR,
)
PAYEE = OpenTask(
    "refunds", "refund-intent", "i1", "t2", "o1", "s2", "attention", "payee_of_cash", NOW - HOUR, NOW + DAY
)


@pytest.fixture
async def filled(own_database: Database) -> AsyncIterator[asyncpg.Connection]:
    for service in SERVICES:
        await migrate(own_database.services[service], service)
    connection = await asyncpg.connect(own_database.url)
    soon, late = watched(NOW + 2 * HOUR), watched(NOW - 5 * HOUR)
    await case(connection, "customers", "unpaid-order", "soon", soon, wake_at=soon.pay_by)
    await case(
        connection, "customers", "unpaid-order", "late", late, wake_at=late.pay_by,
        opened_at=NOW - 30 * DAY, moved_at=NOW - 5 * DAY, shop_id="s2",
    )  # fmt: skip
    await case(connection, "customers", "unpaid-order", "blocked", late, opened_at=NOW - 2 * DAY)
    await case(
        connection, "customers", "unpaid-order", "over", unpaid.Ended(unpaid.Ending.PAID), is_ended=True
    )
    await case(connection, "customers", "unpaid-order", "early", unpaid.Absent(), version=0)
    await case(
        connection, "refunds", "order", "foreign", "OfAnotherRelease", wake_at=LATER, opened_at=NOW - HOUR
    )
    await case(connection, "customers", "consent", "ledger", "Consents", opened_at=NOW - 90 * DAY)
    await connection.execute(PARKED, NOW)
    await task(connection, LOST)
    await task(connection, PAYEE)
    yield connection
    await connection.close()


@pytest.mark.stack
async def test_open_cases_are_listed_oldest_first_and_filtered(filled: asyncpg.Connection) -> None:
    reader = Reader(filled, load_services())

    async def ids(**wanted: Any) -> list[str]:
        return [found.case_id for found in await reader.cases(Wanted(**wanted))]

    assert await ids() == ["late", "blocked", "soon", "foreign"]
    assert await ids(kind="consent") == ["ledger"], "a ledger never ends"
    assert await ids(limit=2) == ["late", "blocked"]
    assert await ids(shop="s2") == ["late"]
    assert await ids(kind="order") == ["foreign"]
    assert await ids(status="watched") == ["late", "blocked", "soon"]
    assert await ids(status="no_such_status") == []
    assert await ids(who="buyer") == ["late", "blocked", "soon"]
    assert await ids(who="buyer", status="watched", limit=1) == ["late"]
    assert await ids(who="seller") == []
    assert await ids(opened_before=NOW - 25 * HOUR) == ["late", "blocked"]
    assert await ids(moved_before=NOW - 2 * DAY) == ["late"]
    assert await ids(is_ended=True) == ["over"]
    late, *_, foreign = await reader.cases(Wanted())
    assert (late.service, late.subject, late.due_at) == ("customers", "about-late", NOW - 5 * HOUR)
    assert (foreign.status, foreign.due_at) == ("of_another_release (unreadable)", None)


@pytest.mark.stack
async def test_open_tasks_are_listed_first_due_first_and_filtered(filled: asyncpg.Connection) -> None:
    reader = Reader(filled, load_services())
    assert await reader.tasks(Wanted()) == [LOST, PAYEE]
    for wanted, found in (
        (Wanted(shop="s2"), [PAYEE]),
        (Wanted(kind="lost-parcel"), [LOST]),
        (Wanted(question="payee_of_cash"), [PAYEE]),
        (Wanted(who="assessment"), [LOST]),
        (Wanted(due_before=NOW), [LOST]),
        (Wanted(opened_before=NOW - DAY), [LOST]),
        (Wanted(limit=1), [LOST]),
    ):
        assert await reader.tasks(wanted) == found


@pytest.mark.stack
async def test_overdue_deadlines_come_first_and_those_of_blocked_cases_are_named(
    filled: asyncpg.Connection,
) -> None:
    reader = Reader(filled, load_services())
    found = await reader.deadlines(Wanted(due_before=NOW))
    assert [(due.case_id, due.is_blocked) for due in found] == [("late", False), ("blocked", True)]
    assert [due.case_id for due in await reader.deadlines(Wanted(kind="unpaid-order"))][-1] == "soon"
    assert {due.case_id for due in await reader.deadlines(Wanted(shop="s2"))} == {"late"}
    assert [due.case_id for due in await reader.deadlines(Wanted(who="buyer", limit=1))] == ["late"]
    assert await reader.deadlines(Wanted(who="seller")) == []
    assert [due.fires_at for due in await reader.deadlines(Wanted())] == sorted(
        due.fires_at for due in await reader.deadlines(Wanted())
    )


@pytest.mark.stack
async def test_the_lists_go_by_indexes_and_leave_ended_cases_alone(filled: asyncpg.Connection) -> None:
    """A service keeps every ended case: to read them all for a page of open ones would take minutes."""
    from cli import overview

    await filled.execute(
        "INSERT INTO customers.cases SELECT 'x' || n, 'unpaid-order', 'x' || n, 3, 'Ended', '{}', 's1', 'p',"
        " NULL, true, $1, $1, 0 FROM generate_series(1, 20000) AS n",
        NOW,
    )
    await filled.execute("ANALYZE customers.cases")
    queries = {
        "cases_open": (overview.CASES, (["unpaid-order"], None, None, None, 50)),
        "cases_due": (overview.DUE, (None, None, None, 50)),
    }
    for index, (query, given) in queries.items():
        plan = await filled.fetch(f"EXPLAIN {query.format(schema='customers')}", *given)
        text = "\n".join(row[0] for row in plan)
        assert index in text
        assert "Seq Scan on cases" not in text


@pytest.mark.stack
def test_the_commands_answer_in_words_and_in_json(
    own_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    async def fill() -> None:
        for service in SERVICES:
            await migrate(own_database.services[service], service)
        connection = await asyncpg.connect(own_database.url)
        await case(connection, "customers", "unpaid-order", "late", watched(NOW), wake_at=NOW)
        await task(connection, LOST)
        await connection.close()

    asyncio.run(fill())
    monkeypatch.setenv(DATABASE, own_database.url)
    monkeypatch.setenv(BROKERS, "127.0.0.1:1")
    monkeypatch.setenv("COLUMNS", "250")
    runner = CliRunner()
    listed = runner.invoke(app, ["tasks", "--overdue", "--json"])
    assert [row["task_id"] for row in json.loads(listed.stdout)] == ["t1"]
    due = json.loads(runner.invoke(app, ["deadlines", "--overdue", "--json"]).stdout)
    assert {row["case_id"] for row in due} == {"late"}
    opened = json.loads(runner.invoke(app, ["cases", "--older-than", "1h", "--json"]).stdout)
    assert [row["status"] for row in opened] == ["watched"]
    for command in ("cases", "tasks", "deadlines"):
        shown = runner.invoke(app, [command])
        assert shown.exit_code == 0, shown.output
        in_chinese = runner.invoke(app, [command, "--lang", "zh"])
        assert SAID[command] in in_chinese.output.replace("\n", ""), in_chinese.output
    unknown = runner.invoke(app, ["cases", "--kind", "no-such"])
    assert unknown.exit_code == 1
    assert "unpaid-order" in unknown.stderr


@pytest.mark.parametrize("command", ["cases", "tasks", "deadlines"])
def test_an_age_that_is_none_is_refused(command: str) -> None:
    option = "--due" if command == "deadlines" else "--older-than"
    refused = CliRunner().invoke(app, [command, option, "three days"])
    assert refused.exit_code == 2
    assert "three days" in refused.stderr
