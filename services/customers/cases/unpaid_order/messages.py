"""Defines the messages to an order that waits for its payment."""

from kernel.decider import Addressed, DeadlinePassed, ReplyTo
from kernel.value import Value
from services.customers.contact import Heard

NAME = "unpaid-order"


class Placed(Value):
    order_id: str
    customer_id: str
    is_prepaid: bool
    has_consulted: bool
    agent_id: str | None
    total_minor: int


class TermsChanged(Value):
    by: str
    total_minor: int


class Paid(Value):
    pass


class Closed(Value):
    cause: str
    by: str
    """Role of the party that closed the order."""


class Declined(Value):
    """The order system refuses to close the order."""

    request_id: str
    reason_code: str


class Reminded(Value):
    """The reminder was sent, or not, as release 0.1 told it. `Heard` tells it now."""

    outcome: str


Message = Placed | TermsChanged | Paid | Closed | Declined | Reminded | Heard | DeadlinePassed


def to(order_id: str, message: Message) -> Addressed:
    """Addresses the order's wait for payment."""
    return Addressed(order_id, NAME, order_id, message)


def reply_to(order_id: str) -> ReplyTo:
    """Names the order's wait for payment as the case that hears the result of a reminder."""
    return ReplyTo(order_id, NAME, order_id)
