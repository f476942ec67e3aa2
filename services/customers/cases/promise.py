"""A promise that binds the shop: registered, noted on the order, kept, broken or released."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from kernel.decider import Deadline, DeadlinePassed, Decided, Decider, NotYet
from kernel.ids import derived_id
from kernel.money import Money
from kernel.rules import rule
from kernel.value import Value, replace
from services.customers.policy import Policy
from services.customers.promised import Promise, PromiseKind


class Outcome(StrEnum):
    """How a promise ended."""

    FULFILLED = "fulfilled"
    BREACHED = "breached"
    RELEASED = "released"


# States.


class Absent(Value):
    """Nothing was promised."""


class Made(Value):
    """It binds. `look_at`: when it is broken, or a person is asked."""

    promise: Promise
    look_at: datetime
    task_count: int = 0
    is_noted: bool = False


class Ended(Value):
    """Over."""

    outcome: Outcome


State = Absent | Made | Ended


# Messages.


class Given(Value):
    promise: Promise


class MemoStored(Value):
    request_id: str


class HandedOver(Value):
    carrier_code: str


class OrderPaid(Value):
    """The amount paid, and the freight in it."""

    amount: Money
    freight: Money


class OrderShipped(Value):
    pass


class OrderClosed(Value):
    is_refunded: bool


class ExchangeOver(Value):
    exchange_id: str
    ending: str


class Called(Value):
    """What became of the call that was promised."""

    is_reached: bool


class Judged(Value):
    """A person says what became of the promise."""

    outcome_code: str


Message = (
    Given | MemoStored | HandedOver | OrderPaid | OrderShipped | OrderClosed | ExchangeOver | Called
    | Judged | DeadlinePassed
)  # fmt: skip


# Facts.


class PromiseRegistered(Value):
    promise: Promise
    due_at: datetime | None
    look_at: datetime


class MemoWanted(Value):
    """The promise is to be noted on the order, so that it is kept with the goods."""

    request_id: str
    promise: Promise


class CallWanted(Value):
    """The call that was promised."""

    promise: Promise
    call_by: datetime


class PromiseNoted(Value):
    pass


class PersonAsked(Value):
    """Was it kept? Moves nothing."""

    task_id: str
    due_at: datetime
    task_count: int
    promise: Promise


class PromiseEnded(Value):
    promise: Promise
    outcome: Outcome
    points: int
    """Points at risk; 0 unless broken."""


class BreachNoticed(Value):
    promise: Promise
    points: int


Fact = (
    PromiseRegistered | MemoWanted | CallWanted | PromiseNoted | PersonAsked | PromiseEnded
    | BreachNoticed
)  # fmt: skip


# Rules.


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """One function per message; what has ended is not judged again."""
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
        case HandedOver() | OrderPaid() | OrderShipped() | OrderClosed():
            return _order_news(state, message, policy, now)
        case ExchangeOver():
            return _exchange_over(state, message, policy)
        case Called():
            return _called(state, message, policy)
        case Judged():
            return _judged(state, message, policy)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy, now)
        case _:
            assert_never(message)


def _order_news(
    state: Made,
    message: HandedOver | OrderPaid | OrderShipped | OrderClosed,
    policy: Policy,
    now: datetime,
) -> Sequence[Decided[Fact]]:
    match message:
        case HandedOver():
            return _handed_over(state, message, policy, now)
        case OrderPaid():
            return _paid(state, message, policy)
        case OrderShipped() | OrderClosed():
            return _order_moved(state, message, policy)
        case _:
            assert_never(message)


@rule("CP-032", "CP-033", "CP-035", "RF-009", "RF-118")
def _given(promise: Promise, policy: Policy, now: datetime) -> Sequence[Fact]:
    """A promise binds from the moment it is made, until its own moment or the dispatch limit."""
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
        facts.append(CallWanted(promise, look_at))
    elif promise.order_id is not None and promise.kind is not PromiseKind.EXCHANGE:
        facts.append(MemoWanted(_memo_id(promise), promise))
    return facts


@rule("CP-033")
def _noted(state: Made, stored: MemoStored) -> Sequence[Fact]:
    """The memo is on the order."""
    is_ours = stored.request_id == _memo_id(state.promise) and not state.is_noted
    return [PromiseNoted()] if is_ours else []


@rule("CP-032")
def _handed_over(state: Made, handed: HandedOver, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Shipped by the promised day, or by the promised courier."""
    promise = state.promise
    if promise.kind is PromiseKind.SHIP_BY:
        is_in_time = promise.due_at is None or now <= promise.due_at
        return _ended(promise, Outcome.FULFILLED if is_in_time else Outcome.BREACHED, policy)
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
def _order_moved(state: Made, message: OrderShipped | OrderClosed, policy: Policy) -> Sequence[Fact]:
    """Shipping keeps the promise not to refund, refunding breaks it; a closed order frees the rest."""
    is_no_refund = state.promise.kind is PromiseKind.NO_REFUND
    if isinstance(message, OrderShipped):
        return _ended(state.promise, Outcome.FULFILLED, policy) if is_no_refund else []
    is_broken = is_no_refund and message.is_refunded
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


