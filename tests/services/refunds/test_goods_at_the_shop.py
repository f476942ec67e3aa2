"""Goods that are back count for whatever case is about them; about others a person is asked (RF-044)."""

import pytest

from aftersales_contracts import components
from aftersales_contracts.aftersales import common, logistics_enums, refunds
from aftersales_contracts.base import Event
from aftersales_contracts.enums import ParcelDirection, RefundKind
from aftersales_contracts.shop import aftersales, desk, orders
from services.refunds.service import REFUNDS
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, GRACE, HOUR, T0
from tests.services.refunds.test_pieces import requested, told
from tests.support.driver import Driver

BACK = logistics_enums.ParcelOutcome.RETURNED
DELIVERED = logistics_enums.ParcelOutcome.DELIVERED
ONE = ((s.placed(), T0), (s.paid(), T0), (s.shipped(), T0 + HOUR))
TWO_LINES = (
    (s.placed((("a", 1, 10_000), ("b", 1, 10_000))), T0), (s.paid(20_000), T0), (s.shipped(), T0 + HOUR)
)  # fmt: skip
THREE = ((s.placed((("a", 3, 10_000),)), T0), (s.paid(30_000), T0), (s.shipped(), T0 + HOUR))
RECEIPT = aftersales.AnswerStage.RECEIPT


def back(*pieces: components.Share | str, parcel_id: str = "parcel1") -> Event:
    return s.parcel(BACK, *(pieces or ("a",)), parcel_id=parcel_id)


def open_questions(driver: Driver) -> list[str]:
    """Questions about goods that nobody answered or withdrew, by task id."""
    gone = {task.task_id for task in driver.announced(common.TaskWithdrawnV1)}
    tasks = driver.announced(common.TaskRequestedV1)
    return [task.task_id for task in tasks if ".goods." in task.task_id and task.task_id not in gone]


def answer(outcome: str, number: int = 1) -> desk.TaskCompletedV1:
    return desk.TaskCompletedV1(
        shop_id="shop-1", task_id=f"o1.goods.{number}", case_kind="order", case_id="o1", about_subject="o1",
        outcome_code=outcome, by=s.SELLER,
    )  # fmt: skip


def returning(*more: tuple[Event, object], freight: int | None = 1_200) -> Driver:
    """A return of one piece that is agreed and under way."""
    driver = told(
        *ONE, (s.applied(), T0 + DAY), (s.agreed(), T0 + DAY), (s.sent(freight=freight), T0 + 2 * DAY)
    )
    for event, at in more:
        driver.tell(event, at)  # type: ignore[arg-type]
    return driver


# N3: a carrier brings back what was to be returned, in any state of the case, or before it is opened.


def test_n3_goods_that_the_carrier_brings_back_are_returned_goods() -> None:
    """RF-044: refused at the door after the return was agreed; nothing is to be sent any more."""
    driver = told(*ONE, (s.applied(), T0 + DAY), (s.agreed(), T0 + DAY), (back(), T0 + 3 * DAY))
    assert requested(driver) == [("r1.refund.1", 10_000, {"a": 1})]
    driver.tell(back(), T0 + 4 * DAY)
    driver.until(T0 + 60 * DAY)
    assert len(requested(driver)) >= 1
    assert not driver.announced(refunds.RefundClosedV1)
    assert open_questions(driver) == []


def test_n3_before_the_answer_the_seller_still_answers() -> None:
    """RF-044: his agreement pays, without a return."""
    driver = told(*ONE, (s.applied(), T0 + DAY), (back(), T0 + 3 * DAY))
    assert requested(driver) == []
    driver.tell(s.agreed(), T0 + 4 * DAY)
    assert requested(driver) == [("r1.refund.1", 10_000, {"a": 1})]
    assert not driver.announced(refunds.ReturnAuthorizedV1)


