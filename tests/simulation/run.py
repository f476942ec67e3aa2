"""One run: processes, sources and faults from one seed, then calm, and the judge."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zlib import crc32

from chassis.ingest.decoder import Decoder
from chassis.service import inputs
from chassis.settings import Kafka, Limits, Settings
from tests.chassis import toy
from tests.simulation import service
from tests.simulation.broker import SESSION_SECONDS, Broker
from tests.simulation.database import IDLE_TRANSACTION_SECONDS, Database
from tests.simulation.judge import Judge
from tests.simulation.loop import Stuck
from tests.simulation.replica import Metrics, Replica, Setting
from tests.simulation.story import Story
from tests.simulation.world import SPEED, Plan, World

SETTINGS = Settings.model_construct(
    clock="wall",
    kafka=Kafka(request_timeout_ms=1_000),
    limits=Limits(
        batch_records=6, patience_ms=20, backlog_patience_ms=100, stand_refresh_ms=50, reconnect_most_ms=400
    ),
)
INPUTS = inputs(service.SERVICE)
REST_SECONDS = 120.0
FAILOVER_MOST = 12
"""Commits that a failover may cost."""
LEAP = timedelta(hours=4)
"""At the end the wall clock is set ahead by this: all deadlines and limits lie before it."""


@dataclass
class Result:
    """The result of one seed."""

    seed: int
    failure: str = ""
    digest: int = 0
    trace: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    seen: dict[str, int] = field(default_factory=dict[str, int])
    struck: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    facts: int = 0
    repeats: int = 0
    republished: int = 0
    seconds: float = 0.0


class Run:
    """Everything of one run."""

    def __init__(self, seed: int, plan: Plan | None = None) -> None:
        self.world = World(seed, plan)
        world = self.world
        self.dice = world.dice
        self.database = Database(world)
        self.broker = Broker(world, service.PARTITIONS)
        self.metrics = Metrics()
        decoder = Decoder(service.SERVICE, SETTINGS.limits, by_marks=False, now=world.now)
        setting = Setting(world, self.database, self.broker, service.REGISTRY, decoder, SETTINGS, INPUTS)
        count = self.dice.choice((1, 2, 2, 3))
        self.replicas = [Replica(setting, f"r{number}", self.metrics) for number in range(count)]
        self.story = Story(self.dice, world.began)
        self.judge = Judge(world, self.database, self.broker, self.story)
        if world.may_fail_over:
            self.database.past = deque(maxlen=FAILOVER_MOST)
        world.strikes = {
            "kill": self._kill,
            "freeze": self._freeze,
            "stop": self._stop,
            "database": self._database_restart,
            "failover": self._failover,
            "broker": self._broker_restart,
            "rebalance": lambda _: self.broker.rebalance(),
        }

    async def main(self) -> None:
        """Tells the story while faults strike, then lets everything come to rest."""
        loop = self.world.loop
        for replica in self.replicas:
            replica.start()
        if self.dice.random() < 0.3:
            loop.create_task(self._break_rules())
        for told in self.story.tells:
            moment = (told.written_at - self.world.began).total_seconds() / SPEED
            if moment > loop.time():
                await asyncio.sleep(moment - loop.time())
            written = self.broker.append(told.topic, told.partition, told.record)
            self.judge.told(told, written, self.world.now())
        self.world.is_calm = True
        self.world.leap = LEAP
        await self._rest()
        self.judge.at_rest()

    async def _rest(self) -> None:
        """Waits until nothing is left to do."""
        until = self.world.loop.time() + REST_SECONDS
        quiet = 0
        while quiet < 2:
            await asyncio.sleep(0.2)
            self._revive()
            quiet = quiet + 1 if self.judge.is_quiet() else 0
            if self.world.loop.time() > until:
                raise Stuck(f"no rest after {REST_SECONDS:.0f} s: {self.judge.unrest()}")

    def _revive(self) -> None:
        for replica in self.replicas:
            if not replica.is_up and (replica.owner is None or replica.owner.is_dead):
                replica.start()

    async def _break_rules(self) -> None:
        """For a while a rule fails, now and then for good."""
        await asyncio.sleep(self.dice.random())
        toy.BROKEN.add(self.dice.choice(("Opened", "Added", "Paid", "DeadlinePassed")))
        await asyncio.sleep(self.dice.choice((0.05, 0.1, 0.5, 1.0)))
        toy.BROKEN.clear()

    def _find(self, owner_name: str) -> Replica | None:
        name = owner_name.split(".", maxsplit=1)[0]
        return next((replica for replica in self.replicas if replica.name == name), None)

    def _kill(self, owner_name: str) -> None:
        replica = self._find(owner_name)
        if replica is not None:
            replica.kill(self.dice.choice((0.0, SESSION_SECONDS)))
            self._start_later(replica)

    def _start_later(self, replica: Replica) -> None:
        def start() -> None:
            if replica.owner is None or replica.owner.is_dead:
                replica.start()

        self.world.later(self.dice.choice((0.0, 0.05, 0.5)), start)

    def _freeze(self, owner_name: str) -> None:
        replica = self._find(owner_name)
        if replica is not None:
            seconds = self.dice.choice((0.1, 0.6, 1.5, 4.0))
            replica.freeze(seconds, IDLE_TRANSACTION_SECONDS, SESSION_SECONDS)

    def _stop(self, owner_name: str) -> None:
        replica = self._find(owner_name)
        if replica is not None:
            replica.stop()
            self.world.later(0.3, self._revive)

    def _database_restart(self, _: str) -> None:
        self.database.is_down = True
        self.database.end_all()
        self.world.later(self.dice.choice((0.0, 0.2, 0.6)), self._database_up)

    def _failover(self, owner_name: str) -> None:
        """The database goes down, and another comes up that lacks the last commits."""
        self._database_restart(owner_name)
        self.database.set_back(self.dice.randrange(1, FAILOVER_MOST + 1))
        self.judge.set_back()

    def _database_up(self) -> None:
        self.database.is_down = False

    def _broker_restart(self, _: str) -> None:
        self.broker.is_down = True
        self.world.later(self.dice.choice((0.05, 0.3, 0.8)), self._broker_up)

    def _broker_up(self) -> None:
        self.broker.is_down = False
        self.broker.wake()


@contextmanager
def quiet() -> Generator[None]:
    """No log lines: what the chassis says about faults is what was asked for."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def run(seed: int, plan: Plan | None = None, *, with_trace: bool = False) -> Result:
    """Plays one seed. Never raises: what is wrong is in the result."""
    one = Run(seed, plan)
    world = one.world
    toy.BROKEN.clear()
    failure = ""
    with world.clocks():
        try:
            world.loop.run(one.main())
        except Exception as error:  # noqa: BLE001  whatever it is, it is this seed's
            failure = f"{type(error).__name__}: {error}"
        if not failure and world.loop.failures:
            failure = f"a task died: {world.loop.failures[0]!r}"
        world.is_over = True
        world.loop.dispose()
    toy.BROKEN.clear()
    result = Result(
        seed, failure, seen=world.seen, struck=world.struck, facts=len(one.database.tables["facts"]),
        repeats=one.metrics.repeats, republished=one.judge.republished, seconds=world.loop.time(),
    )  # fmt: skip
    if with_trace:
        result.trace = world.trace
        result.digest = crc32(repr(world.trace).encode())
    return result
