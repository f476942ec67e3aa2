"""Money that others gave the buyer comes back: what was not paid because of it is owed again."""

import pytest

from aftersales_contracts.aftersales import refunds
from aftersales_contracts.aftersales.logistics_enums import RemedyReason
from aftersales_contracts.base import Event
from aftersales_contracts.enums import ChargebackStage, RefundKind
from tests.services.refunds import money as m
from tests.services.refunds import shop as s
from tests.services.refunds.money import PAID, REFUND, SECOND, played
from tests.services.refunds.shop import DAY, HOUR, MINUTE, T0
from tests.support.driver import Driver

OWED = "refund_owed_again"
OUT_OF_B = m.outside(4_000, lines=[s.share("b", 1, 4_000)])
"""Told before anything is shipped, this repays the piece of line b."""


def owed(driver: Driver) -> list[int]:
    """Lists the sums that a person is asked about."""
    questions = driver.state("order", "o1").book.beside.questions
    return [one.amount.minor for one in questions if one.question_code == OWED]


def refunded(*events: Event) -> Driver:
    """The goods of a refund of line b came back, and others had given the buyer money meanwhile."""
    returning = s.applied(RefundKind.WITH_RETURN, 4_000, lines=[s.share("b", 1, 4_000)])
    return played(
        PAID, s.shipped(), returning, s.agreed(), s.sent(lines=[s.share("b")]), *events,
        s.accepted(s.share("b")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "asked"), [([10_000], [4_000]), ([7_000], [1_000]), ([6_000], []), ([], [])]
)
@pytest.mark.parametrize("ending", [None, s.succeeded(), s.closed()])
def test_a_refund_that_was_cut_to_nothing_is_owed_once_the_money_of_others_came_back(
    parts: list[int], asked: list[int], ending: Event | None
) -> None:
    """RF-029, RF-048: the shop had goods and money, and nobody asked."""
    driver = refunded(m.outside(10_000))
    assert [one.amount.minor for one in driver.announced(refunds.RefundPaidV1)] == [0]
    if ending is not None:
        driver.tell(ending, T0 + DAY)
    for minor in parts:
        driver.tell(m.came_back(minor), T0 + DAY + HOUR)
    assert owed(driver) == asked


@pytest.mark.parametrize("goodwill", [0, 1_040])
def test_nobody_is_asked_to_confirm_pieces_that_were_all_repaid(goodwill: int) -> None:
    """OR-029: the money of others came back, and the clock ran on although the goods were at the shop."""
    both = s.applied(RefundKind.WITH_RETURN, 10_000)
    sent = s.sent(lines=[s.share("a"), s.share("b")])
    out = [m.outside(10_800 - goodwill), *([m.outside(goodwill, "out2")] if goodwill else [])]
    driver = played(
        s.paid(10_800), s.shipped(), both, s.agreed(), sent, *out, s.accepted(s.share("a"), s.share("b")),
        freight=800,
    )  # fmt: skip
    driver.tell(m.came_back(10_800 - goodwill), T0 + DAY)
    driver.until(T0 + 40 * DAY)
    assert driver.announced(refunds.OrderAutoConfirmRequestedV1) == []


@pytest.mark.parametrize(("word", "paid"), [("refund", [4_000]), ("keep", [])])
def test_a_person_says_whether_the_buyer_gets_what_a_refund_was_cut_by(word: str, paid: list[int]) -> None:
    """RF-029: it goes back by the way it came, once, and no clock asks the buyer to confirm meanwhile."""
    driver = refunded(m.outside(10_000))
    driver.tell(m.came_back(7_000), T0 + DAY)
    driver.tell(m.came_back(3_000), T0 + DAY + HOUR)
    assert (owed(driver), m.left(driver)) == ([4_000], 6_000)
    (task,) = m.tasks(driver)
    driver.tell(m.answer(task, word), T0 + 2 * DAY)
    assert [minor for _, minor, _ in m.asked_for(driver)] == paid
    assert (owed(driver), m.left(driver)) == ([], 6_000)


def test_what_others_pay_again_is_owed_no_more() -> None:
    """RF-029: the question about it is taken back."""
    driver = refunded(m.outside(10_000))
    driver.tell(m.came_back(10_000), T0 + DAY)
    driver.tell(m.outside(4_000, "out2", tenders=m.through("pay1", 4_000)), T0 + DAY + HOUR)
    assert (owed(driver), m.codes(driver)) == ([], [])


def test_a_refund_that_was_cut_for_a_dispute_is_owed_once_that_is_won() -> None:
    """RF-029, RF-048: the payer had got the money of all by then."""
    lost = [m.disputed(stage, 10_000) for stage in (ChargebackStage.OPENED, ChargebackStage.LOST)]
    driver = refunded(*lost)
    assert [one.amount.minor for one in driver.announced(refunds.RefundPaidV1)] == [0]
    driver.tell(m.disputed(ChargebackStage.WON, 10_000), T0 + 2 * DAY)
    assert owed(driver) == [4_000]


def test_the_freight_that_a_refund_was_cut_by_is_owed_as_well() -> None:
    """RF-048: it was asked for with the goods."""
    all_of_it = s.applied(RefundKind.UNSHIPPED, 5_000)
    driver = played(s.paid(5_000), all_of_it, m.outside(5_000), lines=(("a", 1, 4_000),), freight=1_000)
    driver.until(T0 + 4 * DAY)
    driver.tell(m.came_back(5_000), T0 + 5 * DAY)
    assert owed(driver) == [5_000]


def test_a_payment_that_was_cut_after_its_grant_is_owed_once_the_money_of_others_came_back() -> None:
    """RF-029: it had failed, and others paid."""
    driver = played(PAID, s.shipped(), REFUND, s.agreed())
    driver.tell(s.failed(), T0 + DAY)
    driver.tell(m.outside(10_000), T0 + DAY + MINUTE)
    driver.until(T0 + DAY + HOUR)
    assert (m.asked_for(driver)[1:], m.codes(driver)) == ([], [])
    driver.tell(m.came_back(8_000), T0 + 2 * DAY)
    assert owed(driver) == [2_000]


@pytest.mark.parametrize("minor", [4_000, 2_500])
@pytest.mark.parametrize("is_before", [True, False])
def test_a_remedy_for_pieces_that_others_repaid_is_paid_once_their_money_came_back(
    minor: int, *, is_before: bool
) -> None:
    """RF-044: the goods came back; the remedy was forgotten, because the pieces were repaid."""
    remedy = s.remedy(s.share("b"), reason=RemedyReason.UNWANTED)
    second = m.paid(SECOND["full"])
    driver = played(PAID, OUT_OF_B, *([second, remedy] if is_before else [remedy, second]))
    assert driver.announced(refunds.RefundOpenedV1) == []
    driver.tell(m.came_back(minor), T0 + DAY)
    assert [one.amount.minor for one in driver.announced(refunds.RefundOpenedV1)] == [minor]
    driver.tell(m.came_back(minor), T0 + DAY + HOUR)
    assert owed(driver) == ([] if minor == 4_000 else [4_000 - minor])


def test_goods_that_nobody_was_asked_about_are_asked_about_once_their_money_came_back() -> None:
    """RF-044: they were at the shop unfit, and the application lapsed while others had paid."""
    driver = refunded(m.outside(10_000), s.inspected("b", accepted_count=0, return_id="ret1"), s.withdrawn())
    driver.tell(m.came_back(5_000), T0 + 20 * DAY)
    assert m.codes(driver) == ["goods_back_without_refund"]
