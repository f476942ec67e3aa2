"""One service as a process: feed, worker, waker, relay and health, each kept running by itself."""

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import asyncpg

from aftersales_contracts.topics import TOPICS
from chassis import clock, health, logs
from chassis.border import Border
from chassis.database import connect, open_pool
from chassis.feed import Feed
from chassis.handling import Limits as HandlingLimits
from chassis.intake import Intake
from chassis.lease import Lease
from chassis.metrics import Metrics
from chassis.outbox import Outbox
from chassis.outgoing import KafkaOutgoing
from chassis.parts import keep
from chassis.producer import make_producer
from chassis.reading import Reading
from chassis.recent import Recent
from chassis.relay import Relay
from chassis.revision import head, revision_of
from chassis.service import Service
from chassis.settings import Settings
from chassis.standing import Standing
from chassis.store import Store
from chassis.topics import inputs, is_own
from chassis.tracing import open_tracer
from chassis.waker import Waker
from chassis.wiring import Wiring
from chassis.worker import BEGINNING, TRANSIENT, Worker

log = logging.getLogger(__name__)

GAUGE_SECONDS = 2.0
STUCK_SECONDS = 30.0
GC_THRESHOLDS = (500_000, 20, 50)
"""What a batch makes lives as long as the batch: looking for cycles every 700 objects is wasted."""
GAUGES = """
WITH relay AS (SELECT position FROM cursors WHERE name = 'relay')
SELECT (SELECT position FROM cursors WHERE name = 'head') - (SELECT position FROM relay) AS unsent_count,
       (SELECT extract(epoch FROM clock_timestamp() - recorded_at)::float8 FROM facts
        WHERE position = (SELECT position + 1 FROM relay)) AS unsent_seconds,
       (SELECT count(*) FROM waiting) AS waiting_count,
       (SELECT extract(epoch FROM clock_timestamp() - min(since))::float8 FROM waiting) AS waiting_seconds
"""


class SchemaBehind(Exception):
    """The database's schema is older than this code: the migrations have not run yet."""


UNAVAILABLE = (*TRANSIENT, SchemaBehind)


