"""Defines the events of buyers, sellers and the dispute centre: `shop.aftersales.v1`, by order id."""

from pydantic import Field, model_validator

from aftersales_contracts.base import At, Code, Count, Id, Money, OpenEnum, OrderEvent
from aftersales_contracts.components import (
    Digest,
    Party,
    Ref,
    Share,
    Tracking,
    Wanted,
    one_of,
    shares_sum_up,
)
from aftersales_contracts.enums import Carriage, EvidenceKind, RefundKind

TOPIC = "shop.aftersales.v1"


class AnswerStage(OpenEnum):
    """The thing that the seller answers: the application, the returned goods or the platform's advance."""

    ANSWER = "answer"
    RECEIPT = "receipt"
    ADVANCE = "advance"


class ExchangeAnswer(OpenEnum):
    """The seller's answer to an exchange."""

    APPROVED = "approved"
    REFUSED = "refused"


class ProblemKind(OpenEnum):
    """The problem, as the customer says."""

    NOT_RECEIVED = "not_received"
    SIGNED_NOT_RECEIVED = "signed_not_received"
    MISSING_ITEM = "missing_item"
    DAMAGED = "damaged"
    QUALITY = "quality"
    WRONG_ITEM = "wrong_item"
    WRONG_SIZE = "wrong_size"
    WRONG_COLOUR = "wrong_colour"
    EXPIRED = "expired"
    INVOICE_MISSING = "invoice_missing"
    COURIER_CONDUCT = "courier_conduct"


class Wish(OpenEnum):
    """The wish of a customer with a problem."""

    KEEP = "keep"
    EXCHANGE = "exchange"
    REFUND = "refund"
    RETURN = "return"
    RESHIP = "reship"
    REPAIR = "repair"
    UNKNOWN = "unknown"


class RefundTerms(OrderEvent):
    """One version of what a buyer applies for."""

    refund_id: Id
    terms_version: Count
    """From 1; each amendment is one more. Answers name the version that they answer."""
    kind: RefundKind
    reason_code: Code
    """Open list; rules ask for late_shipment, out_of_stock, quality, not_as_described, wrong_item, damaged,
    missing, not_received, no_reason, agreed, other."""
    lines: list[Share] | None = None
    """The pieces that the refund is for; absent: the whole order."""
    amount: Money
    """All that is asked for: the lines' amounts and `freight`, exactly."""
    freight: Money | None = None
    """The part of `amount` that is freight."""
    settlement_id: Id | None = None
    """The agreed settlement that the refund carries out."""
    is_agreed_beforehand: bool = False
    """Whether the seller had agreed before the refund was filed."""
    statement_ref: Ref | None = None
    evidence_ids: list[Id] = Field(default_factory=list[Id])

    @model_validator(mode="after")
    def _amounts_agree(self) -> "RefundTerms":
        shares_sum_up(self.amount, self.lines or (), self.freight)
        if self.freight is not None and self.freight.minor > self.amount.minor:
            raise ValueError("freight exceeds the amount that it is part of")
        return self


class RefundAppliedV1(RefundTerms):
    """A buyer opened a refund; several may run on one order."""

    TYPE = "shop.refund.applied.v1"
    TOPIC = TOPIC
    RULES = (
        "RF-001",
        "RF-004",
        "RF-011",
        "RF-030",
        "RF-032",
        "RF-045",
        "RF-078",
        "RF-107",
        "RF-108",
        "RF-111",
        "RF-115",
        "LG-060",
    )


class RefundAmendedV1(RefundTerms):
    """The buyer changed the application after a refusal; every field as it is now."""

    TYPE = "shop.refund.amended.v1"
    TOPIC = TOPIC
    RULES = ("RF-017", "RF-027", "RF-028")


class RefundAgreedV1(OrderEvent):
    """The seller agreed to this version of a refund."""

    TYPE = "shop.refund.agreed.v1"
    TOPIC = TOPIC
    RULES = ("RF-009", "RF-013", "RF-014", "RF-016", "RF-053")

    refund_id: Id
    terms_version: Count
    stage: AnswerStage
    return_address_ref: Ref | None = None
    """Where the goods go, for a refund with return."""
    by: Party


class RefundRefusedV1(OrderEvent):
    """The seller refused this version of a refund."""

    TYPE = "shop.refund.refused.v1"
    TOPIC = TOPIC
    RULES = ("RF-003", "RF-017", "RF-026", "RF-031", "RF-054")

    refund_id: Id
    terms_version: Count
    stage: AnswerStage
    reason_code: Code
    evidence_ids: list[Id] = Field(default_factory=list[Id])
    by: Party


class ForRefundOrExchange(OrderEvent):
    """An event about exactly one refund or one exchange."""

    refund_id: Id | None = None
    exchange_id: Id | None = None

    @model_validator(mode="after")
    def _names_one(self) -> "ForRefundOrExchange":
        one_of(refund_id=self.refund_id, exchange_id=self.exchange_id)
        return self


class ApplicationWithdrawnV1(ForRefundOrExchange):
    """The buyer took an application back."""

    TYPE = "shop.application.withdrawn.v1"
    TOPIC = TOPIC
    RULES = ("RF-004", "RF-118")

    by: Party


