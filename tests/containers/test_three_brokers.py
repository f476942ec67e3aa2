"""Three brokers, every record on all: what is acknowledged survives a leader, and two at least hold it."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, NotEnoughReplicasError, RequestTimedOutError

from aftersales_contracts.topics import TOPICS
from chassis import clock
from tests.containers import engine
from tests.containers.checks import Proof, proving
from tests.containers.stack import ContainerStack

ORDER_COUNT = 24
BROKER_COUNT = 3
MIN_INSYNC_COUNT = 2
SETTLE_SECONDS = 90.0
REFUSED_WITHIN_MS = 4_000
UNACKNOWLEDGED = (NotEnoughReplicasError, RequestTimedOutError)
"""Answers of the last broker: not taken, or not confirmed where it has not yet heard that it is alone."""


@pytest_asyncio.fixture(scope="module")
async def proof() -> AsyncGenerator[Proof]:
    """Refunds on three brokers; the first of them keeps the cluster's metadata as well."""
    async with proving(
        services=("refunds",), order_count=ORDER_COUNT, replicas={}, broker_count=BROKER_COUNT
    ) as made:
        yield made


async def partitions(stack: ContainerStack) -> list[tuple[int, int]]:
    """(leader's node, replicas in sync) of every partition of the contracts; nothing where none answered."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap_servers)
    try:
        await admin.start()
        described = await admin.describe_topics(list(TOPICS))
    except KafkaError:  # it asks any of them, and some are down
        return []
    finally:
        await admin.close()
    return [(each["leader"], len(each["isr"])) for topic in described for each in topic["partitions"]]


async def in_sync(stack: ContainerStack, count: int) -> None:
    """Returns once every partition has a leader and that many replicas in sync."""
    end = clock.monotonic() + SETTLE_SECONDS
    while True:
        found = await partitions(stack)
        if found and all(leader > 0 and replicas == count for leader, replicas in found):
            return
        assert clock.monotonic() < end, Counter(found)
        await asyncio.sleep(0.5)


async def test_every_topic_is_held_by_all_and_needs_two(proof: Proof) -> None:
    """Otherwise the tests below would prove nothing."""
    await in_sync(proof.stack, BROKER_COUNT)
    leaders = Counter(leader for leader, _ in await partitions(proof.stack))
    assert set(leaders) == {1, 2, 3}
    said = proof.stack.brokers[0].execute(
        "/opt/kafka/bin/kafka-configs.sh", "--bootstrap-server", "kafka-1:9092", "--describe", "--all",
        "--entity-type", "brokers", "--entity-name", "1",
    )  # fmt: skip
    assert f"min.insync.replicas={MIN_INSYNC_COUNT} " in said


async def test_a_leader_is_killed_and_nothing_acknowledged_is_lost(proof: Proof) -> None:
    """Killed amid publishing; the two others take its partitions over and all goes on without it."""
    stack, run = proof.stack, "lead"
    victim = stack.brokers[1]
    await proof.play(run, last=3)
    telling = asyncio.create_task(proof.tell(run, 3))
    await asyncio.to_thread(victim.kill)
    await telling
    await proof.rest()
    await proof.play(run, first=4, last=6)
    leaders = Counter(leader for leader, _ in await partitions(stack))
    assert leaders[2] == 0, leaders
    await asyncio.to_thread(victim.launch)
    await in_sync(stack, BROKER_COUNT)
    await proof.play(run, first=6)
    await proof.check(run)


async def test_with_one_replica_left_nothing_is_acknowledged(proof: Proof) -> None:
    """Publishing is refused rather than kept by one broker alone; services wait and go on with the others."""
    stack, run = proof.stack, "mini"
    await proof.play(run, last=3)
    away = stack.brokers[1:]
    for broker in away:
        await asyncio.to_thread(broker.kill)
    try:
        await in_sync(stack, 1)
        records = [one for order in proof.orders(run) for one in order.step(3)]
        async with AIOKafkaProducer(
            bootstrap_servers=stack.bootstrap_servers, acks="all", request_timeout_ms=REFUSED_WITHIN_MS
        ) as producer:
            for record in records[:3]:
                with pytest.raises(UNACKNOWLEDGED):
                    await producer.send_and_wait(
                        record.topic, record.value, key=record.key, headers=list(record.headers)
                    )
        engine.tell("one of three brokers: refused")
    finally:
        for broker in away:
            await asyncio.to_thread(broker.launch)
    await in_sync(stack, BROKER_COUNT)
    await proof.play(run, first=3)
    await stack.wait_ready()
    await proof.check(run)
