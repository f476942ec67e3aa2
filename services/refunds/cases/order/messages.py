"""Defines the messages to an order: news of the order system, applications, and its other cases' wishes."""

from kernel.decider import Addressed, DeadlinePassed
from kernel.ids import derived_id
from kernel.money import Money
from kernel.value import Value
from services.refunds.goods import GOODS_MARK
from services.refunds.money_beside import MONEY_MARK
from services.refunds.payments import PaymentOrder
from services.refunds.shares import DeliveryKind, InspectedLine, Purpose, RefundApplied, Share, Tender, Wanted

NAME = "order"
CONFIRM_MARK = "confirm"


class PlacedLine(Value):
    line_id: str
    sku_id: str
    quantity_count: int
    price_minor: int
    is_freight_free: bool
    services: tuple[str, ...]
    is_special_offer: bool
    style_id: str | None = None


class OrderPlaced(Value):
    customer_id: str
    lines: tuple[PlacedLine, ...]
    freight: Money
    total_minor: int | None = None


class TermsEdited(Value):
    lines: tuple[PlacedLine, ...] | None
    freight: Money
    total_minor: int | None = None


class OrderEdited(Value):
    """A paid order as it is now: all its lines."""

    lines: tuple[PlacedLine, ...]
    freight: Money
    total_minor: int


class OrderPaid(Value):
    tenders: tuple[Tender, ...]
    currency: str


class PaymentMoved(Value):
    """News of one payment: authorised, received, voided, failed."""

    tender: Tender
    currency: str
    status: str


class ChargedBack(Value):
    """A dispute about a payment was opened, won or lost."""

    dispute_id: str
    payment_id: str
    stage: str
    amount: Money


class PaidOutside(Value):
    """Money went to the buyer without a request of ours.

    `intent_id`: it was told of as a payment of ours, whose grant may be read later.
    """

    outside_id: str
    amount: Money
    tenders: tuple[Tender, ...] = ()
    shares: tuple[Share, ...] = ()
    freight_minor: int = 0
    intent_id: str = ""


class OutsideReversed(Value):
    """Money that others gave back did not stay with the buyer."""

    outside_id: str
    amount: Money


class SumDisputed(Value):
    """An intent moved more than was granted to it; `amount`: so much more."""

    intent_id: str
    question_code: str
    amount: Money


class SumDoubted(Value):
    """An intent settled with less, or in another currency: a person is asked, or has answered."""

    intent_id: str
    is_open: bool


class GrantCut(Value):
    """The part that an intent gave up because others paid it; `cut` absent: it may be under way."""

    intent_id: str
    outside_id: str
    cut: PaymentOrder | None


class MoneyAnswered(Value):
    """A person answered a question about money; `number` counts the order's such questions from 1.

    `intent_id`: of the payment that the answer may make.
    """

    number: int
    outcome_code: str
    amount: Money | None
    intent_id: str


class ShipmentMarked(Value):
    """The seller marked a shipment. `shares` None: all that is left."""

    delivery_kind: DeliveryKind
    shares: tuple[Share, ...] | None


class TradeSucceeded(Value):
    """The order system says that the trade succeeded. `line_ids` None: all of it; `shares`: their pieces."""

    cause: str
    line_ids: tuple[str, ...] | None
    shares: tuple[Share, ...] = ()


class TradeClosed(Value):
    """The order system says that the trade is closed. `line_ids` None: all of it; `shares`: their pieces."""

    cause: str
    line_ids: tuple[str, ...] | None
    shares: tuple[Share, ...] = ()


class RequestDeclined(Value):
    """The order system does not confirm receipt for us; `request_number`: which request it answers."""

    reason_code: str
    request_number: int = 1


class AmendmentProposed(Value):
    """A refused application as the buyer changed it; asked by its agreement."""

    applied: RefundApplied


class ExchangeApplied(Value):
    exchange_id: str
    shares: tuple[Share, ...]
    wanted: tuple[Wanted, ...]
    reason_code: str


class ProblemReported(Value):
    """The buyer reported a problem before any application. No `line_ids`: with the whole order."""

    problem_code: str
    line_ids: tuple[str, ...]


class PaymentAsked(Value):
    """The case `case_id` decided to pay. The intent's id follows from the case and the purpose.

    `is_proven`: its goods are known to be lost or back.
    """

    case_id: str
    intent_id: str
    purpose: Purpose
    amount: Money
    shares: tuple[Share, ...] = ()
    freight_minor: int = 0
    are_goods_gone: bool = False
    remedy_id: str | None = None
    is_proven: bool = False


