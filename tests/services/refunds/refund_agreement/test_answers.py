"""Answers, evidence and returns of a refund that the table of rules leaves open: on either side."""

from datetime import timedelta
from typing import Any

import pytest

from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from kernel.value import replace
from services.refunds.cases.refund_agreement import facts as f
from services.refunds.cases.refund_agreement import messages as m
from services.refunds.cases.refund_agreement.transitions import divided, ended, owing_no_freight
from services.refunds.liability import Bearer, Liability, ReturnCause
from services.refunds.shares import Carriage, InspectedLine, RefundKind, Share, Terms
from tests.services.given import after, decide, facts_of
from tests.services.refunds.kinds import POLICY
from tests.services.refunds.refund_agreement.test_rules import (
    ACCEPTED_TERMS,
    ADVANCED,
    AGREE,
    CNY,
    EDIT,
    EXPRESS,
    KIND,
    NO,
    NO_RETURN,
    NOT_RECEIVED,
    RETURN,
    UNBACKED,
    UNSHIPPED,
    WITH_RETURN,
    filed,
)
from tests.services.refunds.shop import DAY, HOUR, T0


def decided(before: list[Any], when: Any) -> list[Any]:
    return facts_of(decide(KIND, before, when, T0, POLICY))


@pytest.mark.parametrize("before", [[NO_RETURN], [WITH_RETURN, RETURN], [WITH_RETURN, RETURN, EXPRESS]])
def test_a_change_that_nobody_refused_means_nothing(before: list[Any]) -> None:
    """RF-017, RF-028"""
    assert decided(before, ACCEPTED_TERMS) == []


ALL_THREE = ("shipping_proof", "chat_extract", "buyer_statement")


@pytest.mark.parametrize(
    ("shown", "count", "missing"),
    [
        ((), 0, ALL_THREE),
        ((), 2, ALL_THREE),
        ((), 3, None),
        (("chat_extract",), 0, ("shipping_proof", "buyer_statement")),
        (ALL_THREE, 0, None),
    ],
)
def test_a_refusal_is_to_be_backed(
    shown: tuple[str, ...], count: int, missing: tuple[str, ...] | None
) -> None:
    """RF-031: by what was not shown yet."""
    before = [NO_RETURN, *(f.EvidenceNoted(kind, False) for kind in shown)]
    facts = decided(before, replace(NO, evidence_count=count))
    asked = [f.EvidenceAsked(missing, T0 + 3 * DAY)] if missing else []
    assert facts == [UNBACKED if missing else EDIT, *asked]


@pytest.mark.parametrize(
    ("shown", "kind", "then"),
    [
        ((), "chat_extract", [f.EvidenceNoted("chat_extract", False)]),
        (("chat_extract",), "chat_extract", []),
        ((), "holiday_photo", []),
        (ALL_THREE[:2], ALL_THREE[2], [f.EvidenceNoted(ALL_THREE[2], True)]),
    ],
)
def test_evidence_counts_once(shown: tuple[str, ...], kind: str, then: list[Any]) -> None:
    """RF-031: of the kinds that the platform takes."""
    before = [NO_RETURN, UNBACKED, *(f.EvidenceNoted(each, False) for each in shown)]
    assert decided(before, m.EvidenceGiven(kind)) == then


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ([UNSHIPPED], [f.PromiseNoted("p2")]),
        ([UNSHIPPED, f.PromiseNoted("p1")], []),
        ([NO_RETURN, EDIT], []),
        ([WITH_RETURN, RETURN], []),
    ],
)
def test_a_promise_not_to_refund_holds_what_is_not_answered(before: list[Any], then: list[Any]) -> None:
    """RF-009: once."""
    assert decided(before, m.PromiseMade("p2")) == then


QUESTION = Task("not_received_but_delivered", T0 + 10 * DAY, "assessment", name="delivered")
ASKED = [NOT_RECEIVED, f.DeliveryNoted(True), f.DeliveryQuestioned(QUESTION)]
ANSWERED = TaskWithdrawn("answered", name="delivered")
BY_DELIVERY = f.AnswerDecided(1, f.Answer.REFUSE, f.AnswerCause.POLICY, "delivered")


@pytest.mark.parametrize("word", ["approved", "confirmed", "done"])
def test_a_person_takes_silence_about_delivered_goods_for_consent(word: str) -> None:
    """RF-013, RF-044"""
    facts = decided(ASKED, m.TaskAnswered("r1.delivered", word))
    assert facts[0] == AGREE
    assert isinstance(facts[-1], f.RefundDue)


def test_a_person_takes_the_delivery_for_evidence() -> None:
    """RF-013, RF-031: the buyer may show that the goods did not come."""
    assert decided(ASKED, m.TaskAnswered("r1.delivered", "refused")) == [BY_DELIVERY, EDIT]


@pytest.mark.parametrize(
    ("before", "task_id"),
    [(ASKED, "r1.other"), (ASKED[:2], "r1.delivered"), ([NO_RETURN, EDIT], "r1.delivered")],
)
def test_an_answer_that_nobody_asked_for(before: list[Any], task_id: str) -> None:
    """RF-013"""
    assert decided(before, m.TaskAnswered(task_id, "approved")) == []


