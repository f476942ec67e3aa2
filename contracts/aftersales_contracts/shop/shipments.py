"""Defines the events of warehouse and carrier desks: `shop.shipments.v1`, by order id."""

from pydantic import Field

from aftersales_contracts.base import At, Code, Count, Id, Money, OpenEnum, OrderEvent, Part, Sku
from aftersales_contracts.components import Inspection, Share, Tracking
from aftersales_contracts.enums import EvidenceKind, ParcelDirection

TOPIC = "shop.shipments.v1"


class FreightPayer(OpenEnum):
    """Who pays the carrier."""

    SENDER = "sender"
    RECIPIENT = "recipient"


class HoldOutcome(OpenEnum):
    """The outcome of a hold."""

    STOPPED = "stopped"
    TOO_LATE = "too_late"
    UNKNOWN = "unknown"


class ShortageSource(OpenEnum):
    """Where a shortage was noticed."""

    WAREHOUSE = "warehouse"
    CHAT = "chat"
    CATALOGUE = "catalogue"


class InstructionOutcome(OpenEnum):
    """The outcome of an instruction to the warehouse."""

    DONE = "done"
    REFUSED = "refused"
    TOO_LATE = "too_late"


class ReshipOutcome(OpenEnum):
    """Whether stock is kept for a resend."""

    RESERVED = "reserved"
    UNAVAILABLE = "unavailable"
    DECLINED = "declined"


class CourierOutcome(OpenEnum):
    """A courier's reply to a request about a parcel."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    TOO_LATE = "too_late"
    FOUND = "found"
    LOST = "lost"
    NOT_SERVED = "not_served"
    SEARCHING = "searching"
    UNKNOWN = "unknown"


class CourierClaimStep(OpenEnum):
    """The step to which a claim on a courier moved."""

    RECEIVED = "received"
    NEEDS_EVIDENCE = "needs_evidence"
    APPROVED = "approved"
    APPROVED_PARTIAL = "approved_partial"
    REJECTED = "rejected"
    PAID = "paid"


class OrderGoods(Part):
    """Goods of another order in the same parcel."""

    order_id: Id
    parcel_id: Id
    """The parcel as that order knows it: an id of its own."""
    lines: list[Share]
    """The pieces of that order inside."""


class ParcelRegisteredV1(OrderEvent):
    """A waybill was made for a parcel of the order; an order may have several parcels.

    A parcel with goods of several orders is registered once with `other_orders`, or once for each order under
    the same number: both mean the same. Each order has a parcel id of its own.
    """

    TYPE = "shop.parcel.registered.v1"
    TOPIC = TOPIC
    RULES = ("OR-009", "LG-010", "LG-021", "LG-057")

    parcel_id: Id
    direction: ParcelDirection
    tracking: Tracking
    """Joins the carrier's scans, which know nothing else."""
    lines: list[Share]
    """The pieces inside."""
    weight_grams: Count | None = None
    """Grams, as weighed when packed."""
    freight_payer: FreightPayer
    declared_amount: Money | None = None
    """The value declared to the carrier, for which it answers (LG-021)."""
    purchase_order_id: Id | None = None
    request_id: Id | None = None
    """The resend that the parcel carries out."""
    replaces_parcel_id: Id | None = None
    """The parcel of the same order and direction that was registered under a wrong number: this one is it.

    For goods that are sent again, the parcel whose place they take, which stays as it is.
    """
    other_orders: list[OrderGoods] | None = None
    """The other orders of the shop that have goods inside."""


class ParcelNumberCorrectedV1(OrderEvent):
    """A parcel was registered under a number that is not its own. What was scanned there says nothing of it.

    The goods are where they were: where they stayed, the waybill is void instead.
    """

    TYPE = "shop.parcel.number-corrected.v1"
    TOPIC = TOPIC
    RULES = ("OR-009", "LG-016")

    parcel_id: Id
    """As registered; of goods that the buyer sends back their return id."""
    wrong_tracking: Tracking
    """The number that is not the parcel's."""
    tracking: Tracking | None = None
    """The number that is; absent: not known, or told by a registration that names `replaces_parcel_id`."""


class ParcelWaybillVoidedV1(OrderEvent):
    """The waybill is void; the goods stayed."""

    TYPE = "shop.parcel.waybill-voided.v1"
    TOPIC = TOPIC
    RULES = ("RF-005", "RF-029")

    parcel_id: Id
    reason_code: Code


