"""One run: inputs and faults side by side, then healing, rest and judgement."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from aftersales_contracts.topics import TOPICS
from tests.faults.proof import history, secrets
from tests.faults.proof.generator import Generator, Told
from tests.faults.proof.judge import judge
from tests.faults.proof.ledger import Ledger
from tests.faults.proof.nemesis import Nemesis
from tests.faults.proof.press import Press
from tests.faults.proof.rest import Rest, Stuck
from tests.faults.proof.scene import Fault
from tests.faults.proof.verdict import Verdict
from tests.faults.proof.world import World

SETTLE_SECONDS = 2.0
"""After the moment of the last deadline of a story."""
FREEZES_COUNT = 20


@dataclass(frozen=True)
class Plan:
    """The plan of a run."""

    seed: int
    inputs_count: int
    per_second: float
    kinds: Sequence[str] | None = None
    """Kinds of faults; None draws from all, an empty list makes a calm run."""
    silence_seconds: tuple[float, float] = (10.0, 40.0)
    rest_seconds: float = 180.0
    stall_seconds: float = 60.0
    """A run in which nothing moves for so long is given up."""
    trouble: float = 1.0
    """Factor of the shares of repeats, ids used again and poison."""
    faults_count: int = 0
    """Goes on with faults until so many have bitten."""
    faults_seconds: float = 0.0
    """Most seconds that the faults go on for after the last input."""
    starts_late: bool = False
    """The inputs lie in Kafka before the services read."""
    mix_seconds: float = 16.0
    mix_count: int = 6
    calm_seconds: float = 6.0
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    """Environment of all processes, beyond the usual."""


@dataclass
class Outcome:
    """The result of a run."""

    plan: Plan
    verdict: Verdict
    faults: list[Fault] = field(default_factory=list[Fault])
    """Those that bit."""
    missed_count: int = 0
    """Faults that did not bite."""
    published_seconds: float = 0.0
    caught_up_seconds: float = 0.0
    seconds: float = 0.0
    history: list[str] = field(default_factory=list[str])


async def stamp_by_broker(bootstrap_servers: str) -> None:
    """The broker dates all records: no stepped clock and no waiting publisher hides when they came."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        by_broker = {"message.timestamp.type": "LogAppendTime"}
        await admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name, by_broker) for name in TOPICS]
        )
    finally:
        await admin.close()


