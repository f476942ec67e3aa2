"""Payments that a person gives up, whole or in part: N4, N8, and words that stay true after it."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from aftersales_contracts.aftersales import common, logistics, refunds
from aftersales_contracts.base import Event
from aftersales_contracts.enums import RefundKind
from aftersales_contracts.shop import shipments
from services.logistics.service import LOGISTICS
from services.refunds.cases.order.account import OrderAccount
from services.refunds.service import REFUNDS
from tests.services.flow import Flow
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, HOUR, MINUTE, T0
from tests.services.refunds.test_compensation_flow import AB
from tests.services.refunds.test_parts_flow import came_back, person_says, refunded_over_two_payments
from tests.support.driver import Driver


def book(driver: Driver) -> OrderAccount:
    account: OrderAccount = driver.state("order", s.ORDER_ID).book
    return account


def hold_answered(request_id: str) -> shipments.DispatchHoldAnsweredV1:
    outcome = shipments.HoldOutcome.STOPPED
    return shipments.DispatchHoldAnsweredV1(**s.KEYS, request_id=request_id, outcome=outcome)


def test_n4_a_payment_that_is_given_up_closes_the_refund_and_lets_the_goods_go() -> None:
    """RF-029, RF-005: over both services, and what is applied for afterwards gets an answer."""
    flow = Flow(REFUNDS, LOGISTICS)
    told: Sequence[tuple[Event, datetime]] = [
        (s.placed(), T0),
        (s.paid(), T0),
        (s.applied(RefundKind.UNSHIPPED), T0 + HOUR),
        (hold_answered("r1.hold"), T0 + 2 * HOUR),
        (s.failed(is_retryable=False), T0 + 3 * HOUR),
        (person_says("abandon"), T0 + DAY),
    ]
    for event, at in told:
        flow.tell(event, at)
    (closed,) = flow.outcomes(refunds.RefundClosedV1)
    assert (closed.refund_id, closed.ending) == ("r1", "payment_abandoned")
    (given_up,) = flow.outcomes(refunds.RefundPaymentAbandonedV1)
    assert (given_up.amount.minor, given_up.refund_id, given_up.reason_code) == (10_000, "r1", "given_up")
    holds = [(one.request_id, one.action.value) for one in flow.outcomes(logistics.DispatchHoldRequestedV1)]
    assert holds == [("r1.hold", "hold"), ("r1.release", "release")]
    account = flow.state("order", s.ORDER_ID).book
    assert (account.open, account.refunded_minor, account.lines[0].gone_count) == ((), 0, 0)
    flow.tell(s.applied(RefundKind.UNSHIPPED), T0 + 2 * DAY)
    assert [one.reason_code for one in flow.outcomes(refunds.ApplicationRejectedV1)] == ["id_used"]
    flow.tell(s.applied(RefundKind.UNSHIPPED, refund_id="r2"), T0 + 2 * DAY)
    assert [one.refund_id for one in flow.outcomes(refunds.RefundOpenedV1)] == ["r1", "r2"]
    flow.tell(hold_answered("r2.hold"), T0 + 2 * DAY + HOUR)
    assert flow.outcomes(refunds.RefundPaymentRequestedV1)[-1].intent_id == "r2.refund.1"
    assert flow.dead == []
    assert flow.waiting() == []


def granted(*refund_ids: str, lines: str = "ab") -> Driver:
    """Refunds without return for a line each, agreed and on their way."""
    driver = Driver(REFUNDS)
    for event in (s.placed(AB), s.paid(20_000), s.shipped()):
        driver.tell(event, T0)
    for refund_id, line_id in zip(refund_ids, lines, strict=True):
        kind = RefundKind.NOT_RECEIVED
        driver.tell(s.applied(kind, refund_id=refund_id, lines=[s.share(line_id)]), T0 + HOUR)
        driver.tell(s.agreed(refund_id=refund_id), T0 + DAY)
    return driver


def test_n4_the_clock_runs_on_and_pieces_can_be_applied_for_again() -> None:
    """OR-031, RF-029: shipped pieces are sent pieces again."""
    driver = granted("r1", "r2")
    line = book(driver).lines[0]
    assert (line.gone_count, line.gone_sent_count, line.left_count) == (1, 1, 0)
    for refund_id in ("r1", "r2"):
        driver.tell(s.failed(f"{refund_id}.refund.1", is_retryable=False), T0 + DAY)
        driver.tell(person_says("abandon", intent_id=f"{refund_id}.refund.1"), T0 + 2 * DAY)
    assert all((line.gone_count, line.gone_sent_count) == (0, 0) for line in book(driver).lines)
    assert [d.due_at for place, d in driver.pending() if place[1] == "order"] == [T0 + 11 * DAY + 23 * HOUR]
    again = driver.tell(s.applied(amount=20_000, refund_id="r3"), T0 + 3 * DAY)
    assert isinstance(again[0], refunds.RefundOpenedV1)


def test_n4_given_up_after_it_was_paid_leaves_the_pieces_counted_as_sent() -> None:
    """RF-029: the refund is over by then; its money came back whole and was given up."""
    driver = granted("r1", "r2")
    driver.tell(s.settled(10_000), T0 + DAY)
    driver.tell(came_back(10_000), T0 + 2 * DAY)
    driver.tell(person_says("abandon"), T0 + 3 * DAY)
    line = book(driver).lines[0]
    assert (line.gone_count, line.gone_sent_count, line.sent_count, line.unsent_count) == (0, 0, 1, 0)
    assert driver.announced(refunds.RefundClosedV1) == []
    assert [one.amount.minor for one in driver.announced(refunds.RefundPaymentAbandonedV1)] == [10_000]
    again = driver.tell(
        s.applied(RefundKind.NOT_RECEIVED, refund_id="r3", lines=[s.share("a")]), T0 + 4 * DAY
    )
    assert isinstance(again[0], refunds.RefundOpenedV1)


@pytest.mark.parametrize(
    "parts", [(4_000, 6_000), (6_000, 4_000), (2_500, 7_500), (1, 9_998, 1), (5_000, 5_000)]
)
@pytest.mark.parametrize("answer", ["retry", "abandon"])
def test_n8_a_payment_reversed_in_parts_is_paid_again_or_given_up(
    parts: tuple[int, ...], answer: str
) -> None:
    """RF-029: over two payments of 60.00 and 40.00; the parts add up, whichever they are."""
    driver = refunded_over_two_payments(10_000)
    for number, part in enumerate(parts):
        driver.tell(came_back(part), T0 + 2 * DAY + number * HOUR)
    tasks = driver.announced(common.TaskRequestedV1)
    withdrawn = [one.task_id for one in driver.announced(common.TaskWithdrawnV1)]
    open_tasks = [one.task_id for one in tasks if one.task_id not in withdrawn]
    assert open_tasks[-1:] == [f"r1.refund.1.question.{len(parts)}"]
    assert driver.tell(person_says(answer, 1), T0 + 3 * DAY) == [], "an answer to a question that is void"
    told = driver.tell(person_says(answer, len(parts)), T0 + 3 * DAY)
    if answer == "abandon":
        assert [one.amount.minor for one in driver.announced(refunds.RefundPaymentAbandonedV1)] == [10_000]
        assert book(driver).refunded_minor == 0
        assert type(driver.state("refund-intent", "r1.refund.1")).__name__ == "Abandoned"
        return
    (again,) = told
    assert isinstance(again, refunds.RefundPaymentRequestedV1)
    assert again.amount.minor == 10_000
    driver.tell(s.settled(10_000, attempt=2), T0 + 4 * DAY)
    paid = driver.announced(refunds.RefundPaidV1)[-1]
    assert (paid.amount.minor, paid.is_full) == (10_000, True)
    assert book(driver).refunded_minor == 10_000


def test_n8_one_part_is_paid_again_and_the_other_given_up() -> None:
    """RF-029, OR-029: seed 1622 and 1695. What is released is what the buyer does not have."""
    driver = refunded_over_two_payments(10_000)
    driver.tell(came_back(2_500), T0 + 2 * DAY)
    (again,) = driver.tell(person_says("retry"), T0 + 2 * DAY)
    assert isinstance(again, refunds.RefundPaymentRequestedV1)
    assert (again.amount.minor, again.tenders) == (2_500, []), "nobody knows through which payment"
    driver.tell(came_back(7_500), T0 + 2 * DAY + MINUTE)
    driver.tell(s.settled(2_500, attempt=2), T0 + 2 * DAY + HOUR)
    driver.tell(person_says("abandon", 2), T0 + 3 * DAY)
    assert book(driver).refunded_minor == 2_500
    assert sum(tender.refunded_minor for tender in book(driver).tenders) == 2_500
    assert type(driver.state("refund-intent", "r1.refund.1")).__name__ == "Settled"
    driver.tell(came_back(2_500), T0 + 4 * DAY)
    driver.tell(person_says("abandon", 3), T0 + 5 * DAY)
    assert book(driver).refunded_minor == 0
    assert book(driver).lines[0].gone_count == 0


def test_n8_an_answer_with_an_amount_is_about_that_part() -> None:
    """RF-029: the rest is asked about, and each word is told."""
    driver = refunded_over_two_payments(10_000)
    driver.tell(came_back(10_000), T0 + 2 * DAY)
    told = driver.tell(person_says("abandon", 1, amount=4_000), T0 + 3 * DAY)
    assert [type(one).__name__ for one in told] == ["RefundPaymentAbandonedV1", "TaskRequestedV1"]
    assert book(driver).refunded_minor == 6_000
    (again,) = driver.tell(person_says("retry", 2), T0 + 4 * DAY)
    assert isinstance(again, refunds.RefundPaymentRequestedV1)
    assert again.amount.minor == 6_000
    driver.tell(s.settled(6_000, attempt=2), T0 + 5 * DAY)
    paid = driver.announced(refunds.RefundPaidV1)[-1]
    assert not paid.is_full, "a part was given up"


def test_a_part_that_names_its_payments_goes_back_through_them() -> None:
    driver = refunded_over_two_payments(10_000)
    driver.tell(came_back(3_000, pay1=1_000, pay2=2_000), T0 + 2 * DAY)
    (again,) = driver.tell(person_says("retry"), T0 + 2 * DAY)
    assert isinstance(again, refunds.RefundPaymentRequestedV1)
    assert [(t.payment_id, t.amount.minor) for t in again.tenders] == [("pay1", 1_000), ("pay2", 2_000)]


def test_money_that_was_paid_twice_and_came_back_is_not_missing() -> None:
    """RF-029, RF-033: the surplus goes first, and nobody is asked whether to pay again."""
    driver = refunded_over_two_payments(10_000)
    driver.tell(s.settled(10_000, attempt=2), T0 + 2 * DAY)
    before = len(driver.announced(common.TaskRequestedV1))
    driver.tell(came_back(10_000), T0 + 3 * DAY)
    assert len(driver.announced(common.TaskRequestedV1)) == before
    driver.tell(came_back(4_000), T0 + 4 * DAY)
    assert driver.announced(common.TaskRequestedV1)[-1].question_code == "payment_reversed"


@pytest.mark.parametrize("is_given_up", [True, False])
def test_a_refund_is_called_full_only_if_nothing_was_given_up_before_it_is_paid(is_given_up: bool) -> None:
    """RF-033, seed 2951: granted as the last of the money, told when it is paid."""
    driver = granted("r1", "r2")
    driver.tell(s.failed(is_retryable=False), T0 + DAY)
    if is_given_up:
        driver.tell(person_says("abandon"), T0 + 2 * DAY)
    driver.tell(s.settled(10_000, "r2.refund.1"), T0 + 3 * DAY)
    paid = driver.announced(refunds.RefundPaidV1)[-1]
    assert paid.is_full is not is_given_up
    assert (paid.order_outcome == "closed") is not is_given_up


@pytest.mark.parametrize("days", [1, 12])
def test_a_question_about_a_payment_is_withdrawn_when_it_settles(days: int) -> None:
    """RF-029: stuck, and still stuck after the reminder; a later answer changes nothing."""
    driver = granted("r1", "r2")
    driver.until(T0 + DAY + DAY)
    driver.until(T0 + days * DAY + DAY + HOUR)
    asked = [one.task_id for one in driver.announced(common.TaskRequestedV1) if one.case_id == "r1.refund.1"]
    driver.tell(s.settled(10_000), T0 + days * DAY + DAY + 2 * HOUR)
    gone = [one.task_id for one in driver.announced(common.TaskWithdrawnV1) if one.case_id == "r1.refund.1"]
    assert gone == asked
    assert driver.tell(came_back(10_000), T0 + 20 * DAY) != []
    assert driver.tell(person_says("retry", 1), T0 + 21 * DAY) == [], "stale: it was about the stuck payment"
    assert driver.tell(person_says("retry", len(asked) + 1), T0 + 21 * DAY) != []
