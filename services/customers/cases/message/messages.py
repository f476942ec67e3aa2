"""Defines the messages to one thing that is to be said."""

from kernel.decider import Addressed, DeadlinePassed
from kernel.value import Value
from services.customers.contact import Channel, Contact

NAME = "message"


class Asked(Value):
    """Somebody wants this said."""

    contact: Contact


class Allowed(Value):
    """The consent ledger allows this channel."""

    channel: Channel
    nth_count: int


class Denied(Value):
    """The consent ledger allows no channel."""

    reason_code: str


class Answered(Value):
    """The gateway's result."""

    channel: str
    outcome: str


class Held(Value):
    """The phone desk's result: reached, not_reached, refused. `summary_ref`: where its summary is logged."""

    outcome: str
    summary_ref: str | None = None


class SizeAdvised(Value):
    """Staff advised a size and did not say what that is worth."""

    notice_id: str
    order_id: str
    customer_id: str
    product_id: str
    agent_id: str | None


class Stopped(Value):
    """The customer refused, or was blocked, while the message was under way."""

    reason_code: str


Message = Asked | Allowed | Denied | Answered | Held | SizeAdvised | Stopped | DeadlinePassed


def to(customer_id: str, notice_id: str, message: Message) -> Addressed:
    """Addresses what is said to that customer under that notice id."""
    return Addressed(customer_id, NAME, notice_id, message)
