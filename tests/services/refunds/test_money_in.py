"""B9: money that comes in otherwise than owed: twice, in parts, later, in another currency."""

import pytest

from aftersales_contracts.aftersales import refunds
from aftersales_contracts.aftersales.refunds_enums import IntentPurpose
from aftersales_contracts.base import Event
from aftersales_contracts.enums import PaymentMethod, PaymentStatus, RefundKind
from aftersales_contracts.shop import orders
from services.refunds.cases.order import state as c
from tests.services.refunds import money as m
from tests.services.refunds import shop as s
from tests.services.refunds.money import PAID, SECOND, played
from tests.services.refunds.shop import DAY, HOUR, MINUTE, T0


@pytest.mark.parametrize("how", ["paid", "received"])
@pytest.mark.parametrize("sum_", ["full", "part"])
@pytest.mark.parametrize("before", ["nothing", "shipped", "succeeded", "refunded", "closed"])
def test_b9_a_second_payment_is_the_buyers_and_is_given_back(how: str, sum_: str, before: str) -> None:
    """OR-003, RF-048: it was not seen at all. It goes back the way it came, whatever became of the order."""
    whole = s.applied(RefundKind.UNSHIPPED, 10_000)
    steps: dict[str, list[Event]] = {
        "nothing": [],
        "shipped": [s.shipped()],
        "succeeded": [s.shipped(), s.succeeded()],
        "refunded": [whole, s.agreed(), s.hold_stopped(), s.settled(10_000)],
        "closed": [whole, s.agreed(), s.hold_stopped(), s.settled(10_000), s.closed()],
    }
    driver = played(PAID, *steps[before])
    before_minor = m.left(driver)
    requests = len(m.asked_for(driver))
    second = SECOND[sum_]
    driver.tell(m.paid(second) if how == "paid" else m.moved(second), T0 + DAY)
    (task,) = m.tasks(driver)
    assert task.question_code == ("paid_after_close" if before == "closed" else "surplus_paid")
    assert m.left(driver) == before_minor, "it is not the order's"
    assert [one.minor for one in m.book(driver).beside.surplus] == [second.amount.minor]
    driver.tell(m.answer(task, "refund"), T0 + 2 * DAY)
    ((intent_id, minor, _),) = m.asked_for(driver)[requests:]
    assert minor == second.amount.minor
    request = driver.announced(refunds.RefundPaymentRequestedV1)[-1]
    assert request.purpose is IntentPurpose.SURPLUS
    assert [tender.payment_id for tender in request.tenders] == ["pay2"]
    driver.tell(s.settled(minor, intent_id), T0 + 3 * DAY)
    driver.tell(m.answer(task, "refund"), T0 + 4 * DAY)
    assert len(m.asked_for(driver)) == requests + 1, "once"
    assert m.book(driver).beside.surplus == ()


def test_b9_the_same_payment_told_again_is_one_payment() -> None:
    """OR-003: by the order system, by the provider, alone or beside a new one."""
    first = m.payment("pay1", 10_000)
    driver = played(PAID, m.paid(first), m.moved(first), m.paid(first, SECOND["part"]))
    driver.tell(m.paid(first, SECOND["part"]), T0 + DAY)
    driver.tell(m.moved(SECOND["part"]), T0 + DAY)
    assert m.codes(driver) == ["surplus_paid"]
    assert [one.minor for one in m.book(driver).beside.surplus] == [2_500]


def test_b9_a_payment_that_grew_is_counted_by_what_is_new() -> None:
    driver = played(PAID, m.paid(m.payment("pay1", 10_300)))
    assert [(one.payment_id, one.minor) for one in m.book(driver).beside.surplus] == [("pay1", 300)]
    driver.tell(m.paid(m.payment("pay1", 9_000)), T0 + DAY)
    assert m.codes(driver) == ["surplus_paid", "payment_told_otherwise"]


