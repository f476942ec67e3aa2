"""Defines the messages to an intercept, and addresses them."""

from kernel.decider import Addressed, DeadlinePassed
from kernel.ids import derived_id
from kernel.value import Value
from services.logistics.news import ParcelNews
from services.logistics.parcels import Tracking

NAME = "intercept"


class Recall(Value):
    """A parcel that is called back, and the reason."""

    request_id: str
    order_id: str
    customer_id: str | None
    parcel_id: str
    tracking: Tracking
    reason_code: str
    is_buyer_asked: bool


class RecallWanted(Value):
    """The parcel is to be called back."""

    recall: Recall


class CarrierAnswered(Value):
    """The carrier answers."""

    outcome: str


Message = RecallWanted | CarrierAnswered | ParcelNews | DeadlinePassed


def recall_id(parcel_id: str) -> str:
    """Derives the request id where a parcel is called back for a refund or a refusal."""
    return derived_id(parcel_id, "intercept")


def found_recall_id(parcel_id: str) -> str:
    """Derives the request id where a search calls the parcel back."""
    return derived_id(parcel_id, "recall")


def recall_ids(parcel_id: str) -> tuple[str, ...]:
    """Lists every request id under which a parcel may be called back."""
    return (recall_id(parcel_id), found_recall_id(parcel_id))


def to(order_id: str, request_id: str, message: Message) -> Addressed:
    """Addresses the intercept of that request."""
    return Addressed(order_id, NAME, request_id, message)
