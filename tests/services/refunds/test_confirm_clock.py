"""OR-029, OR-031: the clock stands while the shop has goods of the buyer; then its rest runs."""

from datetime import datetime

import pytest

from aftersales_contracts.aftersales import common, refunds
from aftersales_contracts.aftersales.logistics_enums import ReshipStatus
from aftersales_contracts.base import Event
from aftersales_contracts.enums import Condition, ParcelDirection
from aftersales_contracts.shop import aftersales
from kernel.value import replace
from services.refunds.cases.order.account_goods import is_receipt_open
from services.refunds.shares import Share
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, GRACE, HOUR, T0
from tests.services.refunds.test_goods_at_the_shop import BACK, DELIVERED, ONE, THREE, answer, open_questions
from tests.services.refunds.test_pieces import told
from tests.support.driver import Driver

WINDOW = T0 + HOUR + 10 * DAY
SEND = "o1.goods.1.back"


def asked(driver: Driver, until: datetime) -> int:
    """Counts the first requests to confirm until then."""
    driver.until(until)
    return len(driver.announced(refunds.OrderAutoConfirmRequestedV1)[:1])


def at_shop(*first: tuple[Event, datetime], count: int = 1) -> Driver:
    """Goods came back on day 3, without a case since."""
    lines = [s.share("a", count)]
    return told(
        *(first or ONE), (s.applied(amount=10_000 * count, lines=lines), T0 + DAY), (s.agreed(), T0 + DAY),
        (s.sent(lines=lines), T0 + 2 * DAY), (s.refused(stage=aftersales.AnswerStage.RECEIPT), T0 + 3 * DAY),
        (aftersales.ApplicationWithdrawnV1(**s.KEYS, refund_id="r1", by=s.BUYER), T0 + 3 * DAY),
    )  # fmt: skip


def sent_back() -> Driver:
    driver = at_shop()
    driver.tell(answer("send_back"), T0 + 5 * DAY)
    return driver


def test_the_clock_stands_while_a_question_about_goods_is_open() -> None:
    driver = at_shop()
    assert open_questions(driver) == ["o1.goods.1"]
    assert asked(driver, WINDOW + 60 * DAY) == 0


def test_the_clock_stands_until_the_buyer_has_his_goods_again() -> None:
    """Asked for, not sent; sent, not there; there: what was left of the window runs."""
    driver = sent_back()
    assert asked(driver, T0 + 40 * DAY) == 0
    driver.tell(s.reship(ReshipStatus.SENT, SEND), T0 + 40 * DAY)
    assert asked(driver, T0 + 50 * DAY) == 0
    driver.tell(s.reship(ReshipStatus.DELIVERED, SEND), T0 + 50 * DAY)
    left = WINDOW - (T0 + DAY)
    assert asked(driver, T0 + 50 * DAY + left) == 0
    assert asked(driver, T0 + 50 * DAY + left + GRACE) == 1


def test_the_end_of_the_resend_is_told_twice() -> None:
    driver = sent_back()
    for at in (T0 + 6 * DAY, T0 + 7 * DAY):
        driver.tell(s.reship(ReshipStatus.DELIVERED, SEND), at)
    assert asked(driver, T0 + 6 * DAY + (WINDOW - (T0 + DAY)) + GRACE) == 1


@pytest.mark.parametrize("status", [ReshipStatus.UNAVAILABLE, ReshipStatus.CANCELLED])
def test_goods_that_are_not_sent_back_are_asked_about_again(status: ReshipStatus) -> None:
    """RF-044: they are at the shop as before; the clock goes on standing, and the answer pays."""
    driver = sent_back()
    driver.tell(s.reship(status, SEND), T0 + 6 * DAY)
    assert [task.question_code for task in driver.announced(common.TaskRequestedV1)][-1] == (
        "goods_back_without_refund"
    )
    assert asked(driver, T0 + 60 * DAY) == 0
    driver.tell(answer("approved", 2), T0 + 60 * DAY)
    assert [paid.amount.minor for paid in driver.announced(refunds.RefundPaymentRequestedV1)] == [10_000]


