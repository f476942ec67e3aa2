"""Resends, shortages, returns and early scans from contract event to outcome."""

from datetime import datetime, timedelta

import pytest

from aftersales_contracts import enums
from aftersales_contracts.aftersales import common, logistics, refunds
from aftersales_contracts.aftersales.refunds_enums import ApplicationKind, ExchangeEnding, FreightBearer
from aftersales_contracts.base import Event
from aftersales_contracts.components import Inspection, Tracking, Wanted
from aftersales_contracts.shop import aftersales, orders, scans, shipments
from services.logistics.cases.dispatch.state import HandedOver
from services.logistics.cases.parcel.state import Unknown
from services.logistics.cases.reship.state import Checking
from tests.services.flow import Flow
from tests.services.logistics import shop
from tests.services.logistics.shop import DAY, HOUR, ORDER, SHOP, T0
from tests.services.logistics.told import (
    clean,
    flow,
    of_case,
    on_the_way,
    outcomes,
    questions,
    task_done,
    triggers,
)


def exchange(*more: tuple[Event, timedelta]) -> Flow:
    opened = refunds.ExchangeOpenedV1(
        **of_case("exchange", "x1"),
        exchange_id="x1",
        reship_id="x1.reship",
        lines=[shop.share()],
        wanted=[Wanted(line_id="l1", sku_id="s-l1-xl")],
    )
    reserved = shipments.ReshipAnsweredV1(
        shop_id=SHOP,
        order_id=ORDER,
        request_id="x1.reship.reserve",
        outcome=shipments.ReshipOutcome.RESERVED,
        lines=[shop.share()],
    )
    return on_the_way((opened, 50 * HOUR), (reserved, 51 * HOUR), *more)


def inspected(sku_id: str) -> shipments.ReturnInspectedV1:
    goods = Inspection(
        line_id="l1",
        received_count=1,
        accepted_count=1,
        condition=enums.Condition.RESALEABLE,
        is_packaging_complete=True,
        disposition=enums.Disposition.RESTOCK,
    )
    return shipments.ReturnInspectedV1(
        shop_id=SHOP, order_id=ORDER, parcel_id="back1", lines=[goods], wanted_sku_id=sku_id
    )


def reship_due() -> refunds.ReshipDueV1:
    return refunds.ReshipDueV1(
        **of_case("exchange", "x1"),
        reship_id="x1.reship",
        purpose=enums.ReshipPurpose.EXCHANGE,
        lines=[shop.share()],
        sku_ids=["s-l1-xl"],
        ship_by_at=T0 + 9 * DAY,
        cost_bearer=FreightBearer.SELLER,
    )


def test_exchange_reserved_and_sent() -> None:
    """RF-120, RF-121, RF-122: kept at request time, the note agrees, sent."""
    story = exchange((inspected("s-l1-xl"), 6 * DAY), (reship_due(), 6 * DAY))
    actions = [x.action.value for x in story.outcomes(logistics.ReshipRequestedV1)]
    assert actions == ["reserve", "send"]
    assert [x.status.value for x in story.outcomes(logistics.ReshipStatusChangedV1)] == ["reserved"]
    story.pass_until(T0 + 9 * DAY + HOUR)
    assert questions(story)[-1] == "reship_late"
    clean(story)


def over(ending: ExchangeEnding) -> refunds.ExchangeEndedV1:
    return refunds.ExchangeEndedV1(**of_case("exchange", "x1"), exchange_id="x1", ending=ending)


REFUSED = refunds.ApplicationRejectedV1(
    **of_case("exchange", "x1"), application=ApplicationKind.EXCHANGE, application_id="x1", reason_code="no"
)


@pytest.mark.parametrize("end", [*map(over, set(ExchangeEnding) - {ExchangeEnding.COMPLETED}), REFUSED])
def test_stock_kept_for_an_exchange_that_is_over_is_let_go_of(end: Event) -> None:
    """RF-121: whatever its end, refused by the seller included; once."""
    story = exchange((end, 6 * DAY), (end, 7 * DAY))
    assert [x.action.value for x in story.outcomes(logistics.ReshipRequestedV1)] == ["reserve", "cancel"]
    clean(story)


def test_a_refund_that_is_turned_away_leaves_the_stock_of_an_exchange() -> None:
    """RF-121: the refund has the same id."""
    rejected = REFUSED.model_copy(update={"application": ApplicationKind.REFUND})
    story = exchange((rejected, 6 * DAY), (over(ExchangeEnding.COMPLETED), 7 * DAY))
    assert [x.action.value for x in story.outcomes(logistics.ReshipRequestedV1)] == ["reserve"]


