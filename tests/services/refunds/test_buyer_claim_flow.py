"""Goods that the buyer has beside the money, through refunds and logistics: claimed once, piece by piece.

The tests are named after the crossing that they repair.
"""

from datetime import timedelta

import pytest

from aftersales_contracts import components
from aftersales_contracts.aftersales import buyer_claims, common, logistics, logistics_enums, refunds
from aftersales_contracts.base import Event
from aftersales_contracts.enums import ParcelDirection, ParcelStatus, RefundKind, Role, SignedBy
from aftersales_contracts.shop import aftersales, desk, scans, shipments
from services.logistics.service import LOGISTICS
from services.refunds.cases.buyer_claim import state as buyer_claim
from services.refunds.service import REFUNDS
from tests.services.flow import Flow
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, HOUR, T0

LOST, DELIVERED, RETURNED = (
    logistics_enums.ParcelOutcome.LOST,
    logistics_enums.ParcelOutcome.DELIVERED,
    logistics_enums.ParcelOutcome.RETURNED,
)


def told(*events: tuple[Event, timedelta], with_logistics: bool = False) -> Flow:
    story = Flow(REFUNDS, LOGISTICS) if with_logistics else Flow(REFUNDS)
    for event, after in events:
        story.tell(event, T0 + after)
    return story


def sold(pieces: int = 1, *more: tuple[Event, timedelta], with_logistics: bool = False) -> Flow:
    """So many pieces of one line at 100.00, sent after an hour."""
    return told(
        (s.placed([("a", pieces, 10_000)]), 0 * HOUR),
        (s.paid(10_000 * pieces), 0 * HOUR),
        *more,
        with_logistics=with_logistics,
    )


def not_received(pieces: int = 1, refund_id: str = "r1") -> Event:
    lines = [s.share("a", pieces, 10_000 * pieces)]
    return s.applied(RefundKind.NOT_RECEIVED, 10_000 * pieces, lines=lines, refund_id=refund_id)


def parcel(
    outcome: logistics_enums.ParcelOutcome,
    pieces: int = 1,
    parcel_id: str = "k1",
    direction: ParcelDirection = ParcelDirection.OUTBOUND,
) -> Event:
    ended = s.parcel(outcome, s.share("a", pieces), parcel_id=parcel_id)
    return ended.model_copy(update={"direction": direction})


def opened(story: Flow) -> list[tuple[str, int, int]]:
    """Claims on the buyer: id, pieces, amount."""
    claims = story.outcomes(buyer_claims.BuyerClaimOpenedV1)
    return [(x.claim_id, sum(line.quantity_count for line in x.lines), x.amount.minor) for x in claims]


def recalls(story: Flow) -> list[str]:
    asked = story.outcomes(logistics.CourierActionRequestedV1)
    return [x.reason_code for x in asked if x.action == logistics_enums.CourierAction.INTERCEPT]


def settled(story: Flow) -> list[tuple[str, int]]:
    return [(x.how.value, x.net_loss_amount.minor) for x in story.outcomes(buyer_claims.BuyerClaimSettledV1)]


def answer(story: Flow, outcome_code: str, after: timedelta, kind: str = "buyer-claim") -> None:
    """A person answers the last question about a case of that kind."""
    asked = [x for x in story.outcomes(common.TaskRequestedV1) if x.case_kind == kind][-1]
    done = desk.TaskCompletedV1(
        shop_id="shop-1",
        task_id=asked.task_id,
        case_kind=asked.case_kind,
        case_id=asked.case_id,
        about_subject=asked.about_subject,
        outcome_code=outcome_code,
        by=components.Party(role=Role.SUPERVISOR),
    )
    story.tell(done, T0 + after)


def registered(parcel_id: str, pieces: int = 1, direction: str = "outbound") -> shipments.ParcelRegisteredV1:
    return shipments.ParcelRegisteredV1(
        **s.KEYS,
        parcel_id=parcel_id,
        direction=ParcelDirection(direction),
        tracking=components.Tracking(carrier_code="sto", tracking_code=parcel_id),
        lines=[s.share("a", pieces)],
        freight_payer=shipments.FreightPayer.SENDER,
    )


