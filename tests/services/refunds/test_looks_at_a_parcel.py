"""A parcel belongs to the case that it came for, however often it is looked at (RF-039, RF-044)."""

from typing import Any

import pytest

from aftersales_contracts.aftersales import refunds
from aftersales_contracts.aftersales.logistics_enums import ParcelOutcome, ReshipStatus
from aftersales_contracts.enums import ParcelDirection, RefundKind
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, T0
from tests.services.refunds.test_goods_at_the_shop import RECEIPT, THREE, TWO_LINES, answer, open_questions
from tests.services.refunds.test_goods_left_over import back_count, of_three
from tests.services.refunds.test_parts_flow import person_says
from tests.services.refunds.test_pieces import requested, told
from tests.support.driver import Driver

NAMES = pytest.mark.parametrize("named", [{}, {"return_id": "ret1"}], ids=["without a name", "by its name"])


def sent(count: int = 1) -> Driver:
    """So many of three pieces are on their way back."""
    driver = of_three(count)
    driver.tell(s.sent(lines=[s.share("a", count)]), T0 + 2 * DAY)
    return driver


def second(driver: Driver, count: int = 1) -> None:
    """Another refund is agreed; nothing is sent for it."""
    applied = s.applied(amount=count * 10_000, refund_id="r2", lines=[s.share("a", count, count * 10_000)])
    driver.tell(applied, T0 + 10 * DAY)
    driver.tell(s.agreed(refund_id="r2"), T0 + 10 * DAY)


@NAMES
def test_a_second_look_at_goods_that_another_refund_took_over_adds_none(named: dict[str, Any]) -> None:
    """RF-044: one of three came back and was withdrawn; the next refund wants the two others as well."""
    driver = sent()
    driver.tell(s.inspected("a", 1, 1), T0 + 3 * DAY)
    driver.tell(s.withdrawn(), T0 + 4 * DAY)
    second(driver, 3)
    driver.tell(s.inspected("a", 1, 1, **named), T0 + 11 * DAY)
    driver.tell(s.withdrawn("r2"), T0 + 12 * DAY)
    assert back_count(driver) == 1
    driver.tell(answer("send_back", 2), T0 + 13 * DAY)
    (due,) = driver.announced(refunds.ReshipDueV1)
    assert [(line.line_id, line.quantity_count) for line in due.lines] == [("a", 1)]


@NAMES
def test_a_second_look_at_goods_that_were_sent_back_to_the_buyer_finds_none(named: dict[str, Any]) -> None:
    """RF-044: they are no goods of the refund that he files afterwards."""
    driver = sent()
    driver.tell(s.inspected("a", 1, 0), T0 + 3 * DAY)
    driver.tell(s.withdrawn(), T0 + 4 * DAY)
    driver.tell(answer("send_back"), T0 + 5 * DAY)
    second(driver)
    driver.tell(s.inspected("a", 1, 1, **named), T0 + 11 * DAY)
    driver.until(T0 + 60 * DAY)
    assert (requested(driver), open_questions(driver), back_count(driver)) == ([], ["o1.goods.1"], 0)


@pytest.mark.parametrize("is_silent", [True, False])
@NAMES
def test_the_parcel_of_a_refund_that_is_paid_already_is_no_return_for_the_next(
    named: dict[str, Any], *, is_silent: bool
) -> None:
    """RF-023, RF-039: it was paid by the seller's word or by silence, and is looked at only then."""
    driver = sent()
    if not is_silent:
        driver.tell(s.accepted(s.share("a")), T0 + 3 * DAY)
    driver.until(T0 + 20 * DAY)
    driver.tell(s.settled(10_000), T0 + 20 * DAY)
    applied = s.applied(amount=10_000, refund_id="r2", lines=[s.share("a", 1, 10_000)])
    driver.tell(applied, T0 + 21 * DAY)
    driver.tell(s.agreed(refund_id="r2"), T0 + 21 * DAY)
    driver.tell(s.inspected("a", 1, 1, **named), T0 + 22 * DAY)
    driver.until(T0 + 60 * DAY)
    assert len(requested(driver)) == 1
    assert [closed.ending for closed in driver.announced(refunds.RefundClosedV1)] == ["lapsed"]
    assert (open_questions(driver), back_count(driver)) == ([], 0)


