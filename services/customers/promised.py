"""Defines a promise: what staff promised to a customer."""

from datetime import datetime
from enum import StrEnum

from kernel.money import Money
from kernel.value import Value


class PromiseKind(StrEnum):
    """The content of a promise; `other` stands for kinds that this version does not know."""

    GIFT = "gift"
    SHIP_BY = "ship_by"
    CARRIER = "carrier"
    PRICE = "price"
    FREIGHT = "freight"
    EXCHANGE = "exchange"
    NO_REFUND = "no_refund"
    CALLBACK = "callback"
    OTHER = "other"


class Promise(Value):
    """One promise to one customer, about an order or about none."""

    promise_id: str
    kind: PromiseKind
    order_id: str | None
    customer_id: str | None
    value_code: str | None = None
    amount: Money | None = None
    due_at: datetime | None = None
