"""Dispatch from contract event to outcome, through the real handling in memory."""

from datetime import timedelta

import pytest

from aftersales_contracts import enums
from aftersales_contracts.aftersales import common, logistics
from aftersales_contracts.components import Party, Tracking
from aftersales_contracts.shop import orders
from services.logistics.cases.dispatch.state import AwaitingPayment, HandedOver, Stopped
from tests.services.logistics import shop
from tests.services.logistics.shop import DAY, HOUR, ORDER, SHOP, T0
from tests.services.logistics.told import (
    clean,
    flow,
    on_the_way,
    outcomes,
    promise,
    questions,
    recalls,
    triggers,
)

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
SECOND_WAYBILL = Tracking(carrier_code="sto", tracking_code="773002")


def test_in_time() -> None:
    """LG-063, OR-009: what is sent within the limit is never late; status is told from the carrier on."""
    story = on_the_way((shop.scan("delivered", T0 + 50 * HOUR, signed_by="household"), 50 * HOUR))
    story.pass_until(T0 + 30 * DAY)
    assert triggers(story) == []
    statuses = [x.status.value for x in story.outcomes(logistics.ParcelStatusChangedV1)]
    assert statuses == ["picked_up", "delivered"]
    assert outcomes(story) == ["delivered"]
    assert story.outcomes(logistics.DispatchOverdueV1) == []
    assert isinstance(story.state("dispatch", ORDER), HandedOver)
    clean(story)


def test_overdue_then_late() -> None:
    """LG-053, LG-063: the same day is the target before 16:00, and the buyer is told; the limit is 72 h."""
    story = flow((shop.placed(), 0 * HOUR), (shop.paid(), HOUR))
    story.pass_until(T0 + 20 * DAY)
    (overdue,) = story.outcomes(logistics.DispatchOverdueV1)
    assert overdue.dispatch_by_at == T0 + 14 * HOUR
    (notice,) = story.outcomes(common.NoticeRequestedV1)
    assert (notice.template_code, notice.customer_id) == ("dispatch_delayed", "c1")
    (late,) = [x for x in story.told if isinstance(x.event, logistics.LateShippingEstablishedV1)]
    assert late.at == T0 + 73 * HOUR
    assert questions(story) == ["breached"]


def test_late_news_withdraws() -> None:
    """LG-064: a pick-up that is read late but happened in time withdraws what was established."""
    story = flow(
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (shop.registered(), 5 * HOUR),
        (shop.scan("picked_up", T0 + 70 * HOUR), 90 * HOUR),
    )
    assert triggers(story) == ["unshipped_72h"]
    (withdrawn,) = story.outcomes(logistics.LateShippingWithdrawnV1)
    assert withdrawn.trigger.value == "unshipped_72h"


MARKED = (
    (shop.placed(), 0 * HOUR),
    (shop.paid(), HOUR),
    (shop.registered(), 5 * HOUR),
    (shop.shipped(), 5 * HOUR),
)
PAID_72H = 73 * HOUR


def test_s6_a_mark_without_a_pickup_is_a_question_after_a_day() -> None:
    """LG-064: nothing is late before the 72 hours are over; the pick-up takes the question back."""
    story = flow(*MARKED)
    story.pass_until(T0 + 29 * HOUR + 9 * MINUTE)
    assert questions(story) == []
    story.pass_until(T0 + 29 * HOUR + 10 * MINUTE)
    assert questions(story) == ["ship_mark_without_pickup"]
    story.tell(shop.scan("picked_up", T0 + PAID_72H - MINUTE), T0 + PAID_72H - MINUTE)
    (withdrawn,) = story.outcomes(common.TaskWithdrawnV1)
    (asked,) = story.outcomes(common.TaskRequestedV1)
    assert (withdrawn.task_id, withdrawn.reason_code) == (asked.task_id, "picked_up")
    story.pass_until(T0 + 5 * DAY)
    assert triggers(story) == []
    clean(story)


