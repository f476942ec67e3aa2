"""Goods of several orders in one parcel (B7); the tests are named after what went wrong."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from aftersales_contracts.aftersales import logistics, refunds
from aftersales_contracts.base import Event
from aftersales_contracts.shop import shipments
from services.logistics.service import LOGISTICS
from services.refunds.service import REFUNDS
from tests.services.flow import Flow
from tests.services.logistics import shop
from tests.services.logistics.losses import said
from tests.services.logistics.shop import DAY, HOUR, SHOP, T0, TRACKING
from tests.services.logistics.test_numbers_flow import RIGHT, open_tasks, wrong
from tests.services.logistics.told import clean, questions

Told = tuple[Event, timedelta]
ORDERS = ("o1", "o2", "o3")


def of(order_id: str, event: Event) -> Event:
    return event.model_copy(update={"order_id": order_id})


def parcel_of(order_id: str, *, is_one_id: bool = False) -> str:
    return "k1" if is_one_id else f"k{order_id[1:]}"


def orders(*order_ids: str) -> list[Told]:
    return [
        *((of(x, shop.placed()), 0 * HOUR) for x in order_ids),
        *((of(x, shop.paid()), HOUR) for x in order_ids),
    ]


def registered(order_id: str, after: timedelta = 5 * HOUR, *, is_one_id: bool = False) -> Told:
    return of(order_id, shop.registered(parcel_of(order_id, is_one_id=is_one_id))), after


def marked(order_id: str, after: timedelta = 5 * HOUR, *, is_one_id: bool = False) -> Told:
    return of(order_id, shop.shipped((parcel_of(order_id, is_one_id=is_one_id),))), after


def together(*order_ids: str) -> shipments.ParcelRegisteredV1:
    """One registration of a parcel with goods of several orders."""
    others = [
        shipments.OrderGoods(order_id=x, parcel_id=parcel_of(x), lines=[shop.share()]) for x in order_ids[1:]
    ]
    return shop.registered().model_copy(update={"order_id": order_ids[0], "other_orders": others})


def play(told: Iterable[Told]) -> Flow:
    story = Flow(LOGISTICS, REFUNDS)
    for event, after in sorted(told, key=lambda each: each[1]):
        story.tell(event, T0 + after)
    return story


def ends(story: Flow, order_id: str) -> list[str]:
    told = story.outcomes(logistics.ParcelOutcomeDecidedV1)
    return [x.outcome.value for x in told if x.order_id == order_id]


def late(story: Flow) -> list[str]:
    return [x.order_id for x in story.outcomes(logistics.LateShippingEstablishedV1)]


WAYS = ("each order registered", "one parcel id", "one registration")


def registrations(way: str, ids: tuple[str, ...]) -> list[Told]:
    if way == "one registration":
        return [(together(*ids), 5 * HOUR)]
    return [registered(x, is_one_id=way == "one parcel id") for x in ids]


SCANS = [("picked_up", 7 * HOUR), ("in_transit", DAY), ("out_for_delivery", 2 * DAY)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("hand_over", ["o1", "o2", None])
@pytest.mark.parametrize("end", ["delivered", "returned"])
def test_b7_each_order_hears_the_news_of_its_parcel(
    way: str, count: int, hand_over: str | None, end: str
) -> None:
    """OR-009, LG-063, LG-064: no false mark, no breach, no compensation; one hand-over is enough, or none."""
    ids = ORDERS[:count]
    is_one_id = way == "one parcel id"
    told = [*orders(*ids), *registrations(way, ids), *(marked(x, is_one_id=is_one_id) for x in ids)]
    if hand_over is not None:
        gone = shop.handed_over(parcel_of(hand_over, is_one_id=is_one_id))
        told.append((of(hand_over, gone), 6 * HOUR))
    told += [(shop.scan(status, T0 + after), after) for status, after in [*SCANS, (end, 3 * DAY)]]
    story = play(told)
    left_at = T0 + (6 * HOUR if hand_over else 7 * HOUR)
    for order_id in ids:
        link = story.state("dispatch", order_id).file.links[0]
        assert link.sent_at == left_at, order_id
        assert ends(story, order_id) == [end]
        seen = [x for x in story.outcomes(logistics.ParcelStatusChangedV1) if x.order_id == order_id]
        assert [x.status.value for x in seen] == ["picked_up", "in_transit", "out_for_delivery", end]
        assert all(x.is_visible for x in seen)
    story.pass_until(T0 + 5 * DAY)
    assert late(story) == []
    assert story.outcomes(refunds.CompensationDecidedV1) == []
    remedies = [x.order_id for x in story.outcomes(logistics.RemedyRefundDueV1)]
    assert sorted(remedies) == (sorted(ids) if end == "returned" else [])
    assert questions(story) == [] or end == "returned"
    clean(story)


@pytest.mark.parametrize("after", [6 * HOUR + HOUR / 2, 8 * HOUR, DAY + HOUR, 3 * DAY + HOUR])
def test_b7_the_second_order_is_registered_later(after: timedelta) -> None:
    """LG-064: after the hand-over, after the pick-up, under way, after the end; it hears all of it then."""
    told = [
        *orders("o1", "o2"),
        registered("o1"),
        marked("o1"),
        marked("o2"),
        (shop.handed_over(), 6 * HOUR),
        *((shop.scan(status, T0 + at), at) for status, at in [*SCANS, ("delivered", 3 * DAY)]),
        registered("o2", after),
    ]
    story = play(told)
    assert story.state("dispatch", "o2").file.link("k2").sent_at == T0 + 6 * HOUR
    assert ends(story, "o1") == ends(story, "o2") == ["delivered"]
    story.pass_until(T0 + 9 * DAY)
    assert late(story) == [] or after > 3 * DAY
    clean(story)


def test_b7_a_lost_parcel_is_settled_for_each_order() -> None:
    """LG-017, LG-018: whoever hears of it first."""
    for name in ("o1", "o2"):
        story = play([*orders("o1", "o2"), registered("o1"), registered("o2"), marked("o1"), marked("o2")])
        story.tell(shop.scan("picked_up", T0 + 7 * HOUR), T0 + 7 * HOUR)
        story.tell(of(name, said(parcel_of(name))), T0 + 2 * DAY)
        assert ends(story, "o1") == ends(story, "o2") == ["lost"]
        story.pass_until(T0 + 5 * DAY)
        asked = story.outcomes(logistics.ReshipRequestedV1)
        assert sorted(x.order_id for x in asked) == ["o1", "o2"]
        filed = [x.order_id for x in story.outcomes(logistics.CourierClaimRequestedV1)]
        assert sorted(filed) == ["o1", "o2"]
        story.tell(shop.scan("in_transit", T0 + 6 * DAY), T0 + 6 * DAY)
        withdrawn = [
            x.order_id
            for x in story.outcomes(logistics.CourierClaimRequestedV1)
            if x.action.value == "withdraw"
        ]
        assert sorted(withdrawn) == ["o1", "o2"]
        clean(story)


def test_b7_silence_is_noticed_for_each_order() -> None:
    """LG-016"""
    story = play([*orders("o1", "o2"), registered("o1"), registered("o2"), marked("o1"), marked("o2")])
    story.tell(shop.scan("picked_up", T0 + 7 * HOUR), T0 + 7 * HOUR)
    story.pass_until(T0 + 3 * DAY)
    stalled = story.outcomes(logistics.ParcelStallChangedV1)
    assert sorted((x.order_id, x.state.value) for x in stalled) == [("o1", "opened"), ("o2", "opened")]
    story.tell(shop.scan("delivered", T0 + 4 * DAY), T0 + 4 * DAY)
    assert ends(story, "o1") == ends(story, "o2") == ["delivered"]
    assert len(story.outcomes(logistics.ParcelStallChangedV1)) == 4
    assert open_tasks(story) == []
    clean(story)


def test_b7_goods_of_one_order_stayed() -> None:
    """RF-005, LG-064: its waybill is void; the other order's parcel goes on."""
    for stayed, goes in (("o1", "o2"), ("o2", "o1")):
        story = play([*orders("o1", "o2"), registered("o1"), registered("o2"), marked("o1"), marked("o2")])
        void = shipments.ParcelWaybillVoidedV1(
            shop_id=SHOP, order_id=stayed, parcel_id=parcel_of(stayed), reason_code="taken_out"
        )
        story.tell(void, T0 + 6 * HOUR)
        for status, after in [*SCANS, ("delivered", 3 * DAY)]:
            story.tell(shop.scan(status, T0 + after), T0 + after)
        assert (ends(story, stayed), ends(story, goes)) == ([], ["delivered"])
        story.pass_until(T0 + 5 * DAY)
        assert set(late(story)) == {stayed}


