"""Compensation for late shipping as outcomes tell it: amendments, several refunds, cap, time to ask."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from aftersales_contracts.aftersales import common, logistics_enums, refunds
from aftersales_contracts.aftersales.refunds_enums import (
    CompensationOutcome,
)
from aftersales_contracts.base import Event
from aftersales_contracts.enums import Carriage, RefundKind
from kernel.money import Money
from services.refunds.cases.order import messages as order
from services.refunds.service import REFUNDS
from services.refunds.shares import Purpose
from tests.services.refunds import shop as s
from tests.services.refunds.shop import DAY, GRACE, HOUR, MINUTE, T0
from tests.services.refunds.test_flow import names, ordered
from tests.services.refunds.test_parts_flow import came_back, person_says
from tests.support.driver import Driver


def test_late_shipping_compensates_thirty_percent() -> None:
    driver = ordered(is_shipped=False)
    driver.tell(s.late(), T0 + 3 * DAY)
    driver.tell(s.applied(RefundKind.UNSHIPPED, reason="late_shipment"), T0 + 3 * DAY + HOUR)
    driver.tell(s.hold(logistics_enums.HoldResolution.STOPPED), T0 + 3 * DAY + 2 * HOUR)
    told = driver.tell(s.settled(10_000), T0 + 3 * DAY + 2 * HOUR)
    assert names(told) == ["RefundPaidV1", "CompensationDecidedV1", "RefundPaymentRequestedV1"]
    request = told[2]
    assert isinstance(request, refunds.RefundPaymentRequestedV1)
    assert (request.amount.minor, request.purpose, request.tenders) == (3_000, "late_compensation", [])
    paid = driver.tell(s.settled(3_000, request.intent_id), T0 + 3 * DAY + 2 * HOUR)
    assert names(paid) == ["RefundPaidV1"]
    assert names(driver.tell(s.late_withdrawn(), T0 + 6 * DAY)) == ["TaskRequestedV1"]


def test_late_shipping_established_after_the_refund_was_paid() -> None:
    driver = ordered(is_shipped=False)
    driver.tell(s.applied(RefundKind.UNSHIPPED, reason="out_of_stock"), T0 + DAY)
    driver.tell(s.hold(logistics_enums.HoldResolution.STOPPED), T0 + DAY + HOUR)
    assert names(driver.tell(s.settled(10_000), T0 + DAY + HOUR)) == ["RefundPaidV1"]
    told = driver.tell(s.late(logistics_enums.LateTrigger.STOCKOUT_STATED), T0 + 2 * DAY + HOUR)
    assert names(told) == ["CompensationDecidedV1", "RefundPaymentRequestedV1"]


def test_late_shipping_withdrawn_before_the_refund_is_paid() -> None:
    driver = ordered(is_shipped=False)
    driver.tell(s.late(), T0 + 3 * DAY)
    driver.tell(s.applied(RefundKind.UNSHIPPED, reason="late_shipment"), T0 + 3 * DAY + HOUR)
    told = driver.tell(s.late_withdrawn(), T0 + 3 * DAY + 2 * HOUR)[0]
    assert isinstance(told, refunds.CompensationDecidedV1)
    assert (told.outcome, told.amount.minor) == (CompensationOutcome.NOT_DUE, 0)
    paid_at = T0 + 5 * DAY + HOUR + GRACE
    driver.until(paid_at)
    assert names(driver.tell(s.settled(10_000), paid_at)) == ["RefundPaidV1"]


AB = (("a", 1, 10_000), ("b", 1, 10_000))


def late_order(*more: tuple[Event, datetime], lines: Sequence[tuple[str, int, int]] = AB) -> Driver:
    """A paid order that was shipped too late, on the fourth day."""
    driver = Driver(REFUNDS)
    total = sum(count * price for _, count, price in lines)
    begun = [(s.placed(lines), T0), (s.paid(total), T0), (s.late(), T0 + 3 * DAY)]
    for event, at in (*begun, (s.shipped(), T0 + 3 * DAY + HOUR), *more):
        driver.tell(event, at)
    return driver


def compensations(driver: Driver) -> list[tuple[int, int, str]]:
    """Lists the decisions: base, amount, reason."""
    found = driver.announced(refunds.CompensationDecidedV1)
    return [(one.base_amount.minor, one.amount.minor, one.reason_code) for one in found]


@pytest.mark.parametrize(
    ("first", "amended", "amount", "expected"),
    [
        ("late_shipment", s.amended(RefundKind.NO_RETURN, 500, lines=[s.share("a", 1, 500)], reason="agreed"),
         500, []),
        ("other", s.amended(RefundKind.NO_RETURN, 20_000, reason="late_shipment"), 20_000,
         [(20_000, 6_000, "unshipped_72h")]),
        ("late_shipment",
         s.amended(RefundKind.NO_RETURN, 500, lines=[s.share("b", 1, 500)], reason="late_shipment"), 500,
         [(500, 150, "unshipped_72h")]),
    ],
    ids=["no longer", "only now", "for one line"],
)  # fmt: skip
def test_compensation_follows_the_application_that_was_paid(
    first: str, amended: Event, amount: int, expected: list[tuple[int, int, str]]
) -> None:
    """LG-060: refused, amended, agreed, paid."""
    driver = late_order(
        (s.applied(RefundKind.NO_RETURN, 20_000, reason=first), T0 + 4 * DAY),
        (s.refused(), T0 + 4 * DAY),
        (amended, T0 + 5 * DAY),
        (s.agreed(2), T0 + 5 * DAY),
        (s.settled(amount), T0 + 5 * DAY + MINUTE),
    )
    assert compensations(driver) == expected


def test_an_amended_claim_before_lateness_is_established() -> None:
    """LG-060: the order's end and a withdrawal reach the compensation as if it had been claimed at first."""
    driver = ordered(
        (s.applied(RefundKind.NO_RETURN, 500, reason="other"), T0 + DAY),
        (s.refused(), T0 + DAY),
        (s.amended(RefundKind.NO_RETURN, 500, reason="late_shipment"), T0 + 2 * DAY),
        (s.agreed(2), T0 + 2 * DAY),
        (s.settled(500), T0 + 2 * DAY),
        (s.succeeded(), T0 + 3 * DAY),
    )
    driver.until(T0 + 18 * DAY)
    assert compensations(driver) == [(500, 0, "lapsed")]


