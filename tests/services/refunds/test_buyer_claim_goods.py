"""Goods that the buyer has beside the money: what left him, what he keeps, what was given up."""

from aftersales_contracts.aftersales import common, refunds
from aftersales_contracts.base import Event
from aftersales_contracts.enums import ParcelDirection, RefundKind
from aftersales_contracts.shop import aftersales, payments
from tests.services.flow import Flow
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, HOUR, T0
from tests.services.refunds.test_buyer_claim_flow import (
    DELIVERED,
    LOST,
    RETURNED,
    answer,
    not_received,
    opened,
    parcel,
    settled,
    sold,
)


def reversed_part(minor: int) -> Event:
    """The provider gets a part of the money back."""
    return payments.RefundReversedV1(
        **s.KEYS, intent_id="r1.refund.1", amount=s.money(minor), reason_code="account_closed"
    )


def returned(refund_id: str, pieces: int = 1) -> Event:
    """The buyer sent so many pieces for a refund."""
    return s.sent(lines=[s.share("a", pieces)], return_id=refund_id, refund_id=refund_id)


def test_goods_that_come_back_late_for_a_refund_that_lapsed_are_not_claimed() -> None:
    """RF-022, RF-044: what left the buyer is not with him, whatever became of the case it was sent for."""
    story = sold(1, (s.shipped(), HOUR), (parcel(DELIVERED), DAY))
    story.tell(s.applied(RefundKind.WITH_RETURN), T0 + 2 * DAY)
    story.tell(s.agreed(), T0 + 2 * DAY)
    story.pass_until(T0 + 20 * DAY)
    story.tell(returned("r1"), T0 + 20 * DAY)
    story.tell(not_received(refund_id="r2"), T0 + 21 * DAY)
    story.tell(s.agreed(refund_id="r2"), T0 + 22 * DAY)
    assert len(story.outcomes(refunds.RefundPaymentRequestedV1)) == 1
    assert opened(story) == []


def test_goods_that_are_back_and_paid_for_without_a_case_are_not_claimed() -> None:
    """RF-044: a refund that waits takes over goods that another one brought back."""
    story = sold(1, (s.shipped(), HOUR), (parcel(DELIVERED), DAY))
    story.tell(s.applied(RefundKind.WITH_RETURN), T0 + 2 * DAY)
    story.tell(returned("r1"), T0 + 3 * DAY)
    story.tell(s.withdrawn(), T0 + 3 * DAY + HOUR)
    story.tell(s.inspected(), T0 + 5 * DAY)
    story.tell(not_received(refund_id="r2"), T0 + 6 * DAY)
    assert len(story.outcomes(refunds.RefundPaymentRequestedV1)) == 1
    assert opened(story) == []
    story.tell(parcel(DELIVERED, 1, "e1", ParcelDirection.RESHIP), T0 + 9 * DAY)
    assert opened(story) == [("o1.buyer-claim.1", 1, 10_000)]


def test_a_resend_of_goods_that_came_back_and_were_paid_for_is_claimed() -> None:
    """RF-044, LG-018: their parcel is called lost afterwards, and all of it is sent again."""
    story = sold(2, (s.shipped(), HOUR), (parcel(DELIVERED, 2), DAY))
    lines = [s.share("a", 1, 10_000)]
    story.tell(s.applied(RefundKind.WITH_RETURN, 10_000, lines=lines), T0 + 2 * DAY)
    story.tell(s.agreed(), T0 + 2 * DAY)
    story.tell(returned("r1"), T0 + 3 * DAY)
    story.tell(s.accepted(), T0 + 4 * DAY)
    story.tell(s.settled(10_000), T0 + 5 * DAY)
    story.tell(parcel(LOST, 2), T0 + 6 * DAY)
    story.tell(parcel(DELIVERED, 2, "e1", ParcelDirection.RESHIP), T0 + 9 * DAY)
    assert opened(story) == [("o1.buyer-claim.1", 1, 10_000)]


