"""Events of money that moves beside what was asked, short to write, and what is known of it."""

from typing import Any

from aftersales_contracts import components
from aftersales_contracts.aftersales import common, refunds
from aftersales_contracts.base import Event
from aftersales_contracts.enums import ChargebackStage, ChargeKind, PaymentMethod, PaymentStatus, RefundKind
from aftersales_contracts.shop import desk, orders, payments
from services.refunds.cases.order.account import OrderAccount
from services.refunds.service import REFUNDS
from tests.services.refunds import shop as s
from tests.support.driver import Driver


def payment(
    payment_id: str, minor: int, currency: str = "CNY", method: PaymentMethod = PaymentMethod.ALIPAY
) -> components.Payment:
    return components.Payment(payment_id=payment_id, method=method, amount=s.money(minor, currency))


def paid(*made: components.Payment) -> orders.OrderPaidV1:
    total = sum(one.amount.minor for one in made)
    return orders.OrderPaidV1(
        **s.KEYS, payments=list(made), paid_amount=s.money(total, made[0].amount.currency)
    )


def moved(
    one: components.Payment, status: PaymentStatus = PaymentStatus.RECEIVED
) -> payments.PaymentStatusChangedV1:
    return payments.PaymentStatusChangedV1(**s.KEYS, payment=one, status=status)


def disputed(
    stage: ChargebackStage, minor: int, payment_id: str = "pay1", currency: str = "CNY", **extra: Any
) -> payments.PaymentChargedBackV1:
    return payments.PaymentChargedBackV1(
        **s.KEYS, payment_id=payment_id, stage=stage, amount=s.money(minor, currency), reason_code="fraud",
        **extra,
    )  # fmt: skip


def outside(
    minor: int, outside_id: str = "out1", currency: str = "CNY", **extra: Any
) -> payments.RefundMadeOutsideV1:
    return payments.RefundMadeOutsideV1(
        **s.KEYS, outside_id=outside_id, amount=s.money(minor, currency), **extra
    )


def through(payment_id: str, minor: int, currency: str = "CNY") -> list[components.Tender]:
    return [components.Tender(payment_id=payment_id, amount=s.money(minor, currency))]


def came_back(minor: int, intent_id: str = "out1") -> payments.RefundReversedV1:
    return payments.RefundReversedV1(
        **s.KEYS, intent_id=intent_id, amount=s.money(minor), reason_code="closed"
    )


def settled_in(currency: str, minor: int, intent_id: str = "r1.refund.1") -> payments.RefundSettledV1:
    one = s.settled(minor, intent_id)
    return one.model_copy(update={"amount": s.money(minor, currency)})


def charge(kind: str, minor: int, line_id: str | None = None) -> components.Charge:
    return components.Charge(kind=ChargeKind(kind), amount=s.money(minor), line_id=line_id)


def line(line_id: str, count: int, price: int) -> components.Line:
    (made,) = s.placed([(line_id, count, price)]).lines
    return made


def edited(*lines: components.Line, freight: int = 0) -> orders.OrderEditedV1:
    total = sum(one.amount_minor for one in lines) + freight
    return orders.OrderEditedV1(
        **s.KEYS, by=s.SELLER, lines=list(lines), freight=s.money(freight), total=s.money(total)
    )


def answer(task: common.TaskRequestedV1, word: str, amount: int | None = None) -> desk.TaskCompletedV1:
    return desk.TaskCompletedV1(
        shop_id=task.shop_id,
        task_id=task.task_id,
        case_kind=task.case_kind,
        case_id=task.case_id,
        about_subject=task.about_subject,
        outcome_code=word,
        amount=None if amount is None else s.money(amount),
        by=s.SELLER,
    )


def tasks(driver: Driver) -> list[common.TaskRequestedV1]:
    """Lists the questions that are open."""
    void = {gone.task_id for gone in driver.announced(common.TaskWithdrawnV1)}
    asked = {task.task_id: task for task in driver.announced(common.TaskRequestedV1)}
    return [task for task_id, task in asked.items() if task_id not in void]


def codes(driver: Driver) -> list[str]:
    return [task.question_code for task in tasks(driver)]


def asked_for(driver: Driver) -> list[tuple[str, int, str]]:
    """Lists the requests to the provider: intent, amount, currency; a repeat once."""
    found = {request.attempt_id: request for request in driver.announced(refunds.RefundPaymentRequestedV1)}
    return [(one.intent_id, one.amount.minor, one.amount.currency) for one in found.values()]


def book(driver: Driver) -> OrderAccount:
    found: OrderAccount = driver.state("order", s.ORDER_ID).book
    spent = sum(x.refunded_minor for x in found.lines) + found.freight_refunded_minor
    assert spent == found.refunded_minor <= found.paid_minor, "goods and payments add up"
    return found


def left(driver: Driver) -> int:
    """Computes what the account can still give back."""
    return book(driver).paid_minor - book(driver).refunded_minor


TWO = (("a", 1, 6_000), ("b", 1, 4_000))
PAID = s.paid(10_000)
REFUND = s.applied(RefundKind.NO_RETURN, 4_000, lines=[s.share("b", 1, 4_000)])
SECOND = {"full": payment("pay2", 10_000), "part": payment("pay2", 2_500)}


def played(*events: Event, lines: tuple[tuple[str, int, int], ...] = TWO, freight: int = 0) -> Driver:
    """An order of 100.00, then the events, an hour each."""
    driver = Driver(REFUNDS)
    driver.tell(s.placed(lines, freight, is_free=not freight), s.T0)
    for number, event in enumerate(events, 1):
        driver.tell(event, s.T0 + number * s.HOUR)
    return driver
