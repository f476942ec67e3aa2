"""Values that no code can use, planted into the tables: one message fails, all else goes on."""

import asyncio

import asyncpg
import pytest

from aftersales_contracts.shop.orders import OrderPaidV1, OrderPlacedV1
from aftersales_contracts.topics import TOPICS
from chassis.publish.log_reader import PostgresLogReader
from chassis.store.watermarks import PostgresWatermarks
from tests.chassis import toy
from tests.chassis.runtime.test_batches import LIMITS, MINUTE, T0, Bench

pytestmark = pytest.mark.stack

MOMENTS = (
    "'infinity'", "'-infinity'", "'0001-01-01T00:00:00Z'", "'4713-01-01T00:00:00Z BC'",
    "'9999-12-31T23:59:59.999999Z'", "'294276-12-31T23:59:59Z'", "'0001-01-01T00:00:00+14'",
)  # fmt: skip
CASES = [
    *(
        (column, moment)
        for column in ("wake_at", "opened_at", "moved_at")
        for moment in MOMENTS
    ),
    ("state", "'null'"), ("state", "'{}'"), ("state", "'[1]'"), ("state", "'{\"total\": 1e999}'"),
    ("state", "'{\"total\": 1, \"pay_by\": \"0001-01-01T00:00:00Z\"}'"),
    ("state", "'{\"total\": 1, \"pay_by\": \"9999-12-31T23:59:59Z\"}'"),
    ("state_name", "'Gone'"), ("state_name", "''"), ("kind", "'of-a-release-to-come'"), ("kind", "''"),
    ("policy", "'gone@2020-01-01'"), ("version", "9223372036854775807"), ("version", "-1"),
    ("shop_id", "''"), ("mark", "9223372036854775807"),
]  # fmt: skip
WAITING = [
    *(
        (column, moment)
        for column in ("at", "due_at", "retry_at", "expires_at", "since")
        for moment in MOMENTS
    ),
    ("name", "'Gone'"), ("message", "'null'"), ("message", "'[]'"), ("message", "'{\"amount\": 1e999}'"),
    ("kind", "'of-a-release-to-come'"), ("reason", "'of-a-release-to-come'"), ("attempts", "2147483647"),
    ("attempts", "-1"), ("headers", "'{}'"), ("headers", "'[[1]]'"), ("headers", "'[[\"a\", \"%%\"]]'"),
    ("headers", "'null'"), ("partition", "NULL"), ("\"offset\"", "NULL"), ("value", "NULL"),
]  # fmt: skip


@pytest.fixture
async def bench(refunds_pool: asyncpg.Pool) -> Bench:
    toy.BROKEN.clear()
    return Bench(refunds_pool)


async def plant(pool: asyncpg.Pool, table: str, column: str, value: str) -> None:
    """Changes the row of the order's ledger, which stands beside the tab of the same subject."""
    change = "UPDATE {} SET {} = {} WHERE kind = 'ledger' AND subject = 'o1'"
    await pool.execute(change.format(table, column, value))


async def go_on(bench: Bench, *subjects: str) -> None:
    """Tells the tabs of these orders of a payment, in one batch, and lets their deadlines pass."""
    paid = [bench.arrival(OrderPaidV1, name, T0 + MINUTE, f"paid-{name}") for name in subjects]
    async with asyncio.timeout(20):
        await bench.process(*paid)
    bench.processor.watermark = T0 + toy.HOUR + toy.GRACE
    async with asyncio.timeout(20):
        for _ in range(2 * len(subjects)):
            await bench.processor.fire_due(100)
    facts = await bench.facts()
    for name in subjects:
        told = [fact[1:] for fact in facts if fact[0] == name]
        assert told == [("TabOpened", 1), ("AmountAdded", 2), ("TabClosed", 3)], name


async def opened(bench: Bench, *subjects: str) -> None:
    await bench.process(*(bench.arrival(OrderPlacedV1, name, T0, f"placed-{name}") for name in subjects))


@pytest.mark.parametrize(("column", "value"), CASES)
async def test_a_case_that_nobody_can_use_holds_up_no_other(bench: Bench, column: str, value: str) -> None:
    await opened(bench, "o1", "o2")
    await bench.pool.execute(
        "INSERT INTO cases (subject, kind, case_id, version, state_name, state, shop_id, policy, wake_at,"
        " is_ended, opened_at, moved_at) VALUES ('o1', 'ledger', 'o1', 1, 'Open',"
        " '{\"total\": 0, \"pay_by\": \"2026-01-01T01:00:00Z\"}', 's1', 'toy@1', NULL, false, $1, $1)",
        T0,
    )
    await plant(bench.pool, "cases", column, value)
    await go_on(bench, "o1", "o2")
    assert bench.metrics.errors == []


