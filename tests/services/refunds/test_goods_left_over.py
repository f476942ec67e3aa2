"""A person is asked about goods at the shop that a changed application leaves out (RF-044)."""

from aftersales_contracts.aftersales import refunds
from aftersales_contracts.enums import RefundKind
from aftersales_contracts.shop import aftersales
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, T0
from tests.services.refunds.test_goods_at_the_shop import RECEIPT, THREE, TWO_LINES, answer, open_questions
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
