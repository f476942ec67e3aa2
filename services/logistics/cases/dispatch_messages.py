"""Messages of the dispatch case: what the order, its parcels, its refunds and people tell it."""

from dataclasses import dataclass
from datetime import datetime

from chassis.vocabulary import DeadlinePassed, Money
from services.logistics.cases.order_file import Link, OrderLine, Resend
from services.logistics.cases.values import MemoStored, Outcome, ParcelStatus, RequestDeclined, Share


@dataclass(frozen=True, slots=True)
class Placed:
    """The order was placed."""

    order_id: str
    customer_id: str
    region_code: str | None
    is_cash_on_delivery: bool
    lines: tuple[OrderLine, ...]


@dataclass(frozen=True, slots=True)
class TermsChanged:
    """The lines were edited before payment."""

    lines: tuple[OrderLine, ...]


@dataclass(frozen=True, slots=True)
class Paid:
    """The payment is complete."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The order system closed the order, or some lines of it."""

    cause: str
    lines: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The trade succeeded: the buyer has the goods."""

    lines: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class ShipMarked:
    """The seller marked the shipment, or a part of it."""

    delivery_kind: str
    parcel_ids: tuple[str, ...]
    lines: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class ParcelAdded:
    """A waybill was made, or the buyer registered a return."""

    link: Link
    declared_amount: Money | None
    request_id: str | None
    replaces_parcel_id: str | None


@dataclass(frozen=True, slots=True)
class ParcelLeft:
    """The parcel left the warehouse."""

    parcel_id: str
    carrier_code: str


@dataclass(frozen=True, slots=True)
class WaybillVoided:
    """The waybill is void, the goods stayed."""

    parcel_id: str


@dataclass(frozen=True, slots=True)
class HoldAnswered:
    """What the warehouse could do about a hold."""

    request_id: str
    outcome: str
    parcel_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RefundOpened:
    """A refund is open for these lines."""

    refund_id: str
    kind: str
    lines: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class RefundClosed:
    """A refund ended without payment."""

    refund_id: str


@dataclass(frozen=True, slots=True)
class RefundPaid:
    """Money for these lines has settled."""

    refund_id: str | None
    remedy_id: str | None
    lines: tuple[Share, ...]
    is_full: bool


@dataclass(frozen=True, slots=True)
class Promised:
    """Staff promised the buyer something that dispatch must keep."""

    kind: str
    value_code: str | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShortageNoted:
    """Sold goods are missing; `is_stated`: that amounts to telling the buyer that there are none."""

    lines: tuple[Share, ...]
    is_stated: bool
    expected_at: datetime | None


@dataclass(frozen=True, slots=True)
class LaterDateAgreed:
    """The buyer agreed to a later date."""

    until_at: datetime


@dataclass(frozen=True, slots=True)
class ProblemReported:
    """The buyer says that goods did not come."""

    problem: str
    parcel_id: str | None
    lines: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Inspected:
    """Returned goods were checked; their parcel goes by any of these ids."""

    parcel_ids: tuple[str, ...]
    lines: tuple[Share, ...]
    wanted_sku_id: str | None


@dataclass(frozen=True, slots=True)
class InstructionAnswered:
    """What the warehouse did about an instruction."""

    request_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class ReshipAnswered:
    """What the warehouse said about a reservation or a resend."""

    request_id: str
    outcome: str
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class ResendNoted:
    """A reship case was opened for these lines."""

    resend: Resend


@dataclass(frozen=True, slots=True)
class ExchangeOver:
    """An exchange ended; a resend that has not left is not wanted any more."""

    exchange_id: str


@dataclass(frozen=True, slots=True)
class CourierSaidLost:
    """The carrier says that it lost the parcel."""

    parcel_id: str


@dataclass(frozen=True, slots=True)
class PickedUp:
    """A scan proves that the carrier had the parcel at `at`."""

    parcel_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ParcelMoved:
    """The parcel's picture changed."""

    parcel_id: str
    status: ParcelStatus
    at: datetime
    signed_by: str | None
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class ParcelStalled:
    """The parcel is silent too long, or is heard of again."""

    parcel_id: str
    is_stalled: bool


@dataclass(frozen=True, slots=True)
class SearchClosed:
    """The lost-parcel case is over: a remedy was given, or none is needed."""

    parcel_id: str
    remedy: str | None
    is_open: bool


Message = (
    Placed
    | TermsChanged
    | Paid
    | Closed
    | Succeeded
    | ShipMarked
    | ParcelAdded
    | ParcelLeft
    | WaybillVoided
    | HoldAnswered
    | RefundOpened
    | RefundClosed
    | RefundPaid
    | Promised
    | ShortageNoted
    | LaterDateAgreed
    | ProblemReported
    | Inspected
    | InstructionAnswered
    | ReshipAnswered
    | ResendNoted
    | ExchangeOver
    | CourierSaidLost
    | PickedUp
    | ParcelMoved
    | ParcelStalled
    | SearchClosed
    | MemoStored
    | RequestDeclined
    | DeadlinePassed
)