def test_n3_goods_count_for_a_refund_that_is_opened_later() -> None:
    """RF-044: the parcel was back before the buyer applied."""
    driver = told(*ONE, (back(), T0 + 2 * DAY), (s.applied(), T0 + 3 * DAY), (s.agreed(), T0 + 3 * DAY))
    assert requested(driver) == [("r1.refund.1", 10_000, {"a": 1})]


def test_n3_half_of_the_pieces_are_back_and_the_buyer_sends_the_others() -> None:
    """RF-039, RF-044: one of three was refused at the door; two are authorised, sent and counted with it."""
    applied = s.applied(amount=30_000, lines=[s.share("a", 3, 30_000)])
    driver = told(
        *THREE, (applied, T0 + DAY), (back(s.share("a", 1)), T0 + 2 * DAY), (s.agreed(), T0 + 2 * DAY)
    )
    authorized = driver.announced(refunds.ReturnAuthorizedV1)[-1]
    assert [(line.line_id, line.quantity_count) for line in authorized.lines] == [("a", 2)]
    driver.tell(s.sent(lines=[s.share("a", 2)]), T0 + 3 * DAY)
    driver.tell(s.accepted(s.share("a", 2)), T0 + 5 * DAY)
    assert requested(driver) == [("r1.refund.1", 30_000, {"a": 3})]


def test_a_parcel_that_was_not_back_after_all_counts_for_nothing() -> None:
    """RF-044: logistics revises its word; a refund that is opened later waits for a return."""
    driver = told(*ONE, (back(), T0 + 2 * DAY), (s.parcel(DELIVERED, "a"), T0 + 3 * DAY))
    driver.tell(s.applied(), T0 + 4 * DAY)
    driver.tell(s.agreed(), T0 + 4 * DAY)
    assert (requested(driver), len(driver.announced(refunds.ReturnAuthorizedV1))) == ([], 1)


# Findings 5 to 7: a person is asked about goods without a case, and the answer has its effect.


def refused_and_lapsed() -> Driver:
    driver = returning((s.refused(stage=RECEIPT), T0 + 3 * DAY))
    driver.until(T0 + 10 * DAY + GRACE)
    assert [closed.ending for closed in driver.announced(refunds.RefundClosedV1)] == ["lapsed"]
    return driver


def test_goods_refused_at_receipt_and_lapsed_are_asked_about_and_paid() -> None:
    """RF-018, RF-026: the shop has goods and money; the answer pays once."""
    driver = refused_and_lapsed()
    assert open_questions(driver) == ["o1.goods.1"]
    for _ in range(2):
        driver.tell(answer("approved"), T0 + 11 * DAY)
    assert requested(driver) == [("o1.goods.1.refund.refund.1", 10_000, {"a": 1})]
    line = driver.state("order", "o1").book.line("a")
    assert (line.gone_count, line.back_count) == (1, 0)


def test_goods_refused_at_receipt_and_lapsed_are_sent_to_the_buyer_again() -> None:
    """RF-018, RF-026: by a person's word, once; they are back no longer."""
    driver = refused_and_lapsed()
    for _ in range(2):
        driver.tell(answer("send_back"), T0 + 11 * DAY)
    (due,) = driver.announced(refunds.ReshipDueV1)
    assert (due.purpose, due.reship_id, due.sku_ids) == ("return_to_buyer", "o1.goods.1.back", ["s-a"])
    assert driver.state("order", "o1").book.line("a").back_count == 0


def test_an_answer_that_ends_nothing_is_asked_for_again() -> None:
    """RF-044."""
    driver = refused_and_lapsed()
    driver.tell(answer("unclear"), T0 + 11 * DAY)
    driver.tell(answer("approved"), T0 + 12 * DAY)
    assert requested(driver) == []
    driver.tell(answer("approved", 2), T0 + 12 * DAY)
    assert requested(driver) == [("o1.goods.2.refund.refund.1", 10_000, {"a": 1})]


