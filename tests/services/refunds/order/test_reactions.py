"""Messages of the order to the cases of its refunds, exchanges, payments and compensation."""

from collections.abc import Sequence
from typing import Any

import pytest

from kernel.decider import CaseView
from kernel.money import Money
from kernel.value import replace
from services.refunds.cases.exchange import messages as exchange
from services.refunds.cases.late_compensation import messages as late
from services.refunds.cases.order import facts as f
from services.refunds.cases.order import state as c
from services.refunds.cases.order.account import LineAccount, OpenCase, OrderAccount
from services.refunds.cases.order.border import ORDER
from services.refunds.cases.refund_agreement import messages as agreement
from services.refunds.cases.refund_intent import messages as intent
from services.refunds.payments import PaymentOrder
from services.refunds.rejections import Application, Rejection
from services.refunds.shares import Purpose, RefundKind, Share
from tests.services.refunds.shop import DAY, T0

A = LineAccount("a", "s-a", 2, 6_000, is_freight_free=True, paid_minor=6_000)
B = LineAccount("b", "s-b", 1, 4_000, is_freight_free=True, paid_minor=4_000)
UNSHIPPED, NOT_RECEIVED = RefundKind.UNSHIPPED, RefundKind.NOT_RECEIVED


def case(case_id: str, kind: RefundKind | None, *shares: Share, **terms: Any) -> OpenCase:
    return OpenCase(case_id, kind, shares, 0, False, **terms)


def told(
    fact: Any, *cases: OpenCase, lines: tuple[LineAccount, ...] = (A, B), is_late: bool = False
) -> Sequence[Any]:
    book = OrderAccount("c1", "CNY", T0, lines, 0, paid_at=T0, open=cases, is_late=is_late)
    state = c.Paid(book)
    view: CaseView[Any] = CaseView("o1", "order", "o1", 1, "shop-1", "test", (), T0, state)
    return [(addressed.case_id, addressed.message) for addressed in ORDER.tells[type(fact)](fact, view)]


def shipped(*shares: Share) -> f.ShipmentRecorded:
    return f.ShipmentRecorded(shares, T0, T0 + DAY, is_complete=False, grace_minutes=10)


ONE_A, TWO_A, ONE_B = Share("a", 1, 0), Share("a", 2, 0), Share("b", 1, 0)
SEEN = [("r1", agreement.ShipmentSeen())]


@pytest.mark.parametrize(
    ("open_case", "shipped_count", "then"),
    [
        (case("r1", UNSHIPPED), 1, SEEN),
        (case("r1", UNSHIPPED, ONE_A), 1, []),
        (case("r1", UNSHIPPED, TWO_A), 1, SEEN),
        (case("r1", UNSHIPPED, ONE_A), 2, SEEN),
        (case("r1", UNSHIPPED, ONE_B), 2, []),
        (case("r1", NOT_RECEIVED, TWO_A), 2, []),
        (case("r1", UNSHIPPED, Share("z", 1, 0)), 2, []),
    ],
)
def test_a_shipment_of_goods_that_are_to_be_repaid(
    open_case: OpenCase, shipped_count: int, then: list[Any]
) -> None:
    """RF-003, RF-011: the refund before shipment hears of it, once its pieces can no longer all be here."""
    lines = (replace(A, shipped_count=shipped_count), B)
    assert told(shipped(Share("a", shipped_count, 0)), open_case, lines=lines) == then


def ended(cause: str, *line_ids: str) -> f.SuccessRecorded:
    return f.SuccessRecorded(cause, line_ids, is_whole=not line_ids, at=T0)


def closed(cause: str, *line_ids: str) -> f.CloseRecorded:
    return f.CloseRecorded(cause, line_ids, is_whole=not line_ids, at=T0)


def over(cause: str, *line_ids: str, is_success: bool = True) -> list[Any]:
    return [("r1", agreement.TradeEnded(is_success, cause, line_ids or None))]


@pytest.mark.parametrize(
    ("fact", "open_case", "then"),
    [
        (ended("buyer"), case("r1", RefundKind.NO_RETURN, ONE_A), over("buyer")),
        (ended("auto"), case("r1", RefundKind.NO_RETURN, ONE_A), over("auto")),
        (ended("auto", "a"), case("r1", RefundKind.NO_RETURN, ONE_A), over("auto", "a")),
        (ended("auto", "b"), case("r1", RefundKind.NO_RETURN, ONE_A), []),
        (ended("buyer", "b"), case("r1", RefundKind.NO_RETURN, ONE_A), []),
        (ended("auto", "b"), case("r1", NOT_RECEIVED, ONE_A), []),
        (ended("buyer", "b"), case("r1", NOT_RECEIVED, ONE_A), over("buyer", "b")),
        (closed("buyer", "b"), case("r1", NOT_RECEIVED, ONE_A), []),
        (closed("refunded"), case("r1", NOT_RECEIVED, ONE_A), over("refunded", is_success=False)),
        (ended("buyer"), case("x1", None, ONE_A), []),
    ],
)
def test_the_end_of_a_trade(fact: Any, open_case: OpenCase, then: list[Any]) -> None:
    """OR-029, RF-013: refunds about it hear of it; the buyer's word also those that wait for goods."""
    assert told(fact, open_case) == then


