"""Two replicas share a service; one is frozen past its session, comes back, and can do no harm."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from aftersales_contracts.envelope import read
from aftersales_contracts.topics import outcome_topic
from chassis import clock
from chassis.service import Service
from cli.access import load_services
from cli.stack import LocalStack, ServiceProcess
from devstack import ports
from devstack.part import Part
from tests.faults.accounts import all_records
from tests.faults.controls import STEP, STEP_COUNT, Control, ends_of
from tests.faults.standing import Rest

SEED = 4_711
ORDER_COUNT = 150
GROUP = "aftersales-refunds"
LIMIT_SECONDS = 120.0
LOOK_AGAIN_SECONDS = 0.05
FREEZE_WITHIN_SECONDS = 0.05
FROZEN_LOOK_SECONDS = 0.1
TRIES_COUNT = 20
SETTINGS = {
    "AFTERSALES_KAFKA__SESSION_TIMEOUT_MS": "6000",
    "AFTERSALES_DATABASE__IDLE_TRANSACTION_TIMEOUT_MS": "4000",
    "AFTERSALES_LIMITS__BATCH_RECORDS": "10",
}
pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.long, pytest.mark.timeout(600)]
FROZEN_IN_STEPS = {2: "first", 4: "second"}
"""Step of the orders -> the replica that is frozen in it, and comes back in the step after."""
IN_TRANSACTION = """
SELECT count(*) FROM pg_stat_activity
WHERE application_name = 'aftersales-refunds' AND state = 'idle in transaction'
  AND state_change < clock_timestamp() - interval '80 ms'
"""
GAPS = """
SELECT f.kind, f.case_id, count(*), max(f.version), max(c.version) FROM refunds.facts f
LEFT JOIN refunds.cases c USING (subject, kind, case_id)
GROUP BY f.subject, f.kind, f.case_id
HAVING count(*) <> max(f.version) OR count(DISTINCT f.version) <> count(*)
    OR max(f.version) IS DISTINCT FROM max(c.version)