@pytest.mark.parametrize("news", ["inspected", "accepted", "arrived"])
def test_goods_that_arrive_after_the_refund_was_withdrawn_are_asked_about(news: str) -> None:
    """RF-004: withdrawn while they travel; whoever sees them first, the question comes once."""
    driver = returning((s.withdrawn(), T0 + 3 * DAY))
    assert open_questions(driver) == []
    seen = {
        "inspected": s.inspected(),
        "accepted": s.accepted(s.share("a")),
        "arrived": s.parcel(BACK, "a", parcel_id="ret1", direction=ParcelDirection.RETURN),
    }
    driver.tell(seen[news], T0 + 4 * DAY)
    for event in seen.values():
        driver.tell(event, T0 + 5 * DAY)
    assert open_questions(driver) == ["o1.goods.1"]


def test_a_new_application_takes_the_place_of_the_question() -> None:
    """RF-044: the goods are there, so that the agreement pays; the question is withdrawn."""
    driver = refused_and_lapsed()
    driver.tell(s.applied(refund_id="r2"), T0 + 11 * DAY)
    assert open_questions(driver) == []
    driver.tell(answer("approved"), T0 + 11 * DAY)
    driver.tell(s.agreed(refund_id="r2"), T0 + 12 * DAY)
    assert requested(driver) == [("r2.refund.1", 10_000, {"a": 1})]


@pytest.mark.parametrize("cause", list(orders.SuccessCause))
def test_goods_back_after_success_are_asked_about_and_paid(cause: orders.SuccessCause) -> None:
    """RF-045: confirmed, then the carrier brings the parcel back: one task whose answer pays."""
    driver = told(*ONE, (s.succeeded(cause), T0 + 2 * DAY), (back(), T0 + 3 * DAY))
    assert open_questions(driver) == ["o1.goods.1"]
    driver.tell(answer("approved"), T0 + 4 * DAY)
    assert requested(driver) == [("o1.goods.1.refund.refund.1", 10_000, {"a": 1})]


def test_a_full_refund_after_success_does_not_close_the_order() -> None:
    """RF-033: the trade had its end."""
    driver = told(
        *ONE, (s.succeeded(), T0 + 2 * DAY), (back(), T0 + 3 * DAY), (answer("approved"), T0 + 4 * DAY)
    )
    driver.tell(s.settled(10_000, "o1.goods.1.refund.refund.1"), T0 + 5 * DAY)
    (paid,) = driver.announced(refunds.RefundPaidV1)
    assert (paid.is_full, paid.order_outcome) == (True, "continues")


def test_goods_back_beside_a_refund_of_other_pieces_are_paid_by_the_answer() -> None:
    """RF-044: two of three are applied for, all three come back."""
    applied = s.applied(
        RefundKind.NOT_RECEIVED, 20_000, lines=[s.share("a", 2, 20_000)], reason="not_received"
    )
    driver = told(*THREE, (applied, T0 + DAY), (back(s.share("a", 3)), T0 + 3 * DAY))
    driver.tell(answer("approved"), T0 + 4 * DAY)
    assert requested(driver) == [
        ("r1.refund.1", 20_000, {"a": 2}), ("o1.goods.1.refund.refund.1", 10_000, {"a": 1})
    ]  # fmt: skip


def test_pieces_that_were_paid_by_the_answer_are_not_asked_about_again() -> None:
    """RF-044: one of two pieces came back and is paid; the buyer has the other."""
    driver = told((s.placed((("a", 2, 5_000),)), T0), (s.paid(), T0), (s.shipped(), T0 + HOUR))
    driver.tell(s.succeeded(), T0 + DAY)
    driver.tell(back(s.share("a")), T0 + 2 * DAY)
    driver.tell(answer("approved"), T0 + 3 * DAY)
    driver.tell(s.settled(5_000, "o1.goods.1.refund.refund.1"), T0 + 3 * DAY)
    assert open_questions(driver) == ["o1.goods.1"], "the one that was answered"
    assert driver.state("order", "o1").book.line("a").back_count == 0


