"""Defines the messages to the dispatch of an order, and addresses them."""

from datetime import datetime

from kernel.decider import Addressed, DeadlinePassed
from kernel.money import Money
from kernel.value import Value
from services.logistics.news import MemoStored, RequestDeclined
from services.logistics.order_file import Link, OrderLine, Resend
from services.logistics.parcels import Outcome, ParcelStatus, Tracking
from services.logistics.shares import Share

NAME = "dispatch"


class Placed(Value):
    """The order was placed."""

    order_id: str
    customer_id: str
    region_code: str | None
    is_cash_on_delivery: bool
    lines: tuple[OrderLine, ...]


class TermsChanged(Value):
    """The lines were edited before payment."""

    lines: tuple[OrderLine, ...]


class OrderEdited(Value):
    """Lines of a paid order were added, removed or changed: all of them, as they are now."""

    lines: tuple[OrderLine, ...]


class Paid(Value):
    """The payment is complete."""


class Closed(Value):
    """The order system closed the order, or some lines of it."""

    cause: str
    lines: tuple[Share, ...]


class Succeeded(Value):
    """The trade succeeded: the buyer has the goods."""

    lines: tuple[Share, ...]


class ShipMarked(Value):
    """The seller marked the shipment, or a part of it."""

    delivery_kind: str
    parcel_ids: tuple[str, ...]
    lines: tuple[Share, ...]


class ParcelAdded(Value):
    """A waybill was made, or the buyer registered a return."""

    link: Link
    declared_amount: Money | None
    request_id: str | None
    replaces_parcel_id: str | None


class ParcelLeft(Value):
    """The parcel left the warehouse."""

    parcel_id: str
    carrier_code: str
    at: datetime | None = None
    """The moment, where it was told of another order in the parcel; absent: now."""


class CollectArrived(Value):
    """A freight-collect parcel that nobody registered is at the gate and names the order."""

    tracking: Tracking


class WaybillVoided(Value):
    """The waybill is void, the goods stayed."""

    parcel_id: str


class NumberCorrected(Value):
    """The number of a parcel was wrong; `tracking` is the right one, where it is known."""

    parcel_id: str
    wrong: Tracking
    tracking: Tracking | None


class HoldAnswered(Value):
    """The warehouse says whether it could hold the goods, or let them go."""

    request_id: str
    outcome: str
    parcel_ids: tuple[str, ...]


class RefundOpened(Value):
    """A refund is open for these lines."""

    refund_id: str
    kind: str
    lines: tuple[Share, ...]


class RefundClosed(Value):
    """A refund ended without payment."""

    refund_id: str


class RefundPaid(Value):
    """Money for these lines has settled."""

    refund_id: str | None
    remedy_id: str | None
    lines: tuple[Share, ...]
    is_full: bool


class Promised(Value):
    """Staff promised the buyer something that dispatch must keep."""

    kind: str
    value_code: str | None
    due_at: datetime | None


class ShortageNoted(Value):
    """Sold goods are missing; `is_stated`: that amounts to telling the buyer that there are none."""

    lines: tuple[Share, ...]
    is_stated: bool
    expected_at: datetime | None


class LaterDateAgreed(Value):
    """The buyer agreed to a later date."""

    until_at: datetime


class ProblemReported(Value):
    """The buyer says that goods did not come."""

    problem: str
    parcel_id: str | None
    lines: tuple[Share, ...]
    problem_id: str = ""


class Inspected(Value):
    """Returned goods were checked; their parcel goes by any of these ids."""

    parcel_ids: tuple[str, ...]
    lines: tuple[Share, ...]
    wanted_sku_id: str | None


class InstructionAnswered(Value):
    """The warehouse says whether it followed an instruction."""

    request_id: str
    outcome: str


class ReshipAnswered(Value):
    """The warehouse answers a request to keep, send or let go of goods."""

    request_id: str
    outcome: str
    until_at: datetime | None


class ResendNoted(Value):
    """A reship case was opened for these lines."""

    resend: Resend


class ExchangeOver(Value):
    """An exchange ended; a resend that has not left is not wanted any more.

    `is_settled`: the exchange gave the buyer goods for what came back. `is_completed`: they were the
    replacement, so that nothing is let go of.
    """

    exchange_id: str
    is_settled: bool = False
    is_completed: bool = False


class ResendRevoked(Value):
    """A refund for the lost parcel took the place of its resend, or the buyer has the lost parcel."""

    reship_id: str
    parcel_id: str
    is_found: bool = False


class CourierSaidLost(Value):
    """The carrier says that it lost the parcel, in its answer to a request."""

    parcel_id: str
    request_id: str = ""


class PickedUp(Value):
    """A scan proves that the carrier had the parcel at `at`."""

    parcel_id: str
    at: datetime


class ParcelMoved(Value):
    """The parcel's picture changed."""

    parcel_id: str
    status: ParcelStatus
    at: datetime
    signed_by: str | None
    outcome: Outcome | None


class TurnedBack(Value):
    """The buyer refused the parcel, or the carrier brings it back."""

    parcel_id: str


class ParcelStalled(Value):
    """The parcel is silent too long, or is heard of again."""

    parcel_id: str
    is_stalled: bool


class SearchClosed(Value):
    """The lost-parcel case is over: a remedy was given, or none is needed."""

    parcel_id: str
    remedy: str | None
    is_open: bool


Message = (
    Placed
    | TermsChanged
    | OrderEdited
    | Paid
    | Closed
    | Succeeded
    | ShipMarked
    | ParcelAdded
    | ParcelLeft
    | CollectArrived
    | WaybillVoided
    | NumberCorrected
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
    | ResendRevoked
    | CourierSaidLost
    | PickedUp
    | TurnedBack
    | ParcelMoved
    | ParcelStalled
    | SearchClosed
    | MemoStored
    | RequestDeclined
    | DeadlinePassed
)


def to(order_id: str, message: Message) -> Addressed:
    """Addresses the dispatch of an order."""
    return Addressed(order_id, NAME, order_id, message)
