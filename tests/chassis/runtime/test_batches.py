"""Batches and store on a real PostgreSQL: repeats, waiting messages, failures, several writers at once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from aftersales_contracts.base import Money
from aftersales_contracts.envelope import Envelope
from aftersales_contracts.reasons import Reason
from aftersales_contracts.shop.orders import OrderClosedV1, OrderPaidV1, OrderPlacedV1
from chassis import clock
from chassis.engine.engine import Engine, Limits
from chassis.engine.records import Cause, PartitionId, StoredOrigin
from chassis.engine.registry import Registry
from chassis.ingest.decoder import Accepted, Arrival, Rejected
from chassis.ingest.inbox_keys import body_hash, inbox_key, month_of
from chassis.publish.log_tail import LogTail
from chassis.runtime.batches import BatchProcessor, BatchProgress
from chassis.service import Received
from chassis.store.progress import IS_BUSY
from chassis.store.store import Conflict, DatabaseBehind, PostgresStore
from chassis.store.watermarks import BEGINNING, END
from kernel.decider import Addressed
from tests.chassis import toy

pytestmark = pytest.mark.stack

T0 = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LIMITS = Limits(wait=timedelta(days=7), attempts=3, retry_delay=lambda attempts: timedelta(0))
CAUSE = Cause("shop.test.v1", "test", "e0", "o1", None)


class Silent:
    """Metrics that are only counted."""

    def __init__(self) -> None:
        self.repeats = 0
        self.errors: list[str] = []

    def handled(self, service: str, arrivals: Sequence[Arrival], repeats: int, seconds: float) -> None:
        self.repeats += repeats

    def decided(self, engine: Engine, wall_now: datetime) -> None: ...

    def dead(self, reason: str, count: int = 1) -> None: ...

    def retried(self, error: BaseException) -> None:
        self.errors.append(type(error).__name__)


class Bench:
    """A batch processor of the toy service, and shorthand for what it is given."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.metrics = Silent()
        self.log_tail = LogTail()
        registry = Registry(toy.TOY)
        self.processor = BatchProcessor(
            registry, PostgresStore(registry), pool, LIMITS, self.metrics, lambda: None, self.log_tail
        )
        self._offset = 0

    def arrival(
        self, event: type, order_id: str, at: datetime, event_id: str, amount_minor: int = 100
    ) -> Arrival:
        # Only what the toy reads is filled in: the decoder has its own tests.
        data = event.model_construct(  # type: ignore[attr-defined]
            order_id=order_id, shop_id="s1", paid_amount=toy_money(amount_minor)
        )
        envelope = Envelope(event_id, "test", event.TYPE, at, order_id)  # type: ignore[attr-defined]
        body = f"{order_id}{amount_minor}".encode()
        verdict = Accepted(
            Received(envelope, data, at),
            inbox_key("test", event_id),
            body_hash(envelope.type, body),
            month_of(at),
            at,
        )
        self._offset += 1
        origin = StoredOrigin("shop.orders.v1", 0, self._offset, order_id.encode(), (("h", b"\xff"),), body)
        return self.processor.translate(origin, verdict)

    async def process(self, *arrivals: Arrival) -> None:
        await self.processor.process(arrivals, BatchProgress(), END)

    async def facts(self) -> list[tuple[str, str, int]]:
        rows = await self.pool.fetch(
            "SELECT case_id, name, version FROM facts WHERE kind='tab' ORDER BY position"
        )
        return [tuple(row) for row in rows]


def toy_money(minor: int) -> Money:
    return Money(minor=minor, currency="CNY")


@pytest.fixture
async def bench(refunds_pool: asyncpg.Pool) -> AsyncIterator[Bench]:
    toy.BROKEN.clear()
    yield Bench(refunds_pool)
    toy.BROKEN.clear()


async def test_a_repeat_changes_nothing_and_another_body_is_a_dead_letter(bench: Bench) -> None:
    opened = bench.arrival(OrderPlacedV1, "o1", T0, "e1")
    paid = bench.arrival(OrderPaidV1, "o1", T0 + MINUTE, "e2")
    await bench.process(opened, paid, paid)
    await bench.process(paid, opened, bench.arrival(OrderPaidV1, "o1", T0 + MINUTE, "e2", 999))
    assert await bench.facts() == [("o1", "TabOpened", 1), ("o1", "AmountAdded", 2)]
    assert bench.metrics.repeats == 3
    rows = await bench.pool.fetch("SELECT reason, event_id, value, headers FROM dead_letters")
    assert [(r["reason"], r["event_id"], r["value"]) for r in rows] == [(Reason.ID_REUSED, "e2", b"o1999")]
    assert rows[0]["headers"] == '[["h","/w=="]]'


