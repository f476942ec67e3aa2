"""Serves `/live`, `/ready` and `/metrics` to operators over HTTP. On loopback unless told otherwise.

By clock marks also `/passed/N`, to whoever moves the clock.
"""

import asyncio
import json
import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from chassis.observe.http_server import listening
from chassis.settings import Http

log = logging.getLogger(__name__)

Check = Callable[[], Awaitable[str | None]]
"""Names what is wrong, without data; None where all is well."""
Checks = Mapping[str, Check]
Passed = Callable[[int], Awaitable[Mapping[str, Any]]]
"""Tells how far a service has come, by the number of a clock mark."""
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

JSON = b"application/json"
MARK = re.compile(r"[0-9]{1,18}")
STOP_SECONDS = 5.0


async def failures(checks: Checks, timeout_seconds: float) -> dict[str, str]:
    """Runs all checks at once, and returns the failing ones with their reasons. A check that hangs has
    failed.
    """

    async def one(check: Check) -> str | None:
        try:
            async with asyncio.timeout(timeout_seconds):
                return await check()
        except TimeoutError:
            return "no answer in time"
        except Exception as error:  # noqa: BLE001  whatever it is, the part does not work
            return type(error).__name__

    found = await asyncio.gather(*(one(check) for check in checks.values()))
    return {name: reason for name, reason in zip(checks, found, strict=True) if reason is not None}


class App:
    """Answers GET and HEAD as an ASGI application. Tells neither versions nor stack traces."""

    def __init__(
        self,
        registry: CollectorRegistry,
        checks: Checks,
        timeout_seconds: float,
        passed: Passed | None = None,
    ) -> None:
        self._registry = registry
        self._passed = passed
        self._checks = checks
        self._timeout_seconds = timeout_seconds
        self._failing: frozenset[str] = frozenset()
        self._has_been_ready = False

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        if scope["method"] not in {"GET", "HEAD"}:
            status, kind, body = 405, JSON, b'{"error":"method not allowed"}'
        else:
            status, kind, body = await self._answer(scope["path"])
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        if status == 405:
            headers.append((b"allow", b"GET, HEAD"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, path: str) -> tuple[int, bytes, bytes]:
        if path == "/live":
            return 200, JSON, b'{"status":"live"}'
        if path == "/ready":
            return await self._ready()
        if path == "/metrics":
            return 200, CONTENT_TYPE_LATEST.encode(), generate_latest(self._registry)
        mark = path.removeprefix("/passed/")
        if self._passed is not None and mark != path and MARK.fullmatch(mark):
            return await self._tell_passed(self._passed, int(mark))
        return 404, JSON, b'{"error":"not found"}'

    async def _tell_passed(self, passed: Passed, mark: int) -> tuple[int, bytes, bytes]:
        found: dict[str, Any] = {}

        async def look() -> None:
            found.update(await passed(mark))

        failing = await failures({"passed": look}, self._timeout_seconds)
        return 503 if failing else 200, JSON, json.dumps(failing or found).encode()

    async def _ready(self) -> tuple[int, bytes, bytes]:
        failing = await failures(self._checks, self._timeout_seconds)
        if failing.keys() != self._failing:
            self._failing = frozenset(failing)
            level = logging.WARNING if self._has_been_ready else logging.INFO
            for name, reason in failing.items():
                log.log(level, "not ready", extra={"check": name, "reason": reason})
            if not failing:
                log.info("ready")
        self._has_been_ready |= not failing
        checks = {name: failing.get(name, "ok") for name in self._checks}
        answer = {"status": "not ready" if failing else "ready", "checks": checks}
        return 503 if failing else 200, JSON, json.dumps(answer).encode()


@asynccontextmanager
async def serving(
    http: Http, registry: CollectorRegistry, checks: Checks, passed: Passed | None = None
) -> AsyncGenerator[None]:
    """Serves while the block runs. Port 0 serves nothing. Raises OSError if the port is taken."""
    if http.port == 0:
        yield
        return
    app = App(registry, checks, http.check_timeout_ms / 1000, passed)
    async with listening(
        app, http.host, http.port, graceful_seconds=1, stop_seconds=STOP_SECONDS, requests_at_once=32
    ):
        yield
