"""Defines the messages to a reship, and addresses them."""

from datetime import datetime

from kernel.decider import Addressed, DeadlinePassed
from kernel.ids import derived_id
from kernel.value import Value
from services.logistics.news import ParcelNews, TaskDone
from services.logistics.shares import Share

NAME = "reship"


class ReshipOrder(Value):
    """The goods that are to be sent, and the purpose."""

    reship_id: str
    order_id: str
    purpose: str
    lines: tuple[Share, ...]
    sku_ids: tuple[str, ...]
    """One per line."""
    ship_by: datetime | None = None
    carrier_code: str | None = None
    replaces_parcel_id: str | None = None


class ReserveWanted(Value):
    """The variant is to be kept until the exchange needs the goods."""

    order: ReshipOrder


class SendWanted(Value):
    """The goods are to be sent."""

    order: ReshipOrder


class Answered(Value):
    """The warehouse answers a request."""

    request_id: str
    outcome: str
    until_at: datetime | None


class ParcelKnown(Value):
    """The parcel that carries the goods is known."""

    parcel_id: str


class ParcelReplaced(Value):
    """The parcel that carries the goods is registered under another id: its number was wrong."""

    parcel_id: str


class WaybillVoided(Value):
    """The parcel that was to carry the goods does not."""

    parcel_id: str


class ParcelLeft(Value):
    """The parcel left the warehouse."""

    parcel_id: str


class NoteSeen(Value):
    """The note in the returned parcel asks for this variant."""

    sku_id: str


class Unwanted(Value):
    """Nobody wants the goods any more."""


Message = (
    ReserveWanted
    | SendWanted
    | Answered
    | ParcelKnown
    | ParcelReplaced
    | WaybillVoided
    | ParcelLeft
    | ParcelNews
    | NoteSeen
    | Unwanted
    | TaskDone
    | DeadlinePassed
)


def request_id(reship_id: str, action: str) -> str:
    """Derives the id of a request to the warehouse: reserve, send or cancel."""
    return derived_id(reship_id, action)


def to(order_id: str, reship_id: str, message: Message) -> Addressed:
    """Addresses one reship."""
    return Addressed(order_id, NAME, reship_id, message)
