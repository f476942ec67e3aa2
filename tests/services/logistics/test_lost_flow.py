"""Lost parcels and claims from contract event to outcome."""

from datetime import timedelta

import pytest

from aftersales_contracts import enums
from aftersales_contracts.aftersales import common, logistics
from aftersales_contracts.base import Event
from aftersales_contracts.components import Tracking
from aftersales_contracts.shop import aftersales, desk, orders, shipments
from services.logistics.cases.lost_parcel import state as lost_parcel
from tests.services.flow import Flow
from tests.services.logistics import shop
from tests.services.logistics.shop import DAY, HOUR, ORDER, SHOP, T0
from tests.services.logistics.told import (
    clean,
    courier,
    flow,
    not_received,
    on_the_way,
    outcomes,
    questions,
    recalls,
    refund_closed,
    refund_opened,
    refund_paid,
    task_done,
)


def lost(*more: tuple[Event, timedelta]) -> Flow:
    """A parcel that fell silent, and that the courier then said it lost at T0 + 8 d."""
    return on_the_way(
        (shop.scan("in_transit", T0 + 20 * HOUR), 20 * HOUR),
        *more,
        (courier("any", "lost"), 8 * DAY),
    )


def memo(of: Flow) -> orders.OrderMemoStoredV1:
    (asked,) = [x for x in of.outcomes(common.OrderActionRequestedV1) if x.purpose == enums.MemoPurpose.LOSS]
    return orders.OrderMemoStoredV1(
        shop_id=SHOP,
        order_id=ORDER,
        memo_ref="m1",
        purpose=enums.MemoPurpose.LOSS,
        request_id=asked.request_id,
    )


def report(of: Flow) -> desk.TaskCompletedV1:
    (asked,) = [x for x in of.outcomes(common.TaskRequestedV1) if x.question_code == "lost_parcel_report"]
    return task_done(asked)


def test_lost_and_reshipped_by_default() -> None:
    """LG-016, LG-019, LG-022: inquiry, loss, claim beside it, an offer, the resend as default in 3 days."""
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
    """LG-017, LG-022: the original turns up: called back, claim withdrawn; delivered, nothing is resent."""
    story = lost()
    story.pass_until(T0 + 11 * DAY - HOUR)
    story.tell(shop.scan("in_transit", T0 + 11 * DAY), T0 + 11 * DAY)
    actions = [(x.action.value, x.reason_code) for x in story.outcomes(logistics.CourierActionRequestedV1)]
    assert actions[-1] == ("intercept", "turned_up")
    assert [x.action.value for x in story.outcomes(logistics.CourierClaimRequestedV1)] == ["file", "withdraw"]
    story.tell(shop.scan("delivered", T0 + 12 * DAY), T0 + 12 * DAY)
    ends = story.outcomes(logistics.ParcelOutcomeDecidedV1)
    assert [(x.outcome.value, x.revises_outcome) for x in ends] == [("lost", None), ("delivered", "lost")]
    assert resends(story) == ["send", "cancel"]
    assert "recover_or_write_off" not in questions(story)
    assert isinstance(story.state("lost-parcel", "k1"), lost_parcel.Closed)


def test_turned_up_before_any_remedy() -> None:
    """LG-016: found before the buyer got anything: the case closes, the report is void."""
    story = lost((refund_opened("not_received"), 7 * DAY))
    story.tell(shop.scan("delivered", T0 + 8 * DAY + HOUR), T0 + 8 * DAY + HOUR)
    assert len(story.outcomes(common.TaskWithdrawnV1)) == 1
    assert isinstance(story.state("lost-parcel", "k1"), lost_parcel.Closed)
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


def resent() -> Flow:
    """Lost, and asked to be sent again by default, two days after the loss."""
    story = lost()
    story.pass_until(T0 + 10 * DAY + HOUR)
    return story


def leave(story: Flow, at: timedelta) -> None:
    """The warehouse hands the resend over."""
    asked = [x for x in story.outcomes(logistics.ReshipRequestedV1) if x.action.value == "send"][-1]
    second = Tracking(carrier_code="sto", tracking_code="773009")
    parcel = shop.registered("k9", direction="reship", tracking=second, request_id=asked.request_id)
    story.tell(parcel, T0 + at)
    story.tell(shop.handed_over("k9"), T0 + at + HOUR)


