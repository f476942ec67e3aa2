"""Orders told step by step amid a fault, and the proof that nothing was lost and nothing happened twice.

The same orders were told once in calm. What an interrupted run leaves behind must equal that, fact by fact
and state by state, but for the names; what was announced must equal the facts, byte by byte; money is
counted on its own.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

from aftersales_contracts.aftersales.refunds import RefundPaymentRequestedV1
from aftersales_contracts.envelope import read
from aftersales_contracts.topics import SERVICES, outcome_topic
from chassis import clock
from cli.access import load_services
from simulator.records import Record
from tests.containers import engine
from tests.containers.stack import ContainerStack
from tests.faults.accounts import all_records
from tests.faults.controls import AMOUNT, STEP, STEP_COUNT, Control, controls, ends_of
from tests.faults.standing import Rest
from tests.support.away import AWAY

LIMIT_SECONDS = 150.0
LOOK_AGAIN_SECONDS = 0.5
SHOWN_COUNT = 3
CALM = "calm"
GAPS = """
SELECT f.subject, f.kind, f.case_id, count(*), max(f.version), max(c.version) FROM {0}.facts f
LEFT JOIN {0}.cases c USING (subject, kind, case_id)
GROUP BY f.subject, f.kind, f.case_id
HAVING count(*) <> max(f.version) OR count(DISTINCT f.version) <> count(*)
    OR max(f.version) IS DISTINCT FROM max(c.version)
"""
POSITIONS = """
SELECT count(*) - count(DISTINCT position) AS twice,
       (SELECT position FROM {0}.cursors WHERE name = 'head') - max(position) AS missing,
       max(position) - count(*) AS holes
