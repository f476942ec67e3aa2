"""A flow of logistics, events of refunds and people for it, and what it announced; for the tests."""

from datetime import datetime, timedelta
from typing import Any

from aftersales_contracts import enums
from aftersales_contracts.aftersales import common, customers, logistics, refunds
from aftersales_contracts.aftersales.logistics_enums import CourierAction
from aftersales_contracts.aftersales.refunds_enums import IntentPurpose, OrderOutcomeAfterRefund, RefundEnding
from aftersales_contracts.base import Event
from aftersales_contracts.components import Party
from aftersales_contracts.shop import aftersales, desk, shipments
from services.logistics.service import LOGISTICS
from tests.services.flow import Flow
from tests.services.logistics import shop
from tests.services.logistics.shop import DAY, HOUR, ORDER, SHOP, T0

COMMON: dict[str, Any] = {
    "case_id": "r1",
    "case_kind": "refund-agreement",
    "case_version": 1,
    "shop_id": SHOP,
    "rule_ids": [],
    "policy_version": "test",
    "order_id": ORDER,
}


def of_case(kind: str, case_id: str) -> dict[str, Any]:
    """Builds the fields that an outcome of another service's case carries."""
    return {**COMMON, "case_kind": kind, "case_id": case_id}


def flow(*told: tuple[Event, timedelta]) -> Flow:
    """A flow that has heard these events, each so long after T0."""
    made = Flow(LOGISTICS)
    for event, after in told:
        made.tell(event, T0 + after)
    return made


def on_the_way(*more: tuple[Event, timedelta]) -> Flow:
    """An order that was paid, sent after 6 h and picked up after 7 h."""
    return flow(
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (shop.registered(), 5 * HOUR),
        (shop.shipped(), 5 * HOUR),
        (shop.handed_over(), 6 * HOUR),
        (shop.scan("picked_up", T0 + 7 * HOUR), 7 * HOUR),
        *more,
    )


def refund_opened(kind: str = "unshipped") -> refunds.RefundOpenedV1:
    return refunds.RefundOpenedV1(
        **COMMON,
        refund_id="r1",
        kind=enums.RefundKind(kind),
        reason_code="changed_mind",
        lines=[shop.share()],
        amount=shop.cny(10_000),
        terms_version=1,
        answer_by_at=T0 + 9 * DAY,
    )


def refund_closed() -> refunds.RefundClosedV1:
    return refunds.RefundClosedV1(**COMMON, refund_id="r1", ending=RefundEnding.SHIPPED)


def refund_paid(remedy_id: str | None = None) -> refunds.RefundPaidV1:
    return refunds.RefundPaidV1(
        **COMMON,
        intent_id="r1.refund.1",
        purpose=IntentPurpose.REFUND,
        amount=shop.cny(10_000),
        lines=[shop.share()],
        is_full=True,
        order_outcome=OrderOutcomeAfterRefund.CLOSED,
        refund_id="r1",
        remedy_id=remedy_id,
    )


def promise(
    kind: str, due_at: datetime | None = None, value: str | None = None
) -> customers.PromiseRegisteredV1:
    return customers.PromiseRegisteredV1(
        **of_case("promise", "pr1"),
        promise_id="pr1",
        kind=enums.PromiseKind(kind),
        due_at=due_at,
        value_code=value,
    )


def hold_answer(outcome: str, request_id: str = "r1.hold") -> shipments.DispatchHoldAnsweredV1:
    return shipments.DispatchHoldAnsweredV1(
        shop_id=SHOP, order_id=ORDER, request_id=request_id, outcome=shipments.HoldOutcome(outcome)
    )


def courier(request_id: str, outcome: str) -> shipments.CourierActionAnsweredV1:
    return shipments.CourierActionAnsweredV1(
        shop_id=SHOP,
        order_id=ORDER,
        request_id=request_id,
        parcel_id="k1",
        outcome=shipments.CourierOutcome(outcome),
    )


def task_done(told: common.TaskRequestedV1, outcome_code: str = "approved") -> desk.TaskCompletedV1:
    return desk.TaskCompletedV1(
        shop_id=SHOP,
        task_id=told.task_id,
        case_kind=told.case_kind,
        case_id=told.case_id,
        about_subject=told.about_subject,
        outcome_code=outcome_code,
        by=Party(role=enums.Role.SUPERVISOR),
    )


def not_received(problem: str = "not_received") -> aftersales.ProblemReportedV1:
    return aftersales.ProblemReportedV1(
        shop_id=SHOP,
        order_id=ORDER,
        problem_id="pb1",
        problem=aftersales.ProblemKind(problem),
        wanted=aftersales.Wish.UNKNOWN,
        is_before_signature=False,
    )


def recalls(of: Flow) -> list[str]:
    """Why parcels were called back, in order."""
    asked = of.outcomes(logistics.CourierActionRequestedV1)
    return [x.reason_code for x in asked if x.action == CourierAction.INTERCEPT]


def questions(of: Flow) -> list[str]:
    """Questions to people, in order."""
    return [x.question_code for x in of.outcomes(common.TaskRequestedV1)]


def triggers(of: Flow) -> list[str]:
    """Lists the triggers of established lateness, in order."""
    return [x.trigger.value for x in of.outcomes(logistics.LateShippingEstablishedV1)]


def outcomes(of: Flow) -> list[str]:
    """Ends of parcels, in order."""
    return [x.outcome.value for x in of.outcomes(logistics.ParcelOutcomeDecidedV1)]


def clean(of: Flow) -> None:
    """Nothing failed, nothing waits."""
    assert of.dead == []
    assert of.waiting() == []
