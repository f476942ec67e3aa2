"""Recipient, address and postcode are checked again before anything leaves (OR-006)."""

from datetime import UTC, datetime, timedelta

import pytest

from aftersales_contracts.aftersales import common, logistics
from aftersales_contracts.base import Event
from aftersales_contracts.shop import orders, shipments
from services.logistics.service import LOGISTICS
from tests.services.flow import Flow
from tests.services.logistics import shop
from tests.services.logistics.shop import DAY, HOUR, ORDER, SHOP

PAID_AT = datetime(2027, 5, 3, 2, tzinfo=UTC)
"""A day on which the pack that checks addresses is in force."""
MINUTE = timedelta(minutes=1)
Told = tuple[Event, timedelta]


def story(*more: Told, cash: bool = False, paid_at: datetime = PAID_AT) -> Flow:
    """An order that is paid, or to be paid at the door; `more` counts from then."""
    flow = Flow(LOGISTICS)
    flow.tell(shop.placed(cash=cash), paid_at)
    if not cash:
        flow.tell(shop.paid(), paid_at)
    for event, after in more:
        flow.tell(event, paid_at + after)
    return flow


def checks(flow: Flow) -> list[tuple[str, str]]:
    asked = flow.outcomes(logistics.WarehouseInstructionRequestedV1)
    return [(each.request_id, each.instruction.value) for each in asked]


def answer(outcome: str, request_id: str = "o1.address") -> shipments.WarehouseInstructionAnsweredV1:
    return shipments.WarehouseInstructionAnsweredV1(
        shop_id=SHOP, order_id=ORDER, request_id=request_id, outcome=shipments.InstructionOutcome(outcome)
    )


def asked(flow: Flow) -> list[str]:
    """Lists the questions to persons about the address."""
    tasks = flow.outcomes(common.TaskRequestedV1)
    return [task.question_code for task in tasks if task.task_id.startswith("o1.address.")]


def withdrawn(flow: Flow) -> list[tuple[str, str]]:
    return [(each.task_id, each.reason_code) for each in flow.outcomes(common.TaskWithdrawnV1)]


LEFT: list[Told] = [(shop.registered(), 20 * HOUR), (shop.handed_over(), 21 * HOUR)]


@pytest.mark.parametrize("cash", [False, True])
def test_the_address_is_checked_once_when_goods_are_due(cash: bool) -> None:
    """OR-006: with the payment, or at once where the goods are paid at the door."""
    assert checks(story((shop.paid(), HOUR), cash=cash)) == [("o1.address", "check_address")]
    unpaid = Flow(LOGISTICS)
    unpaid.tell(shop.placed(), PAID_AT)
    assert checks(unpaid) == []


def test_no_pack_before_checks_the_address() -> None:
    """OR-006: the pack of 2014 asks nobody."""
    assert checks(story(paid_at=PAID_AT.replace(year=2026))) == []


def test_goods_that_left_before_the_payment_was_booked_are_not_checked() -> None:
    """OR-006: it would come too late."""
    flow = Flow(LOGISTICS)
    for event in (shop.placed(), shop.registered(), shop.handed_over(), shop.paid()):
        flow.tell(event, PAID_AT)
    assert checks(flow) == []


@pytest.mark.parametrize("outcome", ["done", "too_late"])
def test_an_address_that_is_right_asks_nobody(outcome: str) -> None:
    """OR-006."""
    flow = story((answer(outcome), HOUR), *LEFT)
    flow.pass_until(PAID_AT + 2 * DAY)
    assert (asked(flow), withdrawn(flow)) == ([], [])


@pytest.mark.parametrize(("after", "questions"), [(4 * HOUR - MINUTE, []), (4 * HOUR, ["address_unchecked"])])
def test_a_person_looks_where_nobody_answers_for_four_hours(after: timedelta, questions: list[str]) -> None:
    """OR-006: until then nobody does."""
    flow = story()
    flow.pass_until(PAID_AT + after)
    assert asked(flow) == questions


def test_a_late_answer_withdraws_the_question() -> None:
    """OR-006: and the first answer counts."""
    flow = story()
    flow.pass_until(PAID_AT + 4 * HOUR)
    flow.tell(answer("done"), PAID_AT + 5 * HOUR)
    assert withdrawn(flow) == [("o1.address.unchecked", "answered")]
    flow.tell(answer("refused"), PAID_AT + 6 * HOUR)
    assert asked(flow) == ["address_unchecked"]


def test_a_person_sees_to_an_address_that_is_not_right() -> None:
    """OR-006: once, whether the warehouse says so in time or late, until it says that it is right."""
    flow = story((answer("refused"), HOUR), (answer("refused"), 2 * HOUR))
    assert asked(flow) == ["address_wrong"]
    flow.tell(answer("done"), PAID_AT + 3 * HOUR)
    assert withdrawn(flow) == [("o1.address.wrong", "answered")]
    late = story()
    late.pass_until(PAID_AT + 4 * HOUR)
    late.tell(answer("refused"), PAID_AT + 5 * HOUR)
    assert asked(late) == ["address_unchecked", "address_wrong"]
    assert withdrawn(late) == [("o1.address.unchecked", "answered")]


CLOSED = orders.OrderClosedV1.model_validate(
    {"shop_id": SHOP, "order_id": ORDER, "cause": "refunded_unshipped", "by": {"role": "seller"}}
)


@pytest.mark.parametrize("end", [LEFT, [(CLOSED, 20 * HOUR)]])
def test_the_question_is_withdrawn_when_nothing_waits_any_more(end: list[Told]) -> None:
    """OR-006: the goods left, or the order is over; an answer after that asks nobody."""
    flow = story((answer("refused"), HOUR), *end, (answer("refused"), 22 * HOUR))
    assert asked(flow) == ["address_wrong"]
    assert withdrawn(flow) == [("o1.address.wrong", "goods_left")]


def test_an_answer_to_another_request_means_nothing() -> None:
    """OR-006."""
    assert asked(story((answer("refused", "o1.carrier"), HOUR))) == []