def test_what_is_sent_for_the_next_refund_is_its_own_although_an_older_parcel_was_never_looked_at() -> None:
    """RF-039."""
    driver = sent()
    driver.tell(s.accepted(s.share("a")), T0 + 3 * DAY)
    driver.tell(s.settled(10_000), T0 + 4 * DAY)
    second(driver)
    driver.tell(s.sent(refund_id="r2", return_id="ret2"), T0 + 11 * DAY)
    driver.tell(s.inspected("a", 1, 0, parcel_id="back2"), T0 + 12 * DAY)
    driver.until(T0 + 60 * DAY)
    assert len(requested(driver)) == 1, "not one piece was accepted"


@pytest.mark.parametrize("is_at_the_gate", [True, False])
def test_a_piece_that_was_missing_at_the_first_look_is_that_piece_at_the_second(
    *, is_at_the_gate: bool
) -> None:
    """RF-044: two were registered, one was found; logistics tells the registered ones as back."""
    driver = sent(2)
    driver.tell(s.inspected("a", 1, 1, return_id="ret1"), T0 + 3 * DAY)
    if is_at_the_gate:
        gate = s.parcel(
            ParcelOutcome.RETURNED, s.share("a", 2), parcel_id="ret1", direction=ParcelDirection.RETURN
        )
        driver.tell(gate, T0 + 3 * DAY)
    driver.tell(s.withdrawn(), T0 + 4 * DAY)
    assert back_count(driver) == 1
    for number in range(2):
        driver.tell(s.inspected("a", 2, 2, return_id="ret1"), T0 + (5 + number) * DAY)
    assert (open_questions(driver), back_count(driver)) == (["o1.goods.1", "o1.goods.2"], 2)


def test_goods_that_the_second_look_finds_unfit_are_not_paid_by_silence_to_the_refund_that_has_them() -> None:
    """RF-023, RF-039: the look names the return of the refund before."""
    driver = sent()
    driver.tell(s.inspected("a", 1, 1, return_id="ret1"), T0 + 3 * DAY)
    driver.tell(s.withdrawn(), T0 + 4 * DAY)
    driver.tell(s.applied(refund_id="r2", lines=[s.share("a", 1, 10_000)]), T0 + 5 * DAY)
    driver.tell(s.inspected("a", 1, 0, return_id="ret1"), T0 + 6 * DAY)
    driver.until(T0 + 40 * DAY)
    assert requested(driver) == []


def test_unfit_goods_of_a_lapsed_return_are_not_paid_to_the_refund_that_waits_for_a_return() -> None:
    """RF-023, RF-044: the parcel came without a name, and is that of the return that was sent too late."""
    driver = of_three(1)
    driver.until(T0 + 10 * DAY)
    driver.tell(s.sent(), T0 + 12 * DAY)
    driver.tell(s.applied(refund_id="r2", lines=[s.share("a", 1, 10_000)]), T0 + 12 * DAY)
    driver.tell(s.agreed(refund_id="r2"), T0 + 12 * DAY)
    driver.tell(s.inspected("a", 1, 0), T0 + 13 * DAY)
    driver.until(T0 + 60 * DAY)
    assert requested(driver) == []


def test_unfit_goods_of_a_lapsed_return_are_not_paid_by_silence_to_the_refund_that_takes_them_over() -> None:
    """RF-023, RF-044: the parcel names the return that was sent too late."""
    driver = of_three(1)
    driver.until(T0 + 10 * DAY)
    driver.tell(s.sent(), T0 + 12 * DAY)
    driver.tell(s.applied(refund_id="r2", lines=[s.share("a", 1, 10_000)]), T0 + 12 * DAY)
    driver.tell(s.inspected("a", 1, 0, return_id="ret1"), T0 + 13 * DAY)
    driver.until(T0 + 60 * DAY)
    assert requested(driver) == []


