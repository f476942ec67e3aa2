"""B9 to B12: money that moves otherwise than asked; the account knows it, and nothing is paid twice."""

from datetime import timedelta

import pytest

from aftersales_contracts.aftersales import common, refunds
from aftersales_contracts.aftersales.refunds_enums import IntentPurpose
from aftersales_contracts.base import Event
from aftersales_contracts.enums import ChargebackStage, MoneyMoved, PaymentMethod, PaymentStatus, RefundKind
from aftersales_contracts.shop import orders
from services.refunds.cases.order import state as c
from services.refunds.service import REFUNDS
from tests.services.refunds import money as m
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, HOUR, MINUTE, T0
from tests.support.driver import Driver

OPENED, WON, LOST = ChargebackStage.OPENED, ChargebackStage.WON, ChargebackStage.LOST
TWO = (("a", 1, 6_000), ("b", 1, 4_000))


def played(*events: Event, lines: tuple[tuple[str, int, int], ...] = TWO, freight: int = 0) -> Driver:
    """An order of 100.00, then the events, an hour each."""
    driver = Driver(REFUNDS)
    driver.tell(s.placed(lines, freight, is_free=not freight), T0)
    for number, event in enumerate(events, 1):
        driver.tell(event, T0 + number * HOUR)
    return driver


PAID = s.paid(10_000)
REFUND = s.applied(RefundKind.NO_RETURN, 4_000, lines=[s.share("b", 1, 4_000)])
SECOND = {"full": m.payment("pay2", 10_000), "part": m.payment("pay2", 2_500)}


# B9: paid more than once.


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


# B10: money moved by others.


@pytest.mark.parametrize("is_told_twice", [False, True])
def test_b10_money_refunded_at_the_dashboard_is_not_asked_for_again(is_told_twice: bool) -> None:
    """OR-003: the full sum was asked for again."""
    out = m.outside(10_000, tenders=m.through("pay1", 10_000))
    driver = played(PAID, s.shipped(), out, *[out] * is_told_twice)
    assert m.left(driver) == 0
    driver.tell(s.applied(amount=10_000, kind=RefundKind.NO_RETURN), T0 + DAY)
    (rejected,) = driver.announced(refunds.ApplicationRejectedV1)
    assert rejected.reason_code == "over_refundable"


@pytest.mark.parametrize("attempt", ["r9.refund.1.try.1", "dashboard-7"])
def test_b10_a_settlement_of_an_intent_that_nobody_granted_is_not_lost(attempt: str) -> None:
    """OR-003: it waited for ever. Told again it is one; taken back, the money is there again."""
    stray = s.settled(3_000, "r9.refund.1").model_copy(update={"attempt_id": attempt})
    driver = played(PAID, stray, stray.model_copy(update={"has_moved_now": False}))
    assert (m.left(driver), driver.waiting) == (7_000, [])
    driver.tell(m.came_back(3_000, "r9.refund.1"), T0 + DAY)
    assert m.left(driver) == 10_000
    driver.tell(stray.model_copy(update={"attempt_id": "another"}), T0 + 2 * DAY)
    assert m.left(driver) == 7_000


@pytest.mark.parametrize("before", ["placed", "paid"])
def test_b10_money_moved_before_the_order_is_known_waits_for_it(before: str) -> None:
    driver = Driver(REFUNDS)
    if before == "paid":
        driver.tell(s.placed(TWO), T0)
    driver.tell(m.outside(3_000), T0 + HOUR)
    driver.tell(s.settled(1_000, "r9.refund.1"), T0 + HOUR)
    driver.tell(m.disputed(OPENED, 2_000), T0 + HOUR)
    assert driver.waiting
    if before == "placed":
        driver.tell(s.placed(TWO), T0 + 2 * HOUR)
    driver.tell(PAID, T0 + 3 * HOUR)
    assert (m.left(driver), driver.waiting) == (4_000, [])


@pytest.mark.parametrize("ended", ["succeeded", "closed"])
def test_b10_money_moved_after_the_end_is_known(ended: str) -> None:
    driver = played(PAID, s.shipped(), s.succeeded() if ended == "succeeded" else s.closed())
    driver.tell(m.outside(3_000), T0 + DAY)
    driver.tell(m.disputed(LOST, 2_000), T0 + DAY)
    assert m.left(driver) == 5_000


