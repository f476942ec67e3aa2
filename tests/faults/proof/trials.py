"""Mutants on trial: each planted in a running system, until the judge sees it or the attempts are over."""

import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence

from tests.faults.proof.episode import Episode, Plan
from tests.faults.proof.mutants import MUTANTS, Mutant
from tests.faults.proof.report import Caught
from tests.faults.proof.world import NotReady, World, world

ATTEMPTS_COUNT = 3
CALM_PER_SECOND, HARMED_PER_SECOND = 400.0, 60.0
FAULTS_COUNT, FAULTS_SECONDS = 4, 20.0


def plan_of(mutant: Mutant, seed: int, attempt: int) -> Plan:
    """A short run that brings it to light."""
    is_calm = not mutant.kinds
    return Plan(
        seed=seed + attempt,
        inputs_count=mutant.inputs_count * (attempt + 1),
        per_second=CALM_PER_SECOND if is_calm else HARMED_PER_SECOND,
        kinds=mutant.kinds,
        silence_seconds=(2.0, 4.0),
        rest_seconds=40.0,
        stall_seconds=12.0,
        trouble=4.0,
        faults_count=0 if is_calm else FAULTS_COUNT,
        faults_seconds=FAULTS_SECONDS,
        starts_late=mutant.starts_late,
        mix_count=3,
        mix_seconds=4.0,
        calm_seconds=1.0,
    )


async def trials(names: Sequence[str], seed: int) -> AsyncIterator[Caught]:
    """The mutants of these names, one after the other; those of the same services share a world."""
    groups: dict[tuple[tuple[str, ...], int], list[Mutant]] = defaultdict(list)
    for name in names:
        groups[MUTANTS[name].services, MUTANTS[name].replicas].append(MUTANTS[name])
    for (services, replicas), mutants in groups.items():
        async with world(seed=seed, services=services, replicas=replicas) as running:
            for mutant in mutants:
                yield await _try(running, mutant, seed)


async def _try(running: World, mutant: Mutant, seed: int) -> Caught:
    start = time.monotonic()
    broken: tuple[str, ...] = ()
    first, attempt = "", 0
    for attempt in range(ATTEMPTS_COUNT):
        try:
            await running.renew(mutant.patch)
            outcome = await Episode(running, plan_of(mutant, seed, attempt)).run()
        except NotReady as error:
            first = f"it did not start: {error}".splitlines()[0]
            break
        broken = tuple(sorted(outcome.verdict.broken))
        if broken:
            first = str(outcome.verdict.violations[0])
            break
    return Caught(mutant.name, mutant.breaks, broken, first, attempt + 1, time.monotonic() - start)
