"""The lost-parcel case: coverage, tracking, the courier's word, then a resend or a refund (A17, table C5).

The claim on the courier runs beside it and never keeps the buyer waiting (LG-022).
"""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import DeadlinePassed, Decided, Decider, NotYet
from kernel.rules import rule
from kernel.value import replace
from services.logistics.cases import lost_parcel_rules as rules
from services.logistics.cases import lost_parcel_words as w
from services.logistics.cases.lost_parcel_states import (
    deadlines,
    evolve,
    look_task_id,
    presume_task_id,
    reship_id,
)
from services.logistics.cases.values import (
    Basis,
    MemoStored,
    Outcome,
    ParcelNews,
    ParcelStatus,
    RefundNews,
    RequestDeclined,
    TaskDone,
    TaskWithdrawn,
    derived_id,
    draw,
)
from services.logistics.policy import Policy

Decisions = list[Decided[w.Fact]]
YES = frozenset({"approved", "confirmed", "done"})
OTHER_HANDS = frozenset({"household", "guard", "delegate"})
"""Signatures that count as the buyer's own (LG-042)."""


def decide(state: w.State, message: w.Message, policy: Policy, now: datetime) -> Decisions:
    """What a message means for the search and for the buyer's remedy."""
    match message:
        case w.Missing():
            return _missing(state, message, policy, now)
        case w.InquiryAnswered() if isinstance(state, w.Absent):
            raise NotYet
        case _ if isinstance(state, w.Absent):
            return []
        case w.InquiryAnswered():
            return _inquiry_answered(state, message, policy, now)
        case TaskDone():
            return _task_done(state, message, policy, now)
        case ParcelNews():
            return _parcel_news(state, message, policy, now)
        case RefundNews():
            return _refund_news(state, message, policy, now)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy)
        case _:
            return _about_loss(state, message, policy, now)


def _about_loss(state: w.Known, message: w.Message, policy: Policy, now: datetime) -> Decisions:
    match message:
        case w.OfferAnswered() if isinstance(state, w.LostConfirmed):
            return _offer_answered(state, message, policy, now)
        case w.ReshipFailed() if isinstance(state, w.Resent):
            return _reship_failed(state, policy, now)
        case w.ResendLetGo() if isinstance(state, w.Resent):
            return _resend_off(state, message, policy, now)
        case w.ResendLeft() if isinstance(state, w.LostConfirmed | w.Resent | w.RefundDue):
            return _double(state, policy, now)
        case MemoStored() if isinstance(state, w.LostConfirmed):
            is_ours = message.request_id in {None, state.loss.memo_request_id}
            return rules.paid_when_ready(state, rules.memo_done(state)) if is_ours else []
        case RequestDeclined() if isinstance(state, w.LostConfirmed):
            is_ours = message.request_id == state.loss.memo_request_id
            return rules.report_overdue(state, policy, now) if is_ours else []
        case _:
            return []


# The search.


def _missing(state: w.State, missing: w.Missing, policy: Policy, now: datetime) -> Decisions:
    is_lost = missing.reason_code == "courier_lost"
    match state:
        case w.Absent():
            return _opened(missing.subject, missing, policy, now)
        case w.Closed(subject=subject):
            again = replace(missing.subject, round_count=subject.round_count + 1, is_repaid=subject.is_repaid)
            return _opened(again, missing, policy, now)
        case w.Open() | w.CourierInquiry() if is_lost:
            return rules.lost(state.subject, Basis.COURIER, policy, now)
        case w.Located(subject=subject):
            if is_lost:
                return rules.lost(subject, Basis.COURIER, policy, now)
            return [] if missing.can_wait else rules.ask(subject, missing.reason_code, policy, now)
        case _:
            return []


def _opened(subject: w.Subject, missing: w.Missing, policy: Policy, now: datetime) -> Decisions:
    """First whether the carrier serves the address, then what tracking says, then the courier."""
    opened: Decisions = [Decided(w.SearchOpened(subject, policy.attention(now)), ("LG-016",))]
    if missing.reason_code == "courier_lost":
        return opened + rules.lost(subject, Basis.COURIER, policy, now)
    if not policy.carriers.of(subject.tracking.carrier_code).serves_region(subject.region_code):
        return opened + rules.not_served(subject, now)
    if missing.reason_code == "signed_not_received":
        is_own = policy.lost.is_household_signature_own and missing.signed_by in OTHER_HANDS
        return opened + (
            rules.signed(subject, policy, now)
            if is_own
            else rules.ask(subject, missing.reason_code, policy, now)
        )
    if missing.can_wait and missing.status not in {ParcelStatus.UNKNOWN, ParcelStatus.LOST}:
        return opened + rules.located(subject, missing.status.value, policy, now)
    return opened + rules.ask(subject, missing.reason_code, policy, now)


