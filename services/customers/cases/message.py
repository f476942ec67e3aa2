"""One thing to be said to one customer: asked of the consent ledger, sent or phoned, reported back."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from kernel.decider import Deadline, DeadlinePassed, Decided, Decider
from kernel.rules import rule
from kernel.value import Value, replace
from services.customers.contact import Channel, Contact, Origin
from services.customers.policy import Policy


class Outcome(StrEnum):
    """What became of it."""

    SENT = "sent"
    DELIVERED = "delivered"
    REACHED = "reached"
    NOT_REACHED = "not_reached"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


# States.


class Absent(Value):
    """Nobody has asked for it."""


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
    """Over, and reported."""

    outcome: Outcome


Open = Wanted | Sending | Calling
State = Absent | Open | Ended


# Messages.


class Asked(Value):
    contact: Contact


class Allowed(Value):
    """The ledger's answer: by this channel."""

    channel: Channel
    nth_count: int


class Denied(Value):
    """The ledger's answer: not at all."""

    reason_code: str


class Answered(Value):
    """The gateway's result."""

    channel: str
    outcome: str


class Held(Value):
    """The phone desk's result: reached, not_reached, refused."""

    outcome: str


class Stopped(Value):
    """The customer refused, or was blocked, while it was under way."""

    reason_code: str


Message = Asked | Allowed | Denied | Answered | Held | Stopped | DeadlinePassed


# Facts.


class MessageWanted(Value):
    """Asks the consent ledger; `contact.channels` are those still to be tried."""

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


class CallOverdue(Value):
    """Nobody called in time: somebody else must."""

    contact: Contact
    escalate_at: datetime


class ChannelFailed(Value):
    """The gateway could not send; the ledger forgets it as under way."""

    contact: Contact
    channel: Channel


class NoticeResolved(Value):
    """Reported to the service that asked."""

    contact: Contact
    outcome: Outcome
    channel: Channel | None
    reason_code: str | None


class MessageResolved(Value):
    """The same for what our own cases wanted said."""

    contact: Contact
    outcome: Outcome
    channel: Channel | None
    reason_code: str | None


class CallRefused(Value):
    """The customer wants no more calls: the ledger must know for ever."""

    customer_id: str


Fact = (
    MessageWanted | TextRequested | CallWanted | CallOverdue | ChannelFailed | NoticeResolved
    | MessageResolved | CallRefused
)  # fmt: skip


# Rules.


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """One function per message; what was said once is not said again."""
    if isinstance(state, Ended):
        return []
    if isinstance(state, Absent):
        return _asked(message) if isinstance(message, Asked) else []
    match message:
        case Asked():
            return []
        case Allowed():
            return _allowed(state, message, policy, now)
        case Denied():
            return _denied(state, message)
        case Answered():
            return _answered(state, message)
        case Held():
            return _held(state, message)
        case Stopped():
            return _stopped(state, message)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy, now)
        case _:
            assert_never(message)


@rule("CP-009")
def _asked(asked: Asked) -> Sequence[Fact]:
    """Nothing is sent before the consent ledger was asked."""
    return [MessageWanted(asked.contact)]


