"""Defines the messages to a refund agreement: words of buyer, seller, warehouse and order."""

from datetime import datetime
from enum import StrEnum

from kernel.decider import Addressed, DeadlinePassed
from kernel.money import Money
from kernel.value import Value
from services.refunds.liability import Liability
from services.refunds.notices import Bar
from services.refunds.shares import Carriage, InspectedLine, RefundApplied, Share, Terms

NAME = "refund-agreement"


class Stage(StrEnum):
    """The step that the seller answers."""

    ANSWER = "answer"
    RECEIPT = "receipt"


class Applied(Value):
    """The order admitted the refund. `is_answered`: we agreed already, by a remedy or an exchange.

    `are_goods_back`: the shop has them already, from an exchange that came to nothing. `bar`: why the shop's
    notice refuses it; `received_at`: when the last of its goods reached the buyer, where that is known.
    """

    customer_id: str
    terms: Terms
    liability: Liability
    is_agreed_beforehand: bool
    is_partial: bool
    is_answered: bool
    remedy_id: str | None
    are_goods_back: bool = False
    bar: Bar | None = None
    received_at: datetime | None = None
    is_delivered: bool = False


class NotAdmitted(Value):
    """The order turned the application away. `is_early`: the news of an older payment may open it yet."""

    is_early: bool = False


class SellerAgreed(Value):
    version: int
    stage: Stage
    address_ref: str | None


class SellerRefused(Value):
    version: int
    stage: Stage
    reason_code: str
    evidence_count: int


class Amended(Value):
    applied: RefundApplied


class AmendmentAccepted(Value):
    """The order admitted the changed application. `bar`: why the shop's notice refuses it.

    `sent`: the pieces that the buyer sent and that the application is about still, where it left some out.
    """

    terms: Terms
    liability: Liability
    bar: Bar | None = None
    is_agreed_beforehand: bool = False
    sent: tuple[Share, ...] | None = None


class BuyerWithdrew(Value):
    pass


class ReturnSent(Value):
    """The buyer sent goods. No `shares`: the content was not told."""

    carriage: Carriage
    freight_paid: Money | None
    shares: tuple[Share, ...] = ()
    return_id: str = ""


class ReturnUndone(Value):
    """The buyer has a return again: the shop did not take it in, or the carrier could not bring it."""

    return_id: str
    shares: tuple[Share, ...]


class ReturnAccepted(Value):
    """The seller has the goods. No `shares`: all that was sent."""

    shares: tuple[Share, ...]


class GoodsChecked(Value):
    lines: tuple[InspectedLine, ...]


class ShipmentSeen(Value):
    """The seller marked pieces of this refund as shipped."""


class TradeEnded(Value):
    """The trade ended, or the lines of it that `line_ids` names."""

    is_success: bool
    cause: str
    line_ids: tuple[str, ...] | None = None


class HoldAnswered(Value):
    outcome: str


class GoodsCameBack(Value):
    """Pieces are back at the shop; no `shares`: all of the refund. `are_unfit`: some were not accepted."""

    shares: tuple[Share, ...] = ()
    are_unfit: bool = False


class Remedied(Value):
    """Pieces will not come and are to be paid for; no `shares`: all pieces of the refund."""

    remedy_id: str
    reason_code: str
    shares: tuple[Share, ...] = ()


class PaymentGivenUp(Value):
    """Nothing of the refund was paid, and nothing will be."""

    reason_code: str


class DeliverySeen(Value):
    """A parcel with goods of the refund was delivered, or (`is_there` false) it was not after all."""

    is_there: bool


class ParcelTraced(Value):
    """The carrier has a parcel with goods of the refund since then."""

    parcel_id: str
    picked_up_at: datetime


class TaskAnswered(Value):
    """A person decided a task of the case."""

    task_id: str
    outcome_code: str


class PromiseMade(Value):
    promise_id: str


class EvidenceGiven(Value):
    kind: str


class TimeGiven(Value):
    """One side (buyer or seller) gave the other more time."""

    deadline_name: str
    until_at: datetime
    by: str


Message = (
    Applied | NotAdmitted | SellerAgreed | SellerRefused | Amended | AmendmentAccepted | BuyerWithdrew
    | ReturnSent | ReturnAccepted | GoodsChecked | ShipmentSeen | TradeEnded | HoldAnswered | GoodsCameBack
    | Remedied | PaymentGivenUp | DeliverySeen | ParcelTraced | TaskAnswered | PromiseMade
    | EvidenceGiven | ReturnUndone | TimeGiven | DeadlinePassed
)  # fmt: skip


def to(order_id: str, refund_id: str, message: Message) -> Addressed:
    """Addresses the agreement on a refund of the order."""
    return Addressed(order_id, NAME, refund_id, message)
