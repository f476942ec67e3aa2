"""The receiver of webhooks, over real HTTP: what it takes, what it refuses, and when it answers."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from aiokafka.errors import KafkaTimeoutError
from pydantic import SecretStr
from typer.testing import CliRunner

from aftersales_adapters.result import Told
from chassis.settings import Webhooks
from cli import receiver as receiving
from cli.errors import CommandError
from cli.main import app
from cli.receiver import Counts, NotPublished, Receiver, publisher

PAYLOADS = Path(__file__).parents[1] / "adapters" / "payloads"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SECRET = "s3cret"
SETTINGS = Webhooks(
    port=0,
    shop_id="web:1",
    easypost_secret=SecretStr(SECRET),
    shopify_secret=SecretStr(SECRET),
    kuaidi100_secret=SecretStr(SECRET),
    body_bytes=16_384,
    acknowledge_ms=300,
)


class Broker:
    """Acknowledges what it is given, when it is told to."""

    def __init__(self) -> None:
        self.events: list[Told] = []
        self.acknowledges = asyncio.Event()
        self.acknowledges.set()
        self.fails = False

    async def publish(self, events: Sequence[Told]) -> None:
        await self.acknowledges.wait()
        if self.fails:
            raise NotPublished
        self.events += events


class Served:
    """A receiver that listens on a port of its own."""

    def __init__(self, settings: Webhooks = SETTINGS) -> None:
        self.settings = settings
        self.broker = Broker()
        self.counts = Counts()
        self.port = 0

    @asynccontextmanager
    async def running(self, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator["Served"]:
        """Listens while the block runs."""
        create = socket.create_server

        def noted(*arguments: Any, **named: Any) -> Any:
            made = create(*arguments, **named)
            self.port = made.getsockname()[1]
            return made

        monkeypatch.setattr(socket, "create_server", noted)
        receiver = Receiver(self.settings, self.broker.publish, self.counts, lambda: NOW)
        async with receiving.serving(self.settings, receiver):
            yield self

    async def send(
        self, path: str, body: bytes, headers: dict[str, str], method: str = "POST"
    ) -> tuple[int, Any]:
        """Returns the status and the answer."""
        lines = [
            f"{method} {path} HTTP/1.1",
            "host: localhost",
            "connection: close",
            f"content-length: {len(body)}",
        ]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return await self.raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    async def raw(self, request: bytes) -> tuple[int, Any]:
        """Sends bytes, and reads what comes until the end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        answer = await reader.read()
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split(b" ")[1]), json.loads(body)

    def count(self, name: str, **labels: str) -> float:
        """A value of a metric."""
        return self.counts.registry.get_sample_value(name, labels) or 0.0


