"""What the case `order` announces."""

from collections.abc import Mapping
from typing import Any

from aftersales_contracts import parts, words
from aftersales_contracts.aftersales import common, refunds, refunds_words
from chassis.service import Announce
from kernel.decider import CaseView
from services.refunds import order_facts, order_words
from services.refunds.announce import about, money, task
from services.refunds.order_words import State as OrderState
from services.refunds.translate import confirm_id_of
from services.refunds.values import derived_id

_WAITS_FOR: Mapping[type, words.Role] = {
    order_words.AwaitingPayment: words.Role.BUYER,
    order_words.Paid: words.Role.SELLER,
    order_words.Shipped: words.Role.BUYER,
}
_ACTIONS: Mapping[type, list[str]] = {
    order_words.AwaitingPayment: ["pay", "ask_to_close"],
    order_words.Paid: ["apply_refund", "mark_shipped"],
    order_words.Shipped: ["confirm_receipt", "apply_refund", "apply_exchange"],
    order_words.Succeeded: ["apply_exchange", "apply_offflow_refund"],
}
_STATUS: Mapping[type, str] = {
    order_words.AwaitingPayment: "awaiting_payment",
    order_words.Paid: "paid",
    order_words.Shipped: "shipped",
    order_words.Succeeded: "succeeded",
    order_words.Closed: "closed",
}


def _order_state(view: CaseView[Any]) -> OrderState:
    state: Any = view.state
    return state  # type: ignore[no-any-return]  # a fact of the order leaves a state of the order


def case_changed(_fact: Any, view: CaseView[Any]) -> common.CaseChangedV1:
    """Status, phase and whose turn it is (OR-002, OR-012)."""
    state = _order_state(view)
    if isinstance(state, order_words.Absent):
        raise TypeError("an order that was never placed has no status")
    ending = state.cause if isinstance(state, order_words.Succeeded | order_words.Closed) else None
    confirm = state.confirm if isinstance(state, order_words.Shipped) else None
    running: list[parts.DeadlinePart] = []
    if confirm is not None and confirm.due_at is not None:
        running.append(
            parts.DeadlinePart(
                name="confirm",
                due_at=confirm.due_at,
                on_expiry_code="auto_confirm",
                waits_for=words.Role.BUYER,
                is_extendable=False,
            )
        )
    return common.CaseChangedV1(
        **view.common(),
        about_subject=view.subject,
        order_id=view.subject,
        customer_id=state.book.customer_id,
        status=_STATUS[type(state)],
        ending=ending,
        phase=common.Phase.IN_SALE if ending is None else common.Phase.AFTER_SALE,
        waits_for=_WAITS_FOR.get(type(state)),
        deadlines=running,
        allowed_action_codes=_ACTIONS.get(type(state), []),
    )


def _application_rejected(
    fact: order_facts.ApplicationRejected, view: CaseView[Any]
) -> refunds.ApplicationRejectedV1:
    return refunds.ApplicationRejectedV1(
        **about(view),
        application=refunds_words.ApplicationKind(fact.application.value),
        application_id=fact.application_id,
        reason_code=fact.reason.value,
        advise_code=fact.advise_code,
    )


def _payment_refused(fact: order_facts.PaymentRefused, view: CaseView[Any]) -> common.TaskRequestedV1:
    return task(view, derived_id(fact.intent_id, ".refused"), "payment_over_account", fact.due_at)


def _auto_confirm(
    fact: order_facts.AutoConfirmRequested, view: CaseView[Any]
) -> refunds.OrderAutoConfirmRequestedV1:
    return refunds.OrderAutoConfirmRequestedV1(
        **about(view),
        request_id=confirm_id_of(view.case_id, fact.request_number),
        only_if=[common.StillHolds.SHIPPED, common.StillHolds.NO_OPEN_REFUND],
        release_amount=money(fact.release),
    )


def _auto_confirm_stopped(
    fact: order_facts.AutoConfirmStopped, view: CaseView[Any]
) -> common.TaskRequestedV1:
    return task(view, derived_id(view.case_id, ".confirm-stopped"), "order_not_confirmed", fact.due_at)


def _order_task(fact: order_facts.TaskOpened, view: CaseView[Any]) -> common.TaskRequestedV1:
    return task(view, derived_id(view.case_id, f".{fact.task_name}"), fact.question_code, fact.due_at)


FROM_ORDER: Mapping[type, Announce] = {
    order_facts.OrderRecorded: case_changed,
    order_facts.PaymentRecorded: case_changed,
    order_facts.ShipmentRecorded: case_changed,
    order_facts.SuccessRecorded: case_changed,
    order_facts.CloseRecorded: case_changed,
    order_facts.ApplicationRejected: _application_rejected,
    order_facts.PaymentRefused: _payment_refused,
    order_facts.AutoConfirmRequested: _auto_confirm,
    order_facts.AutoConfirmStopped: _auto_confirm_stopped,
    order_facts.TaskOpened: _order_task,
}
