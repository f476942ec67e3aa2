"""Pieces of one line in several parcels: each that is back, or lost, counts once, for one case (RF-044)."""

import pytest

from aftersales_contracts import components
from aftersales_contracts.aftersales import logistics_enums, refunds
from aftersales_contracts.aftersales.logistics_enums import ParcelOutcome
from aftersales_contracts.base import Event
from aftersales_contracts.enums import ParcelDirection, RefundKind
from services.refunds.shares import Share
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, HOUR, T0
from tests.services.refunds.test_goods_at_the_shop import THREE, answer, back, open_questions
from tests.services.refunds.test_pieces import questions, requested, told

TWO_OF_A = ((s.placed((("a", 2, 5_000), ("b", 2, 5_000))), T0), (s.paid(20_000), T0))
LOST = logistics_enums.RemedyReason.LOST
UNWANTED = logistics_enums.RemedyReason.UNWANTED


def due(*pieces: components.Share, parcel_id: str, reason: logistics_enums.RemedyReason = UNWANTED) -> Event:
    remedy = s.remedy(*pieces, remedy_id=f"{parcel_id}.remedy", reason=reason)
    return remedy.model_copy(update={"parcel_id": parcel_id})


def a(count: int) -> components.Share:
    return s.share("a", count)


def b(count: int) -> components.Share:
    return s.share("b", count)


def test_a_piece_that_was_repaid_as_unshipped_is_not_counted_as_back_once_more() -> None:
    """RF-006, RF-044: no ship mark; one piece is back and repaid, then the other comes back with a line b."""
    driver = told(*TWO_OF_A, (back(a(1), parcel_id="k2"), T0 + HOUR), (due(a(1), parcel_id="k2"), T0 + HOUR))
    assert requested(driver) == [("k2.remedy.refund.refund.1", 5_000, {"a": 1})]
    assert driver.state("order", "o1").book.line("a").back_count == 0
    driver.tell(back(a(1), b(2), parcel_id="k1"), T0 + 2 * HOUR)
    assert open_questions(driver) == ["o1.goods.1"]
    driver.tell(answer("approved"), T0 + DAY)
    assert requested(driver)[1:] == [("o1.goods.1.refund.refund.1", 15_000, {"a": 1, "b": 2})]


@pytest.mark.parametrize("is_granted", [True, False])
def test_the_other_lines_of_a_parcel_that_a_refund_leaves_aside_are_asked_about(*, is_granted: bool) -> None:
    """RF-044: logistics gives no remedy for a parcel while a refund of any line in it is open."""
    applied = s.applied(RefundKind.UNSHIPPED, 200, lines=[s.share("a", 2, 200)])
    driver = told(*TWO_OF_A, (applied, T0))
    if is_granted:
        driver.until(T0 + 3 * DAY)
        assert requested(driver) == [("r1.refund.1", 200, {"a": 2})]
    driver.tell(back(a(2), b(2), parcel_id="k1"), T0 + 4 * DAY)
    assert [one.pieces for one in driver.state("order", "o1").book.questions] == [(Share("b", 2, 0),)]


def test_a_question_about_one_piece_leaves_the_other_piece_of_its_line_to_the_remedy() -> None:
    """RF-036, RF-044: one of three was sent back without a case and is asked about; two come back later."""
    driver = told(
        *THREE,
        (s.sent(refund_id="r9", lines=[a(1)]), T0 + DAY),
        (back(a(1), parcel_id="ret1").model_copy(update={"direction": ParcelDirection.RETURN}), T0 + 2 * DAY),
    )
    assert open_questions(driver) == ["o1.goods.1"]
    driver.tell(back(a(2), parcel_id="k2"), T0 + 3 * DAY)
    driver.tell(due(a(2), parcel_id="k2"), T0 + 3 * DAY)
    assert requested(driver) == [("k2.remedy.refund.refund.1", 20_000, {"a": 2})]
    driver.tell(answer("approved"), T0 + 4 * DAY)
    assert requested(driver)[1:] == [("o1.goods.1.refund.refund.1", 10_000, {"a": 1})]


@pytest.mark.parametrize("is_lost_first", [True, False])
def test_a_lost_piece_is_another_than_the_one_that_is_back(*, is_lost_first: bool) -> None:
    """RF-035, RF-044: after the success of the order both are asked about, in either order."""
    lost = due(a(1), parcel_id="k1", reason=LOST), T0 + 3 * DAY
    came = back(a(1), parcel_id="k2"), T0 + 3 * DAY
    driver = told(
        *TWO_OF_A,
        (s.shipped(), T0),
        (s.succeeded(), T0 + DAY),
        *([lost, came] if is_lost_first else [came, lost]),
    )
    for number in (1, 2):
        driver.tell(answer("approved", number), T0 + 4 * DAY)
    assert sorted(pieces["a"] for _, _, pieces in requested(driver)) == [1, 1]


