"""A database restored behind Kafka, a Kafka that lost outcomes, a person erased: on running services."""

import asyncio
import base64
import subprocess
import urllib.request
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from aftersales_contracts.envelope import read
from aftersales_contracts.topics import SERVICES, outcome_topic
from chassis import clock
from chassis.operate.provision import role_of
from cli import upkeep
from cli.access import BROKERS, DATABASE, load_services
from cli.errors import CommandError
from cli.stack import LocalStack
from devstack.postgres_files import programs
from tests.faults.accounts import all_records
from tests.faults.controls import STEP, STEP_COUNT, controls, ends_of
from tests.faults.standing import Rest

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(400)]
ORDER_COUNT = 12
RUN = "restored"
LIMIT_SECONDS = 120.0
PERSON = f"{RUN}-0004.buyer"
ACCOUNT = f"{RUN}-0004.account"
PHONE = "13800138000"
CANARY = "13911112222"


@dataclass
class World:
    """The four services by the wall clock, and who publishes to them."""

    local: LocalStack
    pool: asyncpg.Pool
    producer: AIOKafkaProducer
    rest: Rest
    start: datetime

    async def tell(self, steps: Sequence[int]) -> None:
        """Publishes these steps of all orders, each when the one before has been handled."""
        for step in steps:
            for order in controls(RUN, ORDER_COUNT, self.start):
                for one in order.step(step):
                    await self.producer.send(one.topic, one.value, key=one.key, headers=list(one.headers))
            await self.producer.flush()
            await self.rest.wait(LIMIT_SECONDS)

    async def stop(self) -> None:
        for service in self.local.services.values():
            await asyncio.to_thread(service.part.stop)

    async def start_again(self) -> None:
        for service in self.local.services.values():
            service.launch()
        await self.local.wait_ready()

    async def announced(self) -> dict[tuple[str, str], bytes]:
        """Every outcome once, by source and id. Raises AssertionError where a repeat says something else."""
        records = await all_records(self.local.bootstrap_servers, [outcome_topic(s) for s in SERVICES])
        found: dict[tuple[str, str], bytes] = {}
        for raw in records.values():
            envelope, data = read(raw.key, raw.headers, raw.value)
            assert found.setdefault((envelope.source, envelope.id), data) == data, envelope.id
        return found

    async def decided(self) -> dict[tuple[str, str], bytes]:
        """Every outcome that the facts hold."""
        found: dict[tuple[str, str], bytes] = {}
        for service in SERVICES:
            rows = await self.pool.fetch(
                "SELECT kind || '/' || case_id || '/' || version AS id, event"
                f" FROM {service}.facts WHERE event IS NOT NULL"
            )
            found |= {(f"aftersales/{service}", row["id"]): row["event"].encode() for row in rows}
        return found

    async def ends(self) -> list[tuple[object, ...]]:
        """All facts and states."""
        async with self.pool.acquire() as connection:
            return [tuple(one) for one in await ends_of(connection, RUN)]


@pytest_asyncio.fixture(scope="module")
async def world() -> AsyncGenerator[World]:
    async with (
        LocalStack(clock="wall") as local,
        asyncpg.create_pool(local.database_url, min_size=1, max_size=3) as pool,
        Rest(local.bootstrap_servers, pool, list(load_services().values())) as rest,
        AIOKafkaProducer(bootstrap_servers=local.bootstrap_servers) as producer,
    ):
        yield World(local, pool, producer, rest, clock.now() - (STEP_COUNT + 1) * STEP)


@pytest.fixture(autouse=True)
def known(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BROKERS, world.local.bootstrap_servers)
    monkeypatch.setenv(DATABASE, world.local.database_url)


