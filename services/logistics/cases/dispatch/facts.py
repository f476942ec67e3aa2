"""Defines the facts of the dispatch of an order."""

from datetime import datetime
from enum import StrEnum

from kernel.decider import Told
from kernel.people import Notice, Task, TaskWithdrawn
from kernel.value import Value
from services.logistics.attention import Attention, AttentionDrawn
from services.logistics.delivery import InDoubt
from services.logistics.order_file import (
    AddressCheck,
    Clock,
    Hold,
    Link,
    Mark,
    OpenRefund,
    OrderFile,
    OrderLine,
    Resend,
    Source,
    Trigger,
)
from services.logistics.parcels import Fault
from services.logistics.shares import Share


class Reason(StrEnum):
    """The reasons for which the buyer is paid for goods that are back."""

    REFUSED = "refused"
    OUT_OF_RANGE = "out_of_range"
    UNWANTED = "unwanted"


class OrderKnown(Value):
    """The order's file was opened."""

    file: OrderFile
    attention: Attention


class LinesChanged(Value):
    """The lines are now these."""

    lines: tuple[OrderLine, ...]
    removed: tuple[Share, ...] = ()
    """Pieces that need not be sent any more."""


class ClockStarted(Value):
    """Dispatch is due."""

    clock: Clock
    attention: Attention


class MarkNoted(Value):
    """A ship mark, true until it is disproved."""

    mark: Mark


class MarkChanged(Value):
    """A ship mark about which a person is asked, or no longer."""

    mark: Mark


class LinkChanged(Value):
    """One parcel, as it is known now."""

    link: Link


class GateReturnKnown(Value):
    """A return that nobody registered is at the gate; its parcel is told its order."""

    link: Link


class DepartureNoted(Value):
    """A parcel left the warehouse."""

    link: Link


class VoidNoted(Value):
    """A parcel will not leave under this waybill."""

    link: Link


class LinkRenumbered(Value):
    """A parcel has another number, or none that is known: `right` takes the place of `wrong`.

    `is_reported`: the buyer misses the parcel.
    """

    wrong: Link
    right: Link
    is_reported: bool


class ParcelNewsNoted(Value):
    """A parcel moved; cases that look for it, call it back or wait for it hear of it."""

    link: Link
    at: datetime


class TargetMissed(Value):
    """The promise was missed (dispatch.overdue)."""

    dispatch_by_at: datetime
    source: Source
    lines: tuple[Share, ...]


class LateEstablished(Value):
    """Late shipping is established (late-shipping.established)."""

    trigger: Trigger
    moment: datetime
    lines: tuple[Share, ...]
    attention: Attention


class LateWithdrawn(Value):
    """Later news shows that the goods were in time (late-shipping.withdrawn)."""

    trigger: Trigger
    moment: datetime
    reason_code: str


class HoldAsked(Value):
    """Hold or release what has not left (dispatch.hold-requested)."""

    hold: Hold
    action: str
    reason_code: str
    at: datetime
    attention: Attention


class HoldResolved(Value):
    """A hold is answered, or nobody knows (dispatch.hold-resolved)."""

    hold: Hold
    outcome: str
    parcel_ids: tuple[str, ...]
    at: datetime


class HoldDropped(Value):
    """A hold needs no answer any more."""

    hold: Hold
    at: datetime


class CallBackDue(Value):
    """A parcel under way is to come back; the intercept case asks the carrier."""

    link: Link
    reason_code: str
    is_buyer_asked: bool


class RefundNoted(Value):
    """A refund is open."""

    refund: OpenRefund


class ParcelTraced(Value):
    """The carrier has a parcel with goods of a not-received refund (refund.parcel-traced)."""

    refund_id: str
    link: Link


class RefundEnded(Value):
    """Refunds ended, paid or not; `repaid` are the pieces that need not be sent any more."""

    refunds: tuple[OpenRefund, ...]
    is_paid: bool
    repaid: tuple[Share, ...]
    given_back: tuple[Share, ...] = ()
    """Pieces that were refunded against the goods."""
    payment_id: str = ""
    """The refund or remedy of a payment that no open refund is known for."""
    here: tuple[Share, ...] = ()
    """The pieces that are repaid because they are back at the shop."""
    closed: tuple[Share, ...] = ()
    """The pieces that the order system closed; `repaid` are those that we did not refund."""


