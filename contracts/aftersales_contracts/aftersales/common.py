"""Defines what any of the four services announces on its topic: cases, tasks, notices, offers, requests."""

from typing import ClassVar

from pydantic import Field, model_validator

from aftersales_contracts.base import At, Code, Count, Event, Id, Money, Name, OpenEnum, OrderOutcome, Outcome
from aftersales_contracts.components import DeadlinePart, Option, Share, Subject, Tracking, Values
from aftersales_contracts.enums import Channel, EvidenceKind, MemoPurpose, Role
from aftersales_contracts.topics import COMMON_TOPIC


class Phase(OpenEnum):
    """Whether an order is before or after its success."""

    IN_SALE = "in_sale"
    AFTER_SALE = "after_sale"
    NOT_TOLD = "not_told"
    """The case does not know; the order's own case tells it."""


class NoticeTo(OpenEnum):
    """Whom a notice is for."""

    BUYER = "buyer"
    SELLER = "seller"


class NoticePurpose(OpenEnum):
    """Why a notice is sent; consent and limits are checked by it."""

    SERVICE = "service"
    REVIEW_FOLLOWUP = "review_followup"


class EvidenceHolder(OpenEnum):
    """Who is asked to show something."""

    BUYER = "buyer"
    SELLER = "seller"
    ARCHIVE = "archive"


class ViolationClass(OpenEnum):
    """Class of a violation; each has its own points."""

    GENERAL = "general"
    SERIOUS = "serious"


class OrderAction(OpenEnum):
    """An action asked of the order system."""

    ADD_MEMO = "add_memo"
    MARK_SHIPPED = "mark_shipped"
    CORRECT_FREIGHT = "correct_freight"


class StillHolds(OpenEnum):
    """A condition that the receiver of a request checks before acting."""

    AWAITING_PAYMENT = "awaiting_payment"
    SHIPPED = "shipped"
    NOT_SHIPPED = "not_shipped"
    NO_OPEN_REFUND = "no_open_refund"


class Conditional(Event):
    """A request that may have become pointless on its way."""

    only_if: list[StillHolds] | None = None
    """The request is carried out only while all of these hold; absent: unconditionally."""


class Request(Conditional):
    """A request that is answered under its own id. It may be repeated with the same id, and declined."""

    request_id: Id


class SubjectOutcome(Outcome):
    """An outcome whose key is the subject of its case, whatever that is."""

    about_subject: Subject
    """The subject of the case; also the CloudEvents subject and the key."""
    order_id: Id | None = None
    customer_id: Id | None = None

    def subject_of(self) -> str:
        return self.about_subject


class CaseChangedV1(SubjectOutcome):
    """The public picture of a case that moved; nobody must act on it.

    Announced once for each decision after which people see anything otherwise. The words of each kind are in
    `contracts/catalogue/`: statuses, endings, actions and deadlines, in Chinese and English.
    """

    TYPE = "aftersales.case.changed.v1"
    TOPIC = COMMON_TOPIC
    SERVICES: ClassVar[tuple[str, ...]] = ("refunds", "logistics", "reviews", "customers")
    RULES = ("OR-002", "OR-012")

    status: Code
    """A status of the kind of case (`statuses`)."""
    previous_status: Code | None = None
    """The status before, as announced last; absent where the case shows itself for the first time."""
    ending: Code | None = None
    """The way the case ended; absent while the case is open."""
    phase: Phase
    waits_for: Role | None = None
    """The role whose turn it is; absent once the case ended."""
    deadlines: list[DeadlinePart]
    """The deadlines that run now, the earliest first (`deadlines`)."""
    allowed_action_codes: list[Code]
    """The actions that buyer or seller can take now (`actions`)."""


class TaskRequestedV1(SubjectOutcome, Conditional):
    """A person must decide.

    The `shop.task.completed.v1` echoes task_id, case_kind, case_id and about_subject.
    """

    TYPE = "aftersales.task.requested.v1"
    TOPIC = COMMON_TOPIC
    SERVICES: ClassVar[tuple[str, ...]] = ("refunds", "logistics", "reviews", "customers")
    RULES = ("RF-007", "RF-040", "RF-041", "RF-046", "LG-003", "LG-020", "CU-015")

    task_id: Id
    kind_code: Code
    """Kind of task, for routing: attention, approval, assessment, reconciliation."""
    question_code: Code
    """The question to the person."""
    options: list[Option] | None = None
    due_at: At
    """The task goes to `escalate_to` at this moment; the case's own deadlines run on."""
    escalate_to: Role
    evidence_ids: list[Id] = Field(default_factory=list[Id])


class TaskWithdrawnV1(SubjectOutcome):
    """A task is no longer needed: the case moved on."""

    TYPE = "aftersales.task.withdrawn.v1"
    TOPIC = COMMON_TOPIC
    SERVICES: ClassVar[tuple[str, ...]] = ("refunds", "logistics", "reviews", "customers")

    task_id: Id
    reason_code: Code


