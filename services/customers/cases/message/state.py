"""Keeps how far one thing to be said has come: wanted, sent or phoned, reported."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from kernel.decider import Deadline, Told
from kernel.people import Task
from kernel.value import Value, replace
from services.customers.contact import Channel, Contact


class Outcome(StrEnum):
    """The result of a message."""

    SENT = "sent"
    DELIVERED = "delivered"
    REACHED = "reached"
    NOT_REACHED = "not_reached"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


# States.


class Absent(Value):
    """Nobody has asked for the message."""


class Wanted(Value):
    """The consent ledger is being asked."""

    contact: Contact


class Sending(Value):
    """A text or chat message is with the gateway."""

    contact: Contact
    channel: Channel
    answer_by: datetime


class Calling(Value):
    """The phone desk is to call."""

    contact: Contact
    due_at: datetime
    is_overdue: bool = False


class Ended(Value):
    """The message is over, and its result is reported. `summary_ref`: the logged summary of the call."""

    outcome: Outcome
    summary_ref: str | None = None


Open = Wanted | Sending | Calling
State = Absent | Open | Ended


# Facts.


class MessageWanted(Value):
    """The consent ledger is asked; `contact.channels` are those still to be tried."""

    contact: Contact


class TextRequested(Value):
    contact: Contact
    channel: Channel
    nth_count: int
    unsubscribe_ref: str
    answer_by: datetime


class CallWanted(Value):
    contact: Contact
    due_at: datetime


class NoticeResolved(Value):
    """The result for the service that asked."""

    contact: Contact
    outcome: Outcome
    channel: Channel | None
    reason_code: str | None
    summary_ref: str | None = None


class MessageResolved(Value):
    """The result for the case of this service that asked."""

    contact: Contact
    outcome: Outcome
    channel: Channel | None
    reason_code: str | None
    summary_ref: str | None = None


Fact = MessageWanted | TextRequested | CallWanted | Task | NoticeResolved | MessageResolved | Told


def evolve(state: State, fact: Fact) -> State:
    """Applies a fact. Raises TypeError where the fact does not fit the state."""
    match fact:
        case MessageWanted(contact=contact):
            return Wanted(contact)
        case TextRequested(contact=contact, channel=channel, answer_by=answer_by):
            return Sending(contact, channel, answer_by)
        case CallWanted(contact=contact, due_at=due_at):
            return Calling(contact, due_at)
        case Task(due_at=due_at):
            if not isinstance(state, Calling):
                raise TypeError(fact)
            return replace(state, due_at=due_at, is_overdue=True)
        case NoticeResolved() | MessageResolved():
            return Ended(fact.outcome, fact.summary_ref)
        case Told():
            return state
        case _:
            assert_never(fact)


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists the one deadline of an open message."""
    match state:
        case Wanted(contact=contact):
            return [Deadline("expire", contact.expires_at)]
        case Sending(answer_by=answer_by):
            return [Deadline("answer", answer_by)]
        case Calling(due_at=due_at, is_overdue=is_overdue):
            return [Deadline("expire" if is_overdue else "call", due_at)]
        case Absent() | Ended():
            return []
        case _:
            assert_never(state)
