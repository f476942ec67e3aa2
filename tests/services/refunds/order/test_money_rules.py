"""Limits of the order's account that nothing else notices: freight, grants, the clock, the tenders."""

import pytest

from aftersales_contracts.aftersales import common, refunds
from aftersales_contracts.enums import RefundKind
from kernel.money import Money
from services.refunds.cases.order import messages as order
from services.refunds.cases.order.messages import PaymentAsked
from services.refunds.policy import TenderStrategy
from services.refunds.service import REFUNDS
from services.refunds.shares import Purpose, Share
from tests.services.refunds import shop as s
from tests.services.refunds.kinds import POLICY
from tests.services.refunds.shop import DAY, GRACE, HOUR, T0
from tests.support.driver import Driver


def with_freight() -> Driver:
    """Two lines of 100.00 and 10.00 of freight."""
    driver = Driver(REFUNDS)
    lines = [("a", 1, 10_000), ("b", 1, 10_000)]
    for event in (s.placed(lines, 1_000, is_free=False), s.paid(15_000, 6_000), s.shipped()):
        driver.tell(event, T0)
    return driver


def asks(driver: Driver, goods: int, freight: int, intent_id: str = "i1") -> tuple[int, list[str]]:
    """Asks for money of line a and freight; what is refunded then, and what a person is asked."""
    amount = Money(goods + freight, "CNY")
    shares = (Share("a", 1, goods),)
    asked = PaymentAsked("r9", intent_id, Purpose.REFUND, amount, shares, freight, are_goods_gone=True)
    driver.send([order.to(s.ORDER_ID, asked)], T0 + DAY)
    tasks = [
        one.question_code for one in driver.announced(common.TaskRequestedV1) if one.case_kind == "order"
    ]
    return driver.state("order", s.ORDER_ID).book.refunded_minor, tasks


@pytest.mark.parametrize(
    ("goods", "freight", "refunded"),
    [(10_000, 1_000, 11_000), (9_000, 1_001, 0), (10_001, 999, 0), (10_000, 0, 10_000)],
)
def test_no_more_freight_is_granted_than_was_paid(goods: int, freight: int, refunded: int) -> None:
    """RF-048: freight and each line have limits of their own, whatever the sum."""
    tasks = [] if refunded else ["payment_over_account"]
    assert asks(with_freight(), goods, freight) == (refunded, tasks)


def test_freight_that_is_granted_or_asked_for_is_not_granted_again() -> None:
    driver = with_freight()
    assert asks(driver, 1_000, 600) == (1_600, [])
    assert asks(driver, 1_000, 401, "i2") == (1_600, ["payment_over_account"])
    asked = with_freight()
    asked.tell(s.applied(RefundKind.NO_RETURN, 10_600, lines=[s.share("b")], freight=s.money(600)), T0 + HOUR)
    assert asks(asked, 1_000, 401) == (0, ["payment_over_account"])


def test_a_payment_is_granted_once() -> None:
    """RF-029: the same intent asked for twice moves the account once."""
    driver = with_freight()
    assert asks(driver, 4_000, 0) == (4_000, [])
    assert asks(driver, 4_000, 0) == (4_000, [])
    assert len(driver.announced(refunds.RefundPaymentRequestedV1)) == 1
    assert driver.state("order", s.ORDER_ID).book.intents == ("i1",)


@pytest.mark.parametrize("is_all", [True, False])
def test_nobody_is_asked_to_confirm_once_all_goods_are_refunded(is_all: bool) -> None:
    """OR-029, RF-033: the rest of the clock runs only where something is left."""
    driver = with_freight()
    minor = 20_000 if is_all else 19_999
    driver.tell(s.applied(RefundKind.NO_RETURN, minor), T0 + HOUR)
    driver.tell(s.agreed(), T0 + DAY)
    driver.tell(s.settled(minor), T0 + DAY)
    driver.until(T0 + 40 * DAY + GRACE)
    assert bool(driver.announced(refunds.OrderAutoConfirmRequestedV1)) is not is_all


def test_a_refund_goes_back_to_all_payments_in_proportion_by_default() -> None:
    """RF-048: the strategy of the pack that every shop has unless it chooses."""
    assert POLICY.order.tender_strategy is TenderStrategy.PROPORTIONAL
    driver = with_freight()
    asks(driver, 7_000, 0)
    (request,) = driver.announced(refunds.RefundPaymentRequestedV1)
    assert [(t.payment_id, t.amount.minor) for t in request.tenders] == [("pay1", 5_000), ("pay2", 2_000)]
