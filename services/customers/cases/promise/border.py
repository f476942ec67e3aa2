"""Connects one promise: what staff promise comes in, its end and what it costs go out."""

from collections.abc import Mapping, Sequence

from aftersales_contracts.aftersales import common, refunds
from aftersales_contracts.aftersales import customers as out
from aftersales_contracts.base import Event
from aftersales_contracts.enums import MemoPurpose
from aftersales_contracts.enums import PromiseKind as PromiseKindCode
from aftersales_contracts.shop import contacts, desk
from chassis.engine import outcomes
from chassis.service import Announce, Kind, Reaction, Read
from kernel.decider import Addressed, CaseView
from kernel.ids import derived_id
from kernel.people import Task
from kernel.picture import Picture, Pictures
from kernel.value import replace
from services.customers.cases.customer_order import messages as customer_order
from services.customers.cases.promise import messages as m
from services.customers.cases.promise import state as s
from services.customers.cases.promise.rules import decide
from services.customers.policy import Policy
from services.customers.promised import Promise, PromiseKind

# Reads.


def _made(data: contacts.PromiseMadeV1) -> Sequence[Addressed]:
    """Reads a promise by staff; a kind that this version does not know is `other`."""
    code = data.kind.value
    promise = Promise(
        data.promise_id,
        PromiseKind(code) if code in set(PromiseKind) else PromiseKind.OTHER,
        data.order_id,
        data.customer_id,
        data.value_code,
        outcomes.money_in(data.amount) if data.amount else None,
        data.due_at,
    )
    return [_to_its_order(promise)]


def _return_authorized(data: refunds.ReturnAuthorizedV1) -> Sequence[Addressed]:
    """Reads that an exchange was agreed, once its goods may be sent back: it is a promise (RF-118)."""
    if data.exchange_id is None:
        return []
    promise_id = derived_id("exchange", data.exchange_id)
    promise = Promise(promise_id, PromiseKind.EXCHANGE, data.order_id, data.customer_id, data.exchange_id)
    return [_to_its_order(promise)]


def _to_its_order(promise: Promise) -> Addressed:
    """Addresses the order, which files the promise and gives it on; the promise itself without an order."""
    if promise.order_id is not None:
        return customer_order.to(promise.order_id, customer_order.PromiseMade(promise))
    return m.to(str(promise.customer_id), promise.promise_id, m.Given(promise))


def _task_completed(data: desk.TaskCompletedV1) -> Sequence[Addressed]:
    """Reads how a person judged the promise."""
    return [m.to(data.about_subject, data.case_id, m.Judged(data.outcome_code))]


READS: Mapping[type[Event], Read] = {
    contacts.PromiseMadeV1: _made,
    refunds.ReturnAuthorizedV1: _return_authorized,
    desk.TaskCompletedV1: outcomes.mine(m.NAME, _task_completed),
}


# Announces.


def _registered(fact: s.PromiseRegistered, view: CaseView[s.State]) -> out.PromiseRegisteredV1:
    """Announces that a promise binds."""
    promise = fact.promise
    return out.PromiseRegisteredV1(
        **view.common(),
        promise_id=promise.promise_id,
        order_id=promise.order_id,
        customer_id=promise.customer_id,
        kind=PromiseKindCode(promise.kind.value),
        value_code=promise.value_code,
        amount=None if promise.amount is None else outcomes.money(promise.amount),
        due_at=fact.due_at,
    )


def _memo_wanted(fact: s.MemoWanted, view: CaseView[s.State]) -> common.OrderActionRequestedV1:
    """Asks for a memo on the order, so that the packers keep the promise (CP-033)."""
    promise = fact.promise
    values = {"promise_id": promise.promise_id, "kind": promise.kind.value}
    if promise.value_code is not None:
        values["value_code"] = promise.value_code
    return common.OrderActionRequestedV1(
        **view.common(),
        order_id=str(promise.order_id),
        customer_id=promise.customer_id,
        request_id=fact.request_id,
        action=common.OrderAction.ADD_MEMO,
        purpose=MemoPurpose.PROMISE,
        values=values,
    )


def _task(fact: Task, view: CaseView[s.State]) -> common.TaskRequestedV1:
    """Asks a person whether the promise was kept."""
    if not isinstance(view.state, s.Made):
        raise TypeError(view.state)
    promise = view.state.promise
    return outcomes.task(fact, view, order_id=promise.order_id, customer_id=promise.customer_id)


def _ended(fact: s.PromiseEnded, view: CaseView[s.State]) -> out.PromiseEndedV1:
    """Announces that a promise was kept, broken or released."""
    promise = fact.promise
    return out.PromiseEndedV1(
        **view.common(),
        promise_id=promise.promise_id,
        order_id=promise.order_id,
        customer_id=promise.customer_id,
        outcome=out.PromiseOutcome(fact.outcome.value),
        points_at_risk_count=fact.points or None,
    )


def _breach_noticed(fact: s.BreachNoticed, view: CaseView[s.State]) -> common.ViolationNoticedV1:
    """Announces the points that a broken promise costs (CP-032, CP-035, RF-009, RF-118, LG-057)."""
    promise = fact.promise
    is_carrier = promise.kind is PromiseKind.CARRIER
    return common.ViolationNoticedV1(
        **view.common(),
        about_subject=view.subject,
        order_id=promise.order_id,
        customer_id=promise.customer_id,
        kind_code="other_carrier" if is_carrier else "breach_of_promise",
        violation_class=common.ViolationClass.GENERAL,
        points_at_risk_count=fact.points,
        order_ids=[promise.order_id] if promise.order_id else [],
    )


ANNOUNCES: Mapping[type, Announce] = {
    s.PromiseRegistered: _registered,
    s.MemoWanted: _memo_wanted,
    Task: _task,
    s.PromiseEnded: _ended,
    s.BreachNoticed: _breach_noticed,
}


# Tells.


def _drop(fact: s.PromiseEnded, _view: CaseView[s.State]) -> Sequence[Addressed]:
    """Tells the order that the promise needs no more news."""
    promise = fact.promise
    if promise.order_id is None:
        return []
    return [customer_order.to(promise.order_id, customer_order.PromiseDone(promise.promise_id))]


TELLS: Mapping[type, Reaction] = {s.PromiseEnded: _drop}

PICTURES: Pictures = {
    s.Made: Picture("made", "seller"),
    s.Ended: Picture("ended"),
}


def _detail(state: s.State, picture: Picture) -> Picture:
    """Adds the outcome, and tells a promise that is noted on the order (CP-033)."""
    match state:
        case s.Ended(outcome=outcome):
            return replace(picture, ending=outcome.value)
        case s.Made(is_noted=True):
            return replace(picture, status="noted")
        case _:
            return picture


PROMISE: Kind[s.State, m.Message, s.Fact, Policy] = Kind(
    name=m.NAME,
    initial=s.Absent(),
    state=s.State,
    message=m.Message,
    fact=s.Fact,
    ended=s.Ended,
    decide=decide,
    evolve=s.evolve,
    deadlines=s.deadlines,
    reads=READS,
    announces=ANNOUNCES,
    tells=TELLS,
    pictures=PICTURES,
    detail=_detail,
)
