"""Decides what may be said to a customer, and by which channel."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import HERE, Decided, Told, tell
from kernel.rules import rule
from services.customers.cases.consent.messages import (
    EVERY_CHANNEL,
    BlockChanged,
    ContactAsked,
    ContactEnded,
    Granted,
    Message,
    Withdrawn,
)
from services.customers.cases.consent.state import (
    BlockSet,
    ConsentGiven,
    ConsentRefused,
    ContactAllowed,
    ContactDone,
    Count,
    Fact,
    Grant,
    GrantIgnored,
    State,
)
from services.customers.cases.message import messages as message
from services.customers.contact import Channel, Contact, Purpose, To
from services.customers.policy import Policy


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """Decides by one rule per message."""
    match message:
        case Granted():
            return _granted(state, message)
        case Withdrawn():
            return _withdrawn(state, message)
        case BlockChanged():
            return _block_changed(state, message)
        case ContactAsked():
            return _contact_asked(state, message.contact, policy, now)
        case ContactEnded():
            return _contact_ended(state, message)
        case _:
            assert_never(message)


@rule("CP-006", "CP-009")
def _granted(state: State, granted: Granted) -> Sequence[Fact]:
    """Consent is kept per channel and purpose; consent never lifts an earlier refusal of the channel."""
    if granted.channel in state.refused:
        return [GrantIgnored(granted.channel, granted.purpose)]
    if Grant(granted.channel, granted.purpose) in state.grants:
        return []
    return [ConsentGiven(granted.channel, granted.purpose, granted.source_code)]


@rule("CP-007", "CP-008", "CP-009", "RV-026")
def _withdrawn(state: State, withdrawn: Withdrawn) -> Sequence[Fact]:
    """One word or one click refuses for ever and stops every message under way."""
    wanted = tuple(Channel) if withdrawn.channel == EVERY_CHANNEL else (Channel(withdrawn.channel),)
    channels = tuple(x for x in wanted if x not in state.refused)
    if not channels:
        return []
    stopped = tuple(x for x in state.pending if x.channel in channels)
    return [ConsentRefused(withdrawn.channel, channels, withdrawn.source_code, stopped)]


@rule("CP-011")
def _block_changed(state: State, changed: BlockChanged) -> Sequence[Fact]:
    """A customer on the block list gets no message while the block lasts."""
    if (changed.is_blocked, changed.until_at) == (state.is_blocked, state.blocked_until):
        return []
    stopped = state.pending if changed.is_blocked else ()
    return [BlockSet(changed.is_blocked, changed.until_at, changed.reason_code, stopped)]


@rule("CP-006", "CP-007", "CP-009", "CP-010", "CP-011", "RV-025", "RV-026")
def _contact_asked(state: State, contact: Contact, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Every send is checked: the first channel is taken that is not refused, has its consent and is below
    its limit. The phone is left where no text is.
    """
    if any(x.notice_id == contact.notice_id for x in state.pending):
        return []
    if now >= contact.expires_at:
        return [_suppressed(contact, "expired")]
    if contact.to is To.SELLER:
        return [_allowed(state, contact, contact.channels[0], policy, now)]
    if state.is_blocked and (state.blocked_until is None or now < state.blocked_until):
        return [_suppressed(contact, "blocked")]
    reasons: list[str] = []
    for channel in contact.channels:
        reason = _why_not(state, contact, channel, policy)
        if reason is None:
            return [_allowed(state, contact, channel, policy, now)]
        reasons.append(reason)
    # A refusal outweighs the rest: the asking case must stop, not try again another way.
    first = "consent_withdrawn" if "consent_withdrawn" in reasons else reasons[0]
    return [_suppressed(contact, first)]


def _why_not(state: State, contact: Contact, channel: Channel, policy: Policy) -> str | None:
    if channel in state.refused:
        return "consent_withdrawn"
    if channel in policy.message.opt_in_channels and Grant(channel, "service") not in state.grants:
        return "no_consent"
    count = state.count(contact.counted_under)
    is_limited = channel in policy.message.limited_channels
    if is_limited and count is not None and count.text_count >= policy.message.limit_count:
        return "limit_reached"
    return None


def _allowed(
    state: State, contact: Contact, channel: Channel, policy: Policy, now: datetime
) -> ContactAllowed:
    known = state.count(contact.counted_under)
    texts, messages = (known.text_count, known.message_count) if known else (0, 0)
    is_text = channel in policy.message.limited_channels
    is_message = channel is not Channel.CALL
    is_counted = contact.to is To.BUYER and (is_text or contact.purpose is not Purpose.SERVICE)
    count = Count(contact.counted_under, texts + is_text, messages + is_message, now) if is_counted else None
    nth_count = state.total(contact.purpose.value) + is_message if contact.to is To.BUYER else 1
    return ContactAllowed(contact, channel, nth_count, count, now - policy.message.keep_days)


def _suppressed(contact: Contact, reason_code: str) -> Told:
    return tell(message.to(HERE, contact.notice_id, message.Denied(reason_code)))


@rule("CP-010")
def _contact_ended(state: State, ended: ContactEnded) -> Sequence[Fact]:
    """A finished message can no longer be stopped; a text counts whether or not it arrived."""
    is_pending = any(x.notice_id == ended.notice_id for x in state.pending)
    return [ContactDone(ended.notice_id)] if is_pending else []
