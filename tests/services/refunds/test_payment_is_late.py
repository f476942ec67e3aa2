"""News from before the payment was known, and refunds that are reversed after the last of the money."""

import pytest

from aftersales_contracts.aftersales import logistics_enums, refunds
from aftersales_contracts.shop import aftersales, orders
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, HOUR, T0
from tests.services.refunds.test_abandoned_flow import granted
from tests.services.refunds.test_goods_at_the_shop import answer, back, open_questions
from tests.services.refunds.test_parts_flow import came_back, person_says
from tests.services.refunds.test_pieces import questions, requested, told
from tests.support.driver import Driver

UNPAID = ((s.placed(), T0), (s.shipped(), T0 + HOUR))
UNWANTED = logistics_enums.RemedyReason.UNWANTED
NO_STOCK = s.reship(logistics_enums.ReshipStatus.UNAVAILABLE)


def test_an_exchange_waits_for_the_payment() -> None:
    """RF-001, RF-121: of an order that nobody paid no money can be chosen; afterwards it is as ever."""
    driver = told(*UNPAID, (s.exchange_applied(), T0 + DAY))
    assert driver.announced(refunds.ExchangeOpenedV1) == []
    driver.tell(s.paid(), T0 + 2 * DAY)
    driver.tell(s.exchange_applied(), T0 + 2 * DAY)
    driver.tell(NO_STOCK, T0 + 2 * DAY)
    chosen = aftersales.OfferAnsweredV1(
        **s.KEYS, offer_id="x1.offer.1", case_id="x1", case_kind="exchange", option_id="refund"
    )
    driver.tell(chosen, T0 + 3 * DAY)
    assert [refund.amount.minor for refund in driver.announced(refunds.RefundOpenedV1)] == [10_000]


@pytest.mark.parametrize("is_over", [True, False])
def test_goods_that_came_back_before_the_payment_of_an_order_that_is_over(*, is_over: bool) -> None:
    """RF-044, RF-045: the answer pays. While the order runs logistics owes the remedy."""
    driver = told(*UNPAID, (back(), T0 + DAY))
    if is_over:
        driver.tell(s.succeeded(orders.SuccessCause.BUYER), T0 + 2 * DAY)
    assert open_questions(driver) == []
    driver.tell(s.paid(), T0 + 3 * DAY)
    assert open_questions(driver) == (["o1.goods.1"] if is_over else [])
    driver.tell(answer("approved"), T0 + 4 * DAY)
    assert [minor for _, minor, _ in requested(driver)] == ([10_000] if is_over else [])


@pytest.mark.parametrize(
    ("reason", "is_back"), [(logistics_enums.RemedyReason.LOST, False), (UNWANTED, True)]
)
def test_a_remedy_that_was_due_before_the_payment_pays_once_it_is_known(
    reason: logistics_enums.RemedyReason, *, is_back: bool
) -> None:
    """RF-007, RF-035, RF-044: before it the buyer is owed nothing, and nobody is asked in vain."""
    remedy = s.remedy(s.share("a"), reason=reason)
    driver = told(*UNPAID, *([(back(), T0 + DAY)] if is_back else []), (remedy, T0 + DAY), (remedy, T0 + DAY))
    driver.until(T0 + 20 * DAY)
    assert (questions(driver), requested(driver)) == ([], [])
    for _ in range(2):
        driver.tell(s.paid(), T0 + 21 * DAY)
        driver.tell(remedy, T0 + 21 * DAY)
    assert requested(driver) == [("rem1.refund.refund.1", 10_000, {"a": 1})]


def test_a_remedy_for_an_order_that_closed_before_the_payment_is_asked_about() -> None:
    """RF-007: money that comes after the end is for a person, and so is the remedy."""
    driver = told(
        *UNPAID,
        (s.remedy(s.share("a")), T0 + DAY),
        (s.closed(orders.CloseCause.UNPAID_TIMEOUT), T0 + 2 * DAY),
    )
    driver.tell(s.paid(), T0 + 3 * DAY)
    assert questions(driver) == ["paid_after_close", "remedy_without_open_order"]
    driver.tell(answer("approved"), T0 + 4 * DAY)
    assert requested(driver) == [("o1.goods.1.refund.refund.1", 10_000, {"a": 1})]


def test_terms_of_an_order_that_is_shipped_before_it_is_paid_change_until_the_payment() -> None:
    """OR-001: price and freight are the new ones, and the goods that are back stay counted."""
    changed = orders.OrderTermsChangedV1(
        **s.KEYS,
        by=s.SELLER,
        lines=s.placed([("a", 1, 8_000)]).lines,
        freight=s.money(500),
        total=s.money(8_500),
    )
    driver = told(
        *UNPAID,
        (back(), T0 + DAY),
        (changed, T0 + DAY),
        (s.paid(8_500), T0 + 2 * DAY),
        (changed, T0 + 3 * DAY),
    )
    line = driver.state("order", "o1").book.line("a")
    assert (line.paid_minor, line.shipped_count, line.back_count) == (8_000, 1, 1)
    driver.tell(s.remedy(s.share("a"), reason=UNWANTED), T0 + 3 * DAY)
    assert requested(driver) == [("rem1.refund.refund.1", 8_500, {"a": 1})]


def reversed_after(*, is_given_up: bool) -> Driver:
    """Two refunds give all money back; both are reversed, and the last is paid again."""
    driver = granted("r1", "r2")
    for number in (1, 2):
        driver.tell(s.settled(10_000, f"r{number}.refund.1"), T0 + DAY + number * HOUR)
    for number in (1, 2):
        back_again = came_back(10_000).model_copy(update={"intent_id": f"r{number}.refund.1"})
        driver.tell(back_again, T0 + 2 * DAY + number * HOUR)
    driver.tell(person_says("abandon" if is_given_up else "retry"), T0 + 3 * DAY)
    driver.tell(person_says("retry", intent_id="r2.refund.1"), T0 + 3 * DAY)
    driver.tell(s.settled(10_000, "r2.refund.1", attempt=2), T0 + 4 * DAY)
    return driver


@pytest.mark.parametrize("is_given_up", [True, False])
def test_a_refund_that_is_paid_again_is_full_only_if_no_other_was_given_up(*, is_given_up: bool) -> None:
    """RF-033: whether the other was paid before does not matter."""
    paid = reversed_after(is_given_up=is_given_up).announced(refunds.RefundPaidV1)[-1]
    assert paid.refund_id == "r2"
    assert paid.is_full is not is_given_up
