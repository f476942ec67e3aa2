"""Receives webhooks over HTTP: checks, adapts, publishes, and answers once Kafka has acknowledged."""

import asyncio
import json
import logging
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry, Counter

from aftersales_adapters.catalogue import adapt
from aftersales_adapters.result import Adapted, Context, PayloadError, Told
from aftersales_adapters.signatures import SIGNATURES, Request, SignatureError, checked
from chassis import clock
from chassis.kafka_client import drop, make_producer
from chassis.observe import health
from chassis.observe.codes import Codes
from chassis.observe.http_server import listening
from chassis.settings import Settings, Webhooks
from cli.adapt import carriers_of, zone_of
from cli.errors import CommandError

log = logging.getLogger(__name__)

NAME = "receiver"
PATH = "/webhooks/"
BODY_SECONDS = 10.0
STOP_SECONDS = 15.0
STARTS_AGAIN_SECONDS = 5.0
JSON = b"application/json"

Publish = Callable[[Sequence[Told]], Awaitable[None]]
"""Ends when the broker has acknowledged every event. Raises NotPublished."""
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class NotPublished(Exception):
    """The broker did not acknowledge in time."""


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.detail = detail


class Counts:
    """Counts what came, for Prometheus."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "aftersales_webhooks", "Webhooks, by answer", ("sender", "answer"), registry=self.registry
        )
        self.events = Counter(
            "aftersales_webhook_events",
            "Events acknowledged by the broker",
            ("sender",),
            registry=self.registry,
        )
        self.remarks = Counter(
            "aftersales_webhook_remarks",
            "Dropped, cut or assumed",
            ("sender", "code"),
            registry=self.registry,
        )
        unknown = Counter(
            "aftersales_webhook_unknown_codes",
            "Codes that no adapter knows",
            ("sender", "field", "code"),
            registry=self.registry,
        )
        self.unknown = {sender: Codes(unknown, sender) for sender in SIGNATURES}

    def begin(self, senders: Iterable[str]) -> None:
        """Counts from zero: no alert sees a counter that is born with its first event."""
        for sender in senders:
            self.events.labels(sender)
            for answer in ("accepted", "signature", "payload", "not_published"):
                self.requests.labels(sender, answer)


def secrets_of(settings: Webhooks) -> dict[str, str]:
    """The senders that have a secret. Raises CommandError where none has."""
    named = {sender: getattr(settings, f"{sender}_secret").get_secret_value() for sender in SIGNATURES}
    found = {sender: secret for sender, secret in named.items() if secret}
    if not found:
        raise CommandError(
            "no sender has a secret: set AFTERSALES_WEBHOOKS__SHOPIFY_SECRET or another, or name its file"
        )
    return found


class Receiver:
    """Answers POST /webhooks/<sender> as an ASGI application; a sender without a secret has no path."""

    def __init__(
        self, settings: Webhooks, publish: Publish, counts: Counts, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._settings = settings
        self._secrets = secrets_of(settings)
        self._zone = zone_of(settings.zone) if settings.zone else None
        self._carriers = carriers_of([pair for pair in settings.carriers.split(",") if pair.strip()])
        self._publish = publish
        self._counts = counts
        counts.begin(self._secrets)
        self._now = now

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        sender = str(scope["path"]).removeprefix(PATH)
        if not str(scope["path"]).startswith(PATH) or sender not in self._secrets:
            await _answer(send, 404, {"error": "not found"})
            return
        try:
            told = await self._take(sender, scope, receive)
        except Refused as refused:
            self._counts.requests.labels(sender, refused.reason.replace(" ", "_")).inc()
            log.warning(
                "webhook refused",
                extra={"kind": sender, "reason": refused.reason, "state": refused.detail},
            )
            await _answer(send, refused.status, _failure(sender, refused))
            return
        self._counts.requests.labels(sender, "accepted").inc()
        await _answer(send, 200, _success(sender, len(told)))

    async def _take(self, sender: str, scope: Mapping[str, Any], receive: Receive) -> Sequence[Told]:
        if scope["method"] != "POST":
            raise Refused(405, "method not allowed")
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        body = await _body(headers, receive, self._settings.body_bytes)
        request = Request(body, headers, bytes(scope["query_string"]).decode("latin-1"))
        try:
            payload = checked(sender, request, self._secrets[sender])
        except SignatureError as error:
            raise Refused(401, "signature", str(error)) from None
        try:
            found = adapt(sender, payload, self._context(sender, headers))
        except PayloadError as error:
            raise Refused(422, "payload", str(error)) from None
        self._tell(sender, found)
        try:
            async with asyncio.timeout(self._settings.acknowledge_ms / 1000):
                await self._publish(found.events)
        except (NotPublished, TimeoutError):
            raise Refused(503, "not published") from None
        self._counts.events.labels(sender).inc(len(found.events))
        return found.events

    def _context(self, sender: str, headers: Mapping[str, str]) -> Context:
        shop = self._settings.shop_id
        topic = None
        if sender == "shopify":
            shop = shop or headers.get("x-shopify-shop-domain", "")
            topic = headers.get("x-shopify-topic")
        return Context(
            shop_id=shop or None,
            received_at=self._now(),
            zone=self._zone,
            carriers=self._carriers,
            topic=topic,
            payments=self._settings.payments,
            is_mall=self._settings.is_mall,
        )

    def _tell(self, sender: str, found: Adapted) -> None:
        """Counts and logs what an adapter did not tell."""
        for remark in found.remarks:
            self._counts.remarks.labels(sender, remark.code).inc()
        if found.unknown_codes:
            for (field, code), count in found.unknown_codes.items():
                self._counts.unknown[sender].count(field, code, count)
            count = sum(found.unknown_codes.values())
            named = ", ".join(f"{kind} {code}" for kind, code in found.unknown_codes)
            log.warning("unknown codes", extra={"kind": sender, "reason": named, "count": count})


async def _body(headers: Mapping[str, str], receive: Receive, most: int) -> bytes:
    """Reads the body. Raises Refused for one that is too large, too slow or broken off."""
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit() or int(length[:20]) > most:
        raise Refused(413, "too large")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise Refused(400, "broken off")
                body += message.get("body", b"")
                if len(body) > most:
                    raise Refused(413, "too large")
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise Refused(408, "too slow") from None


def _success(sender: str, count: int) -> Mapping[str, object]:
    if sender == "kuaidi100":
        return {"result": True, "returnCode": "200", "message": "成功"}
    return {"success": True, "events": count}


def _failure(sender: str, refused: Refused) -> Mapping[str, object]:
    """An error as the sender reads it; the field is named to those alone who signed."""
    words = f"{refused.reason}: {refused.detail}" if refused.status == 422 else refused.reason
    if sender == "kuaidi100":
        return {"result": False, "returnCode": "500", "message": words}
    return {"success": False, "error": words}


async def _answer(send: Send, status: int, body: Mapping[str, object]) -> None:
    raw = json.dumps(body, ensure_ascii=False).encode()
    headers = [(b"content-type", JSON), (b"content-length", str(len(raw)).encode())]
    if status == 405:
        headers.append((b"allow", b"POST"))
    if status in (408, 413, 400):
        headers.append((b"connection", b"close"))
    if status == 503:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": raw})


def publisher(producer: AIOKafkaProducer) -> Publish:
    """Publishes on a producer: in order, each acknowledged by all replicas."""

    async def publish(events: Sequence[Told]) -> None:
        try:
            waiting = []
            for told in events:
                key, headers, value = told.record()
                waiting.append(await producer.send(told.topic, value, key=key, headers=headers))
            await asyncio.gather(*waiting)
        except (KafkaError, OSError) as error:
            raise NotPublished(type(error).__name__) from None

    return publish


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Serves webhooks until told to stop, and its health from the start, with a broker or without.

    Raises CommandError without a secret and for a taken port.
    """
    counts = Counts()
    secrets_of(settings.webhooks)
    found: AIOKafkaProducer | None = None

    async def kafka() -> str | None:
        if found is None:
            return "not found yet"
        await found.client.fetch_all_metadata()
        return None

    try:
        async with (
            health.serving(settings.http, counts.registry, {"kafka": kafka}),
            _producer(settings, stop) as found,
        ):
            if found is None:
                return
            async with serving(settings.webhooks, Receiver(settings.webhooks, publisher(found), counts)):
                log.info("receiving webhooks", extra={"port": settings.webhooks.port})
                await stop.wait()
    except OSError as error:
        raise CommandError(f"cannot listen: {error.strerror}") from None


