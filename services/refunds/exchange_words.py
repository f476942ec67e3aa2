"""What the case `exchange` is, hears and says. Its rules are in cases/exchange."""

from datetime import datetime
from enum import StrEnum

from kernel.decider import DeadlinePassed
from kernel.money import Money
from kernel.value import Value
from services.refunds.values import Bearer, Carriage, InspectedLine, Liability, Share, Wanted


class Ending(StrEnum):
    """How an exchange that was opened ended."""

    COMPLETED = "completed"
    EXPIRED = "expired"
    RETURNED_TO_BUYER = "returned_to_buyer"
    CONVERTED = "converted"
    WITHDRAWN = "withdrawn"
    BREACHED = "breached"


class ReshipPurpose(StrEnum):
    EXCHANGE = "exchange"
    RETURN_TO_BUYER = "return_to_buyer"


class Filed(Value):
    """What the buyer wants for what, and who bears which leg."""

    customer_id: str
    shares: tuple[Share, ...]
    given: tuple[Wanted, ...]
    wanted: tuple[Wanted, ...]
    reason_code: str
    liability: Liability
    grace_minutes: int


# States (C6). Each holds only what is true while the case is in it.


class Absent(Value):
    pass


class TurnedAway(Value):
    """The application was not admitted; it may be filed again under the same id."""


class Requested(Value):
    """Waits for stock to be kept and for the seller's word; either may come first."""

    filed: Filed
    stock_by: datetime | None
    is_approved: bool
    look_at: datetime | None
    look_count: int


class OfferRefund(Value):
    """The wanted goods cannot be had: the buyer chooses; `are_goods_back`: after he sent his."""

    filed: Filed
    offer_count: int
    choose_by: datetime
    are_goods_back: bool


class WaitBuyerSend(Value):
    filed: Filed
    send_by: datetime


class InReturn(Value):
    """`found`, `accepted`: what the warehouse and the seller said of it, while some is missing."""

    filed: Filed
    receive_by: datetime
    freight_paid: Money | None
    found: tuple[InspectedLine, ...] = ()
    accepted: tuple[Share, ...] = ()


class ShippingReplacement(Value):
    filed: Filed
    replace_by: datetime
    freight_paid: Money | None


class ReplacementSent(Value):
    filed: Filed
    look_at: datetime | None
    look_count: int


class Completed(Value):
    pass


class Rejected(Value):
    pass


class Expired(Value):
    pass


class ReturnedToBuyer(Value):
    pass


class Converted(Value):
    pass


class Withdrawn(Value):
    pass


class Breached(Value):
    pass


Open = Requested | OfferRefund | WaitBuyerSend | InReturn | ShippingReplacement | ReplacementSent
Over = Completed | Rejected | Expired | ReturnedToBuyer | Converted | Withdrawn | Breached
State = Absent | TurnedAway | Open | Over


# Messages.


class Applied(Value):
    """Admitted by the order."""

    customer_id: str
    shares: tuple[Share, ...]
    given: tuple[Wanted, ...]
    wanted: tuple[Wanted, ...]
    reason_code: str
    liability: Liability


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
    """`offer_count`: which of our offers, from 1; `option_id` None: all declined."""

    offer_count: int
    option_id: str | None


class ReturnSent(Value):
    carriage: Carriage
    freight_paid: Money | None


class ReturnAccepted(Value):
    """The seller has the goods; `shares` empty: all of them."""

    shares: tuple[Share, ...] = ()


class GoodsChecked(Value):
    lines: tuple[InspectedLine, ...]
    wanted_sku_id: str | None


Message = (
    Applied | NotAdmitted | SellerAnswered | BuyerWithdrew | ReshipMoved | OfferAnswered | ReturnSent
    | ReturnAccepted | GoodsChecked | DeadlinePassed
)  # fmt: skip


# Facts.


class ExchangeOpened(Value):
    filed: Filed
    stock_by: datetime


class StockReserved(Value):
    look_at: datetime


class ExchangeApproved(Value):
    """The seller's word, while the stock is not kept yet."""


class ExchangeRefused(Value):
    reason_code: str


class PersonAsked(Value):
    """A task; `look_at` is when to ask again, absent when it was asked often enough."""

    question_code: str
    due_at: datetime
    look_at: datetime | None


class RefundOffered(Value):
    choose_by: datetime
    are_goods_back: bool


class ReturnAuthorized(Value):
    address_ref: str
    carriages: tuple[Carriage, ...]
    send_by: datetime


class FreightDecided(Value):
    liability: Liability


class ReturnRegistered(Value):
    receive_by: datetime
    freight_paid: Money | None


class SomeCame(Value):
    """A part of the goods is here, by the warehouse or by the seller's word."""

    lines: tuple[InspectedLine, ...]
    accepted: tuple[Share, ...]


class ReshipDue(Value):
    """Goods must go to the buyer: the replacement, or his own goods back; `shares` empty: all filed ones."""

    purpose: ReshipPurpose
    goods: tuple[Wanted, ...]
    ship_by: datetime
    cost_bearer: Bearer
    shares: tuple[Share, ...] = ()


class NoteDiffers(Value):
    """The note in the parcel asks for another variant than the application (RF-122)."""

    wanted_sku_id: str
    due_at: datetime


class ReplacementGone(Value):
    look_at: datetime


class FreightDue(Value):
    amount: Money


class ConversionAsked(Value):
    """The buyer takes the money: a refund takes over."""

    shares: tuple[Share, ...]
    reason_code: str
    is_return_needed: bool


class ExchangeEnded(Value):
    """`is_used`: it counts as the one exchange of the order (RF-106)."""

    ending: Ending
    is_used: bool


class ApplicationTurnedAway(Value):
    pass


Fact = (
    ExchangeOpened | StockReserved | ExchangeApproved | ExchangeRefused | PersonAsked | RefundOffered
    | ReturnAuthorized | FreightDecided | ReturnRegistered | SomeCame | ReshipDue | NoteDiffers
    | ReplacementGone | FreightDue | ConversionAsked | ExchangeEnded | ApplicationTurnedAway
)  # fmt: skip
