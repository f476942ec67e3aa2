"""Keeps the runs in which the simulation found a fault, each named after the fault."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime

import pytest

from chassis.engine.records import PartitionId
from tests.simulation.leading import SimulatedWatermarks
from tests.simulation.run import quiet, run
from tests.simulation.world import Plan

CALM = Plan(kinds=(), rate=0.0, fault_count=0, slow_share=0.1)


def test_a_release_in_hand_was_forgotten_when_the_watermarks_of_others_could_not_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It had left the feed's memory, and the next one of its partitions moved the offsets past it."""
    ask, asked = SimulatedWatermarks.others, Counter[int]()

    async def others(watermarks: SimulatedWatermarks, mine: Collection[PartitionId]) -> datetime:
        number = asked[id(watermarks)] = asked[id(watermarks)] + 1
        if number % 3 == 0 and number < 20:
            raise ConnectionRefusedError
        return await ask(watermarks, mine)

    monkeypatch.setattr(SimulatedWatermarks, "others", others)
    with quiet():
        failures = {seed: result.failure for seed in range(12) if (result := run(seed, CALM)).failure}
    assert failures == {}
    assert asked.total() > 100
