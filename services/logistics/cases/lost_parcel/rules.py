"""Decides on a lost parcel: coverage, tracking, the courier's word, then a resend or a refund (A17, C5).

The claim on the courier runs beside it and never keeps the buyer waiting (LG-022).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided, NotYet
from kernel.rules import rule
from kernel.value import replace
from services.logistics.attention import draw
from services.logistics.cases.lost_parcel import facts as f
from services.logistics.cases.lost_parcel import messages as m
from services.logistics.cases.lost_parcel import rules_found as found
from services.logistics.cases.lost_parcel import rules_loss as loss
from services.logistics.cases.lost_parcel import rules_numbers as numbers
from services.logistics.cases.lost_parcel import rules_search as search
from services.logistics.cases.lost_parcel import state as s
from services.logistics.cases.lost_parcel.facts import Fact
from services.logistics.cases.lost_parcel.messages import Message, Subject
from services.logistics.cases.lost_parcel.state import State, evolve, look_task_id, presume_task_id
from services.logistics.news import MemoStored, ParcelNews, RequestDeclined, TaskDone
from services.logistics.parcels import Basis, Outcome, ParcelStatus
from services.logistics.policy import Policy

Decisions = list[Decided[Fact]]
OTHER_HANDS = frozenset({"household", "guard", "delegate"})
"""Signatures that count as the buyer's own (LG-042)."""


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Decisions:
    """Answers the message; then withdraws the question where the parcel is, if others answered it."""
    decided = _decided(state, message, policy, now)
    asked = s.asked_of(state)
    if not asked or not decided or (isinstance(message, TaskDone) and message.task_id == asked):
        return decided
    is_over = any(isinstance(entry.fact, f.LossConfirmed | f.SearchClosed) for entry in decided)
    return decided + search.question_void(asked) if is_over else decided


def _decided(  # noqa: C901, PLR0911, PLR0912  one branch per message
    state: State, message: Message, policy: Policy, now: datetime
) -> Decisions:
    """Answers all that concerns the search, the loss and the buyer's remedy."""
    if isinstance(message, m.Missing):
        return _missing(state, message, policy, now)
    if isinstance(state, s.Absent):
        if isinstance(message, m.InquiryAnswered):
            raise NotYet
        return []
    match message:
        case m.NumberCorrected():
            return numbers.corrected(state, message, policy, now)
        case m.InquiryAnswered():
            return _inquiry_answered(state, message, policy, now)
        case TaskDone():
            return _task_done(state, message, policy, now)
        case m.OfferAnswered():
            if not isinstance(state, s.LostConfirmed):
                return []
            return loss.offer_answered(state, message, policy, now)
        case m.ReshipFailed():
            return loss.reship_failed(state, message, policy, now) if isinstance(state, s.Resent) else []
        case m.ResendLetGo():
            return loss.resend_off(state, message, policy, now) if isinstance(state, s.Resent) else []
        case m.ResendLeft():
            return []
        case MemoStored():
            return loss.memo_stored(state, message) if isinstance(state, s.Lost) else []
        case RequestDeclined():
            if not isinstance(state, s.Lost):
                return []
            return loss.request_declined(state, message, policy, now)
        case m.RefundNews():
            return _refund_news(state, message, policy, now)
        case ParcelNews():
            return _parcel_news(state, message, policy, now)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy)
        case _:
            assert_never(message)


# The search.


