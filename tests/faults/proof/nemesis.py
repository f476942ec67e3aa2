"""Draws faults from a seed: a mix of several for some seconds, then calm, then another mix.

Every kind comes up before one comes up again; one that found nothing to strike, or did not bite, is drawn
again first. Each fault is logged with its begin and end, the proof that it bit, and how long what it struck
took to move again. `heal` undoes everything.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from random import Random

from chassis import clock
from tests.faults.proof import kinds_broker, kinds_database, kinds_network, kinds_process, kinds_session
from tests.faults.proof.pulse import Pulse
from tests.faults.proof.replica import Replica
from tests.faults.proof.scene import Fault, Kind, Scene
from tests.faults.proof.world import World
from tests.support.away import AWAY

__all__ = ["CELLS", "KINDS", "Fault", "Nemesis"]

KINDS = {
    kind.name: kind
    for kind in (
        *kinds_process.KINDS,
        *kinds_broker.KINDS,
        *kinds_database.KINDS,
        *kinds_session.KINDS,
        *kinds_network.KINDS,
    )
}
CELLS = {kind.name: kind.cell for kind in KINDS.values() if kind.cell}
"""Kind of fault -> its name in the public survey of queues on PostgreSQL."""
RECOVERY_LIMIT_SECONDS = 120.0
TRIES_COUNT = 3
"""A kind that never bites, because this machine forbids it, is not drawn out of turn more often."""
HEALED_LIMIT_SECONDS = 20.0
"""Recoveries are watched for so long after all is healed; a clock that was ahead hides one for longer."""


class Nemesis:
    """Does harm to one world until it is stopped. `log` holds what it did, in the order of the beginnings."""

    def __init__(
        self,
        world: World,
        seed: int,
        kinds: Sequence[str] | None = None,
        *,
        mix_count: int = 7,
        mix_seconds: float = 16.0,
        calm_seconds: float = 6.0,
    ) -> None:
        """`kinds`: those to draw from, all if absent. A mix begins `mix_count` faults within `mix_seconds`;
        once the last of them is over, `calm_seconds` without any follow.
        """
        self._world = world
        self._dice = Random(seed)
        self._deck = self._shuffled([KINDS[name] for name in (kinds or KINDS)])
        self._again: list[Kind] = []
        self._tried: Counter[str] = Counter()
        self._mix_count = mix_count
        self._mix_seconds = mix_seconds
        self._calm_seconds = calm_seconds
        self._pulse = Pulse(world)
        self._over = asyncio.Event()
        self._claimed: set[str] = set()
        self._acts: list[asyncio.Task[None]] = []
        self._lasting: list[asyncio.Task[None]] = []
        self._recoveries: list[asyncio.Task[None]] = []
        self.log: list[Fault] = []
        self.errors: list[BaseException] = []
        """Errors of the faults themselves: a defect of the harness, told when all is judged."""

    def _shuffled(self, kinds: Sequence[Kind]) -> Iterator[Kind]:
        while True:
            yield from self._dice.sample(kinds, len(kinds))

    async def run(self, stop: asyncio.Event) -> None:
        """Mix after mix until `stop` is set; what runs then ends by itself."""
        while not stop.is_set():
            moments = sorted(self._dice.uniform(0, self._mix_seconds) for _ in range(self._mix_count))
            began = clock.monotonic()
            for moment in moments:
                await _pause(stop, began + moment - clock.monotonic())
                if stop.is_set():
                    break
                self._begin()
            self._note(await asyncio.gather(*self._acts, return_exceptions=True))
            self._acts.clear()
            await _pause(stop, self._calm_seconds * self._dice.uniform(0.7, 1.3))

    async def heal(self) -> None:
        """Undoes everything; returns once all replicas run and are ready, and recoveries are measured."""
        self._over.set()
        self._note(await asyncio.gather(*self._acts, *self._lasting, return_exceptions=True))
        await self._world.revive()
        for replica in self._world.replicas.values():
            replica.heal()
            if not replica.part.running:
                await asyncio.to_thread(replica.launch)
        await self._world.wait_ready()
        await self._see_recoveries()

    def _note(self, done: Sequence[BaseException | None]) -> None:
        self.errors += [error for error in done if error is not None]

    async def _see_recoveries(self) -> None:
        """Those that do not come to be seen in time stay unseen."""
        if not self._recoveries:
            return
        seen, unseen = await asyncio.wait(self._recoveries, timeout=HEALED_LIMIT_SECONDS)
        for task in unseen:
            task.cancel()
        await asyncio.gather(*unseen, return_exceptions=True)
        self._note([task.exception() for task in seen])

    def _drawn(self, dice: Random) -> tuple[Kind, str, tuple[Replica, ...]] | None:
        """The next kind with something to strike, and what; nothing where that of the deck has not."""
        for kind in self._again:
            found = self._target(kind, dice)
            if found is not None:
                self._again.remove(kind)
                return kind, *found
        kind = next(self._deck)
        found = self._target(kind, dice)
        if found is None:
            self._again.append(kind)
            return None
        return kind, *found

    def _begin(self) -> None:
        """Begins a fault, if there is something left for it to strike."""
        dice = Random(self._dice.random())
        drawn = self._drawn(dice)
        if drawn is None:
            return
        kind, target, replicas = drawn
        self._tried[kind.name] += 1
        claims = {replica.name for replica in replicas} or {target}
        if kind.takes == "session":
            claims = set()
        self._claimed |= claims
        fault = Fault(kind.name, target, clock.now())
        self.log.append(fault)
        scene = Scene(self._world, fault, dice, self._over, replicas)
        task = asyncio.create_task(self._one(kind, scene, claims), name=kind.name)
        (self._lasting if kind.is_lasting else self._acts).append(task)

    def _target(self, kind: Kind, dice: Random) -> tuple[str, tuple[Replica, ...]] | None:
        """A name for what is struck, and the replicas; nothing where all that could be is struck already."""
        free = [each for each in self._world.replicas.values() if each.name not in self._claimed]
        match kind.takes:
            case "replica":
                if not free:
                    return None
                chosen = dice.choice(free)
                return chosen.name, (chosen,)
            case "service" | "session":
                whole = [
                    name for name in self._world.services if all(r in free for r in self._world.of(name))
                ]
                services = whole if kind.takes == "service" else self._world.services
                if not services:
                    return None
                name = dice.choice(services)
                return name, tuple(self._world.of(name))
            case _:
                return None if kind.takes in self._claimed else (kind.takes, ())

    async def _one(self, kind: Kind, scene: Scene, claims: set[str]) -> None:
        """One fault from begin to end."""
        try:
            await kind.act(scene)
        except AWAY as error:
            scene.fault.target += f" ({type(error).__name__} on the way)"
        finally:
            scene.fault.ended_at = clock.now()
            self._claimed -= claims
        if not scene.fault.proof and self._tried[kind.name] < TRIES_COUNT:
            self._again.append(kind)
        services = {replica.service for replica in scene.replicas} or set(self._world.services)
        self._recoveries.append(asyncio.create_task(self._recover(scene.fault, services)))

    async def _recover(self, fault: Fault, services: set[str]) -> None:
        took = await asyncio.gather(
            *(self._pulse.recovery_seconds(service, RECOVERY_LIMIT_SECONDS) for service in services)
        )
        seen = [seconds for seconds in took if seconds is not None]
        fault.recovered_seconds = max(seen) if len(seen) == len(took) else None


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, seconds)):
            await stop.wait()
