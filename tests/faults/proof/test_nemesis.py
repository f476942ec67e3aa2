"""The nemesis on a real system: what it does bites, and when it has healed nothing of it is left."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from chassis import clock
from tests.faults.controls import STEP_COUNT, Control
from tests.faults.proof import patched
from tests.faults.proof.nemesis import CELLS, KINDS, Nemesis
from tests.faults.proof.proxy import Harm
from tests.faults.proof.pulse import Pulse
from tests.faults.proof.world import World, world

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(400)]

SEED = 4_242
TRIED = (
    "kill", "freeze_before_commit", "kill_between_publish_and_cursor", "postgres_restart", "head_locked",
    "clock_step", "half_open", "commit_answer_lost",
)  # fmt: skip
MOVE_LIMIT_SECONDS = 60.0


@pytest_asyncio.fixture(scope="module")
async def shop() -> AsyncIterator[World]:
    """Refunds twice, with orders coming in all the time."""
    async with world(seed=SEED, services=("refunds",)) as made:
        telling = asyncio.create_task(_tell(made.bootstrap_servers))
        yield made
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


async def _tell(bootstrap_servers: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap_servers, linger_ms=2) as producer:
        for number in range(1_000_000):
            start = clock.now() - timedelta(hours=10)
            for step in range(STEP_COUNT):
                for one in Control(f"n{number:06d}", 0, start).step(step):
                    try:
                        await producer.send(one.topic, one.value, key=one.key, headers=list(one.headers))
                    except KafkaError:
                        await asyncio.sleep(0.5)  # the broker is one of those that are struck
            await asyncio.sleep(0.02)


def test_there_are_enough_kinds_and_the_cells_of_the_public_survey_are_among_them() -> None:
    assert len(KINDS) >= 20
    assert set(CELLS.values()) == {
        "postgres_restart", "backend_kill_storm", "pool_exhaustion", "crash_recovery", "repeated_kills",
        "idle_in_transaction", "active_readers",
    }  # fmt: skip


async def test_faults_bite_and_heal(shop: World) -> None:
    nemesis = Nemesis(shop, SEED, TRIED, mix_count=1, mix_seconds=0.5, calm_seconds=0.5)
    stop = asyncio.Event()
    running = asyncio.create_task(nemesis.run(stop))
    while len(nemesis.log) < len(TRIED):  # one after the other, so that none finds its target taken
        assert not running.done(), running
        await asyncio.sleep(0.1)
    stop.set()
    await running
    await nemesis.heal()
    report = "\n".join(f"{f.kind} {f.target}: {f.proof or 'no'} {f.recovered_seconds}" for f in nemesis.log)
    print(report)
    assert {fault.kind for fault in nemesis.log} == set(TRIED)
    assert sum(bool(fault.proof) for fault in nemesis.log) >= len(TRIED) - 2, report
    assert all(fault.ended_at is not None for fault in nemesis.log), report
    assert all(fault.recovered_seconds is not None for fault in nemesis.log), report
    await shop.wait_ready()
    for replica in shop.replicas.values():
        assert (replica.kafka.harm, replica.database.harm) == (Harm(), Harm())
        assert not replica.failpoint_file.exists()
        asked_count = patched.shifted_count(replica.clock_file)
        await asyncio.sleep(0.5)
        assert patched.shifted_count(replica.clock_file) == asked_count
    assert await Pulse(shop).recovery_seconds("refunds", MOVE_LIMIT_SECONDS) is not None


async def test_replicas_reach_the_broker_through_their_proxies_only(shop: World) -> None:
    for replica in shop.replicas.values():
        assert replica.kafka.open_count >= 2, "one to ask, one to the group's coordinator"
        assert replica.database.open_count >= 2


async def test_a_renewed_world_begins_with_nothing_and_under_a_patch(shop: World) -> None:
    before = shop.database_url
    await shop.renew("announced_twice")
    assert shop.database_url != before
    assert {replica.patch for replica in shop.replicas.values()} == {"announced_twice"}
    await shop.renew()
    assert {replica.patch for replica in shop.replicas.values()} == {None}