def _missing(state: State, missing: m.Missing, policy: Policy, now: datetime) -> Decisions:
    is_lost = missing.reason_code == "courier_lost"
    match state:
        case s.Absent():
            return _opened(missing.subject, missing, policy, now)
        case s.Closed(subject=subject) if is_lost and subject.has_claim:
            return []
        case s.Closed(subject=subject):
            is_repaid = missing.subject.is_repaid or subject.is_repaid
            again = replace(
                missing.subject,
                round_count=subject.round_count + 1,
                is_repaid=is_repaid,
                claim_name=subject.claimed_as,
            )
            return _opened(again, missing, policy, now)
        case s.Open(subject=subject) | s.CourierInquiry(subject=subject):
            return loss.lost(subject, Basis.COURIER, policy, now) if is_lost else []
        case s.Located(subject=subject):
            if is_lost:
                return loss.lost(subject, Basis.COURIER, policy, now)
            return [] if missing.can_wait else search.ask(subject, missing.reason_code, policy, now)
        case s.LostConfirmed():
            return []
        case s.Resent() | s.RefundDue() | s.ExchangeDue():
            return found.not_sought(state)
        case _:
            assert_never(state)


def _opened(subject: Subject, missing: m.Missing, policy: Policy, now: datetime) -> Decisions:
    opened: Decisions = [Decided(f.SearchOpened(subject, policy.attention.lasting(now)), ("LG-016",))]
    return opened + _first_step(subject, missing, policy, now)


def _first_step(subject: Subject, missing: m.Missing, policy: Policy, now: datetime) -> Decisions:
    """Asks first whether the carrier serves the address, then the tracking, then the courier."""
    if missing.reason_code == "courier_lost":
        return loss.lost(subject, Basis.COURIER, policy, now)
    carrier = policy.carriers.of(subject.tracking.carrier_code)
    if not subject.is_signed and not carrier.serves_region(subject.region_code):
        return search.not_served(now)
    if missing.reason_code == "signed_not_received":
        is_own = policy.lost.is_household_signature_own and missing.signed_by in OTHER_HANDS
        if is_own:
            return search.signed(subject, policy, now)
    elif missing.can_wait and missing.status not in {ParcelStatus.UNKNOWN, ParcelStatus.LOST}:
        return search.located(subject, missing.status.value, policy, now)
    return search.ask(subject, missing.reason_code, policy, now)


def _inquiry_answered(state: s.Known, answer: m.InquiryAnswered, policy: Policy, now: datetime) -> Decisions:
    if not isinstance(state, s.CourierInquiry) or state.request_id != answer.request_id:
        return []
    match answer.outcome:
        case "found":
            return search.located(state.subject, "courier_found", policy, now)
        case "lost":
            return loss.lost(state.subject, Basis.COURIER, policy, now)
        case "not_served" if not state.subject.is_signed:
            return search.not_served(now)
        case "not_served" | "refused" | "too_late" | "unknown" if state.answer_by is not None:
            return search.presume(state.subject, policy, now)
        case _:
            return []


def _task_done(state: s.Known, task: TaskDone, policy: Policy, now: datetime) -> Decisions:
    subject = state.subject
    is_yes = task.outcome_code in loss.YES
    if isinstance(state, s.Lost):
        if task.task_id.startswith(f"{s.by_hand_task_id(state.loss)}."):
            return loss.memo_task_done(state, task, policy, now)
        if task.task_id != s.report_task_id(state.loss) or state.loss.is_reported:
            return []
        if is_yes:
            return loss.reported(state)
        return loss.not_reported(state, task.outcome_code, policy, now)
    if task.task_id not in {look_task_id(subject), presume_task_id(subject)}:
        return []
    if not isinstance(state, s.Open | s.CourierInquiry | s.Located):
        return []
    if is_yes or task.outcome_code == "lost":
        return loss.lost(subject, Basis.PERSON, policy, now)
    is_found = task.outcome_code == "found" and not isinstance(state, s.Located)
    return search.located(subject, s.PERSON, policy, now) if is_found else []


# Refunds and exchanges of the buyer.


