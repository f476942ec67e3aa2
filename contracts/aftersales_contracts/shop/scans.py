"""Defines carriers' events: `shop.scans.v1`, by carrier_code/tracking_code, all that a carrier knows."""

from aftersales_contracts.base import At, Code, Count, Event, HappenedAt, Id, Text
from aftersales_contracts.components import Ref
from aftersales_contracts.enums import ParcelStatus, SignedBy

TOPIC = "shop.scans.v1"


class TrackedEvent(Event):
    """An event about one waybill; the carrier knows neither shop nor order."""

    carrier_code: Code
    tracking_code: Code

    def subject_of(self) -> str:
        return f"{self.carrier_code}/{self.tracking_code}"


class ParcelScannedV1(TrackedEvent):
    """One scan by a carrier. Late, repeated and shuffled scans are normal: `occurred_at` orders them.

    A message with a whole history is one event per scan. Each has the id that `aftersales_contracts.scan_ids`
    derives, so that a scan that is told again is a repeat.
    """

    TYPE = "shop.parcel.scanned.v1"
    TOPIC = TOPIC
    RULES = (
        "OR-009",
        "RF-037",
        "LG-010",
        "LG-016",
        "LG-023",
        "LG-033",
        "LG-039",
        "LG-042",
        "LG-050",
        "LG-064",
    )

    occurred_at: HappenedAt
    """When the carrier scanned, at most 48 hours after the event's time and 400 days before it.

    A scan cannot be told before it happened: one of a moment after the event's time counts as of that time.
    """
    status: ParcelStatus
    """The meaning of the scan, in our words."""
    raw_status_code: Code
    """The carrier's own code of the scan."""
    raw_text: Text | None = None
    """The carrier's line of text, without names and phone numbers."""
    place_name: Text | None = None
    """The carrier's depot or town."""
    region_code: Code | None = None
    weight_grams: Count | None = None
    """Grams, where the carrier weighed."""
    reason_code: Code | None = None
    """Why a delivery failed, was refused, is held or takes longer, in the carrier's list.

    weather, holiday, remote_area: the carrier needs longer (LG-033).
    """
    signed_by: SignedBy | None = None
    """Who took it, for a delivered parcel."""
    signer_ref: Ref | None = None
    """Where the announcer keeps the name of the signer, for `signed_by` named."""
    expected_delivery_at: At | None = None
    """By when the carrier means to deliver; a day alone is its end at the destination."""


class ParcelArrivedV1(TrackedEvent):
    """A parcel is at our gate, expected or not."""

    TYPE = "shop.parcel.arrived.v1"
    TOPIC = TOPIC
    RULES = ("RF-044", "RF-069", "RF-103", "RF-109", "LG-025", "LG-050")

    warehouse_id: Id
    weight_grams: Count | None = None
    """Grams, as weighed at the gate."""
    is_freight_collect: bool = False
    """Whether the carrier wants the freight from us (RF-069)."""
    order_id: Id | None = None
    """The order, where the gate could read it off the parcel."""
    return_id: Id | None = None
    note_ref: Ref | None = None
    """A note that lay in the parcel."""
