"""Runs one service as a process: ingest loop, timer loop, relay and health."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import asyncpg

from aftersales_contracts.topics import TOPICS
from chassis import clock
from chassis.engine.engine import Limits as EngineLimits
from chassis.engine.registry import Registry
from chassis.ingest.decoder import Decoder
from chassis.ingest.feed import Feed
from chassis.ingest.merge import Merge
from chassis.ingest.replay_barrier import ReplayBarrier
from chassis.kafka_client import make_producer
from chassis.observe import health, logs
from chassis.observe.metrics import Metrics
from chassis.observe.open_work import COUNT_SECONDS
from chassis.observe.tracing import open_tracer
from chassis.operate.policy_folder import with_packs
from chassis.publish.log_reader import PostgresLogReader
from chassis.publish.log_tail import LogTail
from chassis.publish.publisher import KafkaPublisher
from chassis.publish.relay import Relay
from chassis.runtime.batches import BatchProcessor
from chassis.runtime.ingest_loop import IngestLoop
from chassis.runtime.policies import keep_policies, tell
from chassis.runtime.supervisor import supervise
from chassis.runtime.timer_loop import TimerLoop
from chassis.service import Service, inputs, is_own
from chassis.settings import Settings
from chassis.store.database import connect, open_pool
from chassis.store.lease import PostgresLease
from chassis.store.progress import has_passed, next_due
from chassis.store.replay_watermarks import ReplayWatermarks
from chassis.store.revision import head, revision_of
from chassis.store.store import TRANSIENT, PostgresStore
from chassis.store.watermarks import BEGINNING, PostgresWatermarks
from kernel.packs import PolicyError

log = logging.getLogger(__name__)

GAUGE_SECONDS = 2.0
STUCK_SECONDS = 30.0
GC_THRESHOLDS = (100_000, 10, 20)
"""Objects of a batch live as long as the batch. The default, a search for cycles every 700 objects, is
wasted. Too rare a search lets a replica that catches up grow by what failed batches leave.
"""
GAUGES = """
WITH relay AS (SELECT position FROM cursors WHERE name = 'relay')
SELECT (SELECT position FROM cursors WHERE name = 'head') - (SELECT position FROM relay) AS unsent_count,
       (SELECT extract(epoch FROM clock_timestamp() - recorded_at)::float8 FROM facts
        WHERE position > (SELECT position FROM relay) ORDER BY position LIMIT 1) AS unsent_seconds,
       (SELECT count(*) FROM waiting) AS waiting_count,
       (SELECT extract(epoch FROM clock_timestamp() - min(since))::float8 FROM waiting
        WHERE isfinite(since)) AS waiting_seconds,
       (SELECT count(*) FROM policy_versions) AS versions_count
"""


class SchemaBehind(Exception):
    """The database's schema is older than this code: migrations have not run yet."""


UNAVAILABLE = (*TRANSIENT, SchemaBehind)


