"""Decides what is told about an order, and which of its news its promises hear."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from kernel.decider import HERE, Decided, NotYet, tell
from kernel.ids import derived_id
from kernel.rules import rule
from kernel.value import replace
from services.customers.cases.customer_order.messages import (
    Closed,
    DispatchCompleted,
    ExchangeOver,
    HandedOver,
    MemoStored,
    Message,
    NoticeAsked,
    Paid,
    Placed,
    PromiseDone,
    PromiseMade,
    ReminderSaid,
    Shipped,
    Succeeded,
    TermsChanged,
)
from services.customers.cases.customer_order.state import (
    Absent,
    Fact,
    Filed,
    FreightSet,
    OrderClosed,
    OrderFiled,
    PaymentTold,
    Phase,
    PhaseChanged,
    PromiseDropped,
    PromiseFiled,
    ReminderNoted,
    ShipmentTold,
    State,
    reminder_promise_id,
)
from services.customers.cases.message import messages as message
from services.customers.cases.promise import messages as promise
from services.customers.contact import Channel, Contact, Origin, Purpose, To
from services.customers.policy import Policy
from services.customers.promised import Promise, PromiseKind


def decide(  # noqa: C901, PLR0911, PLR0912  one branch per message
    state: State, message: Message, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Decides by one rule per message. Raises NotYet for news of an order that is not known yet."""
    if isinstance(state, Absent):
        return _absent(message)
    match message:
        case Placed():
            return []
        case TermsChanged():
            return _terms_changed(state, message)
        case Paid():
            return [*_paid(state, message, policy, now), *_dispatch_promised(state, message.order_id, now)]
        case Shipped():
            return _shipped(state, message, policy, now)
        case Succeeded():
            return _succeeded(state)
        case Closed():
            return _closed(state, message)
        case HandedOver(carrier_code=carrier_code):
            return _passed_on(state, promise.HandedOver(carrier_code))
        case DispatchCompleted(at=at):
            return _passed_on(state, promise.DispatchCompleted(at))
        case MemoStored(request_id=request_id):
            return _passed_on(state, promise.MemoStored(request_id))
        case ExchangeOver(exchange_id=exchange_id, ending=ending):
            return _passed_on(state, promise.ExchangeOver(exchange_id, ending))
        case ReminderSaid():
            return _reminder_said(state, message)
        case PromiseMade():
            return [*_promise_made(state, message), *_reminder_replaced(state, message)]
        case PromiseDone():
            return _promise_done(state, message)
        case NoticeAsked():
            return _notice_asked(state, message)
        case _:
            assert_never(message)


def _absent(message: Message) -> Sequence[Decided[Fact]]:
    if isinstance(message, Placed):
        return _placed(message)
    if isinstance(message, PromiseDone):
        return []
    raise NotYet


@rule("OR-008", "OR-012")
def _placed(placed: Placed) -> Sequence[Fact]:
    """The order is found by its number here and by its buyer's account in the index."""
    return [OrderFiled(placed.customer_id, placed.account_id, placed.freight)]


@rule("CP-035")
def _terms_changed(state: Filed, changed: TermsChanged) -> Sequence[Fact]:
    """The freight in force is kept: a promise about freight is measured by it."""
    return [] if changed.freight == state.freight else [FreightSet(changed.freight)]