def claims(driver: Driver, refund_id: str, line_id: str, minor: int, at: datetime) -> None:
    """The buyer is refunded one line because of late shipping."""
    lines = [s.share(line_id, 1, minor)]
    applied = s.applied(RefundKind.NO_RETURN, minor, refund_id=refund_id, lines=lines, reason="late_shipment")
    for event in (applied, s.agreed(refund_id=refund_id), s.settled(minor, f"{refund_id}.refund.1")):
        driver.tell(event, at)


@pytest.mark.parametrize("is_first_paid", [False, True])
def test_every_line_refunded_for_late_shipping_is_compensated(is_first_paid: bool) -> None:
    """LG-060, LG-061: thirty per cent of what was refunded in all, by a payment for each refund."""
    driver = late_order()
    first, second = (s.settled(3_000, f"o1.late_compensation.{number}") for number in (1, 2))
    claims(driver, "r1", "a", 10_000, T0 + 4 * DAY)
    if is_first_paid:
        driver.tell(first, T0 + 5 * DAY)
    claims(driver, "r2", "b", 10_000, T0 + 6 * DAY)
    assert compensations(driver) == [(10_000, 3_000, "unshipped_72h")] * 2
    asked = [
        r for r in driver.announced(refunds.RefundPaymentRequestedV1) if r.purpose == "late_compensation"
    ]
    assert {(r.intent_id, r.amount.minor) for r in asked} == {
        ("o1.late_compensation.1", 3_000),
        ("o1.late_compensation.2", 3_000),
    }
    driver.tell(second, T0 + 6 * DAY)
    if not is_first_paid:
        driver.tell(first, T0 + 6 * DAY)
    driver.until(T0 + 200 * DAY)
    state = driver.state("late-compensation", s.ORDER_ID)
    assert (type(state).__name__, state.amount.minor) == ("Paid", 6_000)


def test_the_cap_is_one_for_all_lines() -> None:
    """LG-061: the second refund brings what is left under the cap, the third nothing."""
    driver = late_order(lines=[("a", 1, 100_000), ("b", 1, 100_000), ("c", 1, 100_000)])
    for refund_id, line_id in (("r1", "a"), ("r2", "b"), ("r3", "c")):
        claims(driver, refund_id, line_id, 100_000, T0 + 4 * DAY)
    assert [(amount, why) for _, amount, why in compensations(driver)] == [
        (30_000, "unshipped_72h"),
        (20_000, "unshipped_72h"),
        (0, "cap_reached"),
    ]


def test_m8_a_cent_for_late_shipping_brings_no_more_than_its_part() -> None:
    """LG-060: 30 % of the goods' money that the refund gave back; a second refund adds its part."""
    driver = late_order()
    claims(driver, "r1", "a", 1, T0 + 4 * DAY)
    claims(driver, "r2", "a", 500, T0 + 5 * DAY)
    claims(driver, "r3", "a", 9_499, T0 + 6 * DAY)
    expected = [(1, 0, "nothing_paid"), (500, 150, "unshipped_72h"), (9_499, 2_850, "unshipped_72h")]
    assert compensations(driver) == expected


def test_m8_freight_is_no_money_for_goods() -> None:
    """LG-060: the whole order with its freight."""
    driver = Driver(REFUNDS)
    driver.tell(s.placed([("a", 1, 10_000)], 1_000, is_free=False), T0)
    for event in (s.paid(11_000), s.late()):
        driver.tell(event, T0 + DAY)
    driver.tell(s.applied(RefundKind.UNSHIPPED, 11_000, reason="late_shipment"), T0 + 2 * DAY)
    driver.tell(s.hold(logistics_enums.HoldResolution.STOPPED), T0 + 2 * DAY)
    driver.tell(s.settled(11_000), T0 + 2 * DAY)
    assert compensations(driver) == [(10_000, 3_000, "unshipped_72h")]


