"""Goods come back for a refund: in what condition, by which carriage, until when (RF-100 to RF-104)."""

import pytest

from aftersales_contracts import components
from aftersales_contracts.aftersales import common, refunds
from aftersales_contracts.enums import Carriage, Condition, Disposition, RefundKind
from aftersales_contracts.shop import shipments
from services.refunds.policy import Policy
from tests.services.refunds import shop as s
from tests.services.refunds.kinds import POLICY, with_agreement
from tests.services.refunds.shop import DAY, GRACE, HOUR, MINUTE, T0
from tests.services.refunds.test_notices import CLASSIC, answers, delivered, pack, questions, told
from tests.support.driver import Driver

A = pack("notice-quality-only")


def sent_back(rules: Policy = CLASSIC, reason: str = "quality", count: int = 1) -> Driver:
    return delivered(
        (s.applied(reason=reason, lines=[s.share("a", count)]), T0 + HOUR), (s.agreed(), T0 + 2 * HOUR),
        (s.sent(lines=[s.share("a", count)]), T0 + DAY), rules=rules, lines=[("a", count, 10_000 // count)],
    )  # fmt: skip


def paid(driver: Driver) -> list[int]:
    return [request.amount.minor for request in driver.announced(refunds.RefundPaymentRequestedV1)]


@pytest.mark.parametrize(
    ("rule", "condition", "is_complete"),
    [
        ("RF-100", Condition.WORN, True),
        ("RF-101", Condition.WASHED, True),
        ("RF-101", Condition.DAMAGED, True),
        ("RF-101", Condition.ALTERED, True),
        ("RF-102", Condition.INCOMPLETE, True),
        ("RF-102", Condition.RESALEABLE, False),
    ],
)
def test_goods_in_such_a_condition_are_not_paid_by_silence(
    rule: str, condition: Condition, is_complete: bool
) -> None:
    """The warehouse counted the piece as accepted; the seller says nothing for ten days."""
    assert condition in POLICY.exchange.unacceptable_conditions or not is_complete, rule
    driver = sent_back(reason="size")
    driver.tell(found(condition, is_complete=is_complete), T0 + 3 * DAY)
    driver.until(T0 + 11 * DAY + GRACE)
    assert paid(driver) == []
    assert questions(driver) == ["fewer_pieces_accepted"]
    assert answers(driver) == [("refuse", "no_pieces_accepted")]
    said = sent_back(reason="size")
    said.tell(found(condition, is_complete=is_complete), T0 + 3 * DAY)
    said.tell(s.accepted(s.share("a")), T0 + 4 * DAY)
    assert paid(said) == [10_000], "the seller's word decides"


def found(
    condition: Condition, *, is_complete: bool = True, is_fault: bool | None = None, count: int = 1
) -> shipments.ReturnInspectedV1:
    line = components.Inspection(
        line_id="a", received_count=count, accepted_count=count, condition=condition,
        is_packaging_complete=is_complete, is_fault_confirmed=is_fault, disposition=Disposition.QUARANTINE,
    )  # fmt: skip
    return shipments.ReturnInspectedV1(**s.KEYS, parcel_id="back1", lines=[line])


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition.RESALEABLE, [10_000]),
        (Condition.DAMAGED, [10_000]),
        (Condition.INCOMPLETE, [10_000]),
        (Condition.WRONG_ITEM, [10_000]),
        (Condition.WASHED, []),
        (Condition.WORN, []),
        (Condition.ALTERED, []),
    ],
)
def test_a_confirmed_fault_explains_what_it_did_to_the_goods(
    condition: Condition, expected: list[int]
) -> None:
    """RF-101, RF-116: a fault breaks goods; it does not wear, wash or alter them."""
    driver = sent_back()
    driver.tell(found(condition, is_fault=True), T0 + 3 * DAY)
    driver.until(T0 + 11 * DAY + GRACE)
    assert paid(driver) == expected


def test_of_two_parcels_the_fit_one_is_paid() -> None:
    """RF-101: the second parcel's findings do not wash the first one's away."""
    driver = sent_back(reason="size", count=2)
    driver.tell(found(Condition.WASHED), T0 + 3 * DAY)
    driver.tell(found(Condition.RESALEABLE), T0 + 4 * DAY)
    driver.until(T0 + 11 * DAY + GRACE)
    assert paid(driver) == [5_000]
    assert questions(driver) == ["fewer_pieces_accepted"]


# RF-104.


@pytest.mark.parametrize(
    ("rules", "carriages"),
    [(CLASSIC, [Carriage.EXPRESS, Carriage.MAIL]), (A, [Carriage.EXPRESS])],
)
def test_the_buyer_is_told_how_the_goods_may_travel(rules: Policy, carriages: list[Carriage]) -> None:
    """RF-104."""
    (to,) = sent_back(rules).announced(refunds.ReturnAuthorizedV1)
    assert to.carriages == carriages


def test_goods_that_travel_otherwise_are_registered_and_a_person_is_told() -> None:
    """RF-104, RF-024: they are on their way all the same, with the time that mail has."""
    driver = delivered((s.applied(), T0 + HOUR), rules=A)
    driver.tell(s.sent(Carriage.MAIL), T0 + DAY)
    (task,) = driver.announced(common.TaskRequestedV1)
    assert task.question_code == "return_by_other_carriage"
    assert task.rule_ids == ["RF-104"]
    driver.until(T0 + DAY + 30 * DAY + GRACE)
    assert paid(driver) == [10_000]
    assert questions(delivered((s.applied(), T0 + HOUR), (s.sent(), T0 + DAY), rules=A)) == []


def test_the_hours_to_send_are_those_of_the_report() -> None:
    """RF-098, RF-104: both within the same 48 hours from the receipt."""
    driver = delivered((s.applied(), T0 + 11 * HOUR), rules=A)
    (to,) = driver.announced(refunds.ReturnAuthorizedV1)
    assert to.send_by_at == T0 + 48 * HOUR
    reminders = [notice.template_code for notice in driver.announced(common.NoticeRequestedV1)]
    assert reminders == []
    driver.until(T0 + 48 * HOUR)
    reminders = [notice.template_code for notice in driver.announced(common.NoticeRequestedV1)]
    assert reminders == ["register_return"], "half of the time is left (RF-021)"
    driver.until(T0 + 48 * HOUR + GRACE)
    assert [closed.ending.value for closed in driver.announced(refunds.RefundClosedV1)] == ["lapsed"]
    in_time = delivered((s.applied(), T0 + 11 * HOUR), (s.sent(), T0 + 48 * HOUR - MINUTE), rules=A)
    assert in_time.announced(refunds.RefundClosedV1) == []


def test_the_shops_own_delay_does_not_take_the_hours_from_the_buyer() -> None:
    """RF-104: the seller is silent for five days and has then agreed."""
    driver = delivered((s.applied(), T0 + HOUR), rules=with_agreement(send_hours=48 * HOUR))
    driver.until(T0 + HOUR + 5 * DAY + GRACE)
    (to,) = driver.announced(refunds.ReturnAuthorizedV1)
    assert to.send_by_at == T0 + HOUR + 5 * DAY + 48 * HOUR
    unseen = with_agreement(send_hours=48 * HOUR, agree_at_once=frozenset({RefundKind.WITH_RETURN}))
    on_its_way = ((event, T0) for event in (s.placed(), s.paid(), s.shipped()))
    driver = told(*on_its_way, (s.applied(), T0 + 5 * DAY), rules=unseen)
    (to,) = driver.announced(refunds.ReturnAuthorizedV1)
    assert to.send_by_at == T0 + 7 * DAY, "where no scan told of the receipt"
