"""A real Prometheus scrapes the services under load: every panel has data, every alert can be asked."""

import asyncio
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml
from aiokafka import AIOKafkaProducer

from chassis import clock
from cli.stack import LocalStack
from devstack import ports
from tests.faults.controls import STEP, STEP_COUNT, controls
from tests.observability import engine

pytestmark = [pytest.mark.stack, pytest.mark.containers, pytest.mark.timeout(400)]
DASHBOARD = engine.FOLDER / "grafana" / "dashboards" / "aftersales.json"
PANELS: list[dict[str, Any]] = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
TARGETS = [
    (panel["title"], target["refId"], target["expr"])
    for panel in PANELS
    for target in panel.get("targets", ())
]
VARIABLES = {"$service": ".*", "$__rate_interval": "20s"}
ORDER_COUNT = 6
LIMIT_SECONDS = 120.0


class Prometheus:
    """Asks a running Prometheus."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, path: str, **arguments: str) -> Any:
        """The data of an answer. Raises AssertionError with Prometheus's own words for a wrong question."""
        query = urllib.parse.urlencode(arguments)
        try:
            url = f"{self._url}/api/v1/{path}?{query}"
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  http, on loopback
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error

    def vector(self, expression: str) -> list[dict[str, Any]]:
        """The result of an expression now."""
        found: list[dict[str, Any]] = self.ask("query", query=expression)["result"]
        return found


def filled_in(expression: str) -> str:
    """A dashboard's expression as Grafana sends it with everything chosen."""
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    assert "$" not in expression
    return expression


async def eventually(check: Callable[[], bool], what: str) -> None:
    end = clock.monotonic() + LIMIT_SECONDS
    while not await asyncio.to_thread(check):
        assert clock.monotonic() < end, what
        await asyncio.sleep(0.5)


async def load(bootstrap_servers: str, is_enough: Callable[[], bool]) -> None:
    """Orders with refunds and reviews, unpaid ones of last week, and rubbish, until it is enough."""
    start, last_week = clock.now() - (STEP_COUNT + 1) * STEP, clock.now() - timedelta(days=5)
    run = 0
    async with AIOKafkaProducer(bootstrap_servers=bootstrap_servers) as producer:
        end = clock.monotonic() + LIMIT_SECONDS
        while not await asyncio.to_thread(is_enough):
            assert clock.monotonic() < end, "the panels never filled"
            for order in controls(f"load{run:03}", ORDER_COUNT, start):
                for step in range(STEP_COUNT):
                    for one in order.step(step):
                        await producer.send(one.topic, one.value, key=one.key, headers=list(one.headers))
            for order in controls(f"past{run:03}", ORDER_COUNT, last_week):
                one = order.step(0)[0]
                await producer.send(one.topic, one.value, key=one.key, headers=list(one.headers))
            await producer.send("shop.orders.v1", b"{", key=b"rubbish", headers=[("ce_id", b"x")])
            await producer.flush()
            run += 1
            await asyncio.sleep(1.0)


@pytest_asyncio.fixture(scope="module")
async def loaded(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Prometheus]:
    """A Prometheus that has watched the four services handle load."""
    await asyncio.to_thread(engine.need)
    (port,) = await asyncio.to_thread(ports.free, 1)
    async with LocalStack(clock="wall") as local:
        targets = [service.url.removeprefix("http://") for service in local.services.values()]
        path = configured(tmp_path_factory.mktemp("prometheus"), targets)
        with engine.prometheus(path, port) as url:
            asked = Prometheus(url)

            def answers() -> bool:
                try:
                    return len(asked.vector('up{job="aftersales"} == 1')) == len(targets)
                except OSError:
                    return False

            def is_filled() -> bool:
                return all(asked.vector(filled_in(expression)) for _, _, expression in TARGETS)

            await eventually(answers, "Prometheus does not see the services")
            try:
                await load(local.bootstrap_servers, is_filled)
            except AssertionError as error:
                print(error)  # the tests name the panels that are empty
            yield asked


def configured(folder: Path, targets: list[str]) -> Path:
    """The deployed configuration, but for where the services are and how often they are asked."""
    configuration = yaml.safe_load((engine.FOLDER / "prometheus.yaml").read_text("utf-8"))
    configuration["global"] = {"scrape_interval": "2s", "scrape_timeout": "1s", "evaluation_interval": "2s"}
    job = next(one for one in configuration["scrape_configs"] if one["job_name"] == "aftersales")
    del job["dns_sd_configs"]
    job["static_configs"] = [{"targets": targets}]
    configuration["scrape_configs"] = [job]
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(configuration), "utf-8")
    folder.chmod(0o755)
    path.chmod(0o644)
    return path


@pytest.mark.parametrize(("title", "letter", "expression"), TARGETS, ids=lambda value: str(value)[:30])
async def test_every_panel_has_data(loaded: Prometheus, title: str, letter: str, expression: str) -> None:
    found = await asyncio.to_thread(loaded.vector, filled_in(expression))
    assert found, f"{title} {letter} is empty: {expression}"
    assert any(sample["value"][1] != "NaN" for sample in found), f"{title} {letter} has no numbers"


async def test_the_dashboards_variable_finds_the_services(loaded: Prometheus) -> None:
    found = await asyncio.to_thread(loaded.ask, "label/service/values")
    assert {"refunds", "logistics", "reviews", "customers"} <= set(found)


async def test_prometheus_evaluates_every_alert(loaded: Prometheus) -> None:
    def evaluated() -> list[dict[str, Any]]:
        groups = loaded.ask("rules")["groups"]
        return [rule for group in groups for rule in group["rules"]]

    await eventually(lambda: all(r["health"] == "ok" for r in evaluated()), "an alert is not evaluated")
    rules = await asyncio.to_thread(evaluated)
    written = yaml.safe_load((engine.FOLDER / "alerts.yaml").read_text("utf-8"))
    assert len(rules) == sum(len(group["rules"]) for group in written["groups"])
    await eventually(
        lambda: {r["name"]: r["state"] for r in evaluated()}["AftersalesDeadLetters"] == "firing",
        "records were set aside, and nobody is told",
    )
    states = {rule["name"]: rule["state"] for rule in rules}
    for name in ("AftersalesReplicaDown", "AftersalesServiceGone", "AftersalesPartFails"):
        assert states[name] == "inactive", name


def test_every_panel_is_described_and_asks_for_one_service_or_all() -> None:
    ids = [panel["id"] for panel in PANELS]
    assert len(set(ids)) == len(ids)
    for panel in PANELS:
        assert panel["title"]
        for target in panel.get("targets", ()):
            ours = re.findall(r"aftersales_\w+\{([^}]*)\}", target["expr"])
            assert all('service=~"$service"' in labels for labels in ours), panel["title"]