@pytest.mark.parametrize(("after", "late"), [(0 * HOUR, []), (SECOND, ["false_shipment"])])
def test_a_pickup_at_the_very_limit_is_in_time(after: timedelta, late: list[str]) -> None:
    """LG-063, LG-064: the moment of the limit still counts, the next does not."""
    story = flow(*MARKED)
    picked_up_at = T0 + PAID_72H + after
    story.tell(shop.scan("picked_up", picked_up_at), picked_up_at)
    story.pass_until(T0 + PAID_72H + DAY)
    assert triggers(story) == late
    assert len(story.outcomes(logistics.LateShippingWithdrawnV1)) == 0


def test_a_mark_shortly_before_the_limit_is_believed_for_its_day() -> None:
    """LG-064: marked at 71 hours, it is late only when the carrier had a day to fetch the goods."""
    story = flow((shop.placed(), 0 * HOUR), (shop.paid(), HOUR), (shop.registered(), 72 * HOUR))
    story.tell(shop.shipped(), T0 + 72 * HOUR)
    story.pass_until(T0 + 96 * HOUR)
    assert triggers(story) == []
    story.pass_until(T0 + 96 * HOUR + 10 * MINUTE)
    assert triggers(story) == ["false_shipment"]
    assert questions(story) == []


def test_an_order_that_is_over_has_no_open_question() -> None:
    """LG-064: the buyer has the goods, whoever fetched them."""
    story = flow(*MARKED)
    story.tell(
        orders.OrderSucceededV1(shop_id=SHOP, order_id=ORDER, cause=orders.SuccessCause.BUYER), T0 + 2 * DAY
    )
    assert [x.reason_code for x in story.outcomes(common.TaskWithdrawnV1)] == ["order_over"]


def test_false_shipment_and_its_proof() -> None:
    """LG-064: a ship mark without pick-up is no shipment; an earlier-dated pick-up proves it."""
    story = flow(
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (shop.registered(), 5 * HOUR),
        (shop.shipped(), 5 * HOUR),
    )
    story.pass_until(T0 + PAID_72H + 10 * MINUTE)
    assert triggers(story) == ["false_shipment"]
    story.tell(shop.scan("in_transit", T0 + 28 * HOUR), T0 + 80 * HOUR)
    assert len(story.outcomes(logistics.LateShippingWithdrawnV1)) == 1
    story.pass_until(T0 + 5 * DAY)
    assert triggers(story) == ["false_shipment"]


def test_the_last_parcel_completes_a_promised_ship_time() -> None:
    """CP-032, LG-055: with the first of two parcels nothing is complete; nobody is told without a promise."""
    two = shop.placed([shop.line("l1"), shop.line("l2")])
    told = [
        (two, 0 * HOUR),
        (shop.paid(), HOUR),
        (shop.registered("k1", lines=[shop.share("l1")]), 2 * HOUR),
        (shop.registered("k2", lines=[shop.share("l2")], tracking=SECOND_WAYBILL), 2 * HOUR),
        (shop.handed_over("k1"), 3 * HOUR),
        (shop.handed_over("k2"), 8 * HOUR),
    ]
    promised = flow(*told[:4], (promise("ship_by", T0 + 10 * HOUR), 2 * HOUR), told[4])
    assert promised.outcomes(logistics.DispatchCompletedV1) == []
    promised.tell(shop.handed_over("k2"), T0 + 8 * HOUR)
    (completed,) = promised.outcomes(logistics.DispatchCompletedV1)
    assert completed.completed_at == T0 + 8 * HOUR
    assert flow(*told).outcomes(logistics.DispatchCompletedV1) == []
    afterwards = flow(*told, (promise("ship_by", T0 + 10 * HOUR), 9 * HOUR))
    assert [x.completed_at for x in afterwards.outcomes(logistics.DispatchCompletedV1)] == [T0 + 8 * HOUR]


