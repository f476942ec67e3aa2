"""Provides the place of a measurement: stack, databases for the service, processes, and what the log says."""

import asyncio
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import asyncpg
import orjson

import devstack
from aftersales_contracts.topics import TOPICS, Topic
from benchmarks import baseline, broker
from benchmarks.stream import Record
from chassis.service import inputs
from chassis.store.migrate import migrate
from cli import topics
from devstack import ports
from devstack.database import create, provision_async
from devstack.part import Part
from services.refunds.service import REFUNDS

ROOT = Path(__file__).resolve().parent.parent
PYTHON_PATH = os.pathsep.join(
    [str(ROOT), str(ROOT / "contracts"), *filter(None, [os.environ.get("PYTHONPATH")])]
)
SCHEMA = "refunds"
LOOK_AGAIN_SECONDS = 0.1
LIMIT_SECONDS = 600.0
READY_SECONDS = 60.0
BASELINE_TOPICS = ("bench.plain.v1", "bench.single.v1")

HANDLED = "SELECT topic, partition, next_offset FROM intake"
TELL_HANDLED = """
INSERT INTO intake AS i (topic, partition, next_offset, mark) VALUES ($1, $2, $3, 0)
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = GREATEST(i.next_offset, EXCLUDED.next_offset)
"""
IS_PUBLISHED = """
SELECT relay.position >= head.position FROM cursors AS relay, cursors AS head
WHERE relay.name = 'relay' AND head.name = 'head'
"""
IS_DUE = "SELECT EXISTS (SELECT FROM cases WHERE wake_at <= $1)"
DEAD = "SELECT reason, detail, count(*) AS count FROM dead_letters GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 3"


class BenchmarkError(Exception):
    """A measurement that would not mean anything: something failed, or did not end."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: events that were handled, and when the first and the last outcome was published."""

    events_count: int
    outcomes_count: int
    seconds: float

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.events_count / self.seconds if self.seconds else 0.0


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.fromtimestamp(time.time(), UTC)


def measured(events_count: int, seen: Sequence[broker.Seen]) -> Measured:
    """From the first to the last outcome, by the moments at which they were published."""
    if not seen:
        raise BenchmarkError("nothing was published")
    moments = [outcome.published_at for outcome in seen]
    return Measured(events_count, len(seen), max(moments) - min(moments))


