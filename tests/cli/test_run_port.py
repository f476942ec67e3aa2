"""P10: one port by default, said once; another one is told clearly."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from rich.console import Console

from aftersales_contracts.topics import LOCAL_BROKER
from cli import run

ASYNCAPI = Path(__file__).parents[2] / "contracts" / "asyncapi.yaml"


def said(bootstrap_servers: str) -> str:
    local: Any = SimpleNamespace(bootstrap_servers=bootstrap_servers, logs="logs", services={})
    console = Console(width=200)
    with console.capture() as captured:
        run._say(console, local)
    return captured.get()


def test_the_port_is_the_one_of_the_contracts() -> None:
    servers = yaml.safe_load(ASYNCAPI.read_text("utf-8"))["servers"]
    assert [server["host"] for server in servers.values()] == [LOCAL_BROKER]
    assert f"127.0.0.1:{run.PORT}" == LOCAL_BROKER


@pytest.mark.parametrize(("broker", "is_told"), [(LOCAL_BROKER, False), ("127.0.0.1:15001", True)])
def test_another_port_is_told(broker: str, *, is_told: bool) -> None:
    told = said(broker)
    assert broker in told
    assert ("is taken by another program" in told) is is_told
    assert (f"KAFKA_BOOTSTRAP={broker}" in told) is is_told
