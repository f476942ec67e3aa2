"""Defines a contact: one thing to be said to one customer, and by which channels."""

from datetime import datetime
from enum import StrEnum

from kernel.decider import ReplyTo
from kernel.value import Value


class Channel(StrEnum):
    """A way to reach a customer."""

    SMS = "sms"
    EMAIL = "email"
    CALL = "call"
    CHAT = "chat"
    GROUP = "group"


def known_channel(code: str) -> Channel | None:
    """Finds the channel of that code; None for one that this version does not know."""
    return Channel(code) if code in set(Channel) else None


class Purpose(StrEnum):
    """The reason for a contact."""

    SERVICE = "service"
    REVIEW_FOLLOWUP = "review_followup"
    REMINDER = "reminder"


class To(StrEnum):
    """The side of the trade that a contact is for."""

    BUYER = "buyer"
    SELLER = "seller"


class Origin(StrEnum):
    """The party that wants a contact and hears its result."""

    NOTICE = "notice"
    """Another service, by `notice.requested`."""
    REMINDER = "reminder"
    """The order that waits for its payment."""
    STATUS = "status"
    """The order whose status moved; nobody asks for the result."""
    CALLBACK = "callback"
    """A promise to call."""
    CASE = "case"
    """A case of this service; the contact names it in `reply_to`."""


REACHED = "reached"
"""The outcome of a call in which the customer was spoken to."""


class Heard(Value):
    """The result of a contact, told to the case that wanted it.

    `outcome`: sent, delivered, reached, not_reached, failed or suppressed; `reason_code` says why not.
    """

    notice_id: str
    outcome: str
    reason_code: str | None


PROMISED_HOURS = "dispatch_hours"
"""The value of a reminder's text that promises dispatch within so many hours of the payment (LG-055)."""


class Contact(Value):
    """One thing to be said, by the first channel that may be used."""

    notice_id: str
    counted_under: str
    """The case that wants the contact: texts are counted per case (reading A28 of the limit)."""
    order_id: str
    """The order, or the customer where no order is concerned."""
    customer_id: str
    origin: Origin
    to: To
    purpose: Purpose
    template_code: str
    values: dict[str, str]
    channels: tuple[Channel, ...]
    expires_at: datetime
    agent_id: str | None = None
    reply_to: ReplyTo | None = None
    """The case that hears the result as `Heard`."""
