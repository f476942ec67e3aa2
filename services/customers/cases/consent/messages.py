"""Defines the messages to a customer's consent ledger."""

from datetime import datetime

from kernel.decider import Addressed
from kernel.value import Value
from services.customers.contact import Channel, Contact

NAME = "consent"
EVERY_CHANNEL = "all"


class Granted(Value):
    channel: Channel
    purpose: str
    source_code: str


class Withdrawn(Value):
    """`channel` is a channel, or `all`."""

    channel: str
    source_code: str


class BlockChanged(Value):
    is_blocked: bool
    until_at: datetime | None
    reason_code: str


class ContactAsked(Value):
    """Somebody asks whether this may be sent, and by which channel."""

    contact: Contact


class ContactEnded(Value):
    """The message or call was sent, failed or was dropped: nothing of it is under way."""

    notice_id: str


Message = Granted | Withdrawn | BlockChanged | ContactAsked | ContactEnded


def to(customer_id: str, message: Message) -> Addressed:
    """Addresses the ledger of that customer."""
    return Addressed(customer_id, NAME, customer_id, message)
