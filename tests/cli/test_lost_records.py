"""B14: a running service whose input was deleted before it had read it, on a real stack."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from rich.console import Console

from aftersales_contracts.reasons import Reason
from aftersales_contracts.topics import TOPICS
from chassis.operate.dead_letters import Filter
from cli import letters, show
from cli.access import BROKERS, DATABASE
from simulator.plans import Trouble
from simulator.script import told
from simulator.shop import World
from tests.support.running import running

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
ORDERS = "shop.orders.v1"


def captured(console: Console, shown: Callable[[], None]) -> str:
    with console.capture() as said:
        shown()
    return said.get()


async def test_a_service_says_which_records_were_gone_before_it_read_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = next(plan for plan in World(120).plans if plan.trouble is Trouble.LATE_SHIPPING_CLAIMED)
    async with running() as world:
        monkeypatch.setenv(BROKERS, world.local.bootstrap_servers)
        monkeypatch.setenv(DATABASE, world.local.database_url)
        await world.tick(plan.paid_at - timedelta(days=30))
        await world.stop("refunds")
        for record in told(plan):
            await world.publish_record(record)
        await world.tick(plan.paid_at + timedelta(hours=1))
        admin = AIOKafkaAdminClient(bootstrap_servers=world.local.bootstrap_servers)
        await admin.start()
        partitions = [TopicPartition(ORDERS, number) for number in range(TOPICS[ORDERS].partitions)]
        await admin.delete_records({place: RecordsToDelete(before_offset=-1) for place in partitions})
        await admin.close()
        await world.start("refunds")
        await world.tick(plan.paid_at + timedelta(hours=2))

        told_of = await letters.listed(None, Filter(Reason.RECORDS_LOST), 100)
        assert {letter.service for letter in told_of} == {"refunds"}
        assert {letter.entry.partition for letter in told_of} == {place.partition for place in partitions}
        assert all(letter.entry.topic == ORDERS for letter in told_of)

        known = await world.explain(f"{plan.order_id}.placed")
        assert {step.service for step in known.after} >= {"logistics"}
        assert "refunds" not in {step.service for step in known.after}
        unknown = await world.explain("an-event-of-that-hour")
        assert not unknown.is_known
        assert len(unknown.lost) == len(told_of)
        console = Console(width=200)
        shown = captured(console, lambda: show.show_explanation(console, unknown))
        assert "among records that were deleted before they were read" in shown
        assert f"{ORDERS} 0" in shown