def test_b10_pieces_that_were_told_are_lowered_and_no_others() -> None:
    """RF-048: line b is paid; line a can give back its own. Unshipped pieces stay here."""
    out = m.outside(4_500, lines=[s.share("b", 1, 4_000)], freight=s.money(500))
    driver = Driver(REFUNDS)
    driver.tell(s.placed(TWO, 500, is_free=False), T0)
    driver.tell(s.paid(10_500), T0 + HOUR)
    driver.tell(out, T0 + 2 * HOUR)
    assert [line.left_minor for line in m.book(driver).lines] == [6_000, 0]
    assert [line.unsent_count for line in m.book(driver).lines] == [1, 0]
    driver.tell(s.shipped(), T0 + 3 * HOUR)
    assert driver.state("order", s.ORDER_ID).confirm.due_at is not None, "nothing is left to ship"


@pytest.mark.parametrize("minor", [1, 999, 3_333, 9_999])
def test_b10_goodwill_of_any_sum_lowers_what_can_be_asked_for(minor: int) -> None:
    driver = played(PAID, s.shipped(), m.outside(minor, purpose="goodwill"))
    assert m.left(driver) == 10_000 - minor
    driver.tell(s.applied(RefundKind.NO_RETURN, 10_000 - minor), T0 + DAY)
    assert driver.announced(refunds.RefundOpenedV1)


def test_b10_an_open_refund_is_paid_as_far_as_others_have_not() -> None:
    """RF-029: of 40.00 that were applied for 15.00 went out at the dashboard; then all of it."""
    for minor, then in ((1_500, [2_500]), (4_000, [])):
        out = m.outside(minor, lines=[s.share("b", 1, minor)])
        driver = played(PAID, s.shipped(), REFUND, out, s.agreed())
        assert [one[1] for one in m.asked_for(driver)] == then
        if then:
            driver.tell(s.settled(2_500), T0 + DAY)
        paid = driver.announced(refunds.RefundPaidV1)
        assert [one.amount.minor for one in paid] == (then or [0]), "the refund is over"
        assert m.book(driver).open == ()
        assert (m.left(driver), m.codes(driver)) == (6_000, [])


def test_b10_a_payment_that_failed_is_cut_by_what_others_paid() -> None:
    """RF-029: the money was granted before; surely nothing of it has moved."""
    out = m.outside(8_000, lines=[s.share("b", 1, 4_000), s.share("a", 1, 4_000)])
    driver = played(PAID, s.shipped(), REFUND, s.agreed())
    driver.tell(s.failed(), T0 + DAY)
    driver.tell(out, T0 + DAY + MINUTE)
    driver.until(T0 + DAY + HOUR)
    assert [one[1] for one in m.asked_for(driver)] == [4_000, 2_000]
    driver.tell(s.settled(2_000, attempt=2), T0 + 2 * DAY)
    assert (m.left(driver), m.codes(driver)) == (0, [])
    assert m.book(driver).open == ()


@pytest.mark.parametrize("is_failed", [True, False])
def test_b10_a_payment_under_way_is_never_made_anew_and_a_person_hears_of_both(is_failed: bool) -> None:
    """RF-029: all was paid outside while ours is with the provider."""
    driver = played(PAID, s.shipped(), REFUND, s.agreed(), m.outside(10_000))
    assert m.codes(driver) == ["paid_beyond_account"]
    driver.tell(s.failed() if is_failed else s.settled(4_000), T0 + DAY)
    driver.until(T0 + 3 * DAY)
    assert len(m.asked_for(driver)) == 1
    assert m.book(driver).open == ()
    assert m.left(driver) == 0
    (outside,) = m.book(driver).beside.outside
    assert outside.booked.over_minor == (0 if is_failed else 4_000)
    assert m.codes(driver) == ([] if is_failed else ["paid_beyond_account"])


def test_b10_what_was_paid_outside_and_came_back_can_be_asked_for() -> None:
    driver = played(PAID, s.shipped(), m.outside(10_000), m.came_back(4_000))
    assert m.left(driver) == 4_000
    driver.tell(m.came_back(6_000), T0 + DAY)
    assert m.left(driver) == 10_000


