"""One process of the service, put together as `chassis.runtime.process.Process` does it, over the models."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from datetime import timedelta

from chassis.engine.engine import Engine, Limits
from chassis.engine.registry import Registry
from chassis.ingest.decoder import Arrival, Decoder
from chassis.ingest.feed import Feed
from chassis.ingest.merge import Merge
from chassis.publish.log_tail import LogTail
from chassis.publish.relay import Relay
from chassis.runtime.batches import BatchProcessor
from chassis.runtime.ingest_loop import IngestLoop
from chassis.runtime.supervisor import supervise
from chassis.runtime.timer_loop import TimerLoop
from chassis.service import is_own
from chassis.settings import Settings
from chassis.store.lease import LeaseLost
from chassis.store.store import TRANSIENT
from tests.simulation.broker import Broker, SimulatedPublisher, reader_of
from tests.simulation.database import Database
from tests.simulation.leading import SimulatedLease, SimulatedLogReader, SimulatedWatermarks
from tests.simulation.loop import OWNER, Owner
from tests.simulation.store import SimulatedPool, SimulatedStore
from tests.simulation.world import World

LIMITS = Limits(wait=timedelta(hours=2), attempts=3, retry_delay=lambda _: timedelta(minutes=4))
STOP_SECONDS = 3.0


@dataclass(frozen=True)
class Setting:
    """The parts that all processes of a run share."""

    world: World
    database: Database
    broker: Broker
    registry: Registry
    decoder: Decoder
    settings: Settings
    inputs: Sequence[str]


class Metrics:
    """Counts what the judge wants to know."""

    def __init__(self) -> None:
        self.repeats = 0
        self.retries = 0

    def handled(self, service: str, arrivals: Sequence[Arrival], repeats: int, seconds: float) -> None:
        self.repeats += repeats

    def decided(self, engine: Engine, wall_now: object) -> None: ...
    def dead(self, reason: str, count: int = 1) -> None: ...
    def retried(self, error: BaseException) -> None:
        self.retries += 1

    def relayed(self, count: int) -> None: ...
    def ignored(self, counts: Mapping[str, int]) -> None: ...
    def part_failed(self, part: str) -> None: ...


class Replica:
    """A process that is started, killed, frozen, stopped and started again."""

    def __init__(self, setting: Setting, name: str, metrics: Metrics) -> None:
        self.setting = setting
        self.name = name
        self.metrics = metrics
        self.life = 0
        self.owner: Owner | None = None
        self._is_stopping = False
        self._due = asyncio.Event()
        self._log_tail = LogTail()
        self._relay: Relay | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._feed: Feed | None = None

    @property
    def is_up(self) -> bool:
        """Whether it lives and was not asked to stop."""
        return self.owner is not None and not self.owner.is_dead and not self._is_stopping

    def start(self) -> None:
        """Begins a new life, with nothing remembered."""
        self.life += 1
        self._is_stopping = False
        self._log_tail = LogTail()
        self.owner = Owner(f"{self.name}.{self.life}")
        self._in_context(self._run)

    def _in_context(self, action: Callable[[], Awaitable[None]]) -> None:
        owner = self.owner
        assert owner is not None
        context = copy_context()
        context.run(OWNER.set, owner)
        self.setting.world.loop.create_task(action(), name=owner.name, context=context)

    async def _run(self) -> None:
        setting = self.setting
        service = setting.registry.service
        external = [topic for topic in setting.inputs if not is_own(topic)]
        partitions = {topic: setting.broker.partitions[topic] for topic in setting.inputs}
        watermarks = SimulatedWatermarks(setting.database, partitions, external)
        buffer = Merge(limits=setting.settings.limits, is_own=is_own)
        feed = self._feed = Feed(
            setting.settings, service.name, setting.inputs, setting.decoder.read, buffer,
            watermarks.progress, reader_of(setting.broker),
        )  # fmt: skip
        store = SimulatedStore(setting.registry, setting.database)
        pool = SimulatedPool(setting.database)
        processor = BatchProcessor(
            setting.registry, store, pool, LIMITS, self.metrics, self._on_commit, self._log_tail
        )
        self._due = asyncio.Event()
        ingest_loop = IngestLoop(feed, processor, watermarks, self._due, self.metrics.ignored)
        timer_loop = TimerLoop(processor, self._due, ingest_loop.reached)
        await feed.start()
        parts: Mapping[str, Callable[[], Awaitable[None]]] = {
            "feed": ingest_loop.run,
            "waker": lambda: self._fire_deadlines(timer_loop),
            "relay": self._relaying,
        }
        self._tasks = [
            asyncio.create_task(supervise(part, action, self.metrics.part_failed))
            for part, action in parts.items()
        ]

    def _on_commit(self) -> None:
        if self._relay is not None:
            self._relay.woken.set()
        self._due.set()

    async def _fire_deadlines(self, timer_loop: TimerLoop) -> None:
        database = self.setting.database
        await self.setting.world.step("open session")
        session = database.connect()
        lease = SimulatedLease(database, session, "waker")
        try:
            await timer_loop.run(lease)
        finally:
            with suppress(*TRANSIENT):
                await lease.release()
            database.end(session)

    async def _relaying(self) -> None:
        setting, database = self.setting, self.setting.database
        await setting.world.step("open session")
        session = database.connect()
        self._log_tail.clear()
        lease, log_reader = SimulatedLease(database, session, "relay"), SimulatedLogReader(database, session)
        publisher = SimulatedPublisher(setting.broker)
        relay = self._relay = Relay(
            setting.registry.service.name,
            setting.registry.source,
            lease,
            log_reader,
            publisher,
            self.metrics,
            self._log_tail,
        )
        try:
            await relay.run()
        finally:
            self._relay = None
            with suppress(*TRANSIENT, LeaseLost):
                await relay.release()
            database.end(session)

    def kill(self, notice_seconds: float) -> None:
        """Ends it between two instructions; its sessions end at once, the group notices later."""
        if self.owner is None or self.owner.is_dead:
            return
        owner = self.owner
        owner.is_dead = True
        self.setting.database.end_all(owner)
        self.setting.world.later(notice_seconds, self.setting.broker.expire, owner)

    def freeze(self, seconds: float, idle_seconds: float, session_seconds: float) -> None:
        """Stops it where it stands, and lets it go on later: by then it may have been given up."""
        owner, loop = self.owner, self.setting.world.loop
        if owner is None or owner.is_dead:
            return
        owner.frozen_until = loop.time() + seconds
        if seconds > idle_seconds:
            self.setting.world.later(idle_seconds, self.setting.database.end_idle, owner)
        if seconds > session_seconds:
            self.setting.world.later(session_seconds, self.setting.broker.expire, owner)

    def stop(self) -> None:
        """Asks it to end: cancels every part where it stands."""
        if self.is_up:
            self._is_stopping = True
            self._in_context(self._stop)

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.gather(*self._tasks, return_exceptions=True)
                if self._feed is not None:
                    await self._feed.stop()
        self.kill(0.0)
