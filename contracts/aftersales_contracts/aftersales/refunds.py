"""Defines the events of the service refunds: `aftersales.refunds.v1`, by order id."""

from pydantic import Field, model_validator

from aftersales_contracts.aftersales.common import Conditional, Request
from aftersales_contracts.aftersales.refunds_enums import (
    AnswerCause,
    ApplicationKind,
    CompensationOutcome,
    DecidedAnswer,
    ExchangeEnding,
    FreightBearer,
    IntentPurpose,
    LiabilityCause,
    OrderOutcomeAfterRefund,
    Payee,
    RefundEnding,
)
from aftersales_contracts.base import At, Code, Count, Id, Money, OrderOutcome, Sku
from aftersales_contracts.components import (
    BasisPoints,
    Ref,
    Share,
    Tender,
    Wanted,
    one_currency,
    one_of,
    sums_up,
)
from aftersales_contracts.enums import Carriage, MoneyMoved, RefundKind, ReshipPurpose

TOPIC = "aftersales.refunds.v1"


class RefundOpenedV1(OrderOutcome):
    """A refund was admitted; the seller's answer is awaited."""

    TYPE = "aftersales.refund.opened.v1"
    TOPIC = TOPIC
    RULES = ("RF-001", "RF-011", "RF-012", "RF-014", "RF-016")

    refund_id: Id
    kind: RefundKind
    reason_code: Code
    lines: list[Share]
    """The pieces that the refund is for, the whole order spelt out."""
    amount: Money
    terms_version: Count
    answer_by_at: At
    """After this the seller's silence counts as agreement."""

    @model_validator(mode="after")
    def _one_currency(self) -> "RefundOpenedV1":
        one_currency(self.amount, *(share.amount for share in self.lines))
        return self


class ApplicationRejectedV1(OrderOutcome):
    """An application cannot be opened at all."""

    TYPE = "aftersales.application.rejected.v1"
    TOPIC = TOPIC
    RULES = (
        "RF-001", "RF-045", "RF-094", "RF-095", "RF-098", "RF-105", "RF-106", "RF-107", "RF-108",
        "RF-109", "RF-110", "RF-111", "RF-117",
    )  # fmt: skip

    application: ApplicationKind
    application_id: Id
    """The refund_id or exchange_id that was applied under."""
    reason_code: Code
    """Open list: order_succeeded, not_paid, id_used, line_busy, over_refundable, excluded, second_exchange,
    other_style, out_of_window, no_service, unknown_order, unknown_line."""
    advise_code: Code | None = None
    """The step that the buyer can take instead."""


class RefundAnswerDecidedV1(OrderOutcome):
    """We answer a refund for the seller; the connector echoes `shop.refund.agreed.v1` or `.refused.v1`."""

    TYPE = "aftersales.refund.answer-decided.v1"
    TOPIC = TOPIC
    RULES = (
        "RF-013", "RF-014", "RF-015", "RF-016", "RF-030", "RF-032", "RF-034", "RF-096", "RF-098",
        "RF-099", "RF-107", "RF-108", "RF-109", "RF-110", "RF-111", "RF-115",
    )  # fmt: skip

    refund_id: Id
    terms_version: Count
    answer: DecidedAnswer
    cause: AnswerCause
    reason_code: Code | None = None
    """Why, where the answer refuses. Open list: exchange_wanted, not_agreed_beforehand, just_collected,
    no_pieces_accepted, no_quality_fault, special_offer, excluded_reason, reported_late."""
    evidence_ids: list[Id] = Field(default_factory=list[Id])


class ReturnAuthorizedV1(OrderOutcome):
    """Goods are to be sent back; approves the exchange that it names."""

    TYPE = "aftersales.return.authorized.v1"
    TOPIC = TOPIC
    RULES = ("RF-014", "RF-016", "RF-020", "RF-022", "RF-069", "RF-103", "RF-104", "RF-118")

    return_id: Id
    refund_id: Id | None = None
    exchange_id: Id | None = None
    lines: list[Share]
    return_address_ref: Ref | None = None
    """Absent where the seller's silence agreed: the seller's default address."""
    carriages: list[Carriage]
    """The ways of sending that are allowed."""
    is_collect_forbidden: bool
    """Whether a parcel with freight to pay will be refused at the gate (RF-069)."""
    needs_note: bool
    """Whether a note with the wish must lie inside (RF-103)."""
    send_by_at: At
    """After this the application lapses."""

    @model_validator(mode="after")
    def _names_one(self) -> "ReturnAuthorizedV1":
        one_of(refund_id=self.refund_id, exchange_id=self.exchange_id)
        return self