def _inquiry_answered(state: w.Known, answer: w.InquiryAnswered, policy: Policy, now: datetime) -> Decisions:
    if not isinstance(state, w.CourierInquiry) or state.request_id != answer.request_id:
        return []
    match answer.outcome:
        case "found":
            return rules.located(state.subject, "courier_found", policy, now)
        case "lost":
            return rules.lost(state.subject, Basis.COURIER, policy, now)
        case "not_served":
            return rules.not_served(state.subject, now)
        case "refused" | "too_late" | "unknown" if state.answer_by is not None:
            return rules.presume(state, policy, now)
        case _:
            return []


def _task_done(state: w.Known, task: TaskDone, policy: Policy, now: datetime) -> Decisions:
    subject = state.subject
    is_yes = task.outcome_code in YES
    if isinstance(state, w.LostConfirmed):
        is_report = task.task_id == state.loss.report_task_id and is_yes and not state.loss.is_reported
        return rules.paid_when_ready(state, rules.report_done(state)) if is_report else []
    if task.task_id not in {look_task_id(subject), presume_task_id(subject)}:
        return []
    if not isinstance(state, w.Open | w.CourierInquiry | w.Located):
        return []
    if is_yes or task.outcome_code == "lost":
        return rules.lost(subject, Basis.PERSON, policy, now)
    is_found = task.outcome_code == "found" and not isinstance(state, w.Located)
    return rules.located(subject, "person_found", policy, now) if is_found else []


# The remedy.


def _offer_answered(
    state: w.LostConfirmed, answer: w.OfferAnswered, policy: Policy, now: datetime
) -> Decisions:
    if state.loss.choose_by is None or state.offer_id != answer.offer_id:
        return []
    match answer.option_id:
        case w.Choice.RESHIP:
            return rules.reship(state, now, is_by_default=False)
        case w.Choice.REFUND:
            return rules.paid_when_ready(state, rules.refund_chosen(policy, now, is_reship_out=False))
        case _:
            return []


def _reship_failed(state: w.Resent, policy: Policy, now: datetime) -> Decisions:
    decided = rules.no_stock(policy, now)
    back = w.LostConfirmed(state.subject, state.loss, policy.attention(now), None)
    return rules.paid_when_ready(back, decided)


def _resend_off(state: w.Resent, let_go: w.ResendLetGo, policy: Policy, now: datetime) -> Decisions:
    """The warehouse keeps the goods: the refund is what the buyer gets."""
    if let_go.reship_id != reship_id(state.subject, state.loss.resend_count):
        return []
    off: Decisions = [Decided(w.ResendOff(policy.attention(now)), ("LG-018",))]
    if state.subject.is_repaid:
        return [*off, Decided(w.PaidElsewhere(), ("RF-013",))]
    return rules.paid_when_ready(w.LostConfirmed(state.subject, state.loss, policy.attention(now), None), off)


# Refunds of the buyer.


def _refund_news(state: w.Known, news: RefundNews, policy: Policy, now: datetime) -> Decisions:
    ids = set(state.subject.refund_ids)
    after = tuple(sorted(ids | {news.refund_id} if news.is_open else ids - {news.refund_id}))
    is_repaid = state.subject.is_repaid or news.is_paid
    if after == state.subject.refund_ids and is_repaid == state.subject.is_repaid:
        return []
    changed: Decisions = [Decided(w.RefundsChanged(after, is_repaid), ("RF-035",))]
    if isinstance(state, w.LostConfirmed):
        if news.is_paid:
            return [*changed, Decided(w.PaidElsewhere(), ("RF-013",))]
        if news.is_open:
            return rules.paid_when_ready(state, changed + _refund_wins(state))
        return changed + _offer_anew(state, after, policy, now)
    if isinstance(state, w.Resent) and (news.is_open or news.is_paid):
        return changed + _resend_revoked(state)
    if isinstance(state, w.Located) and news.is_open:
        return changed + _found_and_refunded(after, now)
    return changed


@rule("RF-034")
def _found_and_refunded(refund_ids: tuple[str, ...], now: datetime) -> Sequence[w.Fact]:
    """The parcel is known to be under way: with a refund open it is called back."""
    return rules.call_back(refund_ids, now)


@rule("RF-035", "LG-018")
def _refund_wins(state: w.LostConfirmed) -> Sequence[w.Fact]:
    """An open refund takes the place of the choice (reading A4)."""
    return [w.OfferVoid()] if state.loss.choose_by is not None else []


