"""Mutants on trial: each planted in a running system, until the judge sees it or the attempts are over."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

from tests.faults.proof.episode import Episode, Plan
from tests.faults.proof.mutants import MUTANTS, Mutant
from tests.faults.proof.report import Caught
from tests.faults.proof.world import NotReady, World, world

ATTEMPTS_COUNT = 3
LANES_COUNT = 2
"""Worlds side by side: a short run mostly waits."""
CALM_PER_SECOND, HARMED_PER_SECOND = 400.0, 60.0
FAULTS_COUNT, FAULTS_SECONDS = 3, 20.0
SLOW = "I10"
"""Alone it convicts no mutant: a machine with other work is late, too."""
Setting = tuple[tuple[str, ...], int]
"""Services and number of replicas."""


def plan_of(mutant: Mutant, seed: int, attempt: int) -> Plan:
    """A short run that brings it to light; the next attempt is another and a longer one."""
    is_calm = not mutant.kinds
    return Plan(
        seed=seed + attempt,
        inputs_count=mutant.inputs_count * (attempt + 1),
        per_second=CALM_PER_SECOND if is_calm else HARMED_PER_SECOND,
        kinds=mutant.kinds,
        silence_seconds=(1.5, 3.0),
        rest_seconds=90.0,
        stall_seconds=25.0,
        trouble=4.0,
        faults_count=0 if is_calm else FAULTS_COUNT,
        faults_seconds=FAULTS_SECONDS,
        starts_late=mutant.starts_late,
        mix_count=3,
        mix_seconds=4.0,
        calm_seconds=1.0,
    )


class Trials:
    """The mutants of these names, in a few worlds side by side."""

    def __init__(self, names: Sequence[str], seed: int) -> None:
        self._seed = seed
        self._waiting = sorted((MUTANTS[name] for name in names), key=_setting)
        self._verdicts: asyncio.Queue[Caught | BaseException] = asyncio.Queue()
        self._renewing = asyncio.Lock()
        """Migrations keep their context in module globals: one world at a time."""

    async def __aiter__(self) -> AsyncIterator[Caught]:
        lanes = [asyncio.create_task(self._lane(number)) for number in range(LANES_COUNT)]
        try:
            for _ in range(len(self._waiting)):
                verdict = await self._verdicts.get()
                if isinstance(verdict, BaseException):
                    raise verdict
                yield verdict
        finally:
            for lane in lanes:
                lane.cancel()
            await asyncio.gather(*lanes, return_exceptions=True)

    async def _lane(self, number: int) -> None:
        """Takes the next mutant as long as there is one; a world is kept while it fits."""
        stack, running, fits = AsyncExitStack(), None, None
        try:
            while self._waiting:
                mutant = self._waiting.pop(0)
                if running is None or fits != _setting(mutant):
                    await stack.aclose()
                    fits = _setting(mutant)
                    services, replicas = fits
                    async with self._renewing:
                        running = await stack.enter_async_context(
                            world(seed=self._seed + number, services=services, replicas=replicas)
                        )
                await self._verdicts.put(await self._try(running, mutant))
        except BaseException as error:
            self._verdicts.put_nowait(error)  # whoever waits for the verdicts raises it
            raise
        finally:
            await stack.aclose()

    async def _try(self, running: World, mutant: Mutant) -> Caught:
        start = time.monotonic()
        broken: tuple[str, ...] = ()
        first, attempt = "", 0
        for attempt in range(ATTEMPTS_COUNT):
            try:
                async with self._renewing:
                    await running.renew(mutant.patch)
                outcome = await Episode(running, plan_of(mutant, self._seed, attempt)).run()
            except NotReady as error:
                first = f"it did not start: {error}".splitlines()[0]
                break
            broken = tuple(sorted(outcome.verdict.broken.keys() - {SLOW}))
            if broken:
                seen = [one for one in outcome.verdict.violations if one.invariant != SLOW]
                first = str(seen[0])
                break
        return Caught(mutant.name, mutant.breaks, broken, first, attempt + 1, time.monotonic() - start)


def _setting(mutant: Mutant) -> Setting:
    return mutant.services, mutant.replicas
