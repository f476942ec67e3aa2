"""Faults of processes: killed, ended, frozen, at any moment and at named ones; restarts, groups, clocks."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from aftersales_contracts.topics import TOPICS
from chassis.clock import monotonic
from chassis.kafka_client import close
from chassis.service import inputs
from cli.access import load_services
from devstack.errors import StackError
from tests.faults.proof import patched
from tests.faults.proof.replica import Replica
from tests.faults.proof.scene import Kind, Scene, is_gone, state_of
from tests.support.away import AWAY

SESSION_SECONDS = 6.0
"""Session timeout in the replicas' settings."""
HIT_LIMIT_SECONDS = 12.0
READY_LIMIT_SECONDS = 20.0
REPLAY_MOST_COUNT = 10_000
"""Records of one partition that are read again, at most."""
STEP_SECONDS_MOST = 240.0
"""A clock that is further off than the contract's five minutes makes good events refused ones."""
OPEN_TRANSACTIONS = """
SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND application_name = $1
  AND clock_timestamp() - state_change > interval '300 ms'
"""


async def _kill(scene: Scene, replica: Replica) -> str:
    pid = replica.part.pid
    await asyncio.to_thread(replica.part.kill)
    return f"process {pid} gone" if is_gone(pid) else ""


async def kill(scene: Scene) -> None:
    """SIGKILL at a moment that nobody chose."""
    await scene.hold(scene.dice.uniform(0, 1))
    scene.fault.proof = await _kill(scene, scene.replica)
    await scene.hold(scene.dice.uniform(0.2, 3))
    await scene.launch(scene.replica)


async def repeated_kills(scene: Scene) -> None:
    """SIGKILL again and again, while it starts, too."""
    proofs = [await _kill(scene, scene.replica)]
    for _ in range(3):
        await scene.launch(scene.replica)
        await scene.hold(scene.dice.uniform(0.3, 3))
        proofs.append(await _kill(scene, scene.replica))
    await scene.launch(scene.replica)
    scene.fault.proof = ", ".join(filter(None, proofs))


async def terminate(scene: Scene) -> None:
    """SIGTERM: it finishes what it has in hand."""
    pid, began = scene.replica.part.pid, monotonic()
    await asyncio.to_thread(scene.replica.part.stop)
    if is_gone(pid):
        scene.fault.proof = f"process {pid} ended in {monotonic() - began:.1f} s"
    await scene.hold(scene.dice.uniform(0.2, 2))
    await scene.launch(scene.replica)


async def freeze(scene: Scene) -> None:
    """SIGSTOP for longer than its session with the group lasts; then it goes on as if nothing had been."""
    service, part = scene.replica.service, scene.replica.part
    pid = part.pid
    part.pause()
    try:
        await scene.hold(SESSION_SECONDS + scene.dice.uniform(1.5, 3))
        is_stopped = state_of(pid) == "T"
        try:
            left = f"its group has {await scene.members_count(service)} members"
        except AWAY as error:
            left = f"its group cannot be asked ({type(error).__name__})"
    finally:
        part.resume()
    if is_stopped:
        scene.fault.proof = f"process {pid} in state T past its session, {left}"


def at_point(point: str, action: str) -> Callable[[Scene], Awaitable[None]]:
    """Killed or frozen when it, or its sibling, comes to a named moment."""

    async def act(scene: Scene) -> None:
        pids = {replica.name: replica.part.pid for replica in scene.replicas}
        count = scene.dice.randint(1, 4)
        for replica in scene.replicas:
            patched.order(replica.failpoint_file, point, action, count)
        hit: list[Replica] = []

        async def has_hit() -> bool:
            hit.extend(each for each in scene.replicas if patched.was_hit(each.failpoint_file))
            return bool(hit)

        await scene.until(has_hit, HIT_LIMIT_SECONDS)
        for replica in scene.replicas:
            if replica not in hit:
                patched.forget(replica.failpoint_file)
        for replica in hit[:1]:
            scene.fault.target = replica.name
            await (_after_kill if action == "kill" else _while_frozen)(
                scene, replica, pids[replica.name], point
            )
        for replica in scene.replicas:
            patched.forget(replica.failpoint_file)
            if replica.part.running:
                replica.part.resume()
            await scene.launch(replica)

    return act


async def _after_kill(scene: Scene, replica: Replica, pid: int, point: str) -> None:
    async def has_ended() -> bool:
        return not replica.part.running

    if await scene.until(has_ended, 5) and is_gone(pid):
        scene.fault.proof = f"process {pid} gone at {point}"
    await scene.hold(scene.dice.uniform(0.2, 2))


async def _while_frozen(scene: Scene, replica: Replica, pid: int, point: str) -> None:
    async def is_open() -> bool:
        return bool(await scene.ask(OPEN_TRANSACTIONS, f"aftersales-{replica.service}"))

    seen = await scene.until(is_open, 3)
    if state_of(pid) == "T":
        scene.fault.proof = f"process {pid} in state T at {point}" + (
            ", its transaction seen open" if seen else ""
        )
    await scene.hold(SESSION_SECONDS + 1.5)


async def rolling_restart(scene: Scene) -> None:
    """All replicas of a service one after the other, each once the one before is ready."""
    pids: list[int] = []
    for replica in scene.replicas:
        pids.append(replica.part.pid)
        await asyncio.to_thread(replica.part.stop)
        await scene.launch(replica)

        async def is_ready(replica: Replica = replica) -> bool:
            return await asyncio.to_thread(replica.is_ready)

        await scene.until(is_ready, READY_LIMIT_SECONDS)
    if all(is_gone(pid) for pid in pids):
        scene.fault.proof = f"processes {pids} gone, one after the other"