def test_goods_sent_back_that_come_to_the_shop_again_are_asked_about_again() -> None:
    driver = sent_back()
    to_buyer = ParcelDirection.TO_BUYER
    driver.tell(s.parcel(BACK, "a", parcel_id="e1", direction=to_buyer), T0 + 8 * DAY)
    driver.tell(s.reship(ReshipStatus.FAILED, SEND), T0 + 8 * DAY)
    assert open_questions(driver)[-1:] == ["o1.goods.2"]
    assert asked(driver, T0 + 60 * DAY) == 0
    driver.tell(s.parcel(DELIVERED, "a", parcel_id="e1", direction=to_buyer), T0 + 60 * DAY)
    assert "o1.goods.2" not in open_questions(driver)
    assert asked(driver, T0 + 60 * DAY + (WINDOW - (T0 + DAY)) + GRACE) == 1


def test_goods_of_an_exchange_that_go_back_to_the_buyer_hold_the_clock() -> None:
    """RF-120: the exchange is over, one of its pieces came and goes back."""
    driver = told(*ONE, (s.exchange_applied(), T0 + DAY), (s.reship(ReshipStatus.RESERVED), T0 + DAY))
    driver.tell(s.exchange_answered(), T0 + DAY)
    driver.tell(s.sent(exchange_id="x1"), T0 + 2 * DAY)
    driver.tell(s.inspected(condition=Condition.WORN), T0 + 3 * DAY)
    (due,) = driver.announced(refunds.ReshipDueV1)
    assert due.reship_id == "x1.back"
    assert asked(driver, T0 + 60 * DAY) == 0
    driver.tell(s.reship(ReshipStatus.DELIVERED, "x1.back"), T0 + 60 * DAY)
    assert asked(driver, T0 + 60 * DAY + (WINDOW - (T0 + DAY)) + GRACE) == 1


def test_a_resend_that_arrives_leaves_other_goods_at_the_shop() -> None:
    """RF-044: two pieces of three came back; one goes to the buyer, the other waits for an answer."""
    driver = told(*THREE, (s.applied(amount=10_000, lines=[s.share("a")]), T0 + DAY), (s.agreed(), T0 + DAY))
    driver.tell(s.sent(lines=[s.share("a")]), T0 + 2 * DAY)
    driver.tell(s.refused(stage=aftersales.AnswerStage.RECEIPT), T0 + 3 * DAY)
    withdrawn = aftersales.ApplicationWithdrawnV1(**s.KEYS, refund_id="r1", by=s.BUYER)
    driver.tell(withdrawn, T0 + 3 * DAY)
    driver.tell(answer("send_back"), T0 + 4 * DAY)
    driver.tell(s.parcel(BACK, s.share("a"), parcel_id="p2", direction=ParcelDirection.RESHIP), T0 + 5 * DAY)
    to_buyer = ParcelDirection.TO_BUYER
    driver.tell(s.parcel(DELIVERED, s.share("a"), parcel_id="e1", direction=to_buyer), T0 + 6 * DAY)
    driver.tell(s.reship(ReshipStatus.DELIVERED, SEND), T0 + 6 * DAY)
    assert driver.state("order", "o1").book.line("a").back_count == 1
    assert asked(driver, T0 + 60 * DAY) == 0


@pytest.mark.parametrize(("outcome", "is_asked"), [("", False), ("refused", True)])
def test_the_clock_stands_while_a_question_about_lost_goods_is_open(outcome: str, *, is_asked: bool) -> None:
    """RF-007: the refund that was about them is over; the buyer has neither goods nor money."""
    lost = s.remedy(s.share("a", 1)).model_copy(update={"parcel_id": "parcel1"})
    driver = told(*ONE, (s.applied(), T0 + DAY), (lost, T0 + 2 * DAY), (s.withdrawn(), T0 + 3 * DAY))
    assert open_questions(driver) == ["o1.goods.1"]
    if outcome:
        driver.tell(answer(outcome), T0 + 4 * DAY)
    assert asked(driver, WINDOW + 60 * DAY) == is_asked


def test_a_question_about_pieces_that_are_repaid_holds_no_clock() -> None:
    """RF-007: nobody answers; the money came another way."""
    lost = s.remedy(s.share("a", 1)).model_copy(update={"parcel_id": "parcel1"})
    driver = told(*ONE, (s.applied(), T0 + DAY), (lost, T0 + 2 * DAY), (s.withdrawn(), T0 + 3 * DAY))
    book = driver.state("order", "o1").book
    assert is_receipt_open(book)
    assert not is_receipt_open(replace(book, held=book.held.with_money("r9", (Share("a", 1, 10_000),), 1)))
    there = book.held.with_parcel("k1", (Share("a", 1, 0),), is_there=True, is_resend=False)
    assert not is_receipt_open(replace(book, held=there))