def test_goods_that_go_back_for_a_refund_of_their_own_leave_an_older_claim_open() -> None:
    """RF-044: one of two pieces is paid and claimed, the other is returned; claimed once."""
    for is_paid in (True, False):
        story = sold(2, (s.shipped(), HOUR), (parcel(DELIVERED, 2), DAY))
        lines = [s.share("a", 1, 10_000)]
        story.tell(s.applied(RefundKind.NOT_RECEIVED, 10_000, lines=lines), T0 + 2 * DAY)
        story.tell(s.agreed(), T0 + 3 * DAY)
        story.tell(s.settled(10_000), T0 + 3 * DAY)
        assert opened(story) == [("o1.buyer-claim.1", 1, 10_000)]
        applied = s.applied(RefundKind.WITH_RETURN, 10_000, lines=lines, refund_id="r2")
        story.tell(applied, T0 + 4 * DAY)
        story.tell(s.agreed(refund_id="r2"), T0 + 4 * DAY)
        story.tell(returned("r2"), T0 + 5 * DAY)
        assert settled(story) == []
        if is_paid:
            story.tell(s.accepted(refund_id="r2"), T0 + 6 * DAY)
            assert len(story.outcomes(refunds.RefundPaymentRequestedV1)) == 2
        else:
            story.tell(s.withdrawn(refund_id="r2"), T0 + 6 * DAY)
        assert len(opened(story)) == 1
        assert settled(story) == ([] if is_paid else [("taken_back", 0)])


def test_a_part_of_the_money_that_was_given_up_leaves_the_claim_open() -> None:
    """RF-029, RF-044: goods and a part of the money are both with the buyer."""
    for parts in ([4_000], [4_000, 6_000]):
        story = sold(1, (s.shipped(), HOUR), (not_received(), DAY), (parcel(DELIVERED), 8 * DAY))
        story.tell(s.settled(10_000), T0 + 9 * DAY)
        for number, minor in enumerate(parts):
            story.tell(reversed_part(minor), T0 + (10 + number) * DAY)
            answer(story, "abandon", (10 + number) * DAY + HOUR, "refund-intent")
        assert opened(story) == [("o1.buyer-claim.1", 1, 10_000)]
        assert settled(story) == ([("void", 0)] if len(parts) == 2 else [])


def test_what_a_claim_is_worth_is_what_was_given_back() -> None:
    """RF-044: half of the price was repaid for goods that were there."""
    story = sold(1, (s.shipped(), HOUR), (parcel(DELIVERED), DAY))
    lines = [s.share("a", 1, 5_000)]
    story.tell(s.applied(RefundKind.NOT_RECEIVED, 5_000, lines=lines), T0 + 2 * DAY)
    story.tell(s.agreed(), T0 + 3 * DAY)
    assert opened(story) == [("o1.buyer-claim.1", 1, 5_000)]


def test_pieces_that_the_buyer_keeps_by_agreement_are_not_claimed() -> None:
    """RF-013, RF-017: one of two pieces was returned; the refund goes on without a return of the other."""
    story = sold(2, (s.shipped(), HOUR), (parcel(DELIVERED, 2), DAY))
    lines = [s.share("a", 2, 20_000)]
    story.tell(s.applied(RefundKind.WITH_RETURN, 20_000, lines=lines), T0 + 2 * DAY)
    story.tell(s.agreed(), T0 + 2 * DAY)
    story.tell(returned("r1"), T0 + 3 * DAY)
    story.tell(s.refused(stage=aftersales.AnswerStage.RECEIPT), T0 + 4 * DAY)
    amended = s.amended(RefundKind.NO_RETURN, 20_000, lines=lines)
    story.tell(amended, T0 + 5 * DAY)
    story.tell(s.agreed(version=2), T0 + 6 * DAY)
    assert len(story.outcomes(refunds.RefundPaymentRequestedV1)) == 1
    assert opened(story) == []


def test_a_box_that_the_carrier_took_to_the_buyer_again_is_with_him() -> None:
    """RF-044, RF-069: the shop did not take it in, and the money was paid for goods not received."""
    story = sold(1, (s.shipped(), HOUR), (parcel(DELIVERED), DAY))
    story.tell(s.applied(RefundKind.WITH_RETURN), T0 + 2 * DAY)
    story.tell(returned("r1"), T0 + 3 * DAY)
    story.tell(s.withdrawn(), T0 + 3 * DAY + HOUR)
    story.tell(not_received(refund_id="r2"), T0 + 4 * DAY)
    story.tell(s.agreed(refund_id="r2"), T0 + 5 * DAY)
    assert opened(story) == []
    story.tell(parcel(DELIVERED, 1, "r1", ParcelDirection.RETURN), T0 + 6 * DAY)
    assert opened(story) == [("o1.buyer-claim.1", 1, 10_000)]


def asked(story: Flow) -> list[str]:
    """Questions about goods at the shop."""
    return [x.task_id for x in story.outcomes(common.TaskRequestedV1) if x.task_id.startswith("o1.goods.")]


