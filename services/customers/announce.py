"""The other side of the border of customers: facts to contract events, and to messages for other cases."""

from collections.abc import Sequence
from typing import Any

from aftersales_contracts.aftersales import common
from aftersales_contracts.aftersales import customers as out
from aftersales_contracts.base import Money as MoneyPart
from aftersales_contracts.words import Channel, ConsentChannel, ConsentPurpose, MemoPurpose, Role
from aftersales_contracts.words import PromiseKind as PromiseWord
from kernel.decider import Addressed, CaseView
from kernel.ids import derived_id
from services.customers import translate as t
from services.customers.cases import consent, message, order_file, order_index, promise, unpaid_order
from services.customers.contact import Channel as Way
from services.customers.contact import Contact, Origin, Purpose, To
from services.customers.promised import PromiseKind

# unpaid-order


def close_requested(fact: unpaid_order.CloseRequested, view: CaseView[Any]) -> out.OrderCloseRequestedV1:
    """Please close it, if it still waits for its payment."""
    return out.OrderCloseRequestedV1(
        **view.common(),
        order_id=view.subject,
        customer_id=fact.customer_id,
        request_id=fact.request_id,
        only_if=[common.StillHolds.AWAITING_PAYMENT],
        pay_by_at=fact.pay_by,
    )


def close_task(fact: unpaid_order.PersonAsked, view: CaseView[Any]) -> common.TaskRequestedV1:
    """The order is unpaid and nobody closes it."""
    return common.TaskRequestedV1(
        **view.common(),
        about_subject=view.subject,
        order_id=view.subject,
        task_id=fact.task_id,
        kind_code="attention",
        question_code=fact.reason_code,
        due_at=fact.due_at,
        escalate_to=Role.SUPERVISOR,
    )


def ask_for(fact: unpaid_order.ReminderDue, view: CaseView[Any]) -> Sequence[Addressed]:
    """The reminder, past consent and limits."""
    return [t.to_message(fact.contact, message.Asked(fact.contact))]


# customer-order


def index(fact: order_file.OrderFiled, view: CaseView[Any]) -> Sequence[Addressed]:
    """The page of the account's index; a page per month, so that none grows for ever."""
    page = derived_id(fact.account_id, view.at.strftime("%Y-%m"))
    return [Addressed(fact.account_id, t.INDEX, page, order_index.OrderPlaced(view.subject))]


def after_payment(fact: order_file.PaymentTold, view: CaseView[Any]) -> Sequence[Addressed]:
    """The seller's notice, and the promises about the price."""
    paid = promise.OrderPaid(fact.amount, fact.freight)
    return [t.to_message(fact.contact, message.Asked(fact.contact)), *_promises(view, paid)]


def after_shipment(fact: order_file.ShipmentTold, view: CaseView[Any]) -> Sequence[Addressed]:
    """The buyer's notice, and the promise not to refund."""
    told = t.to_message(fact.contact, message.Asked(fact.contact))
    return [told, *_promises(view, promise.OrderShipped())]


def notice_completed(fact: order_file.NoticeCompleted, view: CaseView[Any]) -> Sequence[Addressed]:
    """The notice, now with its customer."""
    return [t.to_message(fact.contact, message.Asked(fact.contact))]


def promise_filed(fact: order_file.PromiseFiled, view: CaseView[Any]) -> Sequence[Addressed]:
    """The promise itself."""
    given = promise.Given(fact.promise)
    return [t.to_promise(view.subject, fact.promise.promise_id, given)]


def _promises(view: CaseView[Any], content: promise.Message) -> list[Addressed]:
    if not isinstance(view.state, order_file.Filed):
        raise TypeError(view.kind)
    return [t.to_promise(view.subject, x, content) for x in view.state.promise_ids]


def hand_over(fact: order_file.HandOverPassedOn, view: CaseView[Any]) -> Sequence[Addressed]:
    """To every open promise of the order."""
    return _promises(view, promise.HandedOver(fact.carrier_code))


def memo(fact: order_file.MemoPassedOn, view: CaseView[Any]) -> Sequence[Addressed]:
    """To every open promise of the order."""
    return _promises(view, promise.MemoStored(fact.request_id))


def exchange_over(fact: order_file.ExchangePassedOn, view: CaseView[Any]) -> Sequence[Addressed]:
    """To every open promise of the order."""
    return _promises(view, promise.ExchangeOver(fact.exchange_id, fact.ending))


def order_closed(fact: order_file.OrderClosed, view: CaseView[Any]) -> Sequence[Addressed]:
    """To every open promise of the order."""
    return _promises(view, promise.OrderClosed(fact.is_refunded))


# consent


def consent_given(fact: consent.ConsentGiven, view: CaseView[Any]) -> out.ConsentChangedV1:
    """The channel may be used for that purpose."""
    return _consent(view, fact.channel, fact.purpose, fact.source_code, is_allowed=True)


