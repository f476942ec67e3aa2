"""The order's own decisions, message by message: goods that are back, questions, claims, the clock, money."""

from datetime import timedelta
from typing import Any

import pytest

from kernel.decider import Told
from kernel.money import Money
from kernel.people import Task
from kernel.value import replace
from services.refunds.cases.order import facts as f
from services.refunds.cases.order import messages as m
from services.refunds.cases.order import state as c
from services.refunds.cases.order.account import (
    EarlyApplication,
    LineAccount,
    OpenCase,
    OrderAccount,
    TenderAccount,
)
from services.refunds.cases.order.border import ORDER
from services.refunds.cases.order.rules_goods import taken
from services.refunds.cases.order.rules_money import ours
from services.refunds.cases.refund_agreement import messages as agreement
from services.refunds.cases.refund_intent import messages as intent
from services.refunds.goods import Back, Question, Returning
from services.refunds.held_goods import Claimed, HeldGoods, Repaid
from services.refunds.shares import InspectedLine, Purpose, RefundApplied, RefundKind, Share, Tender, Terms
from tests.services.given import facts_of
from tests.services.refunds.kinds import POLICY
from tests.services.refunds.shop import DAY, T0

A = LineAccount("a", "s-a", 2, 6_000, is_freight_free=True, paid_minor=6_000, shipped_count=2)
B = LineAccount("b", "s-b", 1, 4_000, is_freight_free=True, paid_minor=4_000, shipped_count=1)
BOOK = OrderAccount("c1", "CNY", T0, (A, B), 0, paid_at=T0, tenders=(TenderAccount("p1", 10_000),))
CLOCK = c.Confirm(T0 + 10 * DAY, None, None, 0, 10)
ONE_A, TWO_A, ONE_B = Share("a", 1, 0), Share("a", 2, 0), Share("b", 1, 0)
NOT_RECEIVED, WITH_RETURN = RefundKind.NOT_RECEIVED, RefundKind.WITH_RETURN


def shipped(clock: c.Confirm = CLOCK, **terms: Any) -> c.Shipped:
    return c.Shipped(replace(BOOK, **terms), T0, clock)


def decided(state: Any, message: Any) -> list[Any]:
    return facts_of(ORDER.handle(state, message, POLICY, T0 + DAY))


def of(facts: list[Any], kind: type[Any]) -> list[Any]:
    return [fact for fact in facts if isinstance(fact, kind)]


def case(case_id: str, kind: RefundKind | None, *shares: Share, **terms: Any) -> OpenCase:
    return OpenCase(case_id, kind, shares, 0, False, **terms)


# Goods that are back.


@pytest.mark.parametrize(
    ("open_case", "back"),
    [
        (case("r1", NOT_RECEIVED, TWO_A), (Back("r1", (TWO_A,)),)),
        (case("r1", NOT_RECEIVED, ONE_A), (Back("r1", (ONE_A,)), Back("", (ONE_A,)))),
        (case("r1", NOT_RECEIVED, ONE_B), (Back("", (TWO_A,)),)),
        (case("r1", NOT_RECEIVED, TWO_A, is_granted=True), (Back("", (TWO_A,)),)),
    ],
)
def test_the_pieces_of_a_parcel_that_is_back(open_case: OpenCase, back: tuple[Back, ...]) -> None:
    """RF-044: for the case that they are in; the rest is in none."""
    parcel = m.ParcelDecided("returned", ("a",), (TWO_A,), "k1")
    (came,) = of(decided(shipped(open=(open_case,)), parcel), f.GoodsCame)
    assert (came.parcel_id, came.parts) == ("k1", back)
    again = shipped(open=(open_case,), back_parcels=("k1",))
    assert of(decided(again, parcel), f.GoodsCame) == []


FOUND = InspectedLine("a", 2, 1, "resaleable", True, None)
R1, R2 = case("r1", WITH_RETURN, ONE_A), case("r2", WITH_RETURN, ONE_A)
SENT_1, SENT_2 = Returning("r1", ("ret1",), (ONE_A,)), Returning("r2", ("ret2",), (ONE_A,))


