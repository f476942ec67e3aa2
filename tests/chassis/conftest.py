"""A migrated schema of its own for each test that writes."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from chassis.settings import Database
from chassis.store.database import open_pool
from chassis.store.migrate import migrate
from tests.conftest import Database as Databases


@pytest.fixture
async def refunds_url(own_database: Databases) -> str:
    """Connection string of the role `aftersales_refunds`, to a migrated database that nobody else uses."""
    url = own_database.services["refunds"]
    await migrate(url, "refunds")
    return url


@pytest.fixture
async def refunds_pool(refunds_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool as a service opens it."""
    pool = await open_pool(Database.model_validate({"url": refunds_url, "pool_max": 10}), "refunds")
    yield pool
    await pool.close()
