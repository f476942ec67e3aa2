"""Plays what an engine can do to a running system: cables cut, a full disk, no memory, restarts in turn."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import asyncpg
import pytest_asyncio

from aftersales_contracts.shop import orders
from chassis import clock
from simulator.records import Record, announce
from simulator.script import SOURCES
from tests.containers import engine
from tests.containers.checks import Proof, proving
from tests.containers.parts import MEBIBYTE
from tests.containers.stack import DATABASE_FOLDER, PASSWORD, SERVICE_MEMORY_BYTES, ServiceContainer
from tests.faults.controls import STEP_COUNT

DISK_BYTES = 320 * MEBIBYTE
ORDER_COUNT = 24
CUT_SECONDS = 12.0
"""Longer than a session with the broker, a lease, and any wait for an answer."""
BITES_SECONDS = 60.0
ROOM_BYTES = 12 * MEBIBYTE
"""Memory that a service may use beyond what it holds, before it reaches its limit."""
BULKY_COUNT = 48
BULKY_BYTES = 900 * 1024
GROW = "CREATE TABLE no_room AS SELECT repeat(md5(n::text), 30) FROM generate_series(1, 9000) n"
BALLAST = f"{DATABASE_FOLDER}/ballast"


@pytest_asyncio.fixture(scope="module")
async def proof() -> AsyncGenerator[Proof]:
    """The four services, refunds twice, and a database with a disk of its own."""
    async with proving(order_count=ORDER_COUNT, replicas={"refunds": 2}, disk_bytes=DISK_BYTES) as made:
        yield made


async def eventually(what: str, service: ServiceContainer, *, ready: bool) -> None:
    """Returns once a replica says so of itself."""
    end = clock.monotonic() + BITES_SECONDS
    while await asyncio.to_thread(service.is_ready) is not ready:
        assert clock.monotonic() < end, f"{service.name}: {what}\n{service.part.tail()}"
        await asyncio.sleep(0.2)


async def test_a_replica_cut_from_the_broker_hands_over_and_comes_back(proof: Proof) -> None:
    """Both in turn, so that whoever publishes for both is cut once; the other does all the work meanwhile."""
    stack, run = proof.stack, "cutB"
    await proof.play(run, last=2)
    for key, first in (("refunds", 2), ("refunds-2", 4)):
        replica = stack.services[key]
        replica.part.cut(stack.broker_network)
        try:
            await proof.play(run, first=first, last=first + 2)
            await eventually("ready without a broker", replica, ready=False)
        finally:
            replica.part.mend(stack.broker_network)
        await eventually("does not find the broker again", replica, ready=True)
    await proof.play(run, first=6)
    await stack.wait_ready()
    await proof.check(run)


async def test_a_replica_cut_from_the_database_waits_and_goes_on(proof: Proof) -> None:
    """It keeps its partitions and reads on; what it could not write it writes afterwards, once."""
    stack, run = proof.stack, "cutD"
    await proof.play(run, last=2)
    for key, first in (("refunds", 2), ("refunds-2", 4)):
        replica = stack.services[key]
        telling = asyncio.create_task(proof.tell(run, first))
        replica.part.cut(stack.database_network)
        try:
            await telling
            await asyncio.sleep(CUT_SECONDS)
            await eventually("ready without a database", replica, ready=False)
        finally:
            replica.part.mend(stack.database_network)
        await proof.rest()
        await proof.play(run, first=first + 1, last=first + 2)
        await eventually("does not find the database again", replica, ready=True)
    await proof.play(run, first=6)
    await proof.check(run)


async def test_the_databases_disk_is_full_and_has_space_again(proof: Proof) -> None:
    """Services wait, whether the database refuses to grow or goes down with it, and go on by themselves."""
    stack, run = proof.stack, "disk"
    await proof.play(run, last=3)
    engine.tell(f"disk: {fill(proof)}")
    try:
        telling = asyncio.create_task(proof.tell(run, 3))
        refused = await refusal(proof)
        engine.tell(f"disk: the database says {refused}")
        await telling
        await asyncio.sleep(5)
    finally:
        stack.holder.execute("rm", "-f", BALLAST)
    await stack.wait_database()
    await proof.rest()
    await proof.play(run, first=4)
    await stack.wait_ready()
    await proof.check(run)


def fill(proof: Proof) -> str:
    """Leaves not a byte on the database's disk."""
    script = f"dd if=/dev/zero of={BALLAST} bs=64k 2>&1 | tail -1; df -k {DATABASE_FOLDER} | tail -1"
    said = proof.stack.holder.execute("sh", "-c", script)
    assert said.split()[-2] == "100%", said
    return " ".join(said.split())


