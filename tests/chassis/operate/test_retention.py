"""Old months go when somebody says so, and only what nothing needs any more; facts are append-only."""

from datetime import UTC, date, datetime

import asyncpg
import pytest

from chassis.operate.retention import Before, StillNeeded, prune

pytestmark = pytest.mark.stack
NOW = datetime(2026, 3, 2, tzinfo=UTC)
PAST_DAYS = 800
OLD, YOUNG = date(2023, 1, 1), date(2026, 2, 1)
FACT = """
INSERT INTO facts (position, recorded_at, subject, kind, case_id, version, name, at, data, rules, policy,
    cause_type, cause_source, cause_id, correlation)
VALUES ($1, $2, 'o1', 'order', 'o1', $1, 'Opened', $2, '{}', '', '', '', '', '', '')
"""
DEAD = """
INSERT INTO dead_letters (position, at, reason, detail, topic, partition, "offset", headers, event_type,
    event_source, event_id, subject, kind, case_id, name, shop_id, recorded_at)
VALUES ($1, '2022-01-01Z', 'bad_json', 'value', 't', 0, $1, '[]', '', '', '', $3, $4, $3, $5, '', $2)
"""
PARKED = """
INSERT INTO waiting (subject, kind, case_id, at, name, message, shop_id, reason, attempts, cause_type,
    cause_source, cause_id, correlation)
VALUES ('o2', 'order', 'o2', $1, 'DeadlinePassed', '{}', '', 'parked', 6, '', '', '', '')
"""


async def fill(pool: asyncpg.Pool) -> None:
    """A month of long ago and one of now, of everything; all of it published."""
    for month in (OLD, YOUNG):
        for parent in ("facts", "inbox"):
            await pool.execute("SELECT ensure_partition($1, $2)", parent, month)
    moments = [datetime(m.year, m.month, 5, tzinfo=UTC) for m in (OLD, YOUNG)]
    for position, at in enumerate(moments, 1):
        await pool.execute(FACT, position, at)
        await pool.execute("INSERT INTO inbox VALUES ($1, $2, 0)", at.date().replace(day=1), b"k" * 16)
        await pool.execute(DEAD, position + 2, at, "", "", "")
    await pool.execute(DEAD, 5, moments[0], "o2", "order", "DeadlinePassed")
    await pool.execute(PARKED, moments[0])
    await pool.execute("UPDATE cursors SET position = 5")


async def counts(pool: asyncpg.Pool) -> list[int]:
    return [
        await pool.fetchval(f"SELECT count(*) FROM {table}") for table in ("facts", "inbox", "dead_letters")
    ]


async def test_old_months_go_and_young_ones_stay(refunds_pool: asyncpg.Pool) -> None:
    await fill(refunds_pool)
    before = Before(date(2023, 2, 1), date(2023, 2, 1), datetime(2023, 2, 1, tzinfo=UTC))
    async with refunds_pool.acquire() as connection:
        trial = await prune(connection, before, NOW, PAST_DAYS, is_trial=True)
        assert await counts(refunds_pool) == [2, 2, 3]
        done = await prune(connection, before, NOW, PAST_DAYS, is_trial=False)
    assert trial == done
    assert (done.facts, done.repeats, done.dead_letters_count) == (["facts_202301"], ["inbox_202301"], 1)
    assert await counts(refunds_pool) == [1, 1, 2]
    assert await refunds_pool.fetchval("SELECT count(*) FROM dead_letters WHERE name = 'DeadlinePassed'") == 1


async def test_the_month_that_is_being_written_stays(refunds_pool: asyncpg.Pool) -> None:
    async with refunds_pool.acquire() as connection:
        with pytest.raises(StillNeeded, match="this month"):
            await prune(connection, Before(facts=date(2062, 1, 1)), NOW, PAST_DAYS, is_trial=False)
        await prune(connection, Before(facts=date(2026, 3, 1)), NOW, PAST_DAYS, is_trial=True)


async def test_repeats_that_may_still_come_are_kept(refunds_pool: asyncpg.Pool) -> None:
    await fill(refunds_pool)
    async with refunds_pool.acquire() as connection:
        with pytest.raises(StillNeeded, match="PAST_DAYS"):
            await prune(connection, Before(repeats=date(2024, 1, 1)), NOW, PAST_DAYS, is_trial=False)
        found = await prune(connection, Before(repeats=date(2023, 12, 1)), NOW, PAST_DAYS, is_trial=True)
    assert found.repeats == ["inbox_202301"]


async def test_facts_that_are_not_published_are_kept(refunds_pool: asyncpg.Pool) -> None:
    await fill(refunds_pool)
    await refunds_pool.execute("UPDATE cursors SET position = 0 WHERE name = 'relay'")
    async with refunds_pool.acquire() as connection:
        with pytest.raises(StillNeeded, match="not published"):
            await prune(connection, Before(facts=date(2023, 2, 1)), NOW, PAST_DAYS, is_trial=False)
    assert await counts(refunds_pool) == [2, 2, 3]


@pytest.mark.parametrize("table", ["facts", "facts_202301", "facts_202602"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET name = 'Other'", "DELETE FROM {}", "TRUNCATE {}"], ids=lambda s: s.split()[0]
)
async def test_the_service_can_add_facts_and_never_change_them(
    refunds_pool: asyncpg.Pool, statement: str, table: str
) -> None:
    await fill(refunds_pool)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await refunds_pool.execute(statement.format(table))
    assert (await counts(refunds_pool))[0] == 2
