"""What customers knows of an order: whose it is, what was told about it, which promises hang on it."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from kernel.decider import Deadline, DeadlinePassed, Decided, Decider, NotYet
from kernel.ids import derived_id
from kernel.money import Money
from kernel.rules import rule
from kernel.value import Value, replace
from services.customers.contact import Channel, Contact, Origin, Purpose, To
from services.customers.policy import Policy
from services.customers.promised import Promise


class Phase(StrEnum):
    """In-sale: lookup, tracking, problems until success or close. After-sale: what comes then."""

    IN_SALE = "in_sale"
    AFTER_SALE = "after_sale"


# States.


class Absent(Value):
    """The order is unknown."""


class Filed(Value):
    """A projection: waits for nobody."""

    customer_id: str
    account_id: str
    phase: Phase
    freight: Money
    promise_ids: tuple[str, ...] = ()
    is_paid: bool = False
    shipment_count: int = 0
    is_closed: bool = False


State = Absent | Filed


# Messages.


class Placed(Value):
    customer_id: str
    account_id: str
    freight: Money


class TermsChanged(Value):
    freight: Money


class Paid(Value):
    order_id: str
    amount: Money


class Shipped(Value):
    order_id: str


class Succeeded(Value):
    pass


class Closed(Value):
    """`is_refunded`: closed because the money went back."""

    is_refunded: bool
    is_whole: bool


class HandedOver(Value):
    """A parcel left the warehouse."""

    carrier_code: str


class MemoStored(Value):
    request_id: str


class ExchangeOver(Value):
    exchange_id: str
    ending: str


class PromiseMade(Value):
    promise: Promise


class PromiseDone(Value):
    promise_id: str


class NoticeAsked(Value):
    """A notice that names no customer: the order does."""

    contact: Contact


Message = (
    Placed | TermsChanged | Paid | Shipped | Succeeded | Closed | HandedOver | MemoStored
    | ExchangeOver | PromiseMade | PromiseDone | NoticeAsked | DeadlinePassed
)  # fmt: skip


# Facts.


class OrderFiled(Value):
    customer_id: str
    account_id: str
    freight: Money


class FreightSet(Value):
    freight: Money


class PaymentTold(Value):
    """The seller hears of it, and that shipment is due."""

    contact: Contact
    amount: Money
    freight: Money


class ShipmentTold(Value):
    """The buyer hears of it, once per part."""

    contact: Contact
    number: int


class PhaseChanged(Value):
    phase: Phase


class OrderClosed(Value):
    is_refunded: bool


class PromiseFiled(Value):
    promise: Promise


class PromiseDropped(Value):
    promise_id: str


class HandOverPassedOn(Value):
    carrier_code: str


class MemoPassedOn(Value):
    request_id: str


class ExchangePassedOn(Value):
    exchange_id: str
    ending: str


class NoticeCompleted(Value):
    contact: Contact


Fact = (
    OrderFiled | FreightSet | PaymentTold | ShipmentTold | PhaseChanged | OrderClosed
    | PromiseFiled | PromiseDropped | HandOverPassedOn | MemoPassedOn | ExchangePassedOn
    | NoticeCompleted
)  # fmt: skip


# Rules.


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """One function per message; raises NotYet for news of an order that is not known yet."""
    if isinstance(state, Absent):
        if isinstance(message, Placed):
            return _placed(message)
        if isinstance(message, DeadlinePassed | PromiseDone):
            return []
        raise NotYet
    match message:
        case Placed() | DeadlinePassed():
            return []
        case Paid() | Shipped():
            return _told(state, message, policy, now)
        case TermsChanged():
            return _terms_changed(state, message)
        case Succeeded() | Closed():
            return _phase(state, message)
        case HandedOver() | MemoStored() | ExchangeOver():
            return _passed_on(state, message)
        case PromiseMade() | PromiseDone():
            return _promise(state, message)
        case NoticeAsked():
            return _notice_asked(state, message)
        case _:
            assert_never(message)


@rule("OR-008", "OR-012")
def _placed(placed: Placed) -> Sequence[Fact]:
    """Found by its number here, by its buyer's account in the index."""
    return [OrderFiled(placed.customer_id, placed.account_id, placed.freight)]


