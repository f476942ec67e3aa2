"""What a customer allows: consent and refusal per channel, the block list, texts sent. A ledger."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import Deadline, DeadlinePassed, Decided, Decider
from kernel.rules import rule
from kernel.value import Value, replace
from services.customers.contact import Channel, Contact, Purpose, To
from services.customers.policy import Policy

EVERY_CHANNEL = "all"


class Grant(Value):
    """Consent to one channel for one purpose (service, marketing, survey)."""

    channel: Channel
    purpose: str


class Count(Value):
    """Messages counted for one case."""

    counted_under: str
    text_count: int
    message_count: int
    last_at: datetime


class Pending(Value):
    """A message or call that was asked for and has not been reported back."""

    notice_id: str
    channel: Channel


class Ledger(Value):
    """All that is checked before anything is sent."""

    grants: tuple[Grant, ...] = ()
    refused: tuple[Channel, ...] = ()
    is_blocked: bool = False
    blocked_until: datetime | None = None
    counts: tuple[Count, ...] = ()
    pending: tuple[Pending, ...] = ()

    def count(self, counted_under: str) -> Count | None:
        """What was sent for one case."""
        return next((x for x in self.counts if x.counted_under == counted_under), None)


# Messages.


class Granted(Value):
    channel: Channel
    purpose: str
    source_code: str


class Withdrawn(Value):
    """`channel` is a channel, or `all`."""

    channel: str
    source_code: str


class BlockChanged(Value):
    is_blocked: bool
    until_at: datetime | None
    reason_code: str


class ContactAsked(Value):
    """May this be sent, and by which channel?"""

    contact: Contact


class ContactEnded(Value):
    """What was asked for is done with."""

    notice_id: str


Message = Granted | Withdrawn | BlockChanged | ContactAsked | ContactEnded | DeadlinePassed


# Facts.


class ConsentGiven(Value):
    channel: Channel
    purpose: str
    source_code: str


class GrantIgnored(Value):
    """The channel was refused before: a refusal is for ever."""

    channel: Channel
    purpose: str


class ConsentRefused(Value):
    """`stopped`: what was under way by those channels."""

    channel: str
    channels: tuple[Channel, ...]
    source_code: str
    stopped: tuple[Pending, ...]


class BlockSet(Value):
    is_blocked: bool
    until_at: datetime | None
    reason_code: str
    stopped: tuple[Pending, ...]


class ContactAllowed(Value):
    """`count` is what has been sent for the case with this; absent where it is not counted."""

    contact: Contact
    channel: Channel
    nth_count: int
    count: Count | None
    forget_before: datetime


class ContactSuppressed(Value):
    contact: Contact
    reason_code: str


class ContactDone(Value):
    notice_id: str


Fact = (
    ConsentGiven | GrantIgnored | ConsentRefused | BlockSet | ContactAllowed | ContactSuppressed
    | ContactDone
)  # fmt: skip


# Rules.


def decide(state: Ledger, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """One function per message."""
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
        case DeadlinePassed():
            return []
        case _:
            assert_never(message)


@rule("CP-006", "CP-009")
def _granted(state: Ledger, granted: Granted) -> Sequence[Fact]:
    """Consent is kept per channel and purpose; it never lifts an earlier refusal of the channel."""
    if granted.channel in state.refused:
        return [GrantIgnored(granted.channel, granted.purpose)]
    if Grant(granted.channel, granted.purpose) in state.grants:
        return []
    return [ConsentGiven(granted.channel, granted.purpose, granted.source_code)]


@rule("CP-007", "CP-008", "CP-009", "RV-026")
def _withdrawn(state: Ledger, withdrawn: Withdrawn) -> Sequence[Fact]:
    """One word or one click is enough: refused for ever, and what is under way is stopped."""
    wanted = tuple(Channel) if withdrawn.channel == EVERY_CHANNEL else (Channel(withdrawn.channel),)
    channels = tuple(x for x in wanted if x not in state.refused)
    if not channels:
        return []
    stopped = tuple(x for x in state.pending if x.channel in channels)
    return [ConsentRefused(withdrawn.channel, channels, withdrawn.source_code, stopped)]


@rule("CP-011")
def _block_changed(state: Ledger, changed: BlockChanged) -> Sequence[Fact]:
    """Who is on the block list is not written to while the block lasts."""
    if (changed.is_blocked, changed.until_at) == (state.is_blocked, state.blocked_until):
        return []
    stopped = state.pending if changed.is_blocked else ()
    return [BlockSet(changed.is_blocked, changed.until_at, changed.reason_code, stopped)]


@rule("CP-006", "CP-007", "CP-009", "CP-010", "CP-011", "RV-025", "RV-026")
def _contact_asked(state: Ledger, contact: Contact, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Checked before every send: the first channel that is neither refused, nor without its consent,
    nor at its limit; the phone where no text is left.
    """
    if any(x.notice_id == contact.notice_id for x in state.pending):
        return []
    if now >= contact.expires_at:
        return [ContactSuppressed(contact, "expired")]
    if contact.to is To.SELLER:
        return [_allowed(state, contact, contact.channels[0], policy, now)]
    if state.is_blocked and (state.blocked_until is None or now < state.blocked_until):
        return [ContactSuppressed(contact, "blocked")]
    reasons: list[str] = []
    for channel in contact.channels:
        reason = _why_not(state, contact, channel, policy)
        if reason is None:
            return [_allowed(state, contact, channel, policy, now)]
        reasons.append(reason)
    # A refusal outweighs the rest: whoever asked must stop, not try again another way.
    first = "consent_withdrawn" if "consent_withdrawn" in reasons else reasons[0]
    return [ContactSuppressed(contact, first)]


