"""Runs the local stack and the services as processes of their own: for demo, run, replay and tests."""

import asyncio
import os
import shutil
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import devstack
from aftersales_contracts.topics import SERVICES
from chassis.clock import monotonic
from chassis.store.migrate import migrate
from cli import topics
from cli.errors import CommandError
from devstack import ports
from devstack.database import provision_async
from devstack.part import Part

ROOT = Path(__file__).resolve().parent.parent
READY_LIMIT_SECONDS = 60.0
LOOK_AGAIN_SECONDS = 0.05
PROBE_SECONDS = 2.0
STOP_PATIENCE_SECONDS = 20.0
Clock = Literal["wall", "marks"]


@dataclass
class ServiceProcess:
    """One service running as `python -m services.<name>`."""

    name: str
    part: Part
    port: int
    environment: dict[str, str] = field(repr=False)

    @property
    def url(self) -> str:
        """Where its health and metrics are."""
        return f"http://127.0.0.1:{self.port}"

    def launch(self) -> None:
        """Starts the process; it is not ready yet."""
        self.part.launch([sys.executable, "-m", f"services.{self.name}"], self.environment)

    def is_ready(self) -> bool:
        """Whether it says that it reads, decides and publishes."""
        try:
            with urllib.request.urlopen(f"{self.url}/ready", timeout=PROBE_SECONDS) as answer:  # noqa: S310 - http
                return int(answer.status) == 200
        except (urllib.error.URLError, OSError):
            return False


class LocalStack:
    """Kafka, PostgreSQL and the services. Use as an async context manager.

    `home` keeps data and logs between runs; without it everything goes away at the end. A `stack` that
    runs already is used and left running. The broker stands at `kafka_port` where that is free. `tell` is
    told what happens, in a few words each. Raises CommandError and devstack's StackError.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        home: Path | None = None,
        services: Sequence[str] = SERVICES,
        tell: Callable[[str], None] | None = None,
        environment: dict[str, str] | None = None,
        stack: devstack.Stack | None = None,
        kafka_port: int | None = None,
    ) -> None:
        self._clock: Clock = clock
        self._home = home
        self._names = tuple(services)
        self._tell = tell or _tell_nobody
        self._extra = environment or {}
        self._given = stack
        self._kafka_port = kafka_port
        self._stack: devstack.Stack | None = None
        self._folder: Path | None = None
        self.services: dict[str, ServiceProcess] = {}

    @property
    def stack(self) -> devstack.Stack:
        """The running broker and database. Raises CommandError before the start."""
        if self._stack is None:
            raise CommandError("the local stack is not running")
        return self._stack

    @property
    def bootstrap_servers(self) -> str:
        """The broker's address."""
        return self.stack.bootstrap_servers

    @property
    def database_url(self) -> str:
        """The superuser's connection string."""
        return self.stack.database_url

    @property
    def logs(self) -> Path:
        """Folder with one log file per program."""
        return self.stack.logs

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def _start(self) -> None:
        if self._given is not None:
            self._stack = self._given
        else:
            self._tell("starting Kafka and PostgreSQL")
            self._stack = await asyncio.to_thread(devstack.start, self._home, kafka_port=self._kafka_port)
        self._folder = Path(tempfile.mkdtemp(prefix="aftersales-run-"))
        self._tell("creating topics and tables")
        _, urls = await asyncio.gather(topics.create(self.bootstrap_servers), self._prepare_database())
        self._tell("starting the services")
        numbers = await asyncio.to_thread(ports.free, len(self._names))
        for name, port in zip(self._names, numbers, strict=True):
            self.services[name] = self._service(self._folder, name, port, urls[name])
        await asyncio.gather(*(asyncio.to_thread(service.launch) for service in self.services.values()))
        await self.wait_ready()

    async def _prepare_database(self) -> dict[str, str]:
        urls = await provision_async(self.database_url, self._names)
        for name in self._names:  # Alembic keeps its context in module globals: one at a time
            await migrate(urls[name], name)
        return urls

    def _service(self, folder: Path, name: str, port: int, database_url: str) -> ServiceProcess:
        secret = folder / f"{name}.database_url"
        secret.touch(0o600)
        secret.write_text(database_url, "utf-8")
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("AFTERSALES_")}
        environment = {
            **inherited,
            "PYTHONPATH": os.pathsep.join(
                [str(ROOT), str(ROOT / "contracts"), *filter(None, [os.environ.get("PYTHONPATH")])]
            ),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AFTERSALES_CLOCK": self._clock,
            "AFTERSALES_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "AFTERSALES_DATABASE__URL_FILE": str(secret),
            "AFTERSALES_HTTP__PORT": str(port),
            **self._extra,
        }
        part = Part(f"service {name}", self.logs / f"{name}.log", patience_s=STOP_PATIENCE_SECONDS)
        return ServiceProcess(name, part, port, environment)

    async def wait_ready(self, limit_seconds: float = READY_LIMIT_SECONDS) -> None:
        """Returns once every service is ready. Raises CommandError with its log where one is not."""
        end = monotonic() + limit_seconds
        waiting = list(self.services.values())
        while waiting:
            ready = await asyncio.gather(*(asyncio.to_thread(service.is_ready) for service in waiting))
            waiting = [service for service, is_ready in zip(waiting, ready, strict=True) if not is_ready]
            await self.check_alive()
            if waiting and monotonic() > end:
                name = waiting[0].name
                raise CommandError(f"{name} was not ready in {limit_seconds:.0f} s\n{waiting[0].part.tail()}")
            await asyncio.sleep(LOOK_AGAIN_SECONDS if waiting else 0)

    async def check_alive(self) -> None:
        """Raises CommandError with the end of the log of a service that ended by itself."""
        for service in self.services.values():
            if not service.part.running:
                raise CommandError(f"the service {service.name} has ended\n{service.part.tail()}")

    async def _stop(self) -> None:
        parts = [service.part for service in self.services.values()]
        await asyncio.gather(*(asyncio.to_thread(part.stop) for part in parts))
        if self._stack is not None and self._given is None:
            self._tell("stopping Kafka and PostgreSQL")
            await asyncio.to_thread(self._stack.stop)
        self._stack = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def _tell_nobody(what: str) -> None:
    del what