class ExchangeEnded(Value):
    """An exchange ended; the searches for its goods hear of that."""

    exchange_id: str
    is_settled: bool
    is_sent_back: bool = False


class SearchDue(Value):
    """A parcel must be looked for; the lost-parcel case does."""

    link: Link
    reason_code: str
    refund_ids: tuple[str, ...]
    can_wait: bool
    """Whether the tracking so far may explain where it is."""


class SearchEnded(Value):
    """The lost-parcel case let go of the parcel, or holds on to it."""

    link: Link


class RemedyDue(Value):
    """The goods are back and no refund is open: pay the buyer (remedy.refund-due)."""

    remedy_id: str
    parcel_id: str
    lines: tuple[Share, ...]
    reason: Reason
    fault: Fault


class PromiseNoted(Value):
    """A promise that binds dispatch."""

    agreed_at: datetime | None
    carrier_code: str | None
    is_refund_forbidden: bool


class CarrierInstructed(Value):
    """The warehouse is to use the agreed carrier (warehouse.instruction-requested)."""

    request_id: str
    carrier_code: str
    due_at: datetime


class AddressCheckAsked(Value):
    """The warehouse is to check the address before anything leaves (warehouse.instruction-requested)."""

    check: AddressCheck


class AddressCheckChanged(Value):
    """The check as it stands: answered, asked of a person, over."""

    check: AddressCheck


class InstructionSettled(Value):
    """The instruction was answered, or nobody answered."""

    request_id: str


class WrongCarrierUsed(Value):
    """Another carrier than the agreed one was used (violation.noticed)."""

    parcel_id: str
    carrier_code: str
    points: int


class ShortageKnown(Value):
    """Goods are missing; the stock-shortage case offers the buyer a choice."""

    lines: tuple[Share, ...]
    expected_at: datetime | None


class ResendKnown(Value):
    """A reship case stands for these lines."""

    resend: Resend


class ReshipParcelKnown(Value):
    """The parcel that carries a resend is known."""

    link: Link
    reship_id: str


class ResendUnwanted(Value):
    """The lost parcel is refunded, so that its resend is not wanted; the reship case is told."""

    reship_id: str
    parcel_id: str
    """The lost parcel."""


class DoubtsChanged(Value):
    """Other parcels than before are in doubt (delivery.doubts-changed)."""

    parcels: tuple[InDoubt, ...]


class DispatchCompleted(Value):
    """Everything that is owed left, of an order with a promised ship time (dispatch.completed)."""

    completed_at: datetime


class OrderStopped(Value):
    """Nothing more is to leave."""

    at: datetime


class OrderSucceeded(Value):
    """The buyer has the goods."""

    at: datetime


Telling = (
    OrderKnown | WrongCarrierUsed | DoubtsChanged | ParcelTraced | DispatchCompleted | AttentionDrawn | Notice
    | Task | TaskWithdrawn | Told
)  # fmt: skip
"""Facts that leave the order's file as it is."""

Fact = (
    LinesChanged
    | ClockStarted
    | MarkNoted
    | MarkChanged
    | LinkChanged
    | GateReturnKnown
    | DepartureNoted
    | VoidNoted
    | LinkRenumbered
    | ParcelNewsNoted
    | TargetMissed
    | LateEstablished
    | LateWithdrawn
    | HoldAsked
    | HoldResolved
    | HoldDropped
    | CallBackDue
    | RefundNoted
    | RefundEnded
    | ExchangeEnded
    | SearchDue
    | SearchEnded
    | RemedyDue
    | PromiseNoted
    | CarrierInstructed
    | InstructionSettled
    | AddressCheckAsked
    | AddressCheckChanged
    | ShortageKnown
    | ResendKnown
    | ReshipParcelKnown
    | ResendUnwanted
    | OrderStopped
    | OrderSucceeded
    | Telling
)
