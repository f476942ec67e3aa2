"""One running system for all journeys; each has its own orders and its own span of time."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.journeys.stage import Stage
from tests.support.running import Running, running

LIMIT_SECONDS = 300
HERE = Path(__file__).parent
HAS_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[HAS_FAILED] = report.failed
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.timeout(LIMIT_SECONDS))


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def world() -> AsyncGenerator[Running]:
    """The four services as processes, on a Kafka and a PostgreSQL of their own, time by clock marks.

    It ends with the journeys: while tests without a loop run, nothing here could answer the broker.
    """
    async with running() as made:
        yield made


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