def grant_ignored(fact: consent.GrantIgnored, view: CaseView[Any]) -> out.ConsentChangedV1:
    """The channel stays refused."""
    return _consent(view, fact.channel, fact.purpose, "refused_before", is_allowed=False)


def consent_refused(fact: consent.ConsentRefused, view: CaseView[Any]) -> out.ConsentChangedV1:
    """The channel, or all of them, may not be used any more."""
    return _consent(view, fact.channel, None, fact.source_code, is_allowed=False)


def block_set(fact: consent.BlockSet, view: CaseView[Any]) -> out.ConsentChangedV1:
    """The customer is blocked, or not any more."""
    return _consent(view, consent.EVERY_CHANNEL, None, fact.reason_code, is_allowed=not fact.is_blocked)


def _consent(
    view: CaseView[Any], channel: str, purpose: str | None, reason_code: str, *, is_allowed: bool
) -> out.ConsentChangedV1:
    return out.ConsentChangedV1(
        **view.common(),
        customer_id=view.subject,
        channel=ConsentChannel(channel),
        purpose=None if purpose is None else ConsentPurpose(purpose),
        is_allowed=is_allowed,
        reason_code=reason_code,
    )


def stop_refused(fact: consent.ConsentRefused, view: CaseView[Any]) -> Sequence[Addressed]:
    """What is under way by a refused channel is stopped."""
    return _stop(view, fact.stopped, "consent_withdrawn")


def stop_blocked(fact: consent.BlockSet, view: CaseView[Any]) -> Sequence[Addressed]:
    """What is under way to a blocked customer is stopped."""
    return _stop(view, fact.stopped, "blocked")


def _stop(view: CaseView[Any], stopped: Sequence[consent.Pending], reason: str) -> list[Addressed]:
    return [Addressed(view.subject, t.MESSAGE, x.notice_id, message.Stopped(reason)) for x in stopped]


def allow(fact: consent.ContactAllowed, view: CaseView[Any]) -> Sequence[Addressed]:
    """The ledger's answer to the message."""
    return [t.to_message(fact.contact, message.Allowed(fact.channel, fact.nth_count))]


def deny(fact: consent.ContactSuppressed, view: CaseView[Any]) -> Sequence[Addressed]:
    """The ledger's answer to the message."""
    return [t.to_message(fact.contact, message.Denied(fact.reason_code))]


# message


def ask_consent(fact: message.MessageWanted, view: CaseView[Any]) -> Sequence[Addressed]:
    """May it be sent?"""
    return [t.to_consent(fact.contact.customer_id, consent.ContactAsked(fact.contact))]


def text_requested(fact: message.TextRequested, view: CaseView[Any]) -> out.MessageSendRequestedV1:
    """Please send."""
    contact = fact.contact
    return out.MessageSendRequestedV1(
        **view.common(),
        customer_id=contact.customer_id,
        order_id=_order_id(contact),
        request_id=contact.notice_id,
        to=common.NoticeTo(contact.to.value),
        channel=Channel(fact.channel.value),
        template_code=contact.template_code,
        values=contact.values,
        purpose=out.MessagePurpose(contact.purpose.value),
        agent_id=contact.agent_id,
        unsubscribe_ref=fact.unsubscribe_ref,
        nth_count=fact.nth_count,
        expires_at=contact.expires_at,
    )


def call_wanted(fact: message.CallWanted, view: CaseView[Any]) -> out.CallRequestedV1:
    """Please phone."""
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


def call_overdue(fact: message.CallOverdue, view: CaseView[Any]) -> common.TaskRequestedV1:
    """Nobody called."""
    return common.TaskRequestedV1(
        **view.common(),
        about_subject=view.subject,
        customer_id=fact.contact.customer_id,
        order_id=_order_id(fact.contact),
        task_id=derived_id("call-task", fact.contact.notice_id),
        kind_code="attention",
        question_code="call_overdue",
        due_at=fact.escalate_at,
        escalate_to=Role.SUPERVISOR,
    )


def notice_resolved(fact: message.NoticeResolved, view: CaseView[Any]) -> out.NoticeResolvedV1:
    """What became of a notice."""
    return out.NoticeResolvedV1(
        **view.common(),
        order_id=fact.contact.order_id,
        customer_id=fact.contact.customer_id,
        notice_id=fact.contact.notice_id,
        outcome=out.NoticeOutcome(fact.outcome.value),
        channel=None if fact.channel is None else Channel(fact.channel.value),
        reason_code=fact.reason_code,
    )


def _order_id(contact: Contact) -> str | None:
    return None if contact.order_id == contact.customer_id else contact.order_id


def forget_channel(fact: message.ChannelFailed, view: CaseView[Any]) -> Sequence[Addressed]:
    """Nothing is under way by the channel that failed."""
    return [t.to_consent(view.subject, consent.ContactEnded(view.case_id))]


def refuse_calls(fact: message.CallRefused, view: CaseView[Any]) -> Sequence[Addressed]:
    """The ledger keeps the refusal for ever."""
    return [t.to_consent(fact.customer_id, consent.Withdrawn(Way.CALL, "call"))]