def test_b10_a_surplus_that_goes_back_at_the_dashboard_is_not_paid_again() -> None:
    """OR-003: the question is taken back, or is about the rest."""
    driver = played(PAID, m.paid(SECOND["full"]), m.outside(10_000, tenders=m.through("pay2", 10_000)))
    assert (m.left(driver), m.codes(driver), m.book(driver).beside.surplus) == (10_000, [], ())
    driver = played(PAID, m.paid(SECOND["full"]), m.outside(4_000, tenders=m.through("pay2", 4_000)))
    (task,) = m.tasks(driver)
    driver.tell(m.answer(task, "refund"), T0 + DAY)
    assert [one[1] for one in m.asked_for(driver)] == [6_000]


def test_b10_money_outside_in_another_currency_holds_everything_until_it_has_a_value() -> None:
    driver = played(PAID, s.shipped(), m.outside(500, currency="USD"), REFUND, s.agreed())
    assert m.asked_for(driver) == []
    (task,) = m.tasks(driver)
    driver.tell(m.answer(task, "count", 8_000), T0 + DAY)
    assert [one[1] for one in m.asked_for(driver)] == [800], "of line b 32.00 are given back"
    assert m.left(driver) == 1_200


def test_b10_a_dispute_holds_the_money_and_its_end_frees_or_spends_it() -> None:
    """RF-048: opened, won, lost, and each again; a stage that is older than the last says nothing."""
    driver = played(PAID, s.shipped(), m.disputed(OPENED, 10_000), m.disputed(OPENED, 10_000))
    assert (m.left(driver), m.codes(driver)) == (0, ["payment_disputed"])
    driver.tell(m.disputed(WON, 10_000), T0 + DAY)
    assert (m.left(driver), m.codes(driver)) == (10_000, [])
    driver.tell(m.disputed(OPENED, 10_000), T0 + 12 * HOUR)
    assert m.left(driver) == 10_000
    driver.tell(m.disputed(LOST, 10_000), T0 + 2 * DAY)
    driver.tell(m.disputed(LOST, 10_000), T0 + 2 * DAY)
    assert m.left(driver) == 0
    driver.tell(m.disputed(WON, 10_000), T0 + 3 * DAY)
    assert m.left(driver) == 10_000, "the bank found otherwise"


@pytest.mark.parametrize(("end", "asked"), [(WON, [4_000]), (LOST, [2_800])])
def test_b10_a_refund_that_is_agreed_while_its_money_is_disputed_waits(
    end: ChargebackStage, asked: list[int]
) -> None:
    """RF-029: won, all of it is paid; lost, what the buyer has not got by that."""
    driver = played(PAID, s.shipped(), REFUND, m.disputed(OPENED, 3_000), s.agreed())
    assert m.asked_for(driver) == []
    driver.tell(m.disputed(end, 3_000), T0 + DAY)
    assert [one[1] for one in m.asked_for(driver)] == asked


def test_b10_two_disputes_of_one_payment_are_two() -> None:
    driver = played(
        PAID, m.disputed(OPENED, 1_000, dispute_id="d1"), m.disputed(OPENED, 2_000, dispute_id="d2")
    )
    assert m.left(driver) == 7_000
    driver.tell(m.disputed(WON, 1_000, dispute_id="d1"), T0 + DAY)
    assert m.left(driver) == 8_000


# B11: settled with another sum than asked.

NEXT = s.applied(RefundKind.NO_RETURN, 3_000, refund_id="r2", lines=[s.share("a", 1, 3_000)])


@pytest.mark.parametrize(("settled", "left"), [(4_001, 5_999), (10_000, 0), (40_000, 0)])
@pytest.mark.parametrize("word", ["confirmed", "not_moved"])
def test_b11_more_than_asked_holds_the_next_payment_until_a_person_answers(
    settled: int, left: int, word: str
) -> None:
    """RF-033: the next refund was paid at once, out of money that the account did not have."""
    driver = played(PAID, s.shipped(), REFUND, s.agreed(), s.settled(settled), NEXT)
    assert m.left(driver) == left, "what was really paid"
    driver.tell(s.agreed(refund_id="r2"), T0 + DAY)
    assert len(m.asked_for(driver)) == 1
    (task,) = m.tasks(driver)
    assert task.question_code == "other_amount_settled"
    driver.tell(m.answer(task, word), T0 + 2 * DAY)
    assert m.codes(driver)[1:] == []
    is_admitted = len(driver.announced(refunds.RefundOpenedV1)) == 2
    later = [one[1] for one in m.asked_for(driver)[1:]]
    if word == "not_moved":
        assert later == ([3_000] if is_admitted else [])
        assert m.left(driver) == (3_000 if is_admitted else 6_000)
    else:
        assert sum(later) + settled <= max(10_000, settled), "never more than was paid"