class Process:
    """All parts of one service, started, watched and stopped together."""

    def __init__(self, service: Service, settings: Settings) -> None:
        self.service = service
        self.settings = settings
        self.metrics = Metrics(service.name)
        self._wiring = Wiring(service)
        self._tracer = open_tracer(settings.tracing, service.name)
        self._by_marks = settings.clock == "marks"
        self._stopping = asyncio.Event()
        self._due = asyncio.Event()
        self._relay: Relay | None = None
        self._recent = Recent()
        self._outgoing = KafkaOutgoing(lambda: make_producer(settings.kafka, service.name))
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Runs until it is asked to stop; then finishes the batch in hand."""
        pool = await self._patiently("database", self._open)
        topics = inputs(self.service)
        limits = self.settings.limits
        intake = Intake(by_marks=self._by_marks, limits=limits, is_own=is_own)
        border = Border(self.service, limits, by_marks=self._by_marks, now=clock.now)
        standing = Standing(pool, topics, [t for t in topics if not is_own(t)], TOPICS)
        feed = Feed(self.settings, self.service.name, topics, border.read, intake, standing.passed)
        worker = Worker(
            self._wiring,
            Store(self._wiring),
            pool,
            HandlingLimits(timedelta(days=limits.wait_limit_days), limits.rule_attempts, limits.retry_delay),
            self.metrics,
            self._on_commit,
            self._recent,
        )
        worker.tracer = self._tracer
        reading = Reading(feed, worker, standing, self._due, self.metrics.ignored, by_marks=self._by_marks)

        async def horizon() -> datetime:
            return await standing.not_ahead(await reading.horizon())

        waker = Waker(worker, standing, self._due, None if self._by_marks else horizon)
        await feed.start()
        parts: Mapping[str, Callable[[], Awaitable[None]]] = {
            "feed": reading.run,
            "waker": lambda: self._waking(waker),
            "relay": self._relaying,
            "gauges": lambda: self._gauges(pool, feed, worker),
        }
        self._tasks = [
            asyncio.create_task(keep(part, action, self.metrics.part_failed))
            for part, action in parts.items()
        ]
        async with health.serving(self.settings.http, self.metrics.registry, self._checks(pool, feed)):
            log.info("service started", extra={"service": self.service.name})
            await self._stopping.wait()
        await self._stop(feed, pool)

    def stop(self) -> None:
        """Asks the process to end."""
        self._stopping.set()

    def _on_commit(self) -> None:
        if self._relay is not None:
            self._relay.woken.set()
        self._due.set()

    async def _open(self) -> asyncpg.Pool:
        """The pool, once the schema is at least where this code needs it."""
        pool = await open_pool(self.settings.database, self.service.name)
        async with pool.acquire() as connection:
            revision = await revision_of(connection)
        if revision is None or revision < head():
            await pool.close()
            raise SchemaBehind(f"schema at {revision}, this code needs {head()}: run `aftersales migrate`")
        return pool

    async def _patiently(self, what: str, action: Callable[[], Awaitable[asyncpg.Pool]]) -> asyncpg.Pool:
        attempt = 0
        while True:
            try:
                return await action()
            except UNAVAILABLE as error:
                attempt += 1
                log.warning("not available", extra={"part": what, "error": type(error).__name__})
                await asyncio.sleep(clock.growing(attempt, 0.2, 10.0))

    async def _waking(self, waker: Waker) -> None:
        connection = await connect(self.settings.database, self.service.name)
        lease = Lease(connection, "waker")
        try:
            await waker.run(lease)
        finally:
            with suppress(*UNAVAILABLE):
                await lease.release()
                await connection.close(timeout=2)

    async def _relaying(self) -> None:
        connection = await connect(self.settings.database, self.service.name)
        lease, outbox = Lease(connection, "relay"), Outbox(connection)
        relay = Relay(
            self.service.name, self._wiring.source, lease, outbox, self._outgoing, self.metrics, self._recent
        )
        self._relay = relay
        try:
            await relay.run()
        finally:
            self._relay = None
            with suppress(*UNAVAILABLE):
                await relay.release()
                await connection.close(timeout=2)

    async def _gauges(self, pool: asyncpg.Pool, feed: Feed, worker: Worker) -> None:
        """What operators watch, looked up every few seconds and never per message."""
        while True:
            async with pool.acquire() as connection:
                row = await connection.fetchrow(GAUGES)
            if row is not None:
                self.metrics.standing(
                    lag=feed.health().lag,
                    horizon=worker.horizon if worker.horizon > BEGINNING else None,
                    now=clock.now(),
                    unsent_seconds=row["unsent_seconds"],
                    unsent_count=row["unsent_count"],
                    waiting_seconds=row["waiting_seconds"],
                    waiting_count=row["waiting_count"],
                )
            await asyncio.sleep(GAUGE_SECONDS)

    def _checks(self, pool: asyncpg.Pool, feed: Feed) -> Mapping[str, Callable[[], Awaitable[str | None]]]:
        """What must hold for this process to be ready; each says what is wrong, or None."""

        async def reading() -> str | None:
            facts = feed.health()
            if not facts.is_connected or not facts.is_reading:
                return "the consumer is not running"
            if facts.answer_age_seconds is not None and facts.answer_age_seconds > STUCK_SECONDS:
                return "the broker has not answered for too long"
            return None

        async def database() -> str | None:
            async with pool.acquire(timeout=2) as connection:
                await connection.fetchval("SELECT 1")
            return None

        async def relaying() -> str | None:
            relay = self._relay
            if relay is None or clock.monotonic() - relay.last_turn > STUCK_SECONDS:
                return "the relay does not publish"
            return None

        return {"consumer": reading, "database": database, "relay": relaying}

    async def _stop(self, feed: Feed, pool: asyncpg.Pool) -> None:
        """Everything ends where it is: a batch in hand is rolled back and read again, a window sent again."""
        log.info("service stopping", extra={"service": self.service.name})
        for task in self._tasks:
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.settings.limits.stop_seconds):
                await asyncio.gather(*self._tasks, return_exceptions=True)
                await feed.stop()
                await self._outgoing.stop()
                await pool.close()
                if self._tracer is not None:
                    await asyncio.to_thread(self._tracer.close)


def main(service: Service) -> None:
    """Runs a service until SIGTERM or SIGINT."""
    settings = Settings()
    logs.configure(settings.log, service.name)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    asyncio.run(_run(service, settings))


async def _run(service: Service, settings: Settings) -> None:
    process = Process(service, settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.stop)
    await process.run()
