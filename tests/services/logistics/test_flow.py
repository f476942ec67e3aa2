"""Stories of logistics from contract event to outcome, through the real handling in memory."""

from datetime import datetime, timedelta
from typing import Any

from aftersales_contracts import words
from aftersales_contracts.aftersales import common, customers, logistics, refunds
from aftersales_contracts.aftersales.refunds_words import IntentPurpose, OrderOutcomeAfterRefund, RefundEnding
from aftersales_contracts.base import Event
from aftersales_contracts.parts import Inspection, Party, Tracking, Wanted
from aftersales_contracts.shop import aftersales, desk, orders, scans, shipments
from services.logistics.cases import intercept, lost_parcel_words, parcel_words, reship_words
from services.logistics.cases.dispatch_states import AwaitingPayment, HandedOver, Stopped
from services.logistics.service import LOGISTICS
from tests.services.flow import Flow
from tests.services.logistics import shop
from tests.services.logistics.shop import DAY, HOUR, ORDER, SHOP, T0

COMMON: dict[str, Any] = {
    "case_id": "r1",
    "case_kind": "refund-agreement",
    "case_version": 1,
    "shop_id": SHOP,
    "rule_ids": [],
    "policy_version": "test",
    "order_id": ORDER,
}


def flow(*told: tuple[Event, timedelta]) -> Flow:
    """A flow that has heard these events, each so long after T0."""
    made = Flow(LOGISTICS)
    for event, after in told:
        made.tell(event, T0 + after)
    return made


def on_the_way(*more: tuple[Event, timedelta]) -> Flow:
    """An order that was paid, sent after 6 h and picked up after 7 h."""
    return flow(
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (shop.registered(), 5 * HOUR),
        (shop.shipped(), 5 * HOUR),
        (shop.handed_over(), 6 * HOUR),
        (shop.scan("picked_up", T0 + 7 * HOUR), 7 * HOUR),
        *more,
    )


def refund_opened(kind: str = "unshipped") -> refunds.RefundOpenedV1:
    return refunds.RefundOpenedV1(
        **COMMON,
        refund_id="r1",
        kind=words.RefundKind(kind),
        reason_code="changed_mind",
        lines=[shop.share()],
        amount=shop.cny(10_000),
        terms_version=1,
        answer_by_at=T0 + 9 * DAY,
    )


def refund_closed() -> refunds.RefundClosedV1:
    return refunds.RefundClosedV1(**COMMON, refund_id="r1", ending=RefundEnding.SHIPPED)


def refund_paid(remedy_id: str | None = None) -> refunds.RefundPaidV1:
    return refunds.RefundPaidV1(
        **COMMON,
        intent_id="r1.refund.1",
        purpose=IntentPurpose.REFUND,
        amount=shop.cny(10_000),
        lines=[shop.share()],
        is_full=True,
        order_outcome=OrderOutcomeAfterRefund.CLOSED,
        refund_id="r1",
        remedy_id=remedy_id,
    )


def promise(
    kind: str, due_at: datetime | None = None, value: str | None = None
) -> customers.PromiseRegisteredV1:
    return customers.PromiseRegisteredV1(
        **{**COMMON, "case_kind": "promise"},
        promise_id="pr1",
        kind=words.PromiseKind(kind),
        due_at=due_at,
        value_code=value,
    )


def hold_answer(outcome: str, request_id: str = "r1.hold") -> shipments.DispatchHoldAnsweredV1:
    return shipments.DispatchHoldAnsweredV1(
        shop_id=SHOP, order_id=ORDER, request_id=request_id, outcome=shipments.HoldOutcome(outcome)
    )


def courier(request_id: str, outcome: str) -> shipments.CourierActionAnsweredV1:
    return shipments.CourierActionAnsweredV1(
        shop_id=SHOP,
        order_id=ORDER,
        request_id=request_id,
        parcel_id="k1",
        outcome=shipments.CourierOutcome(outcome),
    )


def task_done(told: common.TaskRequestedV1, outcome_code: str = "approved") -> desk.TaskCompletedV1:
    return desk.TaskCompletedV1(
        shop_id=SHOP,
        task_id=told.task_id,
        case_kind=told.case_kind,
        case_id=told.case_id,
        about_subject=told.about_subject,
        outcome_code=outcome_code,
        by=Party(role=words.Role.SUPERVISOR),
    )


def not_received(problem: str = "not_received") -> aftersales.ProblemReportedV1:
    return aftersales.ProblemReportedV1(
        shop_id=SHOP,
        order_id=ORDER,
        problem_id="pb1",
        problem=aftersales.ProblemKind(problem),
        wanted=aftersales.Wish.UNKNOWN,
        is_before_signature=False,
    )


