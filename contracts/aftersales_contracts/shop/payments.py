"""Defines the events of the payment provider: `shop.payments.v1`, by the order id that our request named."""

from pydantic import Field, model_validator

from aftersales_contracts.base import Code, Id, Money, OrderEvent
from aftersales_contracts.components import (
    Party,
    Payment,
    Ref,
    Share,
    Tender,
    one_currency,
    sums_up,
)
from aftersales_contracts.enums import ChargebackStage, MoneyMoved, OutsidePurpose, PaymentStatus

TOPIC = "shop.payments.v1"


class RefundPaymentAcceptedV1(OrderEvent):
    """The provider took the request; the money has not moved yet."""

    TYPE = "shop.refund.payment-accepted.v1"
    TOPIC = TOPIC

    intent_id: Id
    attempt_id: Id
    provider_ref: Ref


class RefundSettledV1(OrderEvent):
    """The money of one intent has moved."""

    TYPE = "shop.refund.settled.v1"
    TOPIC = TOPIC
    RULES = ("RF-047", "RF-048", "RF-126")

    intent_id: Id
    attempt_id: Id
    amount: Money
    """The sum that moved, over all tenders."""
    tenders: list[Tender] = Field(default_factory=list[Tender])
    """The sums that went back, by payment; empty where they went through none of the order's payments."""
    provider_ref: Ref
    has_moved_now: bool
    """False where the event only repeats that the money had moved before."""

    @model_validator(mode="after")
    def _tenders_sum_up(self) -> "RefundSettledV1":
        if self.tenders:
            sums_up(self.amount, [tender.amount for tender in self.tenders], "tenders")
        return self


class RefundFailedV1(OrderEvent):
    """The money did not move, or nobody knows."""

    TYPE = "shop.refund.failed.v1"
    TOPIC = TOPIC

    intent_id: Id
    attempt_id: Id
    reason_code: Code
    is_retryable: bool
    money_moved: MoneyMoved
    """A new attempt is made only after `no`."""


class RefundReversedV1(OrderEvent):
    """Money that had settled came back, whole or in parts: an event for each part.

    Also of a refund made outside: then `intent_id` is its `outside_id`.
    """

    TYPE = "shop.refund.reversed.v1"
    TOPIC = TOPIC

    intent_id: Id
    amount: Money
    """The sum that came back by this event."""
    tenders: list[Tender] = Field(default_factory=list[Tender])
    """The payments through which it had gone; empty where that is not known."""
    reason_code: Code

    @model_validator(mode="after")
    def _tenders_sum_up(self) -> "RefundReversedV1":
        if self.tenders:
            sums_up(self.amount, [tender.amount for tender in self.tenders], "tenders")
        return self


class PaymentStatusChangedV1(OrderEvent):
    """One payment of an order was authorised, came in, was voided or failed.

    Beside `shop.order.paid.v1`, which says that the order is fully paid: this tells of parts, and of what
    does not come. The same payment in both is one payment.
    """

    TYPE = "shop.payment.status-changed.v1"
    TOPIC = TOPIC
    RULES = ("OR-003", "RF-048")

    payment: Payment
    status: PaymentStatus
    reason_code: Code | None = None


class PaymentChargedBackV1(OrderEvent):
    """The payer disputes a payment at his bank. While that is open, the money is not paid another way."""

    TYPE = "shop.payment.charged-back.v1"
    TOPIC = TOPIC
    RULES = ("OR-003", "RF-048")

    payment_id: Id
    dispute_id: Id | None = None
    """The dispute, where a payment may have several; its stages have the same."""
    stage: ChargebackStage
    amount: Money
    """The sum in dispute, a part of the payment or all of it."""
    reason_code: Code


class RefundMadeOutsideV1(OrderEvent):
    """Money went to the buyer without a request of ours: at the provider's dashboard, a till, as goodwill.

    It lowers what can be refunded of the order.
    """

    TYPE = "shop.refund.made-outside.v1"
    TOPIC = TOPIC
    RULES = ("OR-003", "RF-048")

    outside_id: Id
    """The announcer's id of this movement of money; told again, it is a repeat."""
    purpose: OutsidePurpose = OutsidePurpose.REFUND
    amount: Money
    """The sum that moved."""
    tenders: list[Tender] = Field(default_factory=list[Tender])
    """The sums that went back, by payment; empty where that is not known, or they went through none."""
    lines: list[Share] | None = None
    """The pieces that were repaid, where known."""
    freight: Money | None = None
    """The part of `amount` that is freight, or a charge that belongs to no line."""
    refund_id: Id | None = None
    """The application that the money answers, where there is one."""
    reason_code: Code | None = None
    shown_amount: Money | None = None
    """The same sum in the currency that was shown to the buyer, where that is another."""
    by: Party | None = None

    @model_validator(mode="after")
    def _amounts_agree(self) -> "RefundMadeOutsideV1":
        if self.tenders:
            sums_up(self.amount, [tender.amount for tender in self.tenders], "tenders")
        lines = self.lines or ()
        parts = [share.amount for share in lines if share.amount is not None]
        one_currency(self.amount, self.freight, *parts)
        together = sum(part.minor for part in parts) + (0 if self.freight is None else self.freight.minor)
        if together > self.amount.minor + len(lines):
            raise ValueError(f"lines and freight sum to {together}, more than {self.amount.minor}")
        return self
