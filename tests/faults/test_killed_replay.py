"""Services, broker and database die at any moment of a replay: what comes of it is the same to the byte."""

import pytest
import pytest_asyncio

from aftersales_contracts.topics import SERVICES
from tests.faults.replays import Left, Nemesis, replayed

SEED = 7_001
KILLS = (2, 1, 2, 1, 2, 3, 1, 2, 2, 1, 2, 4)
"""Services that die in the same round, round by round."""
OUTAGES = ("postgres", "kafka")

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.long, pytest.mark.timeout(900)]


@pytest_asyncio.fixture(scope="module")
async def calm() -> Left:
    """The outcomes and rows of a replay that nobody disturbs."""
    left = await replayed()
    assert len(left.outcomes) > 100
    assert left.conflicts == []
    return left


async def test_twenty_kills_of_services_change_nothing(calm: Left) -> None:
    nemesis = Nemesis(SEED, kills=KILLS)
    left = await replayed(nemesis)
    assert len(nemesis.done) == sum(KILLS) >= 20
    assert {name for name, _ in nemesis.done} == set(SERVICES)
    assert left.conflicts == [], nemesis.done
    assert left.differences(calm) == {}, nemesis.done


async def test_a_killed_database_and_a_killed_broker_change_nothing(calm: Left) -> None:
    nemesis = Nemesis(SEED + 1, outages=OUTAGES)
    left = await replayed(nemesis)
    assert sorted(name for name, _ in nemesis.done) == sorted(OUTAGES)
    assert left.conflicts == [], nemesis.done
    assert left.differences(calm) == {}, nemesis.done
