"""The journeys once more, over services in containers: the same stories, told to the image."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from tests.containers.stack import ContainerStack
from tests.journeys.fixtures import stage
from tests.journeys.test_exchange import *  # noqa: F403 - every story of the module is collected here once more
from tests.journeys.test_late_shipping import *  # noqa: F403
from tests.journeys.test_lost_parcel import *  # noqa: F403
from tests.journeys.test_negative_review import *  # noqa: F403
from tests.journeys.test_refund_before_shipment import *  # noqa: F403
from tests.journeys.test_return_and_refund import *  # noqa: F403
from tests.journeys.test_service_away import *  # noqa: F403
from tests.journeys.test_silent_seller_silent_buyer import *  # noqa: F403
from tests.journeys.test_unpaid import *  # noqa: F403
from tests.support.running import Running, running_on

__all__ = ["stage", "world"]


@pytest_asyncio.fixture(scope="module")
async def world() -> AsyncGenerator[Running]:
    """The four services in containers, time by clock marks."""
    async with ContainerStack(clock="marks") as stack, running_on(stack) as made:
        yield made