@pytest.mark.parametrize(
    ("fact", "open_case", "is_told"),
    [
        (ended("buyer"), case("r1", NOT_RECEIVED, ONE_A, is_granted=True), True),
        (ended("buyer", "a"), case("r1", NOT_RECEIVED, ONE_A, is_granted=True), True),
        (ended("buyer", "a"), case("r1", NOT_RECEIVED, ONE_A, ONE_B, is_granted=True), False),
        (ended("buyer"), case("r1", NOT_RECEIVED, ONE_A, is_granted=True, is_proven=True), False),
        (ended("buyer"), case("r1", NOT_RECEIVED, ONE_A), False),
        (ended("auto"), case("r1", NOT_RECEIVED, ONE_A, is_granted=True), False),
        (closed("buyer"), case("r1", NOT_RECEIVED, ONE_A, is_granted=True), False),
        (ended("buyer"), case("r1", RefundKind.NO_RETURN, ONE_A, is_granted=True), False),
    ],
)
def test_money_on_its_way_for_goods_that_came(fact: Any, open_case: OpenCase, is_told: bool) -> None:
    """OR-029, RF-013: the payment hears that the buyer has all of its goods, unless they are proven gone."""
    payment = intent.intent_id_of(agreement.NAME, "r1", Purpose.REFUND)
    assert ((payment, intent.ReceiptConfirmed()) in told(fact, open_case)) is is_told


@pytest.mark.parametrize(
    ("fact", "is_late", "then"),
    [
        (ended("buyer"), True, [late.OrderEnded()]),
        (ended("buyer"), False, []),
        (ended("buyer", "a"), True, []),
        (closed("refunded"), True, [late.OrderEnded()]),
    ],
)
def test_the_time_to_claim_begins_with_the_end(fact: Any, is_late: bool, then: list[Any]) -> None:
    """LG-060"""
    assert [message for _, message in told(fact, is_late=is_late)] == then


@pytest.mark.parametrize(
    ("fact", "then"),
    [
        (f.ApplicationRejected(Application.REFUND, "r1", Rejection.NOT_PAID, None, False),
         [("r1", agreement.NotAdmitted(False))]),
        (f.ApplicationRejected(Application.EXCHANGE, "x1", Rejection.NOT_PAID, None, False),
         [("x1", exchange.NotAdmitted())]),
        (f.ApplicationRejected(Application.REFUND, "r1", Rejection.NOT_PAID, None, True), []),
    ],
)  # fmt: skip
def test_an_application_that_is_turned_away(fact: Any, then: list[Any]) -> None:
    """RF-011, RF-018, RF-121: its own case hears of it; an amendment leaves the refund as it was."""
    assert told(fact) == then


CNY = Money(3_500, "CNY")
PAID = PaymentOrder(
    "r1", Purpose.REFUND, CNY, (Share("a", 1, 3_000), Share("z", 1, 0)), 500, (), True, False, None
)
COUNTED = late.ClaimPaid("r1", Money(3_000, "CNY"), (late.Goods("a", 3_000, 6_000),))


def released(*, is_paid: bool, is_late_claim: bool, given_back: PaymentOrder | None = None) -> f.CaseReleased:
    return f.CaseReleased("r1", is_paid, False, is_late_claim, None, given_back)


@pytest.mark.parametrize(
    ("fact", "then"),
    [
        (released(is_paid=True, is_late_claim=False), []),
        (released(is_paid=False, is_late_claim=True), [late.ClaimClosed("r1")]),
        (released(is_paid=True, is_late_claim=True), [late.ClaimPaid("r1")]),
        (released(is_paid=True, is_late_claim=True, given_back=PAID), [COUNTED]),
        (f.MoreSettled("r1", PAID), [COUNTED]),
    ],
)
def test_a_claim_of_late_shipping_that_ended(fact: Any, then: list[Any]) -> None:
    """LG-060: what counts is the money for goods, without the freight."""
    assert [message for _, message in told(fact)] == then


COMPENSATION = Purpose.LATE_COMPENSATION


def given_back(purpose: Purpose, intent_id: str) -> f.GrantGivenBack:
    return f.GrantGivenBack(purpose, CNY, (), 0, (), False, intent_id=intent_id)


@pytest.mark.parametrize(
    ("fact", "then"),
    [
        (
            given_back(Purpose.LATE_COMPENSATION, "o1.late_compensation.2"),
            [late.CompensationAbandoned(CNY, 2)],
        ),
        (given_back(Purpose.LATE_COMPENSATION, ""), [late.CompensationAbandoned(CNY, 1)]),
        (given_back(Purpose.REFUND, "r1.refund.1"), []),
    ],
)
def test_a_compensation_that_is_given_up(fact: Any, then: list[Any]) -> None:
    """LG-060"""
    assert [message for _, message in told(fact)] == then