class ParcelHandedOverV1(OrderEvent):
    """The parcel left the warehouse; may come before the payment was booked."""

    TYPE = "shop.parcel.handed-over.v1"
    TOPIC = TOPIC
    RULES = ("RF-006", "LG-063", "LG-064")

    parcel_id: Id
    carrier_code: Code


class DispatchHoldAnsweredV1(OrderEvent):
    """The warehouse's answer to a hold, or to its release."""

    TYPE = "shop.dispatch.hold-answered.v1"
    TOPIC = TOPIC
    RULES = ("RF-005", "RF-006")

    request_id: Id
    outcome: HoldOutcome
    parcel_ids: list[Id] | None = None
    """The parcels that had left already, where `outcome` is too_late."""


class DispatchShortageFoundV1(OrderEvent):
    """Goods that were sold are missing."""

    TYPE = "shop.dispatch.shortage-found.v1"
    TOPIC = TOPIC
    RULES = ("RF-007", "LG-058", "LG-062")

    lines: list[Share] = Field(min_length=1)
    """The missing pieces."""
    expected_at: At | None = None
    """The moment when the pieces are expected again; absent: unknown."""
    source: ShortageSource


class WarehouseInstructionAnsweredV1(OrderEvent):
    """An instruction to the warehouse was carried out, or not."""

    TYPE = "shop.warehouse.instruction-answered.v1"
    TOPIC = TOPIC
    RULES = ("OR-006", "OR-020", "RF-069", "CP-056")

    request_id: Id
    outcome: InstructionOutcome
    parcel_id: Id | None = None


class ReshipAnsweredV1(OrderEvent):
    """The warehouse keeps stock for a resend, or will not resend."""

    TYPE = "shop.reship.answered.v1"
    TOPIC = TOPIC
    RULES = ("RF-105", "RF-121", "LG-008", "LG-011", "LG-017")

    request_id: Id
    outcome: ReshipOutcome
    lines: list[Share]
    """The pieces that the answer is for."""
    until_at: At | None = None
    """Until when the stock is kept."""
    reason_code: Code | None = None


class ReturnInspectedV1(OrderEvent):
    """Returned goods were checked; may come before the buyer registered the return."""

    TYPE = "shop.return.inspected.v1"
    TOPIC = TOPIC
    RULES = ("RF-039", "RF-100", "RF-101", "RF-102", "RF-103", "RF-116", "RF-122", "LG-048")

    return_id: Id | None = None
    """Absent where the warehouse could not tell which return it is."""
    parcel_id: Id
    """A box that the buyer registered may be named by its tracking code: then its returns are known."""
    lines: list[Inspection]
    """The findings, piece counts per order line; part of a line may be accepted."""
    wanted_sku_id: Sku | None = None
    """The variant that the buyer's note in the parcel asks for."""
    weight_grams: Count | None = None
    """Grams, as received."""
    evidence_ids: list[Id] = Field(default_factory=list[Id])


class CourierActionAnsweredV1(OrderEvent):
    """The courier's reply to an intercept, a redirect, a transfer to another carrier or an inquiry."""

    TYPE = "shop.courier.action-answered.v1"
    TOPIC = TOPIC
    RULES = (
        "OR-023",
        "RF-034",
        "RF-036",
        "RF-038",
        "LG-015",
        "LG-016",
        "LG-019",
        "LG-023",
        "LG-024",
        "LG-025",
        "LG-050",
    )

    request_id: Id
    parcel_id: Id
    outcome: CourierOutcome
    tracking: Tracking | None = None
    """The new waybill after a transfer."""
    evidence_ids: list[Id] = Field(default_factory=list[Id])


class CourierClaimAnsweredV1(OrderEvent):
    """Our claim on a courier moved."""

    TYPE = "shop.courier.claim-answered.v1"
    TOPIC = TOPIC
    RULES = ("LG-012", "LG-017", "LG-018", "LG-022")

    claim_id: Id
    outcome: CourierClaimStep
    amount: Money | None = None
    """Approved or paid, where `outcome` says so."""
    evidence_kinds: list[EvidenceKind] | None = None
    """The evidence still wanted, where `outcome` is needs_evidence."""
    reason_code: Code | None = None
