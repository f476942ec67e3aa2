"""Health, readiness and metrics over real HTTP."""

import asyncio
import json
import logging
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from chassis.observe.health import Checks, failures, serving
from chassis.observe.metrics import Metrics
from chassis.settings import Http

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def ask(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    def get() -> tuple[int, str]:
        try:
            with urlopen(Request(f"http://127.0.0.1:{port}{path}", method=method), timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    return await asyncio.to_thread(get)


def saying(reason: str | None) -> Callable[[], Awaitable[str | None]]:
    async def check() -> str | None:
        return reason

    return check


async def test_live_ready_and_metrics_are_served() -> None:
    metrics = Metrics("refunds")
    metrics.ignored({"shop.order.placed.v1": 3})
    port = free_port()
    async with serving(Http(port=port), metrics.registry, {"database": saying(None)}):
        assert await ask(port, "/live") == (200, '{"status":"live"}')
        status, body = await ask(port, "/ready")
        assert (status, json.loads(body)) == (200, {"status": "ready", "checks": {"database": "ok"}})
        status, body = await ask(port, "/metrics")
        assert status == 200
        wanted = (
            'aftersales_events_total{outcome="ignored",service="refunds",type="shop.order.placed.v1"} 3.0'
        )
        assert wanted in body
        assert (await ask(port, "/nothing"))[0] == 404
        assert (await ask(port, "/live", "POST"))[0] == 405
        assert await ask(port, "/live", "HEAD") == (200, "")
    with pytest.raises(OSError, match="refused"):
        await ask(port, "/live")


async def test_ready_says_what_is_wrong_and_recovers() -> None:
    state: dict[str, str | None] = {"relay": "the relay does not publish"}

    async def relay() -> str | None:
        return state["relay"]

    async def database() -> str | None:
        raise ConnectionError("postgres 18.4 at 10.0.0.1 refused user aftersales_refunds")

    async def hanging() -> str | None:
        await asyncio.sleep(60)
        return None

    port = free_port()
    checks: Checks = {"relay": relay, "database": database, "consumer": hanging}
    async with serving(Http(port=port, check_timeout_ms=100), Metrics("refunds").registry, checks):
        status, body = await ask(port, "/ready")
        assert status == 503
        assert json.loads(body)["checks"] == {
            "relay": "the relay does not publish",
            "database": "ConnectionError",
            "consumer": "no answer in time",
        }
        assert (await ask(port, "/live"))[0] == 200
    state["relay"] = None
    assert await failures({"relay": relay}, 1.0) == {}


async def test_a_process_that_starts_is_no_warning_and_one_that_fails_later_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """P7: a normal start logs nothing to look at."""
    state: dict[str, str | None] = {"consumer": "it does not read yet"}

    async def consumer() -> str | None:
        return state["consumer"]

    port = free_port()
    async with serving(Http(port=port), Metrics("refunds").registry, {"consumer": consumer}):
        with caplog.at_level(logging.INFO, "chassis.observe.health"):
            for reason in ("it does not read yet", None, "the consumer does not poll"):
                state["consumer"] = reason
                await ask(port, "/ready")
    told = [(record.levelname, record.message) for record in caplog.records]
    assert told == [("INFO", "not ready"), ("INFO", "ready"), ("WARNING", "not ready")]


async def test_port_zero_serves_nothing_and_a_taken_port_is_an_error() -> None:
    async with serving(Http(port=0), Metrics("refunds").registry, {}):
        pass
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        async with serving(Http(port=taken.getsockname()[1]), Metrics("refunds").registry, {}):
            pass


@dataclass
class Handled:
    """Holds all that the metrics read of a batch's engine."""

    facts: list[Any] = field(default_factory=list[Any])
    dead: list[Any] = field(default_factory=list[Any])
    deadlines: list[tuple[str, datetime]] = field(default_factory=list[tuple[str, datetime]])


def test_deadlines_and_ages_are_measured() -> None:
    metrics = Metrics("refunds")
    handled: Any = Handled(deadlines=[("refund-agreement.answer", NOW - timedelta(seconds=20))] * 3)
    metrics.decided(handled, NOW)
    lag, held = {"shop.orders.v1": 12, "shop.payments.v1": 3}, {"shop.orders.v1": 2, "shop.payments.v1": 1}
    metrics.reading(lag, held, NOW - timedelta(seconds=4), NOW)
    metrics.reading({"shop.orders.v1": 12}, {"shop.orders.v1": 2}, None, NOW)
    metrics.backlog(
        unsent_seconds=1.5,
        unsent_count=7,
        waiting_seconds=None,
        waiting_count=0,
        left_alone_count=2,
    )
    metrics.retried(ConnectionError())
    metrics.relayed(40)
    sample = metrics.registry.get_sample_value
    service = {"service": "refunds"}
    assert sample("aftersales_left_alone_subjects", service) == 2
    assert sample("aftersales_deadlines_total", {**service, "name": "refund-agreement.answer"}) == 3
    assert sample("aftersales_deadline_lateness_seconds_bucket", {**service, "le": "15.0"}) == 0
    assert sample("aftersales_deadline_lateness_seconds_bucket", {**service, "le": "60.0"}) == 3
    assert sample("aftersales_horizon_age_seconds", service) == 4
    assert sample("aftersales_lag_records", {**service, "topic": "shop.orders.v1"}) == 12
    assert sample("aftersales_lag_records", {**service, "topic": "shop.payments.v1"}) == 0, "read elsewhere"
    assert sample("aftersales_held_partitions", {**service, "topic": "shop.orders.v1"}) == 2
    assert sample("aftersales_held_partitions", {**service, "topic": "shop.payments.v1"}) == 0
    assert sample("aftersales_part_failures_total", {**service, "part": "relay"}) == 0, (
        "an alert sees the first"
    )
    assert sample("aftersales_oldest_unsent_seconds", service) == 1.5
    assert sample("aftersales_oldest_waiting_seconds", service) == 0
    assert sample("aftersales_retries_total", {**service, "error": "ConnectionError"}) == 1
    assert sample("aftersales_relay_published_total", service) == 40


async def test_how_far_a_service_has_come_is_told_by_clock_marks_only() -> None:
    """To those who move the clock in tests: `aftersales-testing`."""

    async def passed(mark: int) -> dict[str, Any]:
        if mark == 9:
            raise ConnectionError("the database is away")
        return {"is_passed": mark < 8, "next_due_at": None}

    port = free_port()
    async with serving(Http(port=port), Metrics("refunds").registry, {}, passed):
        status, body = await ask(port, "/passed/7")
        assert (status, json.loads(body)) == (200, {"is_passed": True, "next_due_at": None})
        assert json.loads((await ask(port, "/passed/8"))[1])["is_passed"] is False
        assert await ask(port, "/passed/9") == (503, '{"passed": "ConnectionError"}')
        assert (await ask(port, "/passed/x"))[0] == 404
        assert (await ask(port, "/passed/"))[0] == 404
    async with serving(Http(port=port), Metrics("refunds").registry, {}):
        assert (await ask(port, "/passed/7"))[0] == 404
