"""P6: open cases and tasks are counted by kind and age, and what is overdue, on real tables."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from chassis.observe.metrics import Metrics
from chassis.observe.open_work import CASES, DEADLINES

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KINDS = ["order", "exchange"]


async def case(
    pool: asyncpg.Pool,
    name: str,
    opened_at: datetime,
    wake_at: datetime | None = None,
    *,
    ended: bool = False,
) -> None:
    await pool.execute(
        "INSERT INTO cases VALUES ($1, 'order', $1, 1, 'Paid', '{}', 's1', 'p', $2, $3, $4, $4, 0)",
        name, wake_at, ended, opened_at,
    )  # fmt: skip


async def task(pool: asyncpg.Pool, name: str, asked_at: datetime, due_at: datetime) -> None:
    await pool.execute(
        "INSERT INTO tasks VALUES ('order', $1, $1, $1, 's1', 'approval', 'q', $2, $3)",
        name,
        asked_at,
        due_at,
    )


@pytest.mark.stack
async def test_what_is_open_and_overdue_is_counted_and_goes_back_to_zero(refunds_pool: asyncpg.Pool) -> None:
    for name, age in (("a", 0 * DAY), ("b", DAY), ("c", 7 * DAY), ("d", 30 * DAY), ("e", 31 * DAY)):
        await case(refunds_pool, name, NOW - age, NOW + DAY)
    await case(refunds_pool, "ended", NOW, ended=True)
    await case(refunds_pool, "late", NOW, NOW - timedelta(minutes=2))
    await case(refunds_pool, "firing", NOW, NOW - timedelta(minutes=1))
    await task(refunds_pool, "t1", NOW - 2 * DAY, NOW - DAY)
    await task(refunds_pool, "t2", NOW, NOW)
    metrics = Metrics("refunds")

    def told(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"aftersales_{name}", {"service": "refunds", **labels})

    async with refunds_pool.acquire() as connection:
        await metrics.open_work.count(connection, KINDS, NOW)
    by_age = {age: told("open_cases", kind="order", age=age) for age in ("day", "week", "month", "older")}
    assert by_age == {"day": 3, "week": 1, "month": 1, "older": 2}
    assert told("open_cases", kind="exchange", age="day") == 0
    assert [told("open_tasks", kind="order", age=age) for age in ("day", "week")] == [1, 1]
    assert told("overdue_tasks", kind="order") == 1
    assert told("overdue_deadlines", kind="order") == 1
    assert told("oldest_overdue_deadline_seconds", kind="order") == 120
    await refunds_pool.execute("UPDATE cases SET wake_at = NULL, is_ended = true")
    await refunds_pool.execute("DELETE FROM tasks")
    async with refunds_pool.acquire() as connection:
        await metrics.open_work.count(connection, KINDS, NOW)
    assert told("open_cases", kind="order", age="day") == 0
    assert told("open_tasks", kind="order", age="week") == 0
    assert told("overdue_deadlines", kind="order") == 0
    assert told("oldest_overdue_deadline_seconds", kind="order") == 0


@pytest.mark.stack
async def test_counting_goes_by_the_indexes_of_what_is_open(refunds_pool: asyncpg.Pool) -> None:
    """A service keeps every ended case: a count each minute must not read them."""
    await refunds_pool.execute(
        "INSERT INTO cases SELECT 'x' || n, 'order', 'x' || n, 3, 'Closed', '{}', 's1', 'p',"
        " NULL, true, $1, $1, 0 FROM generate_series(1, 20000) AS n",
        NOW,
    )
    await refunds_pool.execute("ANALYZE cases")
    for query, index in ((CASES, "cases_open"), (DEADLINES, "cases_due")):
        plan = "\n".join(row[0] for row in await refunds_pool.fetch(f"EXPLAIN {query}", KINDS, NOW))
        assert index in plan
        assert "Seq Scan on cases" not in plan