class Lab:
    """A running stack with topics; a context manager. Everything goes away at its end."""

    def __init__(self) -> None:
        self._stack: devstack.Stack | None = None
        self._handled: broker.Ends = {}
        """Up to where the service has handled everything, whichever database it had then."""
        self.urls: dict[str, str] = {}
        """Database name -> connection string of the service's role."""

    @property
    def stack(self) -> devstack.Stack:
        if self._stack is None:
            raise BenchmarkError("the stack is not running")
        return self._stack

    @property
    def bootstrap_servers(self) -> str:
        return self.stack.bootstrap_servers

    async def __aenter__(self) -> Self:
        self._stack = await asyncio.to_thread(devstack.start, fast_start=False)
        own = [replace(_topic_of_outcomes(), name=name) for name in BASELINE_TOPICS]
        await topics.create(self.bootstrap_servers, topics=[*TOPICS.values(), *own])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stack is not None:
            await asyncio.to_thread(self._stack.stop)

    async def make_database(self, name: str) -> None:
        """A database of its own with the service's schema."""
        url = create(self.stack.database_url, name)
        self.urls[name] = (await provision_async(url, (SCHEMA,)))[SCHEMA]
        await migrate(self.urls[name], SCHEMA)

    @asynccontextmanager
    async def connection(self, name: str) -> AsyncGenerator[asyncpg.Connection]:
        """A superuser's connection into the service's schema."""
        url = urlsplit(self.stack.database_url)._replace(path=f"/{name}").geturl()
        connection = await asyncpg.connect(url, server_settings={"search_path": SCHEMA, "timezone": "UTC"})
        try:
            yield connection
        finally:
            await connection.close()

    async def settle(self) -> None:
        """A checkpoint, so that no run pays for the writes of the one before."""
        connection = await asyncpg.connect(self.stack.database_url)
        try:
            await connection.execute("CHECKPOINT")
        finally:
            await connection.close()

    async def publish(self, records: Iterable[Record]) -> int:
        """Publishes all of it; returns how many."""
        return await broker.publish(self.bootstrap_servers, records)

    async def ends(self, names: Sequence[str]) -> broker.Ends:
        """Where the partitions of these topics end now."""
        return await broker.ends_of(self.bootstrap_servers, names)

    async def outcomes(self, topic: str, start: broker.Ends) -> list[broker.Seen]:
        """Reads the outcomes published on a topic since `start`."""
        return await broker.read_between(self.bootstrap_servers, start, await self.ends([topic]))

    @asynccontextmanager
    async def serving(self, database: str, count: int = 1) -> AsyncGenerator[list[Part]]:
        """So many processes of the service, all of them reading; stopped in the orderly way at the end."""
        parts = [
            Part(f"refunds-{n}", self.stack.logs / f"refunds-{n}.log", patience_s=30.0) for n in range(count)
        ]
        numbers = ports.free(count)
        # The group is one for all databases: what it has passed under another counts as handled in this one.
        async with self.connection(database) as connection:
            rows = [(topic, partition, offset) for (topic, partition), offset in self._handled.items()]
            await connection.executemany(TELL_HANDLED, rows)
        try:
            for part, port in zip(parts, numbers, strict=True):
                self._launch(part, database, port)
            await asyncio.gather(*(ready(part, port) for part, port in zip(parts, numbers, strict=True)))
            yield parts
        finally:
            await asyncio.gather(*(asyncio.to_thread(part.stop) for part in parts))

    def _launch(self, part: Part, database: str, port: int) -> None:
        """By the wall clock, with health and metrics on."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("AFTERSALES_")}
        part.launch(
            [sys.executable, "-m", "services.refunds"],
            {
                **inherited,
                "PYTHONPATH": PYTHON_PATH,
                "AFTERSALES_CLOCK": "wall",
                "AFTERSALES_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap_servers,
                "AFTERSALES_DATABASE__URL": self.urls[database],
                "AFTERSALES_HTTP__PORT": str(port),
                "AFTERSALES_LOG__LEVEL": "WARNING",
            },
        )

    async def caught_up(
        self, database: str, parts: Sequence[Part], *, is_due_too: bool = False, limit: float = LIMIT_SECONDS
    ) -> None:
        """Returns once all that was published is handled, and all that was decided is published."""
        names = inputs(REFUNDS)
        ends = await self.ends(names)
        wanted = {place: end for place, end in ends.items() if end > self._handled.get(place, 0)}
        async with self.connection(database) as connection:
            until = time.monotonic() + limit
            while True:
                handled = {(row[0], row[1]): row[2] for row in await connection.fetch(HANDLED)}
                behind = sum(max(0, end - handled.get(place, 0)) for place, end in wanted.items())
                # Whether something is due is asked last: it walks the index past all that was just decided.
                if (
                    behind == 0
                    and await connection.fetchval(IS_PUBLISHED)
                    and not (is_due_too and await connection.fetchval(IS_DUE, utc_now()))
                ):
                    self._handled = ends
                    return await self._check(connection)
                for part in parts:
                    if not part.running:
                        raise BenchmarkError(f"{part.name} has ended\n{part.tail()}")
                if time.monotonic() > until:
                    text = f"{behind} records were not handled in {limit:.0f} s"
                    raise BenchmarkError(f"{text}\n{parts[0].tail() if parts else ''}")
                await asyncio.sleep(LOOK_AGAIN_SECONDS)

    @staticmethod
    async def _check(connection: asyncpg.Connection) -> None:
        dead = await connection.fetch(DEAD)
        if dead:
            raise BenchmarkError("dead letters: " + ", ".join(f"{r[2]} x {r[0]} ({r[1]})" for r in dead))

    async def run_baseline(self, module: str, topic: str, start: broker.Ends, count: int) -> Measured:
        """One baseline as a process of its own, over the events since `start`."""
        schema = f"bench_{module}"
        connection = await asyncpg.connect(self.stack.database_url)
        try:
            await connection.execute(baseline.TABLES.format(schema=schema))
        finally:
            await connection.close()
        offsets: dict[str, dict[str, int]] = {}
        for (name, partition), offset in start.items():
            if name in baseline.INPUTS:
                offsets.setdefault(name, {})[str(partition)] = offset
        group = f"bench-{module}-{time.monotonic_ns()}"
        orders = baseline.Orders(
            self.bootstrap_servers, self.stack.database_url, schema, topic, group, offsets, count
        )
        await self.settle()
        before = await self.ends([topic])
        part = Part(module, self.stack.logs / f"{module}.log")
        command = [sys.executable, "-m", f"benchmarks.{module}", orjson.dumps(asdict(orders)).decode()]
        part.launch(command, {**os.environ, "PYTHONPATH": PYTHON_PATH})
        while part.running:  # noqa: ASYNC110 - it is another process that ends
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        seen = await self.outcomes(topic, before)
        if not seen:
            raise BenchmarkError(f"{module} published nothing\n{part.tail()}")
        return measured(count, seen)


@asynccontextmanager
async def frozen(parts: Sequence[Part]) -> AsyncGenerator[None]:
    """The processes stand still: what is published meanwhile waits for all of them at once."""
    for part in parts:
        part.pause()
    try:
        yield
    finally:
        for part in parts:
            part.resume()


async def ready(part: Part, port: int) -> None:
    """Returns once the process says that it reads, decides and publishes."""
    until = time.monotonic() + READY_SECONDS
    while not await asyncio.to_thread(_is_ready, port):
        if not part.running or time.monotonic() > until:
            raise BenchmarkError(f"{part.name} did not become ready\n{part.tail()}")
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2) as answer:
            return int(answer.status) == 200
    except (urllib.error.URLError, OSError):
        return False


def _topic_of_outcomes() -> Topic:
    return TOPICS[broker.OUTCOME_TOPIC]
