"""Marks the tests of this folder, and asks for a container engine before any of them."""

from pathlib import Path

import pytest

from tests.containers import engine
from tests.journeys.fixtures import pytest_runtest_makereport

__all__ = ["pytest_runtest_makereport"]
LIMIT_SECONDS = 400
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.containers)
            item.add_marker(pytest.mark.timeout(LIMIT_SECONDS))


@pytest.fixture(scope="session", autouse=True)
def _engine() -> None:
    engine.need()
