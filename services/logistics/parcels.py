"""Defines the terms in which every kind speaks of a parcel: waybill, direction, status, outcome, fault."""

import re
from enum import StrEnum
from hashlib import blake2b
from typing import Protocol

from kernel.ids import ID_LENGTH_MAX
from kernel.value import Value

_ID = re.compile(r"[\x21-\x7e]+")


class Waybill(Protocol):
    """Anything that names a carrier and the carrier's number of a parcel."""

    @property
    def carrier_code(self) -> str: ...
    @property
    def tracking_code(self) -> str: ...


class Tracking(Value):
    """A carrier and the carrier's number of a parcel."""

    carrier_code: str
    tracking_code: str

    @property
    def subject(self) -> str:
        """The subject of the parcel's case."""
        return f"{self.carrier_code}/{self.tracking_code}"


def tracking_of(waybill: Waybill) -> Tracking:
    """Takes carrier and number out of a waybill, a scan or an arrival."""
    return Tracking(waybill.carrier_code, waybill.tracking_code)


def parcel_case_id(tracking: Tracking) -> str:
    """Finds the id of the parcel's case: `carrier/tracking`, or a digest where that text is no id.

    Cases are stored under this id: it stays as it is for ever.
    """
    if len(tracking.subject) <= ID_LENGTH_MAX and _ID.fullmatch(tracking.subject):
        return tracking.subject
    text = f"{tracking.carrier_code}\0{tracking.tracking_code}"
    return blake2b(text.encode(), digest_size=16).hexdigest()


class Direction(StrEnum):
    """The way and the purpose of a parcel's journey."""

    OUTBOUND = "outbound"
    RETURN = "return"
    REPLACEMENT = "replacement"
    RESHIP = "reship"
    TO_BUYER = "to_buyer"

    @property
    def is_to_buyer(self) -> bool:
        """Whether the buyer is to receive the parcel."""
        return self is not Direction.RETURN

    @property
    def is_resend(self) -> bool:
        """Whether goods go to the buyer once more."""
        return self in {Direction.REPLACEMENT, Direction.RESHIP, Direction.TO_BUYER}


_DIRECTIONS = {direction.value: direction for direction in Direction}


def direction_of(value: str) -> Direction:
    """Reads a direction; one that this version does not know counts as none of the order's own."""
    return _DIRECTIONS.get(value, Direction.TO_BUYER)


class ParcelStatus(StrEnum):
    """Canonical status of a parcel."""

    UNKNOWN = "unknown"
    REGISTERED = "registered"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    MISSORTED = "missorted"
    CUSTOMS = "customs"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    ATTEMPT_FAILED = "attempt_failed"
    NOT_COLLECTED = "not_collected"
    OUT_OF_RANGE = "out_of_range"
    ADDRESS_PROBLEM = "address_problem"
    HELD = "held"
    PROBLEM = "problem"
    TRANSFERRED = "transferred"
    DELIVERED = "delivered"
    REFUSED = "refused"
    INTERCEPTED = "intercepted"
    RETURNING = "returning"
    RETURNED = "returned"
    DAMAGED = "damaged"
    LOST = "lost"
    CANCELLED = "cancelled"


class Stage(StrEnum):
    """The last place at which a silent parcel was heard of; each stage has its own patience."""

    NOT_PICKED_UP = "not_picked_up"
    AFTER_PICKUP = "after_pickup"
    IN_TRANSIT = "in_transit"
    IN_DELIVERY = "in_delivery"


class Outcome(StrEnum):
    """The end of a parcel's goods: with the buyer, with the shop, or nowhere."""

    DELIVERED = "delivered"
    RETURNED = "returned"
    LOST = "lost"
    DESTROYED = "destroyed"


class Basis(StrEnum):
    """The word on which an outcome rests."""

    SCAN = "scan"
    COURIER = "courier"
    INSPECTION = "inspection"
    PERSON = "person"
    WAREHOUSE = "warehouse"


class Fault(StrEnum):
    """The party that answers for an outcome."""

    SHOP = "shop"
    COURIER = "courier"
    BUYER = "buyer"
    UNKNOWN = "unknown"
