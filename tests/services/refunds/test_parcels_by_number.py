"""The warehouse names no return, but the number on the box tells whose goods are in it (RF-022, RF-044)."""

import pytest

from aftersales_contracts.aftersales.logistics_enums import ParcelOutcome
from aftersales_contracts.components import Tracking
from aftersales_contracts.enums import ParcelDirection
from aftersales_contracts.shop import aftersales
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, GRACE, T0
from tests.services.refunds.test_goods_at_the_shop import open_questions
from tests.services.refunds.test_goods_left_over import back_count, of_three
from tests.services.refunds.test_pieces import questions, requested
from tests.support.driver import Driver


def under(number: str, refund_id: str, return_id: str, count: int = 1) -> aftersales.ReturnSentV1:
    sent = s.sent(refund_id=refund_id, return_id=return_id, lines=[s.share("a", count)])
    return sent.model_copy(update={"tracking": Tracking(carrier_code="sf", tracking_code=number)})


def late_and(count: int, number: str) -> Driver:
    """One piece is sent when its refund has lapsed, under SF1; another for the next refund, of so many."""
    driver = of_three(1)
    driver.until(T0 + 10 * DAY)
    driver.tell(under("SF1", "r1", "ret1"), T0 + 12 * DAY)
    applied = s.applied(refund_id="r2", amount=count * 10_000, lines=[s.share("a", count, count * 10_000)])
    driver.tell(applied, T0 + 12 * DAY)
    driver.tell(s.agreed(refund_id="r2"), T0 + 12 * DAY)
    driver.tell(under(number, "r2", "ret2"), T0 + 12 * DAY)
    return driver


def test_the_piece_of_a_lapsed_return_is_not_counted_as_the_one_that_stands_at_the_gate() -> None:
    """RF-044: the shop had two pieces of a line and knew of one; for the other nobody was asked."""
    driver = late_and(1, "SF2")
    gate = s.parcel(ParcelOutcome.RETURNED, "a", parcel_id="ret2", direction=ParcelDirection.RETURN)
    driver.tell(gate, T0 + 13 * DAY)
    driver.tell(s.inspected("a", 1, 1, parcel_id="SF1"), T0 + 13 * DAY)
    assert (open_questions(driver), back_count(driver)) == (["o1.goods.1"], 1)
    driver.tell(s.inspected("a", 1, 0, parcel_id="SF2"), T0 + 14 * DAY)
    driver.until(T0 + 30 * DAY)
    assert requested(driver) == [], "its own piece was not accepted"


@pytest.mark.parametrize("parcel_id", ["SF1", "back1"], ids=["by its number", "unknown"])
def test_a_box_with_goods_of_a_lapsed_and_of_an_open_return_counts_all_its_pieces(parcel_id: str) -> None:
    """RF-044: of two found, one was counted for the open refund and the other one for nobody."""
    driver = late_and(2, "SF1")
    driver.tell(s.inspected("a", 2, 2, parcel_id=parcel_id), T0 + 13 * DAY)
    driver.until(T0 + 22 * DAY + GRACE)
    assert requested(driver) == [("r2.refund.1", 20_000, {"a": 2})]
    assert (questions(driver), back_count(driver)) == ([], 0)


@pytest.mark.parametrize("parcel_id", ["SF1", "back1"], ids=["by its number", "unknown"])
def test_a_piece_beside_those_of_the_open_return_is_asked_about(parcel_id: str) -> None:
    """RF-044: the open refund is about one of the two that were found."""
    driver = late_and(1, "SF1")
    driver.tell(s.inspected("a", 2, 2, parcel_id=parcel_id), T0 + 13 * DAY)
    driver.until(T0 + 22 * DAY + GRACE)
    assert requested(driver) == [("r2.refund.1", 10_000, {"a": 1})]
    assert (open_questions(driver), back_count(driver)) == (["o1.goods.1"], 1)


def test_a_box_that_is_known_says_nothing_of_another_one_under_way() -> None:
    """RF-023, RF-039: the lapsed piece is here, and the one that was sent is paid by silence as well."""
    driver = late_and(2, "SF2")
    driver.tell(s.inspected("a", 1, 1, parcel_id="SF1"), T0 + 13 * DAY)
    driver.until(T0 + 22 * DAY + GRACE)
    assert requested(driver) == [("r2.refund.1", 20_000, {"a": 2})]
    assert (questions(driver), back_count(driver)) == ([], 0)
