"""Defines the messages to an exchange: words of buyer, seller, warehouse and order."""

from datetime import datetime

from kernel.decider import Addressed, DeadlinePassed
from kernel.ids import derived_id
from kernel.money import Money
from kernel.value import Value
from services.refunds.liability import Liability
from services.refunds.shares import Carriage, InspectedLine, Share, Wanted

NAME = "exchange"
OFFER_MARK = "offer"


class Applied(Value):
    """The order admitted the exchange."""

    customer_id: str
    shares: tuple[Share, ...]
    given: tuple[Wanted, ...]
    wanted: tuple[Wanted, ...]
    reason_code: str
    liability: Liability
    received_at: datetime | None = None


class NotAdmitted(Value):
    pass


class SellerAnswered(Value):
    is_approved: bool
    reason_code: str | None


class BuyerWithdrew(Value):
    pass


class ReshipMoved(Value):
    status: str


class OfferAnswered(Value):
    """The buyer chose. `offer_count` counts our offers from 1; `option_id` None: all declined."""

    offer_count: int
    option_id: str | None


class ReturnSent(Value):
    carriage: Carriage
    freight_paid: Money | None
    return_id: str = ""


class ReturnAccepted(Value):
    """The seller has the goods; `shares` empty: all of them."""

    shares: tuple[Share, ...] = ()


class ReturnUndone(Value):
    """The buyer has again what he sent: the shop did not take it in, or the carrier could not bring it."""


class GoodsCameBack(Value):
    """Pieces of the exchange are at the shop, other than by its return: a carrier brought them back."""

    shares: tuple[Share, ...]


class GoodsChecked(Value):
    lines: tuple[InspectedLine, ...]
    wanted_sku_id: str | None


Message = (
    Applied | NotAdmitted | SellerAnswered | BuyerWithdrew | ReshipMoved | OfferAnswered | ReturnSent
    | ReturnAccepted | ReturnUndone | GoodsCameBack | GoodsChecked | DeadlinePassed
)  # fmt: skip


def to(order_id: str, exchange_id: str, message: Message) -> Addressed:
    """Addresses an exchange of goods of the order."""
    return Addressed(order_id, NAME, exchange_id, message)


def reship_id_of(exchange_id: str) -> str:
    """Derives the id of the resend that carries out an exchange."""
    return derived_id(exchange_id, "reship")


def offer_id_of(exchange_id: str, offer_count: int) -> str:
    """Derives the id of the n-th offer of an exchange, from 1."""
    return derived_id(exchange_id, OFFER_MARK, str(offer_count))