async def test_an_early_message_waits_in_the_database_and_is_offered_again(bench: Bench) -> None:
    await bench.process(bench.arrival(OrderPaidV1, "o1", T0 + MINUTE, "e2"))
    assert await bench.pool.fetchval("SELECT reason FROM waiting") == "early"
    await bench.process(bench.arrival(OrderPlacedV1, "o1", T0, "e1"))
    assert await bench.facts() == [("o1", "TabOpened", 1), ("o1", "AmountAdded", 2)]
    assert await bench.pool.fetchval("SELECT count(*) FROM waiting") == 0


async def test_deadlines_fire_by_the_watermark_and_reach_another_subject(bench: Bench) -> None:
    await bench.process(bench.arrival(OrderPlacedV1, "o1", T0, "e1"))
    assert await bench.processor.fire_due(100) == 0
    bench.processor.watermark = T0 + toy.HOUR + toy.GRACE
    assert await bench.processor.fire_due(100) == 1
    assert await bench.facts() == [("o1", "TabOpened", 1), ("o1", "TabClosed", 2)]
    assert await bench.processor.fire_due(100) == 1
    ledger = await bench.pool.fetch("SELECT name FROM facts WHERE subject = 'ledger-s1' ORDER BY position")
    assert [row[0] for row in ledger] == ["TabOpened", "AmountAdded"]
    assert await bench.pool.fetchval("SELECT count(*) FROM waiting") == 0


async def test_by_marks_a_message_behind_a_deadline_of_its_own_round_keeps_nothing_due(bench: Bench) -> None:
    """The subject has an older deadline too: it was due again and again, and the round never ended."""
    processor, end_of_round = bench.processor, T0 + 5 * toy.HOUR

    async def is_busy(mark: int) -> bool | None:
        await bench.pool.execute("UPDATE cursors SET position = (SELECT max(position) FROM cursors)")
        busy: bool | None = await bench.pool.fetchval(IS_BUSY.format(schema="refunds"), end_of_round, mark)
        return busy

    opened = bench.arrival(OrderPlacedV1, "o1", T0 + 30 * MINUTE, "e1")
    await processor.process([opened], BatchProgress(round_number=1), END)
    late = bench.arrival(OrderPlacedV1, "o1", T0 + 10 * MINUTE, "e2")
    second = Arrival(late.record, late.verdict, [Addressed("o1", "tab", "second", toy.Opened())])
    paid = bench.arrival(OrderPaidV1, "o1", T0 + 2 * toy.HOUR, "e3")
    await processor.process([second, paid], BatchProgress(round_number=2), END)
    assert await bench.pool.fetchval("SELECT reason FROM waiting") == "horizon"
    processor.watermark, processor.round_number = end_of_round, 2
    assert await processor.fire_due(100) == 0
    assert not await is_busy(2)
    assert await is_busy(3)
    processor.round_number = 3
    assert await processor.fire_due(100) == 1
    assert await processor.fire_due(100) == 1  # the cross-subject delivery to the shop's ledger
    assert await processor.fire_due(100) == 0
    assert await bench.facts() == [
        ("o1", "TabOpened", 1), ("second", "TabOpened", 1),
        ("second", "TabClosed", 2), ("o1", "TabClosed", 2),
    ]  # fmt: skip
    assert await bench.pool.fetchval("SELECT count(*) FROM waiting") == 0
    assert not await is_busy(3)


