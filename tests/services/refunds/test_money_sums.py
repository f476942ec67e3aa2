"""B11, B12: a payment that settles with another sum than asked, and orders that cost nothing."""

import pytest

from aftersales_contracts.aftersales import common, refunds
from aftersales_contracts.base import Event
from aftersales_contracts.enums import RefundKind
from tests.services.refunds import money as m
from tests.services.refunds import shop as s
from tests.services.refunds.money import PAID, REFUND, SECOND, played
from tests.services.refunds.shop import DAY, T0
from tests.support.driver import Driver

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


@pytest.mark.parametrize(
    ("news", "code"),
    [
        ([s.settled(3_000)], "other_amount_settled"),
        ([s.settled(4_000), m.came_back(4_000, "r1.refund.1")], "payment_reversed"),
        ([], "payment_still_stuck"),
    ],
)
def test_b11_a_question_that_is_asked_again_is_the_same_question(news: list[Event], code: str) -> None:
    """RF-029: a payment that had settled with another sum was called stuck ten days later."""
    driver = played(PAID, s.shipped(), REFUND, s.agreed(), *news)
    driver.until(T0 + 12 * DAY)
    assert m.codes(driver) == [code]


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


def test_b11_what_comes_back_is_lacking_where_a_person_said_that_no_more_had_moved() -> None:
    """RF-029: it counted as money beyond the grant, and nobody asked how the buyer gets it."""
    driver = played(PAID, s.shipped(), REFUND, s.agreed(), s.settled(5_000))
    driver.tell(m.answer(m.tasks(driver)[0], "not_moved"), T0 + DAY)
    driver.tell(m.came_back(400, "r1.refund.1"), T0 + 2 * DAY)
    asked = [task.question_code for task in driver.announced(common.TaskRequestedV1)]
    assert asked[-2:] == ["other_amount_settled", "payment_reversed"]


def test_b11_what_was_paid_too_much_is_a_question_until_all_of_it_came_back() -> None:
    """RF-029: the part that came back took the question back, and the next payment went out."""
    driver = played(PAID, s.shipped(), REFUND, s.agreed(), s.settled(5_000), NEXT, s.agreed(refund_id="r2"))
    driver.tell(m.came_back(400, "r1.refund.1"), T0 + DAY)
    assert m.codes(driver) == ["other_amount_settled"]
    assert [one[1] for one in m.asked_for(driver)] == [4_000]
    driver.tell(m.came_back(600, "r1.refund.1"), T0 + 2 * DAY)
    assert m.codes(driver) == []
    assert [one[1] for one in m.asked_for(driver)] == [4_000, 3_000]


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


# Nothing to pay.

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
