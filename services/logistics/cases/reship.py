"""The reship: goods kept and sent to the buyer, for an exchange or a lost parcel, or back to their owner."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import Deadline, DeadlinePassed, Decided, Decider, NotYet
from kernel.rules import rule
from kernel.value import replace
from services.logistics.cases import reship_words as w
from services.logistics.cases.values import (
    AttentionDrawn,
    Outcome,
    ParcelNews,
    ParcelStatus,
    TaskDone,
    TaskOpened,
    derived_id,
    draw,
)
from services.logistics.policy import Policy

Decisions = list[Decided[w.Fact]]
WITH_CARRIER = frozenset(ParcelStatus) - {
    ParcelStatus.UNKNOWN,
    ParcelStatus.REGISTERED,
    ParcelStatus.CANCELLED,
}


def decide(state: w.State, message: w.Message, policy: Policy, now: datetime) -> Decisions:
    """What a message means for the goods that are to be sent."""
    match message:
        case w.ReserveWanted(order=order):
            return _reserve(order, policy, now) if isinstance(state, w.Absent) else []
        case w.SendWanted(order=order):
            return _send_wanted(state, order, policy, now)
        case w.ParcelKnown() | w.ParcelLeft() if isinstance(state, w.Absent | w.Reserving | w.Reserved):
            raise NotYet
        case _ if isinstance(state, w.Absent):
            return []
        case w.Answered():
            return _answered(state, message, policy, now)
        case w.NoteSeen(sku_id=sku_id):
            return _note_seen(state, sku_id, policy, now)
        case w.Unwanted():
            return _unwanted(state)
        case TaskDone():
            return _task_done(state, message, policy, now)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy)
        case _:
            return _parcel(state, message, policy, now)


def _parcel(state: w.Known, message: w.Message, policy: Policy, now: datetime) -> Decisions:
    match message:
        case w.ParcelKnown(parcel_id=parcel_id) if isinstance(state, w.Requested):
            return _carried(state, parcel_id)
        case w.ParcelLeft(parcel_id=parcel_id) if isinstance(state, w.Requested):
            return _sent(parcel_id, policy, now)
        case ParcelNews():
            return _parcel_news(state, message, policy, now)
        case _:
            return []


@rule("RF-105", "RF-121")
def _reserve(order: w.Order, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """The wanted variant must be in stock when the exchange is asked for: it is kept."""
    return [w.ReserveAsked(order, now + policy.reship.stock)]


def _send_wanted(state: w.State, order: w.Order, policy: Policy, now: datetime) -> Decisions:
    match state:
        case w.Absent() | w.Unavailable():
            return _send(order, policy, now)
        case w.Reserving(noted_sku_id=noted) | w.Reserved(noted_sku_id=noted):
            if order.purpose == "exchange" and noted is not None and noted not in order.sku_ids:
                return _check_note(order, policy, now)
            return _send(order, policy, now)
        case _:
            return []


@rule("RF-122")
def _check_note(order: w.Order, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """The note in the parcel must agree with what is to be sent; if not, a person asks the buyer."""
    task_id = derived_id(order.reship_id, "note")
    return [w.NoteDiffers(order, task_id, now + policy.reship.note, policy.attention(now))]


@rule("RF-120", "LG-017", "LG-019")
def _send(order: w.Order, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """The warehouse sends it, by the moment that was promised."""
    return [w.SendAsked(order, policy.attention(now))]


@rule("RF-105", "RF-121")
def _answered(state: w.Known, answer: w.Answered, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """What the warehouse has."""
    reserve_id = derived_id(state.order.reship_id, "reserve")
    send_id = derived_id(state.order.reship_id, "send")
    match state:
        case w.Reserving() if answer.request_id == reserve_id:
            if answer.outcome == "reserved":
                return [w.StockKept(answer.until_at, policy.attention(now))]
            return [w.StockMissing(answer.outcome)]
        case w.Reserved() | w.Checking() if answer.request_id == reserve_id:
            return [w.StockMissing(answer.outcome)] if answer.outcome == "unavailable" else []
        case w.Requested(parcel_id=None) if answer.request_id == send_id:
            return [] if answer.outcome == "reserved" else [w.StockMissing(answer.outcome)]
        case _:
            return []


@rule("RF-122")
def _note_seen(state: w.Known, sku_id: str, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """The note is compared before the goods go; afterwards a person hears of a difference."""
    match state:
        case w.Reserving() | w.Reserved():
            return [w.NoteNoted(sku_id)] if state.noted_sku_id != sku_id else []
        case w.Requested() if state.order.purpose == "exchange" and sku_id not in state.order.sku_ids:
            task_id = derived_id(state.order.reship_id, "late-note")
            return [TaskOpened(task_id, "reconciliation", "note_differs", now + policy.reship.note)]
        case _:
            return []


@rule("RF-035", "RF-118", "RF-121")
def _unwanted(state: w.Known) -> Sequence[w.Fact]:
    """What is not wanted any more is let go, while it is still there.

    The resend of a lost parcel is so until it leaves, that of an exchange until it has a waybill.
    """
    is_here = isinstance(state, w.Reserving | w.Reserved | w.Checking)
    if isinstance(state, w.Requested):
        is_here = state.parcel_id is None or state.order.purpose == "lost"
    if not is_here:
        return []
    return [w.CancelAsked(derived_id(state.order.reship_id, "cancel")), w.CalledOff()]


def _task_done(state: w.Known, task: TaskDone, policy: Policy, now: datetime) -> Decisions:
    if not isinstance(state, w.Checking) or task.task_id != state.task_id:
        return []
    if task.outcome_code in {"approved", "confirmed", "done"}:
        return _send(state.order, policy, now)
    return _unwanted(state)


@rule("RF-120")
def _carried(state: w.Requested, parcel_id: str) -> Sequence[w.Fact]:
    """The parcel that carries it has a waybill."""
    return [] if state.parcel_id is not None else [w.CarriedBy(parcel_id)]


@rule("RF-118", "RF-120")
def _sent(parcel_id: str, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """It left."""
    return [w.SentOut(parcel_id, policy.attention(now, policy.reship.arrive))]


def _parcel_news(state: w.Known, news: ParcelNews, policy: Policy, now: datetime) -> Decisions:
    outcome = news.outcome
    if isinstance(state, w.Reserving | w.Reserved | w.Checking | w.Unavailable | w.Cancelled):
        return []
    if state.parcel_id != news.parcel_id:
        return []
    match state:
        case w.Requested():
            is_sent = outcome is not None or news.status in WITH_CARRIER
            sent = _sent(news.parcel_id, policy, now) if is_sent else []
            return sent + _ended(outcome) if outcome is not None else sent
        case w.Sent():
            return _ended(outcome) if outcome is not None else []
        case w.Delivered():
            return [] if outcome is None or outcome is Outcome.DELIVERED else _ended(outcome)
        case w.Failed():
            return _ended(outcome) if outcome is Outcome.DELIVERED else []


@rule("RF-118", "RF-120")
def _ended(outcome: Outcome) -> Sequence[w.Fact]:
    """The buyer has it, or never will."""
    return [w.Arrived()] if outcome is Outcome.DELIVERED else [w.NotArrived(outcome.value)]


# What time does.


def _deadline_passed(state: w.Known, passed: DeadlinePassed, policy: Policy) -> Decisions:
    if not any(d.name == passed.name and d.due_at == passed.due_at for d in deadlines(state)):
        return []
    match state:
        case w.Reserving():
            return _no_stock("unanswered")
        case w.Reserved() if passed.name == "kept":
            return _no_stock("lapsed")
        case w.Requested() if passed.name == "ship":
            return _late(state, policy, passed.due_at)
        case w.Reserved() | w.Checking() | w.Requested() | w.Sent():
            question_code = type(state).__name__.lower()
            return [Decided(draw(f"reship.{state.order.reship_id}", question_code, state.attention), ())]
        case _:
            return []


@rule("RF-121")
def _no_stock(reason_code: str) -> Sequence[w.Fact]:
    """Nobody keeps the goods: no stock for it."""
    return [w.StockMissing(reason_code)]


@rule("RF-118", "LG-019")
def _late(state: w.Requested, policy: Policy, now: datetime) -> Sequence[w.Fact]:
    """The promised moment passed without a parcel on its way: a person sees to it."""
    return [w.SendLate(derived_id(state.order.reship_id, "late"), now + policy.attention_after)]


# States.


def evolve(state: w.State, fact: w.Fact) -> w.State:
    """The state after a fact."""
    match fact:
        case w.ReserveAsked(order=order, answer_by=answer_by):
            return w.Reserving(order, answer_by)
        case w.SendAsked(order=order, attention=attention):
            return w.Requested(order, None, is_late=False, attention=attention)
        case w.NoteDiffers(order=order, task_id=task_id, attention=attention):
            return w.Checking(order, task_id, attention)
        case _:
            return state if isinstance(state, w.Absent) else _evolve_known(state, fact)


def _evolve_known(state: w.Known, fact: w.Fact) -> w.State:
    match fact:
        case w.StockKept(until_at=until_at, attention=attention) if isinstance(state, w.Reserving):
            return w.Reserved(state.order, until_at, attention, state.noted_sku_id)
        case w.StockMissing():
            return w.Unavailable(state.order)
        case w.NoteNoted(sku_id=sku_id) if isinstance(state, w.Reserving | w.Reserved):
            return replace(state, noted_sku_id=sku_id)
        case w.SendLate() if isinstance(state, w.Requested):
            return replace(state, is_late=True)
        case w.CarriedBy(parcel_id=parcel_id) if isinstance(state, w.Requested):
            return replace(state, parcel_id=parcel_id)
        case w.CalledOff():
            return w.Cancelled(state.order)
        case AttentionDrawn(attention=attention) if isinstance(
            state, w.Reserved | w.Checking | w.Requested | w.Sent
        ):
            return replace(state, attention=attention)
        case _:
            return _evolve_sent(state, fact)


def _evolve_sent(state: w.Known, fact: w.Fact) -> w.State:
    match fact:
        case w.SentOut(parcel_id=parcel_id, attention=attention):
            return w.Sent(state.order, parcel_id, attention)
        case w.Arrived() if isinstance(state, w.Sent | w.Failed) and state.parcel_id is not None:
            return w.Delivered(state.order, state.parcel_id)
        case w.NotArrived() if isinstance(state, w.Sent | w.Delivered):
            return w.Failed(state.order, state.parcel_id)
        case _:
            return state


def deadlines(state: w.State) -> Sequence[Deadline]:
    """What must be looked at, and when."""
    match state:
        case w.Reserving(answer_by=answer_by):
            return [Deadline("stock", answer_by)]
        case w.Reserved(until_at=until_at) if until_at is not None:
            return [Deadline("kept", until_at)]
        case w.Requested(order=order, is_late=False) if order.ship_by is not None:
            return [Deadline("ship", order.ship_by)]
        case w.Reserved() | w.Checking() | w.Requested() | w.Sent():
            return state.attention.deadlines()
        case _:
            return []


RESHIP: Decider[w.State, w.Message, w.Fact, Policy] = Decider(w.Absent(), decide, evolve, deadlines)
