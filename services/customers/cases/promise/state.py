"""Keeps how far one promise has come: registered, noted on the order, kept, broken or released."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from kernel.decider import Deadline, Told
from kernel.people import Task
from kernel.value import Value, replace
from services.customers.promised import Promise


class Outcome(StrEnum):
    """The end of a promise."""

    FULFILLED = "fulfilled"
    BREACHED = "breached"
    RELEASED = "released"


# States.


class Absent(Value):
    """Nothing was promised."""


class Made(Value):
    """The promise binds. `look_at`: the moment at which it is broken, or a person is asked."""

    promise: Promise
    look_at: datetime
    task_count: int = 0
    is_noted: bool = False


class Ended(Value):
    """The promise binds no more."""

    outcome: Outcome


State = Absent | Made | Ended


# Facts.


class PromiseRegistered(Value):
    promise: Promise
    due_at: datetime | None
    look_at: datetime


class MemoWanted(Value):
    """The promise is to be noted on the order, so that the packers keep it (CP-033)."""

    request_id: str
    promise: Promise


class PromiseNoted(Value):
    pass


class PromiseEnded(Value):
    promise: Promise
    outcome: Outcome
    points: int
    """Points at risk; 0 unless broken."""


class BreachNoticed(Value):
    promise: Promise
    points: int


Fact = PromiseRegistered | MemoWanted | PromiseNoted | Task | PromiseEnded | BreachNoticed | Told


def evolve(state: State, fact: Fact) -> State:
    """Applies a fact. Raises TypeError where the fact does not fit the state."""
    match fact:
        case PromiseRegistered(promise=promise, due_at=due_at, look_at=look_at):
            return Made(replace(promise, due_at=due_at), look_at)
        case PromiseNoted():
            return replace(state, is_noted=True) if isinstance(state, Made) else state
        case Task(due_at=due_at):
            if not isinstance(state, Made):
                raise TypeError(fact)
            return replace(state, look_at=due_at, task_count=state.task_count + 1)
        case PromiseEnded(outcome=outcome):
            return Ended(outcome)
        case MemoWanted() | BreachNoticed() | Told():
            return state
        case _:
            assert_never(fact)


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists the moment at which a promise that binds is broken, or a person looks at it."""
    if not isinstance(state, Made):
        return []
    return [Deadline("attention" if state.task_count else "due", state.look_at)]