def test_b7_one_registration_is_void_for_all_of_its_orders() -> None:
    """RF-005"""
    story = play([*orders("o1", "o2"), (together("o1", "o2"), 5 * HOUR)])
    void = shipments.ParcelWaybillVoidedV1(shop_id=SHOP, order_id="o1", parcel_id="k1", reason_code="broken")
    story.tell(void, T0 + 6 * HOUR)
    assert story.state("dispatch", "o1").file.link("k1").is_void
    assert story.state("dispatch", "o2").file.link("k2").is_void


@pytest.mark.parametrize("is_one", [True, False])
def test_b7_b8_the_number_of_a_shared_parcel_was_wrong(is_one: bool) -> None:
    """LG-016: one word is enough for one registration; else each order is told."""
    first = [(together("o1", "o2"), 5 * HOUR)] if is_one else [registered("o1"), registered("o2")]
    story = play([*orders("o1", "o2"), *first, marked("o1"), marked("o2"), (shop.handed_over(), 6 * HOUR)])
    story.tell(wrong(RIGHT), T0 + 8 * HOUR)
    if not is_one:
        story.tell(of("o2", wrong(RIGHT, TRACKING, "k2")), T0 + 8 * HOUR)
    story.tell(shop.scan("lost", T0 + DAY), T0 + DAY)
    for status, after in (("picked_up", 20 * HOUR), ("delivered", 3 * DAY)):
        story.tell(shop.scan(status, T0 + after, tracking=RIGHT), T0 + max(after, DAY))
    story.pass_until(T0 + 60 * DAY)
    assert ends(story, "o1") == ends(story, "o2") == ["delivered"]
    assert late(story) == []
    clean(story)


