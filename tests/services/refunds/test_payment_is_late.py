"""News from before the payment was known, and refunds that are reversed after the last of the money."""

import pytest

from aftersales_contracts.aftersales import logistics_enums, refunds
from aftersales_contracts.shop import aftersales, orders
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, HOUR, T0
from tests.services.refunds.test_abandoned_flow import granted
from tests.services.refunds.test_goods_at_the_shop import answer, back, open_questions
from tests.services.refunds.test_parts_flow import came_back, person_says
from tests.services.refunds.test_pieces import requested, told
from tests.support.driver import Driver

UNPAID = ((s.placed(), T0), (s.shipped(), T0 + HOUR))
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
