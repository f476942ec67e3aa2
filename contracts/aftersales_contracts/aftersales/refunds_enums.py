"""Defines open enumerations for the events of the service refunds."""

from aftersales_contracts.base import OpenEnum


class ApplicationKind(OpenEnum):
    """The kind of application."""

    REFUND = "refund"
    EXCHANGE = "exchange"
    OFFFLOW = "offflow"


class DecidedAnswer(OpenEnum):
    """Our answer for the seller."""

    AGREE = "agree"
    REFUSE = "refuse"


class AnswerCause(OpenEnum):
    """Why we answered: a rule of the shop, the seller's silence, or a remedy that is due."""

    POLICY = "policy"
    SILENCE = "silence"
    REMEDY = "remedy"


class FreightBearer(OpenEnum):
    """Who bears one leg of freight."""

    BUYER = "buyer"
    SELLER = "seller"


class LiabilityCause(OpenEnum):
    """Whether the reason is a matter of quality; it decides who bears the freight."""

    QUALITY = "quality"
    NOT_QUALITY = "not_quality"


class IntentPurpose(OpenEnum):
    """The purpose of a payment to a buyer."""

    REFUND = "refund"
    FREIGHT = "freight"
    PRICE_DIFFERENCE = "price_difference"
    DISCOUNT = "discount"
    FIX_COST = "fix_cost"
    LATE_COMPENSATION = "late_compensation"
    OFFFLOW = "offflow"
    ADVANCE_REPAYMENT = "advance_repayment"
    SURPLUS = "surplus"
    """Money that the buyer had paid beyond what he owed."""


class Payee(OpenEnum):
    """Who gets the money."""

    BUYER = "buyer"
    PLATFORM = "platform"


class OrderOutcomeAfterRefund(OpenEnum):
    """Says where the payment leaves the order."""

    CLOSED = "closed"
    CONTINUES = "continues"
    UNCHANGED = "unchanged"
    """The payment is for none of the goods (freight, compensation, a surplus): the order is as it was."""


class RefundEnding(OpenEnum):
    """The way a refund ended without payment."""

    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    SHIPPED = "shipped"
    SELLER_UPHELD = "seller_upheld"
    SUPERSEDED = "superseded"
    PAYMENT_ABANDONED = "payment_abandoned"


class ExchangeEnding(OpenEnum):
    """The way an exchange ended."""

    COMPLETED = "completed"
    EXPIRED = "expired"
    RETURNED_TO_BUYER = "returned_to_buyer"
    CONVERTED = "converted"
    WITHDRAWN = "withdrawn"
    BREACHED = "breached"


class BuyerClaimEnding(OpenEnum):
    """The way a claim on a buyer ended."""

    TAKEN_BACK = "taken_back"
    BILLED_AGAIN = "billed_again"
    WRITTEN_OFF = "written_off"
    VOID = "void"


class CompensationOutcome(OpenEnum):
    """Whether compensation is owed."""

    DUE = "due"
    NOT_DUE = "not_due"