def questions(of: Flow) -> list[str]:
    """Questions to people, in order."""
    return [x.question_code for x in of.outcomes(common.TaskRequestedV1)]


def triggers(of: Flow) -> list[str]:
    """What was established as late, in order."""
    return [x.trigger.value for x in of.outcomes(logistics.LateShippingEstablishedV1)]


def outcomes(of: Flow) -> list[str]:
    """Ends of parcels, in order."""
    return [x.outcome.value for x in of.outcomes(logistics.ParcelOutcomeDecidedV1)]


def clean(of: Flow) -> None:
    """Nothing failed, nothing waits."""
    assert of.dead == []
    assert of.waiting() == []


# Dispatch.


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


def test_false_shipment_and_its_proof() -> None:
    """LG-064: a ship mark without pick-up is no shipment; an earlier-dated pick-up proves it."""
    story = flow(
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (shop.registered(), 5 * HOUR),
        (shop.shipped(), 5 * HOUR),
    )
    story.pass_until(T0 + 30 * HOUR)
    assert triggers(story) == ["false_shipment"]
    story.tell(shop.scan("in_transit", T0 + 28 * HOUR), T0 + 31 * HOUR)
    assert len(story.outcomes(logistics.LateShippingWithdrawnV1)) == 1
    story.pass_until(T0 + 3 * DAY)
    assert triggers(story) == ["false_shipment"]


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
    """OR-006, OR-011: a hand-over before the approval is normal and not late; unpaid goods are called back."""
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
        by=Party(role=words.Role.SYSTEM),
    )
    unpaid.tell(closed, T0 + 3 * DAY)
    assert "unpaid_goods_out" in questions(unpaid)
    assert [x.reason_code for x in unpaid.outcomes(logistics.CourierActionRequestedV1)] == ["unpaid"]
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


# Refunds against goods on their way.


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
    """RF-006, LG-051: goods left while the hold was asked: too late, called back, the buyer asked to refuse."""
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
    assert isinstance(story.state("intercept", "k1.intercept"), intercept.Back)
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
    assert story.outcomes(logistics.CourierActionRequestedV1) == []


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


# Lost parcels.


def lost(*more: tuple[Event, timedelta]) -> Flow:
    """A parcel that fell silent, and that the courier then said it lost at T0 + 8 d."""
    return on_the_way(
        (shop.scan("in_transit", T0 + 20 * HOUR), 20 * HOUR),
        *more,
        (courier("any", "lost"), 8 * DAY),
    )


def memo(of: Flow) -> orders.OrderMemoStoredV1:
    (asked,) = [x for x in of.outcomes(common.OrderActionRequestedV1) if x.purpose == words.MemoPurpose.LOSS]
    return orders.OrderMemoStoredV1(
        shop_id=SHOP,
        order_id=ORDER,
        memo_ref="m1",
        purpose=words.MemoPurpose.LOSS,
        request_id=asked.request_id,
    )


def report(of: Flow) -> desk.TaskCompletedV1:
    (asked,) = [x for x in of.outcomes(common.TaskRequestedV1) if x.question_code == "lost_parcel_report"]
    return task_done(asked)


def test_lost_and_reshipped_by_default() -> None:
    """LG-016..020, LG-022: inquiry, loss, claim beside it, an offer, and the resend as default within 3 days."""
    story = lost()
    (inquiry,) = story.outcomes(logistics.CourierActionRequestedV1)
    assert (inquiry.action.value, inquiry.reason_code) == ("inquire", "silence")
    assert outcomes(story) == ["lost"]
    (claim,) = story.outcomes(logistics.CourierClaimRequestedV1)
    assert (claim.action.value, claim.amount) == ("file", shop.cny(10_000))
    (offer,) = story.outcomes(common.OfferMadeV1)
    assert offer.default_option_id == "reship"
    story.pass_until(T0 + 10 * DAY + HOUR)
    (resend,) = story.outcomes(logistics.ReshipRequestedV1)
    assert (resend.action.value, resend.ship_by_at) == ("send", T0 + 11 * DAY)
    assert resend.sku_ids == ["s-l1"]
    assert story.outcomes(logistics.RemedyRefundDueV1) == []
    second = Tracking(carrier_code="sto", tracking_code="773009")
    parcel = shop.registered("k9", direction="reship", tracking=second, request_id=resend.request_id)
    story.tell(parcel, T0 + 10 * DAY + 2 * HOUR)
    story.tell(shop.handed_over("k9"), T0 + 10 * DAY + 3 * HOUR)
    story.tell(shop.scan("delivered", T0 + 12 * DAY, tracking=second), T0 + 12 * DAY)
    statuses = [x.status.value for x in story.outcomes(logistics.ReshipStatusChangedV1)]
    assert statuses == ["sent", "delivered"]
    clean(story)


