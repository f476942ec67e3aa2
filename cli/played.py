"""Gives replay and demo a stack that runs by clock marks, a driver on it, a progress bar."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg
from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from chassis.service import Service
from cli import policy
from cli.access import connected, external, load_services
from cli.errors import CommandError
from cli.stack import LocalStack
from simulator.driver import Driver, DriverError, Progress
from simulator.gauge import Gauge
from simulator.outcomes import Announced
from simulator.outside import Outside

POOL_SIZE = 4


@dataclass(frozen=True)
class Played:
    """Where the services run; `local` is the stack that was started for them."""

    bootstrap_servers: str
    database_url: str
    services: dict[str, Service]
    local: LocalStack | None

    def connected(self) -> AbstractAsyncContextManager[asyncpg.Connection]:
        """One connection to the database."""
        return connected(self.database_url)


@asynccontextmanager
async def played_stack(console: Console, *, keep: Path | None = None) -> AsyncGenerator[Played]:
    """The stack that the environment names (its services run by clock marks), else a local one."""
    services = load_services()
    named = external()
    if named is not None:
        console.print(f"using Kafka at {named.bootstrap_servers}; the services there must run by clock marks")
        yield Played(named.bootstrap_servers, named.database_url, services, None)
        return

    def tell(what: str) -> None:
        console.print(f"[dim]{what}[/dim]", highlight=False)

    own = policy.environment()
    async with LocalStack(clock="marks", home=keep, tell=tell, environment=own) as local:
        yield Played(local.bootstrap_servers, local.database_url, services, local)


@asynccontextmanager
async def driving(
    played: Played,
    outside: Outside | None,
    on_outcome: Callable[[Announced], object],
    on_progress: Callable[[Progress], None],
) -> AsyncGenerator[Driver]:
    """A driver on that stack. What goes wrong with the services is told as CommandError."""
    async with asyncpg.create_pool(played.database_url, min_size=1, max_size=POOL_SIZE) as pool:
        driver = Driver(
            played.bootstrap_servers,
            Gauge(pool, list(played.services.values())),
            outside=outside,
            on_outcome=on_outcome,
            on_progress=on_progress,
            is_alive=played.local.check_alive if played.local is not None else None,
        )
        try:
            async with driver:
                yield driver
        except DriverError as error:
            raise CommandError(str(error)) from None


class Bar:
    """Where event time is, on a terminal; silent where there is none."""

    def __init__(self, console: Console, what: str, start: datetime, end: datetime) -> None:
        self._start = start
        self._seconds = (end - start).total_seconds()
        self._progress = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[place]}"),
            TimeElapsedColumn(),
            console=console,
        )
        self._task = self._progress.add_task(what, total=self._seconds, place="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._progress.update(self._task, completed=self._seconds)
        self._progress.stop()

    def show(self, progress: Progress) -> None:
        """Moves on to where the run is."""
        done = (progress.at - self._start).total_seconds()
        self._progress.update(
            self._task,
            completed=min(max(done, 0.0), self._seconds),
            place=f"{progress.at:%Y-%m-%d}  {progress.published_count:,} in, {progress.outcome_count:,} out",
        )
