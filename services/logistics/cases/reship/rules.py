"""Decides on goods kept and sent to the buyer, for an exchange or a lost parcel, or back to their owner."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided, NotYet
from kernel.ids import derived_id
from kernel.people import Task, TaskWithdrawn
from kernel.rules import rule
from services.logistics.attention import draw
from services.logistics.cases.reship import messages as m
from services.logistics.cases.reship import state as s
from services.logistics.cases.reship.messages import Message, ReshipOrder
from services.logistics.cases.reship.state import Fact, State
from services.logistics.news import ParcelNews, TaskDone
from services.logistics.parcels import Outcome, ParcelStatus
from services.logistics.policy import Policy

Decisions = list[Decided[Fact]]
WITH_CARRIER = frozenset(ParcelStatus) - {
    ParcelStatus.UNKNOWN,
    ParcelStatus.REGISTERED,
    ParcelStatus.CANCELLED,
}


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Decisions:
    """Answers the wish to keep or send goods, the warehouse, the parcel, the note, a person and time.

    Takes the question why the goods are late back once they left, or will not.
    """
    decided = _answer(state, message, policy, now)
    return decided + _late_over(state, decided)


@rule("RF-118", "LG-019")
def _late_over(state: State, decided: Decisions) -> Sequence[Fact]:
    if not isinstance(state, s.Requested) or not state.is_late:
        return []
    after: State = state
    for entry in decided:
        after = s.evolve(after, entry.fact)
    if isinstance(after, s.Requested):
        return []
    return [TaskWithdrawn(type(after).__name__.lower(), task_id=_late_task_id(state.order))]


def _late_task_id(order: ReshipOrder) -> str:
    return derived_id(order.reship_id, "late")


def _answer(  # noqa: C901, PLR0911, PLR0912  one branch per message
    state: State, message: Message, policy: Policy, now: datetime
) -> Decisions:
    if isinstance(message, m.ReserveWanted):
        return _reserve(message.order, policy, now) if isinstance(state, s.Absent) else []
    if isinstance(message, m.SendWanted):
        return _send_wanted(state, message.order, policy, now)
    is_unsent = isinstance(state, s.Absent | s.Reserving | s.Reserved)
    if isinstance(message, m.ParcelKnown | m.ParcelLeft) and is_unsent:
        raise NotYet
    if isinstance(state, s.Absent):
        return []
    match message:
        case m.ParcelKnown(parcel_id=parcel_id):
            return _carried(state, parcel_id) if isinstance(state, s.Requested) else []
        case m.ParcelReplaced(parcel_id=parcel_id):
            return _carried_as(state, parcel_id)
        case m.WaybillVoided(parcel_id=parcel_id):
            return _waybill_voided(state, parcel_id)
        case m.ParcelLeft(parcel_id=parcel_id):
            return _sent(parcel_id, policy, now) if isinstance(state, s.Requested) else []
        case ParcelNews():
            return _parcel_news(state, message, policy, now)
        case m.Answered():
            return _answered(state, message, policy, now)
        case m.NoteSeen(sku_id=sku_id):
            return _note_seen(state, sku_id, policy, now)
        case m.Unwanted():
            return _unwanted(state)
        case TaskDone():
            return _task_done(state, message, policy, now)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy)
        case _:
            assert_never(message)


@rule("RF-105", "RF-121")
def _reserve(order: ReshipOrder, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Keeps the wanted variant, which must be in stock when the exchange is asked for."""
    return [s.ReserveAsked(order, now + policy.reship.stock_hours)]


def _send_wanted(state: State, order: ReshipOrder, policy: Policy, now: datetime) -> Decisions:
    match state:
        case s.Absent() | s.Unavailable():
            return _send(order, policy, now)
        case s.Reserving(noted_sku_id=noted) | s.Reserved(noted_sku_id=noted):
            if order.purpose == "exchange" and noted is not None and noted not in order.sku_ids:
                return _check_note(order, policy, now)
            return _send(order, policy, now)
        case s.Checking() | s.Requested() | s.Sent() | s.Delivered() | s.Failed() | s.Cancelled():
            return []
        case _:
            assert_never(state)


