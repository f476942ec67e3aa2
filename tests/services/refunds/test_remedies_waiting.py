"""Remedies for goods whose money others have: they wait, and are paid once the money is free."""

import pytest

from aftersales_contracts.aftersales import refunds
from aftersales_contracts.aftersales.logistics_enums import RemedyReason
from aftersales_contracts.enums import ChargebackStage
from tests.services.refunds import money as m
from tests.services.refunds import shop as s
from tests.services.refunds.money import PAID, SECOND, played
from tests.services.refunds.shop import DAY, T0

OPENED, WON, LOST = ChargebackStage.OPENED, ChargebackStage.WON, ChargebackStage.LOST
BACK = s.remedy(s.share("b"), reason=RemedyReason.UNWANTED)


@pytest.mark.parametrize("minor", [10_000, 7_000])
@pytest.mark.parametrize("is_told_twice", [False, True])
def test_goods_that_came_back_while_their_money_was_disputed_are_paid_once_that_is_won(
    minor: int, is_told_twice: bool
) -> None:
    """RF-044: the remedy was forgotten, or cut for good to what the dispute left."""
    driver = played(PAID, m.disputed(OPENED, minor), BACK)
    assert driver.announced(refunds.RefundOpenedV1) == []
    for _ in range(1 + is_told_twice):
        driver.tell(m.disputed(WON, minor), T0 + DAY)
    assert [one.amount.minor for one in driver.announced(refunds.RefundOpenedV1)] == [4_000]
    assert m.book(driver).early_remedies == ()


def test_goods_that_came_back_while_their_money_was_disputed_are_not_paid_once_that_is_lost() -> None:
    """RF-044, RF-048: the payer has the money of all."""
    driver = played(PAID, m.disputed(OPENED, 10_000), BACK)
    driver.tell(m.disputed(LOST, 10_000), T0 + DAY)
    assert driver.announced(refunds.RefundOpenedV1) == []


def test_a_dispute_about_money_that_the_order_does_not_need_delays_no_remedy() -> None:
    """RF-044: the second payment is the buyer's anyway."""
    driver = played(PAID, m.paid(SECOND["part"]), m.disputed(OPENED, 2_500, payment_id="pay2"), BACK)
    assert [one.amount.minor for one in driver.announced(refunds.RefundOpenedV1)] == [4_000]


def test_a_remedy_that_waits_is_a_persons_once_the_order_is_over() -> None:
    """RF-044: nothing is paid by itself for an order that succeeded."""
    driver = played(PAID, s.shipped(), m.disputed(OPENED, 10_000), BACK, s.succeeded())
    driver.tell(m.disputed(WON, 10_000), T0 + DAY)
    assert driver.announced(refunds.RefundOpenedV1) == []
    assert "remedy_without_open_order" in m.codes(driver)
