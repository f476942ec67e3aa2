"""A refund of which a part came back or never settled, from contract event to outcome."""

from aftersales_contracts import components
from aftersales_contracts.aftersales import common, refunds
from aftersales_contracts.aftersales.refunds_enums import OrderOutcomeAfterRefund
from aftersales_contracts.enums import RefundKind, Role
from aftersales_contracts.shop import desk, payments
from services.refunds.service import REFUNDS
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, HOUR, MINUTE, T0
from tests.support.driver import Driver


def refunded_over_two_payments(settled: int) -> Driver:
    """100.00 came in as 60.00 and 40.00 and is refunded; so much of it settled."""
    driver = Driver(REFUNDS)
    driver.tell(s.placed(), T0)
    driver.tell(s.paid(6_000, 4_000), T0)
    driver.tell(s.shipped(), T0 + HOUR)
    driver.tell(s.applied(RefundKind.NO_RETURN), T0 + DAY)
    driver.tell(s.agreed(), T0 + DAY)
    driver.tell(s.settled(settled), T0 + DAY + HOUR)
    return driver


def person_says(
    outcome_code: str, question: int = 1, intent_id: str = "r1.refund.1", amount: int | None = None
) -> desk.TaskCompletedV1:
    return desk.TaskCompletedV1(
        shop_id="shop-1", task_id=f"{intent_id}.question.{question}", case_kind="refund-intent",
        case_id=intent_id, about_subject=s.ORDER_ID, outcome_code=outcome_code,
        amount=None if amount is None else s.money(amount), by=components.Party(role=Role.SUPERVISOR),
    )  # fmt: skip


def came_back(amount: int, **tenders: int) -> payments.RefundReversedV1:
    through = [
        components.Tender(payment_id=payment_id, amount=s.money(minor))
        for payment_id, minor in tenders.items()
    ]
    return payments.RefundReversedV1(
        **s.KEYS, intent_id="r1.refund.1", amount=s.money(amount), reason_code="account_closed",
        tenders=through,
    )  # fmt: skip


def test_a_part_that_came_back_is_paid_again_and_no_more() -> None:
    """RF-029."""
    driver = refunded_over_two_payments(10_000)
    (task,) = driver.tell(came_back(4_000), T0 + 3 * DAY)
    assert isinstance(task, common.TaskRequestedV1)
    (again,) = driver.tell(person_says("retry"), T0 + 4 * DAY)
    assert isinstance(again, refunds.RefundPaymentRequestedV1)
    assert (again.attempt_id, again.amount.minor) == ("r1.refund.1.try.2", 4_000)
    assert [(t.payment_id, t.amount.minor) for t in again.tenders] == [("pay2", 4_000)]
    (paid,) = driver.tell(s.settled(4_000, attempt=2), T0 + 4 * DAY + MINUTE)
    assert isinstance(paid, refunds.RefundPaidV1)
    assert (paid.amount.minor, paid.is_full) == (4_000, True)


def test_a_part_that_is_given_up_can_be_applied_for_again() -> None:
    """RF-029."""
    driver = refunded_over_two_payments(10_000)
    driver.tell(came_back(4_000), T0 + 3 * DAY)
    driver.tell(person_says("abandon"), T0 + 4 * DAY)
    assert driver.state("order", s.ORDER_ID).book.refunded_minor == 6_000
    more = s.applied(RefundKind.NO_RETURN, 4_001, refund_id="r2")
    (refused,) = driver.tell(more, T0 + 5 * DAY)
    assert isinstance(refused, refunds.ApplicationRejectedV1)
    driver.tell(s.applied(RefundKind.NO_RETURN, 4_000, refund_id="r3"), T0 + 5 * DAY)
    asked = driver.tell(s.agreed(refund_id="r3"), T0 + 5 * DAY)[-1]
    assert isinstance(asked, refunds.RefundPaymentRequestedV1)
    assert [(t.payment_id, t.amount.minor) for t in asked.tenders] == [("pay2", 4_000)]


def test_a_part_that_settles_closes_nothing() -> None:
    """RF-033: the order is refunded in full only with the rest."""
    driver = refunded_over_two_payments(6_000)
    (paid,) = driver.announced(refunds.RefundPaidV1)
    assert (paid.amount.minor, paid.is_full) == (6_000, False)
    assert paid.order_outcome is OrderOutcomeAfterRefund.CONTINUES
    (again,) = driver.tell(person_says("retry"), T0 + 2 * DAY)
    assert isinstance(again, refunds.RefundPaymentRequestedV1)
    assert again.amount.minor == 4_000
    (rest,) = driver.tell(s.settled(4_000, attempt=2), T0 + 2 * DAY + MINUTE)
    assert isinstance(rest, refunds.RefundPaidV1)
    assert (rest.is_full, rest.order_outcome) == (True, OrderOutcomeAfterRefund.CLOSED)


def asked_about_payment(driver: Driver) -> list[str]:
    tasks = driver.announced(common.TaskRequestedV1)
    return [task.question_code for task in tasks if task.case_kind == "refund-intent"]


def test_a_settlement_that_is_told_again_after_money_came_back_moved_nothing() -> None:
    """RF-029, RF-033: told while a person is asked, and while the part is paid again."""
    driver = refunded_over_two_payments(10_000)
    driver.tell(came_back(4_000), T0 + 3 * DAY)
    driver.tell(s.settled(10_000), T0 + 3 * DAY)
    driver.tell(person_says("retry"), T0 + 4 * DAY)
    driver.tell(s.settled(10_000), T0 + 4 * DAY)
    driver.tell(s.settled(4_000, attempt=2), T0 + 5 * DAY)
    driver.tell(s.settled(10_000), T0 + 5 * DAY)
    assert asked_about_payment(driver) == ["payment_reversed"]
    driver.tell(came_back(10_000), T0 + 6 * DAY)
    assert asked_about_payment(driver) == ["payment_reversed", "payment_reversed"], "it was no surplus"