def test_agreed_time_wins() -> None:
    """LG-065, LG-055, LG-059: an agreed time binds inside the limit, and a later one replaces it."""
    early = flow((shop.placed(), 0 * HOUR), (shop.paid(), HOUR), (promise("ship_by", T0 + 10 * HOUR), HOUR))
    early.pass_until(T0 + 12 * HOUR)
    assert triggers(early) == ["agreed_time"]
    late = flow((shop.placed(), 0 * HOUR), (shop.paid(), HOUR), (promise("ship_by", T0 + 9 * DAY), HOUR))
    late.pass_until(T0 + 8 * DAY)
    assert triggers(late) == []
    late.pass_until(T0 + 10 * DAY)
    assert triggers(late) == ["agreed_time"]


def test_several_parcels() -> None:
    """LG-063: an order has left when all its lines have; half a shipment is late for the other half."""
    lines = [shop.line("l1"), shop.line("l2", 2)]
    second = Tracking(carrier_code="sto", tracking_code="773002")
    story = flow(
        (shop.placed(lines), 0 * HOUR),
        (shop.paid(30_000), HOUR),
        (shop.registered("k1", lines=[shop.share("l1"), shop.share("l2")]), 2 * HOUR),
        (shop.handed_over("k1"), 3 * HOUR),
        (shop.registered("k2", lines=[shop.share("l2")], tracking=second), 3 * HOUR),
    )
    assert not isinstance(story.state("dispatch", ORDER), HandedOver)
    story.tell(shop.handed_over("k2"), T0 + 80 * HOUR)
    (late,) = story.outcomes(logistics.LateShippingEstablishedV1)
    assert late.lines == [shop.share("l2")]
    assert isinstance(story.state("dispatch", ORDER), HandedOver)


def test_before_payment() -> None:
    """OR-006, OR-011: a hand-over before the approval is normal and not late; unpaid goods come back."""
    story = flow((shop.placed(), 0 * HOUR), (shop.registered(), HOUR), (shop.handed_over(), 2 * HOUR))
    unpaid = flow((shop.placed(), 0 * HOUR), (shop.registered(), HOUR), (shop.handed_over(), 2 * HOUR))
    story.tell(shop.paid(), T0 + 9 * HOUR)
    story.pass_until(T0 + 10 * DAY)
    assert triggers(story) == []
    assert isinstance(story.state("dispatch", ORDER), HandedOver)
    closed = orders.OrderClosedV1(
        shop_id=SHOP,
        order_id=ORDER,
        cause=orders.CloseCause.UNPAID_TIMEOUT,
        by=Party(role=enums.Role.SYSTEM),
    )
    unpaid.tell(closed, T0 + 3 * DAY)
    assert "unpaid_goods_out" in questions(unpaid)
    assert recalls(unpaid) == ["unpaid"]
    assert isinstance(unpaid.state("dispatch", ORDER), Stopped)


def test_cash_on_delivery() -> None:
    """OR-011: paid on delivery, the clock runs from placing."""
    cash = flow((shop.placed(cash=True), 0 * HOUR))
    cash.pass_until(T0 + 74 * HOUR)
    assert triggers(cash) == ["unshipped_72h"]
    unpaid = flow((shop.placed(), 0 * HOUR))
    unpaid.pass_until(T0 + 74 * HOUR)
    assert triggers(unpaid) == []
    assert isinstance(unpaid.state("dispatch", ORDER), AwaitingPayment)


def test_agreed_carrier() -> None:
    """LG-057: the warehouse is told to use the agreed carrier; another one is a breach."""
    story = flow(
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (promise("carrier", value="sf"), HOUR),
        (shop.registered(), 2 * HOUR),
        (shop.handed_over(), 3 * HOUR),
    )
    (asked,) = story.outcomes(logistics.WarehouseInstructionRequestedV1)
    assert (asked.instruction.value, asked.values) == ("use_carrier", {"carrier_code": "sf"})
    (violation,) = story.outcomes(common.ViolationNoticedV1)
    assert violation.points_at_risk_count == 4
