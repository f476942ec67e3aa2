"""B10: money that others moved: refunded outside, disputed; nothing is paid twice."""

import pytest

from aftersales_contracts.aftersales import refunds
from aftersales_contracts.aftersales.logistics_enums import ParcelOutcome
from aftersales_contracts.base import Event
from aftersales_contracts.enums import ChargebackStage, RefundKind
from services.refunds.service import REFUNDS
from tests.services.refunds import money as m
from tests.services.refunds import shop as s
from tests.services.refunds.money import PAID, REFUND, SECOND, TWO, played
from tests.services.refunds.shop import DAY, HOUR, MINUTE, T0
from tests.support.driver import Driver

OPENED, WON, LOST = ChargebackStage.OPENED, ChargebackStage.WON, ChargebackStage.LOST


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


STORY: list[Event] = [
    s.shipped(), s.applied(amount=10_000, kind=RefundKind.NO_RETURN), s.agreed(),
    s.settled(10_000, "r1.refund.1"),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(STORY)))
@pytest.mark.parametrize("is_back", [False, True])
def test_b10_a_settlement_that_is_read_before_its_grant_is_no_money_of_others(
    *, place: int, is_back: bool
) -> None:
    """RF-029, OR-003: topics have no common order. Wherever it is read, the refund is paid once."""
    *before, settled = STORY
    told = [settled, *[m.came_back(10_000, "r1.refund.1")] * is_back]
    driver = played(PAID, *before[:place], *told, *before[place:])
    assert [one[1] for one in m.asked_for(driver)] == [10_000]
    (paid,) = driver.announced(refunds.RefundPaidV1)
    assert (paid.amount.minor, paid.is_full) == (10_000, True)
    assert driver.announced(refunds.ApplicationRejectedV1) == []
    assert m.book(driver).beside.outside == ()
    assert (m.left(driver), driver.waiting) == (0, [])
    assert m.codes(driver) == (["payment_reversed"] if is_back else [])


@pytest.mark.parametrize("minor", [3_000, 12_000])
def test_b10_a_settlement_before_its_grant_with_another_sum_is_asked_about_like_any_other(minor: int) -> None:
    """RF-029: less, or more than was granted later."""
    *before, _ = STORY
    driver = played(PAID, s.settled(minor, "r1.refund.1"), *before)
    assert [one[1] for one in m.asked_for(driver)] == [10_000]
    assert "other_amount_settled" in m.codes(driver)
    assert m.left(driver) == 0


def test_b10_money_told_of_for_a_refund_that_is_never_granted_stays_spent() -> None:
    """OR-003: another refund gets what is left, at once and ten days later."""
    driver = played(PAID, s.shipped(), s.settled(3_000, "r9.refund.1"))
    assert (m.left(driver), driver.waiting) == (7_000, [])
    driver.tell(s.applied(amount=10_000, kind=RefundKind.NO_RETURN), T0 + DAY)
    (rejected,) = driver.announced(refunds.ApplicationRejectedV1)
    assert rejected.reason_code == "over_refundable"
    driver.until(T0 + 20 * DAY)
    assert m.left(driver) == 7_000


def test_b10_money_told_of_for_another_refund_with_a_like_id_counts() -> None:
    """OR-003: the id r1.2 begins with r1, and is another's."""
    driver = played(PAID, s.shipped(), s.settled(3_000, "r1.2.refund.1"))
    driver.tell(s.applied(amount=10_000, kind=RefundKind.NO_RETURN), T0 + DAY)
    (rejected,) = driver.announced(refunds.ApplicationRejectedV1)
    assert (rejected.application_id, rejected.reason_code) == ("r1", "over_refundable")


def test_b10_a_grant_that_was_cut_for_money_told_of_too_early_takes_the_rest_from_the_account() -> None:
    """RF-029: r1 was told to be paid 40.00 while r2 asked for the other 60.00: both are paid whole."""
    first = s.applied(amount=4_000, kind=RefundKind.NO_RETURN, lines=[s.share("b", 1, 4_000)])
    other = first.model_copy(
        update={"refund_id": "r2", "lines": [s.share("a", 1, 6_000)], "amount": s.money(6_000)}
    )
    agreed = s.agreed().model_copy(update={"refund_id": "r2"})
    driver = played(PAID, s.shipped(), s.settled(4_000, "r1.refund.1"), first, s.agreed(), other, agreed)
    assert [one[1] for one in m.asked_for(driver)] == [4_000, 6_000]
    assert m.left(driver) == 0


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


@pytest.mark.parametrize("is_failed_before", [True, False])
@pytest.mark.parametrize("end", [WON, LOST])
def test_b10_a_payment_that_fails_while_its_money_is_disputed_is_a_persons(
    *, is_failed_before: bool, end: ChargebackStage
) -> None:
    """RF-029: nobody knows yet whether the dispute pays the buyer: it is neither made anew nor cut."""
    driver = played(PAID, s.shipped(), REFUND, s.agreed())
    steps: list[Event] = [s.failed(), m.disputed(OPENED, 10_000)]
    for number, event in enumerate(steps if is_failed_before else reversed(steps)):
        driver.tell(event, T0 + DAY + number * MINUTE)
    driver.until(T0 + 2 * DAY)
    assert len(m.asked_for(driver)) == 1
    assert "payment_stuck" in m.codes(driver)
    driver.tell(m.disputed(end, 10_000), T0 + 3 * DAY)
    stuck = next((task for task in m.tasks(driver) if task.question_code == "payment_stuck"), None)
    if end is LOST:
        assert stuck is None, "nothing is left to pay"
        assert m.book(driver).open == ()
        return
    assert stuck is not None
    driver.tell(m.answer(stuck, "retry"), T0 + 4 * DAY)
    assert [one[1] for one in m.asked_for(driver)] == [4_000, 4_000]
    assert m.left(driver) == 6_000