def _why_not(state: Ledger, contact: Contact, channel: Channel, policy: Policy) -> str | None:
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
    state: Ledger, contact: Contact, channel: Channel, policy: Policy, now: datetime
) -> ContactAllowed:
    known = state.count(contact.counted_under)
    texts, messages = (known.text_count, known.message_count) if known else (0, 0)
    is_text = channel in policy.message.limited_channels
    is_counted = contact.to is To.BUYER and (is_text or contact.purpose is not Purpose.SERVICE)
    count = Count(contact.counted_under, texts + is_text, messages + 1, now) if is_counted else None
    return ContactAllowed(contact, channel, messages + 1, count, now - policy.message.keep_days)


@rule("CP-010")
def _contact_ended(state: Ledger, ended: ContactEnded) -> Sequence[Fact]:
    """Nothing is left to be stopped; a text counts whether or not it arrived."""
    is_pending = any(x.notice_id == ended.notice_id for x in state.pending)
    return [ContactDone(ended.notice_id)] if is_pending else []


def evolve(state: Ledger, fact: Fact) -> Ledger:
    """The ledger after a fact."""
    match fact:
        case ConsentGiven(channel=channel, purpose=purpose):
            return replace(state, grants=(*state.grants, Grant(channel, purpose)))
        case ConsentRefused(channels=channels, stopped=stopped):
            grants = tuple(x for x in state.grants if x.channel not in channels)
            pending = tuple(x for x in state.pending if x not in stopped)
            return replace(state, grants=grants, refused=(*state.refused, *channels), pending=pending)
        case BlockSet(is_blocked=is_blocked, until_at=until_at, stopped=stopped):
            pending = tuple(x for x in state.pending if x not in stopped)
            return replace(state, is_blocked=is_blocked, blocked_until=until_at, pending=pending)
        case ContactAllowed():
            return _with_count(state, fact)
        case ContactDone(notice_id=notice_id):
            return replace(state, pending=_without(state, notice_id))
        case GrantIgnored() | ContactSuppressed():
            return state
        case _:
            assert_never(fact)


def _with_count(state: Ledger, fact: ContactAllowed) -> Ledger:
    """Old counts are forgotten: their follow-ups ended long ago."""
    counts = tuple(
        x
        for x in state.counts
        if x.last_at >= fact.forget_before
        and (fact.count is None or x.counted_under != fact.count.counted_under)
    )
    if fact.count is not None:
        counts = (*counts, fact.count)
    if fact.contact.to is To.SELLER:
        return replace(state, counts=counts)
    pending = (*state.pending, Pending(fact.contact.notice_id, fact.channel))
    return replace(state, counts=counts, pending=pending)


def _without(state: Ledger, notice_id: str) -> tuple[Pending, ...]:
    return tuple(x for x in state.pending if x.notice_id != notice_id)


def deadlines(state: Ledger) -> Sequence[Deadline]:
    """None: a ledger waits for nobody."""
    return []


CONSENT: Decider[Ledger, Message, Fact, Policy] = Decider(Ledger(), decide, evolve, deadlines)
