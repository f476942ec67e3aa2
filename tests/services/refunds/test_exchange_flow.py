"""Exchanges beside refunds of the same order: what is not exchanged twice, and what the shop owes."""

from dataclasses import replace
from datetime import datetime

import pytest

from aftersales_contracts import components
from aftersales_contracts.aftersales import common, logistics_enums, refunds
from aftersales_contracts.base import Event
from aftersales_contracts.enums import Carriage, Condition, RefundKind
from aftersales_contracts.shop import aftersales, desk
from services.refunds.service import REFUNDS
from tests.services.refunds import shop as s
from tests.services.refunds.kinds import OnePolicy, with_exchange
from tests.services.refunds.shop import DAY, GRACE, HOUR, MINUTE, T0
from tests.support.driver import Driver

Told = tuple[Event, datetime]
TWO = (s.placed([("a", 1, 10_000), ("b", 1, 5_000)]), T0)
NO_STOCK = s.reship(logistics_enums.ReshipStatus.UNAVAILABLE)


def shipped(placed: Told, paid: int, *more: Told) -> Driver:
    driver = Driver(REFUNDS)
    for event, at in (placed, (s.paid(paid), T0), (s.shipped(), T0 + HOUR), *more):
        driver.tell(event, at)
    return driver


def chosen(option_id: str) -> aftersales.OfferAnsweredV1:
    return aftersales.OfferAnsweredV1(
        **s.KEYS, offer_id="x1.offer.1", case_id="x1", case_kind="exchange", option_id=option_id
    )


def came_back(reason: str = "quality") -> list[Told]:
    """An exchange of line a whose goods are at the shop; the buyer laid out 12.00 for that."""
    return [
        (s.exchange_applied(reason), T0 + 2 * DAY),
        (s.reship(logistics_enums.ReshipStatus.RESERVED), T0 + 2 * DAY),
        (s.exchange_answered(), T0 + 2 * DAY),
        (s.sent(freight=1_200, exchange_id="x1"), T0 + 3 * DAY),
        (s.accepted(s.share("a"), exchange_id="x1"), T0 + 4 * DAY),
    ]


def rejection(driver: Driver, exchange_id: str, at: datetime) -> str | None:
    told = driver.tell(s.exchange_applied("quality", exchange_id), at)
    return next((o.reason_code for o in told if isinstance(o, refunds.ApplicationRejectedV1)), None)


def requested(driver: Driver) -> list[tuple[str, int]]:
    return [(r.purpose, r.amount.minor) for r in driver.announced(refunds.RefundPaymentRequestedV1)]


def test_a_line_that_is_refunded_in_full_is_not_exchanged() -> None:
    """RF-106: it is exchanged or refunded, although the buyer keeps the goods."""
    driver = shipped(
        TWO,
        15_000,
        (s.applied(RefundKind.NO_RETURN, 10_000, lines=[s.share("a", 1, 10_000)]), T0 + DAY),
        (s.agreed(), T0 + DAY),
        (s.settled(10_000), T0 + DAY),
    )
    assert rejection(driver, "x1", T0 + 2 * DAY) == "over_refundable"


def test_a_price_difference_leaves_the_exchange() -> None:
    """RF-106."""
    driver = shipped(
        TWO,
        15_000,
        (s.applied(RefundKind.NO_RETURN, 3_000, lines=[s.share("a", 1, 3_000)]), T0 + DAY),
        (s.agreed(), T0 + DAY),
        (s.settled(3_000), T0 + DAY),
    )
    assert rejection(driver, "x1", T0 + 2 * DAY) is None


def test_goods_of_a_converted_exchange_are_gone() -> None:
    """RF-121: they are at the shop, and the buyer has the money."""
    driver = shipped(
        TWO,
        15_000,
        *came_back(),
        (NO_STOCK, T0 + 4 * DAY),
        (chosen("refund"), T0 + 4 * DAY),
        (s.settled(10_000, "x1.refund.refund.1"), T0 + 4 * DAY),
    )
    line = driver.state("order", s.ORDER_ID).book.line("a")
    assert (line.refunded_minor, line.gone_count) == (10_000, 1)
    assert rejection(driver, "x2", T0 + 5 * DAY) == "over_refundable"


