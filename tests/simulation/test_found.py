"""Keeps the runs in which the simulation found a fault, each named after the fault."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime

import pytest
from aiokafka.errors import KafkaConnectionError

from chassis.engine.records import PartitionId
from tests.simulation.broker import SimulatedReader
from tests.simulation.leading import SimulatedWatermarks
from tests.simulation.run import quiet, run
from tests.simulation.world import Plan

RESTORED = Plan(kinds=("failover",), rate=0.05, fault_count=2, slow_share=0.1)
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


def test_a_group_that_was_set_back_was_read_on_ahead_where_the_answer_to_that_was_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The connection stood ahead of its group then, and skipped what the database did not know."""
    commit, lost = SimulatedReader.commit, Counter[int]()

    async def unanswered(reader: SimulatedReader, offsets: Mapping[PartitionId, int]) -> None:
        stands = reader._broker.group.offsets
        is_back = any(offset < stands.get(place, 0) for place, offset in offsets.items())
        await commit(reader, offsets)
        if is_back:
            lost[id(reader)] += 1
            raise KafkaConnectionError("the answer was lost")

    monkeypatch.setattr(SimulatedReader, "commit", unanswered)
    with quiet():
        failures = {seed: result.failure for seed in range(60) if (result := run(seed, RESTORED)).failure}
    assert failures == {}
    assert lost.total() > 10
