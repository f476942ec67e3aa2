"""Defines the events of the payment provider: `shop.payments.v1`, by the order id that our request named."""

from pydantic import Field, model_validator

from aftersales_contracts.base import Code, Id, Money, OrderEvent
from aftersales_contracts.components import Ref, Tender, sums_up
from aftersales_contracts.enums import MoneyMoved

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
    """Money that had settled came back, whole or in parts: an event for each part."""

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
