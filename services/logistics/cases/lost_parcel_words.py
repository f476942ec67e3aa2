"""States, messages and facts of the lost-parcel case."""

from datetime import datetime
from enum import StrEnum

from kernel.decider import DeadlinePassed
from kernel.money import Money
from kernel.value import Value
from services.logistics.cases.values import (
    Attention,
    AttentionDrawn,
    Basis,
    Direction,
    MemoStored,
    NoticeAsked,
    ParcelNews,
    ParcelStatus,
    RefundNews,
    RequestDeclined,
    Share,
    TaskDone,
    TaskOpened,
    TaskWithdrawn,
    Tracking,
)


class Choice(StrEnum):
    """What the buyer gets for a lost parcel."""

    RESHIP = "reship"
    REFUND = "refund"


class Subject(Value):
    """The parcel that is looked for, and what the search has come to."""

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
    """Which search for this parcel it is, from 1."""
    refund_ids: tuple[str, ...]
    """Open refunds that touch its lines; while there is one, nothing is offered (reading A4)."""
    is_repaid: bool = False
    """The buyer has the money already."""
    has_claim: bool = False

    @property
    def name(self) -> str:
        """What ids of this round are derived from."""
        return self.parcel_id if self.round_count == 1 else f"{self.parcel_id}.{self.round_count}"


class Loss(Value):
    """A confirmed loss, and how far its settling is."""

    at: datetime
    basis: Basis
    report_task_id: str
    memo_request_id: str
    report_by: datetime | None
    choose_by: datetime | None
    """None while nothing is offered."""
    reship_by: datetime
    is_reported: bool = False
    is_memo_stored: bool = False
    choice: Choice | None = None
    is_reship_out: bool = False
    """A reship was tried and failed: only the refund is left."""
    resend_count: int = 0
    """How often it was sent again."""


# States.


class Absent(Value):
    """Nobody misses the parcel."""


class Open(Value):
    """The carrier cannot be asked through its desk: a person looks for the parcel."""

    subject: Subject
    attention: Attention


class CourierInquiry(Value):
    """The carrier was asked."""

    subject: Subject
    request_id: str
    answer_by: datetime | None
    attention: Attention


class Located(Value):
    """Tracking or the carrier says where it is; it must still arrive."""

    subject: Subject
    attention: Attention


class LostConfirmed(Value):
    """Lost; the buyer's remedy is being settled."""

    subject: Subject
    loss: Loss
    attention: Attention
    offer_id: str | None


class Resent(Value):
    """The goods are sent again."""

    subject: Subject
    loss: Loss
    is_recalled: bool = False
    is_double: bool = False
    """The buyer got the original as well."""


class RefundDue(Value):
    """The buyer is paid."""

    subject: Subject
    loss: Loss
    is_recalled: bool = False
    is_double: bool = False
    """The buyer got the goods as well."""


class Closed(Value):
    """The search is over without a remedy of its own."""

    subject: Subject
    ending: str


Known = Open | CourierInquiry | Located | LostConfirmed | Resent | RefundDue | Closed
State = Absent | Known


# Messages.


class Missing(Value):
    """The parcel is missed: the buyer has not got it, it is silent, or the carrier lost it."""

    subject: Subject
    reason_code: str
    status: ParcelStatus
    signed_by: str | None
    can_wait: bool


class InquiryAnswered(Value):
    """What the carrier says."""

    request_id: str
    outcome: str


class OfferAnswered(Value):
    """What the buyer chose; None: nothing."""

    offer_id: str
    option_id: str | None


class ReshipFailed(Value):
    """The goods cannot be sent again."""

    reship_id: str


class ResendLetGo(Value):
    """The goods are not sent again after all: a refund took the place of it."""

    reship_id: str


class ResendLeft(Value):
    """The goods are on their way again although a refund took the place of it."""


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


# Facts.


class SearchOpened(Value):
    """The parcel is looked for; a person does until the carrier is asked."""

    subject: Subject
    attention: Attention


class InquiryAsked(Value):
    """The carrier is asked where the parcel is (courier.action-requested)."""

    request_id: str
    reason_code: str
    answer_by: datetime
    attention: Attention


class InquiryUnanswered(Value):
    """The carrier did not answer in time; a person decides (task.requested)."""

    task_id: str
    due_at: datetime


class ParcelLocated(Value):
    """It is known where the parcel is."""

    explanation_code: str
    attention: Attention


class LossConfirmed(Value):
    """The parcel is lost: a claim is opened, and the parcel's case is told."""

    loss: Loss
    attention: Attention


class ReportAsked(Value):
    """The supervisor must know before money moves (task.requested)."""

    task_id: str
    due_at: datetime


class MemoAsked(Value):
    """The order must carry the loss before money moves (order.action-requested)."""

    request_id: str


class OfferMade(Value):
    """The buyer may choose between a resend and a refund (offer.made)."""

    offer_id: str
    choose_by: datetime


class OfferVoid(Value):
    """The offer does not stand any more: a refund is open."""


class ReportDone(Value):
    """The supervisor approved."""


class MemoDone(Value):
    """The order carries the loss."""


class ReportOverdue(Value):
    """Report or memo is missing after its time (task.requested)."""

    task_id: str
    due_at: datetime


class RefundChosen(Value):
    """The buyer gets the money, once report and memo are done."""

    is_reship_out: bool
    attention: Attention


class RefundsChanged(Value):
    """The open refunds that touch the parcel, and whether one was paid."""

    refund_ids: tuple[str, ...]
    is_repaid: bool


class ReshipChosen(Value):
    """The goods are sent again; the reship case does."""

    reship_id: str
    ship_by: datetime
    is_by_default: bool


class ResendRevoked(Value):
    """A refund takes the place of the resend: it is let go of, or called back if it has left."""

    reship_id: str


class ResendOff(Value):
    """The resend did not leave and never will: the remedy is open again."""

    attention: Attention


class PaymentDue(Value):
    """Report and memo are done: pay the buyer (remedy.refund-due)."""

    remedy_id: str


class PaidElsewhere(Value):
    """The refund's own deadline paid the buyer."""


class TurnedUp(Value):
    """The lost parcel is there after all: the claim is withdrawn."""

    explanation_code: str


class RecallDue(Value):
    """The parcel must come back: the carrier cannot deliver it, or the buyer has a remedy already."""

    reason_code: str
    at: datetime


class RecoverOrWriteOff(Value):
    """The buyer has goods and money; a person decides (task.requested)."""

    task_id: str
    due_at: datetime


class SearchClosed(Value):
    """Nothing is to be done any more."""

    ending: str


Fact = (
    SearchOpened
    | InquiryAsked
    | InquiryUnanswered
    | ParcelLocated
    | LossConfirmed
    | ReportAsked
    | MemoAsked
    | OfferMade
    | OfferVoid
    | ReportDone
    | MemoDone
    | ReportOverdue
    | RefundChosen
    | RefundsChanged
    | ReshipChosen
    | ResendRevoked
    | ResendOff
    | PaymentDue
    | PaidElsewhere
    | TurnedUp
    | RecallDue
    | RecoverOrWriteOff
    | SearchClosed
    | AttentionDrawn
    | NoticeAsked
    | TaskOpened
    | TaskWithdrawn
)
