"""Defines the states of the search for a lost parcel, and its deadlines."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import Deadline, Told
from kernel.ids import derived_id
from kernel.people import Notice, Task, TaskWithdrawn
from kernel.value import Value, replace
from services.logistics.attention import Attention, AttentionDrawn
from services.logistics.cases.lost_parcel import facts as f
from services.logistics.cases.lost_parcel.facts import Choice, Fact, Loss, Remedied, Settling
from services.logistics.cases.lost_parcel.messages import Subject
from services.logistics.shares import Share, merged, without


class Absent(Value):
    """Nobody misses the parcel."""


class Open(Value):
    """The carrier cannot be asked through its desk: a person looks for the parcel."""

    subject: Subject
    attention: Attention
    asked: str = ""
    """The question to a person that is open about it."""


class CourierInquiry(Value):
    """The carrier was asked."""

    subject: Subject
    request_id: str
    answer_by: datetime | None
    attention: Attention
    asked: str = ""
    """The question to a person that is open about it."""


class Located(Value):
    """Tracking or the carrier says where the parcel is; the parcel must still arrive."""

    subject: Subject
    attention: Attention
    asked: str = ""
    """The question to a person that is open about it."""


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


class ExchangeDue(Value):
    """A replacement is lost: the exchange that sent it settles the buyer's remedy."""

    subject: Subject
    loss: Loss
    is_recalled: bool = False


class Closed(Value):
    """The search is over without a remedy of its own."""

    subject: Subject
    ending: str


Ended = Resent | RefundDue | ExchangeDue | Closed
Known = Open | CourierInquiry | Located | LostConfirmed | Ended
State = Absent | Known
Lost = LostConfirmed | Resent | RefundDue | ExchangeDue


PERSON = "person_found"
"""The explanation where a person says where the parcel is."""


def asked_of(state: State) -> str:
    """Finds the question about the whereabouts of the parcel that is open; empty if none is."""
    return state.asked if isinstance(state, Open | CourierInquiry | Located) else ""


def presume_task_id(subject: Subject) -> str:
    """Derives the id of the task that asks whether the parcel counts as lost."""
    return derived_id(subject.name, "presume")


def look_task_id(subject: Subject) -> str:
    """Derives the id of the task to look for the parcel where its carrier has no desk."""
    return derived_id(subject.name, "look")


def report_task_id(loss: Loss) -> str:
    """Derives the id of the question to the supervisor that stands; each has its number, from 1."""
    number = () if loss.report_count == 1 else (str(loss.report_count),)
    return derived_id(loss.report_task_id, *number)


def overdue_task_id(loss: Loss) -> str:
    """Derives the id of the task about a report or memo that is missing."""
    return derived_id(loss.report_task_id, "overdue")


def by_hand_task_id(loss: Loss) -> str:
    """Derives what the ids begin with of the tasks to note a loss that the order system does not note."""
    return derived_id(loss.memo_request_id, "by-hand")


def remedy_of(state: Lost) -> str | None:
    """Names the remedy that the loss led to, or None while it is open."""
    match state:
        case Resent():
            return "reship"
        case RefundDue():
            return "refund"
        case ExchangeDue():
            return "exchange"
        case LostConfirmed():
            return None
        case _:
            assert_never(state)


def resent_pieces(state: Resent) -> tuple[Share, ...]:
    """Lists the pieces that are sent again."""
    return state.subject.goods if state.loss.resent is None else state.loss.resent


def reship_id(subject: Subject, resend_count: int) -> str:
    """Derives the id of the n-th resend, from 1."""
    return derived_id(subject.name, "reship" if resend_count <= 1 else f"reship-{resend_count}")


def evolve(state: State, fact: Fact) -> State:  # noqa: C901, PLR0911, PLR0912  one branch per fact
    """Applies a fact."""
    if isinstance(fact, f.SearchOpened):
        return Open(fact.subject, fact.attention)
    if isinstance(state, Absent):
        return state
    if isinstance(fact, Remedied):
        return _remedied(state, fact) if isinstance(state, Lost) else state
    if isinstance(fact, Settling):
        return _settling(state, fact) if isinstance(state, Lost) else state
    subject = state.subject
    match fact:
        case f.InquiryAsked():
            return CourierInquiry(subject, fact.request_id, fact.answer_by, fact.attention, asked_of(state))
        case f.InquiryUnanswered(task=task):
            is_inquiry = isinstance(state, CourierInquiry)
            return replace(state, answer_by=None, asked=task.task_id) if is_inquiry else state
        case f.ParcelLocated(attention=attention, explanation_code=explanation_code):
            asked = "" if explanation_code == PERSON else asked_of(state)
            return Located(_after_loss(state), attention, asked)
        case Task(task_id=task_id):
            return replace(state, asked=task_id) if isinstance(state, Open) else state
        case f.LossConfirmed(loss=loss, attention=attention):
            return LostConfirmed(replace(subject, has_claim=True), loss, attention, None)
        case f.RefundsChanged():
            after = replace(state, subject=_refunds_changed(subject, fact))
            return _moved(after, subject) if isinstance(after, Lost) else after
        case f.TurnedUp(found=found, at=at):
            return _heard_of(state, found, at)
        case f.LostAgain():
            return _heard_of(state, None, None)
        case f.SubjectRenumbered(subject=renumbered):
            after = replace(state, subject=renumbered)
            return after if isinstance(after, LostConfirmed) else _recallable(after)
        case f.SearchClosed(ending=ending):
            return Closed(subject, ending)
        case AttentionDrawn(attention=attention):
            is_open = isinstance(state, Open | CourierInquiry | Located | LostConfirmed)
            return replace(state, attention=attention) if is_open else state
        case f.MemoAsked() | Notice() | TaskWithdrawn() | Told():
            return state
        case _:
            assert_never(fact)