@rule("CP-032")
def _called(state: Made, called: Called, policy: Policy) -> Sequence[Fact]:
    """A promised call is kept when the customer was reached."""
    is_kept = state.promise.kind is PromiseKind.CALLBACK and called.is_reached
    return _ended(state.promise, Outcome.FULFILLED, policy) if is_kept else []


@rule("CP-032")
def _judged(state: Made, judged: Judged, policy: Policy) -> Sequence[Fact]:
    """What the goods do not tell, a person does: was the gift in the parcel?"""
    outcomes = {
        "confirmed": Outcome.FULFILLED,
        "fulfilled": Outcome.FULFILLED,
        "unfounded": Outcome.RELEASED,
        "released": Outcome.RELEASED,
        "breached": Outcome.BREACHED,
    }
    outcome = outcomes.get(judged.outcome_code)
    return [] if outcome is None else _ended(state.promise, outcome, policy)


@rule("CP-032", "RF-009", "RF-118")
def _deadline_passed(state: Made, passed: DeadlinePassed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """A ship day or a call that has passed is broken; anything else a person must say, or it rests."""
    if Deadline(passed.name, passed.due_at) not in deadlines(state):
        return []
    promise = state.promise
    if promise.kind in (PromiseKind.SHIP_BY, PromiseKind.CALLBACK):
        return _ended(promise, Outcome.BREACHED, policy)
    if state.task_count >= policy.promise.attention_count:
        return _ended(promise, Outcome.RELEASED, policy)
    task_count = state.task_count + 1
    task_id = derived_id("promise-task", promise.promise_id, str(task_count))
    return [PersonAsked(task_id, now + policy.promise.attention_days, task_count, promise)]


def _memo_id(promise: Promise) -> str:
    return derived_id("memo", promise.promise_id)


def _ended(promise: Promise, outcome: Outcome, policy: Policy) -> list[Fact]:
    points = policy.promise.points.get(promise.kind, 0) if outcome is Outcome.BREACHED else 0
    facts: list[Fact] = [PromiseEnded(promise, outcome, points)]
    if points:
        facts.append(BreachNoticed(promise, points))
    return facts


def evolve(state: State, fact: Fact) -> State:
    """The state after a fact."""
    match fact:
        case PromiseRegistered(promise=promise, due_at=due_at, look_at=look_at):
            return Made(replace(promise, due_at=due_at), look_at)
        case PromiseNoted():
            return replace(state, is_noted=True) if isinstance(state, Made) else state
        case PersonAsked(due_at=due_at, task_count=task_count):
            if not isinstance(state, Made):
                raise TypeError(fact)
            return replace(state, look_at=due_at, task_count=task_count)
        case PromiseEnded(outcome=outcome):
            return Ended(outcome)
        case MemoWanted() | CallWanted() | BreachNoticed():
            return state
        case _:
            assert_never(fact)


def deadlines(state: State) -> Sequence[Deadline]:
    """A promise that binds has a moment at which it is broken or somebody looks."""
    if not isinstance(state, Made):
        return []
    return [Deadline("attention" if state.task_count else "due", state.look_at)]


PROMISE: Decider[State, Message, Fact, Policy] = Decider(Absent(), decide, evolve, deadlines)
