"""Defines the messages to one promise."""

from datetime import datetime

from kernel.decider import Addressed, DeadlinePassed, ReplyTo
from kernel.money import Money
from kernel.value import Value
from services.customers.contact import Heard
from services.customers.promised import Promise

NAME = "promise"


class Given(Value):
    promise: Promise


class MemoStored(Value):
    request_id: str


class DispatchCompleted(Value):
    """The last parcel of the order left."""

    at: datetime


class HandedOver(Value):
    carrier_code: str


class OrderPaid(Value):
    """The order was paid: the whole amount, and the freight in it."""

    amount: Money
    freight: Money


class OrderShipped(Value):
    pass


class OrderClosed(Value):
    is_refunded: bool


class ExchangeOver(Value):
    exchange_id: str
    ending: str


class Replaced(Value):
    """Staff and the buyer agreed on something else."""


class Called(Value):
    """The call that was promised was held, or not, as release 0.1 told it. `Heard` tells it now."""

    is_reached: bool


class Judged(Value):
    """A person judged the promise."""

    outcome_code: str


Message = (
    Given | MemoStored | HandedOver | DispatchCompleted | OrderPaid | OrderShipped | OrderClosed
    | ExchangeOver | Replaced | Called | Heard | Judged | DeadlinePassed
)  # fmt: skip


def to(subject: str, promise_id: str, message: Message) -> Addressed:
    """Addresses a promise. `subject`: its order id, or the customer id where no order is concerned."""
    return Addressed(subject, NAME, promise_id, message)


def reply_to(subject: str, promise_id: str) -> ReplyTo:
    """Names a promise as the case that hears the result of its call."""
    return ReplyTo(subject, NAME, promise_id)
