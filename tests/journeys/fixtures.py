"""Shares what journeys need everywhere: the stage over a `world`, which each folder makes."""

from collections.abc import AsyncGenerator, Generator

import pytest
import pytest_asyncio

from tests.journeys.stage import Stage
from tests.support.running import Running

HAS_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[HAS_FAILED] = report.failed
    return report


@pytest_asyncio.fixture
async def stage(world: Running, request: pytest.FixtureRequest) -> AsyncGenerator[Stage]:
    """A stage for one journey; where it fails, the history of its cases is printed."""
    made = Stage(world)
    yield made
    if request.node.stash.get(HAS_FAILED, False):
        print(await made.history())
    for service in world.services:
        dead = await world.dead_letters(service)
        assert dead == {}, (service, dead)
