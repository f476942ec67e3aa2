"""Decides whether a promise is kept, broken or released."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided, NotYet, Told, tell
from kernel.ids import derived_id
from kernel.people import Task
from kernel.rules import rule
from services.customers.cases.message import messages as message
from services.customers.cases.promise.messages import (
    Called,
    DispatchCompleted,
    ExchangeOver,
    Given,
    HandedOver,
    Judged,
    MemoStored,
    Message,
    OrderClosed,
    OrderPaid,
    OrderShipped,
    Replaced,
    reply_to,
)
from services.customers.cases.promise.state import (
    Absent,
    BreachNoticed,
    Ended,
    Fact,
    Made,
    MemoWanted,
    Outcome,
    PromiseEnded,
    PromiseNoted,
    PromiseRegistered,
    State,
)
from services.customers.contact import REACHED, Channel, Contact, Heard, Origin, Purpose, To
from services.customers.policy import Policy
from services.customers.promised import Promise, PromiseKind

ANSWERS = {
    "confirmed": Outcome.FULFILLED,
    "fulfilled": Outcome.FULFILLED,
    "unfounded": Outcome.RELEASED,
    "released": Outcome.RELEASED,
    "breached": Outcome.BREACHED,
}
"""The codes by which a person judges a promise; the contract of `shop.task.completed.v1` lists them."""


def decide(  # noqa: C901, PLR0911, PLR0912  one branch per message
    state: State, message: Message, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Decides by one rule per message; an ended promise is not judged again.

    Raises NotYet for news of a promise that is not known yet.
    """
    if isinstance(state, Ended):
        return []
    if isinstance(state, Absent):
        if isinstance(message, Given):
            return _given(message.promise, policy, now)
        raise NotYet
    match message:
        case Given():
            return []
        case MemoStored():
            return _noted(state, message)
        case HandedOver():
            return _handed_over(state, message, policy)
        case DispatchCompleted(at=at):
            return _dispatch_completed(state, at, policy)
        case OrderPaid():
            return _paid(state, message, policy)
        case OrderShipped():
            return _shipped(state, policy)
        case OrderClosed():
            return _closed(state, message, policy)
        case ExchangeOver():
            return _exchange_over(state, message, policy)
        case Replaced():
            return _replaced(state, policy)
        case Called():
            return _called(state, message.is_reached, policy)
        case Heard():
            return _called(state, message.outcome == REACHED, policy)
        case Judged():
            return _judged(state, message, policy)
        case DeadlinePassed():
            return _deadline_passed(state, policy, now)
        case _:
            assert_never(message)


@rule("CP-032", "CP-033", "CP-035", "RF-009", "RF-118")
def _given(promise: Promise, policy: Policy, now: datetime) -> Sequence[Fact]:
    """A promise binds from the moment it is made until its own moment or the dispatch limit."""
    numbers = policy.promise
    if promise.kind is PromiseKind.NO_REFUND:
        due_at = None
    elif promise.due_at is not None:
        due_at = promise.due_at
    elif promise.kind is PromiseKind.EXCHANGE:
        due_at = now + numbers.exchange_days
    else:
        due_at = now + numbers.dispatch_hours
    look_at = due_at or now + numbers.attention_days
    facts: list[Fact] = [PromiseRegistered(promise, due_at, look_at)]
    if promise.kind is PromiseKind.CALLBACK:
        facts.append(_call(promise, look_at))
    elif promise.order_id is not None and promise.kind is not PromiseKind.EXCHANGE:
        facts.append(MemoWanted(_memo_id(promise), promise))
    return facts


def _call(promise: Promise, call_by: datetime) -> Told:
    """Asks for the call in the way of every contact; nobody is called where no customer is named."""
    if promise.customer_id is None:
        return tell()
    contact = Contact(
        notice_id=promise.promise_id,
        counted_under=promise.promise_id,
        order_id=promise.order_id or promise.customer_id,
        customer_id=promise.customer_id,
        origin=Origin.CALLBACK,
        to=To.BUYER,
        purpose=Purpose.SERVICE,
        template_code="callback",
        values={},
        channels=(Channel.CALL,),
        expires_at=call_by,
        reply_to=reply_to(promise.order_id or promise.customer_id, promise.promise_id),
    )
    return tell(message.to(promise.customer_id, promise.promise_id, message.Asked(contact)))


@rule("CP-033")
def _noted(state: Made, stored: MemoStored) -> Sequence[Fact]:
    """The memo is on the order."""
    is_ours = stored.request_id == _memo_id(state.promise) and not state.is_noted
    return [PromiseNoted()] if is_ours else []