@rule("CP-006", "CP-007", "CP-008", "CP-010", "CU-003", "CU-004", "OR-007", "RV-025")
def _allowed(state: Open, allowed: Allowed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """A text carries its way to unsubscribe; the phone has a moment by which somebody calls."""
    if not isinstance(state, Wanted) or allowed.channel not in state.contact.channels:
        return []
    contact = state.contact
    if allowed.channel is Channel.CALL:
        due_at = min(now + policy.message.call_due_hours, contact.expires_at)
        return [CallWanted(contact, due_at)]
    return [
        TextRequested(
            contact,
            allowed.channel,
            allowed.nth_count,
            policy.message.unsubscribe_ref,
            now + policy.message.answer_hours,
        )
    ]


@rule("CP-009", "CP-010", "RV-026")
def _denied(state: Open, denied: Denied) -> Sequence[Fact]:
    """Whoever asked hears that nothing was sent, and why."""
    if not isinstance(state, Wanted):
        return []
    return [_resolved(state.contact, Outcome.SUPPRESSED, None, denied.reason_code)]


@rule("CP-010", "CU-001", "RV-025")
def _answered(state: Open, answered: Answered) -> Sequence[Fact]:
    """Sent is reported; where sending failed the channels that are left are asked for."""
    if not isinstance(state, Sending) or answered.channel != state.channel:
        return []
    if answered.outcome != Outcome.FAILED:
        is_delivered = answered.outcome == Outcome.DELIVERED
        outcome = Outcome.DELIVERED if is_delivered else Outcome.SENT
        return [_resolved(state.contact, outcome, state.channel, None)]
    at = state.contact.channels.index(state.channel)
    left = state.contact.channels[at + 1 :]
    if not left:
        return [_resolved(state.contact, Outcome.FAILED, state.channel, "not_sent")]
    return [
        ChannelFailed(state.contact, state.channel),
        MessageWanted(replace(state.contact, channels=left)),
    ]


@rule("CP-009", "CP-010", "RV-025", "RV-026")
def _held(state: Open, held: Held) -> Sequence[Fact]:
    """A buyer who refuses the call is never called again."""
    if not isinstance(state, Calling):
        return []
    contact = state.contact
    if held.outcome == "refused":
        resolved = _resolved(contact, Outcome.SUPPRESSED, Channel.CALL, "refused_contact")
        return [CallRefused(contact.customer_id), resolved]
    outcome = Outcome.REACHED if held.outcome == "reached" else Outcome.NOT_REACHED
    return [_resolved(contact, outcome, Channel.CALL, None)]


@rule("CP-009", "CP-011", "RV-026")
def _stopped(state: Open, stopped: Stopped) -> Sequence[Fact]:
    """A refusal stops what is under way."""
    channel = state.channel if isinstance(state, Sending) else None
    return [_resolved(state.contact, Outcome.SUPPRESSED, channel, stopped.reason_code)]


def _deadline_passed(
    state: Open, passed: DeadlinePassed, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    if Deadline(passed.name, passed.due_at) not in deadlines(state):
        return []
    match state:
        case Wanted():
            return _denied(state, Denied("expired"))
        case Sending():
            return _unanswered(state)
        case Calling():
            return _not_called(state, policy, now)
        case _:
            assert_never(state)


@rule("CP-010")
def _unanswered(state: Sending) -> Sequence[Fact]:
    """A gateway that says nothing counts as having sent: nobody is written to twice."""
    return [_resolved(state.contact, Outcome.SENT, state.channel, "unanswered")]


@rule("CP-010", "RV-025")
def _not_called(state: Calling, policy: Policy, now: datetime) -> Sequence[Fact]:
    """A call that nobody made goes to somebody else, and at its end counts as not reached."""
    if state.is_overdue or now >= state.contact.expires_at:
        return [_resolved(state.contact, Outcome.NOT_REACHED, Channel.CALL, "expired")]
    return [CallOverdue(state.contact, state.contact.expires_at)]


def _resolved(
    contact: Contact, outcome: Outcome, channel: Channel | None, reason_code: str | None
) -> NoticeResolved | MessageResolved:
    fact = NoticeResolved if contact.origin is Origin.NOTICE else MessageResolved
    return fact(contact, outcome, channel, reason_code)


def evolve(state: State, fact: Fact) -> State:
    """The state after a fact."""
    match fact:
        case MessageWanted(contact=contact):
            return Wanted(contact)
        case TextRequested(contact=contact, channel=channel, answer_by=answer_by):
            return Sending(contact, channel, answer_by)
        case CallWanted(contact=contact, due_at=due_at):
            return Calling(contact, due_at)
        case CallOverdue(contact=contact, escalate_at=escalate_at):
            return Calling(contact, escalate_at, is_overdue=True)
        case NoticeResolved(outcome=outcome) | MessageResolved(outcome=outcome):
            return Ended(outcome)
        case ChannelFailed() | CallRefused():
            return state
        case _:
            assert_never(fact)


def deadlines(state: State) -> Sequence[Deadline]:
    """Every open message has exactly one."""
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


MESSAGE: Decider[State, Message, Fact, Policy] = Decider(Absent(), decide, evolve, deadlines)
