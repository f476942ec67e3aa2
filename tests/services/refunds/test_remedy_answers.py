"""Lost pieces that another case is about: a person says they are paid; they are once it is over (RF-035)."""

from datetime import timedelta

import pytest

from aftersales_contracts.aftersales import common, logistics_enums
from aftersales_contracts.base import Event
from aftersales_contracts.enums import RefundKind
from aftersales_contracts.shop import aftersales
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, GRACE, T0
from tests.services.refunds.test_goods_at_the_shop import ONE, THREE, answer, open_questions
from tests.services.refunds.test_pieces import questions, requested, told
from tests.support.driver import Driver

RETURN = (s.applied(), T0 + DAY)
PART = (s.applied(RefundKind.NO_RETURN, 3_000, lines=[s.share("a", 1, 3_000)]), T0 + DAY)


def remedy(count: int = 1) -> Event:
    return s.remedy(s.share("a", count)).model_copy(update={"parcel_id": "parcel1"})


def amounts(driver: Driver) -> list[int]:
    return [minor for _, minor, _ in requested(driver)]


def test_the_answer_pays_once_the_return_that_cannot_be_sent_has_lapsed() -> None:
    """RF-007, RF-035: the buyer agreed to return what the courier lost."""
    driver = told(*ONE, RETURN, (s.agreed(), T0 + DAY), (remedy(), T0 + 2 * DAY))
    assert questions(driver) == ["remedy_on_other_refund"]
    for _ in range(2):
        driver.tell(answer("approved"), T0 + 3 * DAY)
    assert amounts(driver) == []
    driver.until(T0 + 8 * DAY + GRACE)
    assert requested(driver) == [("o1.goods.1.refund.refund.1", 10_000, {"a": 1})]
    driver.tell(answer("approved"), T0 + 9 * DAY)
    assert len(requested(driver)) == 1


def test_the_answer_after_the_end_of_the_other_refund_pays_at_once() -> None:
    """RF-007, RF-035."""
    driver = told(*ONE, RETURN, (remedy(), T0 + 2 * DAY), (s.withdrawn(), T0 + 3 * DAY))
    assert amounts(driver) == []
    driver.tell(answer("approved"), T0 + 4 * DAY)
    assert amounts(driver) == [10_000]


@pytest.mark.parametrize("is_first", [True, False])
def test_a_price_difference_and_the_answer_make_up_the_price(*, is_first: bool) -> None:
    """RF-041, RF-035: 30 % were agreed for goods that turn out to be lost; whichever comes first."""
    steps = [(s.agreed(), 0), (s.settled(3_000), 1)]
    late = [(answer("approved"), 2)]
    driver = told(*ONE, PART, (remedy(), T0 + 2 * DAY))
    for event, hour in [*late, *steps] if is_first else [*steps, *late]:
        driver.tell(event, T0 + 3 * DAY + timedelta(hours=hour))
    assert amounts(driver) == [3_000, 7_000]
    driver.tell(s.settled(7_000, "o1.goods.1.refund.refund.1"), T0 + 4 * DAY)
    assert driver.state("order", "o1").book.is_goods_refunded


@pytest.mark.parametrize("outcome", ["refused", "declined"])
def test_a_no_is_the_end_of_it(outcome: str) -> None:
    """RF-007."""
    driver = told(*ONE, RETURN, (remedy(), T0 + 2 * DAY), (answer(outcome), T0 + 3 * DAY))
    driver.tell(s.withdrawn(), T0 + 4 * DAY)
    driver.tell(answer("approved"), T0 + 5 * DAY)
    assert (amounts(driver), len(questions(driver))) == ([], 1)


def test_another_word_is_asked_about_again() -> None:
    """RF-007."""
    driver = told(*ONE, RETURN, (remedy(), T0 + 2 * DAY), (answer("unclear"), T0 + 3 * DAY))
    assert questions(driver) == ["remedy_on_other_refund"] * 2


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_parcel_that_the_buyer_has_after_all_is_not_paid(*, is_answered: bool) -> None:
    """RF-035, RF-044: it turns up before the other refund is over."""
    driver = told(*ONE, RETURN, (remedy(), T0 + 2 * DAY))
    if is_answered:
        driver.tell(answer("approved"), T0 + 3 * DAY)
    driver.tell(s.parcel(logistics_enums.ParcelOutcome.DELIVERED, "a"), T0 + 4 * DAY)
    driver.tell(s.withdrawn(), T0 + 5 * DAY)
    driver.tell(answer("approved"), T0 + 6 * DAY)
    assert amounts(driver) == []
    withdrawn = [gone.task_id for gone in driver.announced(common.TaskWithdrawnV1)]
    assert withdrawn == ([] if is_answered else ["o1.goods.1"])


def test_the_return_of_the_goods_after_all_pays_once() -> None:
    """RF-029, RF-035: the loss was none; the seller has the goods and pays for them."""
    driver = told(*ONE, RETURN, (s.agreed(), T0 + DAY), (remedy(), T0 + 2 * DAY))
    driver.tell(answer("approved"), T0 + 3 * DAY)
    driver.tell(s.sent(), T0 + 4 * DAY)
    driver.tell(s.accepted(), T0 + 5 * DAY)
    driver.tell(s.settled(10_000), T0 + 6 * DAY)
    assert amounts(driver) == [10_000]


def test_two_of_three_lost_pieces_are_free_and_the_third_waits_for_its_refund() -> None:
    """RF-007: the free ones are paid at once."""
    one = s.applied(lines=[s.share("a", 1, 10_000)])
    partly = s.applied(RefundKind.NO_RETURN, 1_000, refund_id="r1", lines=[s.share("a", 1, 1_000)])
    for applied in (one, partly):
        driver = told(
            *THREE, (applied, T0 + DAY), (remedy(3), T0 + 2 * DAY), (answer("approved"), T0 + 3 * DAY)
        )
        driver.tell(s.withdrawn(), T0 + 4 * DAY)
        assert sum(amounts(driver)) == 30_000, applied.kind


def exchanging(*more: tuple[Event, object]) -> Driver:
    reserved = s.reship(logistics_enums.ReshipStatus.RESERVED)
    driver = told(*ONE, (s.exchange_applied(), T0 + 2 * DAY), (reserved, T0 + 2 * DAY))
    for event, at in ((remedy(), T0 + 2 * DAY), (answer("approved"), T0 + 3 * DAY), *more):
        driver.tell(event, at)  # type: ignore[arg-type]
    return driver


def test_goods_of_an_exchange_that_ends_are_paid() -> None:
    """RF-118, RF-035."""
    driver = exchanging((s.exchange_answered(aftersales.ExchangeAnswer.REFUSED), T0 + 4 * DAY))
    assert questions(driver) == ["remedy_on_exchange"]
    assert requested(driver) == [("o1.goods.1.refund.refund.1", 10_000, {"a": 1})]


def test_goods_for_which_an_exchange_sent_others_are_not_paid() -> None:
    """RF-120: the buyer has the replacement."""
    driver = exchanging(
        (s.exchange_answered(), T0 + 4 * DAY),
        (s.sent(exchange_id="x1"), T0 + 4 * DAY),
        (s.accepted(exchange_id="x1"), T0 + 5 * DAY),
        (s.reship(logistics_enums.ReshipStatus.SENT), T0 + 6 * DAY),
        (s.reship(logistics_enums.ReshipStatus.DELIVERED), T0 + 7 * DAY),
    )
    driver.until(T0 + 30 * DAY)
    assert (amounts(driver), open_questions(driver)) == ([], ["o1.goods.1"])
    assert driver.state("order", "o1").book.questions == ()
