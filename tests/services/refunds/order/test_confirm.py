"""The requests to confirm receipt: repeated, numbered, and what a person is asked about them."""

from datetime import timedelta

import pytest

from aftersales_contracts.aftersales import common, refunds
from aftersales_contracts.enums import RefundKind
from aftersales_contracts.shop import orders
from services.refunds.cases.order import facts as f
from tests.services.refunds import shop as s
from tests.services.refunds.order.test_rules import PAID, PLACED, SHIPPED, declined, order_facts, played
from tests.services.refunds.shop import DAY, GRACE, HOUR, MINUTE, T0


def test_a_question_about_the_confirmation_ends_with_the_trade() -> None:
    """OR-029: order_not_confirmed is taken back when the order succeeded after all."""
    driver = played(PLACED, PAID, SHIPPED)
    driver.until(T0 + 15 * DAY)
    (asked,) = driver.announced(common.TaskRequestedV1)
    assert asked.question_code == "order_not_confirmed"
    driver.tell(s.succeeded(), T0 + 16 * DAY)
    (withdrawn,) = driver.announced(common.TaskWithdrawnV1)
    assert (withdrawn.task_id, withdrawn.reason_code) == (asked.task_id, "trade_ended")


def test_the_order_system_is_asked_again_after_an_hour_and_then_daily() -> None:
    """OR-029: three requests under one number, then a person."""
    driver = played(PLACED, PAID, SHIPPED)
    due_at = T0 + 10 * DAY
    for count, until in ((1, GRACE), (1, HOUR - MINUTE), (2, HOUR), (2, 25 * HOUR - MINUTE), (3, 25 * HOUR)):
        driver.until(due_at + until)
        assert len(driver.announced(refunds.OrderAutoConfirmRequestedV1)) == count
    driver.until(due_at + 49 * HOUR - MINUTE)
    assert not order_facts(driver, f.AutoConfirmStopped)
    driver.until(due_at + 49 * HOUR)
    assert len(order_facts(driver, f.AutoConfirmStopped)) == 1
    requests = driver.announced(refunds.OrderAutoConfirmRequestedV1)
    assert [request.request_id for request in requests] == ["o1.confirm"] * 3


def test_each_declined_request_to_confirm_is_followed_by_one_with_the_next_number() -> None:
    """OR-029, OR-031: the third is o1.confirm.3."""
    driver = played(PLACED, PAID, SHIPPED)
    for number in range(3):
        at = driver.pending()[0][1].due_at + GRACE
        driver.until(at)
        refund_id = f"r{number}"
        driver.tell(s.applied(RefundKind.NO_RETURN, 500, refund_id=refund_id), at + MINUTE)
        driver.tell(declined("o1.confirm" if number == 0 else f"o1.confirm.{number + 1}"), at + 2 * MINUTE)
        driver.tell(s.withdrawn(refund_id), at + 3 * MINUTE)
    requests = driver.announced(refunds.OrderAutoConfirmRequestedV1)
    assert [request.request_id for request in requests] == ["o1.confirm", "o1.confirm.2", "o1.confirm.3"]


@pytest.mark.parametrize(("after", "is_late"), [(14 * DAY, False), (14 * DAY + MINUTE, True)])
def test_without_news_of_a_delivery_goods_count_as_received_after_seven_days(
    after: timedelta, *, is_late: bool
) -> None:
    """RF-094: seven days of the usual delivery, then the seven of the window."""
    driver = played(PLACED, PAID, (s.shipped(orders.DeliveryKind.MAIL), T0))
    driver.tell(s.exchange_applied("quality"), T0 + after)
    reasons = [x.reason_code for x in driver.announced(refunds.ApplicationRejectedV1)]
    assert reasons == (["out_of_window"] if is_late else [])