class NoticeRequestedV1(OrderOutcome, Conditional):
    """Somebody is to be told something; customers alone sends, and answers with `notice.resolved`."""

    TYPE = "aftersales.notice.requested.v1"
    TOPIC = COMMON_TOPIC
    SERVICES: ClassVar[tuple[str, ...]] = ("refunds", "logistics", "reviews")
    RULES = (
        "OR-007",
        "RF-019",
        "RF-021",
        "RF-085",
        "LG-006",
        "LG-024",
        "LG-030",
        "LG-034",
        "LG-045",
        "RV-010",
        "RV-011",
        "RV-025",
    )

    notice_id: Id
    to: NoticeTo
    template_code: Code
    values: Values = Field(default_factory=dict[str, str])
    purpose: NoticePurpose
    channels: list[Channel] = Field(min_length=1)
    """The channels to try, in this order."""
    expires_at: At
    """The notice is suppressed after this moment."""

    @model_validator(mode="after")
    def _buyer_is_named(self) -> "NoticeRequestedV1":
        if self.to is NoticeTo.BUYER and self.customer_id is None:
            raise ValueError("a notice to the buyer names the customer_id")
        return self


class OfferMadeV1(OrderOutcome):
    """Remedies that the buyer may choose from.

    The `shop.offer.answered.v1` echoes offer_id, case_id and case_kind.
    """

    TYPE = "aftersales.offer.made.v1"
    TOPIC = COMMON_TOPIC
    SERVICES: ClassVar[tuple[str, ...]] = ("refunds", "logistics")
    RULES = ("RF-007", "RF-076", "RF-087", "RF-089", "LG-018", "LG-025", "CU-079")

    offer_id: Id
    options: list[Option] = Field(min_length=1)
    default_option_id: Id | None = None
    """The option that holds if nobody chooses; absent: the offer lapses."""
    choose_by_at: At

    @model_validator(mode="after")
    def _default_is_an_option(self) -> "OfferMadeV1":
        names = [option.option_id for option in self.options]
        if len(set(names)) != len(names):
            raise ValueError("option_id is not unique within the offer")
        if self.default_option_id is not None and self.default_option_id not in names:
            raise ValueError(f"the default {self.default_option_id} is not among the options")
        return self


class EvidenceRequestedV1(OrderOutcome, Request):
    """Somebody is asked to show something.

    The `shop.evidence.submitted.v1` echoes request_id, case_id and case_kind.
    """

    TYPE = "aftersales.evidence.requested.v1"
    TOPIC = COMMON_TOPIC
    SERVICES: ClassVar[tuple[str, ...]] = ("refunds", "logistics")
    RULES = ("RF-031", "RF-058", "RF-086", "LG-007", "LG-044")

    from_role: EvidenceHolder
    kinds: list[EvidenceKind] = Field(min_length=1)
    """Any of these."""
    about_code: Code
    due_at: At
    """The case is decided without evidence after this moment."""


class ViolationNoticedV1(SubjectOutcome):
    """Conduct looks wrong, before the platform says so; no points are taken by this."""

    TYPE = "aftersales.violation.noticed.v1"
    TOPIC = COMMON_TOPIC
    SERVICES: ClassVar[tuple[str, ...]] = ("refunds", "logistics", "customers")
    RULES = (
        "CP-012",
        "CP-013",
        "CP-014",
        "CP-015",
        "CP-016",
        "CP-017",
        "CP-018",
        "CP-019",
        "CP-020",
        "CP-021",
        "CP-022",
        "CP-023",
        "CP-024",
        "CP-032",
        "CP-035",
        "CP-060",
        "CP-061",
        "CP-062",
        "CP-066",
        "CP-067",
        "LG-057",
        "LG-066",
        "RF-009",
    )

    kind_code: Code
    """A row of the points table, for example late_shipping, breach_of_promise."""
    violation_class: ViolationClass
    points_at_risk_count: Count | None = None
    order_ids: list[Id]
    message_id: Id | None = None
    agent_id: Id | None = None


class OrderActionRequestedV1(OrderOutcome, Request):
    """The order system is asked for a memo, a ship mark or a freight correction.

    Answered by `shop.order.memo-stored.v1`, `.shipped.v1`, `.terms-changed.v1` or `.request-declined.v1`.
    """

    TYPE = "aftersales.order.action-requested.v1"
    TOPIC = COMMON_TOPIC
    SERVICES: ClassVar[tuple[str, ...]] = ("refunds", "logistics", "customers")
    RULES = ("OR-022", "OR-035", "LG-020", "CP-033", "CP-060")

    action: OrderAction
    purpose: MemoPurpose | None = None
    """The purpose of the memo, for add_memo."""
    values: Values = Field(default_factory=dict[str, str])
    """The content of the memo, in codes."""
    tracking: Tracking | None = None
    """For mark_shipped."""
    freight: Money | None = None
    """The correct freight, for correct_freight."""
    lines: list[Share] | None = None
    """The pieces that the action is for; absent: the whole order."""


class ListingActionRequestedV1(Outcome, Request):
    """The catalogue is asked to withdraw a listing, stop its sale or repair its words. Key: product id."""

    TYPE = "aftersales.listing.action-requested.v1"
    TOPIC = COMMON_TOPIC
    SERVICES: ClassVar[tuple[str, ...]] = ("logistics", "customers")
    RULES = (
        "LG-058",
        "CP-063",
        "CP-070",
        "CP-071",
        "CP-072",
        "CP-073",
        "CP-074",
        "CP-075",
        "CP-076",
        "CP-077",
        "CP-078",
        "CP-079",
        "CP-080",
        "RV-023",
    )

    product_id: Id
    order_id: Id | None = None
    """The order that brought it to light."""
    action_code: Code
    """Open list: withdraw, stock_only, repair_words."""
    reason_code: Code
    findings: list[Name] = Field(default_factory=list[str])
    """The findings, in codes or sku ids."""

    def subject_of(self) -> str:
        return self.product_id
