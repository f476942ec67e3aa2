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


class NumberWrong(Value):
    """The number under which the parcel was called back is not its own."""


Message = RecallWanted | CarrierAnswered | NumberWrong | ParcelNews | DeadlinePassed
NUMBERS_MAX = 4
"""The numbers of one parcel under which it can be called back."""


def recall_id(parcel_id: str, number_count: int = 1) -> str:
    """Derives the request id of a call-back for a refund or a refusal, under the parcel's n-th number."""
    return derived_id(parcel_id, "intercept", *_nth(number_count))


def found_recall_id(parcel_id: str, number_count: int = 1) -> str:
    """Derives the request id where a search calls the parcel back."""
    return derived_id(parcel_id, "recall", *_nth(number_count))


def _nth(number_count: int) -> tuple[str, ...]:
    return () if number_count <= 1 else (str(number_count),)


def recall_ids(parcel_id: str, number_count: int = NUMBERS_MAX) -> tuple[str, ...]:
    """Lists every request id under which a parcel may be called back."""
    counts = range(1, number_count + 1)
    return tuple(made(parcel_id, count) for count in counts for made in (recall_id, found_recall_id))


def to(order_id: str, request_id: str, message: Message) -> Addressed:
    """Addresses the intercept of that request."""
    return Addressed(order_id, NAME, request_id, message)
