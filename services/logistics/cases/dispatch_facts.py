"""Facts of the dispatch case: what it decides about one order, and what it tells other cases."""

from dataclasses import dataclass
from datetime import datetime

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


@dataclass(frozen=True, slots=True)
class OrderKnown:
    """The order's file was opened."""

    file: OrderFile
    attention: Attention


@dataclass(frozen=True, slots=True)
class LinesChanged:
    """The lines are now these."""

    lines: tuple[OrderLine, ...]


@dataclass(frozen=True, slots=True)
class ClockStarted:
    """Dispatch is due."""

    clock: Clock
    attention: Attention


@dataclass(frozen=True, slots=True)
class MarkNoted:
    """A ship mark, true until it is disproved."""

    mark: Mark


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """What is known of one parcel."""

    link: Link


@dataclass(frozen=True, slots=True)
class DepartureNoted:
    """A parcel left the warehouse."""

    link: Link


@dataclass(frozen=True, slots=True)
class VoidNoted:
    """A parcel will not leave under this waybill."""

    link: Link


@dataclass(frozen=True, slots=True)
class ReturnChecked:
    """Returned goods of this parcel are with the shop and were checked."""

    link: Link | None
    wanted_sku_id: str | None
    reship_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParcelNewsNoted:
    """A parcel moved; cases that look for it, call it back or wait for it hear of it."""

    link: Link
    at: datetime


@dataclass(frozen=True, slots=True)
class TargetMissed:
    """The promise was missed (dispatch.overdue)."""

    dispatch_by_at: datetime
    source: Source
    lines: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class LateEstablished:
    """Late shipping is established (late-shipping.established)."""

    trigger: Trigger
    moment: datetime
    lines: tuple[Share, ...]
    attention: Attention


@dataclass(frozen=True, slots=True)
class LateWithdrawn:
    """Later news shows that it was in time (late-shipping.withdrawn)."""

    trigger: Trigger
    moment: datetime
    reason_code: str


@dataclass(frozen=True, slots=True)
class HoldAsked:
    """Hold or release what has not left (dispatch.hold-requested)."""

    hold: Hold
    action: str
    reason_code: str
    at: datetime
    attention: Attention


@dataclass(frozen=True, slots=True)
class HoldResolved:
    """What became of a hold (dispatch.hold-resolved)."""

    hold: Hold
    outcome: str
    parcel_ids: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class HoldDropped:
    """A hold needs no answer any more."""

    hold: Hold
    at: datetime


@dataclass(frozen=True, slots=True)
class CallBackDue:
    """A parcel under way is to come back; the intercept case asks the carrier."""

    link: Link
    reason_code: str
    is_buyer_asked: bool


@dataclass(frozen=True, slots=True)
class RefundNoted:
    """A refund is open."""

    refund: OpenRefund


@dataclass(frozen=True, slots=True)
class RefundEnded:
    """Refunds ended, paid or not; `repaid` are the pieces that need not be sent any more."""

    refunds: tuple[OpenRefund, ...]
    is_paid: bool
    repaid: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class SearchDue:
    """A parcel must be looked for; the lost-parcel case does."""

    link: Link
    reason_code: str
    refund_ids: tuple[str, ...]
    can_wait: bool
    """Whether the tracking so far may explain where it is."""


@dataclass(frozen=True, slots=True)
class SearchEnded:
    """The lost-parcel case let go of the parcel, or holds on to it."""

    link: Link


@dataclass(frozen=True, slots=True)
class RemedyDue:
    """The goods are back and no refund is open: pay the buyer (remedy.refund-due)."""

    remedy_id: str
    parcel_id: str
    lines: tuple[Share, ...]
    reason: Reason
    fault: Fault


@dataclass(frozen=True, slots=True)
class PromiseNoted:
    """A promise that binds dispatch."""

    agreed_at: datetime | None
    carrier_code: str | None
    is_refund_forbidden: bool


@dataclass(frozen=True, slots=True)
class CarrierInstructed:
    """The warehouse is to use the agreed carrier (warehouse.instruction-requested)."""

    request_id: str
    carrier_code: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class InstructionSettled:
    """The instruction was answered, or nobody answered."""

    request_id: str


@dataclass(frozen=True, slots=True)
class WrongCarrierUsed:
    """Another carrier than the agreed one was used (violation.noticed)."""

    parcel_id: str
    carrier_code: str
    points: int


@dataclass(frozen=True, slots=True)
class ShortageKnown:
    """Goods are missing; the stock-shortage case offers the buyer a choice."""

    lines: tuple[Share, ...]
    expected_at: datetime | None


@dataclass(frozen=True, slots=True)
class ResendKnown:
    """A reship case stands for these lines."""

    resend: Resend


@dataclass(frozen=True, slots=True)
class ReshipAnswerPassedOn:
    """The warehouse's answer goes to the reship case."""

    reship_id: str
    answer: ReshipAnswered


@dataclass(frozen=True, slots=True)
class ReshipParcelKnown:
    """The parcel that carries a resend is known."""

    link: Link
    reship_id: str


@dataclass(frozen=True, slots=True)
class CollectAnswerPassedOn:
    """The warehouse's answer about a freight-collect parcel goes to the parcel."""

    link: Link
    is_done: bool


@dataclass(frozen=True, slots=True)
class ResendUnwanted:
    """The exchange of a resend is over; the reship case is told."""

    reship_id: str


@dataclass(frozen=True, slots=True)
class MemoPassedOn:
    """A stored memo goes to the lost-parcel cases."""

    memo: MemoStored
    parcel_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeclinePassedOn:
    """A request that the order system declined goes to the lost-parcel cases."""

    declined: RequestDeclined
    parcel_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OrderStopped:
    """Nothing more is to leave."""

    at: datetime


@dataclass(frozen=True, slots=True)
class OrderSucceeded:
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
    | MemoPassedOn
    | DeclinePassedOn
    | OrderStopped
    | OrderSucceeded
    | AttentionDrawn
    | NoticeAsked
    | TaskOpened
)