def test_pieces_that_are_here_and_were_not_accepted_are_asked_about() -> None:
    """RF-039: three came, the warehouse takes two: two are paid, the third is paid or sent back."""
    applied = s.applied(amount=30_000, lines=[s.share("a", 3, 30_000)])
    driver = told(*THREE, (applied, T0 + DAY), (s.agreed(), T0 + DAY))
    driver.tell(s.sent(lines=[s.share("a", 3)]), T0 + 2 * DAY)
    driver.tell(s.inspected("a", 3, 2), T0 + 4 * DAY)
    driver.tell(s.accepted(s.share("a", 3)), T0 + 5 * DAY)
    driver.tell(s.settled(20_000), T0 + 5 * DAY)
    assert open_questions(driver) == ["o1.goods.1"]
    driver.tell(answer("send_back"), T0 + 6 * DAY)
    (due,) = driver.announced(refunds.ReshipDueV1)
    assert [(line.line_id, line.quantity_count) for line in due.lines] == [("a", 1)]


def test_goods_back_beside_a_refund_of_another_line_after_success() -> None:
    """RF-044, RF-045."""
    applied = s.applied(RefundKind.NOT_RECEIVED, lines=[s.share("a", 1, 10_000)], reason="not_received")
    driver = told(
        *TWO_LINES, (applied, T0 + DAY), (s.succeeded(orders.SuccessCause.AUTO_CONFIRM), T0 + 2 * DAY)
    )
    driver.tell(back("a", "b"), T0 + 3 * DAY)
    driver.tell(answer("approved"), T0 + 4 * DAY)
    assert requested(driver) == [
        ("r1.refund.1", 10_000, {"a": 1}), ("o1.goods.1.refund.refund.1", 10_000, {"b": 1})
    ]  # fmt: skip


def test_a_price_difference_leaves_the_rest_of_the_money_owed_for_goods_that_came_back() -> None:
    """RF-041: 30 % were agreed for goods that the buyer was to keep; the parcel is refused at the door."""
    driver = told(*ONE, (s.applied(RefundKind.NO_RETURN, 3_000, lines=[s.share("a", 1, 3_000)]), T0 + DAY))
    driver.tell(back(), T0 + 2 * DAY)
    driver.tell(s.agreed(), T0 + 3 * DAY)
    driver.tell(s.settled(3_000), T0 + 3 * DAY)
    driver.tell(answer("approved"), T0 + 4 * DAY)
    assert [minor for _, minor, _ in requested(driver)] == [3_000, 7_000]


def test_all_goods_at_the_shop_are_asked_about_once_the_order_is_over() -> None:
    """RF-044: one of three was repaid, one came back before the success without a remedy, two after it."""
    applied = s.applied(RefundKind.UNSHIPPED, lines=[s.share("a", 1, 10_000)])
    driver = told(*THREE[:2], (applied, T0))
    driver.until(T0 + 3 * DAY)
    driver.tell(s.settled(10_000), T0 + 3 * DAY)
    driver.tell(back(s.share("a", 1), parcel_id="k2"), T0 + 3 * DAY)
    assert open_questions(driver) == []
    driver.tell(s.succeeded(), T0 + 4 * DAY)
    driver.tell(back(s.share("a", 2), parcel_id="k4"), T0 + 5 * DAY)
    driver.tell(answer("approved"), T0 + 6 * DAY)
    assert requested(driver)[1:] == [("o1.goods.1.refund.refund.1", 20_000, {"a": 2})]


# N2 and finding 8: goods back in an exchange.


def exchanging(*more: tuple[Event, object]) -> Driver:
    driver = Driver(REFUNDS)
    for event, at in (
        *ONE,
        (s.exchange_applied(), T0 + 2 * DAY),
        (s.reship(logistics_enums.ReshipStatus.RESERVED), T0 + 2 * DAY),
        *more,
    ):
        driver.tell(event, at)  # type: ignore[arg-type]
    return driver