@pytest.mark.parametrize("settled", [m.settled_in("CNY", 3_000), s.settled(0), m.settled_in("USD", 4_000)])
@pytest.mark.parametrize("word", ["retry", "abandon", "confirmed"])
def test_b11_less_nothing_or_another_currency_holds_the_next_payment(settled: Event, word: str) -> None:
    """RF-029, RF-033: until the person has said what becomes of the rest."""
    driver = played(PAID, s.shipped(), REFUND, s.agreed(), settled, NEXT, s.agreed(refund_id="r2"))
    assert [one[0] for one in m.asked_for(driver)] == ["r1.refund.1"]
    (task,) = m.tasks(driver)
    assert task.question_code == "other_amount_settled"
    driver.tell(m.answer(task, word), T0 + DAY)
    asked = [one[0] for one in m.asked_for(driver)[1:]]
    assert sorted(asked) == (["r1.refund.1", "r2.refund.1"] if word == "retry" else ["r2.refund.1"])


def test_b11_a_word_that_says_nothing_holds_on() -> None:
    driver = played(PAID, s.shipped(), REFUND, s.agreed(), s.settled(5_000), NEXT, s.agreed(refund_id="r2"))
    driver.tell(m.answer(m.tasks(driver)[0], "nonsense"), T0 + DAY)
    assert len(m.asked_for(driver)) == 1
    driver.tell(m.answer(m.tasks(driver)[-1], "confirmed"), T0 + 2 * DAY)
    assert [one[1] for one in m.asked_for(driver)] == [4_000, 3_000]


def test_b11_what_was_paid_too_much_and_came_back_is_no_question_any_more() -> None:
    driver = played(PAID, s.shipped(), REFUND, s.agreed(), s.settled(5_000), NEXT, s.agreed(refund_id="r2"))
    driver.tell(m.came_back(1_000, "r1.refund.1"), T0 + DAY)
    assert m.codes(driver) == []
    assert [one[1] for one in m.asked_for(driver)] == [4_000, 3_000]
    assert m.left(driver) == 3_000


@pytest.mark.parametrize("attempt", [1, 2])
def test_b11_a_payment_that_settles_twice_is_in_the_account_twice(attempt: int) -> None:
    driver = played(PAID, s.shipped(), REFUND, s.agreed())
    driver.tell(s.settled(4_000), T0 + DAY)
    driver.tell(s.settled(4_000, attempt=attempt), T0 + DAY)
    assert m.left(driver) == (6_000 if attempt == 1 else 2_000)
    assert m.codes(driver) == ([] if attempt == 1 else ["paid_twice"])


def test_b11_a_surplus_waits_as_well() -> None:
    driver = played(PAID, m.paid(SECOND["full"]), s.shipped(), REFUND, s.agreed(), s.settled(5_000))
    surplus, doubt = m.tasks(driver)
    driver.tell(m.answer(surplus, "refund"), T0 + DAY)
    assert len(m.asked_for(driver)) == 1
    driver.tell(m.answer(doubt, "confirmed"), T0 + 2 * DAY)
    assert [one[1] for one in m.asked_for(driver)] == [4_000, 10_000]


# B12: nothing to pay.

GIFT = (("a", 2, 0),)


def gift(*events: Event) -> Driver:
    return played(*events, lines=GIFT)


@pytest.mark.parametrize("is_told_paid", [False, True])
def test_b12_an_order_that_costs_nothing_is_shipped_and_confirmed(is_told_paid: bool) -> None:
    """OR-003, OR-025: whether or not a payment of zero is told."""
    driver = gift(*[s.paid(0)] * is_told_paid, s.shipped())
    driver.until(T0 + 12 * DAY)
    (asked,) = driver.announced(refunds.OrderAutoConfirmRequestedV1)[:1]
    assert asked.release_amount.minor == 0
    assert m.codes(driver) == []


