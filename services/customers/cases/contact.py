"""What is to be said to whom: the value that travels between orders, promises, messages and consent."""

from datetime import datetime
from enum import StrEnum

from kernel.value import Value


class Channel(StrEnum):
    """A way to reach a customer."""

    SMS = "sms"
    EMAIL = "email"
    CALL = "call"
    CHAT = "chat"
    GROUP = "group"


class Purpose(StrEnum):
    """Why somebody is written to."""

    SERVICE = "service"
    REVIEW_FOLLOWUP = "review_followup"
    REMINDER = "reminder"


class To(StrEnum):
    """Whom it is for."""

    BUYER = "buyer"
    SELLER = "seller"


class Origin(StrEnum):
    """Who wants it said, and hears what became of it."""

    NOTICE = "notice"
    """Another service, by `notice.requested`."""
    REMINDER = "reminder"
    """The order that waits for its payment."""
    STATUS = "status"
    """The order whose status moved; nobody asks what became of it."""
    CALLBACK = "callback"
    """A promise to call."""


class Contact(Value):
    """One thing to be said, by the first channel that may be used."""

    notice_id: str
    counted_under: str
    """The case that wants it said: texts are counted per case (reading A28 of the limit)."""
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