def test_a_piece_beside_those_whose_payment_was_given_up_is_asked_about() -> None:
    """RF-029, RF-044: one of two was accepted; its payment is given up, and the other one comes."""
    driver = of_three(2)
    driver.tell(s.sent(lines=[s.share("a", 2)]), T0 + 2 * DAY)
    driver.tell(s.accepted(s.share("a", 1)), T0 + 3 * DAY)
    driver.tell(s.inspected("a", 2, 2, return_id="ret1"), T0 + 4 * DAY)
    driver.tell(s.failed(is_retryable=False), T0 + 4 * DAY)
    driver.tell(person_says("abandon"), T0 + 5 * DAY)
    assert (open_questions(driver), back_count(driver)) == (["o1.goods.1"], 2)
    driver.tell(answer("approved"), T0 + 6 * DAY)
    assert requested(driver)[1:] == [("o1.goods.1.refund.refund.1", 10_000, {"a": 1})]


@pytest.mark.parametrize("is_looked_at_first", [True, False])
def test_a_piece_beside_those_that_are_paid_is_asked_about_though_the_payment_is_stuck(
    *, is_looked_at_first: bool
) -> None:
    """RF-025, RF-044: one of two was accepted; its payment settles after the answer about the other."""
    driver = of_three(2)
    driver.tell(s.sent(lines=[s.share("a", 2)]), T0 + 2 * DAY)
    look = s.inspected("a", 2, 2, return_id="ret1")
    if is_looked_at_first:
        driver.tell(look, T0 + 3 * DAY)
    driver.tell(s.accepted(s.share("a", 1)), T0 + 4 * DAY)
    if not is_looked_at_first:
        driver.tell(look, T0 + 5 * DAY)
    assert (open_questions(driver), back_count(driver)) == (["o1.goods.1"], 1)
    driver.tell(answer("approved"), T0 + 6 * DAY)
    driver.tell(s.settled(10_000, "o1.goods.1.refund.refund.1"), T0 + 6 * DAY)
    driver.tell(s.settled(10_000), T0 + 20 * DAY)
    assert requested(driver)[1:] == [("o1.goods.1.refund.refund.1", 10_000, {"a": 1})]
    assert (open_questions(driver), back_count(driver)) == (["o1.goods.1"], 0), "asked once"


def test_pieces_that_no_one_accepted_go_to_the_next_refund_that_is_about_them() -> None:
    """RF-029, RF-044: the goods are here, and the question about them is over with the new refund."""
    driver = of_three(2)
    driver.tell(s.sent(lines=[s.share("a", 2)]), T0 + 2 * DAY)
    driver.tell(s.inspected("a", 2, 2, return_id="ret1"), T0 + 3 * DAY)
    driver.tell(s.accepted(s.share("a", 1)), T0 + 4 * DAY)
    driver.tell(s.settled(10_000), T0 + 5 * DAY)
    second(driver)
    driver.tell(s.settled(10_000, "r2.refund.1"), T0 + 11 * DAY)
    assert [intent for intent, _, _ in requested(driver)] == ["r1.refund.1", "r2.refund.1"]
    assert back_count(driver) == 0