async def refusal(proof: Proof) -> str:
    """Returns the database's answer to whoever wants to keep something."""
    end = clock.monotonic() + BITES_SECONDS
    while clock.monotonic() < end:
        try:
            connection = await asyncpg.connect(proof.stack.database_url, timeout=5)
            try:
                await connection.execute(GROW)
            finally:
                await connection.close()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            return type(error).__name__
    raise AssertionError("the database still has room")


def bulky(run: str) -> list[Record]:
    """Valid orders with a large field that nobody asked for; they concern no other order."""
    at = clock.now()
    found: list[Record] = []
    for number in range(BULKY_COUNT):
        name = f"{run}.bulky-{number:04}"
        closed = orders.OrderClosedV1.model_validate(
            {"shop_id": f"{name}.shop", "order_id": name, "cause": "refunded", "by": {"role": "system"}}
        )
        record = announce(closed, at=at, source=SOURCES[closed.TOPIC], event_id=name)
        assert record.value is not None
        padding = b',"padding":"' + b"x" * BULKY_BYTES + b'"}'
        found.append(replace(record, value=record.value[:-1] + padding))
    return found


async def test_a_service_killed_at_its_memory_limit_comes_back_by_itself(proof: Proof) -> None:
    """The kernel ends it amid a batch, its policy starts it, again and again until there is room."""
    stack, run = proof.stack, "oomk"
    await proof.play(run, last=3)
    replicas = [stack.services[key].part for key in ("refunds", "refunds-2")]
    before = [part.restart_count for part in replicas]
    for part in replicas:
        part.limit_memory(part.memory_bytes() + ROOM_BYTES)
    try:
        await asyncio.gather(proof.publish(bulky(run)), proof.tell(run, 3))
        end = clock.monotonic() + BITES_SECONDS
        while [part.restart_count for part in replicas] == before:
            assert clock.monotonic() < end, [part.memory_bytes() for part in replicas]
            await asyncio.sleep(0.2)
    finally:
        for part in replicas:
            part.limit_memory(SERVICE_MEMORY_BYTES)
    await proof.rest()
    killed = [part.restart_count - count for part, count in zip(replicas, before, strict=True)]
    engine.tell(f"memory: brought back {killed} times")
    await proof.play(run, first=4)
    await stack.wait_ready()
    await proof.check(run)


async def test_everything_is_restarted_in_turn_while_orders_come_in(proof: Proof) -> None:
    """Replica by replica, then the broker, then the database, each while a step of the orders is told."""
    stack, run = proof.stack, "roll"
    parts = [*(service.part for service in stack.services.values()), *stack.brokers, stack.database]
    assert len(parts) < STEP_COUNT
    for number, part in enumerate(parts):
        playing = asyncio.create_task(proof.play(run, first=number, last=number + 1))
        await asyncio.to_thread(part.restart)
        await playing
        await stack.wait_ready()
    await proof.play(run, first=len(parts))
    engine.tell(f"restarted in turn: {', '.join(part.name for part in parts)}")
    await proof.check(run)


async def migrate(proof: Proof, image: str) -> None:
    """Migrates all services as an operator does: by a one-shot container of the version to come."""
    environment = {
        "AFTERSALES_DATABASE__URL": f"postgresql://postgres:{PASSWORD}@database:5432/postgres",
        "AFTERSALES_KAFKA__BOOTSTRAP_SERVERS": "kafka-1:9092",
    }
    settings = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
    network = proof.stack.database_network.name
    await asyncio.to_thread(
        engine.docker, "run", "--rm", "--network", network, *settings, image, "aftersales", "migrate"
    )


async def writers(proof: Proof, run: str) -> set[str]:
    """The versions that wrote refunds' facts of a run; this version does not say so."""
    connection = await asyncpg.connect(proof.stack.database_url)
    try:
        rows = await connection.fetch(
            "SELECT DISTINCT coalesce(written_by, 'this') FROM refunds.facts WHERE subject LIKE $1 || '-%'",
            run,
        )
    finally:
        await connection.close()
    return {row[0] for row in rows}


async def replace_replicas(proof: Proof, version: str, image: str) -> None:
    """A new replica of every one that runs, one after the other: first the new one, then the old one goes."""
    stack = proof.stack
    for key, old in list(stack.services.items()):
        if key.endswith(f"@{version}"):
            continue
        new = await stack.add(f"{key.split('@')[0]}@{version}", old.name, image)
        await eventually(f"{version} does not start", new, ready=True)
        await asyncio.to_thread(old.part.stop)
        del stack.services[key]
