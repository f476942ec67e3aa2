"""Keeps what a customer allows: consent and refusals per channel, the block list, texts sent. A ledger."""

from datetime import datetime
from typing import assert_never

from kernel.decider import Told
from kernel.value import Value, replace
from services.customers.contact import Channel, Contact, To

# States.


class Grant(Value):
    """Consent to one channel for one purpose (service, marketing, survey)."""

    channel: Channel
    purpose: str


class Count(Value):
    """Messages counted for one case; calls are none."""

    counted_under: str
    text_count: int
    message_count: int
    last_at: datetime


class Total(Value):
    """All messages of one purpose that were allowed to the customer."""

    purpose: str
    message_count: int


class Pending(Value):
    """A message or call that was requested and whose result is not known yet."""

    notice_id: str
    channel: Channel


class Ledger(Value):
    """Everything that is checked before a message is sent."""

    grants: tuple[Grant, ...] = ()
    refused: tuple[Channel, ...] = ()
    is_blocked: bool = False
    blocked_until: datetime | None = None
    counts: tuple[Count, ...] = ()
    pending: tuple[Pending, ...] = ()
    totals: tuple[Total, ...] = ()

    def total(self, purpose: str) -> int:
        """Counts the messages of one purpose."""
        return next((x.message_count for x in self.totals if x.purpose == purpose), 0)

    def count(self, counted_under: str) -> Count | None:
        """Finds the count of one case."""
        return next((x for x in self.counts if x.counted_under == counted_under), None)


State = Ledger


# Facts.


class ConsentGiven(Value):
    channel: Channel
    purpose: str
    source_code: str


class GrantIgnored(Value):
    """The customer refused the channel before: a refusal is for ever."""

    channel: Channel
    purpose: str


class ConsentRefused(Value):
    """`stopped`: the messages under way by those channels."""

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
    """`count` includes this message; None where the message is not counted.

    `nth_count` numbers the messages of the purpose; a call has the number of the message before it.
    """

    contact: Contact
    channel: Channel
    nth_count: int
    count: Count | None
    forget_before: datetime


class ContactDone(Value):
    notice_id: str


Fact = ConsentGiven | GrantIgnored | ConsentRefused | BlockSet | ContactAllowed | ContactDone | Told


def evolve(state: State, fact: Fact) -> State:
    """Applies a fact to the ledger."""
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
        case GrantIgnored() | Told():
            return state
        case _:
            assert_never(fact)


def _with_count(state: Ledger, fact: ContactAllowed) -> Ledger:
    """Counts the message and forgets old counts: their follow-ups ended long ago."""
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
    purpose = fact.contact.purpose.value
    totals = tuple(x for x in state.totals if x.purpose != purpose)
    if fact.nth_count:
        totals = (*totals, Total(purpose, fact.nth_count))
    return replace(state, counts=counts, pending=pending, totals=totals)


def _without(state: Ledger, notice_id: str) -> tuple[Pending, ...]:
    return tuple(x for x in state.pending if x.notice_id != notice_id)