def _refund_news(state: s.Known, news: m.RefundNews, policy: Policy, now: datetime) -> Decisions:
    changed = _noted(state.subject, news)
    if not changed:
        return []
    match state:
        case s.LostConfirmed():
            return loss.refunds_changed(state, news, changed, policy, now)
        case s.Resent() if (news.is_open or news.is_paid) and loss.touches(state, news):
            return changed + loss.resend_revoked(state)
        case s.Resent() if not news.is_open:
            return loss.left_beside_resend(state, changed)
        case s.Located() if (news.is_open or news.is_paid) and not news.is_exchange:
            after = _after(state, changed)
            return changed + search.found_and_refunded(after.subject, now)
        case s.ExchangeDue() if news.is_paid:
            after = _after(state, changed)
            return changed + found.repaid(after, now) if isinstance(after, s.Lost) else changed
        case (
            s.Open()
            | s.CourierInquiry()
            | s.Located()
            | s.Resent()
            | s.RefundDue()
            | s.ExchangeDue()
            | s.Closed()
        ):
            return changed
        case _:
            assert_never(state)


def _after(state: s.Known, decided: Decisions) -> s.Known:
    for entry in decided:
        after = evolve(state, entry.fact)
        state = after if not isinstance(after, s.Absent) else state
    return state


def _noted(subject: Subject, news: m.RefundNews) -> Decisions:
    """Notes the news, if it is any; a payment that names no pieces repays all of the parcel."""
    others = tuple(p for p in subject.pending if p.case_id != news.refund_id)
    pending = m.Pending(news.refund_id, news.lines, news.is_exchange)
    now_pending = (*others, pending) if news.is_open else others
    ids = set(subject.refund_ids) - {news.refund_id}
    if news.is_open and not news.is_exchange:
        ids |= {news.refund_id}
    is_whole = news.is_paid and (news.repaid is None or not subject.lines)
    noted = f.RefundsChanged(
        tuple(sorted(ids)),
        subject.is_repaid or is_whole,
        now_pending,
        subject.repaid if news.repaid is None else news.repaid,
    )
    before = f.RefundsChanged(subject.refund_ids, subject.is_repaid, subject.pending, subject.repaid)
    return _refunds_changed(noted) if noted != before else []


@rule("RF-035")
def _refunds_changed(noted: f.RefundsChanged) -> Sequence[Fact]:
    """Notes which cases of the buyer are open for the parcel, and which pieces are repaid."""
    return [noted]


# News of the parcel.


def _parcel_news(state: s.Known, news: ParcelNews, policy: Policy, now: datetime) -> Decisions:
    match state:
        case s.Open() | s.CourierInquiry() | s.Located():
            return _news_in_search(state, news, policy, now)
        case s.LostConfirmed() | s.Resent() | s.RefundDue() | s.ExchangeDue():
            return found.news_after_loss(state, news, policy, now)
        case s.Closed():
            return found.news_after_end(state, news, now)
        case _:
            assert_never(state)


def _news_in_search(
    state: s.Open | s.CourierInquiry | s.Located, news: ParcelNews, policy: Policy, now: datetime
) -> Decisions:
    if news.outcome is Outcome.LOST:
        return loss.lost(state.subject, Basis.COURIER, policy, now)
    if news.outcome is not None:
        return search.arrived(news.outcome.value)
    if isinstance(state, s.Located):
        return search.ask(state.subject, "silence", policy, now) if news.is_stalled else []
    return [] if news.is_stalled else search.located(state.subject, news.status.value, policy, now)


def _deadline_passed(state: s.Known, passed: DeadlinePassed, policy: Policy) -> Decisions:
    match state:
        case s.CourierInquiry() if passed.name == "inquiry":
            return search.presume(state.subject, policy, passed.due_at)
        case s.LostConfirmed() if passed.name == "choice":
            return loss.reship(state, passed.due_at, is_by_default=True)
        case s.LostConfirmed() if passed.name == "report":
            return loss.report_overdue(state, policy, passed.due_at)
        case s.Open() | s.CourierInquiry() | s.Located() | s.LostConfirmed():
            question_code = type(state).__name__.lower()
            drawn = draw(f"lost-parcel.{state.subject.name}", question_code, state.attention)
            return [Decided(drawn, ("LG-016",))]
        case s.Resent() | s.RefundDue() | s.ExchangeDue() | s.Closed():
            return []
        case _:
            assert_never(state)