class CaseEnded(Value):
    """A refund or an exchange is over without money; `is_used`: an exchange that counts (RF-106).

    `here`: pieces that the buyer sent and the shop has. `are_settled`: the buyer has goods for them, or gets
    them back; `is_followed`: a refund takes over. `question_code`: what a person is asked about goods, unless
    it is the usual question. `sent_back`: pieces that go to the buyer again, by the resend of that id.
    """

    case_id: str
    is_used: bool
    here: tuple[Share, ...] = ()
    are_settled: bool = False
    is_followed: bool = False
    question_code: str = ""
    sent_back: tuple[Share, ...] = ()
    send_id: str = ""


class RefundSettled(Value):
    """A refund was paid. `given_back`: all of it that the buyer has now, where that was told."""

    case_id: str
    given_back: PaymentOrder | None = None


class IntentAbandoned(Value):
    """A payment was given up: no money moved and none will. Of a payment in parts, one part was.

    `was_sent`: for goods that had been shipped; absent in what was stored before it was kept.
    """

    case_id: str
    purpose: Purpose
    amount: Money
    shares: tuple[Share, ...]
    freight_minor: int
    tenders: tuple[Tender, ...]
    are_goods_gone: bool
    was_sent: bool | None = None
    reason_code: str = "given_up"
    intent_id: str = ""


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
    """The end of a parcel; `direction` as logistics names it. No `shares`: all pieces of its lines."""

    outcome: str
    line_ids: tuple[str, ...]
    shares: tuple[Share, ...] = ()
    parcel_id: str = ""
    direction: str = "outbound"


class ReturnSent(Value):
    """The buyer sent goods for a case. No `shares`: the content was not told."""

    case_id: str
    return_id: str
    shares: tuple[Share, ...]
    tracking_code: str = ""


class ReturnAccepted(Value):
    """The seller has goods that were sent for a case. No `shares`: all of them."""

    case_id: str
    shares: tuple[Share, ...]


class QuestionAnswered(Value):
    """A person answered a question about goods; `number` counts the order's questions from 1.

    `refund_id`: that of the refund which the answer may open; `send_id`: that of the resend.
    """

    number: int
    outcome_code: str
    refund_id: str
    send_id: str = ""


class GoodsMoved(Value):
    """The end of a parcel, whichever way it went; what the buyer has and has not follows."""

    parcel_id: str
    direction: str
    outcome: str
    shares: tuple[Share, ...]


class RemedyDue(Value):
    remedy_id: str
    pieces: tuple[Share, ...]
    reason_code: str
    parcel_id: str = ""


class GoodsInspected(Value):
    return_id: str | None
    lines: tuple[InspectedLine, ...]
    wanted_sku_id: str | None
    parcel_id: str = ""


class ReshipMoved(Value):
    """A resend moved on; `parcel_id`: of the parcel that it left in, where that is known."""

    reship_id: str
    status: str
    parcel_id: str = ""


class RefundPromisedAway(Value):
    """Staff promised not to carry out a refund that was opened by mistake (RF-009)."""

    promise_id: str


class DeliveryDoubted(Value):
    """These parcels to the buyer, and no others, are searched, coming back or sent again."""

    parcel_ids: tuple[str, ...]


class LateEstablished(Value):
    trigger: str


class LateWithdrawn(Value):
    trigger: str
    reason_code: str


MoneyNews = (
    OrderPaid | OrderEdited | PaymentMoved | ChargedBack | PaidOutside | OutsideReversed | SumDisputed
    | SumDoubted | GrantCut | MoneyAnswered
)  # fmt: skip
"""Messages about money that moved, or that a person is asked about."""

Message = (
    OrderPlaced | TermsEdited | ShipmentMarked | TradeSucceeded | TradeClosed | RequestDeclined
    | RefundApplied | AmendmentProposed | ExchangeApplied | PaymentAsked | CaseEnded | RefundSettled
    | IntentAbandoned | RefundOffered | HoldResolved | ParcelDecided | GoodsMoved | RemedyDue
    | GoodsInspected
    | ReturnSent | ReturnAccepted | QuestionAnswered
    | ReshipMoved | RefundPromisedAway | LateEstablished | LateWithdrawn | DeliveryDoubted
    | ProblemReported
    | MoneyNews
    | DeadlinePassed
)  # fmt: skip


def to(order_id: str, message: Message) -> Addressed:
    """Addresses the order. The order id is subject and case id in one."""
    return Addressed(order_id, NAME, order_id, message)


def goods_id_of(order_id: str, number: int, mark: str) -> str:
    """Derives the id of what the answer to the n-th question about goods brings: a refund or a resend."""
    return derived_id(order_id, GOODS_MARK, str(number), mark)


def confirm_id_of(order_id: str, request_number: int) -> str:
    """Derives the id of the n-th request to confirm receipt, from 1. Only a declined one has a next."""
    number = () if request_number == 1 else (str(request_number),)
    return derived_id(order_id, CONFIRM_MARK, *number)


def surplus_id_of(order_id: str, number: int) -> str:
    """Derives the id of the payment that the answer to the n-th question about money brings."""
    return derived_id(order_id, MONEY_MARK, str(number), "surplus")