def test_no_stock_after_the_goods_came_back_repays_their_freight() -> None:
    """RF-061, RF-068: the shop owes it whether the buyer takes the money or is silent."""
    driver = shipped((s.placed(freight=1_000, is_free=False), T0), 11_000, *came_back())
    driver.tell(NO_STOCK, T0 + 5 * DAY)
    assert requested(driver) == [("freight", 1_200)]
    driver.tell(chosen("refund"), T0 + 5 * DAY + MINUTE)
    assert requested(driver) == [("freight", 1_200), ("refund", 11_000)]


def test_no_stock_and_no_choice_send_the_goods_back_at_the_cost_of_the_shop() -> None:
    """RF-121."""
    driver = shipped((s.placed(), T0), 10_000, *came_back())
    driver.tell(NO_STOCK, T0 + 5 * DAY)
    driver.tell(s.settled(1_200, "x1.exchange.freight.1"), T0 + 5 * DAY)
    driver.until(T0 + 9 * DAY)
    back = driver.announced(refunds.ReshipDueV1)[-1]
    assert (back.purpose, back.cost_bearer) == ("return_to_buyer", "seller")


def returned_for(reason: str) -> list[tuple[str, int]]:
    """Plays an exchange without stock, on an order with 10.00 freight paid by the buyer; lists requests."""
    driver = shipped(
        (s.placed(freight=1_000, is_free=False), T0),
        11_000,
        (s.exchange_applied(reason), T0 + 2 * DAY),
        (NO_STOCK, T0 + 2 * DAY),
        (chosen("refund"), T0 + 3 * DAY),
        (s.sent(refund_id="x1.refund"), T0 + 4 * DAY),
        (s.accepted(s.share("a"), refund_id="x1.refund"), T0 + 5 * DAY),
    )
    return requested(driver)


def test_no_stock_before_sending_gives_the_original_freight_back_for_quality() -> None:
    """RF-064, RF-066."""
    assert returned_for("quality") == [("refund", 11_000)]
    assert returned_for("size") == [("refund", 10_000)]


def delivered(*line_ids: str) -> Event:
    return s.parcel(logistics_enums.ParcelOutcome.DELIVERED, *line_ids)


def test_the_window_of_a_line_runs_from_its_own_delivery() -> None:
    """RF-094, RF-095: a parcel that came first does not end the window of the second."""
    driver = shipped(TWO, 15_000, (delivered("b"), T0 + DAY), (delivered("a"), T0 + 8 * DAY))
    assert rejection(driver, "x1", T0 + 15 * DAY) is None
    late = shipped(TWO, 15_000, (delivered("b"), T0 + DAY), (delivered("a"), T0 + 8 * DAY))
    assert rejection(late, "x1", T0 + 15 * DAY + MINUTE) == "out_of_window"


def test_the_window_of_a_line_in_two_parcels_runs_from_the_last() -> None:
    """RF-094."""
    driver = shipped(TWO, 15_000, (delivered("a"), T0 + DAY), (delivered("a"), T0 + 8 * DAY))
    assert rejection(driver, "x1", T0 + 15 * DAY) is None


def test_a_delivery_without_lines_starts_every_window_once() -> None:
    """RF-094."""
    driver = shipped(TWO, 15_000, (delivered(), T0 + DAY), (delivered(), T0 + 8 * DAY))
    assert rejection(driver, "x1", T0 + 8 * DAY + MINUTE) == "out_of_window"


def opened_questions(driver: Driver) -> list[str]:
    return [
        task.question_code for task in driver.announced(common.TaskRequestedV1) if ".goods." in task.task_id
    ]


def answered(outcome: str) -> desk.TaskCompletedV1:
    return desk.TaskCompletedV1(
        shop_id="shop-1", task_id="o1.goods.1", case_kind="order", case_id="o1", about_subject="o1",
        outcome_code=outcome, by=s.SELLER,
    )  # fmt: skip