def test_note_in_the_parcel_differs() -> None:
    """RF-122: another size in the note: a person decides before anything is sent."""
    story = exchange((inspected("s-l1-m"), 6 * DAY), (reship_due(), 6 * DAY))
    assert isinstance(story.state("reship", "x1.reship"), Checking)
    (asked,) = [x for x in story.outcomes(common.TaskRequestedV1) if x.question_code == "note_differs"]
    story.tell(task_done(asked), T0 + 7 * DAY)
    assert [x.action.value for x in story.outcomes(logistics.ReshipRequestedV1)] == ["reserve", "send"]


def test_shortage() -> None:
    """RF-007, LG-058, LG-062: told at once, off sale, late; the buyer may wait, or have the money."""
    found = shipments.DispatchShortageFoundV1(
        shop_id=SHOP, order_id=ORDER, lines=[shop.share()], source=shipments.ShortageSource.CHAT
    )
    story = flow((shop.placed(), 0 * HOUR), (shop.paid(), HOUR), (found, 2 * HOUR))
    assert triggers(story) == ["stockout_stated"]
    assert [x.product_id for x in story.outcomes(common.ListingActionRequestedV1)] == ["p-l1"]
    (offer,) = story.outcomes(common.OfferMadeV1)
    assert [x.option_id for x in offer.options] == ["wait", "refund"]
    assert offer.default_option_id is None
    answer = aftersales.OfferAnsweredV1(
        shop_id=SHOP,
        order_id=ORDER,
        offer_id=offer.offer_id,
        case_id=offer.case_id,
        case_kind=offer.case_kind,
        option_id="refund",
    )
    story.tell(answer, T0 + 3 * HOUR)
    story.tell(answer, T0 + 4 * HOUR)
    (remedy,) = story.outcomes(logistics.RemedyRefundDueV1)
    assert (remedy.reason_code.value, remedy.fault.value) == ("no_stock", "shop")


def test_freight_collect_return() -> None:
    """RF-069: a return that comes freight-collect is not taken in."""
    sent = aftersales.ReturnSentV1(
        shop_id=SHOP,
        order_id=ORDER,
        refund_id="r1",
        return_id="rt1",
        lines=[shop.share()],
        carriage=enums.Carriage.EXPRESS,
        tracking=Tracking(carrier_code="yto", tracking_code="990"),
        is_freight_collect=True,
    )
    story = on_the_way((sent, 9 * DAY))
    (asked,) = story.outcomes(logistics.WarehouseInstructionRequestedV1)
    assert asked.instruction.value == "refuse_collect"
    arrived = scans.ParcelArrivedV1(
        carrier_code="yto", tracking_code="990", warehouse_id="w1", is_freight_collect=True
    )
    done = shipments.WarehouseInstructionAnsweredV1(
        shop_id=SHOP,
        order_id=ORDER,
        request_id=asked.request_id,
        outcome=shipments.InstructionOutcome.DONE,
        parcel_id="rt1",
    )
    story.tell(done, T0 + 9 * DAY + HOUR)
    story.tell(arrived, T0 + 10 * DAY)
    assert outcomes(story) == ["delivered"], "its goods go back to the buyer"
    back = Tracking(carrier_code="yto", tracking_code="990")
    story.tell(shop.scan("returned", T0 + 13 * DAY, tracking=back), T0 + 13 * DAY)
    assert outcomes(story) == ["delivered"]


def at_the_gate(order_id: str | None, *, is_collect: bool = True) -> scans.ParcelArrivedV1:
    return scans.ParcelArrivedV1(
        carrier_code="yto", tracking_code="990", warehouse_id="w1", is_freight_collect=is_collect,
        order_id=order_id,
    )  # fmt: skip


@pytest.mark.parametrize("outcome", ["done", "refused"])
def test_s4_a_collect_parcel_that_names_the_order_is_refused_at_the_door(outcome: str) -> None:
    """RF-069: it is refused as a registered one is, and taken in where that came too late."""
    story = on_the_way((at_the_gate(ORDER), 9 * DAY))
    (asked,) = story.outcomes(logistics.WarehouseInstructionRequestedV1)
    assert (asked.instruction.value, asked.parcel_id, asked.order_id) == ("refuse_collect", "yto/990", ORDER)
    answer = shipments.WarehouseInstructionAnsweredV1(
        shop_id=SHOP,
        order_id=ORDER,
        request_id=asked.request_id,
        outcome=shipments.InstructionOutcome(outcome),
    )
    story.tell(answer, T0 + 9 * DAY + HOUR)
    story.tell(at_the_gate(ORDER), T0 + 9 * DAY + 2 * HOUR)
    assert outcomes(story) == (["delivered"] if outcome == "done" else ["returned"])
    assert len(story.outcomes(logistics.WarehouseInstructionRequestedV1)) == 1
    clean(story)