def test_a_resend_that_comes_back_beside_goods_that_the_buyer_has_is_not_asked_about() -> None:
    """RF-044: the lost parcel arrived after all, and its resend came back: nothing is owed for it."""
    story = sold(2, (s.shipped(), HOUR), (parcel(LOST, 2), DAY), (parcel(DELIVERED, 2), 2 * DAY))
    story.tell(s.applied(RefundKind.WITH_RETURN, 10_000, lines=[s.share("a", 1, 10_000)]), T0 + 3 * DAY)
    story.tell(parcel(RETURNED, 2, "e1", ParcelDirection.RESHIP), T0 + 4 * DAY)
    assert asked(story) == []
    assert len(story.outcomes(refunds.RefundPaymentRequestedV1)) == 0
    story.tell(parcel(RETURNED, 2), T0 + 5 * DAY)
    assert asked(story) == ["o1.goods.1"]


def test_a_claimed_piece_that_comes_back_without_a_case_settles_its_claim_alone() -> None:
    """RF-044: the buyer has three pieces and the money of two; one comes back, and nothing is owed for it."""
    story = sold(3, (s.shipped(), HOUR), (parcel(DELIVERED, 3), DAY))
    lines = [s.share("a", 2, 20_000)]
    story.tell(s.applied(RefundKind.NOT_RECEIVED, 20_000, lines=lines), T0 + 2 * DAY)
    story.tell(s.agreed(), T0 + 2 * DAY)
    story.tell(s.settled(20_000), T0 + 2 * DAY)
    story.tell(returned("r9"), T0 + 3 * DAY)
    story.tell(s.inspected(return_id="r9"), T0 + 5 * DAY)
    assert asked(story) == []
    story.tell(returned("r8", 2), T0 + 6 * DAY)
    assert settled(story) == [("taken_back", 0)]
    story.tell(s.inspected(received=2, accepted_count=2, return_id="r8"), T0 + 7 * DAY)
    (question,) = [x for x in story.outcomes(common.TaskRequestedV1) if x.task_id.startswith("o1.goods.")]
    answer(story, "approved", 8 * DAY, "order")
    paid = story.outcomes(refunds.RefundPaymentRequestedV1)
    assert [x.amount.minor for x in paid] == [20_000, 10_000], question


def test_an_answer_about_goods_pays_nothing_once_the_buyer_has_others() -> None:
    """RF-118, RF-120: an exchange was broken off, and its replacement came before a person answered."""
    story = sold(1, (s.shipped(), HOUR), (parcel(DELIVERED), DAY))
    story.tell(s.applied(RefundKind.WITH_RETURN), T0 + 2 * DAY)
    story.tell(returned("r1"), T0 + 3 * DAY)
    story.tell(s.withdrawn(), T0 + 3 * DAY + HOUR)
    story.tell(s.inspected(), T0 + 4 * DAY)
    assert asked(story) == ["o1.goods.1"]
    story.tell(parcel(DELIVERED, 1, "e1", ParcelDirection.REPLACEMENT), T0 + 5 * DAY)
    answer(story, "approved", 6 * DAY, "order")
    assert story.outcomes(refunds.RefundPaymentRequestedV1) == []
    assert opened(story) == []


def test_a_box_that_is_told_of_again_after_the_payment_counts_once() -> None:
    """RF-022, RF-044: nobody is asked about goods that were paid for, and the other piece stays his."""
    story = sold(2, (s.shipped(), HOUR), (parcel(DELIVERED, 2), DAY))
    story.tell(s.applied(RefundKind.WITH_RETURN, 10_000, lines=[s.share("a", 1, 10_000)]), T0 + 2 * DAY)
    story.tell(s.agreed(), T0 + 2 * DAY)
    story.tell(returned("r1"), T0 + 3 * DAY)
    story.tell(s.accepted(), T0 + 4 * DAY)
    story.tell(s.settled(10_000), T0 + 5 * DAY)
    story.tell(returned("r1"), T0 + 6 * DAY)
    story.tell(s.inspected(return_id="r1"), T0 + 7 * DAY)
    assert asked(story) == []
    story.tell(not_received(refund_id="r2"), T0 + 8 * DAY)
    story.tell(s.agreed(refund_id="r2"), T0 + 8 * DAY)
    assert opened(story) == [("o1.buyer-claim.1", 1, 10_000)]