@pytest.mark.parametrize(
    ("before", "is_there", "then"),
    [
        ([NOT_RECEIVED], True, [f.DeliveryNoted(True)]),
        ([NOT_RECEIVED], False, []),
        ([NOT_RECEIVED, f.DeliveryNoted(True)], True, []),
        ([NOT_RECEIVED, f.DeliveryNoted(True)], False, [f.DeliveryNoted(False)]),
    ],
)
def test_a_delivery_is_noted_when_it_is_news(before: list[Any], is_there: bool, then: list[Any]) -> None:
    """RF-044"""
    assert decided(before, m.DeliverySeen(is_there)) == then


PAIR = Terms(RefundKind.NOT_RECEIVED, "quality", (Share("a", 1, 600), Share("b", 1, 300)), 100, CNY, 1)
OF_B = replace(PAIR, shares=PAIR.shares[1:], freight_minor=0, amount=Money(300, "CNY"))
TWO = replace(NOT_RECEIVED, filed=filed(RefundKind.NOT_RECEIVED, terms=PAIR))
B_ALONE = filed(RefundKind.NOT_RECEIVED, terms=OF_B)
OVER = [f.AgreementClosed(f.Ending.WITHDRAWN)]


@pytest.mark.parametrize(
    ("before", "line_ids", "then"),
    [
        ([TWO], None, OVER),
        ([TWO], ("a", "b"), OVER),
        ([TWO], ("a",), [f.AnswerAwaited(B_ALONE, TWO.answer_by)]),
        ([TWO], ("c",), []),
        ([TWO, EDIT], ("a",), [f.PiecesReceived(B_ALONE)]),
        ([TWO, EDIT], ("c",), []),
        ([TWO, f.DeliveryNoted(True), f.DeliveryQuestioned(QUESTION)], None, [ANSWERED, *OVER]),
    ],
)
def test_the_buyer_confirms_the_receipt(
    before: list[Any], line_ids: tuple[str, ...] | None, then: list[Any]
) -> None:
    """RF-017, RF-033: of some lines it goes on for the others, without the freight."""
    assert decided(before, m.TradeEnded(True, "buyer", line_ids)) == then


# Goods that come back.

FINE = InspectedLine("a", 1, 1, "resaleable", True, None)
WORN = replace(FINE, condition="worn")
AT_THE_SHOP = [WITH_RETURN, RETURN, EXPRESS]


@pytest.mark.parametrize(
    ("line", "unfit"), [(FINE, 0), (WORN, 1), (replace(WORN, received_count=2, accepted_count=2), 2)]
)
def test_what_came_back_unfit_is_kept_apart(line: InspectedLine, unfit: int) -> None:
    """RF-039, RF-100: silence does not pay for it."""
    noted = [
        fact for fact in decided(AT_THE_SHOP, m.GoodsChecked((line,))) if isinstance(fact, f.InspectionNoted)
    ]
    assert [fact.lines[0].unfit_count for fact in noted] == [unfit]


def test_of_goods_checked_together_only_the_unfit_are_kept_apart() -> None:
    """RF-039, RF-100"""
    checked = m.GoodsChecked((WORN, replace(FINE, line_id="b")))
    (noted,) = [fact for fact in decided(AT_THE_SHOP, checked) if isinstance(fact, f.InspectionNoted)]
    assert [(line.line_id, line.unfit_count) for line in noted.lines] == [("a", 1), ("b", 0)]


@pytest.mark.parametrize(
    ("since", "is_refused"), [(48 * HOUR - timedelta(seconds=1), True), (48 * HOUR, False)]
)
def test_a_parcel_is_just_collected_for_two_days(since: timedelta, is_refused: bool) -> None:
    """RF-034: from its pick-up on."""
    facts = decided([NOT_RECEIVED], m.ParcelTraced("k1", T0 - since))
    answers = [fact.reason_code for fact in facts if isinstance(fact, f.AnswerDecided)]
    assert answers == ["just_collected"] * is_refused


ONE_A = (Share("a", 1, 0),)
SENT = replace(EXPRESS, returned=f.ReturnedGoods(Carriage.EXPRESS, None, (), ONE_A, ("ret1",)))
ANOTHER = m.ReturnSent(Carriage.EXPRESS, None, (Share("a", 1, 0), Share("b", 1, 0)), "ret2")


