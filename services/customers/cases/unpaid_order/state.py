"""Keeps an order that waits for its payment: watched, asked to be closed, ended."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from kernel.decider import Deadline
from kernel.people import Task
from kernel.value import Value, replace
from services.customers.contact import Contact


class Ending(StrEnum):
    """The end of the wait."""

    PAID = "paid"
    CLOSED = "closed"
    EXEMPT = "exempt"
    """The order is paid on delivery: there is no wait."""
    UNANSWERED = "unanswered"
    """Nobody closed the order and nobody looked."""


# States.


class Absent(Value):
    """The order is unknown."""


class Order(Value):
    """The part of the order that matters while it is unpaid."""

    order_id: str
    customer_id: str
    placed_at: datetime
    has_consulted: bool
    agent_id: str | None
    total_minor: int


class Watched(Value):
    """The time to pay runs. `remind_at`: when the reminder is due; None where it is done with.

    `help_at`: when the buyer who was reminded is asked whether there is a problem.
    """

    order: Order
    pay_by: datetime
    grace_until: datetime
    remind_at: datetime | None
    reminder_outcome: str | None = None
    help_at: datetime | None = None


class CloseAsked(Value):
    """The order system was asked to close the order."""

    order: Order
    pay_by: datetime
    again_at: datetime
    ask_count: int
    task_count: int = 0


class Ended(Value):
    """The wait is over."""

    ending: Ending


Open = Watched | CloseAsked
State = Absent | Open | Ended


# Facts.


class PaymentAwaited(Value):
    order: Order
    pay_by: datetime
    grace_until: datetime
    remind_at: datetime | None


class ReminderDue(Value):
    """The reminder is to be sent; it expires with the time to pay."""

    contact: Contact
    help_at: datetime | None = None


class HelpOffered(Value):
    """The buyer is asked whether there is a problem with the payment."""

    contact: Contact


class ReminderSkipped(Value):
    pass


class ReminderNoted(Value):
    outcome: str


class CloseRequested(Value):
    """The order system is asked to close the order; every repetition is the same request."""

    request_id: str
    customer_id: str
    pay_by: datetime
    again_at: datetime
    ask_count: int


class WaitEnded(Value):
    """The wait ended; `cause` and `by` where somebody closed the order."""

    ending: Ending
    cause: str | None
    by: str | None


Fact = (
    PaymentAwaited | ReminderDue | ReminderSkipped | ReminderNoted | HelpOffered | CloseRequested | Task
    | WaitEnded
)  # fmt: skip


def evolve(state: State, fact: Fact) -> State:
    """Applies a fact. Raises TypeError where the fact does not fit the state."""
    match fact:
        case PaymentAwaited():
            outcome = state.reminder_outcome if isinstance(state, Watched) else None
            help_at = state.help_at if isinstance(state, Watched) else None
            return Watched(fact.order, fact.pay_by, fact.grace_until, fact.remind_at, outcome, help_at)
        case ReminderDue(help_at=help_at):
            return replace(_watched(state), remind_at=None, help_at=help_at)
        case ReminderSkipped():
            return replace(_watched(state), remind_at=None)
        case HelpOffered():
            return replace(_watched(state), help_at=None)
        case ReminderNoted(outcome=outcome):
            return replace(_watched(state), reminder_outcome=outcome)
        case CloseRequested(pay_by=pay_by, again_at=again_at, ask_count=ask_count):
            if not isinstance(state, Watched | CloseAsked):
                raise TypeError(fact)
            return CloseAsked(state.order, pay_by, again_at, ask_count)
        case Task(due_at=due_at):
            if not isinstance(state, CloseAsked):
                raise TypeError(fact)
            return replace(state, again_at=due_at, task_count=state.task_count + 1)
        case WaitEnded(ending=ending):
            return Ended(ending)
        case _:
            assert_never(fact)


def _watched(state: State) -> Watched:
    if not isinstance(state, Watched):
        raise TypeError(state)
    return state


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists the time to pay (with grace for payments published late), the reminder, the next repetition."""
    match state:
        case Watched(pay_by=pay_by, grace_until=grace_until, remind_at=remind_at, help_at=help_at):
            found = [] if remind_at is None else [Deadline("remind", remind_at)]
            found += [] if help_at is None else [Deadline("help", help_at)]
            return [*found, Deadline("pay", pay_by, grace_until - pay_by)]
        case CloseAsked(again_at=again_at):
            return [Deadline("again", again_at)]
        case Absent() | Ended():
            return []
        case _:
            assert_never(state)