def scan(parcel_id: str, status: str, after: timedelta) -> scans.ParcelScannedV1:
    return scans.ParcelScannedV1(
        carrier_code="sto",
        tracking_code=parcel_id,
        occurred_at=T0 + after,
        status=ParcelStatus(status),
        raw_status_code=status,
        signed_by=SignedBy.BUYER if status == "delivered" else None,
    )


def on_the_way(pieces: int = 1, start: timedelta = 0 * DAY) -> list[tuple[Event, timedelta]]:
    handed_over = shipments.ParcelHandedOverV1(**s.KEYS, parcel_id="k1", carrier_code="sto")
    return [
        (registered("k1", pieces), start + HOUR),
        (handed_over, start + HOUR),
        (s.shipped(), start + HOUR),
        (scan("k1", "in_transit", start + 2 * HOUR), start + 2 * HOUR),
    ]


def test_m3_paid_as_not_received_and_delivered_all_the_same() -> None:
    """RF-035, RF-044: called back while it moves; delivered, the goods are claimed from the buyer."""
    story = sold(1, *on_the_way(), with_logistics=True)
    story.tell(not_received(), T0 + 4 * DAY)
    story.tell(s.agreed(), T0 + 5 * DAY)
    story.tell(s.settled(10_000), T0 + 5 * DAY + HOUR)
    assert recalls(story) == ["refund_in_transit"]
    story.tell(scan("k1", "delivered", 8 * DAY), T0 + 8 * DAY)
    assert opened(story) == [("o1.buyer-claim.1", 1, 10_000)]
    answer(story, "write_off", 9 * DAY)
    assert settled(story) == [("written_off", 10_000)]
    story.pass_until(T0 + 100 * DAY)
    assert len(opened(story)) == 1
    assert story.dead == []


def test_m3_paid_before_shipment_by_silence_and_sent_all_the_same() -> None:
    """RF-006, RF-044: also where only half of the parcel was paid."""
    for pieces in (1, 2):
        story = sold(pieces, with_logistics=True)
        lines = [s.share("a", 1, 10_000)]
        story.tell(s.applied(RefundKind.UNSHIPPED, lines=lines, reason="changed_mind"), T0 + HOUR)
        story.tell(s.settled(10_000), T0 + 3 * DAY)
        for event, after in on_the_way(pieces, 4 * DAY):
            story.tell(event, T0 + after)
        story.tell(scan("k1", "delivered", 6 * DAY), T0 + 6 * DAY)
        assert opened(story) == [("o1.buyer-claim.1", 1, 10_000)], pieces
        assert recalls(story) == (["order_closed"] if pieces == 1 else []), pieces


def test_pieces_that_are_claimed_no_longer_while_others_are_are_told() -> None:
    """RF-044: one of two parcels is not there after all; its piece is claimed anew when another comes."""
    story = sold(2, (s.shipped(), HOUR), (not_received(2), 2 * DAY), (s.agreed(), 2 * DAY + HOUR))
    for parcel_id in ("k1", "k2"):
        story.tell(parcel(DELIVERED, 1, parcel_id), T0 + 3 * DAY)
    assert opened(story) == [("o1.buyer-claim.1", 1, 10_000), ("o1.buyer-claim.2", 1, 10_000)]
    whole = sold(2, (s.shipped(), HOUR), (parcel(DELIVERED, 1, "k1"), DAY), (parcel(DELIVERED, 1, "k2"), DAY))
    whole.tell(not_received(2), T0 + 2 * DAY)
    whole.tell(s.agreed(), T0 + 2 * DAY + HOUR)
    assert opened(whole) == [("o1.buyer-claim.1", 2, 20_000)]
    whole.tell(parcel(LOST, 1, "k2"), T0 + 3 * DAY)
    (reduced,) = whole.outcomes(buyer_claims.BuyerClaimReducedV1)
    assert [(x.line_id, x.quantity_count) for x in reduced.lines] == [("a", 1)]
    assert (reduced.amount.minor, reduced.open_amount.minor) == (10_000, 10_000)
    assert (reduced.claim_id, reduced.reason_code) == ("o1.buyer-claim.1", "not_there")
    whole.tell(parcel(DELIVERED, 1, "e1", ParcelDirection.RESHIP), T0 + 4 * DAY)
    assert opened(whole)[1:] == [("o1.buyer-claim.2", 1, 10_000)]
    whole.tell(parcel(LOST, 1, "k1"), T0 + 5 * DAY)
    assert settled(whole) == [("void", 0)]
    assert len(whole.outcomes(buyer_claims.BuyerClaimReducedV1)) == 1