@rule("CP-032")
def _dispatch_completed(state: Made, at: datetime, policy: Policy) -> Sequence[Fact]:
    """Keeps a promised ship day with the last of the parcels, or breaks it."""
    promise = state.promise
    if promise.kind is not PromiseKind.SHIP_BY:
        return []
    is_in_time = promise.due_at is None or at <= promise.due_at
    return _ended(promise, Outcome.FULFILLED if is_in_time else Outcome.BREACHED, policy)


@rule("CP-032")
def _handed_over(state: Made, handed: HandedOver, policy: Policy) -> Sequence[Fact]:
    """A hand-over keeps a promised courier, or breaks the promise."""
    promise = state.promise
    if promise.kind is PromiseKind.CARRIER:
        is_kept = promise.value_code in (None, handed.carrier_code)
        return _ended(promise, Outcome.FULFILLED if is_kept else Outcome.BREACHED, policy)
    return []


@rule("CP-035")
def _paid(state: Made, paid: OrderPaid, policy: Policy) -> Sequence[Fact]:
    """More than the agreed price or freight is a breach."""
    promise = state.promise
    if promise.kind not in (PromiseKind.PRICE, PromiseKind.FREIGHT) or promise.amount is None:
        return []
    charged = paid.amount if promise.kind is PromiseKind.PRICE else paid.freight
    if charged.currency != promise.amount.currency:
        return []
    is_kept = not charged.exceeds(promise.amount)
    return _ended(promise, Outcome.FULFILLED if is_kept else Outcome.BREACHED, policy)


@rule("CP-032", "RF-009")
def _shipped(state: Made, policy: Policy) -> Sequence[Fact]:
    """Shipment keeps the promise not to refund."""
    is_kept = state.promise.kind is PromiseKind.NO_REFUND
    return _ended(state.promise, Outcome.FULFILLED, policy) if is_kept else []


@rule("CP-032", "RF-009")
def _closed(state: Made, closed: OrderClosed, policy: Policy) -> Sequence[Fact]:
    """A refund breaks the promise not to refund; a closed order releases every other promise."""
    is_broken = state.promise.kind is PromiseKind.NO_REFUND and closed.is_refunded
    return _ended(state.promise, Outcome.BREACHED if is_broken else Outcome.RELEASED, policy)


@rule("RF-118")
def _exchange_over(state: Made, over: ExchangeOver, policy: Policy) -> Sequence[Fact]:
    """An agreed exchange that is not carried out is a breach."""
    promise = state.promise
    is_this = promise.value_code in (None, over.exchange_id)
    if promise.kind is not PromiseKind.EXCHANGE or not is_this:
        return []
    outcomes = {"completed": Outcome.FULFILLED, "breached": Outcome.BREACHED}
    return _ended(promise, outcomes.get(over.ending, Outcome.RELEASED), policy)


@rule("LG-055", "LG-059")
def _replaced(state: Made, policy: Policy) -> Sequence[Fact]:
    """A later agreement releases a promise."""
    return _ended(state.promise, Outcome.RELEASED, policy)


@rule("CP-032")
def _called(state: Made, is_reached: bool, policy: Policy) -> Sequence[Fact]:
    """A promised call is kept when the customer was reached."""
    is_kept = state.promise.kind is PromiseKind.CALLBACK and is_reached
    return _ended(state.promise, Outcome.FULFILLED, policy) if is_kept else []


@rule("CP-032")
def _judged(state: Made, judged: Judged, policy: Policy) -> Sequence[Fact]:
    """A person judges what no event tells, such as whether the gift was in the parcel."""
    outcome = ANSWERS.get(judged.outcome_code)
    return [] if outcome is None else _ended(state.promise, outcome, policy)


@rule("CP-032", "RF-009", "RF-118")
def _deadline_passed(state: Made, policy: Policy, now: datetime) -> Sequence[Fact]:
    """A missed ship day or call breaks the promise; a person judges any other, or it is released."""
    promise = state.promise
    if promise.kind in (PromiseKind.SHIP_BY, PromiseKind.CALLBACK):
        return _ended(promise, Outcome.BREACHED, policy)
    if state.task_count >= policy.promise.attention_count:
        return _ended(promise, Outcome.RELEASED, policy)
    task_id = derived_id("promise-task", promise.promise_id, str(state.task_count + 1))
    return [Task("was_promise_kept", now + policy.promise.attention_days, task_id=task_id)]


def _memo_id(promise: Promise) -> str:
    return derived_id("memo", promise.promise_id)


def _ended(promise: Promise, outcome: Outcome, policy: Policy) -> list[Fact]:
    points = policy.promise.points.get(promise.kind, 0) if outcome is Outcome.BREACHED else 0
    facts: list[Fact] = [PromiseEnded(promise, outcome, points)]
    if points:
        facts.append(BreachNoticed(promise, points))
    return facts
