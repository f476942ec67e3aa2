"""Defines the facts of the search for a lost parcel and of the buyer's remedy."""

from datetime import datetime
from enum import StrEnum

from kernel.decider import Told
from kernel.people import Notice, Task, TaskWithdrawn
from kernel.value import Value
from services.logistics.attention import Attention, AttentionDrawn
from services.logistics.cases.lost_parcel.messages import Subject
from services.logistics.parcels import Basis


class Choice(StrEnum):
    """The remedies for a lost parcel."""

    RESHIP = "reship"
    REFUND = "refund"


class Loss(Value):
    """A confirmed loss, and the progress of the remedy."""

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
    """The number of times that the goods were sent again."""


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

    task: Task


class ParcelLocated(Value):
    """Tracking or the carrier explains where the parcel is."""

    explanation_code: str
    attention: Attention


class LossConfirmed(Value):
    """The parcel is lost: a claim is opened, and the parcel's case is told."""

    loss: Loss
    attention: Attention


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

    task: Task


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

    task: Task


class SearchClosed(Value):
    """Nothing is to be done any more."""

    ending: str


Settling = OfferMade | OfferVoid | ReportDone | MemoDone | ReportOverdue
"""Facts about the offer, the report and the memo."""

Remedied = (
    RefundChosen | ReshipChosen | ResendOff | PaymentDue | PaidElsewhere | RecallDue | RecoverOrWriteOff
)
"""Facts about the buyer's remedy, and about goods that the buyer has beside it."""

Fact = (
    SearchOpened
    | InquiryAsked
    | InquiryUnanswered
    | ParcelLocated
    | LossConfirmed
    | MemoAsked
    | RefundsChanged
    | TurnedUp
    | SearchClosed
    | Settling
    | Remedied
    | AttentionDrawn
    | Notice
    | Task
    | TaskWithdrawn
    | Told
)