def test_goods_on_their_way_back_to_the_buyer_clear_no_claim() -> None:
    """RF-044: he pays for one piece that he kept; the exchange of the other fails, and he gets it back."""
    story = sold(2, (s.shipped(), HOUR), (not_received(1), DAY), (s.agreed(), DAY))
    story.tell(s.settled(10_000), T0 + DAY + HOUR)
    story.tell(parcel(DELIVERED, 2), T0 + 2 * DAY)
    answer(story, "bill_again", 2 * DAY + HOUR)
    answer(story, "paid", 2 * DAY + 2 * HOUR)
    story.tell(s.exchange_applied(), T0 + 3 * DAY)
    story.tell(s.reship(logistics_enums.ReshipStatus.RESERVED), T0 + 3 * DAY)
    story.tell(s.exchange_answered(), T0 + 3 * DAY)
    story.tell(s.sent(exchange_id="x1"), T0 + 4 * DAY)
    story.tell(s.inspected(), T0 + 5 * DAY)
    story.tell(s.reship(logistics_enums.ReshipStatus.SENT), T0 + 6 * DAY)
    story.tell(s.reship(logistics_enums.ReshipStatus.FAILED), T0 + 7 * DAY)
    story.pass_until(T0 + 12 * DAY)
    assert [x.reship_id for x in story.outcomes(refunds.ReshipDueV1)][-1] == "x1.back"
    story.tell(parcel(DELIVERED, 1, "e2", ParcelDirection.TO_BUYER), T0 + 13 * DAY)
    assert opened(story) == [("o1.buyer-claim.1", 1, 10_000)]
    assert settled(story) == [("billed_again", 0)]
    asked = [x.question_code for x in story.outcomes(common.TaskRequestedV1) if x.case_kind == "buyer-claim"]
    assert asked == ["goods_and_money", "bill_to_be_paid"]


def test_m4_the_replacement_is_delivered_after_the_money() -> None:
    """RF-120, RF-121: or before it, while the buyer chooses the money all the same."""
    delivered = s.reship(logistics_enums.ReshipStatus.DELIVERED)
    for delivered_at in (12 * DAY, 9 * DAY):
        story = sold(1, (s.shipped(), HOUR), (parcel(DELIVERED), DAY))
        story.tell(s.exchange_applied(), T0 + 2 * DAY)
        story.tell(s.reship(logistics_enums.ReshipStatus.RESERVED), T0 + 2 * DAY)
        story.tell(s.exchange_answered(), T0 + 2 * DAY)
        story.tell(s.sent(exchange_id="x1"), T0 + 3 * DAY)
        story.tell(s.inspected(), T0 + 5 * DAY)
        story.tell(s.reship(logistics_enums.ReshipStatus.SENT), T0 + 6 * DAY)
        story.tell(s.reship(logistics_enums.ReshipStatus.FAILED), T0 + 8 * DAY)
        steps: list[tuple[timedelta, Event]] = [(delivered_at, delivered)]
        (offer,) = story.outcomes(common.OfferMadeV1)
        chosen = aftersales.OfferAnsweredV1(
            **s.KEYS,
            offer_id=offer.offer_id,
            case_id=offer.case_id,
            case_kind=offer.case_kind,
            option_id="refund",
        )
        steps += [(10 * DAY, chosen), (11 * DAY, s.settled(10_000, "x1.refund.refund.1"))]
        for after, event in sorted(steps, key=lambda step: step[0]):
            story.tell(event, T0 + after)
        assert opened(story) == [("o1.buyer-claim.1", 1, 10_000)], delivered_at


def test_a_lost_parcel_that_arrives_after_the_remedy_is_claimed_by_count() -> None:
    """RF-035: three pieces, two lost and paid; one is sent again, then the lost ones arrive as well."""
    story = sold(3, (s.shipped(), HOUR), (parcel(DELIVERED, 1, "k1"), DAY), (parcel(LOST, 2, "k2"), 2 * DAY))
    story.tell(s.remedy(s.share("a", 2)), T0 + 3 * DAY)
    assert opened(story) == []
    story.tell(parcel(DELIVERED, 1, "k3", ParcelDirection.RESHIP), T0 + 4 * DAY)
    assert opened(story) == [("o1.buyer-claim.1", 1, 10_000)]
    story.tell(parcel(DELIVERED, 2, "k2"), T0 + 5 * DAY)
    assert opened(story)[1:] == [("o1.buyer-claim.2", 2, 20_000)]
    story.tell(parcel(DELIVERED, 2, "k2"), T0 + 6 * DAY)
    assert len(opened(story)) == 2


