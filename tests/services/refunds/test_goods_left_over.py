"""A person is asked about goods at the shop that a changed application leaves out (RF-044)."""

import pytest

from aftersales_contracts.aftersales import refunds
from aftersales_contracts.aftersales.logistics_enums import ParcelOutcome
from aftersales_contracts.base import Event
from aftersales_contracts.enums import ParcelDirection, RefundKind
from aftersales_contracts.shop import aftersales
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, T0
from tests.services.refunds.test_goods_at_the_shop import RECEIPT, THREE, TWO_LINES, answer, open_questions
from tests.services.refunds.test_parts_flow import person_says
from tests.services.refunds.test_pieces import requested, told
from tests.support.driver import Driver


def of_three(count: int) -> Driver:
    """A return of so many of three pieces that is agreed."""
    applied = s.applied(amount=count * 10_000, lines=[s.share("a", count, count * 10_000)])
    return told(*THREE, (applied, T0 + DAY), (s.agreed(), T0 + DAY))


def refused_at_receipt(sent: int = 2, here: int = 2) -> Driver:
    driver = of_three(sent)
    driver.tell(s.sent(lines=[s.share("a", sent)]), T0 + 2 * DAY)
    if here:
        driver.tell(s.inspected("a", here, here), T0 + 3 * DAY)
    driver.tell(s.refused(stage=RECEIPT), T0 + 4 * DAY)
    return driver


def fewer(kind: RefundKind = RefundKind.WITH_RETURN, line: str = "a") -> aftersales.RefundAmendedV1:
    return s.amended(kind, 10_000, lines=[s.share(line, 1, 10_000)])


def back_count(driver: Driver, line_id: str = "a") -> int:
    count: int = driver.state("order", "o1").book.line(line_id).back_count
    return count


def test_n6_of_two_returned_pieces_the_buyer_asks_for_one_and_the_other_is_paid_by_the_answer() -> None:
    driver = refused_at_receipt()
    driver.tell(fewer(), T0 + 5 * DAY)
    assert (open_questions(driver), back_count(driver)) == (["o1.goods.1"], 1)
    driver.tell(s.accepted(s.share("a")), T0 + 6 * DAY)
    driver.tell(s.settled(10_000), T0 + 6 * DAY)
    driver.tell(answer("approved"), T0 + 7 * DAY)
    assert [(minor, lines) for _, minor, lines in requested(driver)] == [(10_000, {"a": 1})] * 2
    assert (open_questions(driver), back_count(driver)) == (["o1.goods.1"], 0), "the one that was answered"


def test_n6_the_other_piece_may_be_sent_to_the_buyer_again() -> None:
    driver = refused_at_receipt()
    driver.tell(fewer(), T0 + 5 * DAY)
    driver.tell(answer("send_back"), T0 + 6 * DAY)
    (due,) = driver.announced(refunds.ReshipDueV1)
    assert [(line.line_id, line.quantity_count) for line in due.lines] == [("a", 1)]
    driver.tell(s.withdrawn(), T0 + 7 * DAY)
    assert (open_questions(driver), back_count(driver)) == (["o1.goods.1", "o1.goods.2"], 1)


def test_n6_pieces_that_arrive_after_the_change_are_asked_about() -> None:
    """Two are under way while the buyer asks for one; the second news of them changes nothing."""
    driver = refused_at_receipt(here=0)
    driver.tell(fewer(), T0 + 5 * DAY)
    assert open_questions(driver) == []
    for day in (6, 7):
        driver.tell(s.inspected("a", 2, 2), T0 + day * DAY)
    assert (open_questions(driver), back_count(driver)) == (["o1.goods.1"], 1)


def test_n6_a_change_to_another_line_leaves_the_returned_goods_to_a_person() -> None:
    driver = told(
        *TWO_LINES, (s.applied(lines=[s.share("a", 1, 10_000)]), T0 + DAY), (s.agreed(), T0 + DAY),
        (s.sent(lines=[s.share("a")]), T0 + 2 * DAY), (s.inspected(), T0 + 3 * DAY),
        (s.refused(stage=RECEIPT), T0 + 4 * DAY),
    )  # fmt: skip
    driver.tell(fewer(RefundKind.NO_RETURN, "b"), T0 + 5 * DAY)
    assert open_questions(driver) == ["o1.goods.1"]
    driver.tell(answer("approved"), T0 + 6 * DAY)
    assert requested(driver) == [("o1.goods.1.refund.refund.1", 10_000, {"a": 1})]


def test_n6_the_other_piece_counts_for_the_next_application_and_then_for_none_besides() -> None:
    """Goods that another refund took over are no longer returned for the first one."""
    driver = refused_at_receipt()
    driver.tell(fewer(), T0 + 5 * DAY)
    driver.tell(s.refused(2, stage=RECEIPT), T0 + 6 * DAY)
    driver.tell(answer("approved"), T0 + 7 * DAY)
    driver.tell(s.settled(10_000, "o1.goods.1.refund.refund.1"), T0 + 7 * DAY)
    more = s.amended(RefundKind.WITH_RETURN, 20_000, 3, lines=[s.share("a", 2, 20_000)])
    driver.tell(more, T0 + 8 * DAY)
    driver.until(T0 + 60 * DAY)
    assert [(minor, lines) for _, minor, lines in requested(driver)] == [
        (10_000, {"a": 1}), (10_000, {"a": 1})
    ]  # fmt: skip