@rule("CP-035")
def _terms_changed(state: Filed, changed: TermsChanged) -> Sequence[Fact]:
    """The freight as it is now: what a promise about it is measured by."""
    return [] if changed.freight == state.freight else [FreightSet(changed.freight)]


@rule("OR-007")
def _told(state: Filed, message: Paid | Shipped, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The seller is told of the payment and that shipment is due, the buyer of every part shipped."""
    expires_at = now + policy.message.status_open_hours
    if isinstance(message, Paid):
        if state.is_paid:
            return []
        contact = _status(state, message.order_id, "paid", To.SELLER, expires_at)
        return [PaymentTold(contact, message.amount, state.freight)]
    number = state.shipment_count + 1
    contact = _status(state, message.order_id, f"shipped-{number}", To.BUYER, expires_at)
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
def _phase(state: Filed, message: Succeeded | Closed) -> Sequence[Fact]:
    """Success or close turns the order from in-sale to after-sale."""
    facts: list[Fact] = []
    if state.phase is Phase.IN_SALE and (isinstance(message, Succeeded) or message.is_whole):
        facts.append(PhaseChanged(Phase.AFTER_SALE))
    if isinstance(message, Closed) and message.is_whole and not state.is_closed:
        facts.append(OrderClosed(message.is_refunded))
    return facts


@rule("CP-032", "CP-033", "RF-118")
def _passed_on(state: Filed, message: HandedOver | MemoStored | ExchangeOver) -> Sequence[Fact]:
    """What happens to the order reaches its open promises."""
    if not state.promise_ids:
        return []
    match message:
        case HandedOver(carrier_code=carrier_code):
            return [HandOverPassedOn(carrier_code)]
        case MemoStored(request_id=request_id):
            return [MemoPassedOn(request_id)]
        case ExchangeOver(exchange_id=exchange_id, ending=ending):
            return [ExchangePassedOn(exchange_id, ending)]
        case _:
            assert_never(message)


@rule("CP-032")
def _promise(state: Filed, message: PromiseMade | PromiseDone) -> Sequence[Fact]:
    """The promises that hang on the order."""
    if isinstance(message, PromiseMade):
        is_known = message.promise.promise_id in state.promise_ids
        return [] if is_known else [PromiseFiled(message.promise)]
    is_known = message.promise_id in state.promise_ids
    return [PromiseDropped(message.promise_id)] if is_known else []


@rule("OR-008")
def _notice_asked(state: Filed, asked: NoticeAsked) -> Sequence[Fact]:
    """The order says whom it concerns."""
    return [NoticeCompleted(replace(asked.contact, customer_id=state.customer_id))]


def evolve(state: State, fact: Fact) -> State:
    """The state after a fact."""
    if isinstance(fact, OrderFiled):
        return Filed(fact.customer_id, fact.account_id, Phase.IN_SALE, fact.freight)
    if isinstance(state, Absent):
        raise TypeError(fact)
    match fact:
        case FreightSet(freight=freight):
            return replace(state, freight=freight)
        case PaymentTold():
            return replace(state, is_paid=True)
        case ShipmentTold(number=number):
            return replace(state, shipment_count=number)
        case PhaseChanged(phase=phase):
            return replace(state, phase=phase)
        case OrderClosed():
            return replace(state, is_closed=True)
        case PromiseFiled(promise=promise):
            return replace(state, promise_ids=(*state.promise_ids, promise.promise_id))
        case PromiseDropped(promise_id=promise_id):
            left = tuple(x for x in state.promise_ids if x != promise_id)
            return replace(state, promise_ids=left)
        case HandOverPassedOn() | MemoPassedOn() | ExchangePassedOn() | NoticeCompleted():
            return state
        case _:
            assert_never(fact)


def deadlines(state: State) -> Sequence[Deadline]:
    """None: a projection waits for nobody."""
    return []


ORDER_FILE: Decider[State, Message, Fact, Policy] = Decider(Absent(), decide, evolve, deadlines)