@pytest.mark.parametrize(
    ("returns", "cases", "return_id", "found"),
    [
        ((SENT_1, SENT_2), (R1, R2), None, {"r1": (1, 1), "r2": (1, 0)}),
        ((SENT_1, SENT_2), (R1, R2), "ret1", {"r1": (2, 1)}),
        ((SENT_1,), (R1, R2), None, {"r1": (2, 1)}),
        ((SENT_1,), (R1,), None, {"r1": (2, 1)}),
        ((), (R1,), None, {"r1": (2, 1)}),
        ((), (case("r1", NOT_RECEIVED, ONE_A),), None, {}),
    ],
)
def test_whose_goods_the_warehouse_found(
    returns: tuple[Returning, ...],
    cases: tuple[OpenCase, ...],
    return_id: str | None,
    found: dict[str, tuple[int, int]],
) -> None:
    """RF-039, RF-116: those of the return that is named, else of all who sent some of that line."""
    facts = decided(shipped(returns=returns, open=cases), m.GoodsInspected(return_id, (FOUND,), None))
    checked = [
        (addressed.case_id, addressed.message.lines[0])
        for fact in of(facts, Told)
        for addressed in fact.messages
        if isinstance(addressed.message, agreement.GoodsChecked)
    ]
    assert {case_id: (line.received_count, line.accepted_count) for case_id, line in checked} == found


def question(number: int, *pieces: Share) -> Question:
    return Question(number, "goods_back_without_refund", pieces, "goods_back", RefundKind.NO_RETURN, True)


def test_questions_about_pieces_that_are_taken() -> None:
    """RF-044: each is void, and asked anew about the pieces that are left, by the next number."""
    book = replace(BOOK, questions=(question(1, TWO_A), question(2, ONE_A, ONE_B)), question_count=2)
    facts = list(taken(book, (TWO_A, ONE_B), POLICY, T0))
    assert facts == [
        f.QuestionVoid(1),
        f.QuestionVoid(2),
        f.QuestionAsked(question(3, ONE_A), T0 + 10 * DAY),
    ]
    facts = list(taken(book, (ONE_A,), POLICY, T0))
    assert facts == [f.QuestionVoid(1), f.QuestionAsked(question(3, ONE_A), T0 + 10 * DAY)]
    both = replace(BOOK, questions=(question(1, TWO_A), question(2, ONE_B, ONE_A)), question_count=2)
    facts = list(taken(both, (ONE_A, ONE_B), POLICY, T0))
    numbers = [fact.question.number for fact in of(facts, f.QuestionAsked)]
    assert numbers == [3, 4]


@pytest.mark.parametrize(
    ("asked", "gone_count", "is_sent"),
    [
        (question(1, ONE_A), 0, True),
        (question(1, ONE_A), 2, False),
        (replace(question(1, ONE_A), are_here=False), 0, False),
        (replace(question(1, ONE_A), are_here=False), 2, False),
    ],
)
def test_goods_that_a_person_sends_back(asked: Question, gone_count: int, is_sent: bool) -> None:
    """RF-044: only what is here and not refunded meanwhile."""
    lines = (replace(A, gone_count=gone_count, back_count=1), B)
    state = shipped(lines=lines, questions=(asked,), question_count=1)
    facts = decided(state, m.QuestionAnswered(1, "send_back", "r9"))
    assert of(facts, f.QuestionSettled) == [f.QuestionSettled(1)]
    assert bool(of(facts, f.SendBackDue)) is is_sent


# Refunds that wait.


def told(state: Any, message: Any) -> list[tuple[str, Any]]:
    facts = of(decided(state, message), Told)
    return [(addressed.case_id, addressed.message) for fact in facts for addressed in fact.messages]


U1, U2 = case("u1", RefundKind.UNSHIPPED, ONE_A), case("u2", RefundKind.UNSHIPPED, ONE_B)
N1 = case("n1", NOT_RECEIVED, ONE_A)
STOPPED = agreement.HoldAnswered("stopped")


