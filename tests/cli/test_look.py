"""Looking into running services: a case, an explanation, a dead letter sent again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from aftersales_contracts.aftersales.logistics import LateShippingEstablishedV1
from aftersales_contracts.reasons import Reason
from chassis.operate.dead_letters import Filter
from cli import letters, schema, show
from cli.access import BROKERS, DATABASE
from cli.errors import CommandError
from simulator.plans import Plan, Trouble
from simulator.rubbish import spoil
from simulator.script import told
from simulator.shop import World
from tests.support.running import Running, running

BROKEN = b"an-order-with-broken-data"
pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


def late_plan() -> Plan:
    return next(plan for plan in World(120).plans if plan.trouble is Trouble.LATE_SHIPPING_CLAIMED)


def captured(console: Console, shown: Callable[[], None]) -> str:
    with console.capture() as said:
        shown()
    return said.get()


async def test_an_order_can_be_followed_and_a_dead_letter_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = late_plan()
    console = Console(width=200)
    async with running() as world:
        monkeypatch.setenv(BROKERS, world.local.bootstrap_servers)
        monkeypatch.setenv(DATABASE, world.local.database_url)
        for record in told(plan):
            await world.publish_record(record)
            if record.type == "shop.order.placed.v1":
                spoiled = spoil(record, Reason.BAD_JSON)
                headers = tuple((name, BROKEN if name == "ce_id" else old) for name, old in spoiled.headers)
                await world.publish_record(replace(spoiled, headers=headers))
        await world.tick(plan.paid_at + timedelta(hours=80))

        late = world.outcomes(LateShippingEstablishedV1, order_id=plan.order_id)
        assert len(late) == 1
        event_id = f"{late[0].case_kind}/{late[0].case_id}/{late[0].case_version}"
        explained = await world.explain(event_id)
        assert explained.decided is not None
        assert explained.decided.cause.type == "deadline"
        assert "LG-063" in explained.decided.rules
        assert "LG-063" in captured(console, lambda: show.show_explanation(console, explained))
        placed = await world.explain(f"{plan.order_id}.placed")
        assert {step.service for step in placed.after} >= {"refunds", "logistics", "customers"}
        assert not (await world.explain("nothing-of-that-id")).is_known

        stories = await world.cases(plan.order_id)
        assert {"order", "dispatch", "unpaid-order"} <= {story.kind for story in stories}
        shown = captured(console, lambda: show.show_cases(console, stories, "en", world.at))
        assert plan.order_id in shown
        assert "from shop/orders" in shown
        assert "LG-063" in shown

        await a_letter_is_found_and_sent_again(world, console)

        assert set(await schema.migrate_all(None)) == {"refunds", "logistics", "reviews", "customers"}
        with pytest.raises(CommandError, match="no such service"):
            await schema.migrate_all("nobody")


async def a_letter_is_found_and_sent_again(world: Running, console: Console) -> None:
    """P5: four readers, one record, one letter; found by the event's id, and sent again once."""
    broken = BROKEN.decode()
    (letter,) = await letters.listed(None, Filter("bad_json", "order.placed", "shop/"), 10)
    assert (letter.entry.event_id, letter.entry.event_type) == (broken, "shop.order.placed.v1")
    assert letter.services == ["refunds", "logistics", "reviews", "customers"]
    assert letter.entry.topic == "shop.orders.v1"
    assert broken in captured(console, lambda: letters.show_list(console, [letter]))
    assert await letters.listed(None, Filter(topic="shop.scans.v1"), 10) == []
    set_aside = await world.explain(broken)
    assert set_aside.is_known
    assert [kept.reason for kept in set_aside.kept] == ["bad_json"]
    assert "bad_json" in captured(console, lambda: show.show_explanation(console, set_aside))

    number = (await letters.listed("refunds", Filter("bad_json"), 10))[0].number
    assert (await letters.one(number))["reason"] == "bad_json"
    with pytest.raises(CommandError, match="say who"):
        await letters.resend(number, " ", "because")
    assert await letters.resend(number, "ann", "producer repaired") == "shop.orders.v1"
    again = await letters.one(number)
    assert (again["resent_by"], again["resent_why"]) == ("ann", "producer repaired")
    with pytest.raises(CommandError, match="sent again already"):
        await letters.resend(f"logistics/{dict(letter.entries)['logistics'].position}", "bob", "me too")
    await world.tick(world.at + timedelta(hours=1))
    assert (await world.dead_letters("refunds"))["bad_json"] == 2  # it is as broken as before
    with pytest.raises(CommandError, match="no dead letter 999999"):
        await letters.one("refunds/999999")