"""
ANNOUNCED = """
SELECT kind || '/' || case_id || '/' || version AS id, event FROM refunds.facts WHERE event IS NOT NULL
"""


@dataclass
class Pair:
    """Two processes of refunds, and who publishes to them."""

    local: LocalStack
    replicas: Mapping[str, ServiceProcess]
    service: Service
    pool: asyncpg.Pool
    producer: AIOKafkaProducer
    rest: Rest
    admin: AIOKafkaAdminClient
    dice: Random

    async def tell(self, orders: list[Control], number: int) -> None:
        """Publishes one step of all orders."""
        sent = [
            await self.producer.send(one.topic, one.value, key=one.key, headers=list(one.headers))
            for order in orders
            for one in order.step(number)
        ]
        await asyncio.gather(*sent)

    async def members(self) -> int:
        """Number of processes that the group has."""
        answers: Any = await self.admin.describe_consumer_groups([GROUP])
        _, _, state, _, _, members, *_ = answers[0].groups[0]
        return len(members) if state == "Stable" else 0

    async def wait_members(self, count: int) -> None:
        """Returns once the group is settled with so many members."""
        end = clock.monotonic() + LIMIT_SECONDS
        while await self.members() != count:
            assert clock.monotonic() < end, f"the group never had {count} members"
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def freeze(self, name: str) -> bool:
        """Stops a replica at once, if it can be within a transaction; says whether it is."""
        part = self.replicas[name].part
        for _ in range(TRIES_COUNT):
            await asyncio.sleep(self.dice.uniform(0, FREEZE_WITHIN_SECONDS))  # a moment that nobody chose
            part.pause()
            await asyncio.sleep(FROZEN_LOOK_SECONDS)  # whoever still runs has moved on by then
            if await self.pool.fetchval(IN_TRANSACTION):
                return True
            part.resume()
        part.pause()
        return False


@asynccontextmanager
async def two_replicas() -> AsyncGenerator[Pair]:
    """Refunds twice, on a stack of their own."""
    service = load_services()["refunds"]
    names = ("refunds",)
    (port,) = await asyncio.to_thread(ports.free, 1)
    async with (
        LocalStack(clock="wall", services=names, environment=SETTINGS) as local,
        asyncpg.create_pool(local.database_url, min_size=1, max_size=3) as pool,
        Rest(local.bootstrap_servers, pool, [service]) as rest,
        AIOKafkaProducer(bootstrap_servers=local.bootstrap_servers, linger_ms=2) as producer,
    ):
        first = local.services["refunds"]
        second = ServiceProcess(
            "refunds",
            Part("service refunds, second", local.logs / "refunds-2.log"),
            port,
            {**first.environment, "AFTERSALES_HTTP__PORT": str(port)},
        )
        local.services["second"] = second  # the stack stops it with the others
        second.launch()
        admin = AIOKafkaAdminClient(bootstrap_servers=local.bootstrap_servers)
        await admin.start()
        try:
            replicas = {"first": first, "second": second}
            pair = Pair(local, replicas, service, pool, producer, rest, admin, Random(SEED))
            await local.wait_ready()
            await pair.wait_members(2)
            yield pair
        finally:
            await admin.close()
            for each in (first, second):
                if each.part.running:
                    each.part.resume()


def orders_of(run: str, start: datetime) -> list[Control]:
    """The orders that are shipped: those stopped before need the other services."""
    return [Control(run, 2 * number, start) for number in range(ORDER_COUNT)]


async def check_outcomes(pair: Pair) -> None:
    """The topic holds the outcomes of the facts: each id with the same bytes, each case in its order."""
    facts = {row["id"]: row["event"].encode() for row in await pair.pool.fetch(ANNOUNCED)}
    told: dict[str, tuple[Any, bytes]] = {}
    newest: dict[tuple[int, str], int] = {}
    records = await all_records(pair.local.bootstrap_servers, [outcome_topic("refunds")])
    for (_, partition, _), raw in sorted(records.items(), key=lambda item: item[0]):
        envelope, data = read(raw.key, raw.headers, raw.value)
        if envelope.id in told:
            assert told[envelope.id] == (envelope, data)
            continue
        told[envelope.id] = (envelope, data)
        case, _, version = envelope.id.rpartition("/")
        assert newest.get((partition, case), 0) < int(version), "a key's outcomes out of order"
        newest[partition, case] = int(version)
    assert {name: data for name, (_, data) in told.items()} == facts


async def test_a_frozen_replica_that_comes_back_loses_nothing_and_repeats_nothing() -> None:
    async with two_replicas() as pair:
        start = clock.now() - (STEP_COUNT + 1) * STEP
        for number in range(STEP_COUNT):
            await pair.tell(orders_of("calm", start), number)
        await pair.rest.wait(LIMIT_SECONDS)
        assert all(replica.is_ready() for replica in pair.replicas.values())
        caught: dict[str, bool] = {}
        frozen: str | None = None
        for number in range(STEP_COUNT):
            telling = asyncio.create_task(pair.tell(orders_of("amid", start), number))
            if frozen is not None:
                pair.replicas[frozen].part.resume()
                frozen = None
            elif number in FROZEN_IN_STEPS:
                frozen = FROZEN_IN_STEPS[number]
                caught[frozen] = await pair.freeze(frozen)
            await telling
            if frozen is not None:
                await pair.wait_members(1)
            await pair.rest.wait(LIMIT_SECONDS)
        await pair.local.wait_ready()
        await pair.wait_members(2)
        print("frozen within a transaction:", caught)
        assert [tuple(row) for row in await pair.pool.fetch(GAPS)] == []
        async with pair.pool.acquire() as connection:
            calm = await ends_of(connection, "calm", ["refunds"])
            amid = await ends_of(connection, "amid", ["refunds"])
        assert len(calm) > ORDER_COUNT * 10
        assert [one for one in amid if one not in calm] == []
        assert amid == calm
        assert await pair.pool.fetchval("SELECT count(*) FROM refunds.dead_letters") == 0
        await check_outcomes(pair)
