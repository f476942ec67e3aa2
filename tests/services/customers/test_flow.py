"""Customers beside reviews, through the real handling: notices, unpaid orders, promises."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from aftersales_contracts.aftersales import common, customers, logistics, refunds
from aftersales_contracts.components import Party, Share
from aftersales_contracts.shop import contacts, desk, orders, shipments
from chassis.service import Service
from services.customers.cases.promise.rules import ANSWERS
from services.customers.service import CUSTOMERS
from services.logistics.service import LOGISTICS
from services.reviews.service import REVIEWS
from tests.services.flow import Flow
from tests.services.told import (
    CUSTOMER,
    ORDER,
    T0,
    D,
    H,
    build,
    cny,
    given,
    held,
    paid,
    placed,
    succeeded,
    texts,
)

M = timedelta(minutes=1)


@pytest.fixture
def flow() -> Flow:
    both = Flow(REVIEWS, CUSTOMERS)
    both.tell(placed(), T0)
    both.tell(paid(), T0 + H)
    both.tell(succeeded(), T0 + 5 * D)
    return both


def test_status_notices(flow: Flow) -> None:
    """OR-007: the seller is told of the payment, the buyer of the shipment."""
    flow.tell(build(orders.OrderShippedV1, ORDER, delivery_kind="express"), T0 + 5 * D)
    told = [(x.to, x.template_code, x.channel) for x in texts(flow, "service")]
    assert told == [("seller", "order_paid_ship_due", "chat"), ("buyer", "order_shipped", "chat")]


def test_orders_are_found_by_account(flow: Flow) -> None:
    """OR-008."""
    flow.tell(placed(order_id="o2"), T0 + 6 * D)
    assert flow.state("order-index", "a1.2026-03").order_ids == ("o1", "o2")
    assert flow.state("customer-order", "o1").customer_id == "c1"


def test_unpaid_order_is_reminded_and_closed() -> None:
    """OR-013, CU-003, CU-011 (journey 6.12)."""
    flow = Flow(CUSTOMERS)
    flow.tell(placed(), T0)
    flow.pass_until(T0 + 4 * H)
    [reminder] = texts(flow, "reminder")
    assert (reminder.template_code, reminder.agent_id) == ("payment_reminder_unasked", "agent-7")
    assert flow.state("unpaid-order", "o1").reminder_outcome == "sent"
    flow.pass_until(T0 + 4 * D)
    asked = flow.outcomes(customers.OrderCloseRequestedV1)
    assert len(asked) == 3
    assert len({x.request_id for x in asked}) == 1
    assert asked[0].only_if == ["awaiting_payment"]
    assert flow.told[-1].event.TYPE == common.TaskRequestedV1.TYPE
    declined = build(
        orders.OrderRequestDeclinedV1, ORDER, request_id=asked[0].request_id, reason_code="paid_meanwhile"
    )
    flow.tell(declined, T0 + 4 * D)
    flow.pass_until(T0 + 90 * D)
    assert len(flow.outcomes(common.TaskRequestedV1)) == 1


def test_a_change_of_terms_gives_three_days_anew() -> None:
    """OR-014."""
    flow = Flow(CUSTOMERS)
    flow.tell(placed(), T0)
    changed = build(
        orders.OrderTermsChangedV1, ORDER, by=Party.model_validate({"role": "seller"}), freight=cny(0),
        total=cny(10_000),
    )  # fmt: skip
    flow.tell(changed, T0 + 2 * D)
    flow.pass_until(T0 + 5 * D)
    assert flow.outcomes(customers.OrderCloseRequestedV1) == []
    flow.pass_until(T0 + 5 * D + H)
    assert flow.outcomes(customers.OrderCloseRequestedV1)[0].pay_by_at == T0 + 5 * D


def promised(kind: str, **fields: Any) -> Any:
    agent = Party.model_validate({"role": "agent", "id": "agent-7"})
    return build(
        contacts.PromiseMadeV1, CUSTOMER, promise_id="p1", kind=kind, order_id="o1", by=agent, **fields
    )


def ends(flow: Flow) -> list[str]:
    return [x.outcome.value for x in flow.outcomes(customers.PromiseEndedV1)]


def test_a_promised_ship_day_is_kept_by_the_last_of_the_parcels(flow: Flow) -> None:
    """CP-032, CP-033: the first of two parcels keeps nothing yet; logistics says when the last one left."""
    flow.tell(promised("ship_by", due_at=(T0 + 7 * D).isoformat()), T0 + 6 * D)
    [memo] = flow.outcomes(common.OrderActionRequestedV1)
    assert memo.purpose == "promise"
    flow.tell(build(shipments.ParcelHandedOverV1, ORDER, parcel_id="b1", carrier_code="sf"), T0 + 6.5 * D)
    assert ends(flow) == []
    last_at = T0 + 6.8 * D
    last = {
        "case_id": "o1", "case_kind": "dispatch", "case_version": 1, "rule_ids": [], "policy_version": "p",
        "shop_id": "shop-1", "order_id": "o1",
    }  # fmt: skip
    flow.tell(build(logistics.DispatchCompletedV1, last, completed_at=last_at.isoformat()), last_at)
    assert ends(flow) == ["fulfilled"]
    assert flow.state("customer-order", "o1").promise_ids == ()


def test_a_missed_ship_day_is_noticed(flow: Flow) -> None:
    """CP-032: four points at risk."""
    flow.tell(promised("ship_by", due_at=(T0 + 7 * D).isoformat()), T0 + 6 * D)
    flow.pass_until(T0 + 8 * D)
    assert ends(flow) == ["breached"]
    [violation] = flow.outcomes(common.ViolationNoticedV1)
    assert (violation.points_at_risk_count, violation.order_ids) == (4, ["o1"])


REMINDED_AT = datetime(2027, 3, 1, tzinfo=UTC)
"""A day on which the pack whose reminders promise dispatch is in force."""


def reminded(*services: Service, paid_after: timedelta = 5 * H) -> Flow:
    """An order whose buyer was reminded after two hours, and paid."""
    flow = Flow(CUSTOMERS, *services)
    flow.tell(placed(), REMINDED_AT)
    flow.pass_until(REMINDED_AT + paid_after)
    flow.tell(paid(), REMINDED_AT + paid_after)
    return flow


def left(flow: Flow, at: datetime) -> None:
    waybill = {"carrier_code": "sf", "tracking_code": "SF1"}
    parcel = {"parcel_id": "b1", "direction": "outbound", "tracking": waybill, "freight_payer": "sender"}
    flow.tell(build(shipments.ParcelRegisteredV1, ORDER, parcel, lines=[]), at - H)
    flow.tell(build(shipments.ParcelHandedOverV1, ORDER, parcel_id="b1", carrier_code="sf"), at)


@pytest.mark.parametrize(("minutes", "kept"), [(-1, "fulfilled"), (1, "breached")])
def test_the_reminders_24_hours_are_a_promise(minutes: int, kept: str) -> None:
    """LG-055: tracked from the payment to the parcel, or to the points that a broken promise costs."""
    flow = reminded(LOGISTICS)
    paid_at = REMINDED_AT + 5 * H
    (made,) = flow.outcomes(customers.PromiseRegisteredV1)
    assert (made.kind, made.due_at) == ("ship_by", paid_at + 24 * H)
    left(flow, paid_at + 24 * H + minutes * M)
    flow.pass_until(paid_at + 2 * D)
    assert ends(flow) == [kept]
    points = [x.points_at_risk_count for x in flow.outcomes(common.ViolationNoticedV1)]
    assert points == ([4] if kept == "breached" else [])


def test_the_reminder_of_who_paid_before_it_was_said_promises_nothing() -> None:
    """LG-055: there was none; and none before the pack of 2027 promises anything."""
    assert reminded(paid_after=H).outcomes(customers.PromiseRegisteredV1) == []
    flow = Flow(CUSTOMERS)
    flow.tell(placed(), T0)
    flow.pass_until(T0 + 5 * H)
    flow.tell(paid(), T0 + 5 * H)
    assert flow.outcomes(customers.PromiseRegisteredV1) == []


def test_a_payment_before_the_reminder_is_known_to_be_sent_binds_as_well() -> None:
    """LG-055: the gateway answers after the payment; from the payment the hours run."""
    flow = reminded(paid_after=2 * H + M)
    assert flow.outcomes(customers.PromiseRegisteredV1) == []
    flow.pass_until(REMINDED_AT + 4 * H)
    (made,) = flow.outcomes(customers.PromiseRegisteredV1)
    assert made.due_at == REMINDED_AT + 26 * H + M


def test_a_ship_time_that_staff_agree_on_takes_the_place_of_the_reminders() -> None:
    """LG-055, LG-059: no promise is broken by what was agreed after it."""
    flow = reminded(LOGISTICS)
    later = REMINDED_AT + 5 * D
    flow.tell(promised("ship_by", due_at=later.isoformat()), REMINDED_AT + 6 * H)
    assert ends(flow) == ["released"]
    left(flow, later - H)
    flow.pass_until(later + D)
    assert ends(flow) == ["released", "fulfilled"]


def test_a_price_that_was_raised_is_a_breach() -> None:
    """CP-035."""
    flow = Flow(CUSTOMERS)
    flow.tell(placed(), T0)
    flow.tell(promised("price", amount=cny(9_000)), T0 + H)
    flow.tell(paid(10_800), T0 + 2 * H)
    assert ends(flow) == ["breached"]


def test_an_agreed_exchange_is_a_promise(flow: Flow) -> None:
    """RF-118."""
    outcome = {
        **ORDER, "case_id": "x1", "case_kind": "exchange", "case_version": 1, "rule_ids": [],
        "policy_version": "v", "exchange_id": "x1", "customer_id": "c1",
    }  # fmt: skip
    authorized = build(
        refunds.ReturnAuthorizedV1, outcome, return_id="t1", lines=[Share(line_id="l1", quantity_count=1)],
        carriages=["express"], is_collect_forbidden=True, needs_note=True, send_by_at=T0 + 9 * D,
    )  # fmt: skip
    flow.tell(authorized, T0 + 6 * D)
    [promise] = flow.outcomes(customers.PromiseRegisteredV1)
    assert (promise.kind, promise.order_id) == ("exchange", "o1")
    flow.tell(build(refunds.ExchangeEndedV1, outcome, ending="completed"), T0 + 9 * D)
    assert ends(flow) == ["fulfilled"]


def test_a_promised_call_is_made_by_the_way_of_every_contact() -> None:
    """CP-032: and a customer who refused calls is not called."""
    flow = Flow(CUSTOMERS)
    agent = Party.model_validate({"role": "agent"})
    call = build(
        contacts.PromiseMadeV1, CUSTOMER, promise_id="p1", kind="callback", due_at=T0 + 5 * H, by=agent
    )
    flow.tell(call, T0)
    [asked] = flow.outcomes(customers.CallRequestedV1)
    assert (asked.due_at, asked.order_id) == (T0 + 5 * H, None)
    flow.tell(held(asked.request_id, "reached"), T0 + H)
    assert ends(flow) == ["fulfilled"]


@pytest.mark.parametrize(("is_disclosed", "codes"), [(False, ["size_advice_only"]), (True, [])])
def test_an_advised_size_is_said_to_be_advice(is_disclosed: bool, codes: list[str]) -> None:
    """RF-114: no ground for a return or an exchange; the customer is told where the agent did not say so."""
    flow = Flow(CUSTOMERS)
    advised = build(
        contacts.SizeAdvisedV1, CUSTOMER, advice_id="z1", product_id="p1", size_code="m",
        is_disclosed=is_disclosed, by=Party.model_validate({"role": "agent", "id": "agent-7"}),
    )  # fmt: skip
    flow.tell(advised, T0)
    flow.tell(advised, T0 + H)
    said = texts(flow, "service")
    assert [(x.template_code, x.agent_id) for x in said] == [(code, "agent-7") for code in codes]
    assert all(x.values == {"product_id": "p1"} and x.order_id is None for x in said)


def test_the_logged_summary_of_a_call_is_told_on(flow: Flow) -> None:
    """CP-064: with the result, to the service that wanted the call; a call without a summary is no event."""
    flow.tell(given("bad"), T0 + 6 * D)
    [call] = flow.outcomes(customers.CallRequestedV1)
    flow.tell(held(call.request_id, "reached"), T0 + 6 * D + H)
    [resolved] = [x for x in flow.outcomes(customers.NoticeResolvedV1) if x.notice_id == call.request_id]
    assert (resolved.outcome, resolved.summary_ref) == ("reached", "calls/1")
    assert flow.state("message", call.request_id).summary_ref == "calls/1"
    data = held(call.request_id, "reached").model_dump()
    for missing in ({"summary_ref": None}, {"summary_ref": ""}):
        with pytest.raises(ValidationError):
            contacts.CallHeldV1.model_validate(data | missing)


def test_the_answers_about_a_promise_are_those_of_the_contract() -> None:
    """CP-032."""
    told = desk.TaskCompletedV1.model_json_schema()["properties"]["outcome_code"]["description"]
    row = next(line for line in told.splitlines() if line.startswith("was_promise_kept:"))
    assert {code for code in ANSWERS if code not in re.findall(r"\w+", row)} == set()
    assert set(re.findall(r"\w+", row.partition(".")[0])) - {"was_promise_kept", "or"} == set(ANSWERS)