class DeadlineExtendedV1(OrderEvent):
    """One side gave the other more time, for a deadline that `aftersales.case.changed.v1` calls extendable.

    `aftersales.deadline.extension-decided.v1` says whether it counts.
    """

    TYPE = "shop.deadline.extended.v1"
    TOPIC = TOPIC

    case_kind: Code
    case_id: Id
    deadline_name: Code
    until_at: At
    """The deadline from now on."""
    by: Party
    """The side that gives the time: not the one that has it."""
    reason_code: Code


class ReturnSentV1(ForRefundOrExchange):
    """The buyer registered a return; several may belong to one refund."""

    TYPE = "shop.return.sent.v1"
    TOPIC = TOPIC
    RULES = ("RF-022", "RF-023", "RF-024", "RF-068", "RF-103", "RF-104", "RF-125")

    return_id: Id
    lines: list[Share]
    """The pieces inside."""
    carriage: Carriage
    tracking: Tracking
    """A return is registered with its number, mail too (RF-022)."""
    freight_paid_amount: Money | None = None
    """The freight that the buyer paid the carrier."""
    is_freight_collect: bool = False
    """Whether the carrier is to take the freight from the seller (RF-069)."""
    has_note: bool = False
    """Whether a note with the wish lies inside (RF-103)."""


class ReturnAcceptedV1(ForRefundOrExchange):
    """The seller confirmed the returned goods."""

    TYPE = "shop.return.accepted.v1"
    TOPIC = TOPIC
    RULES = ("RF-025",)

    return_id: Id
    lines: list[Share]
    """The pieces that are accepted; may be fewer than were sent."""
    by: Party


class ExchangeAppliedV1(OrderEvent):
    """A buyer wants other goods for some pieces."""

    TYPE = "shop.exchange.applied.v1"
    TOPIC = TOPIC
    RULES = ("RF-105", "RF-106", "RF-120")

    exchange_id: Id
    lines: list[Share] = Field(min_length=1)
    """The pieces to give back."""
    wanted: list[Wanted]
    """The variant wanted for each of these lines."""
    reason_code: Code
    statement_ref: Ref | None = None
    evidence_ids: list[Id] = Field(default_factory=list[Id])


class ExchangeAnsweredV1(OrderEvent):
    """The seller answered an exchange."""

    TYPE = "shop.exchange.answered.v1"
    TOPIC = TOPIC
    RULES = ("RF-116", "RF-118")

    exchange_id: Id
    answer: ExchangeAnswer
    reason_code: Code | None = None
    """The reason for a refusal."""
    by: Party


class ProblemReportedV1(OrderEvent):
    """The customer says that something is wrong; not an application for anything yet."""

    TYPE = "shop.problem.reported.v1"
    TOPIC = TOPIC
    RULES = (
        "RF-076",
        "RF-079",
        "RF-080",
        "RF-085",
        "RF-098",
        "RF-099",
        "LG-001",
        "LG-006",
        "LG-013",
        "LG-035",
        "LG-038",
        "LG-044",
        "LG-049",
        "RV-031",
    )

    problem_id: Id
    problem: ProblemKind
    wanted: Wish
    lines: list[Share] | None = None
    """The pieces that the problem is about; absent: the whole order."""
    parcel_id: Id | None = None
    received_weight_grams: Count | None = None
    """Grams, as the customer weighed."""
    is_before_signature: bool = False
    """Whether the problem was noticed before the parcel was signed for."""
    has_threatened_review: bool = False
    """Whether a bad review was threatened (RV-031)."""
    evidence_ids: list[Id] = Field(default_factory=list[Id])


class OfferAnsweredV1(OrderEvent):
    """The buyer chose among the options of an `aftersales.offer.made.v1`, whose ids it echoes."""

    TYPE = "shop.offer.answered.v1"
    TOPIC = TOPIC
    RULES = ("RF-007", "RF-076", "RF-089", "LG-018", "LG-025", "LG-079", "CU-079")

    offer_id: Id
    case_id: Id
    """As in the offer."""
    case_kind: Code
    """As in the offer."""
    option_id: Id | None = None
    """The option chosen; absent: all declined."""
    carrier_code: Code | None = None
    """The carrier that the buyer wants, where a resend was offered."""


class EvidenceSubmittedV1(OrderEvent):
    """A piece of evidence is in a store; other events name it by `evidence_id`."""

    TYPE = "shop.evidence.submitted.v1"
    TOPIC = TOPIC
    RULES = ("RF-031", "RF-058", "RF-086", "LG-007", "LG-010", "LG-044")

    evidence_id: Id
    kind: EvidenceKind
    store_ref: Ref
    """The place where the announcer keeps the evidence; we never fetch it."""
    sha256: Digest | None = None
    """Hash of the bytes, in hexadecimal."""
    media_type: Code | None = None
    """For example image/jpeg."""
    request_id: Id | None = None
    """The `aftersales.evidence.requested.v1` that the evidence answers."""
    case_id: Id | None = None
    """As in that request."""
    case_kind: Code | None = None
    """As in that request."""
    parcel_id: Id | None = None
    line_ids: list[Id] | None = None
    by: Party