async def test_a_bug_in_one_case_leaves_the_rest_of_the_batch_alone(bench: Bench) -> None:
    await bench.process(
        bench.arrival(OrderPlacedV1, "o1", T0, "e1"), bench.arrival(OrderPlacedV1, "o2", T0, "e2")
    )
    toy.BROKEN.add("Added")
    await bench.process(
        bench.arrival(OrderPaidV1, "o1", T0 + MINUTE, "e3"),
        bench.arrival(OrderClosedV1, "o2", T0 + MINUTE, "e4"),
        bench.arrival(OrderClosedV1, "o1", T0 + 2 * MINUTE, "e5"),
    )
    assert [f for f in await bench.facts() if f[0] == "o2"] == [
        ("o2", "TabOpened", 1), ("o2", "TabClosed", 2),
    ]  # fmt: skip
    rows = await bench.pool.fetch("SELECT reason, error, value FROM waiting WHERE subject='o1' ORDER BY at")
    assert [row["reason"] for row in rows] == ["failed", "behind"]
    assert rows[0]["error"].startswith("RuntimeError in decide")
    assert rows[0]["value"] == b"o1100"
    toy.BROKEN.clear()
    await bench.processor.fire_due(100)
    assert [f for f in await bench.facts() if f[0] == "o1"] == [
        ("o1", "TabOpened", 1), ("o1", "AmountAdded", 2), ("o1", "TabClosed", 3),
    ]  # fmt: skip


async def test_what_is_set_aside_for_good_is_a_dead_letter_with_its_original_bytes(bench: Bench) -> None:
    await bench.process(bench.arrival(OrderPlacedV1, "o1", T0, "e1"))
    toy.BROKEN.add("Added")
    await bench.process(bench.arrival(OrderPaidV1, "o1", T0 + MINUTE, "e3"))
    for _ in range(LIMITS.attempts):
        await bench.processor.fire_due(100)
    row = await bench.pool.fetchrow("SELECT * FROM dead_letters")
    assert row is not None
    assert (row["reason"], row["value"], row["topic"], row["kind"]) == (
        Reason.RULE_FAILED, b"o1100", "shop.orders.v1", "tab",
    )  # fmt: skip
    assert await bench.pool.fetchval("SELECT wake_at FROM cases") == T0 + toy.HOUR + toy.GRACE


class Breaking(PostgresStore):
    """Its connection breaks in the middle of the first answer, as asyncpg tells of it."""

    is_broken = False

    async def first_seen(self, connection: Any, entries: Any) -> Any:
        if not self.is_broken:
            self.is_broken = True
            raise asyncpg.InternalClientError("got result for unknown protocol state")
        return await super().first_seen(connection, entries)


async def test_a_connection_that_breaks_within_an_answer_makes_no_dead_letter(bench: Bench) -> None:
    bench.processor._store = Breaking(Registry(toy.TOY))
    await bench.process(bench.arrival(OrderPlacedV1, "o1", T0, "e1"))
    assert bench.metrics.errors == ["InternalClientError"]
    assert await bench.facts() == [("o1", "TabOpened", 1)]
    assert await bench.pool.fetchval("SELECT count(*) FROM dead_letters") == 0


async def test_a_refused_record_is_kept_once_and_the_batch_goes_on(bench: Bench) -> None:
    origin = StoredOrigin("shop.orders.v1", 3, 7, None, (), b"\xff\x00")
    refused = bench.processor.translate(origin, Rejected(Reason.BAD_UTF8, "value"))
    await bench.process(refused, bench.arrival(OrderPlacedV1, "o1", T0, "e1"))
    await bench.process(refused)
    rows = await bench.pool.fetch('SELECT reason, partition, "offset", value, key FROM dead_letters')
    assert [tuple(row) for row in rows] == [(Reason.BAD_UTF8, 3, 7, b"\xff\x00", None)]
    assert await bench.facts() == [("o1", "TabOpened", 1)]


async def test_a_value_that_the_store_cannot_hold_costs_only_its_own_record(bench: Bench) -> None:
    arrivals = [bench.arrival(OrderPlacedV1, f"o{n}", T0, f"e{n}") for n in range(5)]
    arrivals[2] = bench.arrival(OrderPlacedV1, "o\x00x", T0, "bad")
    await bench.process(*arrivals)
    assert sorted(case for case, _, _ in await bench.facts()) == ["o0", "o1", "o3", "o4"]
    rows = await bench.pool.fetch("SELECT reason FROM dead_letters")
    assert [row[0] for row in rows] == [Reason.NOT_STORABLE]