FROM (SELECT position FROM {0}.facts UNION ALL SELECT position FROM {0}.dead_letters) AS log
"""
ANNOUNCED = (
    "SELECT kind || '/' || case_id || '/' || version AS id, event FROM {0}.facts WHERE event IS NOT NULL"
)

ASKED = "SELECT event FROM refunds.facts WHERE event_type = $1"
SETTINGS = {
    "AFTERSALES_KAFKA__SESSION_TIMEOUT_MS": "6000",
    "AFTERSALES_KAFKA__REQUEST_TIMEOUT_MS": "5000",
    "AFTERSALES_DATABASE__STATEMENT_TIMEOUT_MS": "5000",
    "AFTERSALES_DATABASE__IDLE_TRANSACTION_TIMEOUT_MS": "4000",
    "AFTERSALES_LIMITS__BATCH_RECORDS": "10",
    "AFTERSALES_LIMITS__RECONNECT_MOST_MS": "2000",
}
"""Short patience, so that a fault of seconds is one; small batches, so that it finds some under way."""


@dataclass
class Proof:
    """Who tells the orders of one stack, and checks what became of them."""

    stack: ContainerStack
    services: Sequence[str]
    order_count: int
    only_shipped: bool
    """Orders that are stopped before they leave need all four services."""
    start: datetime
    calm: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    told_count: int = 0

    def orders(self, run: str) -> list[Control]:
        """The orders of a run."""
        if self.only_shipped:
            return [Control(run, 2 * number, self.start) for number in range(self.order_count)]
        return controls(run, self.order_count, self.start)

    async def tell(self, run: str, number: int) -> None:
        """Publishes one step of all orders; returns when the brokers have acknowledged every record."""
        await self.publish([one for order in self.orders(run) for one in order.step(number)])

    async def publish(self, records: Sequence[Record]) -> None:
        """Publishes records as a patient publisher does: again until they are acknowledged."""
        end = clock.monotonic() + LIMIT_SECONDS
        while True:
            try:
                async with AIOKafkaProducer(
                    bootstrap_servers=self.stack.bootstrap_servers, enable_idempotence=True, linger_ms=2
                ) as producer:
                    await asyncio.gather(*[await _send(producer, one) for one in records])
            except AWAY:
                if clock.monotonic() > end:
                    raise
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
            else:
                self.told_count += len(records)
                return

    async def rest(self) -> None:
        """Returns once all that was told is handled and published."""
        end = clock.monotonic() + LIMIT_SECONDS
        services = [load_services()[name] for name in self.services]
        while True:
            try:
                async with (
                    asyncpg.create_pool(self.stack.database_url, min_size=1, max_size=2) as pool,
                    Rest(self.stack.bootstrap_servers, pool, services) as rest,
                ):
                    return await rest.wait(max(1.0, end - clock.monotonic()))
            except AWAY:
                if clock.monotonic() > end:
                    raise
                await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def play(self, run: str, *, first: int = 0, last: int = STEP_COUNT) -> None:
        """Tells the steps from `first` on up to `last`, each after all that the one before led to."""
        for number in range(first, last):
            await self.tell(run, number)
            await self.rest()

    async def ends(self, run: str) -> list[tuple[Any, ...]]:
        """All facts and states of a run, without its name."""
        connection = await asyncpg.connect(self.stack.database_url)
        try:
            return await ends_of(connection, run, self.services)
        finally:
            await connection.close()

    async def check(self, run: str) -> None:
        """Every invariant. Raises AssertionError with what does not hold."""
        amid = await self.ends(run)
        strange = [one for one in amid if one not in self.calm]
        assert strange[:SHOWN_COUNT] == [], f"{len(strange)} happened only amid the fault"
        assert [one for one in self.calm if one not in amid] == [], "lost amid the fault"
        assert amid == self.calm
        connection = await asyncpg.connect(self.stack.database_url)
        try:
            announced = {name: await self._log(connection, name) for name in self.services}
            await self._money(connection, run)
        finally:
            await connection.close()
        raw_count = sum([await self._outcomes(name, facts) for name, facts in announced.items()])
        outcome_count = sum(map(len, announced.values()))
        repeats = raw_count - outcome_count
        engine.tell(
            f"{run}: {len(amid)} facts and states equal; {outcome_count} outcomes, {repeats} repeated"
        )

    async def _log(self, connection: asyncpg.Connection, name: str) -> dict[str, bytes]:
        """A service's log has no gaps, repeats or dead letters; returns what it announced, by id."""
        assert [tuple(row) for row in await connection.fetch(GAPS.format(name))] == []
        row = await connection.fetchrow(POSITIONS.format(name))
        assert row is not None
        assert dict(row) == {"twice": 0, "missing": 0, "holes": 0}, name
        dead = await connection.fetch(f"SELECT reason, detail, topic FROM {name}.dead_letters")
        assert [tuple(one) for one in dead] == [], name
        return {row["id"]: row["event"].encode() for row in await connection.fetch(ANNOUNCED.format(name))}

    async def _outcomes(self, name: str, facts: dict[str, bytes]) -> int:
        """The topic has the outcomes of the facts, byte by byte, in order; returns its length."""
        told: dict[str, tuple[Any, bytes]] = {}
        newest: dict[tuple[int, str], int] = {}
        records = await all_records(self.stack.bootstrap_servers, [outcome_topic(name)])
        for (_, partition, _), raw in sorted(records.items(), key=lambda item: item[0]):
            envelope, data = read(raw.key, raw.headers, raw.value)
            if envelope.id in told:
                assert told[envelope.id] == (envelope, data), "a repeat with other bytes"
                continue
            told[envelope.id] = (envelope, data)
            case, _, version = envelope.id.rpartition("/")
            assert newest.get((partition, case), 0) < int(version), "a case's outcomes out of order"
            newest[partition, case] = int(version)
        assert {name: data for name, (_, data) in told.items()} == facts
        return len(records)

    async def _money(self, connection: asyncpg.Connection, run: str) -> None:
        """Of every order exactly what was paid is asked to be paid back, by one intent."""
        intents: dict[tuple[str, str], int] = {}
        for row in await connection.fetch(ASKED, RefundPaymentRequestedV1.TYPE):
            data = RefundPaymentRequestedV1.model_validate_json(row["event"])
            if data.order_id.startswith(f"{run}-"):
                assert (
                    intents.setdefault((data.order_id, data.intent_id), data.amount.minor)
                    == data.amount.minor
                )
        asked = sorted((order_id, amount) for (order_id, _), amount in intents.items())
        assert asked == sorted((order.name, AMOUNT) for order in self.orders(run))


async def _send(producer: AIOKafkaProducer, record: Record) -> "asyncio.Future[Any]":
    sent: asyncio.Future[Any] = await producer.send(
        record.topic, record.value, key=record.key, headers=list(record.headers)
    )
    return sent


@asynccontextmanager
async def proving(
    *,
    services: Sequence[str] = SERVICES,
    order_count: int,
    replicas: Mapping[str, int],
    broker_count: int = 1,
    disk_bytes: int | None = None,
) -> AsyncGenerator[Proof]:
    """A stack by the wall clock, on which the orders have been told once in calm."""
    async with ContainerStack(
        clock="wall", services=services, replicas=replicas, broker_count=broker_count, disk_bytes=disk_bytes,
        environment=SETTINGS,
    ) as stack:  # fmt: skip
        start = clock.now() - (STEP_COUNT + 1) * STEP
        proof = Proof(stack, services, order_count, len(services) == 1, start)
        await proof.play(CALM)
        proof.calm = await proof.ends(CALM)
        assert len(proof.calm) > order_count * 10
        await proof.check(CALM)
        yield proof