def test_n6_the_buyer_takes_the_piece_back_into_the_application() -> None:
    driver = refused_at_receipt()
    driver.tell(fewer(), T0 + 5 * DAY)
    driver.tell(s.refused(2, stage=RECEIPT), T0 + 6 * DAY)
    more = s.amended(RefundKind.WITH_RETURN, 20_000, 3, lines=[s.share("a", 2, 20_000)])
    driver.tell(more, T0 + 7 * DAY)
    assert (open_questions(driver), back_count(driver)) == ([], 0)
    driver.tell(s.accepted(s.share("a", 2)), T0 + 8 * DAY)
    assert requested(driver) == [("r1.refund.1", 20_000, {"a": 2})]


def test_more_pieces_than_the_refund_is_about_are_asked_about() -> None:
    """One of three is to come back and two come."""
    driver = of_three(1)
    driver.tell(s.sent(lines=[s.share("a", 2)]), T0 + 2 * DAY)
    driver.tell(s.inspected("a", 2, 2), T0 + 3 * DAY)
    assert open_questions(driver) == ["o1.goods.1"]
    driver.tell(s.accepted(s.share("a", 2)), T0 + 4 * DAY)
    assert requested(driver) == [("r1.refund.1", 10_000, {"a": 1})]


def test_goods_of_a_lapsed_refund_that_arrive_are_those_of_the_refund_that_is_open() -> None:
    """Sent for the first, while the second waits for them: it counts them as returned."""
    driver = of_three(1)
    driver.tell(s.sent(lines=[s.share("a")]), T0 + 2 * DAY)
    driver.tell(s.withdrawn(), T0 + 3 * DAY)
    driver.tell(s.applied(refund_id="r2", lines=[s.share("a", 1, 10_000)]), T0 + 4 * DAY)
    driver.tell(s.agreed(refund_id="r2"), T0 + 4 * DAY)
    driver.tell(s.accepted(s.share("a")), T0 + 5 * DAY)
    assert open_questions(driver) == []
    assert requested(driver) == [("r2.refund.1", 10_000, {"a": 1})]


def test_one_piece_that_a_refund_takes_over_withdraws_the_questions_about_one_piece() -> None:
    """Two questions about pieces of one line: the new application is about one of them."""
    driver = refused_at_receipt()
    driver.tell(fewer(), T0 + 5 * DAY)
    driver.tell(s.withdrawn(), T0 + 6 * DAY)
    assert open_questions(driver) == ["o1.goods.1", "o1.goods.2"]
    driver.tell(s.applied(refund_id="r2", lines=[s.share("a", 1, 10_000)]), T0 + 7 * DAY)
    assert open_questions(driver) == ["o1.goods.2"]


def in_two_parcels() -> Driver:
    """Two of three are to come back, one by one."""
    driver = of_three(2)
    driver.tell(s.sent(lines=[s.share("a")]), T0 + 2 * DAY)
    again = s.sent(lines=[s.share("a")]).model_copy(update={"return_id": "ret2"})
    driver.tell(again, T0 + 2 * DAY)
    return driver


def at_the_gate(return_id: str) -> Event:
    return s.parcel(
        ParcelOutcome.RETURNED, "a", parcel_id=return_id, direction=ParcelDirection.RETURN
    )  # fmt: skip


def test_two_parcels_of_a_return_are_two_pieces_whoever_sees_them() -> None:
    """RF-044: one is checked, the other stands at the gate; withdrawn, both are asked about."""
    driver = in_two_parcels()
    driver.tell(s.inspected(), T0 + 3 * DAY)
    for _ in range(2):
        driver.tell(at_the_gate("ret2"), T0 + 4 * DAY)
    driver.tell(s.withdrawn(), T0 + 5 * DAY)
    assert (open_questions(driver), back_count(driver)) == (["o1.goods.1"], 2)


def test_one_parcel_at_the_gate_that_is_checked_is_one_piece() -> None:
    """RF-044."""
    driver = in_two_parcels()
    driver.tell(at_the_gate("ret1"), T0 + 3 * DAY)
    driver.tell(s.inspected().model_copy(update={"return_id": "ret1"}), T0 + 4 * DAY)
    driver.tell(s.withdrawn(), T0 + 5 * DAY)
    assert back_count(driver) == 1