class FreightLiabilityDecidedV1(OrderOutcome):
    """Who bears which leg of the freight of a return or an exchange."""

    TYPE = "aftersales.freight-liability.decided.v1"
    TOPIC = TOPIC
    RULES = (
        "RF-060", "RF-061", "RF-062", "RF-063", "RF-064", "RF-065", "RF-066", "RF-067", "RF-068",
        "RF-070", "RF-071", "RF-072", "RF-073", "RF-074", "RF-075", "LG-002",
    )  # fmt: skip

    return_id: Id | None = None
    return_leg: FreightBearer
    """From the buyer back to the seller."""
    replacement_leg: FreightBearer | None = None
    """From the seller to the buyer once more, for an exchange."""
    is_original_freight_refunded: bool
    """Whether the freight of the first delivery goes back to the buyer."""
    reimburse_amount: Money | None = None
    """The freight laid out that the seller owes the buyer; absent: nothing, or not known yet."""
    cause: LiabilityCause


class RefundPaymentRequestedV1(OrderOutcome, Conditional):
    """Pay this intent. Repeated with the same ids until answered; a new attempt only after money_moved = no.

    Answered by `shop.refund.payment-accepted.v1`, `.settled.v1` or `.failed.v1` with both ids.
    """

    TYPE = "aftersales.refund.payment-requested.v1"
    TOPIC = TOPIC
    RULES = ("RF-002", "RF-013", "RF-025", "RF-029", "RF-046", "RF-047", "RF-048", "RF-068", "LG-060")

    intent_id: Id
    """One decision to pay: money for it moves at most once."""
    attempt_id: Id
    purpose: IntentPurpose
    amount: Money
    tenders: list[Tender] = Field(default_factory=list[Tender])
    """The parts that go back through the order's payments; they sum to `amount`. Empty: through none."""
    payee: Payee
    payee_ref: Ref | None = None
    """The account, where the money does not go back through the order's payments, such as cash (RF-048).

    Named later, the attempt is repeated with it.
    """
    lines: list[Share] | None = None
    """The pieces that the intent pays for."""
    refund_id: Id | None = None
    """The refund that the intent carries out, where there is one."""

    @model_validator(mode="after")
    def _tenders_sum_up(self) -> "RefundPaymentRequestedV1":
        if self.tenders:
            sums_up(self.amount, [tender.amount for tender in self.tenders], "tenders")
        return self


class RefundPaidV1(OrderOutcome):
    """The money of an intent has settled."""

    TYPE = "aftersales.refund.paid.v1"
    TOPIC = TOPIC
    RULES = ("RF-033", "RF-055")

    intent_id: Id
    purpose: IntentPurpose
    amount: Money
    lines: list[Share]
    """The pieces that the intent paid for; empty where there were none, as for freight alone."""
    is_full: bool
    """Whether this payment gave back the last of the money paid for the order's goods."""
    order_outcome: OrderOutcomeAfterRefund
    refund_id: Id | None = None
    """The refund that the intent carried out, where there is one."""
    remedy_id: Id | None = None
    """The `aftersales.remedy.refund-due.v1` that the intent carried out, where there is one."""


class DeadlineExtensionDecidedV1(OrderOutcome):
    """Whether more time counts that one side gave the other."""

    TYPE = "aftersales.deadline.extension-decided.v1"
    TOPIC = TOPIC

    deadline_name: Code
    until_at: At
    """The moment that was asked for; where it is allowed, the deadline from now on."""
    is_allowed: bool
    reason_code: Code | None = None
    """Why not: not_running, not_extendable, not_the_giver, not_later, too_long or extended_already."""


class RefundPaymentStuckV1(OrderOutcome):
    """An intent did not settle after all attempts; a person must look."""

    TYPE = "aftersales.refund.payment-stuck.v1"
    TOPIC = TOPIC
    RULES = ("RF-029",)

    intent_id: Id
    attempt_count: Count
    money_moved: MoneyMoved


