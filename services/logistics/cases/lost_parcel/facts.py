"""Defines the facts of the search for a lost parcel and of the buyer's remedy."""

from datetime import datetime
from enum import StrEnum

from kernel.decider import Told
from kernel.people import Notice, Task, TaskWithdrawn
from kernel.value import Value
from services.logistics.attention import Attention, AttentionDrawn
from services.logistics.cases.lost_parcel.messages import Pending, Subject
from services.logistics.parcels import Basis
from services.logistics.shares import Share, without


class Choice(StrEnum):
    """The remedies for a lost parcel."""

    RESHIP = "reship"
    REFUND = "refund"


class Found(StrEnum):
    """The end of a lost parcel that turned up."""

    MOVING = "moving"
    DELIVERED = "delivered"
    RETURNED = "returned"


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
    resent: tuple[Share, ...] | None = None
    """The pieces that are sent again; None in a resend: all of them."""
    paid: tuple[Share, ...] = ()
    """The pieces for which a payment is due by this loss."""
    payment_count: int = 0
    found: Found | None = None
    """The news of a parcel that turned up after all."""
    found_at: datetime | None = None
    report_count: int = 1
    """The number of times that the supervisor was asked."""
    moved: tuple[Share, ...] = ()
    """The pieces of `paid` that are repaid by now."""
    is_rest_paid: bool = False
    """Pieces that a case left while others are sent again are paid."""
    is_refused: bool = False
    """The supervisor refused the report."""

    @property
    def is_known(self) -> bool:
        """Whether supervisor and order know of the loss."""
        return self.is_reported and self.is_memo_stored

    @property
    def promised(self) -> tuple[Share, ...]:
        """The pieces for which a payment is due that did not move yet."""
        return without(self.paid, self.moved)

    def unsettled(self, subject: Subject) -> tuple[Share, ...]:
        """Lists the pieces for which the buyer has no remedy yet."""
        return without(without(subject.rest, self.promised), self.resent or ())

    def free(self, subject: Subject) -> tuple[Share, ...]:
        """Lists the pieces without a remedy about which no other case is open; those have theirs first."""
        return without(self.unsettled(subject), without(subject.waiting(), self.promised))


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
    lines: tuple[Share, ...]


class OfferVoid(Value):
    """The offer does not stand any more: a refund is open."""


class ReportAskedAgain(Value):
    """The supervisor's answer had no meaning: he is asked again (task.requested)."""

    task: Task


class ReportDone(Value):
    """The supervisor approved."""


class ReportRefused(Value):
    """The supervisor refused: no other word of his but a yes changes that."""


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
    pending: tuple[Pending, ...] = ()
    repaid: tuple[Share, ...] = ()


class ReshipChosen(Value):
    """The goods are sent again; the reship case does."""

    reship_id: str
    ship_by: datetime
    is_by_default: bool
    lines: tuple[Share, ...]


class ResendOff(Value):
    """The resend did not leave and never will: the remedy is open again."""

    attention: Attention


class RestToPay(Value):
    """A case ended and left pieces without a remedy, while others are sent again: the buyer is paid."""


class PaymentDue(Value):
    """Report and memo are done: pay the buyer (remedy.refund-due)."""

    remedy_id: str
    lines: tuple[Share, ...]


class LeftToExchange(Value):
    """The replacement of an exchange is lost: the exchange settles the buyer's remedy."""


class LostAgain(Value):
    """The parcel turned up, and is lost all the same: the claim is opened again."""


class PaidElsewhere(Value):
    """The refund's own deadline paid the buyer."""


class TurnedUp(Value):
    """The lost parcel is there after all: the claim is withdrawn."""

    explanation_code: str
    found: Found
    at: datetime | None = None
    """The moment of the news; absent in what was stored before it was kept."""


class SubjectRenumbered(Value):
    """The parcel has another number; what was asked about the old one is void."""

    subject: Subject


class RecallDue(Value):
    """The parcel must come back: the carrier cannot deliver it, or the buyer has a remedy already."""

    reason_code: str
    at: datetime


class SearchClosed(Value):
    """Nothing is to be done any more."""

    ending: str


Settling = OfferMade | OfferVoid | ReportAskedAgain | ReportDone | ReportRefused | MemoDone | ReportOverdue
"""Facts about the offer, the report and the memo."""

Remedied = (
    RefundChosen
    | ReshipChosen
    | ResendOff
    | RestToPay
    | PaymentDue
    | PaidElsewhere
    | LeftToExchange
    | RecallDue
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
    | SubjectRenumbered
    | TurnedUp
    | LostAgain
    | SearchClosed
    | Settling
    | Remedied
    | AttentionDrawn
    | Notice
    | Task
    | TaskWithdrawn
    | Told
)