def test_lost_and_refunded() -> None:
    """LG-018, LG-020: the buyer chooses the money; it is due only after report and memo."""
    story = lost()
    (offer,) = story.outcomes(common.OfferMadeV1)
    chosen = aftersales.OfferAnsweredV1(
        shop_id=SHOP,
        order_id=ORDER,
        offer_id=offer.offer_id,
        case_id=offer.case_id,
        case_kind=offer.case_kind,
        option_id="refund",
    )
    story.tell(chosen, T0 + 8 * DAY + HOUR)
    story.tell(memo(story), T0 + 8 * DAY + 2 * HOUR)
    assert story.outcomes(logistics.RemedyRefundDueV1) == []
    story.tell(report(story), T0 + 8 * DAY + 3 * HOUR)
    (remedy,) = story.outcomes(logistics.RemedyRefundDueV1)
    assert (remedy.reason_code.value, remedy.parcel_id) == ("lost", "k1")
    story.tell(memo(story), T0 + 8 * DAY + 4 * HOUR)
    story.pass_until(T0 + 12 * DAY)
    assert len(story.outcomes(logistics.RemedyRefundDueV1)) == 1
    assert story.outcomes(logistics.ReshipRequestedV1) == []


def test_open_refund_wins() -> None:
    """RF-035: with a refund open nothing is offered; report and memo make it due."""
    story = lost((refund_opened("not_received"), 7 * DAY))
    assert story.outcomes(common.OfferMadeV1) == []
    story.tell(report(story), T0 + 8 * DAY + HOUR)
    story.tell(memo(story), T0 + 8 * DAY + HOUR)
    assert len(story.outcomes(logistics.RemedyRefundDueV1)) == 1
    story.pass_until(T0 + 20 * DAY)
    assert story.outcomes(logistics.ReshipRequestedV1) == []


def test_report_overdue() -> None:
    """LG-020: nobody reports within four hours: a task, and no money."""
    story = lost((refund_opened("not_received"), 7 * DAY))
    story.pass_until(T0 + 8 * DAY + 5 * HOUR)
    assert questions(story)[-1] == "report_or_memo_missing"
    assert story.outcomes(logistics.RemedyRefundDueV1) == []


def test_turned_up_after_reship() -> None:
    """LG-017, LG-022: the original turns up: called back, claim withdrawn; delivered, a person decides."""
    story = lost()
    story.pass_until(T0 + 11 * DAY - HOUR)
    story.tell(shop.scan("in_transit", T0 + 11 * DAY), T0 + 11 * DAY)
    actions = [(x.action.value, x.reason_code) for x in story.outcomes(logistics.CourierActionRequestedV1)]
    assert actions[-1] == ("intercept", "turned_up")
    assert [x.action.value for x in story.outcomes(logistics.CourierClaimRequestedV1)] == ["file", "withdraw"]
    story.tell(shop.scan("delivered", T0 + 12 * DAY), T0 + 12 * DAY)
    ends = story.outcomes(logistics.ParcelOutcomeDecidedV1)
    assert [(x.outcome.value, x.revises_outcome) for x in ends] == [("lost", None), ("delivered", "lost")]
    assert "recover_or_write_off" in questions(story)


def test_turned_up_before_any_remedy() -> None:
    """LG-016: found before the buyer got anything: the case closes, the report is void."""
    story = lost((refund_opened("not_received"), 7 * DAY))
    story.tell(shop.scan("delivered", T0 + 8 * DAY + HOUR), T0 + 8 * DAY + HOUR)
    assert len(story.outcomes(common.TaskWithdrawnV1)) == 1
    assert isinstance(story.state("lost-parcel", "k1"), lost_parcel_words.Closed)
    assert story.outcomes(logistics.RemedyRefundDueV1) == []


def test_problem_reported_and_explained() -> None:
    """LG-016, LG-042: tracking explains, or says who signed for the buyer."""
    story = on_the_way((not_received(), 9 * HOUR))
    assert story.outcomes(logistics.CourierActionRequestedV1) == []
    assert [x.template_code for x in story.outcomes(common.NoticeRequestedV1)] == ["parcel_located"]
    signed = on_the_way(
        (shop.scan("delivered", T0 + 40 * HOUR, signed_by="guard"), 40 * HOUR), (not_received(), 50 * HOUR)
    )
    assert [x.template_code for x in signed.outcomes(common.NoticeRequestedV1)] == ["parcel_signed"]
    unsigned = on_the_way(
        (shop.scan("delivered", T0 + 40 * HOUR), 40 * HOUR), (not_received("signed_not_received"), 50 * HOUR)
    )
    assert [x.action.value for x in unsigned.outcomes(logistics.CourierActionRequestedV1)] == ["inquire"]


