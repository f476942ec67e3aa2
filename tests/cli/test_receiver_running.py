"""Adapters and the receiver on a real Kafka publish what the services take, and nothing else."""

import asyncio
import hashlib
import hmac
import http.client
import json
import os
import secrets
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

import devstack
from aftersales_contracts.shop.scans import TOPIC, ParcelScannedV1
from aftersales_contracts.topics import TOPICS
from chassis import clock
from chassis.ingest.decoder import Accepted, Decoder
from chassis.settings import Limits
from cli import topics
from cli.access import BROKERS
from devstack import ports
from services.logistics.service import LOGISTICS

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]
SECRET = "s3cret"
PATH = "/webhooks/easypost"
AFTERSALES = (sys.executable, "-m", "cli.main")


def tracker(number: str) -> bytes:
    """A tracker with two scans of today, one of them with a code that nobody knows."""
    scans = [
        (timedelta(hours=5), "in_transit", "departed_facility"),
        (timedelta(hours=3), "teleported", "teleported"),
    ]
    details = [
        {"datetime": f"{clock.now() - ago:%Y-%m-%dT%H:%M:%SZ}", "status": status, "status_detail": detail}
        for ago, status, detail in scans
    ]
    found = {"object": "Tracker", "tracking_code": number, "carrier": "UPS", "status": "in_transit"}
    return json.dumps({**found, "tracking_details": details}).encode()


async def told_of(stack: devstack.Stack, number: str) -> list[Accepted]:
    """Reads all scans of the broker, and has those of the parcel judged by the border of logistics."""
    decoder = Decoder(LOGISTICS, Limits(), by_marks=False, now=clock.now)
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.bootstrap_servers, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(TOPIC, n) for n in range(TOPICS[TOPIC].partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[Any] = []
        while any([await consumer.position(each) < ends[each] for each in partitions]):
            for records in (await consumer.getmany(timeout_ms=1_000)).values():
                found += [record for record in records if number.encode() in (record.key or b"")]
    finally:
        await consumer.stop()
    verdicts = [decoder.read(record) for record in found]
    assert all(isinstance(verdict, Accepted) for verdict in verdicts), verdicts
    return [verdict for verdict in verdicts if isinstance(verdict, Accepted)]


def scanned(verdicts: Sequence[Accepted]) -> list[tuple[str, str]]:
    """The carrier's code and the status of each scan, in order."""
    found = [verdict.received.data for verdict in verdicts]
    assert all(isinstance(data, ParcelScannedV1) for data in found)
    return [(data.raw_status_code, data.status.value) for data in found if isinstance(data, ParcelScannedV1)]


BOTH = [("in_transit:departed_facility", "in_transit"), ("teleported:teleported", "unknown")]


async def test_an_adapted_file_is_on_the_topic_as_the_services_take_it(
    stack: devstack.Stack, tmp_path: Path
) -> None:
    await topics.create(stack.bootstrap_servers)
    number = f"1Z{secrets.token_hex(6)}".upper()
    file = tmp_path / "tracker.json"
    file.write_bytes(tracker(number))
    adapting = await asyncio.create_subprocess_exec(
        *AFTERSALES, "adapt", "easypost", str(file), "--publish",
        env={**os.environ, BROKERS: stack.bootstrap_servers},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await adapting.communicate()
    assert adapting.returncode == 0, err.decode()
    assert out.decode().strip() == "2 published"
    assert scanned(await told_of(stack, number)) == BOTH


class Served:
    """A receiver in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, health: int) -> None:
        self.process = process
        self._port = port
        self._health = health

    async def asked(self, path: str) -> tuple[int, str]:
        """Returns the status and the text of a page of its health server."""
        return await asyncio.to_thread(_asked, self._health, "GET", path, b"", {})

    async def sent(self, body: bytes, secret: str) -> int:
        """Sends a webhook that is signed with that secret; returns the status."""
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        signed = {"X-Hmac-Signature": f"hmac-sha256-hex={digest}"}
        status, _ = await asyncio.to_thread(_asked, self._port, "POST", PATH, body, signed)
        return status

    async def waits(self, status: int) -> str:
        """Waits until readiness answers so; returns its text."""
        while True:
            try:
                found, text = await self.asked("/ready")
            except OSError:
                found, text = 0, ""
            if found == status:
                return text
            assert self.process.returncode is None, "the receiver has ended"
            await asyncio.sleep(0.1)


def _asked(port: int, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@asynccontextmanager
async def receiving(broker: str) -> AsyncGenerator[Served]:
    """Runs `aftersales receive`, and ends it as an operator does."""
    port, health = ports.free(2)
    process = await asyncio.create_subprocess_exec(
        *AFTERSALES, "receive",
        env={
            **os.environ,
            BROKERS: broker,
            "AFTERSALES_HTTP__PORT": str(health),
            "AFTERSALES_WEBHOOKS__PORT": str(port),
            "AFTERSALES_WEBHOOKS__EASYPOST_SECRET": SECRET,
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield Served(process, port, health)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_webhook_is_on_the_topic_if_its_sender_signed_it_and_only_then(stack: devstack.Stack) -> None:
    await topics.create(stack.bootstrap_servers)
    good, forged = (f"1Z{secrets.token_hex(6)}".upper() for _ in range(2))
    async with receiving(stack.bootstrap_servers) as served:
        assert '"kafka": "ok"' in await served.waits(200)
        assert await served.sent(tracker(good), SECRET) == 200
        assert await served.sent(tracker(forged), "another") == 401
        assert (await served.asked("/live"))[0] == 200
        _, metrics = await served.asked("/metrics")
    assert scanned(await told_of(stack, good)) == BOTH
    assert await told_of(stack, forged) == []
    for line in (
        'aftersales_webhooks_total{answer="accepted",sender="easypost"} 1.0',
        'aftersales_webhooks_total{answer="signature",sender="easypost"} 1.0',
        'aftersales_webhook_events_total{sender="easypost"} 2.0',
        'aftersales_webhook_unknown_codes_total{code="teleported",field=',
    ):
        assert line in metrics, metrics


async def test_a_receiver_without_a_broker_lives_and_is_not_ready() -> None:
    (nobody,) = ports.free(1)
    async with receiving(f"127.0.0.1:{nobody}") as served:
        assert '"kafka": "not found yet"' in await served.waits(503)
        assert (await served.asked("/live"))[0] == 200
