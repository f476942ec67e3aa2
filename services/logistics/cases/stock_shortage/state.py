"""Defines the states and facts of a shortage, and its deadlines."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import Deadline
from kernel.people import Task, TaskWithdrawn
from kernel.value import Value, replace
from services.logistics.attention import Attention, AttentionDrawn
from services.logistics.shares import Share


class Shortage(Value):
    """The missing goods, and the number of offers that were made for them."""

    order_id: str
    lines: tuple[Share, ...]
    expected_at: datetime | None
    offer_count: int = 0


# States.


class Absent(Value):
    """Nothing is missing."""


class Told(Value):
    """The buyer was told and may choose."""

    shortage: Shortage
    offer_id: str
    wait_until_at: datetime
    choose_by: datetime | None
    attention: Attention
    open_task_ids: tuple[str, ...] = ()
    """Tasks about the choice that nobody answered."""


class Waiting(Value):
    """The buyer agreed to a later date."""

    shortage: Shortage
    until_at: datetime


class Released(Value):
    """The goods left after all, or a refund takes care of the shortage."""

    shortage: Shortage


class RefundDue(Value):
    """The buyer wants the money."""

    shortage: Shortage


Ended = Released | RefundDue
Known = Told | Waiting | Ended
State = Absent | Known


# Facts.


class ShortageNoted(Value):
    """The shortage, as known now."""

    shortage: Shortage


class SaleStopped(Value):
    """The product goes off sale (listing.action-requested)."""

    request_id: str
    product_id: str


class BuyerTold(Value):
    """The buyer is offered a later date or a refund (offer.made)."""

    offer_id: str
    wait_until_at: datetime
    choose_by: datetime
    attention: Attention


class ChoiceMissed(Value):
    """The buyer chose nothing: a person rings; no money moves (task.requested)."""

    task: Task


class LaterDateTaken(Value):
    """The buyer waits; dispatch hears of the date."""

    until_at: datetime


class RefundTaken(Value):
    """The buyer is to be paid (remedy.refund-due)."""

    remedy_id: str
    lines: tuple[Share, ...]


class TaskNoted(Value):
    """A person answered, and changed nothing."""

    task_id: str


class ShortageOver(Value):
    """Nothing is left to settle."""


Fact = (
    ShortageNoted
    | SaleStopped
    | BuyerTold
    | ChoiceMissed
    | LaterDateTaken
    | RefundTaken
    | TaskNoted
    | ShortageOver
    | AttentionDrawn
    | TaskWithdrawn
)


def evolve(state: State, fact: Fact) -> State:
    """Applies a fact."""
    if isinstance(fact, ShortageNoted):
        is_open = isinstance(state, Told | Waiting)
        return replace(state, shortage=fact.shortage) if is_open else Released(fact.shortage)
    if isinstance(state, Absent):
        return state
    shortage = state.shortage
    match fact:
        case BuyerTold():
            told = replace(shortage, offer_count=shortage.offer_count + 1)
            return Told(told, fact.offer_id, fact.wait_until_at, fact.choose_by, fact.attention)
        case ChoiceMissed():
            return replace(_asked(state, fact.task), choose_by=None) if isinstance(state, Told) else state
        case TaskNoted(task_id=task_id):
            return _answered(state, task_id) if isinstance(state, Told) else state
        case LaterDateTaken(until_at=until_at):
            return Waiting(shortage, until_at)
        case RefundTaken():
            return RefundDue(shortage)
        case ShortageOver():
            return Released(shortage)
        case AttentionDrawn(attention=attention):
            return (
                replace(_asked(state, fact.task), attention=attention) if isinstance(state, Told) else state
            )
        case SaleStopped() | TaskWithdrawn():
            return state
        case _:
            assert_never(fact)


def _asked(state: Told, task: Task) -> Told:
    return replace(state, open_task_ids=(*state.open_task_ids, task.task_id))


def _answered(state: Told, task_id: str) -> Told:
    return replace(state, open_task_ids=tuple(each for each in state.open_task_ids if each != task_id))


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists when an open shortage must be looked at; an end has no deadline."""
    match state:
        case Told(choose_by=choose_by, attention=attention):
            if choose_by is not None:
                return [Deadline("choice", choose_by)]
            return attention.deadlines() or [Deadline("unsettled", attention.due_at)]
        case Waiting(until_at=until_at):
            return [Deadline("until", until_at)]
        case Absent() | Released() | RefundDue():
            return []
        case _:
            assert_never(state)
