"""The watermark follows the reading of all replicas, and no clock of a machine puts it ahead."""

from datetime import timedelta

import asyncpg
import pytest

from aftersales_contracts.topics import TOPICS
from chassis.store.watermarks import PostgresWatermarks

pytestmark = pytest.mark.stack

TOPIC = "shop.orders.v1"


async def test_a_machine_whose_clock_is_ahead_puts_no_watermark_ahead_of_the_database(
    refunds_pool: asyncpg.Pool,
) -> None:
    watermarks = PostgresWatermarks(refunds_pool, [TOPIC], TOPICS)
    true = await refunds_pool.fetchval("SELECT clock_timestamp()")
    past, ahead = true - timedelta(hours=1), true + timedelta(hours=1)
    assert await watermarks.not_ahead(past) == past
    for _ in range(3):
        bounded = await watermarks.not_ahead(ahead)
        assert true <= bounded <= await refunds_pool.fetchval("SELECT clock_timestamp()")
