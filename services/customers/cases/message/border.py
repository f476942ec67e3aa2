"""Connects one thing to be said: notices come in, requests to the gateway and the phone desk go out."""

from collections.abc import Mapping, Sequence

from aftersales_contracts.aftersales import common
from aftersales_contracts.aftersales import customers as out
from aftersales_contracts.base import Event
from aftersales_contracts.enums import Channel as ChannelCode
from aftersales_contracts.shop import contacts
from chassis.engine import outcomes
from chassis.service import Announce, Kind, Reaction, Read
from kernel.decider import Addressed, CaseView
from kernel.ids import derived_id
from kernel.people import Task
from services.customers.cases.consent import messages as consent
from services.customers.cases.customer_order import messages as customer_order
from services.customers.cases.message import messages as m
from services.customers.cases.message import state as s
from services.customers.cases.message.rules import decide
from services.customers.cases.promise import messages as promise
from services.customers.cases.unpaid_order import messages as unpaid_order
from services.customers.contact import (
    PROMISED_HOURS,
    Channel,
    Contact,
    Heard,
    Origin,
    Purpose,
    To,
    known_channel,
)
from services.customers.policy import Policy

# Reads.


def _notice_requested(data: common.NoticeRequestedV1) -> Sequence[Addressed]:
    """Reads a notice of another service; one that names no customer goes to the order, which knows it."""
    channels = [known_channel(x.value) for x in data.channels]
    is_followup = data.purpose == common.NoticePurpose.REVIEW_FOLLOWUP
    contact = Contact(
        notice_id=data.notice_id,
        counted_under=data.case_id,
        order_id=data.order_id,
        customer_id=data.customer_id or "",
        origin=Origin.NOTICE,
        to=To.SELLER if data.to == common.NoticeTo.SELLER else To.BUYER,
        purpose=Purpose.REVIEW_FOLLOWUP if is_followup else Purpose.SERVICE,
        template_code=data.template_code,
        values=dict(data.values),
        channels=tuple(x for x in channels if x is not None) or (Channel.CHAT,),
        expires_at=data.expires_at,
    )
    if data.customer_id is None:
        return [customer_order.to(data.order_id, customer_order.NoticeAsked(contact))]
    return [m.to(data.customer_id, data.notice_id, m.Asked(contact))]


def _send_answered(data: contacts.MessageSendAnsweredV1) -> Sequence[Addressed]:
    """Reads the gateway's result."""
    return [m.to(data.customer_id, data.request_id, m.Answered(data.channel.value, data.outcome.value))]


def _call_held(data: contacts.CallHeldV1) -> Sequence[Addressed]:
    """Reads the phone desk's result of a call that a message asked for."""
    if data.request_id is None:
        return []
    return [m.to(data.customer_id, data.request_id, m.Held(data.outcome.value, data.summary_ref))]


def _size_advised(data: contacts.SizeAdvisedV1) -> Sequence[Addressed]:
    """Reads the advice of a size whose limits were not told."""
    if data.is_disclosed:
        return []
    notice_id = derived_id("size-advice", data.advice_id)
    advised = m.SizeAdvised(
        notice_id,
        data.order_id or data.customer_id,
        data.customer_id,
        data.product_id,
        data.by.id,
    )
    return [m.to(data.customer_id, notice_id, advised)]


READS: Mapping[type[Event], Read] = {
    common.NoticeRequestedV1: _notice_requested,
    contacts.MessageSendAnsweredV1: _send_answered,
    contacts.CallHeldV1: _call_held,
    contacts.SizeAdvisedV1: _size_advised,
}


# Announces.


def _text_requested(fact: s.TextRequested, view: CaseView[s.State]) -> out.MessageSendRequestedV1:
    """Asks the gateway to send."""
    contact = fact.contact
    return out.MessageSendRequestedV1(
        **view.common(),
        customer_id=contact.customer_id,
        order_id=_order_id(contact),
        request_id=contact.notice_id,
        to=common.NoticeTo(contact.to.value),
        channel=ChannelCode(fact.channel.value),
        template_code=contact.template_code,
        values=contact.values,
        purpose=out.MessagePurpose(contact.purpose.value),
        agent_id=contact.agent_id,
        unsubscribe_ref=fact.unsubscribe_ref,
        nth_count=fact.nth_count,
        expires_at=contact.expires_at,
    )