@pytest.mark.parametrize("times", [1, 2])
def test_b9_a_second_payment_in_another_currency_goes_back_in_its_own(times: int) -> None:
    driver = played(PAID, *[m.paid(m.payment("pay2", 1_400, "USD"))] * times)
    (task,) = m.tasks(driver)
    assert task.question_code == "payment_in_another_currency"
    driver.tell(m.answer(task, "refund"), T0 + DAY)
    assert [one[1:] for one in m.asked_for(driver)] == [(1_400, "USD")]


def test_b9_the_only_payment_in_another_currency_counts_as_what_a_person_says() -> None:
    driver = played(m.paid(m.payment("pay1", 1_400, "USD")))
    assert isinstance(driver.state("order", s.ORDER_ID), c.AwaitingPayment)
    (task,) = m.tasks(driver)
    driver.tell(m.answer(task, "keep"), T0 + DAY)
    assert m.tasks(driver)[1:] == []
    driver.tell(m.paid(m.payment("pay2", 10_000)), T0 + 2 * DAY)
    assert m.left(driver) == 10_000


def test_b9_money_in_another_currency_that_is_counted_fills_up_what_lacks() -> None:
    driver = played(s.paid(9_000), m.paid(m.payment("pay2", 140, "USD")))
    driver.tell(m.answer(m.tasks(driver)[0], "count", 1_200), T0 + DAY)
    assert m.left(driver) == 10_000
    assert [(one.minor, one.currency) for one in m.book(driver).beside.surplus] == [(200, "CNY")]


def test_b9_paid_in_parts_is_no_surplus() -> None:
    """OR-003: the parts, then the word that all is in; in either order."""
    parts = [m.payment("pay1", 6_000), m.payment("pay2", 4_000)]
    told = [m.moved(part) for part in parts]
    for events in ([*told, m.paid(*parts)], [told[0], m.paid(parts[1])], [m.paid(parts[0]), told[1]]):
        driver = played(*events)
        assert (m.left(driver), m.codes(driver)) == (10_000, [])
        assert [line.paid_minor for line in m.book(driver).lines] == [6_000, 4_000]


def test_b9_a_part_and_then_the_full_sum_leaves_the_part_over() -> None:
    driver = played(m.moved(m.payment("pay1", 3_000)), m.paid(m.payment("pay2", 10_000)))
    assert m.left(driver) == 10_000
    assert [(one.payment_id, one.minor) for one in m.book(driver).beside.surplus] == [("pay1", 3_000)]


@pytest.mark.parametrize("is_late", [False, True])
def test_b9_a_part_of_an_order_that_is_closed_unpaid_is_given_back(is_late: bool) -> None:
    """OR-005: the part comes before the close, or after it."""
    events: list[Event] = [m.moved(m.payment("pay1", 3_000)), s.closed(orders.CloseCause.UNPAID_TIMEOUT)]
    driver = played(*(reversed(events) if is_late else events))
    (task,) = m.tasks(driver)
    assert task.question_code == "paid_after_close"
    driver.tell(m.answer(task, "refund"), T0 + DAY)
    assert [minor for _, minor, _ in m.asked_for(driver)] == [3_000]


def test_b9_an_order_that_is_paid_after_its_end_is_refunded_by_the_answer() -> None:
    """OR-005: the task led nowhere."""
    driver = played(s.closed(orders.CloseCause.UNPAID_TIMEOUT), s.paid(6_000, 4_000))
    (task,) = m.tasks(driver)
    assert task.question_code == "paid_after_close"
    driver.tell(m.answer(task, "refund"), T0 + DAY)
    driver.tell(s.hold_stopped("o1.money.1.surplus"), T0 + DAY)
    assert [minor for _, minor, _ in m.asked_for(driver)] == [10_000]
    assert m.left(driver) == 0


def test_b9_a_promise_of_money_counts_nowhere() -> None:
    one = m.payment("pay1", 10_000)
    driver = played(m.moved(one, PaymentStatus.AUTHORISED), m.moved(one, PaymentStatus.VOIDED))
    assert (m.book(driver).paid_minor, m.codes(driver)) == (0, [])
    driver = played(PAID, m.moved(m.payment("pay9", 500), PaymentStatus.AUTHORISED))
    assert m.left(driver) == 10_000


