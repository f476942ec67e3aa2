"""What the case `exchange` is, hears and says. Its rules are in cases/exchange."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chassis.vocabulary import DeadlinePassed, Money
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


@dataclass(frozen=True, slots=True)
class Filed:
    """What the buyer wants for what, and who bears which leg."""

    customer_id: str
    shares: tuple[Share, ...]
    given: tuple[Wanted, ...]
    wanted: tuple[Wanted, ...]
    reason_code: str
    liability: Liability
    grace_minutes: int


# States (C6). Each holds only what is true while the case is in it.


@dataclass(frozen=True, slots=True)
class Absent:
    pass


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """The application was not admitted; it may be filed again under the same id."""


@dataclass(frozen=True, slots=True)
class Requested:
    """Waits for stock to be kept and for the seller's word; either may come first."""

    filed: Filed
    stock_by: datetime | None
    is_approved: bool
    look_at: datetime | None
    look_count: int


@dataclass(frozen=True, slots=True)
class OfferRefund:
    """The wanted goods cannot be had: the buyer chooses; `are_goods_back`: after he sent his."""

    filed: Filed
    offer_count: int
    choose_by: datetime
    are_goods_back: bool


@dataclass(frozen=True, slots=True)
class WaitBuyerSend:
    filed: Filed
    send_by: datetime


@dataclass(frozen=True, slots=True)
class InReturn:
    filed: Filed
    receive_by: datetime
    freight_paid: Money | None


@dataclass(frozen=True, slots=True)
class ShippingReplacement:
    filed: Filed
    replace_by: datetime
    freight_paid: Money | None


@dataclass(frozen=True, slots=True)
class ReplacementSent:
    filed: Filed
    look_at: datetime | None
    look_count: int


@dataclass(frozen=True, slots=True)
class Completed:
    pass


@dataclass(frozen=True, slots=True)
class Rejected:
    pass


@dataclass(frozen=True, slots=True)
class Expired:
    pass


@dataclass(frozen=True, slots=True)
class ReturnedToBuyer:
    pass


@dataclass(frozen=True, slots=True)
class Converted:
    pass


@dataclass(frozen=True, slots=True)
class Withdrawn:
    pass


@dataclass(frozen=True, slots=True)
class Breached:
    pass


Open = Requested | OfferRefund | WaitBuyerSend | InReturn | ShippingReplacement | ReplacementSent
Over = Completed | Rejected | Expired | ReturnedToBuyer | Converted | Withdrawn | Breached
State = Absent | TurnedAway | Open | Over


# Messages.


@dataclass(frozen=True, slots=True)
class Applied:
    """Admitted by the order."""

    customer_id: str
    shares: tuple[Share, ...]
    given: tuple[Wanted, ...]
    wanted: tuple[Wanted, ...]
    reason_code: str
    liability: Liability


@dataclass(frozen=True, slots=True)
class NotAdmitted:
    pass


@dataclass(frozen=True, slots=True)
class SellerAnswered:
    is_approved: bool
    reason_code: str | None


@dataclass(frozen=True, slots=True)
class BuyerWithdrew:
    pass


@dataclass(frozen=True, slots=True)
class ReshipMoved:
    status: str


@dataclass(frozen=True, slots=True)
class OfferAnswered:
    """`offer_count`: which of our offers, from 1; `option_id` None: all declined."""

    offer_count: int
    option_id: str | None


@dataclass(frozen=True, slots=True)
class ReturnSent:
    carriage: Carriage
    freight_paid: Money | None


@dataclass(frozen=True, slots=True)
class ReturnAccepted:
    pass


@dataclass(frozen=True, slots=True)
class GoodsChecked:
    lines: tuple[InspectedLine, ...]
    wanted_sku_id: str | None


Message = (
    Applied | NotAdmitted | SellerAnswered | BuyerWithdrew | ReshipMoved | OfferAnswered | ReturnSent
    | ReturnAccepted | GoodsChecked | DeadlinePassed
)  # fmt: skip


# Facts.


@dataclass(frozen=True, slots=True)
class ExchangeOpened:
    filed: Filed
    stock_by: datetime


@dataclass(frozen=True, slots=True)
class StockReserved:
    look_at: datetime


@dataclass(frozen=True, slots=True)
class ExchangeApproved:
    """The seller's word, while the stock is not kept yet."""


@dataclass(frozen=True, slots=True)
class ExchangeRefused:
    reason_code: str


@dataclass(frozen=True, slots=True)
class PersonAsked:
    """A task; `look_at` is when to ask again, absent when it was asked often enough."""

    question_code: str
    due_at: datetime
    look_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefundOffered:
    choose_by: datetime
    are_goods_back: bool


@dataclass(frozen=True, slots=True)
class ReturnAuthorized:
    address_ref: str
    carriages: tuple[Carriage, ...]
    send_by: datetime


@dataclass(frozen=True, slots=True)
class FreightDecided:
    liability: Liability


@dataclass(frozen=True, slots=True)
class ReturnRegistered:
    receive_by: datetime
    freight_paid: Money | None


@dataclass(frozen=True, slots=True)
class ReshipDue:
    """Goods must go to the buyer: the replacement, or his own goods back."""

    purpose: ReshipPurpose
    goods: tuple[Wanted, ...]
    ship_by: datetime
    cost_bearer: Bearer


@dataclass(frozen=True, slots=True)
class NoteDiffers:
    """The note in the parcel asks for another variant than the application (RF-122)."""

    wanted_sku_id: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ReplacementGone:
    look_at: datetime


@dataclass(frozen=True, slots=True)
class FreightDue:
    amount: Money


@dataclass(frozen=True, slots=True)
class ConversionAsked:
    """The buyer takes the money: a refund takes over."""

    shares: tuple[Share, ...]
    reason_code: str
    is_return_needed: bool


@dataclass(frozen=True, slots=True)
class ExchangeEnded:
    """`is_used`: it counts as the one exchange of the order (RF-106)."""

    ending: Ending
    is_used: bool


@dataclass(frozen=True, slots=True)
class ApplicationTurnedAway:
    pass


Fact = (
    ExchangeOpened | StockReserved | ExchangeApproved | ExchangeRefused | PersonAsked | RefundOffered
    | ReturnAuthorized | FreightDecided | ReturnRegistered | ReshipDue | NoteDiffers | ReplacementGone
    | FreightDue | ConversionAsked | ExchangeEnded | ApplicationTurnedAway
)  # fmt: skip
