"""Defines the events of the service logistics: `aftersales.logistics.v1`, by order id."""

from pydantic import Field, model_validator

from aftersales_contracts.aftersales.common import Conditional, Request
from aftersales_contracts.aftersales.logistics_enums import (
    ClaimAction,
    ClaimKind,
    ClaimOutcome,
    CourierAction,
    DeliveryDoubt,
    DispatchPromiseSource,
    Fault,
    HoldAction,
    HoldResolution,
    Instruction,
    LateTrigger,
    OutcomeBasis,
    ParcelOutcome,
    RemedyReason,
    ReshipAction,
    ReshipStatus,
    StallStage,
    StallState,
)
from aftersales_contracts.base import At, Code, Id, Money, OrderOutcome, Outcome, Part, Sku, Text
from aftersales_contracts.components import Ref, Share, Tracking, Values, one_currency
from aftersales_contracts.enums import ParcelDirection, ParcelStatus, ReshipPurpose, SignedBy

TOPIC = "aftersales.logistics.v1"


class TrackedOutcome(Outcome):
    """An outcome about one parcel. Key: the order id, else carrier_code/tracking_code."""

    order_id: Id | None = None
    customer_id: Id | None = None
    parcel_id: Id
    """The registered id; the case's own id while the parcel is not registered."""
    tracking: Tracking

    def subject_of(self) -> str:
        return self.order_id or f"{self.tracking.carrier_code}/{self.tracking.tracking_code}"


class DispatchOverdueV1(OrderOutcome):
    """A promised moment of dispatch passed; no breach yet."""

    TYPE = "aftersales.dispatch.overdue.v1"
    TOPIC = TOPIC
    RULES = ("LG-053", "LG-054", "LG-055", "LG-056", "LG-059")

    dispatch_by_at: At
    """The moment that passed."""
    source: DispatchPromiseSource
    lines: list[Share]
    """The pieces that have not left."""


class DispatchCompletedV1(OrderOutcome):
    """Everything that is owed left the shop, of an order with a promised ship time."""

    TYPE = "aftersales.dispatch.completed.v1"
    TOPIC = TOPIC
    RULES = ("CP-032", "LG-055", "LG-059")

    completed_at: At
    """The moment at which the last parcel left."""


class LateShippingEstablishedV1(OrderOutcome):
    """Shipping is late in the sense of the rules: compensation may be owed."""

    TYPE = "aftersales.late-shipping.established.v1"
    TOPIC = TOPIC
    RULES = ("LG-062", "LG-063", "LG-064", "LG-065")

    trigger: LateTrigger
    lines: list[Share]
    """The late pieces."""


class LateShippingWithdrawnV1(OrderOutcome):
    """Later news show that shipping was in time."""

    TYPE = "aftersales.late-shipping.withdrawn.v1"
    TOPIC = TOPIC
    RULES = ("LG-064",)

    trigger: LateTrigger
    """The trigger that does not hold."""
    reason_code: Code


class DispatchHoldRequestedV1(OrderOutcome, Request):
    """Stop or release what has not left; answered by `shop.dispatch.hold-answered.v1`."""

    TYPE = "aftersales.dispatch.hold-requested.v1"
    TOPIC = TOPIC
    RULES = ("RF-005",)

    action: HoldAction
    lines: list[Share]
    reason_code: Code


class DispatchHoldResolvedV1(OrderOutcome):
    """The outcome of a hold, for the refund that waits for the hold."""

    TYPE = "aftersales.dispatch.hold-resolved.v1"
    TOPIC = TOPIC
    RULES = ("RF-005", "RF-006")

    outcome: HoldResolution
    parcel_ids: list[Id]
    """The parcels that had left, where the hold came too late."""
    refund_id: Id | None = None
    """The refund for which the hold was asked."""