def serving(settings: Webhooks, app: Receiver) -> AbstractAsyncContextManager[None]:
    """Serves webhooks while the block runs; requests under way are answered before the end."""
    return listening(
        app, settings.host, settings.port, graceful_seconds=10, stop_seconds=STOP_SECONDS, requests_at_once=64
    )


async def _started(settings: Settings, stop: asyncio.Event) -> AIOKafkaProducer | None:
    """Finds the broker, however long that takes; None where the process is told to stop before."""
    while not stop.is_set():
        producer = make_producer(settings.kafka, NAME)
        try:
            await producer.start()
        except (KafkaError, OSError) as error:
            log.warning("no broker", extra={"error": type(error).__name__})
            await producer.stop()
        else:
            return producer
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), STARTS_AGAIN_SECONDS)
    return None


@asynccontextmanager
async def _producer(settings: Settings, stop: asyncio.Event) -> AsyncGenerator[AIOKafkaProducer | None]:
    """Lends a producer that has found its broker; at the end it sends what is left."""
    producer = await _started(settings, stop)
    try:
        yield producer
    finally:
        if producer is not None:
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await producer.stop()
            except TimeoutError:
                await drop(producer)


async def until_stopped(settings: Settings) -> None:
    """Serves webhooks until the process gets SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run(settings, stop)
