"""Connects the consent ledger: what it reads and announces, and its answers to messages."""

from collections.abc import Mapping, Sequence

from aftersales_contracts.aftersales import customers as out
from aftersales_contracts.base import Event
from aftersales_contracts.enums import ConsentChannel, ConsentPurpose
from aftersales_contracts.shop import customers
from chassis.service import Announce, Kind, Reaction, Read
from kernel.decider import Addressed, CaseView
from services.customers.cases.consent import messages as m
from services.customers.cases.consent import state as s
from services.customers.cases.consent.rules import decide
from services.customers.cases.message import messages as message
from services.customers.contact import known_channel
from services.customers.policy import Policy

# Reads.


def _granted(data: customers.ConsentGrantedV1) -> Sequence[Addressed]:
    """Reads consent to one channel for one purpose; a code that this version does not know allows nothing."""
    channel = known_channel(data.channel.value)
    if channel is None or not data.purpose.is_known:
        return []
    return [m.to(data.customer_id, m.Granted(channel, data.purpose.value, data.source_code))]


def _withdrawn(data: customers.ConsentWithdrawnV1) -> Sequence[Addressed]:
    """Reads a refusal; a channel that this version does not know stands for all of them."""
    channel = known_channel(data.channel.value) or m.EVERY_CHANNEL
    return [m.to(data.customer_id, m.Withdrawn(channel, data.source.value))]


def _block_changed(data: customers.CustomerBlockChangedV1) -> Sequence[Addressed]:
    """Reads that a customer came on the block list or left it."""
    changed = m.BlockChanged(data.is_blocked, data.until_at, data.reason_code)
    return [m.to(data.customer_id, changed)]


READS: Mapping[type[Event], Read] = {
    customers.ConsentGrantedV1: _granted,
    customers.ConsentWithdrawnV1: _withdrawn,
    customers.CustomerBlockChangedV1: _block_changed,
}


# Announces.


def _given(fact: s.ConsentGiven, view: CaseView[s.State]) -> out.ConsentChangedV1:
    """Announces that the channel may be used for that purpose."""
    return _changed(view, fact.channel, fact.purpose, fact.source_code, is_allowed=True)


def _ignored(fact: s.GrantIgnored, view: CaseView[s.State]) -> out.ConsentChangedV1:
    """Announces that the channel stays refused."""
    return _changed(view, fact.channel, fact.purpose, "refused_before", is_allowed=False)


def _refused(fact: s.ConsentRefused, view: CaseView[s.State]) -> out.ConsentChangedV1:
    """Announces that the channel, or every channel, may not be used any more."""
    return _changed(view, fact.channel, None, fact.source_code, is_allowed=False)


def _block_set(fact: s.BlockSet, view: CaseView[s.State]) -> out.ConsentChangedV1:
    """Announces that the customer is blocked, or not any more."""
    return _changed(view, m.EVERY_CHANNEL, None, fact.reason_code, is_allowed=not fact.is_blocked)


def _changed(
    view: CaseView[s.State], channel: str, purpose: str | None, reason_code: str, *, is_allowed: bool
) -> out.ConsentChangedV1:
    return out.ConsentChangedV1(
        **view.common(),
        customer_id=view.subject,
        channel=ConsentChannel(channel),
        purpose=None if purpose is None else ConsentPurpose(purpose),
        is_allowed=is_allowed,
        reason_code=reason_code,
    )


ANNOUNCES: Mapping[type, Announce] = {
    s.ConsentGiven: _given,
    s.GrantIgnored: _ignored,
    s.ConsentRefused: _refused,
    s.BlockSet: _block_set,
}


# Tells.


def _stop_refused(fact: s.ConsentRefused, view: CaseView[s.State]) -> Sequence[Addressed]:
    """Stops the messages under way by a refused channel."""
    return _stop(view, fact.stopped, "consent_withdrawn")


def _stop_blocked(fact: s.BlockSet, view: CaseView[s.State]) -> Sequence[Addressed]:
    """Stops the messages under way to a blocked customer."""
    return _stop(view, fact.stopped, "blocked")


def _stop(view: CaseView[s.State], stopped: Sequence[s.Pending], reason_code: str) -> list[Addressed]:
    return [message.to(view.subject, x.notice_id, message.Stopped(reason_code)) for x in stopped]


def _allow(fact: s.ContactAllowed, view: CaseView[s.State]) -> Sequence[Addressed]:
    """Answers the message: it may go, by this channel."""
    return [message.to(view.subject, fact.contact.notice_id, message.Allowed(fact.channel, fact.nth_count))]


TELLS: Mapping[type, Reaction] = {
    s.ConsentRefused: _stop_refused,
    s.BlockSet: _stop_blocked,
    s.ContactAllowed: _allow,
}

CONSENT: Kind[s.State, m.Message, s.Fact, Policy] = Kind(
    name=m.NAME,
    initial=s.Ledger(),
    state=s.State,
    message=m.Message,
    fact=s.Fact,
    decide=decide,
    evolve=s.evolve,
    reads=READS,
    announces=ANNOUNCES,
    tells=TELLS,
)
