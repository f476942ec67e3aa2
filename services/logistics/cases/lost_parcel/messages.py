"""Defines the messages to the search for a lost parcel, and addresses them."""

from kernel.decider import Addressed, DeadlinePassed
from kernel.money import Money
from kernel.value import Value
from services.logistics.news import MemoStored, ParcelNews, RequestDeclined, TaskDone
from services.logistics.parcels import Direction, ParcelStatus, Tracking
from services.logistics.shares import Share

NAME = "lost-parcel"


class Subject(Value):
    """The parcel that is looked for, and the result of the search so far."""

    order_id: str
    customer_id: str | None
    parcel_id: str
    tracking: Tracking
    direction: Direction
    lines: tuple[Share, ...]
    sku_ids: tuple[str, ...]
    region_code: str | None
    value: Money | None
    round_count: int
    """The number of this search for the parcel, from 1."""
    refund_ids: tuple[str, ...]
    """Open refunds that touch the lines; while there is one, nothing is offered (reading A4)."""
    is_repaid: bool = False
    """The buyer has the money already."""
    has_claim: bool = False

    @property
    def name(self) -> str:
        """The text from which ids of this round are derived."""
        return self.parcel_id if self.round_count == 1 else f"{self.parcel_id}.{self.round_count}"


class Missing(Value):
    """The parcel is missed: the buyer waits, no scan comes, or the carrier lost the parcel."""

    subject: Subject
    reason_code: str
    status: ParcelStatus
    signed_by: str | None
    can_wait: bool


class InquiryAnswered(Value):
    """The carrier answers an inquiry."""

    request_id: str
    outcome: str


class OfferAnswered(Value):
    """The buyer chose this option; None: nothing."""

    offer_id: str
    option_id: str | None


class ReshipFailed(Value):
    """The goods cannot be sent again."""

    reship_id: str


class ResendLetGo(Value):
    """The goods are not sent again after all: a refund took the place of the resend."""

    reship_id: str


class ResendLeft(Value):
    """The goods are on their way again although a refund took the place of the resend."""


class RefundNews(Value):
    """A refund that touches the parcel was opened, or ended with or without payment."""

    refund_id: str
    is_open: bool
    is_paid: bool


Message = (
    Missing
    | InquiryAnswered
    | OfferAnswered
    | ReshipFailed
    | ResendLetGo
    | ResendLeft
    | ParcelNews
    | RefundNews
    | MemoStored
    | RequestDeclined
    | TaskDone
    | DeadlinePassed
)


def to(order_id: str, parcel_id: str, message: Message) -> Addressed:
    """Addresses the search for a parcel."""
    return Addressed(order_id, NAME, parcel_id, message)