@pytest.mark.parametrize(
    ("refund_id", "then"),
    [("u1", [("u1", STOPPED)]), (None, [("u1", STOPPED), ("u2", STOPPED)]), ("n1", []), ("u9", [])],
)
def test_the_answer_to_a_hold(refund_id: str | None, then: list[Any]) -> None:
    """RF-005, RF-006: for the refund before shipment that is named, else for all."""
    state = c.Paid(replace(BOOK, open=(U1, N1, U2)))
    assert told(state, m.HoldResolved(refund_id, "stopped")) == then


@pytest.mark.parametrize(
    ("open_case", "is_told"),
    [
        (N1, True),
        (U1, True),
        (replace(N1, is_granted=True), False),
        (case("r1", WITH_RETURN, ONE_A), False),
        (case("x1", None, ONE_A), False),
    ],
)
def test_a_parcel_of_an_order_without_lines_is_back(open_case: OpenCase, is_told: bool) -> None:
    """RF-044: cases that wait for its goods hear of it."""
    parcel = m.ParcelDecided("returned", (), (), "k1")
    heard = (open_case.case_id, agreement.GoodsCameBack())
    assert (heard in told(shipped(lines=(), open=(open_case,)), parcel)) is is_told


@pytest.mark.parametrize(
    ("open_case", "codes"),
    [
        (case("x1", None, TWO_A), ["remedy_on_exchange"]),
        (case("r1", WITH_RETURN, TWO_A), ["remedy_on_other_refund"]),
        (case("r1", NOT_RECEIVED, TWO_A), []),
        (case("x1", None, ONE_B), []),
    ],
)
def test_a_remedy_for_goods_that_another_case_is_about(open_case: OpenCase, codes: list[str]) -> None:
    """RF-035: a person is asked, by the kind of that case."""
    facts = decided(shipped(open=(open_case,)), m.RemedyDue("m1", (TWO_A,), "lost"))
    assert [fact.question.question_code for fact in of(facts, f.QuestionAsked)] == codes


# Goods and money both with the buyer.


def test_pieces_that_reach_the_buyer_beside_the_money() -> None:
    """RF-035, RF-044: one claim about them, which ends piece by piece, and line by line."""
    paid = (Share("a", 2, 6_000), Share("b", 1, 4_000))
    held = HeldGoods(repaid=(Repaid("r1", paid),))
    facts = decided(shipped(held=held), m.GoodsMoved("k1", "outbound", "delivered", (TWO_A, ONE_B)))
    noted, due = facts
    assert noted.held.claims == (Claimed(1, (TWO_A, ONE_B)),)
    assert (due.claim_number, due.shares) == (1, (Share("a", 2, 6_000), Share("b", 1, 4_000)))
    back = m.GoodsMoved("rt", "return", "returned", (ONE_B, ONE_A))
    noted, cut = decided(shipped(held=noted.held), back)
    assert noted.held.claims == (Claimed(1, (ONE_A,)),)
    assert (cut.claim_number, set(cut.shares)) == (1, {ONE_A, ONE_B})


# The clock.

STANDING = c.Confirm(None, 5_000_000, None, 0, 10)


@pytest.mark.parametrize(
    ("clock", "doubts", "told", "then"),
    [
        (CLOCK, (), ("k1",), [f.DeliveryDoubtsNoted(("k1",)), f.ConfirmHeld(9 * 86_400_000_000)]),
        (CLOCK, ("k1",), ("k1",), []),
        (CLOCK, (), (), []),
        (STANDING, (), ("k1",), [f.DeliveryDoubtsNoted(("k1",))]),
        (STANDING, ("k1",), ("k1", "k2"), [f.DeliveryDoubtsNoted(("k1", "k2"))]),
        (STANDING, ("k1",), (),
         [f.DeliveryDoubtsNoted(()), f.ConfirmResumed(T0 + DAY + timedelta(seconds=5))]),
    ],
)  # fmt: skip
def test_the_clock_stands_while_a_delivery_is_in_doubt(
    clock: c.Confirm, doubts: tuple[str, ...], told: tuple[str, ...], then: list[Any]
) -> None:
    """OR-029, OR-031, E-A16: what is left of it runs on once no parcel is in doubt."""
    assert decided(shipped(clock, in_doubt=doubts), m.DeliveryDoubted(told)) == then