class WarehouseInstructionRequestedV1(OrderOutcome, Request):
    """Any other instruction; answered by `shop.warehouse.instruction-answered.v1`."""

    TYPE = "aftersales.warehouse.instruction-requested.v1"
    TOPIC = TOPIC
    RULES = ("OR-006", "OR-020", "OR-022", "RF-069", "LG-043", "LG-057", "CP-033", "CP-056")

    instruction: Instruction
    values: Values = Field(default_factory=dict[str, str])
    """Codes and references that the instruction needs."""
    parcel_id: Id | None = None


class ParcelStatusChangedV1(TrackedOutcome):
    """Where a parcel stands: its scans folded by their own time, so that status never goes back."""

    TYPE = "aftersales.parcel.status-changed.v1"
    TOPIC = TOPIC
    RULES = ("OR-009", "LG-010", "LG-037", "LG-038", "LG-039", "LG-040", "LG-041", "LG-042")

    direction: ParcelDirection | None = None
    """Absent while the parcel is not registered."""
    status: ParcelStatus
    raw_status_code: Code
    """The carrier's own code of the scan that decided."""
    place_name: Text | None = None
    is_late_news: bool
    """Whether the status comes from a scan older than one that was read before."""
    signed_by: SignedBy | None = None
    is_visible: bool = True
    """Whether the buyer may see it: of goods on their way to him from the ship mark on (OR-009)."""
    shipped_at: At | None = None
    """The ship time that the buyer is shown, which is the ship mark; absent where there is none."""
    told_status_code: Code | None = None
    """The status as it was told, where this version does not know it; `status` is then in_transit."""
    told_signer_code: Code | None = None
    """Who took the parcel as it was told, where this version does not know the word."""
    told_occurred_at: At | None = None
    """The moment of the scan as it was told, where it lies after the telling and therefore does not count."""
    expected_delivery_at: At | None = None
    """By when the carrier means to deliver, as it said last."""


class ParcelStallChangedV1(TrackedOutcome):
    """A parcel has been silent too long for its stage, or moves again."""

    TYPE = "aftersales.parcel.stall-changed.v1"
    TOPIC = TOPIC
    RULES = ("LG-016", "LG-033")

    stage: StallStage
    state: StallState
    silent_since_at: At
    """The last scan before the silence."""


class ParcelOutcomeDecidedV1(OrderOutcome):
    """The outcome of a parcel: the only thing about parcels that money may rely on. May be revised."""

    TYPE = "aftersales.parcel.outcome-decided.v1"
    TOPIC = TOPIC
    RULES = (
        "RF-006",
        "RF-034",
        "RF-035",
        "RF-036",
        "RF-037",
        "RF-038",
        "RF-044",
        "LG-017",
        "LG-018",
        "LG-026",
        "LG-050",
    )

    parcel_id: Id
    direction: ParcelDirection
    lines: list[Share]
    """The pieces inside."""
    outcome: ParcelOutcome
    revises_outcome: ParcelOutcome | None = None
    """The outcome that was announced before and does not hold, for example lost when the parcel turned up."""
    basis: OutcomeBasis
    fault: Fault


class ParcelInDoubt(Part):
    """A parcel to the buyer whose delivery is open."""

    parcel_id: Id
    doubt: DeliveryDoubt


class DeliveryDoubtsChangedV1(OrderOutcome):
    """Other parcels of an order than before are in doubt. Nobody confirms receipt while one is."""

    TYPE = "aftersales.delivery.doubts-changed.v1"
    TOPIC = TOPIC
    RULES = ("OR-029", "LG-016", "RF-036", "LG-019")

    parcels: list[ParcelInDoubt]
    """All that are in doubt now; none: nothing is open any more."""


class RefundParcelTracedV1(OrderOutcome):
    """A parcel with goods that a buyer has not received is on its way: the carrier has it."""

    TYPE = "aftersales.refund.parcel-traced.v1"
    TOPIC = TOPIC
    RULES = ("RF-034", "RF-044")

    refund_id: Id
    parcel_id: Id
    lines: list[Share]
    """The pieces inside."""
    picked_up_at: At
    """The earliest proof that the carrier has the parcel."""


