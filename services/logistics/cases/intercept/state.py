"""Defines the states and facts of an intercept, and its deadlines."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar, assert_never

from kernel.decider import Deadline
from kernel.people import Notice, Task, TaskWithdrawn
from kernel.value import Value, replace
from services.logistics.attention import Attention, AttentionDrawn
from services.logistics.cases.intercept.messages import Recall

# States.


class Absent(Value):
    """Nothing is called back."""


class Asked(Value):
    """The carrier was asked."""

    recall: Recall
    answer_by: datetime | None
    attention: Attention
    open_task_ids: tuple[str, ...] = ()


class Accepted(Value):
    """The carrier will bring the parcel back."""

    recall: Recall
    attention: Attention
    open_task_ids: tuple[str, ...] = ()


class Refused(Value):
    """The carrier will not or cannot; the buyer may still refuse the parcel, and the scans will tell."""

    recall: Recall
    open_task_ids: tuple[str, ...] = ()


class Back(Value):
    """The goods are back."""

    recall: Recall


class Missed(Value):
    """The parcel was delivered, or lost, instead."""

    recall: Recall


class Dropped(Value):
    """The number was not that of the parcel: nothing is called back under it."""

    recall: Recall


Open = Asked | Accepted | Refused
Ended = Refused | Back | Missed | Dropped
Known = Asked | Accepted | Ended
State = Absent | Known


# Facts.


class RecallAsked(Value):
    """The carrier is asked (courier.action-requested)."""

    recall: Recall
    answer_by: datetime
    attention: Attention


class RecallImpossible(Value):
    """The carrier has no such service: only the buyer can send the parcel back."""

    recall: Recall


class ReturnExpected(Value):
    """The carrier brings the parcel back unasked."""

    recall: Recall
    attention: Attention


class RecallAccepted(Value):
    """The carrier will bring the parcel back."""

    attention: Attention


class RecallRefused(Value):
    """The carrier will not bring the parcel back."""

    reason_code: str


class RecallUnanswered(Value):
    """No answer came in time: a person asks, and the scans decide (task.requested)."""

    task: Task


class RecallEnded(Value):
    """The parcel's own end answers the question."""

    is_back: bool


class RecallDropped(Value):
    """The number was not that of the parcel."""


Fact = (
    RecallAsked
    | RecallImpossible
    | ReturnExpected
    | RecallAccepted
    | RecallRefused
    | RecallUnanswered
    | RecallEnded
    | RecallDropped
    | AttentionDrawn
    | Notice
    | Task
    | TaskWithdrawn
)


def evolve(state: State, fact: Fact) -> State:  # noqa: C901, PLR0911  one branch per fact
    """Applies a fact."""
    if isinstance(fact, RecallAsked):
        return Asked(fact.recall, fact.answer_by, fact.attention)
    if isinstance(fact, ReturnExpected):
        return Accepted(fact.recall, fact.attention)
    if isinstance(fact, RecallImpossible):
        return Refused(fact.recall)
    if isinstance(state, Absent):
        return state
    match fact:
        case RecallAccepted(attention=attention):
            return Accepted(state.recall, attention)
        case RecallRefused():
            return Refused(state.recall)
        case RecallUnanswered(task=task):
            return replace(_asked(state, task), answer_by=None) if isinstance(state, Asked) else state
        case RecallEnded(is_back=is_back):
            return Back(state.recall) if is_back else Missed(state.recall)
        case RecallDropped():
            return Dropped(state.recall)
        case AttentionDrawn(attention=attention, task=task):
            if not isinstance(state, Asked | Accepted):
                return state
            return replace(_asked(state, task), attention=attention)
        case Task():
            return _asked(state, fact) if isinstance(state, Open) else state
        case Notice() | TaskWithdrawn():
            return state
        case _:
            assert_never(fact)


T = TypeVar("T", bound=Open)


def _asked(state: T, task: Task) -> T:
    return replace(state, open_task_ids=(*state.open_task_ids, task.task_id))


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists when an open call-back must be looked at; an end has no deadline."""
    match state:
        case Asked(answer_by=answer_by, attention=attention):
            return [Deadline("answer", answer_by)] if answer_by is not None else attention.deadlines()
        case Accepted(attention=attention):
            return attention.deadlines()
        case Absent() | Refused() | Back() | Missed() | Dropped():
            return []
        case _:
            assert_never(state)
