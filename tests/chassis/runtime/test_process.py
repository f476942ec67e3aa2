"""A process before its database can be used, and reading whose connection cannot even be made."""

import asyncio
import json

import pytest

from chassis.ingest.feed import Feed
from chassis.ingest.merge import Merge
from chassis.runtime.process import Process
from chassis.settings import Settings
from services.refunds.service import REFUNDS
from tests.chassis.observe.test_health import ask, free_port


async def is_served(port: int) -> bool:
    try:
        return (await ask(port, "/live"))[0] == 200
    except OSError:
        return False


async def test_a_process_that_waits_for_its_database_says_so_and_can_be_stopped() -> None:
    port, nobody = free_port(), free_port()
    settings = Settings.model_validate(
        {"database": {"url": f"postgresql://nobody@127.0.0.1:{nobody}/none"}, "http": {"port": port}}
    )
    process = Process(REFUNDS, settings)
    running = asyncio.create_task(process.run())
    async with asyncio.timeout(10):
        while not await is_served(port):
            await asyncio.sleep(0.01)
        status, body = await ask(port, "/ready")
        assert status == 503
        assert json.loads(body)["checks"] == {
            "consumer": "it does not read yet",
            "database": "no connection yet, or its schema is behind",
            "relay": "the relay does not publish",
        }
        process.stop()
        await running


async def test_reading_whose_certificates_cannot_be_read_tries_again() -> None:
    settings = Settings.model_validate({"limits": {"reconnect_first_ms": 1, "reconnect_most_ms": 1}})
    made = asyncio.Event()
    tries: list[str] = []

    def no_reader(*_: object, **__: object) -> None:
        tries.append("tried")
        if len(tries) == 3:
            made.set()
        raise FileNotFoundError("ca.pem")

    buffer = Merge(limits=settings.limits, is_own=lambda _: False)
    feed = Feed(settings, "refunds", ["shop.orders.v1"], pytest.fail, buffer, None, no_reader)  # type: ignore[arg-type]
    await feed.start()
    try:
        async with asyncio.timeout(5):
            await made.wait()
        assert not feed.health().is_reading
    finally:
        await feed.stop()