@pytest.mark.parametrize("is_accepted", [True, False])
def test_unfit_goods_that_a_changed_application_takes_over_wait_for_the_seller(*, is_accepted: bool) -> None:
    """RF-023, RF-027: refused at receipt, the buyer asks for one that was found unfit in another refund."""
    driver = told(*TWO_LINES, (s.applied(lines=[s.share("a", 1, 10_000)]), T0 + DAY), (s.agreed(), T0 + DAY))
    driver.tell(s.sent(), T0 + 2 * DAY)
    driver.tell(s.inspected("a", 1, 0), T0 + 3 * DAY)
    driver.tell(s.withdrawn(), T0 + 4 * DAY)
    applied = s.applied(amount=10_000, refund_id="r2", lines=[s.share("b", 1, 10_000)])
    driver.tell(applied, T0 + 5 * DAY)
    driver.tell(s.agreed(refund_id="r2"), T0 + 5 * DAY)
    driver.tell(s.sent(refund_id="r2", return_id="ret2", lines=[s.share("b")]), T0 + 6 * DAY)
    driver.tell(s.refused(refund_id="r2", stage=RECEIPT), T0 + 7 * DAY)
    changed = s.amended(RefundKind.WITH_RETURN, 10_000, refund_id="r2", lines=[s.share("a", 1, 10_000)])
    driver.tell(changed, T0 + 8 * DAY)
    if is_accepted:
        driver.tell(s.accepted(s.share("a"), refund_id="r2"), T0 + 9 * DAY)
    driver.until(T0 + 60 * DAY)
    assert requested(driver) == ([("r2.refund.1", 10_000, {"a": 1})] if is_accepted else [])


@pytest.mark.parametrize("is_accepted", [True, False])
def test_unfit_goods_that_come_to_a_return_that_is_agreed_wait_for_the_seller(*, is_accepted: bool) -> None:
    """RF-023, RF-044: one of two was found unfit before; silence pays the one that is sent now."""
    driver = sent()
    driver.tell(s.inspected("a", 1, 0), T0 + 3 * DAY)
    driver.tell(s.withdrawn(), T0 + 4 * DAY)
    driver.tell(s.applied(refund_id="r2", lines=[s.share("a", 2, 20_000)], amount=20_000), T0 + 5 * DAY)
    driver.tell(s.agreed(refund_id="r2"), T0 + 5 * DAY)
    driver.tell(s.sent(refund_id="r2", return_id="ret2"), T0 + 6 * DAY)
    if is_accepted:
        driver.tell(s.accepted(s.share("a"), refund_id="r2"), T0 + 7 * DAY)
    driver.until(T0 + 60 * DAY)
    assert [minor for _, minor, _ in requested(driver)] == ([20_000] if is_accepted else [10_000])


def test_of_two_returns_of_an_exchange_the_one_that_is_not_sent_back_is_asked_about() -> None:
    """RF-044, RF-120: one was looked at and goes back; the other stands at the gate."""
    pair = s.exchange_applied("quality").model_copy(update={"lines": [s.share("a", 2)]})
    driver = told(*THREE, (pair, T0 + DAY), (s.exchange_answered(), T0 + DAY))
    driver.tell(s.reship(ReshipStatus.RESERVED), T0 + DAY)
    for return_id in ("ret1", "ret2"):
        driver.tell(s.sent(exchange_id="x1", return_id=return_id), T0 + 2 * DAY)
    driver.tell(s.inspected("a", 1, 1), T0 + 3 * DAY)
    gate = s.parcel(ParcelOutcome.RETURNED, "a", parcel_id="ret1", direction=ParcelDirection.RETURN)
    driver.tell(gate, T0 + 3 * DAY)
    driver.until(T0 + 20 * DAY)
    (due,) = driver.announced(refunds.ReshipDueV1)
    assert [line.quantity_count for line in due.lines] == [1]
    assert (open_questions(driver), back_count(driver)) == (["o1.goods.1"], 1)