@pytest.mark.parametrize("kind", [kind for kind in RefundKind if kind is not RefundKind.NO_REASON])
def test_b12_a_gift_is_applied_for_as_anything_else(kind: RefundKind) -> None:
    """RF-011: `nothing_asked` was the answer."""
    driver = gift(*([] if kind is RefundKind.UNSHIPPED else [s.shipped()]))
    driver.tell(s.applied(kind, 0, lines=[s.share("a", 2)]), T0 + DAY)
    assert driver.announced(refunds.RefundOpenedV1), driver.announced(refunds.ApplicationRejectedV1)
    driver.tell(s.agreed(), T0 + 2 * DAY)
    if kind is RefundKind.UNSHIPPED:
        driver.tell(s.hold_stopped(), T0 + 2 * DAY)
    if kind is RefundKind.WITH_RETURN:
        driver.tell(s.sent(lines=[s.share("a", 2)]), T0 + 3 * DAY)
        driver.tell(s.accepted(), T0 + 4 * DAY)
    paid = driver.announced(refunds.RefundPaidV1)
    assert [(one.amount.minor, one.is_full) for one in paid] == [(0, True)]
    assert m.asked_for(driver) == [], "nobody is asked to pay nothing"
    assert m.book(driver).open == ()


def test_b12_one_of_two_gifts_is_no_full_refund() -> None:
    driver = gift(s.shipped(), s.applied(RefundKind.NO_RETURN, 0, lines=[s.share("a", 1)]), s.agreed())
    (paid,) = driver.announced(refunds.RefundPaidV1)
    assert (paid.is_full, paid.order_outcome.value) == (False, "continues")
    driver.until(T0 + 30 * DAY)
    assert driver.announced(refunds.OrderAutoConfirmRequestedV1), "the clock runs on for the other"


def test_b12_a_gift_in_a_paid_order_goes_back_alone_and_with_the_rest() -> None:
    lines = (("a", 1, 6_000), ("b", 1, 4_000), ("g", 1, 0))
    driver = played(PAID, s.shipped(), lines=lines)
    driver.tell(s.applied(RefundKind.NO_RETURN, 0, lines=[s.share("g")], refund_id="r1"), T0 + DAY)
    driver.tell(s.agreed(), T0 + DAY)
    driver.tell(s.applied(RefundKind.NO_RETURN, 10_000, refund_id="r2"), T0 + 2 * DAY)
    driver.tell(s.agreed(refund_id="r2"), T0 + 2 * DAY)
    driver.tell(s.settled(10_000, "r2.refund.1"), T0 + 3 * DAY)
    paid = driver.announced(refunds.RefundPaidV1)
    assert [(one.amount.minor, one.is_full) for one in paid] == [(0, False), (10_000, True)]


def test_b12_a_gift_is_exchanged() -> None:
    driver = gift(s.shipped(), s.exchange_applied("quality"))
    assert not driver.announced(refunds.ApplicationRejectedV1)


def test_b12_a_line_that_cost_money_is_not_asked_back_for_nothing() -> None:
    driver = played(PAID, s.shipped(), s.applied(RefundKind.NO_RETURN, 0, lines=[s.share("a")]))
    assert [one.reason_code for one in driver.announced(refunds.ApplicationRejectedV1)] == ["nothing_asked"]


def test_b12_a_lost_gift_is_told_as_repaid() -> None:
    """RF-035: logistics waits for it."""
    driver = gift(s.shipped(), s.remedy(s.share("a", 2)))
    assert [one.amount.minor for one in driver.announced(refunds.RefundPaidV1)] == [0]


# What the contracts could not say.


def test_charges_are_part_of_what_can_be_given_back() -> None:
    """OR-003, RF-048: tax with its line, tax and duty over all lines, tips and fees as freight is."""
    placed = s.placed(TWO, 500, is_free=False).model_copy(
        update={
            "charges": [
                m.charge("tax", 480, "a"), m.charge("duty", 1_000), m.charge("tip", 200), m.charge("fee", 20)
            ],
            "rounded_off": s.money(0),
            "total": s.money(12_200),
        }
    )  # fmt: skip
    driver = Driver(REFUNDS)
    driver.tell(placed, T0)
    driver.tell(s.paid(12_200), T0 + HOUR)
    assert [line.paid_minor for line in m.book(driver).lines] == [7_080, 4_400]
    assert m.book(driver).freight_minor == 720
    driver.tell(s.shipped(), T0 + HOUR)
    driver.tell(s.applied(RefundKind.NO_RETURN, 7_080, lines=[s.share("a", 1, 7_080)]), T0 + DAY)
    assert driver.announced(refunds.RefundOpenedV1)