@pytest.mark.parametrize("status", [PaymentStatus.VOIDED, PaymentStatus.FAILED])
def test_b9_a_payment_that_was_counted_and_never_came_is_gone(status: PaymentStatus) -> None:
    """RF-048: nothing of it can be given back; of a part, of a surplus, of the order's own."""
    driver = played(s.paid(6_000, 4_000), m.moved(m.payment("pay2", 4_000), status))
    assert m.left(driver) == 6_000
    driver.tell(m.moved(m.payment("pay2", 4_000), status), T0 + DAY)
    assert m.left(driver) == 6_000
    driver = played(m.moved(SECOND["part"]), m.moved(SECOND["part"], status), PAID)
    assert (m.left(driver), m.codes(driver)) == (10_000, [])
    driver = played(PAID, m.paid(SECOND["full"]), m.moved(SECOND["full"], status))
    assert (m.left(driver), m.codes(driver), m.book(driver).beside.surplus) == (10_000, [], ())


def test_b9_an_answer_that_says_nothing_is_asked_for_again() -> None:
    driver = played(PAID, m.paid(SECOND["full"]))
    (task,) = m.tasks(driver)
    driver.tell(m.answer(task, "nonsense"), T0 + DAY)
    again = m.tasks(driver)[-1]
    assert (again.question_code, again.task_id) == ("surplus_paid", "o1.money.2")
    driver.tell(m.answer(again, "keep"), T0 + 2 * DAY)
    assert (m.asked_for(driver), m.book(driver).beside.surplus) == ([], ())


def test_b9_a_surplus_that_could_not_be_given_back_is_asked_about_again() -> None:
    """RF-029: the provider cannot, a person gives the payment up, the money is the buyer's still."""
    driver = played(PAID, m.paid(SECOND["full"]))
    driver.tell(m.answer(m.tasks(driver)[0], "refund"), T0 + DAY)
    ((intent_id, _, _),) = m.asked_for(driver)
    driver.tell(s.failed(intent_id, is_retryable=False), T0 + DAY + HOUR)
    stuck = next(task for task in m.tasks(driver) if task.question_code == "payment_stuck")
    driver.tell(m.answer(stuck, "abandon"), T0 + 2 * DAY)
    assert [one.minor for one in m.book(driver).beside.surplus] == [10_000]
    assert m.codes(driver)[-1] == "surplus_paid"


def test_b9_a_surplus_in_cash_needs_a_payee() -> None:
    driver = played(PAID, m.paid(m.payment("pay2", 500, method=PaymentMethod.CASH)))
    driver.tell(m.answer(m.tasks(driver)[0], "refund"), T0 + DAY)
    assert m.codes(driver)[-1] == "payee_of_cash"


def test_b9_a_surplus_that_others_gave_back_while_a_person_was_asked_repays_no_goods() -> None:
    """OR-003: the answer opened a refund of goods that the buyer has."""
    driver = played(PAID, s.shipped(), m.outside(10_000), m.outside(10_000, outside_id="dash-2"))
    third = m.outside(5_000, outside_id="dash-3")
    news = (third, m.paid(m.payment("pay2", 3_000)), m.paid(m.payment("pay3", 10_000)), m.came_back(5_000))
    for number, event in enumerate((*news, m.came_back(5_000, "dash-3"))):
        driver.tell(event, T0 + DAY + number * HOUR)
        driver.until(T0 + DAY + number * HOUR + MINUTE)
    task = [task for task in m.tasks(driver) if task.question_code == "surplus_paid"][-1]
    assert m.book(driver).beside.surplus_of("pay3") is None
    driver.tell(m.answer(task, "approved"), T0 + 2 * DAY)
    assert driver.announced(refunds.RefundOpenedV1) == []
    assert m.asked_for(driver) == []
