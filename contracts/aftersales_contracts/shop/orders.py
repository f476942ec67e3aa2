"""Defines the events of the order system: `shop.orders.v1`, by order id."""

from pydantic import Field, model_validator

from aftersales_contracts.base import Code, Id, Money, OpenEnum, OrderEvent
from aftersales_contracts.components import (
    Charge,
    Digest,
    Line,
    Party,
    Payment,
    Ref,
    Share,
    one_currency,
    sums_up,
)
from aftersales_contracts.enums import MemoPurpose, SellerType

TOPIC = "shop.orders.v1"


class SalesChannel(OpenEnum):
    """The way an order came in."""

    DIRECT = "direct"
    DISTRIBUTION = "distribution"


class PaymentMode(OpenEnum):
    """When an order is paid."""

    PREPAID = "prepaid"
    CASH_ON_DELIVERY = "cash_on_delivery"


class DeliveryKind(OpenEnum):
    """The delivery of a part of an order; it decides the auto-confirm window (OR-025 to OR-028)."""

    AUTO_DELIVERED = "auto_delivered"
    VIRTUAL = "virtual"
    EXPRESS = "express"
    EMS = "ems"
    MAIL = "mail"
    NONE = "none"


class SuccessCause(OpenEnum):
    """Why a trade succeeded."""

    BUYER = "buyer"
    AUTO_CONFIRM = "auto_confirm"
    PARTIAL_REFUND = "partial_refund"


class CloseCause(OpenEnum):
    """Why a trade was closed."""

    UNPAID_TIMEOUT = "unpaid_timeout"
    UNPAID_CANCELLED = "unpaid_cancelled"
    UNPAID_AGREED = "unpaid_agreed"
    REFUNDED_UNSHIPPED = "refunded_unshipped"
    REFUNDED = "refunded"
    REFUNDED_OUTSIDE = "refunded_outside"
    """The shop gave the money back without a request of ours, and the pieces are not to be sent any more."""
    FRAUD = "fraud"
    DECLINED = "declined"
    """The payment was declined."""
    NO_STOCK = "no_stock"
    STAFF_ERROR = "staff_error"


def _terms_sum_up(
    lines: list[Line], freight: Money, total: Money, charges: list[Charge], off: Money | None
) -> None:
    """Raises ValueError where the sums do not make the total, or a charge is on no line.

    A minor unit for each line is no fault: announcers split cents in more than one way.
    """
    one_currency(
        total, freight, off, *(line.unit_price for line in lines), *(charge.amount for charge in charges)
    )
    if len({line.line_id for line in lines}) != len(lines):
        raise ValueError("line_id is not unique within the order")
    if not lines:
        return
    known = {line.line_id for line in lines}
    if any(charge.line_id is not None and charge.line_id not in known for charge in charges):
        raise ValueError("a charge names no line of the order")
    together = sum(line.amount_minor for line in lines) + freight.minor
    together += sum(charge.amount.minor for charge in charges) - (0 if off is None else off.minor)
    if abs(together - total.minor) > len(lines):
        raise ValueError(f"lines and freight sum to {together}, not to {total.minor}")


class OrderPlacedV1(OrderEvent):
    """A buyer placed an order; it is not paid yet.

    One whose lines and sums are all zero (a gift) counts as paid; no `shop.order.paid.v1` is needed.
    """

    TYPE = "shop.order.placed.v1"
    TOPIC = TOPIC
    RULES = (
        "OR-001",
        "OR-003",
        "OR-004",
        "OR-021",
        "OR-022",
        "OR-032",
        "LG-043",
        "CP-061",
        "CP-086",
        "CP-090",
        "CP-094",
        "CU-002",
        "CU-003",
    )

    customer_id: Id
    """The person, the same over all orders of the shop; key of consent, messages and calls."""
    buyer_account_id: Id | None = None
    """The account that ordered, where it is not the customer's only one."""
    seller_type: SellerType
    platform_code: Code
    """The marketplace or web shop, for example taobao, tmall, olist."""
    channel: SalesChannel = SalesChannel.DIRECT
    payment_mode: PaymentMode = PaymentMode.PREPAID
    lines: list[Line]
    """Every line, `line_id` unique; empty only where the announcer never learnt them."""
    freight: Money
    """The freight that the buyer pays for the whole order; a share per line is not announced."""
    total: Money
    """The sum that the buyer owes: the lines after discount, `freight` and `charges`, less `rounded_off`; a
    minor unit more or less for each line is no fault."""
    address_ref: Ref | None = None
    address_digest: Digest | None = None
    region_code: Code | None = None
    """The destination, in the announcer's list of regions."""
    has_consulted: bool | None = None
    """Whether the buyer talked to staff before ordering; absent: unknown."""
    agent_id: Id | None = None
    """The agent who sold the order."""
    buyer_note_ref: Ref | None = None
    delivery_slot_code: Code | None = None
    tops_up_order_id: Id | None = None
    """The earlier order that this one completes to the free-freight amount."""
    campaign_id: Id | None = None
    charges: list[Charge] = Field(default_factory=list[Charge])
    """The sums that the buyer owes beside lines and freight: tax on top, duties, tips, fees, rounding up."""
    rounded_off: Money | None = None
    """Taken off the sum, for example to the smallest coin."""
    shown_total: Money | None = None
    """`total` in the currency that was shown to the buyer, where that is another."""

    @model_validator(mode="after")
    def _amounts_agree(self) -> "OrderPlacedV1":
        _terms_sum_up(self.lines, self.freight, self.total, self.charges, self.rounded_off)
        return self


