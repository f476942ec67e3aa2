"""One running system for all journeys; each has its own orders and its own span of time."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.journeys.fixtures import pytest_runtest_makereport, stage
from tests.support.running import Running, running

__all__ = ["pytest_runtest_makereport", "stage", "world"]
LIMIT_SECONDS = 300
HERE = Path(__file__).parent


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