def test_goods_back_during_an_exchange_make_the_replacement_due() -> None:
    """RF-044, RF-120: agreed before the parcel was refused at the door, or after."""
    for news in (
        [(s.exchange_answered(), T0 + 2 * DAY), (back(), T0 + 3 * DAY)],
        [(back(), T0 + 3 * DAY), (s.exchange_answered(), T0 + 4 * DAY)],
    ):
        driver = exchanging(*news)
        (due,) = driver.announced(refunds.ReshipDueV1)
        assert (due.purpose, due.reship_id) == ("exchange", "x1.reship")


def test_goods_back_for_an_exchange_that_is_opened_later() -> None:
    """RF-044."""
    driver = told(*ONE, (back(), T0 + 2 * DAY), (s.exchange_applied(), T0 + 2 * DAY))
    driver.tell(s.reship(logistics_enums.ReshipStatus.RESERVED), T0 + 2 * DAY)
    driver.tell(s.exchange_answered(), T0 + 2 * DAY)
    assert [due.purpose for due in driver.announced(refunds.ReshipDueV1)] == ["exchange"]


def test_goods_back_in_an_exchange_that_is_refused_or_withdrawn_are_asked_about() -> None:
    """RF-044, RF-118."""
    refused = s.exchange_answered(aftersales.ExchangeAnswer.REFUSED)
    withdrawn = aftersales.ApplicationWithdrawnV1(**s.KEYS, exchange_id="x1", by=s.BUYER)
    for end in (refused, withdrawn):
        driver = exchanging((back(), T0 + 3 * DAY), (end, T0 + 4 * DAY))
        assert open_questions(driver) == ["o1.goods.1"]


def test_a_remedy_for_goods_that_an_exchange_has_pays_nothing() -> None:
    """RF-044: logistics tells of the parcel that is back twice, as an outcome and as a remedy."""
    driver = exchanging((s.exchange_answered(), T0 + 2 * DAY), (back(), T0 + 3 * DAY))
    driver.tell(s.remedy(s.share("a"), reason=logistics_enums.RemedyReason.REFUSED), T0 + 3 * DAY)
    assert (requested(driver), open_questions(driver)) == ([], [])


def test_n2_an_exchange_that_spans_the_success_ends_in_a_task_whose_answer_pays() -> None:
    """RF-121: goods are back, there is no stock, the buyer takes the money."""
    driver = exchanging(
        (s.exchange_answered(), T0 + 2 * DAY),
        (s.succeeded(), T0 + 3 * DAY),
        (s.sent(exchange_id="x1"), T0 + 4 * DAY),
        (s.accepted(exchange_id="x1"), T0 + 5 * DAY),
        (s.reship(logistics_enums.ReshipStatus.UNAVAILABLE), T0 + 6 * DAY),
    )
    chosen = aftersales.OfferAnsweredV1(
        **s.KEYS, offer_id="x1.offer.1", case_id="x1", case_kind="exchange", option_id="refund"
    )
    driver.tell(chosen, T0 + 6 * DAY)
    tasks = [task.question_code for task in driver.announced(common.TaskRequestedV1)]
    assert tasks[-1] == "refund_for_exchange_after_success"
    driver.tell(answer("approved"), T0 + 7 * DAY)
    assert requested(driver) == [("o1.goods.1.refund.refund.1", 10_000, {"a": 1})]


def test_a_remedy_after_success_is_a_task_whose_answer_pays_once() -> None:
    """RF-035, RF-045: the parcel is lost after the buyer confirmed; the news comes twice."""
    driver = told(*ONE, (s.succeeded(), T0 + 2 * DAY))
    for _ in range(2):
        driver.tell(s.remedy(s.share("a")), T0 + 3 * DAY)
    assert open_questions(driver) == ["o1.goods.1"]
    driver.tell(answer("approved"), T0 + 4 * DAY)
    assert requested(driver) == [("o1.goods.1.refund.refund.1", 10_000, {"a": 1})]