class CourierActionRequestedV1(OrderOutcome, Request):
    """Call a parcel back, redirect it, hand it to another carrier, or search for it.

    Answered by `shop.courier.action-answered.v1`.
    """

    TYPE = "aftersales.courier.action-requested.v1"
    TOPIC = TOPIC
    RULES = (
        "OR-023",
        "RF-006",
        "RF-034",
        "RF-036",
        "RF-037",
        "RF-038",
        "LG-016",
        "LG-023",
        "LG-035",
        "LG-050",
        "LG-051",
    )

    action: CourierAction
    parcel_id: Id
    tracking: Tracking
    to_carrier_code: Code | None = None
    """For transfer."""
    address_ref: Ref | None = None
    """For redirect."""
    reason_code: Code


class CourierClaimRequestedV1(OrderOutcome, Conditional):
    """File, complete or withdraw our claim on a courier; answered by `shop.courier.claim-answered.v1`."""

    TYPE = "aftersales.courier.claim-requested.v1"
    TOPIC = TOPIC
    RULES = ("LG-012", "LG-017", "LG-018", "LG-022", "LG-035")

    claim_id: Id
    action: ClaimAction
    kind: ClaimKind
    parcel_id: Id
    tracking: Tracking
    amount: Money
    """The sum that we claim."""
    evidence_ids: list[Id] = Field(default_factory=list[Id])
    file_by_at: At
    """The courier need not accept the claim after this moment (the carrier's row in LG-021)."""


class CourierClaimConcludedV1(OrderOutcome):
    """Our claim on a courier is over."""

    TYPE = "aftersales.courier.claim-concluded.v1"
    TOPIC = TOPIC
    RULES = ("LG-018", "LG-022")

    claim_id: Id
    outcome: ClaimOutcome
    recovered_amount: Money
    """The sum that the courier paid; zero where nothing."""
    spent_on_buyer_amount: Money
    """The cost of the loss to us towards the buyer."""

    @model_validator(mode="after")
    def _one_currency(self) -> "CourierClaimConcludedV1":
        one_currency(self.recovered_amount, self.spent_on_buyer_amount)
        return self


class ReshipStatusChangedV1(OrderOutcome):
    """The status of a resend."""

    TYPE = "aftersales.reship.status-changed.v1"
    TOPIC = TOPIC
    RULES = ("RF-118", "RF-120", "RF-121")

    reship_id: Id
    status: ReshipStatus
    parcel_id: Id | None = None
    """The parcel that carries the resend, once sent."""


class ReshipRequestedV1(OrderOutcome, Request):
    """Keep a variant, send it, or do not.

    Answered by `shop.reship.answered.v1`; a sending also by `shop.parcel.registered.v1`.
    """

    TYPE = "aftersales.reship.requested.v1"
    TOPIC = TOPIC
    RULES = ("RF-105", "RF-121", "RF-122", "LG-008", "LG-011", "LG-017", "LG-019", "LG-025")

    reship_id: Id
    action: ReshipAction
    purpose: ReshipPurpose
    sku_ids: list[Sku]
    """The variants to send, one per line, in the order of `lines`."""
    lines: list[Share]
    address_ref: Ref | None = None
    """Absent: where the order went."""
    carrier_code: Code | None = None
    """The carrier to use; absent: any."""
    ship_by_at: At | None = None
    replaces_parcel_id: Id | None = None

    @model_validator(mode="after")
    def _one_variant_per_line(self) -> "ReshipRequestedV1":
        if len(self.sku_ids) != len(self.lines):
            raise ValueError("sku_ids names one variant per line")
        return self


class RemedyRefundDueV1(OrderOutcome):
    """The buyer is to be paid for goods that will not come; answered by `aftersales.refund.paid.v1`."""

    TYPE = "aftersales.remedy.refund-due.v1"
    TOPIC = TOPIC
    RULES = ("RF-007", "RF-035", "RF-036", "RF-037", "RF-038", "LG-018", "LG-020", "LG-026", "LG-050")

    remedy_id: Id
    parcel_id: Id | None = None
    lines: list[Share]
    reason_code: RemedyReason
    fault: Fault