@pytest.mark.parametrize(("minor", "is_open"), [(3_332, True), (3_333, True), (3_334, True), (3_336, False)])
def test_a_line_whose_cents_the_shop_split_otherwise_is_not_refused(minor: int, is_open: bool) -> None:
    """RF-048: 100.00 over three lines of 33.34 each (a voucher took two cents): one cent more or less."""
    lines = (("a", 1, 3_334), ("b", 1, 3_334), ("c", 1, 3_334))
    driver = played(s.paid(10_000), s.shipped(), lines=lines)
    driver.tell(s.applied(RefundKind.NO_RETURN, minor, lines=[s.share("c", 1, minor)]), T0 + DAY)
    assert bool(driver.announced(refunds.RefundOpenedV1)) is is_open
    if not is_open:
        return
    driver.tell(s.agreed(), T0 + DAY)
    driver.tell(s.settled(minor), T0 + DAY)
    rest = s.applied(RefundKind.NO_RETURN, 10_000 - minor, refund_id="r2", lines=[s.share("a"), s.share("b")])
    if minor >= 3_333:
        driver.tell(rest, T0 + 2 * DAY)
        driver.tell(s.agreed(refund_id="r2"), T0 + 2 * DAY)
        assert m.left(driver) == 0


def test_lines_removed_from_a_paid_order_leave_their_money_to_the_buyer() -> None:
    """OR-003: and what is added is paid by it, or by a payment that follows."""
    driver = played(PAID, m.edited(m.line("a", 1, 6_000)))
    (task,) = m.tasks(driver)
    assert (task.question_code, m.left(driver)) == ("removed_lines_paid", 6_000)
    driver.tell(m.answer(task, "refund"), T0 + DAY)
    assert [one[1] for one in m.asked_for(driver)] == [4_000]
    driver = played(PAID, m.edited(m.line("a", 1, 6_000), m.line("c", 1, 3_500)))
    assert [line.paid_minor for line in m.book(driver).lines] == [6_000, 3_500]
    assert [one.minor for one in m.book(driver).beside.surplus] == [500]


@pytest.mark.parametrize("is_paid_first", [False, True])
def test_lines_added_to_a_paid_order_are_paid_by_the_next_payment(is_paid_first: bool) -> None:
    more = m.edited(m.line("a", 1, 6_000), m.line("b", 1, 4_000), m.line("c", 1, 2_000))
    again = m.paid(m.payment("pay2", 2_000))
    driver = played(PAID, *([again, more] if is_paid_first else [more, again]))
    assert [line.paid_minor for line in m.book(driver).lines] == [6_000, 4_000, 2_000]
    assert (m.codes(driver), m.left(driver)) == ([], 12_000)


def test_an_order_is_not_confirmed_while_an_added_line_is_not_shipped() -> None:
    """OR-029"""
    more = m.edited(m.line("a", 1, 6_000), m.line("b", 1, 4_000), m.line("c", 1, 0))
    driver = played(PAID, s.shipped(), more)
    driver.until(T0 + 30 * DAY)
    assert not driver.announced(refunds.OrderAutoConfirmRequestedV1)
    driver.tell(s.shipped(), T0 + 31 * DAY)
    driver.until(T0 + 31 * DAY + timedelta(days=10, hours=1))
    assert driver.announced(refunds.OrderAutoConfirmRequestedV1)


def test_what_was_given_back_of_a_removed_line_stays_given_back() -> None:
    driver = played(PAID, s.shipped(), REFUND, s.agreed(), s.settled(4_000), m.edited(m.line("a", 1, 6_000)))
    assert (m.left(driver), m.codes(driver)) == (6_000, [])


@pytest.mark.parametrize("cause", ["fraud", "declined", "no_stock", "staff_error"])
def test_an_order_may_be_closed_for_the_shops_reasons(cause: str) -> None:
    driver = played(PAID, s.closed(orders.CloseCause(cause)))
    changed = driver.announced(common.CaseChangedV1)[-1]
    assert (changed.status, changed.ending) == ("closed", cause)


def test_a_payment_under_way_whose_sum_is_not_known_is_not_cut() -> None:
    """RF-029: nobody knows whether money moved, so only a person may say."""
    driver = played(
        PAID, s.shipped(), REFUND, s.agreed(), s.failed(moved=MoneyMoved.UNKNOWN), m.outside(9_000)
    )
    assert m.codes(driver) == ["paid_beyond_account"]
    driver.tell(s.settled(4_000), T0 + DAY)
    assert m.book(driver).beside.outside[0].booked.over_minor == 3_000