class RefundPaymentAbandonedV1(OrderOutcome):
    """Money that was granted will not be paid: it never moved, or it came back.

    A refund of which nothing was paid closes as well (`aftersales.refund.closed.v1`). What is given up is
    free in the order's account again.
    """

    TYPE = "aftersales.refund.payment-abandoned.v1"
    TOPIC = TOPIC
    RULES = ("RF-017", "RF-029")

    intent_id: Id
    purpose: IntentPurpose
    amount: Money
    """The sum that is given up: the whole intent, or the part of it that the buyer has not got."""
    lines: list[Share]
    """The pieces that can be applied for again, with what was given up of their money."""
    refund_id: Id | None = None
    """The refund that the intent carries out, where there is one."""
    reason_code: Code
    """Open list: given_up (by a person), receipt_confirmed (the buyer has the goods)."""


class RefundClosedV1(OrderOutcome):
    """A refund ended without payment."""

    TYPE = "aftersales.refund.closed.v1"
    TOPIC = TOPIC
    RULES = ("RF-003", "RF-004", "RF-017", "RF-018", "RF-020", "RF-029", "OR-031")

    refund_id: Id
    ending: RefundEnding


class ExchangeOpenedV1(OrderOutcome):
    """An exchange may be had if the wanted variant is in stock."""

    TYPE = "aftersales.exchange.opened.v1"
    TOPIC = TOPIC
    RULES = ("RF-105", "RF-106", "RF-121")

    exchange_id: Id
    reship_id: Id
    """The resend that will bring the wanted goods: the same in reship.due and reship.status-changed."""
    lines: list[Share]
    """The pieces to give back."""
    wanted: list[Wanted]


class ReshipDueV1(OrderOutcome):
    """Goods must go to the buyer."""

    TYPE = "aftersales.reship.due.v1"
    TOPIC = TOPIC
    RULES = ("RF-120", "RF-122", "LG-001")

    reship_id: Id
    purpose: ReshipPurpose
    lines: list[Share]
    sku_ids: list[Sku]
    """The variants to send, one per line, in the order of `lines`."""
    ship_by_at: At
    cost_bearer: FreightBearer

    @model_validator(mode="after")
    def _one_variant_per_line(self) -> "ReshipDueV1":
        if len(self.sku_ids) != len(self.lines):
            raise ValueError("sku_ids names one variant per line")
        return self


class ExchangeEndedV1(OrderOutcome):
    """An exchange is over."""

    TYPE = "aftersales.exchange.ended.v1"
    TOPIC = TOPIC
    RULES = ("RF-118",)

    exchange_id: Id
    ending: ExchangeEnding


class CompensationDecidedV1(OrderOutcome):
    """Whether compensation for late shipping or a stock-out is owed, apart from any refund (LG-060)."""

    TYPE = "aftersales.compensation.decided.v1"
    TOPIC = TOPIC
    RULES = ("LG-060", "LG-061")

    base_amount: Money
    """The money for goods, without freight, that the refund gave back, as far as it counts."""
    rate_bps: BasisPoints
    """Share of `base_amount` in basis points: 3000 is 30 %."""
    cap: Money
    """The most per order."""
    amount: Money
    """The sum owed for these goods: their share, as far as the cap leaves it; zero where nothing is due."""
    outcome: CompensationOutcome
    reason_code: Code

    @model_validator(mode="after")
    def _within_the_cap(self) -> "CompensationDecidedV1":
        one_currency(self.base_amount, self.cap, self.amount)
        if self.amount.minor > self.cap.minor:
            raise ValueError("the amount exceeds its cap")
        return self


class OrderAutoConfirmRequestedV1(OrderOutcome, Request):
    """The receipt window is over: confirm for the buyer and release the money to the seller.

    Answered by `shop.order.succeeded.v1` or `shop.order.request-declined.v1`.
    """

    TYPE = "aftersales.order.auto-confirm-requested.v1"
    TOPIC = TOPIC
    RULES = ("OR-025", "OR-026", "OR-027", "OR-028", "OR-029", "OR-030")

    lines: list[Share] | None = None
    """The pieces that are confirmed; absent: the whole order."""
    release_amount: Money
    """Paid, less what was refunded or is promised."""