@pytest.mark.parametrize("is_lost_before", [True, False])
def test_a_resend_that_comes_back_is_paid_once_though_it_was_lost_and_found_before(
    *, is_lost_before: bool
) -> None:
    """RF-036, LG-018: its own search ended when it was found, and the search that sent it heard of no end."""
    story = resent()
    story.tell(report(story), T0 + 10 * DAY + 2 * HOUR)
    story.tell(memo(story), T0 + 10 * DAY + 2 * HOUR)
    leave(story, 10 * DAY + 3 * HOUR)
    second = Tracking(carrier_code="sto", tracking_code="773009")
    statuses = ["lost", "in_transit", "returned"] if is_lost_before else ["in_transit", "returned"]
    for number, status in enumerate(statuses, 5):
        at = 10 * DAY + number * HOUR
        story.tell(shop.scan(status, T0 + at, tracking=second), T0 + at)
    story.pass_until(T0 + 40 * DAY)
    (due,) = story.outcomes(logistics.RemedyRefundDueV1)
    assert [(line.line_id, line.quantity_count) for line in due.lines or ()] == [("l1", 1)]
    clean(story)


def resends(story: Flow) -> list[str]:
    return [x.action.value for x in story.outcomes(logistics.ReshipRequestedV1)]


def test_a_refund_wins_over_a_resend_that_has_not_left() -> None:
    """LG-018, RF-035: the resend is let go of, the refund is paid, nobody gets both."""
    story = resent()
    story.tell(refund_opened("not_received"), T0 + 10 * DAY + 2 * HOUR)
    assert resends(story) == ["send", "cancel"]
    assert isinstance(story.state("lost-parcel", "k1"), lost_parcel.LostConfirmed)
    story.tell(report(story), T0 + 10 * DAY + 3 * HOUR)
    story.tell(memo(story), T0 + 10 * DAY + 3 * HOUR)
    assert len(story.outcomes(logistics.RemedyRefundDueV1)) == 1
    story.tell(refund_paid(), T0 + 11 * DAY)
    story.pass_until(T0 + 30 * DAY)
    assert resends(story) == ["send", "cancel"]
    assert "recover_or_write_off" not in questions(story)
    clean(story)


def test_a_refund_that_pays_by_its_own_deadline_ends_the_search() -> None:
    """LG-018, RF-013."""
    story = resent()
    story.tell(refund_opened("not_received"), T0 + 10 * DAY + 2 * HOUR)
    story.tell(refund_paid(), T0 + 15 * DAY)
    assert isinstance(story.state("lost-parcel", "k1"), lost_parcel.RefundDue)
    assert story.outcomes(logistics.RemedyRefundDueV1) == []


def test_a_resend_that_leaves_all_the_same_is_called_back() -> None:
    """LG-018: it was to be let go of; delivered all the same, it is a claim on the buyer of refunds."""
    story = resent()
    story.tell(refund_opened("not_received"), T0 + 10 * DAY + 2 * HOUR)
    assert recalls(story) == []
    leave(story, 10 * DAY + 3 * HOUR)
    assert recalls(story) == ["refund_in_transit"]
    assert "recover_or_write_off" not in questions(story)
    clean(story)


def test_a_resend_under_way_is_called_back_for_a_refund() -> None:
    """LG-018."""
    story = resent()
    leave(story, 10 * DAY + 2 * HOUR)
    story.tell(refund_opened("not_received"), T0 + 10 * DAY + 4 * HOUR)
    assert resends(story) == ["send"]
    assert recalls(story) == ["refund_in_transit"]
    story.tell(refund_paid(), T0 + 11 * DAY)
    assert recalls(story) == ["refund_in_transit"]
    assert "recover_or_write_off" not in questions(story)
    clean(story)


def test_a_refund_after_the_resend_arrived_is_an_ordinary_one() -> None:
    """LG-018."""
    story = resent()
    leave(story, 10 * DAY + 2 * HOUR)
    second = Tracking(carrier_code="sto", tracking_code="773009")
    story.tell(shop.scan("delivered", T0 + 12 * DAY, tracking=second), T0 + 12 * DAY)
    story.tell(refund_opened("with_return"), T0 + 13 * DAY)
    assert recalls(story) == []
    assert "recover_or_write_off" not in questions(story)


def test_a_refund_that_is_withdrawn_leaves_the_choice_again() -> None:
    """LG-018: the goods are sent again after all, under an id of its own."""
    story = resent()
    story.tell(refund_opened("not_received"), T0 + 10 * DAY + 2 * HOUR)
    story.tell(refund_closed(), T0 + 10 * DAY + 3 * HOUR)
    assert len(story.outcomes(common.OfferMadeV1)) == 2
    story.pass_until(T0 + 12 * DAY + 4 * HOUR)
    assert resends(story) == ["send", "cancel", "send"]
    ids = [x.reship_id for x in story.outcomes(logistics.ReshipRequestedV1)]
    assert ids == ["k1.reship", "k1.reship", "k1.reship-2"]
    leave(story, 12 * DAY + 5 * HOUR)
    assert recalls(story) == []
    clean(story)