def run_program(name: str, *arguments: str) -> str:
    done = subprocess.run(
        [str(programs(None) / name), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_a_database_restored_behind_kafka_loses_and_doubles_nothing(
    world: World, tmp_path: Path
) -> None:
    url, backup = world.local.database_url, str(tmp_path / "backup")
    await world.tell(range(3))
    await asyncio.to_thread(run_program, "pg_dump", "--format=custom", f"--file={backup}", url)
    await world.tell(range(3, 6))
    ends, announced = await world.ends(), await world.announced()
    with pytest.raises(CommandError, match="stop every replica"):
        await upkeep.rewind("refunds", is_trial=False)
    await world.stop()
    for service in SERVICES:
        await world.pool.execute(f"DROP SCHEMA {service} CASCADE")
    await asyncio.to_thread(run_program, "pg_restore", "--exit-on-error", f"--dbname={url}", backup)
    restored = await world.ends()
    assert len(restored) < len(ends)

    trial = await upkeep.rewind(None, is_trial=True)
    done = await upkeep.rewind(None, is_trial=False)
    assert trial == done
    assert {one.service for one in done if one.is_changed} == set(SERVICES)
    assert not any(one.lost_count or one.ahead_count for one in done)
    assert not any(one.is_changed for one in await upkeep.rewind(None, is_trial=True))

    await world.start_again()
    await world.rest.wait(LIMIT_SECONDS)
    again = await world.ends()
    assert [one for one in ends if one not in again] == []
    assert again == ends
    assert await world.announced() == announced == await world.decided()


@pytest.mark.parametrize("are_running", [True, False])
async def test_services_notice_by_themselves_that_their_database_was_set_back(
    world: World, tmp_path: Path, *, are_running: bool
) -> None:
    """A standby that lacked the last commits takes over, or a restore was not followed by `rewind`."""
    url, backup = world.local.database_url, str(tmp_path / "backup")
    await world.rest.wait(LIMIT_SECONDS)
    await asyncio.to_thread(run_program, "pg_dump", "--format=custom", f"--file={backup}", url)
    await world.tell([6] if are_running else [7])
    ends, announced = await world.ends(), await world.announced()
    if not are_running:
        await world.stop()
    for service in SERVICES:
        await world.pool.execute(f"ALTER ROLE {role_of(service)} NOLOGIN")
    await world.pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ANY ($1::text[])",
        [role_of(service) for service in SERVICES],
    )
    for service in SERVICES:
        await world.pool.execute(f"DROP SCHEMA {service} CASCADE")
    await asyncio.to_thread(run_program, "pg_restore", "--exit-on-error", f"--dbname={url}", backup)
    assert len(await world.ends()) < len(ends)
    for service in SERVICES:
        await world.pool.execute(f"ALTER ROLE {role_of(service)} LOGIN")
    if not are_running:
        await world.start_again()
    await world.rest.wait(LIMIT_SECONDS)
    assert await world.ends() == ends
    assert await world.announced() == announced == await world.decided()


async def test_outcomes_that_kafka_lost_are_published_again_with_the_same_ids(world: World) -> None:
    before = await world.decided()
    admin = AIOKafkaAdminClient(bootstrap_servers=world.local.bootstrap_servers)
    await admin.start()
    try:
        places = [TopicPartition(outcome_topic(s), n) for s in SERVICES for n in range(12)]
        await admin.delete_records({place: RecordsToDelete(before_offset=-1) for place in places})
    finally:
        await admin.close()
    assert await world.announced() == {}
    assert set(await upkeep.publish_again(None, datetime(2026, 1, 1, tzinfo=UTC))) == set(SERVICES)
    end = clock.monotonic() + LIMIT_SECONDS
    while await world.announced() != before:
        assert clock.monotonic() < end, "not everything was published again"
        await asyncio.sleep(0.2)
    await world.rest.wait(LIMIT_SECONDS)
    assert await world.decided() == before, "a repeat of an outcome was taken for a new one"


async def test_no_log_line_metric_or_detail_repeats_what_a_record_says(world: World) -> None:
    placed = controls(RUN, 1, world.start)[0].step(0)[0]
    assert placed.key is not None
    assert placed.value is not None
    headers = [header for header in placed.headers if header[0] != "ce_id"]
    canaries = {name: f"canary-{name}-{CANARY}" for name in ("value", "field", "header", "key", "type")}
    spoiled = placed.value.replace(b'"seller_type"', f'"{canaries["field"]}"'.encode())
    own = ("ce_id", b"spoiled")
    for key, more, value in (
        (placed.key, [own], spoiled),
        (placed.key, [own], f'{{"seller_type": "{canaries["value"]}"}}'.encode()),
        (placed.key, [own, (canaries["header"], b"x"), ("ce_extra", canaries["header"].encode())], b"{"),
        (canaries["key"].encode(), [own], placed.value),
    ):
        await world.producer.send_and_wait(placed.topic, value, key=key, headers=[*headers, *more])
    unknown = [
        ("ce_type", canaries["type"].encode()) if name == "ce_type" else (name, v) for name, v in headers
    ]
    await world.producer.send_and_wait(placed.topic, placed.value, key=placed.key, headers=[*unknown, own])
    await world.rest.wait(LIMIT_SECONDS)
    told = await asyncio.to_thread(logs_and_metrics, world)
    assert len(told) == 2 * len(SERVICES)
    assert all(told)
    for service in SERVICES:
        rows = await world.pool.fetch(f"SELECT reason, detail FROM {service}.dead_letters")
        told += [f"{row['reason']} {row['detail']}" for row in rows]
    assert await world.pool.fetchval("SELECT count(*) FROM refunds.dead_letters") >= 5
    assert [text for text in told if CANARY in text] == []


async def test_nothing_of_an_erased_person_is_left_in_the_tables_and_the_orders_go_on(world: World) -> None:
    order = controls(RUN, ORDER_COUNT, world.start)[4]
    for topic, key, value in (
        ("shop.customers.v1", PERSON, f'{{"note": "{PERSON} moved"'),
        ("shop.orders.v1", order.name, f'{{"text": "call {PHONE}"'),
    ):
        headers = [("ce_specversion", b"1.0"), ("ce_subject", key.encode()), ("ce_id", b"x1")]
        await world.producer.send_and_wait(topic, value.encode(), key=key.encode(), headers=headers)
    await world.rest.wait(LIMIT_SECONDS)
    held = await asyncio.to_thread(dump, world)
    assert all(places_of(held, canary) for canary in (PERSON, ACCOUNT, PHONE))
    facts_before = sum(1 for _ in await world.decided())

    counts = await upkeep.erase([PERSON, ACCOUNT])
    assert all(counts[service]["facts"] for service in ("refunds", "customers"))
    left = await asyncio.to_thread(dump, world)
    assert {canary: places_of(left, canary) for canary in (PERSON, ACCOUNT, PHONE)} == {
        PERSON: 0, ACCOUNT: 0, PHONE: 0,
    }  # fmt: skip
    assert f"{RUN}-0005.buyer" in left, "somebody else was erased too"
    assert sum(1 for _ in await world.decided()) == facts_before

    letters = await world.pool.fetch("SELECT position FROM customers.dead_letters WHERE detail = 'erased'")
    assert letters
    dead_before = await dead_count(world)
    await world.tell(range(6, STEP_COUNT))
    assert await dead_count(world) == dead_before
    ended = await world.pool.fetch(
        "SELECT kind FROM refunds.cases WHERE subject = $1 AND kind LIKE 'refund%' AND is_ended", order.name
    )
    assert ended


async def test_an_identifier_that_is_no_word_of_its_own_is_refused(world: World) -> None:
    for identifier in ("4711", "a b c d e f", "x' OR 1=1"):
        with pytest.raises(CommandError, match="identifier"):
            await upkeep.erase([identifier])


def logs_and_metrics(world: World) -> list[str]:
    """Collects the logs and metrics of all services."""
    told = [(world.local.logs / f"{service}.log").read_text("utf-8") for service in SERVICES]
    for service in world.local.services.values():
        with urllib.request.urlopen(f"{service.url}/metrics", timeout=10) as answer:  # noqa: S310  http, on loopback
            told.append(answer.read().decode())
    return told


async def dead_count(world: World) -> int:
    return sum(
        [await world.pool.fetchval(f"SELECT count(*) FROM {service}.dead_letters") for service in SERVICES]
    )


def dump(world: World) -> str:
    """All rows of all tables as text."""
    return run_program("pg_dump", "--data-only", world.local.database_url)


def places_of(held: str, canary: str) -> int:
    """Counts the places of a canary in a text: as text, as the hexadecimal of bytes, and in base64."""
    forms = (canary, canary.encode().hex(), base64.b64encode(canary.encode()).decode())
    return sum(held.count(form) for form in forms)