def test_a_piece_that_was_missing_when_a_price_difference_was_paid_is_asked_about_when_it_comes() -> None:
    """RF-041, RF-044: two were sent and one came; the buyer takes 2 % and the other arrives."""
    driver = of_three(2)
    driver.tell(s.sent(lines=[s.share("a", 2)]), T0 + 2 * DAY)
    driver.tell(s.inspected("a", 1, 1), T0 + 3 * DAY)
    driver.tell(s.refused(stage=RECEIPT), T0 + 4 * DAY)
    driver.tell(s.amended(RefundKind.NO_RETURN, 400, lines=[s.share("a", 2, 400)]), T0 + 5 * DAY)
    driver.tell(s.agreed(2), T0 + 5 * DAY)
    driver.tell(s.settled(400), T0 + 6 * DAY)
    assert back_count(driver) == 1
    driver.tell(s.inspected("a", 1, 1, parcel_id="back2"), T0 + 7 * DAY)
    assert (open_questions(driver), back_count(driver)) == (["o1.goods.1", "o1.goods.2"], 2)


def test_what_arrives_of_a_lapsed_return_is_that_piece_and_the_open_refund_counts_it() -> None:
    """RF-044: a parcel that names no return; the open refund has all of what was sent for it."""
    driver = of_three(1)
    driver.tell(s.withdrawn(), T0 + 2 * DAY)
    driver.tell(s.sent(lines=[s.share("a")]), T0 + 2 * DAY)
    driver.tell(s.applied(amount=30_000, refund_id="r2", lines=[s.share("a", 3, 30_000)]), T0 + 3 * DAY)
    driver.tell(s.agreed(refund_id="r2"), T0 + 3 * DAY)
    second = s.sent(lines=[s.share("a", 2)], refund_id="r2").model_copy(update={"return_id": "ret2"})
    driver.tell(second, T0 + 4 * DAY)
    driver.tell(s.inspected("a", 2, 2).model_copy(update={"return_id": "ret2"}), T0 + 5 * DAY)
    driver.tell(s.inspected("a", 1, 1, parcel_id="back2"), T0 + 6 * DAY)
    driver.until(T0 + 20 * DAY)
    assert requested(driver) == [("r2.refund.1", 30_000, {"a": 3})]
    assert open_questions(driver) == []


def unfit_and_applied_for_again(accepted: int = 0, *, is_last: bool = True) -> Driver:
    """Found unfit and lapsed; the goods are still here when the buyer applies again."""
    driver = of_three(1)
    driver.tell(s.sent(lines=[s.share("a")]), T0 + 2 * DAY)
    driver.tell(s.inspected("a", 1, accepted if is_last else 1), T0 + 3 * DAY)
    driver.tell(s.refused(stage=RECEIPT), T0 + 4 * DAY)
    driver.tell(s.withdrawn(), T0 + 5 * DAY)
    driver.tell(s.applied(refund_id="r2", lines=[s.share("a", 1, 10_000)]), T0 + 6 * DAY)
    if not is_last:
        driver.tell(s.inspected("a", 1, accepted), T0 + 7 * DAY)
    return driver


@pytest.mark.parametrize(("accepted", "is_last"), [(0, True), (0, False), (1, True)])
def test_goods_that_were_not_accepted_are_not_paid_by_silence_under_another_name(
    accepted: int, *, is_last: bool
) -> None:
    """RF-023, RF-039: refused with the reason, whichever check came last; the buyer may change it."""
    driver = unfit_and_applied_for_again(accepted, is_last=is_last)
    driver.until(T0 + 12 * DAY)
    answers = [(one.answer, one.reason_code) for one in driver.announced(refunds.RefundAnswerDecidedV1)]
    is_fit = accepted == 1
    assert answers[-1:] == [("agree", None) if is_fit else ("refuse", "no_pieces_accepted")]
    assert bool(requested(driver)) is is_fit


def test_the_seller_may_agree_to_goods_that_were_not_accepted() -> None:
    """RF-039: his word decides."""
    driver = unfit_and_applied_for_again()
    driver.tell(s.agreed(refund_id="r2"), T0 + 7 * DAY)
    assert requested(driver) == [("r2.refund.1", 10_000, {"a": 1})]


def test_a_second_look_at_the_same_piece_takes_the_place_of_the_first() -> None:
    """RF-039: one was sent, and checked twice; the last finding counts."""
    driver = of_three(1)
    driver.tell(s.sent(lines=[s.share("a")]), T0 + 2 * DAY)
    for accepted in (1, 0):
        driver.tell(s.inspected("a", 1, accepted), T0 + (4 - accepted) * DAY)
    driver.until(T0 + 20 * DAY)
    assert requested(driver) == []


def test_a_price_difference_that_is_given_up_leaves_goods_that_are_here_to_a_person() -> None:
    """RF-029, RF-044: the money was not for the goods."""
    driver = told(*THREE, (s.parcel(ParcelOutcome.RETURNED, "a"), T0 + DAY))
    driver.tell(s.applied(RefundKind.NO_RETURN, 300, lines=[s.share("a", 1, 300)]), T0 + 2 * DAY)
    driver.tell(s.agreed(), T0 + 2 * DAY)
    driver.tell(s.failed(is_retryable=False), T0 + 3 * DAY)
    before = open_questions(driver)
    driver.tell(person_says("abandon"), T0 + 4 * DAY)
    assert len(open_questions(driver)) == len(before) + 1
