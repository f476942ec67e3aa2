"""Charges, cents that are split otherwise, edits of a paid order, reasons to close."""

from datetime import timedelta

import pytest

from aftersales_contracts.aftersales import common, refunds
from aftersales_contracts.enums import MoneyMoved, RefundKind
from aftersales_contracts.shop import orders
from services.refunds.service import REFUNDS
from tests.services.refunds import money as m
from tests.services.refunds import shop as s
from tests.services.refunds.money import PAID, REFUND, TWO, played
from tests.services.refunds.shop import DAY, HOUR, T0
from tests.support.driver import Driver


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


@pytest.mark.parametrize("cause", ["fraud", "declined", "no_stock", "staff_error", "refunded_outside"])
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