@pytest.mark.parametrize(("column", "value"), WAITING)
async def test_a_message_that_nobody_can_use_holds_up_no_other(bench: Bench, column: str, value: str) -> None:
    await opened(bench, "o1", "o2")
    await bench.pool.execute(
        "INSERT INTO waiting (subject, kind, case_id, at, name, message, shop_id, reason, attempts, due_at,"
        ' cause_type, cause_source, cause_id, correlation, topic, partition, "offset", key, headers, value)'
        " VALUES ('o1', 'ledger', 'o1', $1, 'Added', '{\"amount\": 1}', 's1', 'mailbox', 0, $1, 't', 's',"
        " 'c', 'o1', 'shop.orders.v1', 0, 7, 'o1', '[]', 'x')",
        T0,
    )
    await plant(bench.pool, "waiting", column, value)
    await go_on(bench, "o1", "o2")
    assert bench.metrics.errors == []


async def test_what_other_code_wrote_stays_as_it_is(bench: Bench) -> None:
    """Rows of a kind that is to come, due and with a message: they wait for their release."""
    await opened(bench, "o1")
    await bench.pool.execute(
        "INSERT INTO cases SELECT subject, 'to-come', case_id, version, state_name, state, shop_id, policy,"
        " wake_at, is_ended, opened_at, moved_at, mark FROM cases WHERE kind = 'tab'"
    )
    await bench.pool.execute(
        "INSERT INTO waiting (subject, kind, case_id, at, name, message, shop_id, reason, attempts, retry_at,"
        " cause_type, cause_source, cause_id, correlation) VALUES ('o1', 'to-come', 'o1', $1, 'Added', '{}',"
        " 's1', 'failed', 1, $1, 't', 's', 'c', 'o1')",
        T0,
    )
    rows = "SELECT c.*, w.* FROM cases AS c JOIN waiting AS w USING (kind) WHERE kind = 'to-come'"
    before = await bench.pool.fetchrow(rows)
    await go_on(bench, "o1")
    assert await bench.pool.fetchrow(rows) == before
    assert await bench.processor.fire_due(100) == 0


async def test_a_message_for_a_state_that_nobody_can_read_ends_with_its_reason(bench: Bench) -> None:
    await opened(bench, "o1", "o2")
    await bench.pool.execute("UPDATE cases SET state_name = 'Gone' WHERE subject = 'o1'")
    await bench.process(
        *(bench.arrival(OrderPaidV1, name, T0 + MINUTE, f"paid-{name}") for name in ("o1", "o2"))
    )
    for _ in range(LIMITS.attempts):
        await bench.processor.fire_due(100)
    dead = await bench.pool.fetch("SELECT reason, subject, name, detail FROM dead_letters")
    assert [tuple(row)[:3] for row in dead] == [("rule_failed", "o1", "Added")]
    assert dead[0]["detail"].startswith("KeyError")
    assert ("o2", "AmountAdded", 2) in await bench.facts()


@pytest.mark.parametrize("moment", MOMENTS)
async def test_progress_and_facts_are_read_whatever_their_moments(bench: Bench, moment: str) -> None:
    """The watermark is within the bounds, and the relay passes the fact on."""
    topic = "shop.orders.v1"
    add = "INSERT INTO intake SELECT $1, partition, 1, {}, 0 FROM generate_series(1, $2) AS partition"
    await bench.pool.execute(add.format(moment), topic, TOPICS[topic].partitions)
    async with bench.pool.acquire() as connection:
        watermark = await PostgresWatermarks(bench.pool, [topic], TOPICS).stored(connection)
    assert 1999 <= watermark.year <= 2101
    await opened(bench, "o1")
    columns = "recorded_at, subject, kind, case_id, version, name, data, rules, policy, cause_type"
    columns += ", cause_source, cause_id, correlation, event_type, event_key"
    copy = "INSERT INTO facts (position, at, event, {0}) SELECT position + 1, {1}, 'x', {0} FROM facts"
    await bench.pool.execute(copy.format(columns, moment))
    async with bench.pool.acquire() as connection:
        (fact,) = await PostgresLogReader(connection).facts(0, 10)
    assert 1999 <= fact["at"].year <= 2101
