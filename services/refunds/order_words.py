"""What the case `order` is and hears: states and messages. Facts: order_facts, rules: cases/order."""

from datetime import datetime
from enum import StrEnum

from kernel.decider import DeadlinePassed
from kernel.money import Money
from kernel.value import Value
from services.refunds.book import Book
from services.refunds.values import (
    DeliveryKind,
    InspectedLine,
    Purpose,
    Share,
    Tender,
    Wanted,
)


class Application(StrEnum):
    REFUND = "refund"
    EXCHANGE = "exchange"


class Rejection(StrEnum):
    """Why an application cannot be opened."""

    ORDER_SUCCEEDED = "order_succeeded"
    ORDER_CLOSED = "order_closed"
    ALREADY_SHIPPED = "already_shipped"
    NOT_SHIPPED = "not_shipped"
    UNKNOWN_LINE = "unknown_line"
    UNKNOWN_KIND = "unknown_kind"
    LINE_BUSY = "line_busy"
    LINES_DIFFER = "lines_differ"
    WRONG_CURRENCY = "wrong_currency"
    NOTHING_ASKED = "nothing_asked"
    OVER_REFUNDABLE = "over_refundable"
    FREIGHT_NOT_OWED = "freight_not_owed"
    TOO_MANY = "too_many"
    EXCLUDED = "excluded"
    SECOND_EXCHANGE = "second_exchange"
    OUT_OF_WINDOW = "out_of_window"
    SELLER_REFUSED = "seller_refused"


# States. The status of the order (OR-001), its book, and what runs in it.


class Absent(Value):
    pass


class AwaitingPayment(Value):
    book: Book


class Paid(Value):
    book: Book


class Confirm(Value):
    """The auto-confirm clock: `due_at` while it runs, what is left of it while it stands.

    Both absent: some lines are not shipped yet (`standby_by` is then when it would be due if nothing
    were missing), or nobody is asked any more. After `asked_count` requests `due_at` is the moment of
    the next one. `declined_count`: requests that were answered by a refusal; the next one is a new one.
    """

    due_at: datetime | None
    left_microseconds: int | None
    standby_by: datetime | None
    asked_count: int
    grace_minutes: int
    declined_count: int = 0


class Shipped(Value):
    book: Book
    shipped_at: datetime
    confirm: Confirm


class Succeeded(Value):
    book: Book
    ended_at: datetime
    cause: str


class Closed(Value):
    """`cause` tells the never paid from the refunded (OR-005)."""

    book: Book
    ended_at: datetime
    cause: str


Live = AwaitingPayment | Paid | Shipped | Succeeded | Closed
State = Absent | Live


# Messages.


class PlacedLine(Value):
    line_id: str
    sku_id: str
    quantity_count: int
    price_minor: int
    is_freight_free: bool
    services: tuple[str, ...]
    is_special_offer: bool


class OrderPlaced(Value):
    customer_id: str
    lines: tuple[PlacedLine, ...]
    freight: Money


class TermsEdited(Value):
    lines: tuple[PlacedLine, ...] | None
    freight: Money


class OrderPaid(Value):
    tenders: tuple[Tender, ...]
    currency: str


class ShipmentMarked(Value):
    """`shares` None: all that is left."""

    delivery_kind: DeliveryKind
    shares: tuple[Share, ...] | None


class TradeSucceeded(Value):
    cause: str
    line_ids: tuple[str, ...] | None


class TradeClosed(Value):
    cause: str
    line_ids: tuple[str, ...] | None


class RequestDeclined(Value):
    """The order system does not confirm receipt for us; `request_number`: which request it answers."""

    reason_code: str
    request_number: int = 1


class RefundApplied(Value):
    """An application as filed; `shares` None: the whole order; `minor` 0 and not `is_priced`: not told."""

    refund_id: str
    kind: str
    reason_code: str
    shares: tuple[Share, ...] | None
    is_priced: bool
    amount: Money
    freight_minor: int | None
    version: int
    is_agreed_beforehand: bool


class AmendmentProposed(Value):
    """A refused application as the buyer changed it; asked by its agreement."""

    applied: RefundApplied


class ExchangeApplied(Value):
    exchange_id: str
    shares: tuple[Share, ...]
    wanted: tuple[Wanted, ...]
    reason_code: str


class PaymentAsked(Value):
    """A case decided to pay; `case_id` is the case, the intent's id follows from it and the purpose."""

    case_id: str
    intent_id: str
    purpose: Purpose
    amount: Money
    shares: tuple[Share, ...]
    freight_minor: int
    are_goods_gone: bool
    remedy_id: str | None


class CaseEnded(Value):
    """A refund or an exchange is over without money; `is_used`: an exchange that counts (RF-106)."""

    case_id: str
    is_used: bool


class RefundSettled(Value):
    case_id: str


class IntentAbandoned(Value):
    """No money moved and none will."""

    case_id: str
    purpose: Purpose
    amount: Money
    shares: tuple[Share, ...]
    freight_minor: int
    tenders: tuple[Tender, ...]
    are_goods_gone: bool


class RefundOffered(Value):
    """An exchange that cannot be had becomes a refund; `is_return_needed`: the goods are still out."""

    exchange_id: str
    shares: tuple[Share, ...]
    reason_code: str
    is_return_needed: bool


class HoldResolved(Value):
    refund_id: str | None
    outcome: str


class ParcelDecided(Value):
    """How a parcel on its way to the buyer ended; no `shares`: all pieces of its lines."""

    outcome: str
    line_ids: tuple[str, ...]
    shares: tuple[Share, ...] = ()
    parcel_id: str = ""


class RemedyDue(Value):
    remedy_id: str
    pieces: tuple[Share, ...]
    reason_code: str


class GoodsInspected(Value):
    return_id: str | None
    lines: tuple[InspectedLine, ...]
    wanted_sku_id: str | None


class ReshipMoved(Value):
    reship_id: str
    status: str


class RefundPromisedAway(Value):
    """Staff promised not to carry out a refund that was opened by mistake (RF-009)."""

    promise_id: str


class LateEstablished(Value):
    trigger: str


class LateWithdrawn(Value):
    trigger: str
    reason_code: str


Message = (
    OrderPlaced | TermsEdited | OrderPaid | ShipmentMarked | TradeSucceeded | TradeClosed | RequestDeclined
    | RefundApplied | AmendmentProposed | ExchangeApplied | PaymentAsked | CaseEnded | RefundSettled
    | IntentAbandoned | RefundOffered | HoldResolved | ParcelDecided | RemedyDue | GoodsInspected
    | ReshipMoved | RefundPromisedAway | LateEstablished | LateWithdrawn | DeadlinePassed
)  # fmt: skip