def test_b7_b8_only_one_of_two_orders_was_in_the_parcel() -> None:
    """LG-016: the other one's number was wrong; the first goes on."""
    story = play([*orders("o1", "o2"), registered("o1"), registered("o2"), (shop.handed_over(), 6 * HOUR)])
    story.tell(wrong(RIGHT), T0 + 8 * HOUR)
    story.tell(shop.scan("delivered", T0 + DAY), T0 + DAY)
    story.tell(shop.scan("returned", T0 + DAY, tracking=RIGHT), T0 + DAY)
    assert (ends(story, "o1"), ends(story, "o2")) == (["returned"], ["delivered"])


def test_b7_one_order_divides_its_parcel_by_lines() -> None:
    """LG-064: two parcel ids of one order under one number, both named by marks."""
    story = play(
        [
            (shop.placed([shop.line("l1"), shop.line("l2")]), 0 * HOUR),
            (shop.paid(20_000), HOUR),
            (shop.registered("k1", lines=[shop.share("l1")]), 5 * HOUR),
            (shop.registered("k2", lines=[shop.share("l2")]), 5 * HOUR),
            (shop.shipped(("k1",)), 5 * HOUR),
            (shop.shipped(("k2",)), 6 * HOUR),
            *((shop.scan(status, T0 + at), at) for status, at in [*SCANS, ("delivered", 3 * DAY)]),
        ]
    )
    assert ends(story, "o1") == ["delivered", "delivered"]
    story.pass_until(T0 + 9 * DAY)
    assert late(story) == []
    clean(story)


def test_b7_an_order_long_after_is_a_question() -> None:
    """OR-009: a number whose parcel has ended, or was registered long ago, is no parcel of both."""
    for end, after in ((True, 6 * DAY), (False, 20 * DAY)):
        told = [*orders("o1", "o2"), registered("o1")]
        told += [(shop.scan("delivered", T0 + DAY), DAY)] if end else []
        story = play([*told, registered("o2", after)])
        assert "waybill_of_two_orders" in questions(story)
        assert ends(story, "o2") == []


def test_b7_a_return_with_goods_of_two_orders() -> None:
    """RF-044: both refunds hear that the box is at the shop."""
    told = [*orders("o1", "o2")]
    told += [
        (of(x, shop.registered(f"rt{x}", direction="return", tracking=shop.OTHER)), 5 * DAY)
        for x in ("o1", "o2")
    ]
    told.append((shop.scan("delivered", T0 + 7 * DAY, tracking=shop.OTHER), 7 * DAY))
    story = play(told)
    assert ends(story, "o1") == ends(story, "o2") == ["returned"]