def test_b10_a_movement_that_is_told_again_after_it_came_back_is_a_repeat() -> None:
    out = m.outside(5_000)
    driver = played(PAID, s.shipped(), out, m.came_back(2_000), out)
    assert m.left(driver) == 7_000


def test_b10_a_dispute_that_is_won_leaves_room_for_what_others_gave_back() -> None:
    """RF-048: 80.00 were disputed when 100.00 went out outside; they did not fit then, and do now."""
    driver = played(PAID, s.shipped(), m.disputed(OPENED, 8_000), m.outside(10_000))
    assert "paid_beyond_account" in m.codes(driver)
    driver.tell(m.disputed(WON, 8_000), T0 + DAY)
    assert (m.left(driver), m.codes(driver)) == (0, [])


def test_b10_a_little_money_for_a_piece_while_all_is_disputed_repays_no_piece() -> None:
    """RF-044: the line had nothing left, so that the little looked like all."""
    out = m.outside(499, lines=[s.share("b", 1, 499)])
    driver = played(PAID, m.disputed(OPENED, 10_000), out)
    assert [line.gone_count for line in m.book(driver).lines] == [0, 0]


def test_b10_a_dispute_about_one_payment_leaves_the_surplus_of_another() -> None:
    driver = played(PAID, m.paid(SECOND["part"]), REFUND.model_copy(update={"refund_id": "r9"}))
    driver.tell(m.disputed(OPENED, 10_000), T0 + DAY)
    assert [one.minor for one in m.book(driver).beside.surplus] == [2_500]


def test_b10_goods_that_come_back_while_the_money_is_disputed_are_asked_about() -> None:
    """RF-044: a yes is asked for again until the dispute is over."""
    returning = s.applied(amount=4_000, lines=[s.share("b", 1, 4_000)])
    driver = played(PAID, s.shipped(), returning, s.agreed(), s.sent(lines=[s.share("b")]))
    driver.tell(m.disputed(OPENED, 10_000), T0 + DAY)
    driver.tell(s.withdrawn(), T0 + DAY)
    driver.tell(s.inspected("b", return_id="ret1"), T0 + 2 * DAY)
    task = next(task for task in m.tasks(driver) if task.question_code == "goods_back_without_refund")
    driver.tell(m.answer(task, "approved"), T0 + 3 * DAY)
    assert m.asked_for(driver) == []
    driver.tell(m.disputed(WON, 10_000), T0 + 4 * DAY)
    task = [task for task in m.tasks(driver) if task.question_code == "goods_back_without_refund"][-1]
    driver.tell(m.answer(task, "approved"), T0 + 5 * DAY)
    assert [one[1] for one in m.asked_for(driver)] == [4_000]


def test_b10_two_disputes_of_one_payment_are_two() -> None:
    driver = played(
        PAID, m.disputed(OPENED, 1_000, dispute_id="d1"), m.disputed(OPENED, 2_000, dispute_id="d2")
    )
    assert m.left(driver) == 7_000
    driver.tell(m.disputed(WON, 1_000, dispute_id="d1"), T0 + DAY)
    assert m.left(driver) == 8_000


def test_b10_a_payment_that_waits_is_given_up_once_the_buyer_has_the_goods() -> None:
    """RF-017, RF-029: it waited for the end of a dispute, and the buyer confirmed the receipt meanwhile."""
    not_received = s.applied(RefundKind.NOT_RECEIVED, 4_000, lines=[s.share("b", 1, 4_000)])
    driver = played(PAID, s.shipped(), s.parcel(ParcelOutcome.DELIVERED, "a", "b"), not_received)
    driver.tell(m.disputed(OPENED, 3_000), T0 + 5 * HOUR)
    driver.tell(s.agreed(), T0 + 6 * HOUR)
    driver.tell(s.succeeded(), T0 + 7 * HOUR)
    assert m.book(driver).beside.waiting
    driver.tell(m.disputed(LOST, 3_000), T0 + DAY)
    assert m.asked_for(driver) == []
    assert m.book(driver).open == ()
    (closed,) = driver.announced(refunds.RefundClosedV1)
    assert closed.ending.value == "withdrawn"


def test_b10_a_refund_is_not_called_full_once_money_of_others_came_back() -> None:
    """RF-033: it gave back the rest when it was granted, and does not any more."""
    rest = s.applied(RefundKind.NO_RETURN, 6_000, refund_id="r2")
    driver = played(PAID, s.shipped(), m.outside(4_000), rest, s.agreed(refund_id="r2"), m.came_back(1_000))
    driver.tell(s.settled(6_000, "r2.refund.1"), T0 + DAY)
    (paid,) = driver.announced(refunds.RefundPaidV1)
    assert (paid.is_full, paid.order_outcome.value) == (False, "continues")