@pytest.mark.parametrize("arrived", [at_the_gate(None), at_the_gate(ORDER, is_collect=False)])
def test_a_parcel_that_names_no_order_or_costs_nothing_is_nobodys_to_refuse(
    arrived: scans.ParcelArrivedV1,
) -> None:
    """RF-069."""
    assert not on_the_way((arrived, 9 * DAY)).outcomes(logistics.WarehouseInstructionRequestedV1)


def test_scans_before_the_waybill() -> None:
    """OR-009: a parcel without an order stays silent; registered, it says where it is."""
    story = flow(
        (shop.placed(), 0 * HOUR), (shop.paid(), HOUR), (shop.scan("in_transit", T0 + 2 * HOUR), 2 * HOUR)
    )
    assert isinstance(story.state("parcel", "sto/773001"), Unknown)
    assert story.outcomes(logistics.ParcelStatusChangedV1) == []
    story.tell(shop.registered(), T0 + 3 * HOUR)
    assert [x.status.value for x in story.outcomes(logistics.ParcelStatusChangedV1)] == ["in_transit"]
    assert isinstance(story.state("dispatch", ORDER), HandedOver)
    clean(story)


def seen(story: Flow) -> list[tuple[str, bool, datetime | None]]:
    told = story.outcomes(logistics.ParcelStatusChangedV1)
    return [(each.status.value, each.is_visible, each.shipped_at) for each in told]


def test_the_buyer_sees_nothing_of_a_parcel_before_the_ship_mark() -> None:
    """OR-009: the mark shows what was hidden, with the ship time; a repeat of the mark shows nothing."""
    story = flow(
        (shop.placed(), 0 * HOUR), (shop.paid(), HOUR), (shop.registered(), 2 * HOUR),
        (shop.scan("in_transit", T0 + 3 * HOUR), 3 * HOUR),
    )  # fmt: skip
    assert seen(story) == [("in_transit", False, None)]
    for hours in (4, 4, 5):
        story.tell(shop.shipped(), T0 + hours * HOUR)
    marked_at = T0 + 4 * HOUR
    assert seen(story)[1:] == [("in_transit", True, marked_at)]
    story.tell(shop.scan("delivered", T0 + DAY), T0 + DAY)
    assert seen(story)[2:] == [("delivered", True, marked_at)]
    clean(story)


@pytest.mark.parametrize("marked", [shop.shipped(), shop.shipped(())])
def test_a_parcel_that_is_registered_after_the_mark_is_seen_from_its_first_scan(
    marked: orders.OrderShippedV1,
) -> None:
    """OR-009."""
    story = flow(
        (shop.placed(), 0 * HOUR), (shop.paid(), HOUR), (marked, 2 * HOUR), (shop.registered(), 3 * HOUR),
        (shop.scan("in_transit", T0 + 4 * HOUR), 4 * HOUR),
    )  # fmt: skip
    assert seen(story) == [("in_transit", True, T0 + 2 * HOUR)]
    clean(story)


def test_goods_that_are_not_marked_stay_hidden() -> None:
    """OR-009: one of two lines is marked. What comes back to the shop needs no mark."""
    two = shop.placed([shop.line("l1"), shop.line("l2")])
    other = Tracking(carrier_code="sto", tracking_code="773002")
    back = Tracking(carrier_code="sto", tracking_code="773003")
    marked = shop.shipped(()).model_copy(update={"lines": [shop.share("l1")]})
    story = flow(
        (two, 0 * HOUR), (shop.paid(20_000), HOUR), (shop.registered(lines=[shop.share("l1")]), 2 * HOUR),
        (shop.registered("k2", lines=[shop.share("l2")], tracking=other), 2 * HOUR), (marked, 3 * HOUR),
        (shop.registered("k3", tracking=back, direction="return"), 3 * HOUR),
    )  # fmt: skip
    for tracking in (shop.TRACKING, other, back):
        story.tell(shop.scan("in_transit", T0 + 4 * HOUR, tracking=tracking), T0 + 4 * HOUR)
    assert [is_visible for _, is_visible, _ in seen(story)] == [True, False, True]
    clean(story)
