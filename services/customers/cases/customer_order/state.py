"""Keeps the file of one order: its customer, what was told about it, its open promises."""

from datetime import datetime
from enum import StrEnum
from typing import assert_never

from kernel.decider import Told
from kernel.ids import derived_id
from kernel.money import Money
from kernel.value import Value, replace
from services.customers.contact import Contact
from services.customers.promised import Promise, PromiseKind


class Phase(StrEnum):
    """In-sale lasts until success or close: lookup, tracking, problems. After-sale follows."""

    IN_SALE = "in_sale"
    AFTER_SALE = "after_sale"


# States.


class Absent(Value):
    """The order is unknown."""


class Filed(Value):
    """The order is known: a projection that waits for nobody."""

    customer_id: str
    account_id: str
    phase: Phase
    freight: Money
    promise_ids: tuple[str, ...] = ()
    is_paid: bool = False
    shipment_count: int = 0
    is_closed: bool = False
    paid_at: datetime | None = None
    reminder_hours: int = 0
    """The hours from the payment to the dispatch, by a reminder; 0: none was said."""
    is_ship_time_agreed: bool = False
    """Staff promised a ship time."""


State = Absent | Filed


# Facts.


class OrderFiled(Value):
    customer_id: str
    account_id: str
    freight: Money


class FreightSet(Value):
    freight: Money


class PaymentTold(Value):
    """The seller is told of the payment, and that shipment is due."""

    contact: Contact
    amount: Money
    freight: Money
    paid_at: datetime


class ShipmentTold(Value):
    """The buyer is told of the shipment, once per part."""

    contact: Contact
    number: int


class PhaseChanged(Value):
    phase: Phase


class OrderClosed(Value):
    is_refunded: bool


class ReminderNoted(Value):
    """The buyer was reminded, and the reminder promised dispatch."""

    dispatch_hours: int


class PromiseFiled(Value):
    promise: Promise


class PromiseDropped(Value):
    promise_id: str


Fact = (
    OrderFiled | FreightSet | PaymentTold | ShipmentTold | PhaseChanged | OrderClosed | ReminderNoted
    | PromiseFiled | PromiseDropped | Told
)  # fmt: skip


def evolve(state: State, fact: Fact) -> State:
    """Applies a fact. Raises TypeError for news of an order that is not filed."""
    match fact:
        case OrderFiled():
            return Filed(fact.customer_id, fact.account_id, Phase.IN_SALE, fact.freight)
        case FreightSet(freight=freight):
            return replace(_filed(state), freight=freight)
        case PaymentTold():
            return replace(_filed(state), is_paid=True, paid_at=fact.paid_at)
        case ReminderNoted(dispatch_hours=hours):
            return replace(_filed(state), reminder_hours=hours)
        case ShipmentTold(number=number):
            return replace(_filed(state), shipment_count=number)
        case PhaseChanged(phase=phase):
            return replace(_filed(state), phase=phase)
        case OrderClosed():
            return replace(_filed(state), is_closed=True)
        case PromiseFiled(promise=promise):
            filed = _filed(state)
            is_ours = promise.promise_id == reminder_promise_id(promise.order_id or "")
            is_agreed = promise.kind is PromiseKind.SHIP_BY and not is_ours
            return replace(
                filed,
                promise_ids=(*filed.promise_ids, promise.promise_id),
                is_ship_time_agreed=filed.is_ship_time_agreed or is_agreed,
            )
        case PromiseDropped(promise_id=promise_id):
            filed = _filed(state)
            return replace(filed, promise_ids=tuple(x for x in filed.promise_ids if x != promise_id))
        case Told():
            return state
        case _:
            assert_never(fact)


def reminder_promise_id(order_id: str) -> str:
    """Derives the id of what the reminder of an order promised."""
    return derived_id("reminder-promise", order_id)


def _filed(state: State) -> Filed:
    if not isinstance(state, Filed):
        raise TypeError(state)
    return state
