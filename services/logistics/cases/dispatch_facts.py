"""Facts of the dispatch case: what it decides about one order, and what it tells other cases."""

from datetime import datetime

from kernel.value import Value
from services.logistics.cases.dispatch_messages import ReshipAnswered
from services.logistics.cases.order_file import (
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
from services.logistics.cases.values import (
    Attention,
    AttentionDrawn,
    Fault,
    MemoStored,
    NoticeAsked,
    Reason,
    RequestDeclined,
    Share,
    TaskOpened,
)


class OrderKnown(Value):
    """The order's file was opened."""

    file: OrderFile
    attention: Attention


class LinesChanged(Value):
    """The lines are now these."""

    lines: tuple[OrderLine, ...]


class ClockStarted(Value):
    """Dispatch is due."""

    clock: Clock
    attention: Attention


class MarkNoted(Value):
    """A ship mark, true until it is disproved."""

    mark: Mark


class LinkChanged(Value):
    """What is known of one parcel."""

    link: Link


class DepartureNoted(Value):
    """A parcel left the warehouse."""

    link: Link


class VoidNoted(Value):
    """A parcel will not leave under this waybill."""

    link: Link


class ReturnChecked(Value):
    """Returned goods of this parcel are with the shop and were checked."""

    link: Link | None
    wanted_sku_id: str | None
    reship_ids: tuple[str, ...]


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
    """Later news shows that it was in time (late-shipping.withdrawn)."""

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
    """What became of a hold (dispatch.hold-resolved)."""

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


class RefundEnded(Value):
    """Refunds ended, paid or not; `repaid` are the pieces that need not be sent any more."""

    refunds: tuple[OpenRefund, ...]
    is_paid: bool
    repaid: tuple[Share, ...]


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


class ReshipAnswerPassedOn(Value):
    """The warehouse's answer goes to the reship case."""

    reship_id: str
    answer: ReshipAnswered


class ReshipParcelKnown(Value):
    """The parcel that carries a resend is known."""

    link: Link
    reship_id: str


class CollectAnswerPassedOn(Value):
    """The warehouse's answer about a freight-collect parcel goes to the parcel."""

    link: Link
    is_done: bool


class ResendUnwanted(Value):
    """The exchange of a resend is over, or the lost parcel is refunded; the reship case is told."""

    reship_id: str
    parcel_id: str | None = None
    """The lost parcel, where a refund for it is the reason."""


class ResendGone(Value):
    """The resend of a lost parcel is under way although a refund took its place; the search is told."""

    parcel_id: str


class MemoPassedOn(Value):
    """A stored memo goes to the lost-parcel cases."""

    memo: MemoStored
    parcel_ids: tuple[str, ...]


class DeclinePassedOn(Value):
    """A request that the order system declined goes to the lost-parcel cases."""

    declined: RequestDeclined
    parcel_ids: tuple[str, ...]


class OrderStopped(Value):
    """Nothing more is to leave."""

    at: datetime


class OrderSucceeded(Value):
    """The buyer has the goods."""

    at: datetime


Fact = (
    OrderKnown
    | LinesChanged
    | ClockStarted
    | MarkNoted
    | LinkChanged
    | DepartureNoted
    | VoidNoted
    | ReturnChecked
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
    | SearchDue
    | SearchEnded
    | RemedyDue
    | PromiseNoted
    | CarrierInstructed
    | InstructionSettled
    | WrongCarrierUsed
    | ShortageKnown
    | ResendKnown
    | ReshipAnswerPassedOn
    | ReshipParcelKnown
    | CollectAnswerPassedOn
    | ResendUnwanted
    | ResendGone
    | MemoPassedOn
    | DeclinePassedOn
    | OrderStopped
    | OrderSucceeded
    | AttentionDrawn
    | NoticeAsked
    | TaskOpened
)
