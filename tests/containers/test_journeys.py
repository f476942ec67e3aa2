"""The journeys once more, over services in containers: the same stories, told to the image."""

import importlib
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest_asyncio

from tests import journeys
from tests.containers.stack import ContainerStack
from tests.journeys.fixtures import stage
from tests.support.running import Running, running_on

__all__ = ["stage", "world"]

for path in sorted(Path(str(journeys.__file__)).parent.glob("test_*.py")):
    module = importlib.import_module(f"tests.journeys.{path.stem}")
    # Every story is collected here as well, with the `world` of this file.
    globals().update({name: story for name, story in vars(module).items() if name.startswith("test_")})


@pytest_asyncio.fixture(scope="module")
async def world() -> AsyncGenerator[Running]:
    """The four services in containers, time by clock marks."""
    async with ContainerStack(clock="marks") as stack, running_on(stack) as made:
        yield made