class OrderTermsChangedV1(OrderEvent):
    """The seller edited price or freight of an unpaid order; the time to pay starts anew.

    `charges` and `rounded_off` are told with `lines`; without lines they are as before.
    """

    TYPE = "shop.order.terms-changed.v1"
    TOPIC = TOPIC
    RULES = ("OR-014", "OR-016", "OR-017", "OR-018", "LG-074", "CP-060")

    by: Party
    lines: list[Line] | None = None
    """All lines as they are now; absent: as before."""
    freight: Money
    """The freight of the whole order, as it is now."""
    total: Money
    """The sum that the buyer owes now."""
    request_id: Id | None = None
    """Our request that the event answers."""
    charges: list[Charge] = Field(default_factory=list[Charge])
    rounded_off: Money | None = None
    shown_total: Money | None = None

    @model_validator(mode="after")
    def _amounts_agree(self) -> "OrderTermsChangedV1":
        _terms_sum_up(self.lines or [], self.freight, self.total, self.charges, self.rounded_off)
        return self


class OrderEditedV1(OrderEvent):
    """Lines of a paid order were added, removed or changed. The event tells the order as it is now.

    Money for what was removed is the buyer's: a person is asked. What was added is paid by a payment
    that follows, or by money that was for something else before.
    """

    TYPE = "shop.order.edited.v1"
    TOPIC = TOPIC
    RULES = ("OR-003",)

    by: Party
    lines: list[Line] = Field(min_length=1)
    """Every line as it is now; one that is not named any more is removed."""
    freight: Money
    """The freight of the whole order, as it is now."""
    total: Money
    """The sum that the buyer owes for the whole order now, whatever he has paid."""
    reason_code: Code | None = None
    charges: list[Charge] = Field(default_factory=list[Charge])
    rounded_off: Money | None = None
    shown_total: Money | None = None

    @model_validator(mode="after")
    def _amounts_agree(self) -> "OrderEditedV1":
        _terms_sum_up(self.lines, self.freight, self.total, self.charges, self.rounded_off)
        return self


class OrderMemoStoredV1(OrderEvent):
    """A memo is on the order."""

    TYPE = "shop.order.memo-stored.v1"
    TOPIC = TOPIC
    RULES = ("OR-022", "LG-020", "LG-043", "CP-033")

    memo_ref: Ref
    purpose: MemoPurpose
    request_id: Id | None = None
    """Our request that the event answers."""


class OrderPaidV1(OrderEvent):
    """The order is fully paid, on the word of the payment account, never of a message.

    The amount may differ from the order's total: fees, vouchers and rounding of a means of payment
    are the payment provider's. Told again with a payment of another id, that is money beside: it fills up
    what the order lacks, and the rest is the buyer's. A payment that is named again is counted once.
    """

    TYPE = "shop.order.paid.v1"
    TOPIC = TOPIC
    RULES = (
        "OR-004",
        "OR-006",
        "OR-011",
        "RF-001",
        "RF-048",
        "CP-045",
        "CP-050",
        "CP-066",
        "CP-067",
        "CP-068",
        "CP-069",
        "CP-093",
        "CU-011",
    )

    payments: list[Payment] = Field(min_length=1)
    """Each tender, `payment_id` unique; a deposit is listed here beside its balance, not announced before."""
    paid_amount: Money
    """Sum of the payments' amounts, exactly: the most that refunds can give back."""

    @model_validator(mode="after")
    def _payments_sum_up(self) -> "OrderPaidV1":
        if len({payment.payment_id for payment in self.payments}) != len(self.payments):
            raise ValueError("payment_id is not unique within the order")
        sums_up(self.paid_amount, [payment.amount for payment in self.payments], "payments")
        return self


class OrderShippedV1(OrderEvent):
    """The seller marked a part of the order, or all of it, as shipped.

    A mark, not a movement of goods: `shop.parcel.handed-over.v1` and the scans tell of those, and may
    come before the mark, even before the payment was booked.
    """

    TYPE = "shop.order.shipped.v1"
    TOPIC = TOPIC
    RULES = ("OR-007", "OR-025", "OR-026", "OR-027", "OR-028", "OR-030", "RF-002", "RF-003", "RF-004")

    delivery_kind: DeliveryKind
    parcel_ids: list[Id] = Field(default_factory=list[Id])
    """The parcels of this part; none for goods that do not travel."""
    lines: list[Share] | None = None
    """The pieces that this mark ships; absent: the whole order."""


class OrderSucceededV1(OrderEvent):
    """The trade succeeded: the buyer confirmed, the window ran out, or a partial refund ended it."""

    TYPE = "shop.order.succeeded.v1"
    TOPIC = TOPIC
    RULES = ("OR-001", "OR-010", "OR-029", "RF-017", "RF-033", "RF-045", "RV-001", "CP-004")

    cause: SuccessCause
    lines: list[Share] | None = None
    """The pieces that succeeded; absent: the whole order."""


class OrderClosedV1(OrderEvent):
    """The trade was closed without success."""

    TYPE = "shop.order.closed.v1"
    TOPIC = TOPIC
    RULES = ("OR-005", "OR-015", "CP-002", "CP-018", "CP-043")

    cause: CloseCause
    by: Party
    evidence_ids: list[Id] = Field(default_factory=list[Id])
    """For example of the buyer's agreement to close."""
    request_id: Id | None = None
    """Our request that the event answers."""
    lines: list[Share] | None = None
    """The pieces that were closed; absent: the whole order. A line ends with its last piece.

    Pieces that we refunded may be named: under `refunded` or `refunded_unshipped` they are the same pieces.
    """


class OrderRequestDeclinedV1(OrderEvent):
    """The order system does not carry out what we asked for."""

    TYPE = "shop.order.request-declined.v1"
    TOPIC = TOPIC
    RULES = ("OR-013", "OR-029")

    request_id: Id
    reason_code: Code
    """Open list: paid_meanwhile, refund_open, not_shipped, already_closed, unknown_order."""
