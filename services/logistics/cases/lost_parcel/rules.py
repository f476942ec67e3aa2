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
from services.logistics.cases.lost_parcel import rules_loss as loss
from services.logistics.cases.lost_parcel import rules_search as search
from services.logistics.cases.lost_parcel import state as s
from services.logistics.cases.lost_parcel.facts import Fact
from services.logistics.cases.lost_parcel.messages import Message, Subject
from services.logistics.cases.lost_parcel.state import State, look_task_id, presume_task_id
from services.logistics.news import MemoStored, ParcelNews, RequestDeclined, TaskDone
from services.logistics.parcels import Basis, Outcome, ParcelStatus
from services.logistics.policy import Policy

Decisions = list[Decided[Fact]]
YES = frozenset({"approved", "confirmed", "done"})
OTHER_HANDS = frozenset({"household", "guard", "delegate"})
"""Signatures that count as the buyer's own (LG-042)."""


def decide(  # noqa: C901, PLR0911, PLR0912  one branch per message
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
        case m.InquiryAnswered():
            return _inquiry_answered(state, message, policy, now)
        case TaskDone():
            return _task_done(state, message, policy, now)
        case m.OfferAnswered():
            if not isinstance(state, s.LostConfirmed):
                return []
            return loss.offer_answered(state, message, policy, now)
        case m.ReshipFailed():
            return loss.reship_failed(state, policy, now) if isinstance(state, s.Resent) else []
        case m.ResendLetGo():
            return loss.resend_off(state, message, policy, now) if isinstance(state, s.Resent) else []
        case m.ResendLeft():
            return loss.double(state, policy, now) if isinstance(state, s.Lost) else []
        case MemoStored():
            return loss.memo_stored(state, message) if isinstance(state, s.LostConfirmed) else []
        case RequestDeclined():
            if not isinstance(state, s.LostConfirmed):
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
        case s.Closed(subject=subject):
            again = replace(missing.subject, round_count=subject.round_count + 1, is_repaid=subject.is_repaid)
            return _opened(again, missing, policy, now)
        case s.Open(subject=subject) | s.CourierInquiry(subject=subject):
            return loss.lost(subject, Basis.COURIER, policy, now) if is_lost else []
        case s.Located(subject=subject):
            if is_lost:
                return loss.lost(subject, Basis.COURIER, policy, now)
            return [] if missing.can_wait else search.ask(subject, missing.reason_code, policy, now)
        case s.LostConfirmed() | s.Resent() | s.RefundDue():
            return []
        case _:
            assert_never(state)


def _opened(subject: Subject, missing: m.Missing, policy: Policy, now: datetime) -> Decisions:
    opened: Decisions = [Decided(f.SearchOpened(subject, policy.attention.since(now)), ("LG-016",))]
    return opened + _first_step(subject, missing, policy, now)


def _first_step(subject: Subject, missing: m.Missing, policy: Policy, now: datetime) -> Decisions:
    """Asks first whether the carrier serves the address, then the tracking, then the courier."""
    if missing.reason_code == "courier_lost":
        return loss.lost(subject, Basis.COURIER, policy, now)
    if not policy.carriers.of(subject.tracking.carrier_code).serves_region(subject.region_code):
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
        case "not_served":
            return search.not_served(now)
        case "refused" | "too_late" | "unknown" if state.answer_by is not None:
            return search.presume(state.subject, policy, now)
        case _:
            return []


def _task_done(state: s.Known, task: TaskDone, policy: Policy, now: datetime) -> Decisions:
    subject = state.subject
    is_yes = task.outcome_code in YES
    if isinstance(state, s.LostConfirmed):
        is_report = task.task_id == state.loss.report_task_id and is_yes and not state.loss.is_reported
        return loss.reported(state) if is_report else []
    if task.task_id not in {look_task_id(subject), presume_task_id(subject)}:
        return []
    if not isinstance(state, s.Open | s.CourierInquiry | s.Located):
        return []
    if is_yes or task.outcome_code == "lost":
        return loss.lost(subject, Basis.PERSON, policy, now)
    is_found = task.outcome_code == "found" and not isinstance(state, s.Located)
    return search.located(subject, "person_found", policy, now) if is_found else []


# Refunds of the buyer.


def _refund_news(state: s.Known, news: m.RefundNews, policy: Policy, now: datetime) -> Decisions:
    ids = set(state.subject.refund_ids)
    after = tuple(sorted(ids | {news.refund_id} if news.is_open else ids - {news.refund_id}))
    is_repaid = state.subject.is_repaid or news.is_paid
    if after == state.subject.refund_ids and is_repaid == state.subject.is_repaid:
        return []
    changed = _refunds_changed(after, is_repaid=is_repaid)
    if isinstance(state, s.LostConfirmed):
        if news.is_paid:
            return [*changed, Decided(f.PaidElsewhere(), ("RF-013",))]
        if news.is_open:
            return loss.refund_wins(state, changed)
        return changed + loss.offer_anew(state, after, policy, now)
    if isinstance(state, s.Resent) and (news.is_open or news.is_paid):
        return changed + loss.resend_revoked(state)
    if isinstance(state, s.Located) and news.is_open:
        return changed + search.found_and_refunded(after, now)
    return changed


@rule("RF-035")
def _refunds_changed(refund_ids: tuple[str, ...], *, is_repaid: bool) -> Sequence[Fact]:
    """Notes which refunds of the buyer are open for the parcel."""
    return [f.RefundsChanged(refund_ids, is_repaid)]


# News of the parcel.


def _parcel_news(state: s.Known, news: ParcelNews, policy: Policy, now: datetime) -> Decisions:
    match state:
        case s.Open() | s.CourierInquiry() | s.Located():
            return _news_in_search(state, news, policy, now)
        case s.LostConfirmed() | s.Resent() | s.RefundDue():
            return loss.news_after_loss(state, news, policy, now)
        case s.Closed():
            return []
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
        case s.Resent() | s.RefundDue() | s.Closed():
            return []
        case _:
            assert_never(state)
