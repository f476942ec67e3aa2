"""Decides on one thing to be said: asks the consent ledger, sends or phones, reports the result."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided, tell
from kernel.ids import derived_id
from kernel.people import Task
from kernel.rules import rule
from kernel.value import replace
from services.customers.cases.consent import messages as consent
from services.customers.cases.message.messages import (
    Allowed,
    Answered,
    Asked,
    Denied,
    Held,
    Message,
    SizeAdvised,
    Stopped,
)
from services.customers.cases.message.state import (
    Absent,
    Calling,
    CallWanted,
    Ended,
    Fact,
    MessageResolved,
    MessageWanted,
    NoticeResolved,
    Open,
    Outcome,
    Sending,
    State,
    TextRequested,
    Wanted,
)
from services.customers.contact import Channel, Contact, Origin, Purpose, To
from services.customers.policy import Policy


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """Decides by one rule per message; nothing is said twice."""
    if isinstance(state, Ended):
        return []
    if isinstance(state, Absent):
        if isinstance(message, SizeAdvised):
            return _size_advised(message, policy, now)
        return _asked(message) if isinstance(message, Asked) else []
    match message:
        case Asked() | SizeAdvised():
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
            return _deadline_passed(state, now)
        case _:
            assert_never(message)


@rule("CP-009")
def _asked(asked: Asked) -> Sequence[Fact]:
    """The consent ledger is asked before anything is sent."""
    return [MessageWanted(asked.contact)]


@rule("RF-114")
def _size_advised(advised: SizeAdvised, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The buyer is told that an advised size is advice, and no ground for a return or an exchange."""
    contact = Contact(
        notice_id=advised.notice_id,
        counted_under=advised.notice_id,
        order_id=advised.order_id,
        customer_id=advised.customer_id,
        origin=Origin.STATUS,
        to=To.BUYER,
        purpose=Purpose.SERVICE,
        template_code="size_advice_only",
        values={"product_id": advised.product_id},
        channels=(Channel.CHAT,),
        expires_at=now + policy.message.status_open_hours,
        agent_id=advised.agent_id,
    )
    return [MessageWanted(contact)]


@rule("CP-006", "CP-007", "CP-008", "CP-010", "CU-003", "CU-004", "OR-007", "RV-025")
def _allowed(state: Open, allowed: Allowed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """A text names the way to unsubscribe; a call has a moment by which somebody must phone."""
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
    """The asking case hears that nothing was sent, and why."""
    if not isinstance(state, Wanted):
        return []
    return [_resolved(state.contact, Outcome.SUPPRESSED, None, denied.reason_code)]


@rule("CP-010", "CU-001", "RV-025")
def _answered(state: Open, answered: Answered) -> Sequence[Fact]:
    """A sent text is reported; after a failure the remaining channels are asked for."""
    if not isinstance(state, Sending) or answered.channel != state.channel:
        return []
    contact = state.contact
    if answered.outcome != Outcome.FAILED:
        is_delivered = answered.outcome == Outcome.DELIVERED
        outcome = Outcome.DELIVERED if is_delivered else Outcome.SENT
        return [_resolved(contact, outcome, state.channel, None)]
    at = contact.channels.index(state.channel)
    left = contact.channels[at + 1 :]
    if not left:
        return [_resolved(contact, Outcome.FAILED, state.channel, "not_sent")]
    return [
        tell(consent.to(contact.customer_id, consent.ContactEnded(contact.notice_id))),
        MessageWanted(replace(contact, channels=left)),
    ]


@rule("CP-009", "CP-010", "CP-064", "RV-025", "RV-026")
def _held(state: Open, held: Held) -> Sequence[Fact]:
    """A buyer who refuses the call is never called again. The logged summary is told on with the result."""
    if not isinstance(state, Calling):
        return []
    contact = state.contact
    if held.outcome == "refused":
        resolved = _resolved(contact, Outcome.SUPPRESSED, Channel.CALL, "refused_contact", held.summary_ref)
        withdrawn = consent.Withdrawn(Channel.CALL, "call")
        return [tell(consent.to(contact.customer_id, withdrawn)), resolved]
    outcome = Outcome.REACHED if held.outcome == "reached" else Outcome.NOT_REACHED
    return [_resolved(contact, outcome, Channel.CALL, None, held.summary_ref)]


@rule("CP-009", "CP-011", "RV-026")
def _stopped(state: Open, stopped: Stopped) -> Sequence[Fact]:
    """A refusal stops the message."""
    channel = state.channel if isinstance(state, Sending) else None
    return [_resolved(state.contact, Outcome.SUPPRESSED, channel, stopped.reason_code)]


def _deadline_passed(state: Open, now: datetime) -> Sequence[Decided[Fact]]:
    match state:
        case Wanted():
            return _denied(state, Denied("expired"))
        case Sending():
            return _unanswered(state)
        case Calling():
            return _not_called(state, now)
        case _:
            assert_never(state)


@rule("CP-010")
def _unanswered(state: Sending) -> Sequence[Fact]:
    """A text without an answer counts as sent: nobody is written to twice."""
    return [_resolved(state.contact, Outcome.SENT, state.channel, "unanswered")]


@rule("CP-010", "RV-025")
def _not_called(state: Calling, now: datetime) -> Sequence[Fact]:
    """A call that nobody made goes to somebody else; at the end of the notice it counts as not reached."""
    if state.is_overdue or now >= state.contact.expires_at:
        return [_resolved(state.contact, Outcome.NOT_REACHED, Channel.CALL, "expired")]
    task_id = derived_id("call-task", state.contact.notice_id)
    return [Task("call_overdue", state.contact.expires_at, task_id=task_id)]


def _resolved(
    contact: Contact,
    outcome: Outcome,
    channel: Channel | None,
    reason_code: str | None,
    summary_ref: str | None = None,
) -> NoticeResolved | MessageResolved:
    fact = NoticeResolved if contact.origin is Origin.NOTICE else MessageResolved
    return fact(contact, outcome, channel, reason_code, summary_ref)
