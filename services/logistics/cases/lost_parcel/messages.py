"""Defines the messages to the search for a lost parcel, and addresses them."""

from kernel.decider import Addressed, DeadlinePassed
from kernel.money import Money
from kernel.value import Value
from services.logistics.news import MemoStored, ParcelNews, RequestDeclined, TaskDone
from services.logistics.parcels import Direction, ParcelStatus, Tracking
from services.logistics.shares import UNKNOWN_LINES, Share, within, without

NAME = "lost-parcel"


class Pending(Value):
    """Pieces about which a refund or an exchange of the buyer is open; no lines: the whole order."""

    case_id: str
    lines: tuple[Share, ...]
    is_exchange: bool = False


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
    is_signed: bool = False
    """A scan says that the buyer has the parcel; the search is about that signature."""
    pending: tuple[Pending, ...] = ()
    """The open cases of the buyer, with their pieces. An id of `refund_ids` without one means all pieces."""
    repaid: tuple[Share, ...] = ()
    """Pieces of the parcel for which the buyer has the money."""
    minors: tuple[int, ...] = ()
    """The price of each line's pieces in minor units, in the order of `lines`."""
    registered_id: str = ""
    """The id under which the parcel is registered now, where its number was corrected since."""
    number_count: int = 1
    """The number of its waybills under that id, from 1."""

    @property
    def link_id(self) -> str:
        """The parcel as the order knows it; `parcel_id` is the id of the case."""
        return self.registered_id or self.parcel_id

    claim_name: str = ""
    """The text from which the claim's id is derived, if an earlier round named it: one claim per parcel."""

    @property
    def goods(self) -> tuple[Share, ...]:
        """The pieces in the parcel, also of an order whose lines nobody knows."""
        return self.lines or UNKNOWN_LINES

    @property
    def rest(self) -> tuple[Share, ...]:
        """The pieces that are not repaid."""
        return () if self.is_repaid else without(self.goods, self.repaid)

    def waiting(self, *, is_refund: bool = False) -> tuple[Share, ...]:
        """Lists the pieces of the rest about which a case is open; `is_refund`: a refund, no exchange."""
        known = {pending.case_id for pending in self.pending}
        if not self.lines or any(refund_id not in known for refund_id in self.refund_ids):
            return self.rest if self.refund_ids or self.pending else ()
        asked = [p for p in self.pending if not (is_refund and p.is_exchange)]
        if any(not pending.lines for pending in asked):
            return self.rest
        return within(self.rest, [share for p in asked for share in p.lines]) if asked else ()

    def minor_of(self, pieces: tuple[Share, ...]) -> int | None:
        """Computes the price of some pieces; None where no prices are known."""
        if len(self.minors) != len(self.lines) or not self.lines:
            return None
        counts = {share.line_id: share.quantity_count for share in pieces}
        return sum(
            minor * counts.get(share.line_id, 0) // share.quantity_count
            for share, minor in zip(self.lines, self.minors, strict=True)
        )

    @property
    def name(self) -> str:
        """The text from which ids of this round are derived."""
        return self.parcel_id if self.round_count == 1 else f"{self.parcel_id}.{self.round_count}"

    @property
    def claimed_as(self) -> str:
        """The text from which the id of the claim on the carrier is derived."""
        return self.claim_name or self.name


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


class NumberCorrected(Value):
    """The parcel has another number than the one that was searched; None: nobody knows it yet.

    `is_reported`: the buyer misses the parcel.
    """

    parcel_id: str
    tracking: Tracking | None
    number_count: int
    is_reported: bool


class RefundNews(Value):
    """A refund or an exchange that touches the parcel was opened, or ended with or without payment.

    `lines`: its pieces (none: the whole order); `repaid`: the pieces of the parcel that are repaid by now.
    """

    refund_id: str
    is_open: bool
    is_paid: bool
    lines: tuple[Share, ...] = ()
    repaid: tuple[Share, ...] | None = None
    is_exchange: bool = False


Message = (
    Missing
    | InquiryAnswered
    | OfferAnswered
    | ReshipFailed
    | ResendLetGo
    | ResendLeft
    | ParcelNews
    | NumberCorrected
    | RefundNews
    | MemoStored
    | RequestDeclined
    | TaskDone
    | DeadlinePassed
)


def to(order_id: str, parcel_id: str, message: Message) -> Addressed:
    """Addresses the search for a parcel."""
    return Addressed(order_id, NAME, parcel_id, message)