def test_a_remedy_for_lost_goods_leaves_those_that_are_back_to_their_question() -> None:
    """RF-035, RF-044: one of three is back and asked about, another one is lost."""
    driver = told(
        *THREE,
        (s.sent(refund_id="r9", lines=[a(1)]), T0 + DAY),
        (back(a(1), parcel_id="ret1").model_copy(update={"direction": ParcelDirection.RETURN}), T0 + 2 * DAY),
        (due(a(1), parcel_id="k2", reason=LOST), T0 + 3 * DAY),
    )
    assert requested(driver) == [("k2.remedy.refund.refund.1", 10_000, {"a": 1})]
    assert driver.state("order", "o1").book.line("a").back_count == 1
    driver.tell(answer("send_back"), T0 + 4 * DAY)
    assert [(x.reship_id, x.lines[0].quantity_count) for x in driver.announced(refunds.ReshipDueV1)] == [
        ("o1.goods.1.back", 1)
    ]


@pytest.mark.parametrize(
    ("word", "asked"), [("send_back", ["o1.goods.1", "o1.goods.2"]), ("refused", ["o1.goods.1"])]
)
def test_lost_goods_cannot_be_sent_and_the_question_is_asked_again(word: str, asked: list[str]) -> None:
    """RF-035: a no is an answer, a resend is none that anything follows from."""
    driver = told(*TWO_OF_A, (s.shipped(), T0), (s.succeeded(), T0 + DAY))
    driver.tell(due(a(1), parcel_id="k1", reason=LOST), T0 + 2 * DAY)
    driver.tell(answer(word), T0 + 3 * DAY)
    assert (open_questions(driver), requested(driver)) == (asked, [])
    assert driver.announced(refunds.ReshipDueV1) == []


def test_goods_that_are_not_sent_again_are_those_of_the_refund_that_is_open_by_then() -> None:
    """RF-034, RF-044: sent back by a person's word, applied for as not received, and then out of stock."""
    driver = told(*THREE, (s.sent(refund_id="r9", lines=[a(1)]), T0 + DAY))
    driver.tell(
        back(a(1), parcel_id="ret1").model_copy(update={"direction": ParcelDirection.RETURN}), T0 + 2 * DAY
    )
    driver.tell(answer("send_back"), T0 + 3 * DAY)
    applied = s.applied(RefundKind.NOT_RECEIVED, lines=[s.share("a", 1, 10_000)])
    driver.tell(applied, T0 + 4 * DAY)
    unavailable = s.reship(logistics_enums.ReshipStatus.UNAVAILABLE, "o1.goods.1.back")
    driver.tell(unavailable, T0 + 5 * DAY)
    assert requested(driver) == [("r1.refund.1", 10_000, {"a": 1})]
    assert open_questions(driver) == ["o1.goods.1"], "answered before"


@pytest.mark.parametrize("is_over", [True, False])
def test_a_remedy_for_lost_goods_whose_resend_is_back_pays_for_these(*, is_over: bool) -> None:
    """RF-035, RF-044: the lost parcel was sent again and refused; the buyer has nothing of it."""
    driver = told(*THREE, (back(a(2), parcel_id="e1"), T0 + DAY))
    if is_over:
        driver.tell(s.succeeded(), T0 + 2 * DAY)
    driver.tell(due(a(2), parcel_id="k1", reason=LOST), T0 + 3 * DAY)
    if is_over:
        driver.tell(answer("approved"), T0 + 4 * DAY)
    assert [(minor, pieces) for _, minor, pieces in requested(driver)] == [(20_000, {"a": 2})]
    assert driver.state("order", "o1").book.line("a").back_count in (0, 1)


def test_a_remedy_for_lost_goods_of_which_a_part_bears_no_ship_mark_pays_for_all() -> None:
    """RF-035: b was marked as shipped, a was not; one lost parcel held both, whatever the marks say."""
    driver = told(
        *TWO_OF_A, (s.shipped(lines=[b(2)]), T0), (due(a(2), b(2), parcel_id="k1", reason=LOST), T0 + DAY)
    )
    assert requested(driver) == [("k1.remedy.refund.refund.1", 20_000, {"a": 2, "b": 2})]