def test_m8_what_is_paid_later_adds_to_it_and_what_is_paid_again_does_not() -> None:
    """LG-060: settled short; the rest is paid after a person's word, then comes back and is paid again."""
    driver = late_order()
    lines = [s.share("a", 1, 10_000)]
    driver.tell(s.applied(RefundKind.NO_RETURN, 10_000, lines=lines, reason="late_shipment"), T0 + 4 * DAY)
    driver.tell(s.agreed(), T0 + 4 * DAY)
    driver.tell(s.settled(4_000), T0 + 4 * DAY)
    driver.tell(person_says("retry"), T0 + 5 * DAY)
    driver.tell(s.settled(6_000, attempt=2), T0 + 5 * DAY)
    driver.tell(came_back(6_000), T0 + 6 * DAY)
    driver.tell(person_says("retry", 2), T0 + 6 * DAY)
    driver.tell(s.settled(6_000, attempt=3), T0 + 6 * DAY)
    assert compensations(driver) == [(4_000, 1_200, "unshipped_72h"), (6_000, 1_800, "unshipped_72h")]


def test_m8_pieces_that_were_not_accepted_are_not_compensated() -> None:
    """LG-060: two pieces are claimed and asked for, one comes back."""
    driver = late_order(
        (s.applied(RefundKind.WITH_RETURN, 10_000, reason="late_shipment"), T0 + 5 * DAY),
        (s.agreed(), T0 + 6 * DAY),
        (s.sent(lines=[s.share("a", 1)]), T0 + 7 * DAY),
        (s.accepted(s.share("a", 1)), T0 + 9 * DAY),
        (s.settled(5_000), T0 + 9 * DAY),
        lines=[("a", 2, 5_000)],
    )
    assert compensations(driver) == [(5_000, 1_500, "unshipped_72h")]


def test_n9_the_payment_of_a_compensation_is_given_up() -> None:
    """LG-060, RF-029: the case ends with the reason, the account is free; a further refund adds its part."""
    driver = late_order()
    claims(driver, "r1", "a", 10_000, T0 + 4 * DAY)
    driver.tell(s.failed("o1.late_compensation.1", is_retryable=False), T0 + 5 * DAY)
    told = driver.tell(person_says("abandon", intent_id="o1.late_compensation.1"), T0 + 6 * DAY)
    assert names(told) == ["RefundPaymentAbandonedV1", "CompensationDecidedV1"]
    assert compensations(driver)[-1] == (0, 0, "payment_abandoned")
    assert driver.state("order", s.ORDER_ID).book.compensated_minor == 0
    claims(driver, "r2", "b", 10_000, T0 + 7 * DAY)
    assert compensations(driver)[-1] == (10_000, 3_000, "unshipped_72h")
    driver.tell(s.failed("o1.late_compensation.2", is_retryable=False), T0 + 8 * DAY)
    driver.tell(person_says("abandon", intent_id="o1.late_compensation.2"), T0 + 8 * DAY)
    driver.until(T0 + 200 * DAY)
    state = driver.state("late-compensation", s.ORDER_ID)
    assert (type(state).__name__, state.reason_code) == ("Void", "payment_abandoned")


@pytest.mark.parametrize("granted", [0, 49_999, 50_000])
def test_the_account_grants_no_more_compensation_than_the_cap_leaves(granted: int) -> None:
    """LG-061: less what was granted before, whoever asks; a person looks at the rest."""
    driver = late_order()
    for number, minor in ((1, granted), (2, 30_000)):
        asked = order.PaymentAsked(
            s.ORDER_ID, f"o1.late_compensation.{number}", Purpose.LATE_COMPENSATION, Money(minor, "CNY")
        )
        driver.send([order.to(s.ORDER_ID, asked)], T0 + 4 * DAY)
    assert driver.state("order", s.ORDER_ID).book.compensated_minor == min(granted + 30_000, 50_000)
    tasks = [
        one for one in driver.announced(common.TaskRequestedV1) if one.question_code == "payment_over_account"
    ]
    assert bool(tasks) is (granted > 20_000)


def test_the_time_to_ask_ends_no_claim_that_was_made_in_it() -> None:
    """LG-060: a return by mail that is paid nineteen days after the order's success."""
    driver = late_order(
        (s.applied(RefundKind.WITH_RETURN, 10_000, reason="late_shipment"), T0 + 5 * DAY),
        (s.succeeded(), T0 + 6 * DAY),
        (s.agreed(), T0 + 9 * DAY),
        (s.sent(Carriage.MAIL), T0 + 15 * DAY),
        (s.accepted(s.share("a")), T0 + 25 * DAY),
        lines=[("a", 1, 10_000)],
    )
    assert compensations(driver) == []
    driver.tell(s.settled(10_000), T0 + 25 * DAY + MINUTE)
    assert compensations(driver) == [(10_000, 3_000, "unshipped_72h")]
    driver.tell(s.settled(3_000, "o1.late_compensation.1"), T0 + 26 * DAY)
    driver.until(T0 + 27 * DAY)
    assert type(driver.state("late-compensation", s.ORDER_ID)).__name__ == "Paid"