class _Given(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships without types
    """Counts how often a stranger was given partitions."""

    def __init__(self) -> None:
        self.count = 0

    async def on_partitions_revoked(self, revoked: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Nothing to give back."""

    async def on_partitions_assigned(self, assigned: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """One more time."""
        self.count += bool(assigned)


async def rebalance_storm(scene: Scene) -> None:
    """Further members join the group and leave it, every second or two; they are given partitions."""
    service = load_services()[scene.replica.service]
    given = _Given()
    joined = 0
    for _ in range(scene.dice.randint(3, 5)):
        consumer = AIOKafkaConsumer(
            bootstrap_servers=scene.world.bootstrap_servers,
            group_id=scene.world.group_of(service.name),
            enable_auto_commit=False,
            session_timeout_ms=int(SESSION_SECONDS * 1000),
            heartbeat_interval_ms=500,
            partition_assignment_strategy=(RangePartitionAssignor,),
        )
        consumer.subscribe(inputs(service), listener=given)
        try:
            async with asyncio.timeout(5):
                await consumer.start()
            joined += 1
            await scene.hold(scene.dice.uniform(0.8, 2))
        finally:
            async with asyncio.timeout(10):
                await close(consumer)
    if given.count:
        scene.fault.proof = f"{joined} joined and left, partitions moved to them {given.count} times"


async def replay(scene: Scene) -> None:
    """The service stops, its group's offsets are set to 0 (of a long log: far back), and it starts again."""
    service = load_services()[scene.replica.service]
    for replica in scene.replicas:
        await asyncio.to_thread(replica.part.stop)
    try:
        places = [
            TopicPartition(t, number) for t in inputs(service) for number in range(TOPICS[t].partitions)
        ]
        consumer = AIOKafkaConsumer(
            bootstrap_servers=scene.world.bootstrap_servers,
            group_id=scene.world.group_of(service.name),
            enable_auto_commit=False,
        )
        consumer.assign(places)
        await consumer.start()
        try:
            before = {place: await consumer.committed(place) or 0 for place in places}
            back = {place: max(0, offset - REPLAY_MOST_COUNT) for place, offset in before.items()}
            await _commit(scene, consumer, back)
        finally:
            await close(consumer)
    finally:
        for replica in scene.replicas:
            await scene.launch(replica)
    count = sum(before.values()) - sum(back.values())
    if count:
        is_whole = not any(back.values())
        scene.fault.proof = f"{count} records to be read again, " + (
            "from offset 0" if is_whole else "far back"
        )


async def _commit(scene: Scene, consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int]) -> None:
    """Moves the group's offsets, as soon as it has no member any more."""

    async def is_done() -> bool:
        await consumer.commit(dict(offsets))
        return True

    if not await scene.until(is_done, 2 * SESSION_SECONDS):
        raise TimeoutError("the group still has members")


async def clock_step(scene: Scene) -> None:
    """The machine's clock jumps, ahead or back, and is put right later."""
    replica = scene.replica
    step = scene.dice.choice((-1, 1)) * scene.dice.uniform(20, STEP_SECONDS_MOST)
    scene.fault.step_seconds = step
    before = patched.shifted_count(replica.clock_file)
    patched.set_clock(replica.clock_file, step)
    await scene.hold(scene.dice.uniform(4, 8))
    asked = patched.shifted_count(replica.clock_file) - before
    patched.set_clock(replica.clock_file, 0.0)
    if asked:
        scene.fault.proof = f"it asked {asked} times while the clock was {step:+.0f} s off"


def _unless_down(act: Callable[[Scene], Awaitable[None]]) -> Callable[[Scene], Awaitable[None]]:
    """A process that another fault has just ended by its own doing cannot be struck: no proof."""

    async def around(scene: Scene) -> None:
        try:
            await act(scene)
        except StackError:
            for replica in scene.replicas:
                await scene.launch(replica)

    return around


KINDS = tuple(
    Kind(name, takes, _unless_down(act), cell)  # type: ignore[arg-type]  # a literal of a tuple
    for name, takes, act, cell in (
        ("kill", "replica", kill, ""),
        ("repeated_kills", "replica", repeated_kills, "repeated_kills"),
        ("terminate", "replica", terminate, ""),
        ("freeze", "replica", freeze, ""),
        ("kill_before_commit", "service", at_point(patched.BEFORE_COMMIT, "kill"), ""),
        ("kill_after_commit", "service", at_point(patched.AFTER_COMMIT, "kill"), ""),
        ("kill_before_publish", "service", at_point(patched.BEFORE_PUBLISH, "kill"), ""),
        ("kill_between_publish_and_cursor", "service", at_point(patched.BEFORE_CURSOR, "kill"), ""),
        ("kill_before_offsets", "service", at_point(patched.BEFORE_OFFSETS, "kill"), ""),
        ("freeze_before_commit", "service", at_point(patched.BEFORE_COMMIT, "freeze"), ""),
        ("freeze_between_publish_and_cursor", "service", at_point(patched.BEFORE_CURSOR, "freeze"), ""),
        ("rolling_restart", "service", rolling_restart, ""),
        ("rebalance_storm", "service", rebalance_storm, ""),
        ("replay", "service", replay, ""),
        ("clock_step", "replica", clock_step, ""),
    )
)
