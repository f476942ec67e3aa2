"""What the simulation has found, each named after what went wrong."""

from collections.abc import Collection
from datetime import datetime
from itertools import count

import pytest

from chassis.partitions import Place
from tests.simulation.run import quiet, run
from tests.simulation.store import SimulatedStanding
from tests.simulation.world import Plan

CALM = Plan(kinds=(), rate=0.0, fault_count=0, slow_share=0.1)


def test_a_release_in_hand_was_forgotten_when_the_stands_of_others_could_not_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It had left the feed's memory, and the next one of its partitions moved the offsets past it."""
    ask, number = SimulatedStanding.others, count()

    async def others(standing: SimulatedStanding, mine: Collection[Place]) -> datetime:
        if next(number) % 3 == 0:
            raise ConnectionRefusedError
        return await ask(standing, mine)

    monkeypatch.setattr(SimulatedStanding, "others", others)
    with quiet():
        failures = {seed: result.failure for seed in range(12) if (result := run(seed, CALM)).failure}
    assert failures == {}
    assert next(number) > 100