class Process:
    """Starts, watches and stops all parts of one service. Raises PolicyError for wrong policy files."""

    def __init__(self, service: Service, settings: Settings) -> None:
        self.service = service = with_packs(service, settings.policies)
        self.settings = settings
        self.metrics = Metrics(service.name)
        self._registry = Registry(service)
        self._tracer = open_tracer(settings.tracing, service.name)
        self._is_replay = settings.clock == "marks"
        self._stopping = asyncio.Event()
        self._due = asyncio.Event()
        self._pool: asyncpg.Pool | None = None
        self._feed: Feed | None = None
        self._relay: Relay | None = None
        self._log_tail = LogTail()
        self._publisher = KafkaPublisher(lambda: make_producer(settings.kafka, service.name))
        self._tasks: list[asyncio.Task[None]] = []
        self._versions_count = 0

    async def run(self) -> None:
        """Runs until asked to stop, even while waiting for the database.

        Raises PolicyError where a policy file gives a version that cases run under other numbers.
        """
        feed: Feed | None = None
        passed = self._passed if self._is_replay else None
        async with health.serving(self.settings.http, self.metrics.registry, self._checks(), passed):
            pool = self._pool = await self._opened()
            if pool is not None:
                feed = self._feed = await self._begin(pool)
                log.info("service started", extra={"service": self.service.name})
                await self._stopping.wait()
        if feed is not None and pool is not None:
            await self._stop(feed, pool)

    async def _begin(self, pool: asyncpg.Pool) -> Feed:
        """Makes and starts the parts."""
        topics = inputs(self.service)
        limits = self.settings.limits
        decoder = Decoder(self.service, limits, by_marks=self._is_replay, now=clock.now)
        external = [topic for topic in topics if not is_own(topic)]
        buffer: Merge | ReplayBarrier
        watermarks: PostgresWatermarks
        if self._is_replay:
            buffer = ReplayBarrier(limits=limits, is_own=is_own)
            watermarks = replay = ReplayWatermarks(pool, topics, external, TOPICS)
        else:
            buffer, replay = Merge(limits=limits, is_own=is_own), None
            watermarks = PostgresWatermarks(pool, external, TOPICS)
        feed = Feed(self.settings, self.service.name, topics, decoder.read, buffer, watermarks.progress)
        processor = BatchProcessor(
            self._registry,
            PostgresStore(self._registry),
            pool,
            EngineLimits(timedelta(days=limits.wait_limit_days), limits.rule_attempts, limits.retry_delay),
            self.metrics,
            self._on_commit,
            self._log_tail,
        )
        processor.tracer = self._tracer
        ingest_loop = IngestLoop(feed, processor, watermarks, self._due, self.metrics.ignored)
        timer_loop = TimerLoop(
            processor, self._due, ingest_loop.reached if replay is None else replay.reached
        )
        await feed.start()
        parts: Mapping[str, Callable[[], Awaitable[None]]] = {
            "feed": ingest_loop.run,
            "waker": lambda: self._fire_deadlines(timer_loop),
            "relay": self._relaying,
            "gauges": lambda: self._gauges(pool, feed, processor),
        }
        self._tasks = [
            asyncio.create_task(supervise(part, action, self.metrics.part_failed))
            for part, action in parts.items()
        ]
        return feed

    def stop(self) -> None:
        """Asks the process to end."""
        self._stopping.set()

    def _on_commit(self) -> None:
        if self._relay is not None:
            self._relay.woken.set()
        self._due.set()

    async def _opened(self) -> asyncpg.Pool | None:
        """Waits for the pool. None where the process is asked to stop before."""
        opening = asyncio.create_task(self._patiently("database", self._open))
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({opening, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if opening.done():
            return opening.result()
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        return None

    async def _open(self) -> asyncpg.Pool:
        """Opens the pool. Raises SchemaBehind where the schema is older than this code."""
        pool = await open_pool(self.settings.database, self.service.name)
        try:
            async with pool.acquire() as connection:
                revision = await revision_of(connection)
                if revision is None or revision < head():
                    needed = f"schema at {revision}, this code needs {head()}"
                    raise SchemaBehind(f"{needed}: run `aftersales migrate`")
                self._versions_count = await keep_policies(connection, self.service)
        except (SchemaBehind, PolicyError):
            await pool.close()
            raise
        except BaseException:
            pool.terminate()
            raise
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

    async def _fire_deadlines(self, timer_loop: TimerLoop) -> None:
        connection = await connect(self.settings.database, self.service.name)
        lease = PostgresLease(connection, "waker")  # the row keeps its word
        try:
            await timer_loop.run(lease)
        finally:
            with suppress(*UNAVAILABLE):
                await lease.release()
                await connection.close(timeout=2)

    async def _relaying(self) -> None:
        connection = await connect(self.settings.database, self.service.name)
        self._log_tail.clear()  # what answers may have been set back since those positions were given
        lease, log_reader = PostgresLease(connection, "relay"), PostgresLogReader(connection)
        relay = Relay(
            self.service.name,
            self._registry.source,
            lease,
            log_reader,
            self._publisher,
            self.metrics,
            self._log_tail,
        )
        self._relay = relay
        try:
            await relay.run()
        finally:
            self._relay = None
            with suppress(*UNAVAILABLE):
                await relay.release()
                await connection.close(timeout=2)

    async def _gauges(self, pool: asyncpg.Pool, feed: Feed, processor: BatchProcessor) -> None:
        """Updates the gauges every few seconds, never per message; what is open once a minute."""
        seen = [kind.name for kind in self.service.kinds if kind.pictures]
        count_at = clock.monotonic()
        while True:
            watermark = processor.watermark if processor.watermark > BEGINNING else None
            health = feed.health()
            self.metrics.reading(health.lag, health.held, watermark, clock.now())
            async with pool.acquire() as connection:
                row = await connection.fetchrow(GAUGES)
                if row is not None and row["versions_count"] != self._versions_count:
                    # Another replica brought a version, or the database was set back to before this one did.
                    self._versions_count = await keep_policies(connection, self.service)
            if row is not None:
                self.metrics.backlog(
                    unsent_seconds=row["unsent_seconds"],
                    unsent_count=row["unsent_count"],
                    waiting_seconds=row["waiting_seconds"],
                    waiting_count=row["waiting_count"],
                    left_alone_count=processor.left_alone_count,
                )
            now = watermark if self._is_replay else clock.now()
            if now is not None and clock.monotonic() >= count_at:
                async with pool.acquire() as connection:
                    await self.metrics.open_work.count(connection, seen, now)
                count_at = clock.monotonic() + COUNT_SECONDS
            await asyncio.sleep(GAUGE_SECONDS)

    def _checks(self) -> health.Checks:
        """Makes the checks of readiness. Each check names what is wrong, or returns None."""

        async def reading() -> str | None:
            if self._feed is None:
                return "it does not read yet"
            facts = self._feed.health()
            if not facts.is_connected or not facts.is_reading:
                return "the consumer is not running"
            if facts.answer_age_seconds is not None and facts.answer_age_seconds > STUCK_SECONDS:
                return "the broker has not answered for too long"
            if facts.poll_age_seconds is not None and facts.poll_age_seconds > STUCK_SECONDS:
                return "the consumer does not poll"
            return None

        async def database() -> str | None:
            if self._pool is None:
                return "no connection yet, or its schema is behind"
            async with self._pool.acquire(timeout=2) as connection:
                await connection.fetchval("SELECT 1")
            return None

        async def relaying() -> str | None:
            relay = self._relay
            if relay is None or clock.monotonic() - relay.last_turn > STUCK_SECONDS:
                return "the relay does not publish"
            return None

        return {"consumer": reading, "database": database, "relay": relaying}

    async def _passed(self, mark: int) -> Mapping[str, Any]:
        """Tells whether all up to a clock mark is done, and when something is due next."""
        if self._pool is None:
            return {"is_passed": False, "next_due_at": None}
        async with self._pool.acquire() as connection:
            is_passed = await has_passed(connection, self.service, mark)
            due_at = await next_due(connection, self.service)
        return {"is_passed": is_passed, "next_due_at": None if due_at is None else due_at.isoformat()}

    async def _stop(self, feed: Feed, pool: asyncpg.Pool) -> None:
        """Stops all parts at once. A batch under way is rolled back and read again, a window sent again."""
        log.info("service stopping", extra={"service": self.service.name})
        for task in self._tasks:
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.settings.limits.stop_seconds):
                await asyncio.gather(*self._tasks, return_exceptions=True)
                await feed.stop()
                await self._publisher.stop()
                await pool.close()
                if self._tracer is not None:
                    await asyncio.to_thread(self._tracer.close)


def main(service: Service) -> None:
    """Runs a service until SIGTERM or SIGINT. Ends with status 1 where its policies are refused."""
    settings = Settings()
    logs.configure(settings.log, service.name)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        asyncio.run(_run(service, settings))
    except PolicyError as error:
        tell(logging.ERROR, "policies are refused: the service does not start", error.faults)
        sys.exit(1)


async def _run(service: Service, settings: Settings) -> None:
    process = Process(service, settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.stop)
    await process.run()
