"""Defines open enumerations for the events of the service logistics."""

from aftersales_contracts.base import OpenEnum


class DispatchPromiseSource(OpenEnum):
    """Whose word a moment of dispatch is."""

    AGREED = "agreed"
    PRODUCT = "product"
    SHOP = "shop"
    REMINDER = "reminder"


class LateTrigger(OpenEnum):
    """The cause of late shipping (LG-062 to LG-065)."""

    AGREED_TIME = "agreed_time"
    UNSHIPPED_72H = "unshipped_72h"
    """Past the limit of the shop's policy, whatever its hours are."""
    STOCKOUT_STATED = "stockout_stated"
    FALSE_SHIPMENT = "false_shipment"


class HoldAction(OpenEnum):
    """An action asked of the warehouse on goods that have not left."""

    HOLD = "hold"
    RELEASE = "release"


class HoldResolution(OpenEnum):
    """The outcome of a hold."""

    STOPPED = "stopped"
    TOO_LATE = "too_late"
    UNKNOWN = "unknown"


class Instruction(OpenEnum):
    """Any other action asked of the warehouse."""

    CHANGE_ADDRESS = "change_address"
    ADD_NOTE = "add_note"
    ADD_GIFT = "add_gift"
    ADD_INVOICE = "add_invoice"
    SEND_INVOICE = "send_invoice"
    REFUSE_COLLECT = "refuse_collect"
    USE_CARRIER = "use_carrier"
    CHECK_ADDRESS = "check_address"
    """Compare recipient, address and postcode before anything leaves; refused: they are not right."""
    SEND_BACK = "send_back"


class DeliveryDoubt(OpenEnum):
    """The reason for which the delivery of a parcel is open."""

    SEARCHED = "searched"
    """The parcel is looked for, or its loss is being settled."""
    RETURNING = "returning"
    """The parcel comes back, or its goods are at the shop and nobody was paid for them."""
    RESENT = "resent"
    """The goods are sent again."""


class StallStage(OpenEnum):
    """Where a parcel is when it falls silent."""

    NOT_PICKED_UP = "not_picked_up"
    AFTER_PICKUP = "after_pickup"
    IN_TRANSIT = "in_transit"
    IN_DELIVERY = "in_delivery"


class StallState(OpenEnum):
    """Whether a parcel is silent or moves again."""

    OPENED = "opened"
    CLEARED = "cleared"


class ParcelOutcome(OpenEnum):
    """The outcome of a parcel."""

    DELIVERED = "delivered"
    """The buyer has the goods; those of a return go back to him where it was not taken in."""
    RETURNED = "returned"
    LOST = "lost"
    DESTROYED = "destroyed"
    UNKNOWN = "unknown"
    """Not known any more: the outcome that was told before was that of a wrong number."""


class OutcomeBasis(OpenEnum):
    """On whose word a parcel's outcome rests."""

    SCAN = "scan"
    COURIER = "courier"
    INSPECTION = "inspection"
    PERSON = "person"
    WAREHOUSE = "warehouse"
    """It did not take in a return that came freight-collect."""


class Fault(OpenEnum):
    """Whose fault it is."""

    SHOP = "shop"
    COURIER = "courier"
    BUYER = "buyer"
    UNKNOWN = "unknown"


class CourierAction(OpenEnum):
    """An action asked of a courier on a parcel."""

    INTERCEPT = "intercept"
    REDIRECT = "redirect"
    TRANSFER = "transfer"
    INQUIRE = "inquire"


class ClaimAction(OpenEnum):
    """The action to take on our claim on a courier."""

    FILE = "file"
    SUPPLEMENT = "supplement"
    WITHDRAW = "withdraw"


class ClaimKind(OpenEnum):
    """The ground of our claim."""

    LOST = "lost"
    DAMAGED = "damaged"
    SHORT = "short"
    STOLEN = "stolen"
    CONDUCT = "conduct"


class ClaimOutcome(OpenEnum):
    """The way our claim ended."""

    PAID = "paid"
    PARTIAL = "partial"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class ReshipStatus(OpenEnum):
    """The status of a resend."""

    RESERVED = "reserved"
    UNAVAILABLE = "unavailable"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ReshipAction(OpenEnum):
    """An action asked of the warehouse for a resend."""

    RESERVE = "reserve"
    SEND = "send"
    CANCEL = "cancel"


class RemedyReason(OpenEnum):
    """Why the buyer is to get money back."""

    LOST = "lost"
    REFUSED = "refused"
    OUT_OF_RANGE = "out_of_range"
    MISSING = "missing"
    UNWANTED = "unwanted"
    NO_STOCK = "no_stock"