@rule("RF-035", "LG-018")
def _resend_revoked(state: w.Resent) -> Sequence[w.Fact]:
    """An open refund wins over the resend as well: nobody gets both (reading A4)."""
    return [w.ResendRevoked(reship_id(state.subject, state.loss.resend_count))]


@rule("LG-018")
def _offer_anew(
    state: w.LostConfirmed, refund_ids: tuple[str, ...], policy: Policy, now: datetime
) -> Sequence[w.Fact]:
    """The refund is gone: the buyer chooses after all."""
    if refund_ids or state.loss.choice is not None or state.loss.choose_by is not None:
        return []
    return [rules.offer(state.subject, state.loss, policy, now)]


# News of the parcel.


def _parcel_news(state: w.Known, news: ParcelNews, policy: Policy, now: datetime) -> Decisions:
    match state:
        case w.Open() | w.CourierInquiry() | w.Located():
            return _news_in_search(state, news, policy, now)
        case w.LostConfirmed() | w.Resent() | w.RefundDue():
            return _news_after_loss(state, news, policy, now)
        case w.Closed():
            return []


def _news_in_search(
    state: w.Open | w.CourierInquiry | w.Located, news: ParcelNews, policy: Policy, now: datetime
) -> Decisions:
    if news.outcome is Outcome.LOST:
        return rules.lost(state.subject, Basis.COURIER, policy, now)
    if news.outcome is not None:
        return _arrived(news.outcome.value)
    if isinstance(state, w.Located):
        return rules.ask(state.subject, "silence", policy, now) if news.is_stalled else []
    return [] if news.is_stalled else rules.located(state.subject, news.status.value, policy, now)


@rule("LG-016")
def _arrived(ending: str) -> Sequence[w.Fact]:
    """What was missed is there, with the buyer or back at the shop."""
    return [w.SearchClosed(ending)]


def _news_after_loss(
    state: w.LostConfirmed | w.Resent | w.RefundDue, news: ParcelNews, policy: Policy, now: datetime
) -> Decisions:
    is_alive = news.outcome is None and news.at is not None and news.at > state.loss.at
    if news.outcome in {None, Outcome.LOST} and not is_alive:
        return []
    decided = _turned_up(state, news)
    if isinstance(state, w.LostConfirmed):
        if news.outcome is Outcome.DELIVERED:
            withdrawn = TaskWithdrawn(state.loss.report_task_id, "delivered")
            return [*decided, Decided(withdrawn, ("LG-016",)), *_arrived("delivered")]
        return decided + rules.located(state.subject, news.status.value, policy, now) if is_alive else decided
    if news.outcome is Outcome.DELIVERED:
        return decided + _double(state, policy, now)
    return decided + _recall(state, now) if is_alive else decided


@rule("LG-017", "LG-022")
def _turned_up(state: w.LostConfirmed | w.Resent | w.RefundDue, news: ParcelNews) -> Sequence[w.Fact]:
    """It was not lost: the claim on the courier falls."""
    return [w.TurnedUp(news.status.value)] if state.subject.has_claim else []


@rule("LG-017")
def _recall(state: w.Resent | w.RefundDue, now: datetime) -> Sequence[w.Fact]:
    """The buyer has a remedy: the original is called back."""
    return [] if state.is_recalled else [w.RecallDue("turned_up", now)]


@rule("LG-018")
def _double(
    state: w.LostConfirmed | w.Resent | w.RefundDue, policy: Policy, now: datetime
) -> Sequence[w.Fact]:
    """The buyer has goods and remedy, or will have: a person recovers one or writes it off."""
    task_id = derived_id(state.subject.name, "double")
    is_known = not isinstance(state, w.LostConfirmed) and state.is_double
    return [] if is_known else [w.RecoverOrWriteOff(task_id, now + policy.attention_after)]


# What time does.


def _deadline_passed(state: w.Known, passed: DeadlinePassed, policy: Policy) -> Decisions:
    if not any(d.name == passed.name and d.due_at == passed.due_at for d in deadlines(state)):
        return []
    match state:
        case w.CourierInquiry() if passed.name == "inquiry":
            return rules.presume(state, policy, passed.due_at)
        case w.LostConfirmed() if passed.name == "choice":
            return rules.reship(state, passed.due_at, is_by_default=True)
        case w.LostConfirmed() if passed.name == "report":
            return rules.report_overdue(state, policy, passed.due_at)
        case w.Open() | w.CourierInquiry() | w.Located() | w.LostConfirmed():
            question_code = type(state).__name__.lower()
            return [
                Decided(
                    draw(f"lost-parcel.{state.subject.name}", question_code, state.attention), ("LG-016",)
                )
            ]
        case _:
            return []


LOST_PARCEL: Decider[w.State, w.Message, w.Fact, Policy] = Decider(w.Absent(), decide, evolve, deadlines)