@rule("OR-007")
def _paid(state: Filed, paid: Paid, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The seller is told of the payment and that shipment is due."""
    if state.is_paid:
        return []
    contact = _status(state, paid.order_id, "paid", To.SELLER, now + policy.message.status_open_hours)
    return [PaymentTold(contact, paid.amount, state.freight, now)]


def _dispatch_promised(state: Filed, order_id: str, now: datetime) -> Sequence[Decided[Fact]]:
    """Binds the shop to the reminder with the payment."""
    if state.is_paid or not state.reminder_hours:
        return []
    return _reminder_promise(state, order_id, now, state.reminder_hours)


def _reminder_said(state: Filed, said: ReminderSaid) -> Sequence[Decided[Fact]]:
    """Keeps what the reminder promised. It binds at once where the payment is known before the reminder."""
    if state.reminder_hours:
        return []
    noted = _reminder_noted(said)
    if state.paid_at is None:
        return noted
    return [*noted, *_reminder_promise(state, said.order_id, state.paid_at, said.dispatch_hours)]


@rule("LG-055")
def _reminder_noted(said: ReminderSaid) -> Sequence[Fact]:
    return [ReminderNoted(said.dispatch_hours)]


@rule("LG-055")
def _reminder_promise(state: Filed, order_id: str, paid_at: datetime, hours: int) -> Sequence[Fact]:
    """The sentence of the reminder is a promise of a ship time, unless staff agreed on one with the buyer."""
    if state.is_closed or state.is_ship_time_agreed:
        return []
    promise_id = reminder_promise_id(order_id)
    due_at = paid_at + timedelta(hours=hours)
    made = Promise(promise_id, PromiseKind.SHIP_BY, order_id, state.customer_id, due_at=due_at)
    return [PromiseFiled(made)]


@rule("OR-007")
def _shipped(state: Filed, shipped: Shipped, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The buyer is told of every part shipped."""
    number = state.shipment_count + 1
    expires_at = now + policy.message.status_open_hours
    contact = _status(state, shipped.order_id, f"shipped-{number}", To.BUYER, expires_at)
    return [ShipmentTold(contact, number)]


def _status(state: Filed, order_id: str, status: str, to: To, expires_at: datetime) -> Contact:
    return Contact(
        notice_id=derived_id("status", order_id, status),
        counted_under=derived_id("status", order_id),
        order_id=order_id,
        customer_id=state.customer_id,
        origin=Origin.STATUS,
        to=to,
        purpose=Purpose.SERVICE,
        template_code="order_paid_ship_due" if to is To.SELLER else "order_shipped",
        values={"order_id": order_id},
        channels=(Channel.CHAT, Channel.SMS),
        expires_at=expires_at,
    )


@rule("OR-012")
def _succeeded(state: Filed) -> Sequence[Fact]:
    """Success turns the order from in-sale to after-sale."""
    return _after_sale(state)


@rule("OR-012")
def _closed(state: Filed, closed: Closed) -> Sequence[Fact]:
    """The close of the whole order turns it from in-sale to after-sale."""
    if not closed.is_whole:
        return []
    facts: list[Fact] = [*_after_sale(state)]
    if not state.is_closed:
        facts.append(OrderClosed(closed.is_refunded))
    return facts


def _after_sale(state: Filed) -> list[PhaseChanged]:
    return [PhaseChanged(Phase.AFTER_SALE)] if state.phase is Phase.IN_SALE else []


@rule("CP-032", "CP-033", "RF-118")
def _passed_on(state: Filed, news: promise.Message) -> Sequence[Fact]:
    """News of the order reaches its open promises."""
    told = [promise.to(HERE, promise_id, news) for promise_id in state.promise_ids]
    return [tell(*told)] if told else []


@rule("CP-032")
def _promise_made(state: Filed, made: PromiseMade) -> Sequence[Fact]:
    """A promise is filed once with its order."""
    is_known = made.promise.promise_id in state.promise_ids
    return [] if is_known else [PromiseFiled(made.promise)]


@rule("LG-055", "LG-059")
def _reminder_replaced(state: Filed, made: PromiseMade) -> Sequence[Fact]:
    """A ship time that staff agreed on with the buyer takes the place of the reminder's."""
    said_id = reminder_promise_id(made.promise.order_id or "")
    if made.promise.kind is not PromiseKind.SHIP_BY or said_id not in state.promise_ids:
        return []
    return [tell(promise.to(HERE, said_id, promise.Replaced()))]


@rule("CP-032")
def _promise_done(state: Filed, done: PromiseDone) -> Sequence[Fact]:
    """An ended promise is dropped from its order."""
    is_known = done.promise_id in state.promise_ids
    return [PromiseDropped(done.promise_id)] if is_known else []


@rule("OR-008")
def _notice_asked(state: Filed, asked: NoticeAsked) -> Sequence[Fact]:
    """The order names the customer of the notice."""
    contact = replace(asked.contact, customer_id=state.customer_id)
    return [tell(message.to(state.customer_id, contact.notice_id, message.Asked(contact)))]
