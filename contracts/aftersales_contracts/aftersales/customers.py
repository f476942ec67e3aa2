"""Defines the events of the service customers: `aftersales.customers.v1`, by order id or customer id."""

from pydantic import Field, model_validator

from aftersales_contracts.aftersales.common import NoticeTo, Request
from aftersales_contracts.base import (
    At,
    Code,
    Count,
    CustomerOutcome,
    Id,
    Money,
    OpenEnum,
    OrderOutcome,
    Outcome,
)
from aftersales_contracts.components import Ref, Values
from aftersales_contracts.enums import Channel, ConsentChannel, ConsentPurpose, PromiseKind

TOPIC = "aftersales.customers.v1"


class MessagePurpose(OpenEnum):
    """Why a message is sent."""

    SERVICE = "service"
    REVIEW_FOLLOWUP = "review_followup"
    REMINDER = "reminder"
    SURVEY = "survey"
    MARKETING = "marketing"


class NoticeOutcome(OpenEnum):
    """The outcome of a notice."""

    SENT = "sent"
    DELIVERED = "delivered"
    REACHED = "reached"
    NOT_REACHED = "not_reached"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


class PromiseOutcome(OpenEnum):
    """The way a promise ended."""

    FULFILLED = "fulfilled"
    BREACHED = "breached"
    RELEASED = "released"


class OrderCloseRequestedV1(OrderOutcome, Request):
    """The order stayed unpaid too long: close it.

    Answered by `shop.order.closed.v1` or `shop.order.request-declined.v1`; a payment beats it.
    """

    TYPE = "aftersales.order.close-requested.v1"
    TOPIC = TOPIC
    RULES = ("OR-013", "OR-014")

    pay_by_at: At
    """The moment that passed."""


class MessageSendRequestedV1(CustomerOutcome, Request):
    """A message is to be sent; consent, block list and limits have been checked. Key: customer id."""

    TYPE = "aftersales.message.send-requested.v1"
    TOPIC = TOPIC
    RULES = ("CP-006", "CP-007", "CP-008", "CP-009", "CP-010", "CU-003", "CU-004", "OR-007", "RV-025")

    to: NoticeTo = NoticeTo.BUYER
    """Who receives it: the customer, or the seller about this customer's order (OR-007)."""
    channel: Channel
    template_code: Code
    values: Values = Field(default_factory=dict[str, str])
    purpose: MessagePurpose
    agent_id: Id | None = None
    """The agent in whose name the message goes, where the customer has a fixed contact."""
    unsubscribe_ref: Ref
    """The customer's way to stop messages of this kind; the message must carry it."""
    nth_count: Count
    """Number of the message among those of this purpose to this customer, from 1; calls are not counted."""
    not_before_at: At | None = None
    expires_at: At
    """The message is not sent after this moment."""


class CallRequestedV1(CustomerOutcome, Request):
    """A customer is to be phoned; answered by `shop.call.held.v1`. Key: customer id."""

    TYPE = "aftersales.call.requested.v1"
    TOPIC = TOPIC
    RULES = ("LG-009", "CU-059", "RV-025", "CP-010", "CP-063")

    purpose_code: Code
    script_code: Code
    due_at: At


class NoticeResolvedV1(OrderOutcome):
    """The outcome of an `aftersales.notice.requested.v1`; sent may be followed by delivered or failed."""

    TYPE = "aftersales.notice.resolved.v1"
    TOPIC = TOPIC
    RULES = ("CP-009", "CP-010", "CP-064", "RV-025", "RV-026")

    notice_id: Id
    outcome: NoticeOutcome
    channel: Channel | None = None
    """The channel used last; absent where none was."""
    reason_code: Code | None = None
    """Open list: consent_withdrawn, blocked, limit_reached, expired, refused_contact."""
    summary_ref: Ref | None = None
    """The logged summary of the call, where one was held (CP-064)."""


class ConsentChangedV1(CustomerOutcome):
    """Whether a customer may be written to on a channel. Key: customer id."""

    TYPE = "aftersales.consent.changed.v1"
    TOPIC = TOPIC
    RULES = ("CP-006", "CP-007", "CP-008", "CP-009", "CP-011")

    channel: ConsentChannel
    purpose: ConsentPurpose | None = None
    """Absent: every purpose."""
    is_allowed: bool
    reason_code: Code


class AboutPromise(Outcome):
    """An outcome about one promise. Key: the order id, else the customer id."""

    promise_id: Id
    order_id: Id | None = None
    customer_id: Id | None = None

    @model_validator(mode="after")
    def _is_about_somebody(self) -> "AboutPromise":
        if self.order_id is None and self.customer_id is None:
            raise ValueError("a promise names its order_id or its customer_id")
        return self

    def subject_of(self) -> str:
        return self.order_id or self.customer_id or ""


class PromiseRegisteredV1(AboutPromise):
    """A promise that binds the shop."""

    TYPE = "aftersales.promise.registered.v1"
    TOPIC = TOPIC
    RULES = ("CP-032", "CP-033", "CP-035", "RF-009", "RF-118", "LG-055", "LG-059", "LG-065")

    kind: PromiseKind
    value_code: Code | None = None
    """The code of the promised thing, for example the gift's or the carrier's."""
    amount: Money | None = None
    due_at: At | None = None
    """The end of the promise; absent for a promise without an end, such as no_refund."""


class PromiseEndedV1(AboutPromise):
    """A promise was kept, broken or released."""

    TYPE = "aftersales.promise.ended.v1"
    TOPIC = TOPIC
    RULES = ("CP-020", "CP-032", "RF-118")

    outcome: PromiseOutcome
    points_at_risk_count: Count | None = None
    """Penalty points that the breach may cost."""