def _heard_of(state: Known, found: f.Found | None, at: datetime | None) -> Known:
    """Notes that the parcel is there, or lost all the same: the claim stands only while it is lost."""
    after = replace(state, subject=replace(state.subject, has_claim=found is None))
    if not isinstance(after, Lost):
        return after
    return replace(after, loss=replace(after.loss, found=found, found_at=at))


def _recallable(state: Known) -> Known:
    """Forgets that the parcel was called back under its old number, and what was asked about it."""
    if isinstance(state, Open | CourierInquiry | Located):
        return replace(state, asked="")
    return replace(state, is_recalled=False) if isinstance(state, Resent | RefundDue | ExchangeDue) else state


def _moved(state: Lost, before: Subject) -> Lost:
    """Counts money that moved for what this loss made due first."""
    more = without(state.subject.repaid, before.repaid)
    moved = without(state.loss.promised, without(state.loss.promised, more))
    return replace(state, loss=replace(state.loss, moved=merged((*state.loss.moved, *moved))))


def _after_loss(state: Known) -> Subject:
    """Begins the next round where a lost parcel turned up: it may be lost again, and sent again once more."""
    subject = state.subject
    if not isinstance(state, LostConfirmed):
        return subject
    return replace(subject, round_count=subject.round_count + 1, claim_name=subject.claimed_as)


def _refunds_changed(subject: Subject, fact: f.RefundsChanged) -> Subject:
    return replace(
        subject,
        refund_ids=fact.refund_ids,
        is_repaid=fact.is_repaid,
        pending=fact.pending,
        repaid=fact.repaid,
    )


def _remedied(state: Lost, fact: Remedied) -> State:
    """Applies a fact about the buyer's remedy, or about goods beside the remedy."""
    subject, loss = state.subject, state.loss
    match fact:
        case f.RefundChosen(is_reship_out=is_reship_out, attention=attention):
            chosen = replace(
                loss, choice=Choice.REFUND, choose_by=None, is_reship_out=is_reship_out, resent=None
            )
            return LostConfirmed(subject, chosen, attention, None)
        case f.ReshipChosen(lines=lines):
            resent = replace(
                loss,
                choice=Choice.RESHIP,
                choose_by=None,
                resend_count=loss.resend_count + 1,
                resent=lines,
            )
            return Resent(subject, resent)
        case f.ResendOff(attention=attention):
            return LostConfirmed(subject, replace(loss, choice=None, resent=None), attention, None)
        case f.RestToPay():
            return replace(state, loss=replace(loss, is_rest_paid=True))
        case f.PaymentDue(lines=lines):
            return _payment_due(state, lines)
        case f.PaidElsewhere():
            return RefundDue(replace(subject, is_repaid=True), replace(loss, choose_by=None))
        case f.LeftToExchange():
            return ExchangeDue(subject, loss)
        case f.RecallDue():
            return state if isinstance(state, LostConfirmed) else replace(state, is_recalled=True)
        case _:
            assert_never(fact)


def _payment_due(state: Lost, lines: tuple[Share, ...]) -> State:
    """Notes a payment; the loss stays open while pieces without a remedy are left."""
    loss = replace(
        state.loss,
        paid=merged((*state.loss.paid, *lines)),
        payment_count=state.loss.payment_count + 1,
    )
    if isinstance(state, LostConfirmed) and not loss.unsettled(state.subject):
        return RefundDue(state.subject, replace(loss, choose_by=None))
    return replace(state, loss=loss)


def _settling(state: Lost, fact: Settling) -> Lost:
    """Applies a fact about the offer, the report or the memo."""
    loss = state.loss
    match fact:
        case f.OfferMade(offer_id=offer_id, choose_by=choose_by):
            offered = replace(state, loss=replace(loss, choose_by=choose_by))
            return replace(offered, offer_id=offer_id) if isinstance(offered, LostConfirmed) else offered
        case f.OfferVoid():
            void = replace(state, loss=replace(loss, choose_by=None))
            return replace(void, offer_id=None) if isinstance(void, LostConfirmed) else void
        case f.ReportAskedAgain():
            return replace(state, loss=replace(loss, report_count=loss.report_count + 1))
        case f.ReportDone():
            return replace(state, loss=replace(loss, is_reported=True))
        case f.ReportRefused():
            return replace(state, loss=replace(loss, is_refused=True))
        case f.MemoDone():
            return replace(state, loss=replace(loss, is_memo_stored=True))
        case f.ReportOverdue():
            return replace(state, loss=replace(loss, report_by=None))
        case _:
            assert_never(fact)


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists when an open search or loss must be looked at; an end has no deadline."""
    match state:
        case CourierInquiry(answer_by=answer_by) if answer_by is not None:
            return [Deadline("inquiry", answer_by)]
        case LostConfirmed(loss=loss):
            found: list[Deadline] = []
            if loss.choose_by is not None:
                found.append(Deadline("choice", loss.choose_by))
            if loss.report_by is not None and not loss.is_known:
                found.append(Deadline("report", loss.report_by))
            return found or state.attention.deadlines()
        case Open() | CourierInquiry() | Located():
            return state.attention.deadlines()
        case Absent() | Resent() | RefundDue() | ExchangeDue() | Closed():
            return []
        case _:
            assert_never(state)