def test_stock_that_is_out_beside_goods_that_were_shipped_is_for_a_person() -> None:
    """RF-007: what was not there was not sent; the words do not fit."""
    stock = due(a(2), b(2), parcel_id="k1", reason=logistics_enums.RemedyReason.NO_STOCK)
    driver = told(*TWO_OF_A, (s.shipped(lines=[b(2)]), T0), (stock, T0 + DAY))
    assert (requested(driver), questions(driver)) == ([], ["remedy_on_mixed_lines"])


def test_a_piece_that_the_buyer_sent_is_asked_about_where_another_one_was_paid_for() -> None:
    """RF-044: the return is under way when a carrier brings back another piece, which pays the refund."""
    applied = s.applied(amount=10_000, lines=[s.share("a", 1, 10_000)])
    driver = told(
        *THREE, (s.parcel(ParcelOutcome.DELIVERED, a(2), parcel_id="k1"), T0 + DAY), (applied, T0 + DAY)
    )
    driver.tell(s.agreed(), T0 + DAY)
    driver.tell(s.sent(), T0 + 2 * DAY)
    driver.tell(back(a(1), parcel_id="k2"), T0 + 2 * DAY)
    driver.tell(s.settled(10_000), T0 + 3 * DAY)
    assert (len(requested(driver)), open_questions(driver)) == (1, [])
    driver.tell(s.inspected("a", 1, 1), T0 + 4 * DAY)
    assert open_questions(driver) == ["o1.goods.1"]
    driver.tell(answer("approved"), T0 + 5 * DAY)
    assert requested(driver)[1:] == [("o1.goods.1.refund.refund.1", 10_000, {"a": 1})]


def test_all_pieces_that_are_back_count_for_a_refund_that_was_changed_to_not_received() -> None:
    """RF-017, RF-044: it had a piece of a, which is back, and takes over b, which is back as well."""
    driver = told(*TWO_OF_A, (s.shipped(), T0), (back(a(2), b(2), parcel_id="k1"), T0 + DAY))
    driver.tell(s.applied(amount=10_000, lines=[s.share("a", 2, 10_000)]), T0 + 2 * DAY)
    driver.tell(s.refused(), T0 + 3 * DAY)
    lines = [s.share("a", 1, 5_000), s.share("b", 1, 5_000)]
    driver.tell(s.amended(RefundKind.NOT_RECEIVED, 10_000, lines=lines), T0 + 4 * DAY)
    assert requested(driver) == [("r1.refund.1", 10_000, {"a": 1, "b": 1})]
    driver.tell(s.settled(10_000), T0 + 5 * DAY)
    book = driver.state("order", "o1").book
    asked = {share.line_id: share.quantity_count for one in book.questions for share in one.pieces}
    assert (asked, len({one.number for one in book.questions})) == ({"a": 1}, len(book.questions))


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_refund_of_one_piece_takes_the_remedy_of_one_parcel_only(*, is_whole: bool) -> None:
    """RF-007, RF-035: two parcels with a piece of one line were lost; the second piece was nobody's."""
    lines = [s.share("a", 1, 5_000), *([] if is_whole else [s.share("b", 1, 5_000)])]
    applied = s.applied(RefundKind.UNSHIPPED, 5_000 * len(lines), lines=lines)
    first, second = due(a(1), parcel_id="k1", reason=LOST), due(a(1), b(1), parcel_id="k2", reason=LOST)
    driver = told(*TWO_OF_A, (applied, T0), (first, T0 + HOUR))
    assert len(requested(driver)) == is_whole
    driver.tell(second, T0 + 2 * HOUR)
    driver.tell(second, T0 + 2 * HOUR)
    own, rest = ("r1.refund.1", 5_000 * len(lines), {x.line_id: 1 for x in lines}), {"a": 1, "b": 1}
    rest = rest if is_whole else {"a": 1}
    assert requested(driver) == [own, ("k2.remedy.refund.refund.1", 5_000 * len(rest), rest)]


def test_a_parcel_that_is_lost_and_comes_back_gives_a_refund_its_pieces_once() -> None:
    """RF-036, RF-044: the second news of one parcel is about the same piece, not about the other one."""
    applied = s.applied(RefundKind.UNSHIPPED, 10_000, lines=[s.share("a", 1, 5_000), s.share("b", 1, 5_000)])
    driver = told(*TWO_OF_A, (applied, T0), (due(a(1), parcel_id="k1", reason=LOST), T0 + HOUR))
    again = due(a(1), parcel_id="k1").model_copy(update={"remedy_id": "k1.returned"})
    driver.tell(again, T0 + 2 * HOUR)
    assert requested(driver) == []
    driver.until(T0 + 3 * DAY)
    assert requested(driver) == [("r1.refund.1", 10_000, {"a": 1, "b": 1})]
