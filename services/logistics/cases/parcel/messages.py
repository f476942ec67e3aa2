"""Defines the messages to the parcel of a waybill, and addresses them."""

from datetime import datetime

from kernel.decider import Addressed, DeadlinePassed
from kernel.ids import derived_id
from kernel.value import Value
from services.logistics.parcels import Basis, Tracking, parcel_case_id
from services.logistics.track import Identity, Scan, Track

NAME = "parcel"


class Scanned(Value):
    """One scan by the carrier."""

    tracking: Tracking
    scan: Scan


class RegisteredAs(Value):
    """The waybill belongs to this parcel of this order."""

    tracking: Tracking
    identity: Identity
    is_collect: bool
    """Whether the recipient is to pay the carrier."""
    is_corrected: bool = False
    """The number is the parcel's own after all, whatever was said of it before."""
    registered_with: str | None = None
    """The parcel of another order with whose registration this one was named."""


class Joined(Value):
    """Goods of another order are in the parcel: its case begins with what is known of the waybill."""

    track: Track
    identity: Identity


class LeftTogether(Value):
    """The parcel left the warehouse, as was told of another order in it."""

    at: datetime


class Arrived(Value):
    """The parcel is at the shop's gate; `order_id` where the gate could read it off the parcel."""

    tracking: Tracking
    is_collect: bool
    order_id: str | None = None


class Left(Value):
    """The parcel left the warehouse. `region_code`: its destination, for a parcel to the buyer."""

    parcel_id: str
    at: datetime
    region_code: str | None = None
    order_id: str | None = None


class ShipMarked(Value):
    """The seller marked the goods of the parcel as shipped. `region_code`: their destination."""

    parcel_id: str
    at: datetime
    region_code: str | None = None
    order_id: str | None = None


class Voided(Value):
    """The waybill is void."""

    parcel_id: str
    order_id: str | None = None


class Misnumbered(Value):
    """The waybill is not that of the parcel; `right` is, where it is known."""

    parcel_id: str
    order_id: str | None = None
    right: Tracking | None = None


class Inspected(Value):
    """The goods were checked at the shop."""

    parcel_id: str


class DeclaredLost(Value):
    """The search ended: lost, on the word of the courier or of a person."""

    parcel_id: str
    basis: Basis
    is_over_signature: bool = False
    """The parcel was signed for, and that signature does not count."""


class CollectAnswered(Value):
    """The warehouse refused the freight-collect parcel, or did not."""

    parcel_id: str
    is_done: bool


Message = (
    Scanned
    | RegisteredAs
    | Joined
    | LeftTogether
    | Arrived
    | Left
    | ShipMarked
    | Voided
    | Misnumbered
    | Inspected
    | DeclaredLost
    | CollectAnswered
    | DeadlinePassed
)


def collect_request_id(parcel_id: str) -> str:
    """Derives the id of the request not to take in a freight-collect parcel."""
    return derived_id(parcel_id, "refuse-collect")


def to(tracking: Tracking, message: Message, case_id: str | None = None) -> Addressed:
    """Addresses the parcel of a waybill; `case_id`: that of another order in it."""
    return Addressed(tracking.subject, NAME, case_id or parcel_case_id(tracking), message)