class Episode:
    """One plan in one world."""

    def __init__(self, world: World, plan: Plan) -> None:
        self._world = world
        self._plan = plan
        self._ledger = Ledger()
        self._tag = f"s{plan.seed}"
        self._nemesis: Nemesis | None = None
        self.outcome = Outcome(plan, Verdict())

    async def run(self) -> Outcome:
        """All of it; a run that is stuck is a violation of I10."""
        start = time.monotonic()
        await stamp_by_broker(self._world.bootstrap_servers)
        generator = Generator(
            self._plan.seed,
            self._plan.inputs_count,
            tag=self._tag,
            silence_seconds=self._plan.silence_seconds,
            trouble=self._plan.trouble,
        )
        self._ledger.told = generator.told
        if self._plan.kinds != ():
            self._nemesis = Nemesis(
                self._world,
                self._plan.seed,
                self._plan.kinds,
                mix_seconds=self._plan.mix_seconds,
                mix_count=self._plan.mix_count,
                calm_seconds=self._plan.calm_seconds,
            )
        try:
            await self._work(generator)
        except Stuck as stuck:
            lines = await self._diagnostics()
            if self._nemesis is not None:
                await self._nemesis.heal()
            await self._judge()
            self.outcome.verdict.blame("I10", "all", str(stuck))
            self.outcome.history = lines + self.outcome.history
        else:
            await self._judge()
        finally:
            self._world.resume()
        self._count_faults()
        for error in self._nemesis.errors if self._nemesis is not None else ():
            self.outcome.verdict.blame("I10", "harness", f"a fault could not be done or undone: {error!r}")
        self.outcome.seconds = time.monotonic() - start
        return self.outcome

    async def _work(self, generator: Generator) -> None:
        world, plan = self._world, self._plan
        async with AsyncExitStack() as stack:
            rest = await stack.enter_async_context(
                Rest(world.bootstrap_servers, world.database_url, world.services)
            )
            press = await stack.enter_async_context(Press(world.bootstrap_servers, self._ledger))
            watch = asyncio.create_task(rest.watch(plan.stall_seconds))
            stack.push_async_callback(_end, watch)
            act = asyncio.create_task(self._act(press, generator))
            stack.push_async_callback(_end, act)
            await asyncio.wait({watch, act}, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                watch.result()
            await act
            await asyncio.sleep(_until_last_due(generator.told))
            self.outcome.caught_up_seconds = await rest.wait(plan.rest_seconds, plan.stall_seconds)
            urls = [replica.url for replica in world.replicas.values()]
            await secrets.check_metrics(urls, self.outcome.verdict)
            await self._freeze(rest)

    async def _act(self, press: Press, generator: Generator) -> None:
        """Inputs and faults; returns when all are over and everything is healed."""
        stop, never = asyncio.Event(), asyncio.Event()
        start = time.monotonic()
        if self._plan.starts_late:
            await self._publish_to_nobody(press, generator)
            return
        harm = asyncio.create_task(self._nemesis.run(stop)) if self._nemesis is not None else None
        try:
            await press.publish(generator, self._plan.per_second, never)
            self.outcome.published_seconds = time.monotonic() - start
            if self._nemesis is not None:
                await self._go_on(self._nemesis)
            stop.set()
            if harm is not None:
                await harm
        finally:
            if harm is not None:
                await _end(harm)
        if self._nemesis is not None:
            await self._nemesis.heal()

    async def _publish_to_nobody(self, press: Press, generator: Generator) -> None:
        replicas = list(self._world.replicas.values())
        await asyncio.gather(*(asyncio.to_thread(each.part.stop) for each in replicas))
        await press.publish(generator, self._plan.per_second, asyncio.Event())
        await asyncio.sleep(_until_last_due(generator.told))
        await asyncio.gather(*(asyncio.to_thread(each.launch) for each in replicas))
        await self._world.wait_ready()

    async def _go_on(self, nemesis: Nemesis) -> None:
        end = time.monotonic() + self._plan.faults_seconds
        while time.monotonic() < end and _bitten(nemesis.log) < self._plan.faults_count:
            await asyncio.sleep(0.5)

    async def _freeze(self, rest: Rest) -> None:
        """Nothing moves while it is judged, though deadlines go on to come due; what was in hand is done."""
        for _ in range(FREEZES_COUNT):
            self._world.pause()
            if not await rest.is_in_hand():
                return
            self._world.resume()
            await rest.wait(self._plan.rest_seconds, self._plan.stall_seconds)
        raise Stuck(f"something was in hand {FREEZES_COUNT} times")

    async def _judge(self) -> None:
        world, found = self._world, self.outcome.verdict
        log = self._nemesis.log if self._nemesis is not None else []
        step = max((abs(fault.step_seconds or 0.0) for fault in log), default=0.0)
        await judge(
            world.bootstrap_servers, world.database_url, world.services, self._ledger, found,
            logs=world.logs, clock_step_seconds=step,
        )  # fmt: skip
        about = next((one.about for one in found.violations if one.about), "")
        if about:
            self.outcome.history = await history.of(
                about, world.services, world.bootstrap_servers, world.database_url
            )

    async def _diagnostics(self) -> list[str]:
        """Describes a stuck world: which replicas are ready, and the end of each log."""
        lines: list[str] = []
        for name, replica in self._world.replicas.items():
            is_ready = await asyncio.to_thread(replica.is_ready)
            lines.append(f"{name}: running {replica.part.running}, ready {is_ready}")
            lines += replica.part.tail().splitlines()[-12:]
        return lines

    def _count_faults(self) -> None:
        if self._nemesis is not None:
            self.outcome.faults = [fault for fault in self._nemesis.log if fault.proof]
            self.outcome.missed_count = len(self._nemesis.log) - len(self.outcome.faults)


def _bitten(log: Sequence[Fault]) -> int:
    return sum(1 for fault in log if fault.proof)


def _until_last_due(told: Sequence[Told]) -> float:
    last = max((each.due_at for each in told if each.due_at is not None), default=None)
    if last is None:
        return 0.0
    return max(0.0, (last - datetime.now(UTC)).total_seconds() + SETTLE_SECONDS)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError, Stuck):
        await task
