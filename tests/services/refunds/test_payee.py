"""A refund of money that was paid in cash at the door has no payment to go back through (RF-048)."""

from datetime import timedelta

import pytest

from aftersales_contracts import components
from aftersales_contracts.aftersales import common, refunds
from aftersales_contracts.enums import PaymentMethod, RefundKind
from aftersales_contracts.shop import orders
from services.refunds.service import REFUNDS
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, T0
from tests.support.driver import Driver

CASH, ALIPAY, POINTS = PaymentMethod.CASH_ON_DELIVERY, PaymentMethod.ALIPAY, PaymentMethod.POINTS


def paid(*tenders: tuple[PaymentMethod, int]) -> orders.OrderPaidV1:
    return orders.OrderPaidV1(
        **s.KEYS,
        payments=[
            components.Payment(payment_id=f"pay{number}", method=method, amount=s.money(minor))
            for number, (method, minor) in enumerate(tenders, 1)
        ],
        paid_amount=s.money(sum(minor for _, minor in tenders)),
    )


@pytest.mark.parametrize(
    ("tenders", "is_asked"),
    [
        ([(CASH, 10_000)], True),
        ([(POINTS, 2_000), (CASH, 8_000)], True),
        ([(ALIPAY, 10_000)], False),
        ([(POINTS, 2_000), (ALIPAY, 8_000)], False),
    ],
)
def test_the_payee_of_cash_is_asked_for(tenders: list[tuple[PaymentMethod, int]], is_asked: bool) -> None:
    """RF-048: once for each payment, by a person, when the money is granted."""
    driver = Driver(REFUNDS)
    for event in (s.placed(), paid(*tenders), s.shipped()):
        driver.tell(event, T0)
    driver.tell(s.applied(RefundKind.NO_RETURN, 4_000, is_agreed_beforehand=True), T0 + DAY)
    driver.tell(s.agreed(), T0 + DAY)
    driver.tell(s.agreed(), T0 + DAY + timedelta(minutes=1))
    (request,) = driver.announced(refunds.RefundPaymentRequestedV1)
    assert request.amount.minor == 4_000
    asked = [(task.task_id, task.question_code, task.kind_code) for task in
             driver.announced(common.TaskRequestedV1)]  # fmt: skip
    assert asked == ([(f"{request.intent_id}.payee", "payee_of_cash", "approval")] if is_asked else [])