@rule("RF-122")
def _check_note(order: ReshipOrder, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Lets a person ask the buyer where the note in the parcel does not agree with the goods to be sent."""
    task_id = derived_id(order.reship_id, "note")
    task = Task("note_differs", now + policy.reship.note_days, "assessment", task_id=task_id)
    return [s.NoteDiffers(order, task, policy.attention.lasting(now))]


@rule("RF-120", "LG-017", "LG-019")
def _send(order: ReshipOrder, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Lets the warehouse send the goods, by the moment that was promised."""
    return [s.SendAsked(order, policy.attention.lasting(now))]


@rule("RF-105", "RF-121")
def _answered(state: s.Known, answer: m.Answered, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Notes whether the warehouse has the goods."""
    is_out = answer.outcome == "unavailable"
    if answer.request_id == m.request_id(state.order.reship_id, "send"):
        is_open = isinstance(state, s.Requested) and state.parcel_id is None
        return [s.StockMissing(answer.outcome)] if is_open and answer.outcome != "reserved" else []
    if answer.request_id != m.request_id(state.order.reship_id, "reserve"):
        return []
    if isinstance(state, s.Reserving) and answer.outcome == "reserved":
        return [s.StockKept(answer.until_at, policy.attention.lasting(now))]
    if isinstance(state, s.Reserving) or (isinstance(state, s.Reserved | s.Checking) and is_out):
        return [s.StockMissing(answer.outcome)]
    return []


@rule("RF-122")
def _note_seen(state: s.Known, sku_id: str, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Compares the note before the goods go; afterwards a person hears of a difference."""
    if isinstance(state, s.Reserving | s.Reserved):
        return [s.NoteNoted(sku_id)] if state.noted_sku_id != sku_id else []
    is_other = state.order.purpose == "exchange" and sku_id not in state.order.sku_ids
    if not isinstance(state, s.Requested) or not is_other:
        return []
    task_id = derived_id(state.order.reship_id, "late-note")
    return [Task("note_differs", now + policy.reship.note_days, "reconciliation", task_id=task_id)]


@rule("RF-035", "RF-118", "RF-121")
def _unwanted(state: s.Known) -> Sequence[Fact]:
    """Lets go of goods that are not wanted any more, while they are still there.

    The resend of a lost parcel is there until it leaves, that of an exchange until it has a waybill.
    """
    is_here = isinstance(state, s.Reserving | s.Reserved | s.Checking)
    if isinstance(state, s.Requested):
        is_here = state.parcel_id is None or state.order.purpose == "lost"
    if not is_here:
        return []
    return [s.CancelAsked(m.request_id(state.order.reship_id, "cancel")), s.CalledOff()]


def _task_done(state: s.Known, task: TaskDone, policy: Policy, now: datetime) -> Decisions:
    if not isinstance(state, s.Checking) or task.task_id != state.task_id:
        return []
    if task.outcome_code in {"approved", "confirmed", "done"}:
        return _send(state.order, policy, now)
    return _unwanted(state)


@rule("RF-120")
def _carried(state: s.Requested, parcel_id: str) -> Sequence[Fact]:
    """Notes the parcel that carries the goods."""
    return [] if state.parcel_id is not None else [s.CarriedBy(parcel_id)]


@rule("RF-120")
def _waybill_voided(state: s.Known, parcel_id: str) -> Sequence[Fact]:
    """Waits for another parcel: the warehouse still owes the goods, or says that there are none."""
    is_that = isinstance(state, s.Requested) and state.parcel_id == parcel_id
    return [s.WaybillGone()] if is_that else []


@rule("RF-118", "RF-120")
def _sent(parcel_id: str, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Notes that the parcel left."""
    return [s.SentOut(parcel_id, policy.attention.lasting(now, policy.reship.arrive_days))]


def _parcel_news(state: s.Known, news: ParcelNews, policy: Policy, now: datetime) -> Decisions:
    outcome = news.outcome
    if isinstance(state, s.Reserving | s.Reserved | s.Checking | s.Unavailable | s.Cancelled):
        return []
    if state.parcel_id != news.parcel_id:
        return []
    match state:
        case s.Requested():
            is_sent = outcome is not None or news.status in WITH_CARRIER
            sent = _sent(news.parcel_id, policy, now) if is_sent else []
            return sent + _ended(outcome) if outcome is not None else sent
        case s.Sent():
            return _ended(outcome) if outcome is not None else []
        case s.Delivered():
            return [] if outcome is None or outcome is Outcome.DELIVERED else _ended(outcome)
        case s.Failed():
            return _ended(outcome) if outcome is Outcome.DELIVERED else []
        case _:
            assert_never(state)


@rule("RF-120")
def _carried_as(state: s.Known, parcel_id: str) -> Sequence[Fact]:
    """Follows the parcel under the id of its own number."""
    has_parcel = isinstance(state, s.Requested | s.Sent | s.Delivered | s.Failed)
    return [s.CarriedAs(parcel_id)] if has_parcel else []


@rule("RF-118", "RF-120")
def _ended(outcome: Outcome) -> Sequence[Fact]:
    """Ends the reship: the buyer has the goods, or never will."""
    return [s.Arrived()] if outcome is Outcome.DELIVERED else [s.NotArrived(outcome.value)]


def _deadline_passed(state: s.Known, passed: DeadlinePassed, policy: Policy) -> Decisions:
    match state:
        case s.Reserving():
            return _no_stock("unanswered")
        case s.Reserved() if passed.name == "kept":
            return _no_stock("lapsed")
        case s.Requested() if passed.name == "ship":
            return _late(state, policy, passed.due_at)
        case s.Reserved() | s.Checking() | s.Requested() | s.Sent():
            question_code = type(state).__name__.lower()
            return [Decided(draw(f"reship.{state.order.reship_id}", question_code, state.attention), ())]
        case s.Delivered() | s.Failed() | s.Unavailable() | s.Cancelled():
            return []
        case _:
            assert_never(state)


@rule("RF-121")
def _no_stock(reason_code: str) -> Sequence[Fact]:
    """Gives up where nobody keeps the goods: there is no stock."""
    return [s.StockMissing(reason_code)]


@rule("RF-118", "LG-019")
def _late(state: s.Requested, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Lets a person act where the promised moment passed without a parcel on its way."""
    task_id = _late_task_id(state.order)
    return [s.SendLate(Task("reship_late", now + policy.attention.after_days, task_id=task_id))]
