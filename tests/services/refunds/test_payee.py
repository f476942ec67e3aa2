"""A refund of money that was paid in cash at the door has no payment to go back through (RF-048)."""

from datetime import datetime, timedelta

import pytest

from aftersales_contracts import components
from aftersales_contracts.aftersales import common, refunds
from aftersales_contracts.base import Event
from aftersales_contracts.enums import PaymentMethod, RefundKind
from aftersales_contracts.shop import desk, orders, payments
from services.refunds.service import REFUNDS
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, MINUTE, T0
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


def named(payee_ref: str | None, number: int = 1, case: str = "refund-intent") -> desk.TaskCompletedV1:
    suffix = "" if number == 1 else f".{number}"
    return desk.TaskCompletedV1(
        shop_id="shop-1", task_id=f"r1.refund.1.payee{suffix}", case_kind=case, about_subject="o1",
        case_id="o1" if case == "order" else "r1.refund.1", outcome_code="confirmed", payee_ref=payee_ref,
        by=s.SELLER,
    )  # fmt: skip


def granted(*more: tuple[Event, datetime]) -> Driver:
    """A refund of goods that were paid at the door; its payment is asked for at T0 + DAY."""
    driver = Driver(REFUNDS)
    sold: list[Event] = [s.placed(), paid((POINTS, 2_000), (CASH, 8_000)), s.shipped()]
    applied = s.applied(RefundKind.NO_RETURN, 4_000, is_agreed_beforehand=True)
    told = [*((event, T0) for event in sold), (applied, T0 + DAY), (s.agreed(), T0 + DAY), *more]
    for event, at in told:
        driver.tell(event, at)
    return driver


def asked_to_pay(driver: Driver) -> list[tuple[str, str | None]]:
    requests = driver.announced(refunds.RefundPaymentRequestedV1)
    return [(request.attempt_id, request.payee_ref) for request in requests]


def tasks(driver: Driver) -> list[str]:
    return [task.task_id for task in driver.announced(common.TaskRequestedV1)]


FIRST = "r1.refund.1.try.1"
SOON = T0 + DAY + MINUTE


@pytest.mark.parametrize("case", ["refund-intent", "order"])
def test_the_account_that_a_person_names_stands_on_the_request(case: str) -> None:
    """RF-048: the same attempt is repeated with it, at once and later; a second answer changes nothing."""
    driver = granted((named("acc-1", case=case), SOON), (named("acc-2", case=case), SOON + MINUTE))
    assert asked_to_pay(driver) == [(FIRST, None), (FIRST, "acc-1")]
    driver.until(T0 + DAY + 15 * MINUTE)
    assert asked_to_pay(driver)[2:] == [(FIRST, "acc-1")]
    assert driver.announced(common.TaskWithdrawnV1) == []


def test_the_account_stands_on_the_next_attempt() -> None:
    """RF-048, RF-029: the attempt without one failed for sure."""
    driver = granted((s.failed(attempt=1), SOON), (named("acc-1"), SOON + MINUTE))
    assert asked_to_pay(driver) == [(FIRST, None)]
    driver.until(SOON + 15 * MINUTE)
    assert asked_to_pay(driver)[1:] == [("r1.refund.1.try.2", "acc-1")]


def test_an_attempt_that_is_taken_is_not_repeated() -> None:
    """RF-029."""
    accepted = payments.RefundPaymentAcceptedV1(
        **s.KEYS, intent_id="r1.refund.1", attempt_id=FIRST, provider_ref="ref"
    )
    driver = granted((accepted, SOON), (named("acc-1"), SOON + MINUTE))
    assert asked_to_pay(driver) == [(FIRST, None)]


def test_an_answer_without_an_account_is_asked_for_again() -> None:
    """RF-048: whichever of the questions brings it."""
    driver = granted((named(None), SOON), (named(None), SOON), (named("acc-1", 2), SOON + MINUTE))
    assert tasks(driver) == ["r1.refund.1.payee", "r1.refund.1.payee.2"]
    assert asked_to_pay(driver) == [(FIRST, None), (FIRST, "acc-1")]
    late = granted((named(None), SOON), (named("acc-1"), SOON + MINUTE))
    assert asked_to_pay(late) == [(FIRST, None), (FIRST, "acc-1")]


def test_the_question_for_the_payee_is_withdrawn_when_the_money_is_there() -> None:
    """RF-048: an answer after that changes nothing."""
    driver = granted((s.settled(4_000), SOON), (named("acc-1"), SOON + MINUTE), (named(None), SOON + MINUTE))
    assert [task.task_id for task in driver.announced(common.TaskWithdrawnV1)] == ["r1.refund.1.payee"]
    assert asked_to_pay(driver) == [(FIRST, None)]
    assert tasks(driver) == ["r1.refund.1.payee"]