def after_notice(fact: message.NoticeResolved, view: CaseView[Any]) -> Sequence[Addressed]:
    """Nothing is under way any more."""
    return [t.to_consent(view.subject, consent.ContactEnded(view.case_id))]


def after_message(fact: message.MessageResolved, view: CaseView[Any]) -> Sequence[Addressed]:
    """Whoever of us wanted it said hears what became of it."""
    contact = fact.contact
    found = [t.to_consent(view.subject, consent.ContactEnded(view.case_id))]
    if contact.origin is Origin.REMINDER:
        reminded = unpaid_order.Reminded(fact.outcome.value)
        found.append(t.to_unpaid(contact.order_id, reminded))
    if contact.origin is Origin.CALLBACK:
        called = promise.Called(is_reached=fact.outcome is message.Outcome.REACHED)
        found.append(t.to_promise(contact.order_id, contact.notice_id, called))
    return found


# promise


def promise_registered(fact: promise.PromiseRegistered, view: CaseView[Any]) -> out.PromiseRegisteredV1:
    """It binds."""
    promised = fact.promise
    amount = promised.amount
    return out.PromiseRegisteredV1(
        **view.common(),
        promise_id=promised.promise_id,
        order_id=promised.order_id,
        customer_id=promised.customer_id,
        kind=PromiseWord(promised.kind.value),
        value_code=promised.value_code,
        amount=None if amount is None else MoneyPart(minor=amount.minor, currency=amount.currency),
        due_at=fact.due_at,
    )


def memo_wanted(fact: promise.MemoWanted, view: CaseView[Any]) -> common.OrderActionRequestedV1:
    """A memo on the order, so that whoever packs keeps the promise (CP-033)."""
    promised = fact.promise
    values = {"promise_id": promised.promise_id, "kind": promised.kind.value}
    if promised.value_code is not None:
        values["value_code"] = promised.value_code
    return common.OrderActionRequestedV1(
        **view.common(),
        order_id=str(promised.order_id),
        customer_id=promised.customer_id,
        request_id=fact.request_id,
        action=common.OrderAction.ADD_MEMO,
        purpose=MemoPurpose.PROMISE,
        values=values,
    )


def callback(fact: promise.CallWanted, view: CaseView[Any]) -> Sequence[Addressed]:
    """The call goes the way of every contact."""
    promised = fact.promise
    if promised.customer_id is None:
        return []
    contact = Contact(
        notice_id=promised.promise_id,
        counted_under=promised.promise_id,
        order_id=promised.order_id or promised.customer_id,
        customer_id=promised.customer_id,
        origin=Origin.CALLBACK,
        to=To.BUYER,
        purpose=Purpose.SERVICE,
        template_code="callback",
        values={},
        channels=(Way.CALL,),
        expires_at=fact.call_by,
    )
    return [t.to_message(contact, message.Asked(contact))]


def promise_task(fact: promise.PersonAsked, view: CaseView[Any]) -> common.TaskRequestedV1:
    """Was it kept?"""
    return common.TaskRequestedV1(
        **view.common(),
        about_subject=view.subject,
        order_id=fact.promise.order_id,
        customer_id=fact.promise.customer_id,
        task_id=fact.task_id,
        kind_code="attention",
        question_code="was_promise_kept",
        due_at=fact.due_at,
        escalate_to=Role.SUPERVISOR,
    )


def promise_ended(fact: promise.PromiseEnded, view: CaseView[Any]) -> out.PromiseEndedV1:
    """Kept, broken or released."""
    promised = fact.promise
    return out.PromiseEndedV1(
        **view.common(),
        promise_id=promised.promise_id,
        order_id=promised.order_id,
        customer_id=promised.customer_id,
        outcome=out.PromiseOutcome(fact.outcome.value),
        points_at_risk_count=fact.points or None,
    )


def drop_promise(fact: promise.PromiseEnded, view: CaseView[Any]) -> Sequence[Addressed]:
    """The order need not tell it anything any more."""
    if fact.promise.order_id is None:
        return []
    return [t.to_file(fact.promise.order_id, order_file.PromiseDone(fact.promise.promise_id))]


def breach_noticed(fact: promise.BreachNoticed, view: CaseView[Any]) -> common.ViolationNoticedV1:
    """A broken promise carries points (CP-032, CP-035, RF-009, RF-118, LG-057)."""
    promised = fact.promise
    is_carrier = promised.kind is PromiseKind.CARRIER
    return common.ViolationNoticedV1(
        **view.common(),
        about_subject=view.subject,
        order_id=promised.order_id,
        customer_id=promised.customer_id,
        kind_code="other_carrier" if is_carrier else "breach_of_promise",
        violation_class=common.ViolationClass.GENERAL,
        points_at_risk_count=fact.points,
        order_ids=[promised.order_id] if promised.order_id else [],
    )
