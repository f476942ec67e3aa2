"""Announces an order: its status, refused applications, requests to confirm receipt, and tasks."""

from collections.abc import Mapping

from aftersales_contracts import enums
from aftersales_contracts.aftersales import common, refunds, refunds_enums
from chassis.engine.outcomes import about_order, money, order_task, order_task_withdrawn, pieces
from chassis.service import Announce
from kernel.decider import CaseView
from kernel.ids import derived_id
from kernel.people import Task, TaskWithdrawn
from kernel.picture import Picture, Pictures
from kernel.value import replace
from services.refunds.cases.order.facts import (
    CONFIRM_STOPPED,
    ApplicationRejected,
    AutoConfirmRequested,
    AutoConfirmStopped,
    PaymentRefused,
    QuestionAsked,
    QuestionVoid,
    SendBackDue,
    reconciliation,
)
from services.refunds.cases.order.messages import confirm_id_of, goods_id_of
from services.refunds.cases.order.state import AwaitingPayment, Closed, Paid, Shipped, State, Succeeded, live
from services.refunds.goods import name_of

PICTURES: Pictures = {
    AwaitingPayment: Picture("awaiting_payment", "buyer", ("pay", "ask_to_close"), phase="in_sale"),
    Paid: Picture("paid", "seller", ("apply_refund", "mark_shipped"), phase="in_sale"),
    Shipped: Picture(
        "shipped", "buyer", ("confirm_receipt", "apply_refund", "apply_exchange"), phase="in_sale"
    ),
    Succeeded: Picture("succeeded", "", ("apply_exchange", "apply_offflow_refund"), phase="after_sale"),
    Closed: Picture("closed", phase="after_sale"),
}
"""Status, phase and whose turn it is (OR-002, OR-012)."""


def detail(state: State, picture: Picture) -> Picture:
    """Adds the cause of the end (OR-005)."""
    return replace(picture, ending=state.cause) if isinstance(state, Succeeded | Closed) else picture


def about(view: CaseView[State]) -> Mapping[str, str]:
    """Names the order and its customer."""
    return {"order_id": view.subject, "customer_id": live(view.state).book.customer_id}


def _application_rejected(fact: ApplicationRejected, view: CaseView[State]) -> refunds.ApplicationRejectedV1:
    return refunds.ApplicationRejectedV1(
        **about_order(view),
        application=refunds_enums.ApplicationKind(fact.application.value),
        application_id=fact.application_id,
        reason_code=fact.reason.value,
        advise_code=fact.advise_code,
    )


def _auto_confirm(fact: AutoConfirmRequested, view: CaseView[State]) -> refunds.OrderAutoConfirmRequestedV1:
    return refunds.OrderAutoConfirmRequestedV1(
        **about_order(view),
        request_id=confirm_id_of(view.case_id, fact.request_number),
        only_if=[common.StillHolds.SHIPPED, common.StillHolds.NO_OPEN_REFUND],
        release_amount=money(fact.release),
    )


def _auto_confirm_stopped(fact: AutoConfirmStopped, view: CaseView[State]) -> common.TaskRequestedV1:
    return order_task(reconciliation(CONFIRM_STOPPED, "order_not_confirmed", fact.due_at), view)


def _payment_refused(fact: PaymentRefused, view: CaseView[State]) -> common.TaskRequestedV1:
    task_id = derived_id(fact.intent_id, "refused")
    return order_task(Task("payment_over_account", fact.due_at, "reconciliation", task_id=task_id), view)


def _question(fact: QuestionAsked, view: CaseView[State]) -> common.TaskRequestedV1:
    question = fact.question
    task = Task(question.question_code, fact.due_at, "reconciliation", name=name_of(question.number))
    return order_task(task, view)


def _question_void(fact: QuestionVoid, view: CaseView[State]) -> common.TaskWithdrawnV1:
    return order_task_withdrawn(TaskWithdrawn("goods_taken", name=name_of(fact.number)), view)


def _send_back(fact: SendBackDue, view: CaseView[State]) -> refunds.ReshipDueV1:
    """Announces that the buyer gets his own goods again. He bears the way, as for goods that are unfit."""
    return refunds.ReshipDueV1(
        **about_order(view, live(view.state).book.customer_id),
        reship_id=fact.send_id or goods_id_of(view.subject, fact.number, "back"),
        purpose=enums.ReshipPurpose.RETURN_TO_BUYER,
        lines=pieces(fact.pieces),
        sku_ids=list(fact.sku_ids),
        ship_by_at=fact.ship_by,
        cost_bearer=refunds_enums.FreightBearer.BUYER,
    )


ANNOUNCES: Mapping[type, Announce] = {
    ApplicationRejected: _application_rejected,
    PaymentRefused: _payment_refused,
    AutoConfirmRequested: _auto_confirm,
    AutoConfirmStopped: _auto_confirm_stopped,
    QuestionAsked: _question,
    QuestionVoid: _question_void,
    SendBackDue: _send_back,
    Task: order_task,
    TaskWithdrawn: order_task_withdrawn,
}