def breached(reason: str = "quality") -> Driver:
    """The goods are at the shop, and three days later no replacement left it."""
    driver = shipped((s.placed(), T0), 10_000, *came_back(reason))
    driver.until(T0 + 7 * DAY + GRACE)
    driver.tell(s.settled(1_200, "x1.exchange.freight.1"), T0 + 7 * DAY + GRACE)
    return driver


@pytest.mark.parametrize("reason", ["quality", "size"])
def test_n5_a_breach_repays_what_the_buyer_laid_out_and_offers_money_or_the_replacement(reason: str) -> None:
    """RF-118, RF-120: whoever was to bear the way."""
    driver = breached(reason)
    assert requested(driver) == [("freight", 1_200)]
    (offer,) = driver.announced(common.OfferMadeV1)
    assert [option.option_id for option in offer.options] == ["refund", "replacement"]


def test_n5_the_money_is_chosen_and_the_promise_is_broken() -> None:
    """RF-118: the ending tells the promise."""
    driver = breached()
    driver.tell(chosen("refund"), T0 + 8 * DAY)
    assert requested(driver) == [("freight", 1_200), ("refund", 10_000)]
    assert [end.ending for end in driver.announced(refunds.ExchangeEndedV1)] == ["breached"]
    assert opened_questions(driver) == []


def test_n5_the_replacement_is_chosen_and_comes_late() -> None:
    """RF-120: it is carried out after all; the freight is repaid once."""
    driver = breached()
    driver.tell(chosen("replacement"), T0 + 8 * DAY)
    driver.tell(s.reship(logistics_enums.ReshipStatus.SENT), T0 + 9 * DAY)
    driver.tell(s.reship(logistics_enums.ReshipStatus.DELIVERED), T0 + 11 * DAY)
    assert [end.ending for end in driver.announced(refunds.ExchangeEndedV1)] == ["completed"]
    assert requested(driver) == [("freight", 1_200)]


def test_n5_nothing_is_chosen_and_a_person_makes_it_good() -> None:
    """RF-118: the answer pays."""
    driver = breached()
    driver.until(T0 + 11 * DAY)
    assert [end.ending for end in driver.announced(refunds.ExchangeEndedV1)] == ["breached"]
    assert opened_questions(driver) == ["exchange_breached"]
    driver.tell(answered("approved"), T0 + 12 * DAY)
    assert requested(driver) == [("freight", 1_200), ("refund", 10_000)]


def test_s3_a_confirmed_fault_is_what_the_exchange_is_for() -> None:
    """RF-061, RF-116: damaged by the fault, and accepted: the replacement goes out, the freight is repaid."""
    driver = shipped((s.placed(), T0), 10_000, *came_back()[:-1])
    driver.tell(s.inspected(condition=Condition.DAMAGED, is_fault_confirmed=True), T0 + 4 * DAY)
    driver.tell(s.reship(logistics_enums.ReshipStatus.SENT), T0 + 5 * DAY)
    assert [due.purpose for due in driver.announced(refunds.ReshipDueV1)] == ["exchange"]
    assert requested(driver) == [("freight", 1_200)]


@pytest.mark.parametrize(("second", "freight"), [(False, []), (None, [1_200]), (True, [1_200])])
def test_a_second_look_is_the_first_word_on_the_fault(second: bool | None, freight: list[int]) -> None:
    """RF-116, RF-063: the first said nothing of the fault, the second found none; the freight was repaid."""
    driver = shipped((s.placed(), T0), 10_000, *came_back()[:-1])
    driver.tell(s.inspected(is_fault_confirmed=None), T0 + 4 * DAY)
    driver.tell(s.inspected(is_fault_confirmed=second), T0 + 4 * DAY + HOUR)
    driver.tell(s.reship(logistics_enums.ReshipStatus.SENT), T0 + 5 * DAY)
    assert requested(driver) == [("freight", minor) for minor in freight]


