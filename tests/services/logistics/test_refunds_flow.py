"""Refunds against goods on their way, from contract event to outcome."""

from aftersales_contracts.aftersales import common, logistics
from aftersales_contracts.shop import scans
from services.logistics.cases.dispatch.state import Stopped
from services.logistics.cases.intercept.state import Back
from tests.services.logistics import shop
from tests.services.logistics.shop import DAY, HOUR, ORDER, T0
from tests.services.logistics.told import (
    clean,
    courier,
    flow,
    hold_answer,
    on_the_way,
    outcomes,
    promise,
    questions,
    recalls,
    refund_closed,
    refund_opened,
    refund_paid,
    triggers,
)


def test_hold_stopped_and_paid() -> None:
    """RF-005: what the warehouse stopped stays, the clock stands, and the paid refund ends it."""
    story = flow((shop.placed(), 0 * HOUR), (shop.paid(), HOUR), (refund_opened(), 2 * HOUR))
    story.tell(hold_answer("stopped"), T0 + 3 * HOUR)
    (resolved,) = story.outcomes(logistics.DispatchHoldResolvedV1)
    assert (resolved.outcome.value, resolved.refund_id) == ("stopped", "r1")
    story.tell(refund_paid(), T0 + 5 * HOUR)
    story.pass_until(T0 + 30 * DAY)
    assert triggers(story) == []
    assert isinstance(story.state("dispatch", ORDER), Stopped)
    clean(story)


def test_hold_unanswered() -> None:
    """RF-005: asked again after two hours with a task, unknown after two days."""
    story = flow((shop.placed(), 0 * HOUR), (shop.paid(), HOUR), (refund_opened(), 2 * HOUR))
    story.pass_until(T0 + 5 * HOUR)
    assert [x.request_id for x in story.outcomes(logistics.DispatchHoldRequestedV1)] == ["r1.hold", "r1.hold"]
    assert questions(story) == ["hold_unanswered"]
    story.pass_until(T0 + 51 * HOUR)
    assert [x.outcome.value for x in story.outcomes(logistics.DispatchHoldResolvedV1)] == ["unknown"]
    story.tell(hold_answer("stopped"), T0 + 52 * HOUR)
    assert [x.outcome.value for x in story.outcomes(logistics.DispatchHoldResolvedV1)] == [
        "unknown",
        "stopped",
    ]


def test_hold_released_gives_time_back() -> None:
    """RF-003, RF-005: the refund is gone, the goods may leave, and the time they stood does not count."""
    story = flow(
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (refund_opened(), 2 * HOUR),
        (hold_answer("stopped"), 3 * HOUR),
        (refund_closed(), 50 * HOUR),
    )
    assert [x.action.value for x in story.outcomes(logistics.DispatchHoldRequestedV1)] == ["hold", "release"]
    story.tell(hold_answer("stopped", "r1.release"), T0 + 51 * HOUR)
    story.pass_until(T0 + 120 * HOUR)
    assert triggers(story) == []
    story.pass_until(T0 + 122 * HOUR)
    assert triggers(story) == ["unshipped_72h"]


def test_warehouse_race() -> None:
    """RF-006, LG-051: goods left while the hold was asked: too late; the buyer is asked to refuse them."""
    story = flow(
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (shop.registered(), HOUR),
        (refund_opened(), 2 * HOUR),
        (shop.handed_over(), 3 * HOUR),
    )
    (resolved,) = story.outcomes(logistics.DispatchHoldResolvedV1)
    assert (resolved.outcome.value, resolved.parcel_ids) == ("too_late", ["k1"])
    (recall,) = story.outcomes(logistics.CourierActionRequestedV1)
    assert (recall.action.value, recall.request_id) == ("intercept", "k1.intercept")
    assert [x.template_code for x in story.outcomes(common.NoticeRequestedV1)] == ["please_refuse_parcel"]
    story.tell(courier("k1.intercept", "accepted"), T0 + 5 * HOUR)
    story.tell(refund_closed(), T0 + 6 * HOUR)
    story.tell(shop.scan("returned", T0 + 4 * DAY), T0 + 4 * DAY)
    assert outcomes(story) == ["returned"]
    (remedy,) = story.outcomes(logistics.RemedyRefundDueV1)
    assert (remedy.reason_code.value, remedy.fault.value) == ("refused", "buyer")
    assert isinstance(story.state("intercept", "k1.intercept"), Back)
    clean(story)


def test_refund_on_a_parcel_under_way() -> None:
    """RF-034, RF-044: a refund for what is on its way calls the parcel back; money waits for its end."""
    story = on_the_way((refund_opened("not_received"), 20 * HOUR))
    assert [x.reason_code for x in story.outcomes(logistics.CourierActionRequestedV1)] == [
        "refund_in_transit"
    ]
    story.tell(shop.scan("returned", T0 + 4 * DAY), T0 + 4 * DAY)
    assert outcomes(story) == ["returned"]
    assert story.outcomes(logistics.RemedyRefundDueV1) == []


def test_refused_parcel() -> None:
    """RF-036, LG-050: a refused parcel is called back and paid when it is back."""
    story = on_the_way((shop.scan("refused", T0 + 40 * HOUR), 40 * HOUR))
    assert [x.reason_code for x in story.outcomes(logistics.CourierActionRequestedV1)] == ["refused"]
    arrived = scans.ParcelArrivedV1(carrier_code="sto", tracking_code="773001", warehouse_id="w1")
    story.tell(arrived, T0 + 5 * DAY)
    (end,) = story.outcomes(logistics.ParcelOutcomeDecidedV1)
    assert (end.outcome.value, end.fault.value) == ("returned", "buyer")
    assert [x.reason_code.value for x in story.outcomes(logistics.RemedyRefundDueV1)] == ["refused"]
    story.tell(arrived, T0 + 6 * DAY)
    assert len(story.outcomes(logistics.RemedyRefundDueV1)) == 1


def test_refused_then_delivered() -> None:
    """RF-036: scans are folded by their own time; a second attempt that delivers is a delivery."""
    story = on_the_way(
        (shop.scan("delivered", T0 + 60 * HOUR), 60 * HOUR), (shop.scan("refused", T0 + 40 * HOUR), 61 * HOUR)
    )
    assert outcomes(story) == ["delivered"]
    assert recalls(story) == []


def test_out_of_range() -> None:
    """RF-037, RF-038: with a refund open the parcel comes back; without one a person decides."""
    story = on_the_way((shop.scan("out_of_range", T0 + 40 * HOUR), 40 * HOUR))
    assert questions(story) == ["out_of_range"]
    story.tell(shop.scan("returned", T0 + 80 * HOUR), T0 + 80 * HOUR)
    assert [x.reason_code.value for x in story.outcomes(logistics.RemedyRefundDueV1)] == ["out_of_range"]


def test_left_after_close() -> None:
    """RF-006: goods that leave a closed order are called back, and a person looks."""
    story = flow(
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (shop.registered(), HOUR),
        (refund_opened(), 2 * HOUR),
        (refund_paid(), 60 * HOUR),
        (shop.handed_over(), 61 * HOUR),
    )
    assert questions(story)[-1] == "goods_left_closed_order"
    assert [x.reason_code for x in story.outcomes(logistics.CourierActionRequestedV1)] == ["order_closed"]


def test_promised_not_to_refund() -> None:
    """RF-009: where staff promised to ship, no hold stops the goods."""
    story = flow(
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (promise("no_refund"), HOUR),
        (refund_opened(), 2 * HOUR),
    )
    assert story.outcomes(logistics.DispatchHoldRequestedV1) == []