@pytest.mark.parametrize(
    ("first", "paid", "second", "sent", "freight"),
    [
        (ONE_A, None, ANOTHER, (Share("a", 2, 0), Share("b", 1, 0)), None),
        ((), None, ANOTHER, (), None),
        (ONE_A, None, replace(ANOTHER, shares=()), (), None),
        (ONE_A, 100, ANOTHER, (Share("a", 2, 0), Share("b", 1, 0)), Money(100, "CNY")),
        (ONE_A, None, replace(ANOTHER, freight_paid=Money(50, "CNY")), (Share("a", 2, 0), Share("b", 1, 0)),
         Money(50, "CNY")),
        (ONE_A, 100, replace(ANOTHER, freight_paid=Money(50, "CNY")), (Share("a", 2, 0), Share("b", 1, 0)),
         Money(150, "CNY")),
        (ONE_A, 100, replace(ANOTHER, freight_paid=Money(50, "USD")), (Share("a", 2, 0), Share("b", 1, 0)),
         Money(100, "CNY")),
    ],
)  # fmt: skip
def test_a_second_parcel_of_a_return(
    first: tuple[Share, ...],
    paid: int | None,
    second: m.ReturnSent,
    sent: tuple[Share, ...],
    freight: Money | None,
) -> None:
    """RF-022, RF-068: pieces and freight add up; where one content was not told, none is."""
    laid_out = None if paid is None else Money(paid, "CNY")
    before = replace(SENT, returned=replace(SENT.returned, sent=first, freight_paid=laid_out))
    (more,) = decided([WITH_RETURN, RETURN, before], second)
    assert (more.returned.sent, more.returned.freight_paid) == (sent, freight)
    assert more.returned.return_ids == ("ret1", "ret2")


@pytest.mark.parametrize("second", [replace(ANOTHER, return_id="ret1"), replace(ANOTHER, return_id="")])
def test_a_parcel_that_is_known_or_has_no_id_adds_nothing(second: m.ReturnSent) -> None:
    """RF-022"""
    assert decided([WITH_RETURN, RETURN, SENT], second) == []


OWED = Liability(ReturnCause.QUALITY, Bearer.SELLER, None, True, "RF-064")
NOT_OWED = Liability(ReturnCause.NOT_QUALITY, Bearer.BUYER, None, False, "RF-066")


@pytest.mark.parametrize(
    ("terms", "row", "amount", "freight"),
    [
        (PAIR, NOT_OWED, 900, 0),
        (PAIR, OWED, 1_000, 100),
        (replace(PAIR, shares=()), NOT_OWED, 1_000, 100),
        (replace(PAIR, freight_minor=0), NOT_OWED, 1_000, 0),
    ],
)
def test_the_freight_of_the_first_delivery(terms: Terms, row: Liability, amount: int, freight: int) -> None:
    """RF-064, RF-066: it is left out where the matrix does not owe it; of freight alone there is no rest."""
    left = owing_no_freight(filed(RefundKind.WITH_RETURN, terms=terms, liability=row)).terms
    assert (left.amount.minor, left.freight_minor) == (amount, freight)


@pytest.mark.parametrize(
    ("more", "here"),
    [
        ([], ()),
        ([EDIT], ONE_A),
        ([f.InspectionNoted((replace(FINE, received_count=2),))], (Share("a", 2, 0),)),
        ([f.InspectionNoted((replace(FINE, received_count=2),)), EDIT], (Share("a", 2, 0),)),
    ],
)
def test_goods_that_stay_at_the_shop(more: list[Any], here: tuple[Share, ...]) -> None:
    """RF-044: by the warehouse's findings; goods that were refused are here as they were sent."""
    state = after(KIND, [WITH_RETURN, RETURN, SENT, *more])
    assert ended(state, f.Ending.LAPSED) == f.AgreementClosed(f.Ending.LAPSED, here)


@pytest.mark.parametrize(
    ("counts", "taken", "others"),
    [
        ({"a": 1}, (Share("a", 1, 333),), (Share("a", 2, 667), Share("b", 1, 500))),
        ({"a": 3, "b": 1}, (Share("a", 3, 1_000), Share("b", 1, 500)), ()),
        ({"a": 9}, (Share("a", 3, 1_000),), (Share("b", 1, 500),)),
        ({"c": 1}, (), (Share("a", 3, 1_000), Share("b", 1, 500))),
    ],
)
def test_shares_are_divided_without_a_loss(
    counts: dict[str, int], taken: tuple[Share, ...], others: tuple[Share, ...]
) -> None:
    """RF-039, RF-044"""
    assert divided((Share("a", 3, 1_000), Share("b", 1, 500)), counts) == (taken, others)


@pytest.mark.parametrize(
    ("paid", "bearer", "is_due"),
    [
        (120, Bearer.SELLER, True),
        (120, Bearer.BUYER, False),
        (0, Bearer.SELLER, False),
        (None, Bearer.SELLER, False),
    ],
)
def test_the_freight_of_the_way_back(paid: int | None, bearer: Bearer, is_due: bool) -> None:
    """RF-068: what the buyer laid out, where the seller bears it."""
    row = Liability(ReturnCause.QUALITY, bearer, None, False, "RF-060")
    laid_out = None if paid is None else Money(paid, "CNY")
    sent = replace(
        ADVANCED,
        filed=filed(RefundKind.WITH_RETURN, liability=row),
        returned=replace(ADVANCED.returned, freight_paid=laid_out),
    )
    facts = decided([WITH_RETURN, RETURN, sent], m.ReturnAccepted(()))
    assert [fact.amount for fact in facts if isinstance(fact, f.FreightDue)] == ([laid_out] if is_due else [])
