"""Defines the messages to the file of one order."""

from datetime import datetime

from kernel.decider import Addressed
from kernel.money import Money
from kernel.value import Value
from services.customers.contact import Contact
from services.customers.promised import Promise

NAME = "customer-order"


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
    """`is_refunded`: closed because the money went back. `is_whole`: not only some lines."""

    is_refunded: bool
    is_whole: bool


class HandedOver(Value):
    """A parcel left the warehouse."""

    carrier_code: str


class DispatchCompleted(Value):
    """The last parcel left."""

    at: datetime


class MemoStored(Value):
    request_id: str


class ExchangeOver(Value):
    exchange_id: str
    ending: str


class ReminderSaid(Value):
    """The buyer was reminded to pay, and promised dispatch within so many hours of the payment."""

    order_id: str
    dispatch_hours: int


class PromiseMade(Value):
    promise: Promise


class PromiseDone(Value):
    """The promise has ended and needs no more news."""

    promise_id: str


class NoticeAsked(Value):
    """A notice names no customer, and the order knows it."""

    contact: Contact


Message = (
    Placed | TermsChanged | Paid | Shipped | Succeeded | Closed | HandedOver | DispatchCompleted | MemoStored
    | ExchangeOver | ReminderSaid | PromiseMade | PromiseDone | NoticeAsked
)  # fmt: skip


def to(order_id: str, message: Message) -> Addressed:
    """Addresses the file of that order."""
    return Addressed(order_id, NAME, order_id, message)