def completed() -> Driver:
    driver = shipped((s.placed(), T0), 10_000, *came_back())
    driver.tell(s.reship(logistics_enums.ReshipStatus.SENT), T0 + 5 * DAY)
    driver.tell(s.settled(1_200, "x1.exchange.freight.1"), T0 + 5 * DAY)
    driver.tell(s.reship(logistics_enums.ReshipStatus.DELIVERED), T0 + 6 * DAY)
    return driver


def test_a_replacement_that_is_lost_after_the_exchange_is_asked_about_and_paid() -> None:
    """RF-118, RF-120: signed for, not received, and presumed lost; the news comes twice."""
    driver = completed()
    for _ in range(2):
        driver.tell(s.reship(logistics_enums.ReshipStatus.FAILED), T0 + 9 * DAY)
    assert opened_questions(driver) == ["replacement_lost"]
    driver.tell(answered("approved"), T0 + 10 * DAY)
    assert requested(driver) == [("freight", 1_200), ("refund", 10_000)]


def test_a_replacement_that_turns_up_again_is_asked_about_no_more() -> None:
    """RF-120."""
    driver = completed()
    driver.tell(s.reship(logistics_enums.ReshipStatus.FAILED), T0 + 9 * DAY)
    driver.tell(s.reship(logistics_enums.ReshipStatus.DELIVERED), T0 + 10 * DAY)
    assert [task.task_id for task in driver.announced(common.TaskWithdrawnV1)] == ["o1.goods.1"]
    driver.tell(answered("approved"), T0 + 11 * DAY)
    assert requested(driver) == [("freight", 1_200)]


def styled(wanted_style_id: str | None, sku_id: str = "s-a-xl") -> str | None:
    """Asks for another variant of a line of style `st-1`; line b is of another style."""
    placed = s.placed([("a", 1, 10_000), ("b", 1, 5_000)])
    lines = [
        line.model_copy(update={"style_id": style_id})
        for line, style_id in zip(placed.lines, ("st-1", "st-2"), strict=True)
    ]
    driver = shipped((placed.model_copy(update={"lines": lines}), T0), 15_000)
    wanted = [components.Wanted(line_id="a", sku_id=sku_id, style_id=wanted_style_id)]
    told = driver.tell(s.exchange_applied().model_copy(update={"wanted": wanted}), T0 + 2 * DAY)
    return next((o.reason_code for o in told if isinstance(o, refunds.ApplicationRejectedV1)), None)


def test_an_exchange_keeps_the_style() -> None:
    """RF-105: compared where both are told; a SKU of the order tells its own."""
    assert styled("st-2") == "other_style"
    assert styled(None, "s-b") == "other_style"
    assert (styled("st-1"), styled(None)) == (None, None)


def test_goods_that_travel_otherwise_are_registered_and_the_replacement_follows() -> None:
    """RF-104: the shop takes express only; a parcel by mail is told of once, and exchanged all the same."""
    driver = Driver(replace(REFUNDS, policies=OnePolicy(with_exchange(carriages=(Carriage.EXPRESS,)))))
    by_mail = (s.sent(Carriage.MAIL, 1_200, exchange_id="x1"), T0 + 3 * DAY)
    story = [
        (s.placed(), T0),
        (s.paid(10_000), T0),
        (s.shipped(), T0 + HOUR),
        *came_back()[:3],
        by_mail,
        by_mail,
    ]
    for event, at in story:
        driver.tell(event, at)
    (task,) = driver.announced(common.TaskRequestedV1)
    assert (task.question_code, task.rule_ids) == ("return_by_other_carriage", ["RF-104"])
    assert task.due_at == T0 + 33 * DAY
    driver.until(T0 + 33 * DAY - MINUTE)
    driver.tell(s.accepted(s.share("a"), exchange_id="x1"), T0 + 33 * DAY - MINUTE)
    assert [due.purpose for due in driver.announced(refunds.ReshipDueV1)] == ["exchange"]
    driver.tell(s.reship(logistics_enums.ReshipStatus.SENT), T0 + 34 * DAY)
    assert requested(driver) == [("freight", 1_200)]