def test_a_lost_parcel_and_its_resend_are_claimed_once() -> None:
    """LG-018, RF-044: the buyer has the goods twice; parcels that name too much claim nothing."""
    story = sold(1, (s.shipped(), HOUR), (parcel(DELIVERED, 1, "k9", ParcelDirection.RESHIP), 4 * DAY))
    assert opened(story) == []
    for after in (5 * DAY, 6 * DAY):
        story.tell(parcel(DELIVERED), T0 + after)
        assert opened(story) == [("o1.buyer-claim.1", 1, 10_000)]
    other = sold(1, (s.shipped(), HOUR), (parcel(DELIVERED, 1, "k2"), 4 * DAY), (parcel(DELIVERED), 5 * DAY))
    assert opened(other) == []


def test_goods_that_come_back_end_the_claim() -> None:
    """RF-044: by the carrier, or by a return that belongs to no refund; half of them leave the other half."""
    story = sold(2, (s.shipped(), HOUR), (not_received(2), DAY), (parcel(DELIVERED, 2), 8 * DAY))
    assert opened(story) == [("o1.buyer-claim.1", 2, 20_000)]
    answer(story, "take_back", 9 * DAY)
    story.tell(parcel(RETURNED, 1, "back1", ParcelDirection.RETURN), T0 + 10 * DAY)
    assert settled(story) == []
    assert story.state("buyer-claim", "o1.buyer-claim.1").claim.open_amount.minor == 10_000
    story.tell(parcel(RETURNED, 1, "back2", ParcelDirection.RETURN), T0 + 11 * DAY)
    assert settled(story) == [("taken_back", 0)]
    other = sold(1, (s.shipped(), HOUR), (not_received(), DAY), (parcel(DELIVERED), 8 * DAY))
    other.tell(parcel(RETURNED), T0 + 9 * DAY)
    assert settled(other) == [("taken_back", 0)]
    assert len(other.outcomes(common.TaskWithdrawnV1)) == 1


def test_money_that_never_moved_is_not_claimed() -> None:
    """RF-029: a person gives the payment up."""
    story = sold(1, (s.shipped(), HOUR), (not_received(), DAY), (parcel(DELIVERED), 6 * DAY + HOUR))
    assert len(opened(story)) == 1
    story.tell(s.failed(is_retryable=False), T0 + 6 * DAY + 2 * HOUR)
    answer(story, "abandon", 6 * DAY + 3 * HOUR, "refund-intent")
    assert settled(story) == [("void", 0)]


def test_delivered_first_and_paid_all_the_same_is_claimed_too() -> None:
    """RF-044: the seller agrees, and a person hears that the buyer has the goods."""
    story = sold(1, (s.shipped(), HOUR), (parcel(DELIVERED), DAY), (not_received(), 2 * DAY))
    story.tell(s.agreed(), T0 + 3 * DAY)
    assert opened(story) == [("o1.buyer-claim.1", 1, 10_000)]


@pytest.mark.parametrize("direction", [ParcelDirection.TO_BUYER, ParcelDirection.REPLACEMENT])
def test_n7_goods_sent_back_are_claimed_only_if_they_arrive_after_the_money(
    direction: ParcelDirection,
) -> None:
    """RF-035: the buyer had his goods, gave them back, and they were lost on the way to him."""
    story = sold(1, (s.shipped(), HOUR), (parcel(DELIVERED), DAY))
    story.tell(parcel(LOST, 1, "e1", direction), T0 + 9 * DAY)
    story.tell(s.remedy(s.share("a")), T0 + 9 * DAY)
    assert len(story.outcomes(refunds.RefundPaymentRequestedV1)) == 1
    assert opened(story) == []
    story.tell(parcel(DELIVERED, 1, "e1", direction), T0 + 10 * DAY)
    assert opened(story) == [("o1.buyer-claim.1", 1, 10_000)]


