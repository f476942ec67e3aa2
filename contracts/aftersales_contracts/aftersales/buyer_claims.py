"""Defines the outcomes about goods that a buyer has beside their money."""

from pydantic import model_validator

from aftersales_contracts.aftersales.refunds import TOPIC
from aftersales_contracts.aftersales.refunds_enums import BuyerClaimEnding
from aftersales_contracts.base import Code, Id, Money, OrderOutcome
from aftersales_contracts.components import Share, one_currency, sums_up


class BuyerClaimOpenedV1(OrderOutcome):
    """Goods that were repaid reached the buyer all the same; a person decides what becomes of them."""

    TYPE = "aftersales.buyer-claim.opened.v1"
    TOPIC = TOPIC
    RULES = ("RF-035", "RF-044")

    claim_id: Id
    lines: list[Share]
    """The pieces that the buyer has beside the money, with their price."""
    amount: Money
    cause_id: Id
    """The parcel, resend or refund that brought it about."""

    @model_validator(mode="after")
    def _one_currency(self) -> "BuyerClaimOpenedV1":
        one_currency(self.amount, *(share.amount for share in self.lines))
        return self


class BuyerClaimReducedV1(OrderOutcome):
    """Some pieces of a claim on a buyer are claimed no longer; the claim goes on about the others."""

    TYPE = "aftersales.buyer-claim.reduced.v1"
    TOPIC = TOPIC
    RULES = ("RF-035", "RF-044")

    claim_id: Id
    lines: list[Share]
    """The pieces that are claimed no longer, with their price."""
    amount: Money
    """Their price together."""
    open_amount: Money
    """The price of the pieces that are claimed still."""
    reason_code: Code
    """`goods_back`, `not_there` (the buyer never had them) or `not_paid` (the money never moved)."""

    @model_validator(mode="after")
    def _one_currency(self) -> "BuyerClaimReducedV1":
        one_currency(self.amount, self.open_amount, *(share.amount for share in self.lines))
        return self


class BuyerClaimSettledV1(OrderOutcome):
    """A claim on a buyer is over. Goods that come back after a write-off settle it once more."""

    TYPE = "aftersales.buyer-claim.settled.v1"
    TOPIC = TOPIC
    RULES = ("RF-035", "RF-044")

    claim_id: Id
    how: BuyerClaimEnding
    amount: Money
    """The whole claim as it was opened."""
    recovered_amount: Money
    """The part of it that is no loss: goods that are back, money that was paid, or never due."""
    net_loss_amount: Money
    """The rest: the price of goods that stayed with the buyer and are written off."""

    @model_validator(mode="after")
    def _adds_up(self) -> "BuyerClaimSettledV1":
        sums_up(self.amount, [self.recovered_amount, self.net_loss_amount], "recovered and net loss")
        return self