async def test_a_defect_in_the_declaration_costs_only_its_own_record(bench: Bench) -> None:
    good, bad = bench.arrival(OrderPlacedV1, "o1", T0, "e1"), bench.arrival(OrderPlacedV1, "o2", T0, "e2")
    nowhere = Arrival(bad.record, bad.verdict, [Addressed("o2", "nobody", "o2", toy.Opened())])
    await bench.process(good, nowhere)
    assert await bench.facts() == [("o1", "TabOpened", 1)]
    rows = await bench.pool.fetch("SELECT reason FROM dead_letters")
    assert [row[0] for row in rows] == [Reason.RULE_FAILED]


async def test_a_waiting_message_that_nobody_can_read_any_more_fails_its_own_case(bench: Bench) -> None:
    await bench.process(bench.arrival(OrderPaidV1, "o1", T0, "e1"))
    await bench.pool.execute("UPDATE waiting SET name = 'Gone'")
    await bench.process(
        bench.arrival(OrderPlacedV1, "o1", T0, "e2"), bench.arrival(OrderPlacedV1, "o2", T0, "e3")
    )
    assert await bench.facts() == [("o1", "TabOpened", 1), ("o2", "TabOpened", 1)]
    row = await bench.pool.fetchrow("SELECT reason, name, error FROM waiting")
    assert row is not None
    assert (row["reason"], row["name"]) == ("failed", "Gone")
    assert row["error"].startswith("MessageUnreadable")


async def test_a_month_that_begins_while_the_process_runs_has_its_partition(bench: Bench) -> None:
    await bench.process(bench.arrival(OrderPlacedV1, "o1", T0, "e1"))
    names = {row[0] for row in await bench.pool.fetch("SELECT tablename FROM pg_tables")}
    first = clock.now().date().replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    assert {f"facts_{first:%Y%m}", f"facts_{following:%Y%m}"} <= names


async def test_a_subject_whose_deadlines_cannot_be_fired_holds_up_no_other(bench: Bench) -> None:
    await bench.process(
        bench.arrival(OrderPlacedV1, "o1", T0, "e1"), bench.arrival(OrderPlacedV1, "o2", T0, "e2")
    )
    await bench.pool.execute("UPDATE cases SET kind = 'nobody' WHERE subject = 'o1'")
    bench.processor.watermark = T0 + toy.HOUR + toy.GRACE
    for _ in range(4):
        await bench.processor.fire_due(100)
    assert await bench.facts() == [("o1", "TabOpened", 1), ("o2", "TabOpened", 1), ("o2", "TabClosed", 2)]


async def test_six_writers_at_once_lose_nothing_and_double_nothing(bench: Bench) -> None:
    orders = [f"o{n}" for n in range(20)]
    arrivals = [bench.arrival(OrderPlacedV1, order, T0, f"{order}-open") for order in orders]
    arrivals += [
        bench.arrival(OrderPaidV1, order, T0 + n * MINUTE, f"{order}-{n}", n)
        for n in range(1, 16)
        for order in orders
    ]
    writers = [Bench(bench.pool) for _ in range(6)]

    async def write(number: int) -> None:
        # Every record goes to two writers, in chunks that overlap: all of it is redelivered once.
        mine = [a for index, a in enumerate(arrivals) if index % 6 in {number, (number + 1) % 6}]
        for start in range(0, len(mine), 7):
            await writers[number].process(*mine[start : start + 7])

    await asyncio.gather(*(write(number) for number in range(6)))
    rows = await bench.pool.fetch("SELECT case_id, version, (state->>'total')::int AS total FROM cases")
    assert {row["case_id"]: (row["version"], row["total"]) for row in rows} == {
        order: (16, sum(range(1, 16))) for order in orders
    }
    versions = await bench.pool.fetch(
        "SELECT case_id, array_agg(version ORDER BY position) FROM facts GROUP BY 1"
    )
    assert all(row[1] == list(range(1, 17)) for row in versions)
    assert await bench.pool.fetchval("SELECT count(*) FROM waiting") == 0
    positions = [row[0] for row in await bench.pool.fetch("SELECT position FROM facts ORDER BY position")]
    assert positions == list(range(1, len(orders) * 16 + 1)), "gapless, in commit order"


