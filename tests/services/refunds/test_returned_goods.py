"""Goods that the buyer sends back: they stay returned, every case hears of its own, the freight follows."""

import pytest

from aftersales_contracts.aftersales import refunds
from aftersales_contracts.enums import RefundKind
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, GRACE, HOUR, T0
from tests.services.refunds.test_goods_at_the_shop import (
    ONE,
    RECEIPT,
    THREE,
    TWO_LINES,
    open_questions,
    returning,
)
from tests.services.refunds.test_pieces import requested, told
from tests.support.driver import Driver

# N6: what was returned stays returned through amendments.


def test_n6_goods_refused_at_receipt_stay_returned_in_an_amendment() -> None:
    """RF-027, RF-028, RF-068: the freight is repaid, and the piece is gone from the order."""
    driver = returning((s.refused(stage=RECEIPT), T0 + 3 * DAY))
    driver.tell(s.amended(RefundKind.NO_RETURN, 10_000), T0 + 4 * DAY)
    driver.tell(s.agreed(2), T0 + 4 * DAY)
    assert [(intent, minor) for intent, minor, _ in requested(driver)] == [
        ("r1.freight.1", 1_200), ("r1.refund.1", 10_000)
    ]  # fmt: skip
    assert driver.state("order", "o1").book.line("a").gone_count == 1


def test_n6_goods_stay_returned_through_two_amendments_and_a_lapse() -> None:
    """RF-018, RF-027: refused, amended, refused again, nobody answers: the goods are still at the shop."""
    driver = returning((s.refused(stage=RECEIPT), T0 + 3 * DAY))
    driver.tell(s.amended(RefundKind.NO_RETURN, 10_000), T0 + 4 * DAY)
    driver.tell(s.refused(2), T0 + 5 * DAY)
    driver.until(T0 + 12 * DAY + GRACE)
    assert open_questions(driver) == ["o1.goods.1"]


def test_n6_silence_after_an_amendment_consents_to_no_freight_that_was_not_owed() -> None:
    """RF-023: without a reason the buyer bore the way back; the seller says nothing to the quality fault."""
    driver = told(*ONE, (s.applied(reason="no_reason"), T0 + DAY), (s.agreed(), T0 + DAY))
    driver.tell(s.sent(freight=1_200), T0 + 2 * DAY)
    driver.tell(s.refused(stage=RECEIPT), T0 + 3 * DAY)
    driver.tell(s.amended(RefundKind.NO_RETURN, 10_000), T0 + 4 * DAY)
    driver.until(T0 + 9 * DAY + GRACE)
    assert [(intent, minor) for intent, minor, _ in requested(driver)] == [("r1.refund.1", 10_000)]


# M2: one parcel with the goods of two refunds.


def two_in_one_parcel(*found: tuple[str, int, int], return_id: str | None = None) -> Driver:
    driver = told(*TWO_LINES)
    for refund_id, line_id in (("r1", "a"), ("r2", "b")):
        lines = [s.share(line_id)]
        driver.tell(s.applied(lines=[s.share(line_id, 1, 10_000)], refund_id=refund_id), T0 + DAY)
        driver.tell(s.agreed(refund_id=refund_id), T0 + DAY)
        driver.tell(s.sent(lines=lines, refund_id=refund_id, return_id=f"ret-{refund_id}"), T0 + 2 * DAY)
    (event,) = [
        s.inspected(line_id, received, fit, return_id=return_id) for line_id, received, fit in found[:1]
    ]
    others = [s.inspected(line_id, received, fit).lines[0] for line_id, received, fit in found[1:]]
    driver.tell(event.model_copy(update={"lines": [*event.lines, *others]}), T0 + 4 * DAY)
    return driver


@pytest.mark.parametrize("return_id", [None, "ret-r1", "ret-r2"])
def test_m2_every_case_hears_the_inspection_of_its_own_lines(return_id: str | None) -> None:
    """RF-039, RF-116: the piece of the second refund is not accepted, and silence does not pay for it."""
    driver = two_in_one_parcel(("a", 1, 1), ("b", 1, 0), return_id=return_id)
    driver.until(T0 + 12 * DAY + GRACE)
    assert requested(driver) == [("r1.refund.1", 10_000, {"a": 1})]
    refusal = driver.announced(refunds.RefundAnswerDecidedV1)[-1]
    assert (refusal.refund_id, refusal.reason_code) == ("r2", "no_pieces_accepted")
    driver.until(T0 + 19 * DAY + 2 * GRACE)
    assert open_questions(driver) == ["o1.goods.1"], "what was not accepted is at the shop all the same"


