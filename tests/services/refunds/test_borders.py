"""Events and messages of the kinds, where a rule hangs on one field."""

from typing import Any

import pytest

from aftersales_contracts import enums
from aftersales_contracts.aftersales import customers, refunds
from aftersales_contracts.shop import aftersales, orders, payments
from kernel.decider import Addressed, CaseView
from kernel.money import Money
from services.refunds.cases.exchange import state as exchange
from services.refunds.cases.exchange.border import EXCHANGE
from services.refunds.cases.late_compensation import facts as late
from services.refunds.cases.late_compensation.border import LATE_COMPENSATION
from services.refunds.cases.order import messages as order
from services.refunds.cases.order.border import ORDER
from services.refunds.cases.order.messages import confirm_id_of
from services.refunds.cases.refund_agreement.border import REFUND_AGREEMENT
from services.refunds.cases.refund_intent import messages as intent
from services.refunds.cases.refund_intent.border import REFUND_INTENT
from tests.services.refunds import shop
from tests.services.refunds.shop import KEYS, ORDER_ID, T0

ENDING = exchange.Ending


def view(kind: str, case_id: str, state: Any) -> CaseView[Any]:
    return CaseView(ORDER_ID, kind, case_id, 1, "shop-1", "test", (), T0, state)


@pytest.mark.parametrize(
    ("ending", "question_code", "are_settled"),
    [
        (ENDING.BREACHED, "exchange_breached", False),
        (ENDING.EXPIRED, "", False),
        (ENDING.WITHDRAWN, "", False),
        (ENDING.CONVERTED, "", False),
        (ENDING.COMPLETED, "", True),
        (ENDING.RETURNED_TO_BUYER, "", True),
    ],
)
def test_the_end_of_an_exchange(ending: exchange.Ending, question_code: str, are_settled: bool) -> None:
    """RF-106, RF-118: the order hears whether it counts; a person is asked about a broken promise."""
    fact = exchange.ExchangeEnded(ending, is_used=True)
    told = list(EXCHANGE.tells[exchange.ExchangeEnded](fact, view("exchange", "x1", exchange.Absent())))
    ended = order.CaseEnded(
        "x1", is_used=True, are_settled=are_settled, question_code=question_code, send_id="x1.back"
    )
    assert told == [order.to(ORDER_ID, ended)]


def test_a_refused_exchange_does_not_count() -> None:
    """RF-106, RF-118"""
    fact = exchange.ExchangeRefused("no")
    told = list(EXCHANGE.tells[exchange.ExchangeRefused](fact, view("exchange", "x1", exchange.Absent())))
    assert told == [order.to(ORDER_ID, order.CaseEnded("x1", is_used=False))]


def test_a_compensation_that_is_not_due_is_announced_with_nothing() -> None:
    """LG-060"""
    base, cap = Money(10_000, "CNY"), Money(50_000, "CNY")
    fact = late.CompensationRefused(base, 3_000, cap, "in_time")
    where = view("late-compensation", ORDER_ID, LATE_COMPENSATION.initial)
    event = LATE_COMPENSATION.announces[late.CompensationRefused](fact, where)
    assert isinstance(event, refunds.CompensationDecidedV1)
    assert (event.amount, event.base_amount) == (shop.money(0), shop.money(10_000))
    given_up = late.CompensationGivenUp(Money(3_000, "CNY"), 3_000, cap)
    event = LATE_COMPENSATION.announces[late.CompensationGivenUp](given_up, where)
    assert isinstance(event, refunds.CompensationDecidedV1)
    assert event.amount == shop.money(0)


@pytest.mark.parametrize(
    ("request_id", "numbers"),
    [
        (confirm_id_of(ORDER_ID, 2), [2]),
        (confirm_id_of(ORDER_ID, 1), [1]),
        ("memo.k1", []),
        ("o2.confirm.2", []),
    ],
)
def test_the_order_system_declines(request_id: str, numbers: list[int]) -> None:
    """OR-025: only requests to confirm this order concern it."""
    data = orders.OrderRequestDeclinedV1(**KEYS, request_id=request_id, reason_code="closed")
    told = ORDER.reads[orders.OrderRequestDeclinedV1](data)
    assert told == [order.to(ORDER_ID, order.RequestDeclined("closed", number)) for number in numbers]


@pytest.mark.parametrize(
    ("kind", "order_id", "is_read"),
    [("no_refund", ORDER_ID, True), ("no_refund", None, False), ("gift", ORDER_ID, False)],
)
def test_a_promise_not_to_refund(kind: str, order_id: str | None, is_read: bool) -> None:
    """RF-009: about an order."""
    data = customers.PromiseRegisteredV1(
        case_id="pr1", case_kind="promise", case_version=1, shop_id="shop-1", rule_ids=[],
        policy_version="test", promise_id="pr1", kind=enums.PromiseKind(kind), order_id=order_id,
        customer_id="c1",
    )  # fmt: skip
    told = ORDER.reads[customers.PromiseRegisteredV1](data)
    assert told == ([order.to(ORDER_ID, order.RefundPromisedAway("pr1"))] if is_read else [])


@pytest.mark.parametrize("refund_id", ["r1", None])
def test_a_return_that_names_no_refund_is_for_an_exchange(refund_id: str | None) -> None:
    """RF-020"""
    data = shop.sent().model_copy(update={"refund_id": refund_id})
    told = REFUND_AGREEMENT.reads[aftersales.ReturnSentV1](data)
    assert [addressed.case_id for addressed in told] == ([data.refund_id] if refund_id else [])


@pytest.mark.parametrize(
    ("attempt_id", "number"),
    [("o1.refund.1.try.3", 0), (intent.attempt_id_of("r1.refund.1", 3), 3), ("other", 0)],
)
def test_an_attempt_that_is_not_ours_has_no_number(attempt_id: str, number: int) -> None:
    """RF-048"""
    data = payments.RefundPaymentAcceptedV1(
        **KEYS, intent_id="r1.refund.1", attempt_id=attempt_id, provider_ref="p"
    )
    told = REFUND_INTENT.reads[payments.RefundPaymentAcceptedV1](data)
    assert told == [Addressed(ORDER_ID, "refund-intent", "r1.refund.1", intent.PaymentAccepted(number))]