# Money.

APPLIED = RefundApplied("r1", "unshipped", "dislike", None, False, Money(10_000, "CNY"), None, 1, False)
BARE = tuple(replace(line, paid_minor=0, shipped_count=0) for line in (A, B))
UNPAID = OrderAccount("c1", "CNY", T0, BARE, 0, early=(EarlyApplication(APPLIED, T0 + 2 * DAY),))


@pytest.mark.parametrize(
    ("currency", "then"),
    [("CNY", [f.PaymentRecorded, f.RefundAdmitted]), ("USD", [f.MoneyEntered, Task])],
)
def test_an_application_before_the_news_of_the_payment(currency: str, then: list[type[Any]]) -> None:
    """RF-001, OR-004: it is looked at again once the order is paid, and not by money that does not count."""
    paid = m.OrderPaid((Tender("p1", 10_000),), currency)
    facts = decided(c.AwaitingPayment(UNPAID), paid)
    assert [type(fact) for fact in facts] == then


def test_a_remedy_for_an_order_whose_lines_nobody_knows() -> None:
    """RF-066: its freight is taken for paid by the buyer."""
    terms = Terms(NOT_RECEIVED, "lost", (), 0, Money(10_000, "CNY"), 1)
    unknown = c.Paid(replace(BOOK, lines=()))
    found = ours(unknown, "r1", terms, POLICY, T0, remedy_id="m1", are_goods_back=False)
    assert found.liability.rule_id == "RF-066"
    named = ours(
        c.Paid(BOOK), "r1", replace(terms, shares=(TWO_A,)), POLICY, T0, remedy_id="m1", are_goods_back=False
    )
    assert named.liability.rule_id == "RF-062"


def test_the_clock_stands_while_another_case_is_open() -> None:
    """OR-029, OR-031: the end of the first of two lets nothing run on, and holds nothing anew."""
    held = replace(CLOCK, due_at=None, left_microseconds=1)
    state = shipped(held, open=(case("r1", NOT_RECEIVED, TWO_A), case("r2", NOT_RECEIVED, ONE_B)))
    facts = decided(state, m.CaseEnded("r1", is_used=False))
    assert [fact.confirm_by for fact in of(facts, f.CaseReleased)] == [None]
    assert of(facts, f.ConfirmHeld) == []


def test_other_payments_are_no_longer_the_last() -> None:
    """RF-033: those of the order that were granted; not the one that was given up."""
    ids = [intent.intent_id_of(agreement.NAME, case_id, Purpose.REFUND) for case_id in ("r1", "r2")]
    granted = case("r1", NOT_RECEIVED, TWO_A, is_granted=True)
    state = shipped(open=(granted,), past=("r2",), intents=tuple(ids))
    given_up = m.IntentAbandoned(
        "r1", Purpose.REFUND, Money(6_000, "CNY"), (replace(TWO_A, minor=6_000),), 0, (Tender("p1", 6_000),),
        are_goods_gone=True,
    )  # fmt: skip
    told = [each for fact in of(decided(state, given_up), Told) for each in fact.messages]
    assert [each.case_id for each in told if isinstance(each.message, intent.FullnessLost)] == ids[1:]


def test_pieces_of_a_box_that_nobody_told_of() -> None:
    """RF-035: they left the buyer, and what he tells of later counts instead of what was presumed."""
    held = HeldGoods().gives("r1", (ONE_A,))
    assert not held.is_told("r1")
    assert held.presumed("r1", (TWO_A,)).given_for("r1") == (TWO_A,)
    assert held.gives("r1", (), "ret1").presumed("r1", (TWO_A,)).given_for("r1") == (ONE_A,)