def test_what_the_buyer_may_keep_or_gave_back_is_not_claimed() -> None:
    """RF-013, RF-025: a refund without return, and one against the goods."""
    for kind in (RefundKind.NO_RETURN, RefundKind.WITH_RETURN):
        story = sold(1, (s.shipped(), HOUR), (parcel(DELIVERED), DAY), (s.applied(kind), 2 * DAY))
        story.tell(s.agreed(), T0 + 2 * DAY)
        if kind is RefundKind.WITH_RETURN:
            story.tell(s.sent(), T0 + 3 * DAY)
            story.tell(s.accepted(), T0 + 5 * DAY)
        assert len(story.outcomes(refunds.RefundPaymentRequestedV1)) == 1
        assert opened(story) == []


def test_a_claim_is_asked_about_until_it_is_settled() -> None:
    """RF-044: one question at a time, first after ten days, then every thirty."""
    story = sold(1, (s.shipped(), HOUR), (not_received(), DAY), (parcel(DELIVERED), 8 * DAY))
    story.pass_until(T0 + 90 * DAY)
    asked = [x for x in story.outcomes(common.TaskRequestedV1) if x.case_kind == "buyer-claim"]
    withdrawn = [x for x in story.outcomes(common.TaskWithdrawnV1) if x.case_kind == "buyer-claim"]
    assert (len(asked), len(withdrawn)) == (4, 3)
    answer(story, "bill_again", 91 * DAY)
    answer(story, "paid", 92 * DAY)
    assert settled(story) == [("billed_again", 0)]
    assert isinstance(story.state("buyer-claim", "o1.buyer-claim.1"), buyer_claim.Settled)


def test_goods_that_the_buyer_gave_back_are_not_claimed() -> None:
    """RF-044: they were sent for a refund that was withdrawn; another one is paid by silence."""
    story = sold(
        1, (s.shipped(), HOUR), (parcel(DELIVERED), DAY), (s.applied(RefundKind.WITH_RETURN), 2 * DAY)
    )
    story.tell(s.agreed(), T0 + 2 * DAY)
    story.tell(s.sent(), T0 + 3 * DAY)
    story.tell(s.withdrawn(), T0 + 3 * DAY + HOUR)
    story.tell(not_received(refund_id="r2"), T0 + 4 * DAY)
    story.pass_until(T0 + 10 * DAY)
    assert opened(story) == []


def test_a_piece_whose_money_went_back_in_two_parts_and_that_never_left_is_not_claimed() -> None:
    """RF-035: a payment settled with less, the rest was given up, and another refund gave more."""
    lines = [s.share("a", 1, 3_000)]
    story = sold(1, (s.applied(RefundKind.UNSHIPPED, 6_000, lines=[s.share("a", 1, 6_000)]), HOUR))
    story.tell(s.agreed(), T0 + 2 * HOUR)
    story.tell(s.settled(4_000), T0 + 3 * HOUR)
    (task,) = (each for each in story.outcomes(common.TaskRequestedV1) if each.case_kind == "refund-intent")
    answer = desk.TaskCompletedV1(
        shop_id=task.shop_id, task_id=task.task_id, case_kind=task.case_kind, case_id=task.case_id,
        about_subject=task.about_subject, outcome_code="confirmed",
        by=components.Party(role=Role.SUPERVISOR),
    )  # fmt: skip
    story.tell(answer, T0 + 4 * HOUR)
    story.tell(s.applied(RefundKind.UNSHIPPED, 3_000, lines=lines, refund_id="r2"), T0 + 5 * HOUR)
    story.tell(s.agreed(refund_id="r2"), T0 + 6 * HOUR)
    asked = {each.intent_id: each.amount.minor for each in story.outcomes(refunds.RefundPaymentRequestedV1)}
    assert asked == {"r1.refund.1": 6_000, "r2.refund.1": 3_000}
    assert story.outcomes(buyer_claims.BuyerClaimOpenedV1) == []
    story.tell(parcel(DELIVERED), T0 + DAY)
    (claim,) = story.outcomes(buyer_claims.BuyerClaimOpenedV1)
    assert [(x.quantity_count, x.amount and x.amount.minor) for x in claim.lines] == [(1, 7_000)]