@pytest.fixture
async def served(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Served]:
    async with Served().running(monkeypatch) as running:
        yield running


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def shopify(body: bytes, topic: str = "orders/paid") -> dict[str, str]:
    """The headers with which Shopify sends a webhook."""
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).digest()
    return {"X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(), "X-Shopify-Topic": topic}


def easypost(body: bytes) -> dict[str, str]:
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hmac-Signature": f"hmac-sha256-hex={digest}"}


async def test_a_signed_webhook_is_published_and_then_answered(served: Served) -> None:
    body = payload("easypost_tracker")
    status, answer = await served.send("/webhooks/easypost", body, easypost(body))
    assert (status, answer) == (200, {"success": True, "events": 7})
    assert len(served.broker.events) == 7
    assert served.count("aftersales_webhooks_total", sender="easypost", answer="accepted") == 1
    assert served.count("aftersales_webhook_events_total", sender="easypost") == 7


async def test_the_topic_is_that_of_the_header(served: Served) -> None:
    body = payload("shopify_order")
    status, _ = await served.send("/webhooks/shopify", body, shopify(body))
    assert status == 200
    assert "shop.order.placed.v1" not in {told.event.TYPE for told in served.broker.events}
    await served.send("/webhooks/shopify", body, shopify(body, "orders/create"))
    assert "shop.order.placed.v1" in {told.event.TYPE for told in served.broker.events}


async def test_kuaidi100_is_answered_in_its_own_words(served: Served) -> None:
    param = payload("kuaidi100_push").decode()
    sign = hashlib.md5((param + SECRET).encode(), usedforsecurity=False).hexdigest().upper()
    form = {"content-type": "application/x-www-form-urlencoded"}
    body = urlencode({"sign": sign, "param": param}).encode()
    status, answer = await served.send("/webhooks/kuaidi100", body, form)
    assert (status, answer["result"], answer["returnCode"]) == (200, True, "200")
    assert (
        served.count(
            "aftersales_webhook_unknown_codes_total", sender="kuaidi100", field="status", code="1099"
        )
        == 1
    )
    status, answer = await served.send("/webhooks/kuaidi100", body.replace(b"sign=", b"sign=0"), form)
    assert (status, answer["result"]) == (401, False)


async def test_no_answer_before_the_broker_has_acknowledged(served: Served) -> None:
    served.broker.acknowledges.clear()
    body = payload("easypost_tracker")
    sending = asyncio.create_task(served.send("/webhooks/easypost", body, easypost(body)))
    await asyncio.sleep(0.1)
    assert not sending.done()
    served.broker.acknowledges.set()
    assert (await sending)[0] == 200


@pytest.mark.parametrize("way", ["fails", "never answers"])
async def test_without_an_acknowledgement_the_sender_is_told_to_try_again(served: Served, way: str) -> None:
    if way == "fails":
        served.broker.fails = True
    else:
        served.broker.acknowledges.clear()
    body = payload("easypost_tracker")
    status, answer = await served.send("/webhooks/easypost", body, easypost(body))
    assert (status, answer["error"]) == (503, "not published")
    assert served.count("aftersales_webhook_events_total", sender="easypost") == 0


@pytest.mark.parametrize(
    ("path", "change", "status"),
    [
        ("/webhooks/easypost", {"X-Hmac-Signature": "hmac-sha256-hex=00"}, 401),
        ("/webhooks/easypost", {"X-Hmac-Signature": ""}, 401),
        ("/webhooks/aftership", {}, 404),
        ("/webhooks/pigeon", {}, 404),
        ("/webhooks/", {}, 404),
        ("/easypost", {}, 404),
        ("/webhooks/easypost/../shopify", {}, 404),
    ],
)
async def test_who_has_not_signed_and_who_has_no_secret_is_refused(
    served: Served, path: str, change: dict[str, str], status: int
) -> None:
    body = payload("easypost_tracker")
    assert (await served.send(path, body, easypost(body) | change))[0] == status
    assert served.broker.events == []


async def test_another_method_is_refused(served: Served) -> None:
    assert (await served.send("/webhooks/easypost", b"", {}, "GET"))[0] == 405


async def test_a_payload_that_cannot_be_told_names_its_field_to_who_signed(served: Served) -> None:
    body = b'{"carrier": "UPS"}'
    status, answer = await served.send("/webhooks/easypost", body, easypost(body))
    assert (status, answer["error"]) == (422, "payload: tracking_code: missing")


@pytest.mark.parametrize("is_told", [True, False], ids=["by its length", "in pieces"])
async def test_a_body_that_is_too_large_is_refused_before_it_is_looked_at(
    served: Served, is_told: bool
) -> None:
    if is_told:
        head = b"POST /webhooks/easypost HTTP/1.1\r\nhost: x\r\ncontent-length: 16385\r\n\r\n"
        status, answer = await served.raw(head)
    else:
        head = b"POST /webhooks/easypost HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        chunk = b"2000\r\n" + b"x" * 0x2000 + b"\r\n"
        status, answer = await served.raw(head + chunk * 3)
    assert (status, answer["error"]) == (413, "too large")


async def test_a_body_that_does_not_come_is_not_waited_for(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "BODY_SECONDS", 0.2)
    head = b"POST /webhooks/easypost HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc"
    assert (await served.raw(head))[0] == 408


async def test_the_same_webhook_twice_gives_the_same_ids(served: Served) -> None:
    body = payload("shopify_order")
    await served.send("/webhooks/shopify", body, shopify(body))
    first = [told.envelope.id for told in served.broker.events]
    await served.send("/webhooks/shopify", body, shopify(body))
    assert [told.envelope.id for told in served.broker.events] == first * 2


def test_without_any_secret_nothing_starts() -> None:
    with pytest.raises(CommandError, match="no sender has a secret"):
        receiving.secrets_of(Webhooks())
    result = CliRunner().invoke(app, ["receive"])
    assert result.exit_code == 1
    assert "no sender has a secret" in result.stderr


class Producer:
    """Stands for aiokafka's: `send` hands out a future that ends with the acknowledgement."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.waiting: list[asyncio.Future[None]] = []

    async def send(self, topic: str, value: bytes, *, key: bytes, headers: object) -> "asyncio.Future[None]":
        self.sent.append((topic, key))
        self.waiting.append(asyncio.get_running_loop().create_future())
        return self.waiting[-1]


async def test_the_publisher_waits_for_every_acknowledgement(served: Served) -> None:
    body = payload("shopify_order")
    await served.send("/webhooks/shopify", body, shopify(body, "orders/create"))
    events = served.broker.events
    producer: Any = Producer()
    publishing = asyncio.ensure_future(publisher(producer)(events))
    await asyncio.sleep(0)
    while len(producer.sent) < len(events):
        await asyncio.sleep(0)
    assert [topic for topic, _ in producer.sent] == [told.topic for told in events]
    for future in producer.waiting[:-1]:
        future.set_result(None)
    await asyncio.sleep(0.01)
    assert not publishing.done()
    producer.waiting[-1].set_exception(KafkaTimeoutError())
    with pytest.raises(NotPublished):
        await publishing