def test_goods_that_a_case_was_not_about_when_it_ended_are_asked_about() -> None:
    """RF-026, RF-044: a was sent and refused at receipt; the buyer changes to b and then withdraws."""
    driver = told(*TWO_LINES, (s.applied(amount=20_000, lines=None), T0 + DAY), (s.agreed(), T0 + DAY))
    driver.tell(s.sent(), T0 + 2 * DAY)
    driver.tell(s.refused(stage=RECEIPT), T0 + 3 * DAY)
    changed = s.amended(RefundKind.WITH_RETURN, 10_000, lines=[s.share("b", 1, 10_000)])
    driver.tell(changed, T0 + 4 * DAY)
    driver.tell(s.withdrawn(), T0 + 5 * DAY)
    gate = s.parcel(ParcelOutcome.RETURNED, "a", parcel_id="ret1", direction=ParcelDirection.RETURN)
    driver.tell(gate, T0 + 6 * DAY)
    assert (open_questions(driver), back_count(driver), back_count(driver, "b")) == (["o1.goods.1"], 1, 0)


def refused_and_changed(*, is_quality: bool = True) -> Driver:
    """Two of three were sent and refused at receipt; the buyer now misses one of them."""
    driver = of_three(2)
    driver.tell(s.sent(lines=[s.share("a", 2)], freight=1_200), T0 + 2 * DAY)
    driver.tell(s.refused(stage=RECEIPT), T0 + 3 * DAY)
    reason = "quality" if is_quality else "other"
    changed = s.amended(RefundKind.NOT_RECEIVED, 10_000, lines=[s.share("a", 1, 10_000)], reason=reason)
    driver.tell(changed, T0 + 4 * DAY)
    return driver


def test_pieces_of_a_return_that_its_own_case_leaves_out_are_asked_about() -> None:
    """RF-044: they are not taken for the case once more."""
    driver = refused_and_changed()
    gate = s.parcel(
        ParcelOutcome.RETURNED, s.share("a", 2), parcel_id="ret1", direction=ParcelDirection.RETURN
    )
    driver.tell(gate, T0 + 5 * DAY)
    assert (open_questions(driver), back_count(driver)) == (["o1.goods.1"], 1)
    driver.tell(s.refused(2), T0 + 6 * DAY)
    changed = s.amended(RefundKind.WITH_RETURN, 10_000, 3, lines=[s.share("a", 1, 10_000)])
    driver.tell(changed, T0 + 7 * DAY)
    assert (open_questions(driver), back_count(driver)) == (["o1.goods.1"], 1), "its own piece is here"


@pytest.mark.parametrize("is_quality", [True, False])
def test_the_freight_of_a_return_is_repaid_where_the_goods_come_back_to_a_refund_as_not_received(
    *, is_quality: bool
) -> None:
    """RF-068, RF-044: what the buyer laid out stays laid out through the change."""
    driver = refused_and_changed(is_quality=is_quality)
    driver.tell(s.parcel(ParcelOutcome.RETURNED, s.share("a", 1)), T0 + 5 * DAY)
    paid = {intent: minor for intent, minor, _ in requested(driver)}
    assert paid == {"r1.refund.1": 10_000} | ({"r1.freight.1": 1_200} if is_quality else {})


def test_a_look_without_a_name_is_at_what_is_under_way_before_what_came_unlooked_at() -> None:
    """RF-044: goods sent for a refund that was over counted as those that had come and were paid."""
    driver = sent()
    gate = s.parcel(ParcelOutcome.RETURNED, "a", parcel_id="ret1", direction=ParcelDirection.RETURN)
    driver.tell(gate, T0 + 3 * DAY)
    driver.tell(s.accepted(), T0 + 3 * DAY)
    driver.tell(s.settled(10_000), T0 + 4 * DAY)
    second(driver)
    driver.tell(s.withdrawn("r2"), T0 + 11 * DAY)
    late = s.sent(refund_id="r2", return_id="ret2", lines=[s.share("a")])
    driver.tell(late, T0 + 12 * DAY)
    driver.tell(s.inspected("a", 1, 1).model_copy(update={"parcel_id": "B2"}), T0 + 13 * DAY)
    assert back_count(driver) == 1
    assert open_questions(driver) == ["o1.goods.1"]
