"""One process of a service as the harness runs it: everything that it does goes through the test's hands."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from cli.stack import ROOT, ServiceProcess
from devstack.part import Part
from tests.faults.proof import patched
from tests.faults.proof.proxy import KafkaSpy, PostgresSpy, Proxy

STOP_PATIENCE_SECONDS = 10.0
SETTINGS = {
    "AFTERSALES_CLOCK": "wall",
    "AFTERSALES_KAFKA__SESSION_TIMEOUT_MS": "6000",
    "AFTERSALES_KAFKA__REQUEST_TIMEOUT_MS": "5000",
    "AFTERSALES_KAFKA__HEARTBEAT_INTERVAL_MS": "500",
    "AFTERSALES_DATABASE__CONNECT_TIMEOUT_MS": "2000",
    "AFTERSALES_DATABASE__IDLE_TRANSACTION_TIMEOUT_MS": "4000",
    "AFTERSALES_LIMITS__BATCH_RECORDS": "200",
    "AFTERSALES_LIMITS__RECONNECT_MOST_MS": "1000",
    "AFTERSALES_LIMITS__BACKLOG_PATIENCE_MS": "2000",
    "AFTERSALES_LIMITS__STOP_SECONDS": "5",
}
"""Every wait short, so that a fault is over soon; batches small, so that there are many moments to hit."""
TIMEOUTS_MS = ((2_500, 8_000), (8_000, 2_500))
"""(of a statement, of a lock): which of the two ends a wait differs from replica to replica."""


@dataclass(frozen=True)
class Ports:
    """Where one replica's traffic passes."""

    http: int
    kafka: int
    """The broker's own port for this replica; it tells clients to come back by way of `kafka_proxy`."""
    kafka_proxy: int
    database_proxy: int


@dataclass
class Replica(ServiceProcess):
    """A process of a service; `name` is the service's with a number, such as `refunds-2`."""

    service: str
    kafka: Proxy
    database: Proxy
    clock_file: Path
    failpoint_file: Path
    secret_file: Path
    """Holds its connection string."""
    patch: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    def launch(self) -> None:
        """Starts the process; it is not ready yet."""
        command = [sys.executable, "-m", "tests.faults.proof.patched", self.service]
        if self.patch is not None:
            command += ["--patch", self.patch]
        self.part.launch(command, {**self.environment, **self.settings})

    def equip(self, patch: str | None, settings: Mapping[str, str]) -> None:
        """The patch and the settings, beside those of all, with which it starts from now on."""
        self.patch, self.settings = patch, dict(settings)

    async def start_proxies(self) -> None:
        """Opens the ways to broker and database."""
        await asyncio.gather(self.kafka.start(), self.database.start())

    async def stop_proxies(self) -> None:
        """Closes them."""
        await asyncio.gather(self.kafka.stop(), self.database.stop())

    def heal(self) -> None:
        """Takes back what was done to it from outside, whether it runs or not."""
        self.kafka.heal()
        self.database.heal()
        patched.set_clock(self.clock_file, 0.0)
        patched.forget(self.failpoint_file)
        if self.part.running:
            self.part.resume()


def make(
    folder: Path, logs: Path, service: str, number: int, ports: Ports, database_port: int, dice: Random
) -> Replica:
    """A replica that does not run yet, with its files in `folder`."""
    name = f"{service}-{number}"
    files = {what: folder / f"{name}.{what}" for what in ("clock", "failpoint", "database_url")}
    patched.set_clock(files["clock"], 0.0)
    files["database_url"].touch(0o600)
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("AFTERSALES_")}
    statement_ms, lock_ms = TIMEOUTS_MS[number % len(TIMEOUTS_MS)]
    paths = [str(ROOT), str(ROOT / "contracts"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **inherited,
        **SETTINGS,
        "PYTHONPATH": os.pathsep.join(paths),
        "AFTERSALES_KAFKA__BOOTSTRAP_SERVERS": f"127.0.0.1:{ports.kafka_proxy}",
        "AFTERSALES_DATABASE__URL_FILE": str(files["database_url"]),
        "AFTERSALES_DATABASE__STATEMENT_TIMEOUT_MS": str(statement_ms),
        "AFTERSALES_DATABASE__LOCK_TIMEOUT_MS": str(lock_ms),
        "AFTERSALES_HTTP__PORT": str(ports.http),
        patched.CLOCK_SETTING: str(files["clock"]),
        patched.FAILPOINT_SETTING: str(files["failpoint"]),
    }
    return Replica(
        name=name,
        part=Part(f"service {name}", logs / f"{name}.log", patience_s=STOP_PATIENCE_SECONDS),
        port=ports.http,
        environment=environment,
        service=service,
        kafka=Proxy(f"{name}.kafka", ports.kafka_proxy, ports.kafka, KafkaSpy, dice),
        database=Proxy(f"{name}.database", ports.database_proxy, database_port, PostgresSpy, dice),
        clock_file=files["clock"],
        failpoint_file=files["failpoint"],
        secret_file=files["database_url"],
    )