def test_m2_two_refunds_of_one_line_share_what_was_found() -> None:
    """RF-039: two of three pieces came, one for each refund of one piece."""
    driver = told(*THREE)
    for refund_id in ("r1",):
        driver.tell(s.applied(lines=[s.share("a", 1, 10_000)], refund_id=refund_id), T0 + DAY)
        driver.tell(s.agreed(refund_id=refund_id), T0 + DAY)
        driver.tell(s.sent(lines=[s.share("a")], refund_id=refund_id, return_id="ret-r1"), T0 + 2 * DAY)
    driver.tell(s.inspected("a", 1, 0), T0 + 4 * DAY)
    driver.until(T0 + 12 * DAY + GRACE)
    assert requested(driver) == []


# M6: the freight follows what the inspection found.


def test_m6_no_fault_found_leaves_the_return_freight_with_the_buyer() -> None:
    """RF-116, RF-062: accepted by the seller, or by his silence."""
    for ends in (s.accepted(s.share("a")), None):
        driver = returning((s.inspected(is_fault_confirmed=False), T0 + 3 * DAY))
        if ends is None:
            driver.until(T0 + 12 * DAY + GRACE)
        else:
            driver.tell(ends, T0 + 4 * DAY)
        assert [(intent, minor) for intent, minor, _ in requested(driver)] == [("r1.refund.1", 10_000)]
        row = driver.announced(refunds.FreightLiabilityDecidedV1)[-1]
        assert (row.return_leg, row.cause) == ("buyer", "not_quality")


def test_m6_a_confirmed_fault_repays_the_freight() -> None:
    """RF-116, RF-060: one faulty piece is enough."""
    driver = returning((s.inspected(is_fault_confirmed=True), T0 + 3 * DAY))
    driver.tell(s.inspected(received=0, accepted_count=0, is_fault_confirmed=False), T0 + 3 * DAY)
    driver.tell(s.accepted(s.share("a")), T0 + 4 * DAY)
    assert [intent for intent, _, _ in requested(driver)] == ["r1.freight.1", "r1.refund.1"]


@pytest.mark.parametrize(("second", "is_repaid"), [(None, False), (False, False), (True, True)])
def test_m6_a_second_look_that_says_nothing_of_the_fault_leaves_what_the_first_one_found(
    second: bool | None, *, is_repaid: bool
) -> None:
    """RF-116: the freight was repaid for a fault that the first look had not found."""
    driver = returning((s.inspected(is_fault_confirmed=False), T0 + 3 * DAY))
    driver.tell(s.inspected(is_fault_confirmed=second), T0 + 3 * DAY + HOUR)
    driver.tell(s.accepted(s.share("a")), T0 + 4 * DAY)
    freight = ["r1.freight.1"] if is_repaid else []
    assert [intent for intent, _, _ in requested(driver)] == [*freight, "r1.refund.1"]


@pytest.mark.parametrize(
    ("is_confirmed", "freight"), [(False, []), (None, ["r1.freight.1"]), (True, ["r1.freight.1"])]
)
@pytest.mark.parametrize("is_silent", [True, False])
def test_no_fault_found_leaves_the_freight_with_the_buyer_when_he_asks_for_other_goods_then(
    is_confirmed: bool | None, freight: list[str], *, is_silent: bool
) -> None:
    """RF-116, RF-062: he sent line a, and amended to a price difference for line b."""
    first = [s.share("a", 1, 10_000)]
    driver = told(*TWO_LINES, (s.applied(lines=first), T0 + DAY), (s.agreed(), T0 + DAY))
    driver.tell(s.sent(freight=1_200), T0 + 2 * DAY)
    driver.tell(s.inspected(is_fault_confirmed=is_confirmed), T0 + 3 * DAY)
    driver.tell(s.refused(stage=RECEIPT), T0 + 3 * DAY)
    driver.tell(s.amended(RefundKind.NO_RETURN, 3_000, lines=[s.share("b", 1, 3_000)]), T0 + 4 * DAY)
    if not is_silent:
        driver.tell(s.agreed(2), T0 + 4 * DAY)
    driver.until(T0 + 9 * DAY + GRACE)
    assert [intent for intent, _, _ in requested(driver)] == [*freight, "r1.refund.1"]


def test_m6_no_fault_found_gives_no_original_freight_back() -> None:
    """RF-064, RF-066, RF-116."""
    driver = told(
        (s.placed(freight=1_000, is_free=False), T0), (s.paid(11_000), T0), (s.shipped(), T0 + HOUR),
        (s.applied(amount=11_000), T0 + DAY), (s.agreed(), T0 + DAY), (s.sent(), T0 + 2 * DAY),
        (s.inspected(is_fault_confirmed=False), T0 + 3 * DAY), (s.accepted(s.share("a")), T0 + 4 * DAY),
    )  # fmt: skip
    assert requested(driver) == [("r1.refund.1", 10_000, {"a": 1})]