def test_not_served() -> None:
    """LG-015, LG-021, RF-037: a carrier that does not serve the address brings the parcel back."""
    placed = shop.placed().model_copy(update={"region_code": "CN-XZ"})
    story = flow(
        (placed, 0 * HOUR),
        (shop.paid(), HOUR),
        (shop.registered(), 2 * HOUR),
        (shop.handed_over(), 3 * HOUR),
        (not_received(), 4 * HOUR),
    )
    actions = [(x.action.value, x.reason_code) for x in story.outcomes(logistics.CourierActionRequestedV1)]
    assert actions == [("intercept", "out_of_range")]
    story.tell(shop.scan("returned", T0 + 3 * DAY), T0 + 3 * DAY)
    assert len(story.outcomes(logistics.RemedyRefundDueV1)) == 1


# Claims, resends, shortages, returns.


def test_claim_paid() -> None:
    """LG-022: the claim ends with what the carrier paid and what the buyer got."""
    story = lost()
    (claim,) = story.outcomes(logistics.CourierClaimRequestedV1)
    story.pass_until(T0 + 11 * DAY)
    for after, outcome in ((12, "received"), (13, "approved_partial"), (14, "paid")):
        answered = shipments.CourierClaimAnsweredV1(
            shop_id=SHOP,
            order_id=ORDER,
            claim_id=claim.claim_id,
            outcome=shipments.CourierClaimStep(outcome),
            amount=shop.cny(6_000) if outcome != "received" else None,
        )
        story.tell(answered, T0 + after * DAY)
    (concluded,) = story.outcomes(logistics.CourierClaimConcludedV1)
    assert concluded.outcome.value == "partial"
    assert (concluded.recovered_amount, concluded.spent_on_buyer_amount) == (
        shop.cny(6_000),
        shop.cny(10_000),
    )


def exchange(*more: tuple[Event, timedelta]) -> Flow:
    opened = refunds.ExchangeOpenedV1(
        **{**COMMON, "case_kind": "exchange", "case_id": "x1"},
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
        condition=words.Condition.RESALEABLE,
        is_packaging_complete=True,
        disposition=words.Disposition.RESTOCK,
    )
    return shipments.ReturnInspectedV1(
        shop_id=SHOP, order_id=ORDER, parcel_id="back1", lines=[goods], wanted_sku_id=sku_id
    )


def reship_due() -> refunds.ReshipDueV1:
    return refunds.ReshipDueV1(
        **{**COMMON, "case_kind": "exchange", "case_id": "x1"},
        reship_id="x1.reship",
        purpose=words.ReshipPurpose.EXCHANGE,
        lines=[shop.share()],
        sku_ids=["s-l1-xl"],
        ship_by_at=T0 + 9 * DAY,
        cost_bearer="seller",
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


def test_note_in_the_parcel_differs() -> None:
    """RF-122: another size in the note: a person decides before anything is sent."""
    story = exchange((inspected("s-l1-m"), 6 * DAY), (reship_due(), 6 * DAY))
    assert isinstance(story.state("reship", "x1.reship"), reship_words.Checking)
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
        carriage=words.Carriage.EXPRESS,
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
    assert outcomes(story) == []
    back = Tracking(carrier_code="yto", tracking_code="990")
    story.tell(shop.scan("returned", T0 + 13 * DAY, tracking=back), T0 + 13 * DAY)
    assert outcomes(story) == ["delivered"]


def test_scans_before_the_waybill() -> None:
    """OR-009: a parcel without an order stays silent; registered, it says where it is."""
    story = flow(
        (shop.placed(), 0 * HOUR), (shop.paid(), HOUR), (shop.scan("in_transit", T0 + 2 * HOUR), 2 * HOUR)
    )
    assert isinstance(story.state("parcel", "sto/773001"), parcel_words.Unknown)
    assert story.outcomes(logistics.ParcelStatusChangedV1) == []
    story.tell(shop.registered(), T0 + 3 * HOUR)
    assert [x.status.value for x in story.outcomes(logistics.ParcelStatusChangedV1)] == ["in_transit"]
    assert isinstance(story.state("dispatch", ORDER), HandedOver)
    clean(story)
