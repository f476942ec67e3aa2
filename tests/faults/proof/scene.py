"""Serves every kind of fault: where it strikes, how long it lasts, how it is seen to have bitten."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, Literal

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from chassis.clock import monotonic
from tests.faults.proof.replica import Replica
from tests.faults.proof.world import World
from tests.support.away import AWAY

LOOK_AGAIN_SECONDS = 0.1
CONNECT_SECONDS = 2


@dataclass
class Fault:
    """One fault that was done, and what was seen of it. Moments are the true clock's."""

    kind: str
    target: str
    started_at: datetime
    ended_at: datetime | None = None
    proof: str = ""
    """The evidence that the fault bit; empty where it did not."""
    recovered_seconds: float | None = None
    """From its end until what it struck was ready and moved again; None where that was not seen."""
    step_seconds: float | None = None
    """Seconds by which a clock was set off."""


@dataclass
class Scene:
    """One fault at work. All draws come from its own `dice`."""

    world: World
    fault: Fault
    dice: Random
    over: asyncio.Event
    """Set when everything is to be undone: whatever holds lets go."""
    replicas: tuple[Replica, ...] = ()
    """The replicas that the fault strikes, where it strikes neither the broker nor the database."""

    @property
    def replica(self) -> Replica:
        """The one that it strikes."""
        return self.replicas[0]

    async def hold(self, seconds: float) -> None:
        """Lets it last so long, or until all is to be undone."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.over.wait()

    async def until(self, holds: Callable[[], Awaitable[bool]], limit_seconds: float) -> bool:
        """Looks until something holds; False where it did not in time, or all is to be undone."""
        end = monotonic() + limit_seconds
        while monotonic() < end:
            with suppress(*AWAY):
                if await holds():
                    return True
            if self.over.is_set():
                return False
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return False

    @asynccontextmanager
    async def database(self) -> AsyncGenerator[asyncpg.Connection]:
        """A superuser's connection past all proxies."""
        connection = await asyncpg.connect(self.world.database_url, timeout=CONNECT_SECONDS)
        try:
            yield connection
        finally:
            with suppress(*AWAY):
                await connection.close(timeout=CONNECT_SECONDS)

    async def ask(self, query: str, *arguments: object) -> Any:
        """One value from the database."""
        async with self.database() as connection:
            return await connection.fetchval(query, *arguments)

    async def launch(self, replica: Replica) -> None:
        """Starts a replica again, unless it runs."""
        if not replica.part.running:
            await asyncio.to_thread(replica.launch)

    async def members_count(self, service: str) -> int:
        """Number of processes that the service's consumer group has."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.world.bootstrap_servers, request_timeout_ms=2_000)
        await admin.start()
        try:
            answers: Any = await admin.describe_consumer_groups([self.world.group_of(service)])
            return len(answers[0].groups[0][5])
        finally:
            await admin.close()

    def log_mark(self) -> "LogMark":
        """Where the database's log ends now."""
        path = self.world.logs / "postgres.log"
        return LogMark(path, path.stat().st_size)


@dataclass
class LogMark:
    """A place in a log: what was written behind it."""

    path: Path
    size_bytes: int

    def count(self, text: str) -> int:
        """Number of times that the log says a text since the mark."""
        with self.path.open("rb") as log:
            log.seek(self.size_bytes)
            return log.read().count(text.encode())

    def lines(self, *parts: str) -> int:
        """Number of lines since the mark that hold all parts."""
        with self.path.open("rb") as log:
            log.seek(self.size_bytes)
            return sum(all(part.encode() in line for part in parts) for line in log)


Takes = Literal["replica", "service", "broker", "database", "session"]
"""The target of a kind; a `session` only uses the database, and may do so while others strike."""


@dataclass(frozen=True)
class Kind:
    """A kind of fault: does its harm, says what it saw, undoes it."""

    name: str
    takes: Takes
    act: Callable[[Scene], Awaitable[None]]
    cell: str = ""
    """Its name in the public survey of queues on PostgreSQL, where that has one."""
    is_lasting: bool = False
    """It goes on while mixes come and go."""


def state_of(pid: int) -> str:
    """A process's state letter as the kernel knows it; empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return state_of(pid) in {"", "Z"}