def _call_wanted(fact: s.CallWanted, view: CaseView[s.State]) -> out.CallRequestedV1:
    """Asks the phone desk to call."""
    contact = fact.contact
    return out.CallRequestedV1(
        **view.common(),
        customer_id=contact.customer_id,
        order_id=_order_id(contact),
        request_id=contact.notice_id,
        purpose_code=contact.purpose.value,
        script_code=contact.template_code,
        due_at=fact.due_at,
    )


def _task(fact: Task, view: CaseView[s.State]) -> common.TaskRequestedV1:
    """Asks a person to call the customer."""
    if not isinstance(view.state, s.Calling):
        raise TypeError(view.state)
    contact = view.state.contact
    return outcomes.task(fact, view, customer_id=contact.customer_id, order_id=_order_id(contact))


def _notice_resolved(fact: s.NoticeResolved, view: CaseView[s.State]) -> out.NoticeResolvedV1:
    """Announces the result of a notice."""
    return out.NoticeResolvedV1(
        **view.common(),
        order_id=fact.contact.order_id,
        customer_id=fact.contact.customer_id,
        notice_id=fact.contact.notice_id,
        outcome=out.NoticeOutcome(fact.outcome.value),
        channel=None if fact.channel is None else ChannelCode(fact.channel.value),
        reason_code=fact.reason_code,
        summary_ref=fact.summary_ref,
    )


def _order_id(contact: Contact) -> str | None:
    return None if contact.order_id == contact.customer_id else contact.order_id


ANNOUNCES: Mapping[type, Announce] = {
    s.TextRequested: _text_requested,
    s.CallWanted: _call_wanted,
    Task: _task,
    s.NoticeResolved: _notice_resolved,
}


# Tells.


def _ask_consent(fact: s.MessageWanted, _view: CaseView[s.State]) -> Sequence[Addressed]:
    """Asks the consent ledger whether the message may be sent."""
    return [consent.to(fact.contact.customer_id, consent.ContactAsked(fact.contact))]


def _notice_over(_fact: s.NoticeResolved, view: CaseView[s.State]) -> Sequence[Addressed]:
    """Tells the consent ledger that the notice is no longer under way."""
    return [_over(view)]


def _message_over(fact: s.MessageResolved, view: CaseView[s.State]) -> Sequence[Addressed]:
    """Tells the result to the case of this service that asked.

    Contacts of release 0.1 name no case: their origin tells which one.
    """
    contact = fact.contact
    found = [_over(view)]
    if contact.reply_to is not None:
        found.append(contact.reply_to.reply(Heard(contact.notice_id, fact.outcome.value, fact.reason_code)))
    elif contact.origin is Origin.REMINDER:
        reminded = unpaid_order.Reminded(fact.outcome.value)
        found.append(unpaid_order.to(contact.order_id, reminded))
    elif contact.origin is Origin.CALLBACK:
        called = promise.Called(is_reached=fact.outcome is s.Outcome.REACHED)
        found.append(promise.to(contact.order_id, contact.notice_id, called))
    return [*found, *_promised(fact)]


def _promised(fact: s.MessageResolved) -> Sequence[Addressed]:
    """Tells the order what a reminder that was sent promised (LG-055)."""
    hours = fact.contact.values.get(PROMISED_HOURS)
    if hours is None or fact.outcome not in (s.Outcome.SENT, s.Outcome.DELIVERED):
        return []
    said = customer_order.ReminderSaid(fact.contact.order_id, int(hours))
    return [customer_order.to(fact.contact.order_id, said)]


def _over(view: CaseView[s.State]) -> Addressed:
    return consent.to(view.subject, consent.ContactEnded(view.case_id))


TELLS: Mapping[type, Reaction] = {
    s.MessageWanted: _ask_consent,
    s.NoticeResolved: _notice_over,
    s.MessageResolved: _message_over,
}

MESSAGE: Kind[s.State, m.Message, s.Fact, Policy] = Kind(
    name=m.NAME,
    initial=s.Absent(),
    state=s.State,
    message=m.Message,
    fact=s.Fact,
    ended=s.Ended,
    decide=decide,
    evolve=s.evolve,
    deadlines=s.deadlines,
    reads=READS,
    announces=ANNOUNCES,
    tells=TELLS,
)