async def test_a_paused_writer_that_comes_back_cannot_overwrite_newer_state(bench: Bench) -> None:
    await bench.process(bench.arrival(OrderPlacedV1, "o1", T0, "e1"))
    store = bench.processor._store
    async with bench.pool.acquire() as paused:
        subjects = await store.load(paused, ["o1"])
        await bench.process(bench.arrival(OrderPaidV1, "o1", T0 + MINUTE, "e2"))
        engine = Engine(Registry(toy.TOY), subjects, BEGINNING, T0, LIMITS)
        engine.arrive(toy.tab("o1", toy.Added(5)), T0, "s1", CAUSE, None, END)
        with pytest.raises(Conflict):
            await store.save(paused, subjects, [], [], 0)
    assert await bench.pool.fetchval("SELECT state->>'total' FROM cases") == "100"


async def test_a_killed_session_is_tried_again(bench: Bench) -> None:
    async with bench.pool.acquire() as holder, holder.transaction():
        await holder.execute("SELECT position FROM cursors WHERE name = 'head' FOR UPDATE")
        task = asyncio.create_task(bench.process(bench.arrival(OrderPlacedV1, "o1", T0, "e1")))
        async with bench.pool.acquire() as other:
            while not await other.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database()"
            ):
                await asyncio.sleep(0.01)
    await asyncio.wait_for(task, 20)
    assert await bench.facts() == [("o1", "TabOpened", 1)]
    assert len(bench.metrics.errors) == 1


async def test_a_database_that_was_set_back_takes_nothing_until_it_is_read_again(bench: Bench) -> None:
    partition_id = PartitionId("shop.orders.v1", 0)
    opened = bench.arrival(OrderPlacedV1, "o1", T0, "e1")
    await bench.processor.process([opened], BatchProgress({partition_id: 2}), END)
    bench.processor.watermark = T0 + toy.HOUR + toy.GRACE
    await bench.pool.execute("UPDATE intake SET next_offset = 1")
    added = bench.arrival(OrderPaidV1, "o1", T0 + MINUTE, "e2")
    with pytest.raises(DatabaseBehind):
        await bench.processor.process([added], BatchProgress({partition_id: 3}), END)
    with pytest.raises(DatabaseBehind):
        await bench.processor.fire_due(100)
    assert await bench.facts() == [("o1", "TabOpened", 1)]
    assert bench.metrics.errors == ["DatabaseBehind"] * 2
    bench.processor.forget()
    assert bench.processor.watermark == BEGINNING
    assert bench.log_tail.next_start(0) is None
    await bench.processor.process([added], BatchProgress({partition_id: 3}), END)
    assert await bench.facts() == [("o1", "TabOpened", 1), ("o1", "AmountAdded", 2)]


async def test_what_was_learned_of_a_partition_counts_as_noted(bench: Bench) -> None:
    partition_id, opened = PartitionId("shop.orders.v1", 0), bench.arrival(OrderPlacedV1, "o1", T0, "e1")
    with pytest.raises(DatabaseBehind):
        await bench.processor.process(
            [opened], BatchProgress({partition_id: 9}, learned={partition_id: 8}), END
        )
    assert await bench.facts() == []


async def test_no_deadline_is_decided_beyond_what_the_database_says_of_other_replicas(bench: Bench) -> None:
    await bench.process(bench.arrival(OrderPlacedV1, "o1", T0, "e1"))
    stored = T0

    async def bounded(_: object) -> datetime:
        return stored

    bench.processor.stored_watermark = bounded
    bench.processor.watermark = T0 + toy.HOUR + toy.GRACE
    assert await bench.processor.fire_due(100) == 0
    await bench.process(bench.arrival(OrderPaidV1, "o1", T0 + 2 * toy.HOUR, "e2"))
    assert await bench.facts() == [("o1", "TabOpened", 1)], "a message stepped over the deadline, or it fired"
    stored = END
    assert await bench.processor.fire_due(100) == 1
    assert [name for _, name, _ in await bench.facts()][:2] == ["TabOpened", "TabClosed"]


async def test_a_month_that_the_database_has_lost_is_made_again(bench: Bench) -> None:
    await bench.process(bench.arrival(OrderPlacedV1, "o1", T0, "e1"))
    await bench.pool.execute(f"DROP TABLE inbox_{T0:%Y%m}")
    await bench.process(bench.arrival(OrderPaidV1, "o1", T0 + MINUTE, "e2"))
    assert await bench.facts() == [("o1", "TabOpened", 1), ("o1", "AmountAdded", 2)]
