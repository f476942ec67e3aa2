"""Decides on a loss and the buyer's remedy: report, memo, offer, then a resend or a refund (A17)."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import Decided, tell
from kernel.ids import derived_id
from kernel.people import Task, TaskWithdrawn
from kernel.rules import rule
from services.logistics.cases.dispatch import messages as dispatch
from services.logistics.cases.lost_parcel import facts as f
from services.logistics.cases.lost_parcel import messages as m
from services.logistics.cases.lost_parcel import rules_search as search
from services.logistics.cases.lost_parcel import state as s
from services.logistics.cases.lost_parcel.facts import Choice, Fact, Loss
from services.logistics.cases.lost_parcel.messages import Subject
from services.logistics.cases.lost_parcel.rules_search import stamp
from services.logistics.cases.lost_parcel.state import State, evolve, reship_id
from services.logistics.news import MemoStored, ParcelNews, RequestDeclined
from services.logistics.parcels import Basis, Direction, Outcome
from services.logistics.policy import Policy

Decisions = list[Decided[Fact]]


@rule("RF-035", "LG-017", "LG-018", "LG-019", "LG-020", "LG-022")
def lost(subject: Subject, basis: Basis, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Confirms the loss: supervisor and memo at once, the claim beside it.

    The buyer chooses unless a refund is open.
    """
    report_by = now + policy.lost.report_hours
    loss = Loss(
        at=now,
        basis=basis,
        report_task_id=derived_id(subject.name, "report", stamp(now)),
        memo_request_id=derived_id(subject.name, "memo", stamp(now)),
        report_by=report_by,
        choose_by=None,
        reship_by=now + policy.lost.reship_days,
    )
    facts: list[Fact] = [
        f.LossConfirmed(loss, policy.attention.since(now)),
        Task("lost_parcel_report", report_by, "approval", task_id=loss.report_task_id),
        f.MemoAsked(loss.memo_request_id),
    ]
    if subject.direction in {Direction.REPLACEMENT, Direction.TO_BUYER}:
        return [*facts, f.SearchClosed("exchange_failed")]
    if subject.is_repaid:
        return [*facts, f.PaidElsewhere()]
    return facts if subject.refund_ids else [*facts, _offer(subject, policy, now)]


def _offer(subject: Subject, policy: Policy, now: datetime) -> f.OfferMade:
    return f.OfferMade(derived_id(subject.name, "offer", stamp(now)), now + policy.lost.choice_hours)


# The buyer's choice.


def offer_answered(
    state: s.LostConfirmed, answer: m.OfferAnswered, policy: Policy, now: datetime
) -> Decisions:
    """Follows the buyer's choice; declining both changes nothing."""
    if state.loss.choose_by is None or state.offer_id != answer.offer_id:
        return []
    match answer.option_id:
        case Choice.RESHIP:
            return reship(state, now, is_by_default=False)
        case Choice.REFUND:
            return _paid_when_ready(state, _refund_chosen(policy, now))
        case _:
            return []


@rule("LG-017", "LG-018", "LG-019")
def reship(state: s.LostConfirmed, now: datetime, *, is_by_default: bool) -> Sequence[Fact]:
    """Sends the goods again within three days of the loss, also where the buyer says nothing."""
    ship_by = max(state.loss.reship_by, now)
    next_id = reship_id(state.subject, state.loss.resend_count + 1)
    return [f.ReshipChosen(next_id, ship_by, is_by_default)]


@rule("LG-018")
def _refund_chosen(policy: Policy, now: datetime) -> Sequence[Fact]:
    """Gives the buyer the money."""
    return [f.RefundChosen(is_reship_out=False, attention=policy.attention.since(now))]


@rule("LG-018")
def offer_anew(
    state: s.LostConfirmed, refund_ids: tuple[str, ...], policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Lets the buyer choose after all, where the refund is gone."""
    if refund_ids or state.loss.choice is not None or state.loss.choose_by is not None:
        return []
    return [_offer(state.subject, policy, now)]


# A resend that comes to nothing, or is not wanted any more.


def reship_failed(state: s.Resent, policy: Policy, now: datetime) -> Decisions:
    """Takes the remedy up again where the goods cannot be sent."""
    back = s.LostConfirmed(state.subject, state.loss, policy.attention.since(now), None)
    return _paid_when_ready(back, _no_stock(policy, now))


@rule("LG-018", "RF-121")
def _no_stock(policy: Policy, now: datetime) -> Sequence[Fact]:
    """Refunds goods that cannot be sent again."""
    return [f.RefundChosen(is_reship_out=True, attention=policy.attention.since(now))]


@rule("RF-035", "LG-018")
def resend_revoked(state: s.Resent) -> Sequence[Fact]:
    """Lets an open refund win over the resend as well: nobody gets both (reading A4)."""
    subject = state.subject
    revoked = dispatch.ResendRevoked(reship_id(subject, state.loss.resend_count), subject.parcel_id)
    return [tell(dispatch.to(subject.order_id, revoked))]


def resend_off(state: s.Resent, let_go: m.ResendLetGo, policy: Policy, now: datetime) -> Decisions:
    """Gives the buyer the refund where the warehouse keeps the goods."""
    if let_go.reship_id != reship_id(state.subject, state.loss.resend_count):
        return []
    attention = policy.attention.since(now)
    off: Decisions = [Decided(f.ResendOff(attention), ("LG-018",))]
    if state.subject.is_repaid:
        return [*off, Decided(f.PaidElsewhere(), ("RF-013",))]
    return _paid_when_ready(s.LostConfirmed(state.subject, state.loss, attention, None), off)


@rule("RF-035", "LG-018")
def _offer_void(state: s.LostConfirmed) -> Sequence[Fact]:
    """Lets an open refund take the place of the choice (reading A4)."""
    return [f.OfferVoid()] if state.loss.choose_by is not None else []


def refund_wins(state: s.LostConfirmed, changed: Decisions) -> Decisions:
    """Drops the choice for an open refund, and pays if nothing else is missing."""
    return _paid_when_ready(state, changed + _offer_void(state))


# Report, memo and payment.


def reported(state: s.LostConfirmed) -> Decisions:
    """Takes the supervisor's approval, and pays if nothing else is missing."""
    return _paid_when_ready(state, _report_done())


@rule("LG-020")
def _report_done() -> Sequence[Fact]:
    """Notes that the supervisor knows and approves."""
    return [f.ReportDone()]


def memo_stored(state: s.LostConfirmed, memo: MemoStored) -> Decisions:
    """Takes the memo on the order, and pays if nothing else is missing."""
    if memo.request_id not in {None, state.loss.memo_request_id}:
        return []
    return _paid_when_ready(state, _memo_done(state))


@rule("LG-020")
def _memo_done(state: s.LostConfirmed) -> Sequence[Fact]:
    """Notes that the order carries the loss."""
    return [] if state.loss.is_memo_stored else [f.MemoDone()]


def request_declined(
    state: s.LostConfirmed, declined: RequestDeclined, policy: Policy, now: datetime
) -> Decisions:
    """Lets a person see to a memo that the order system will not write."""
    is_ours = declined.request_id == state.loss.memo_request_id
    return report_overdue(state, policy, now) if is_ours else []


@rule("LG-020")
def report_overdue(state: s.LostConfirmed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Lets a person see to a report or memo that is still missing; no money moves before."""
    if state.loss.report_by is None:
        return []
    task_id = derived_id(state.loss.report_task_id, "overdue")
    due_at = now + policy.attention.after_days
    return [f.ReportOverdue(Task("report_or_memo_missing", due_at, task_id=task_id))]


def _paid_when_ready(state: s.LostConfirmed, decided: Decisions) -> Decisions:
    """Adds the payment to the decision, if the decision brought the last thing that was missing."""
    after: State = state
    for entry in decided:
        after = evolve(after, entry.fact)
    return decided + _pay(after) if decided and isinstance(after, s.LostConfirmed) else decided


@rule("RF-035", "LG-018", "LG-020")
def _pay(state: s.LostConfirmed) -> Sequence[Fact]:
    """Pays a lost parcel once supervisor and order know of it and a refund is wanted."""
    is_wanted = state.loss.choice is Choice.REFUND or state.subject.refund_ids
    if not is_wanted or not state.loss.is_reported or not state.loss.is_memo_stored:
        return []
    return [f.PaymentDue(derived_id(state.subject.name, "remedy"))]


# A parcel that turns up.


def news_after_loss(state: s.Lost, news: ParcelNews, policy: Policy, now: datetime) -> Decisions:
    """Takes up a parcel that is heard of after its loss: the claim falls, the buyer keeps one of the two."""
    is_alive = news.outcome is None and news.at is not None and news.at > state.loss.at
    if news.outcome in {None, Outcome.LOST} and not is_alive:
        return []
    decided = _turned_up(state, news)
    if isinstance(state, s.LostConfirmed):
        if news.outcome is Outcome.DELIVERED:
            withdrawn = TaskWithdrawn("delivered", task_id=state.loss.report_task_id)
            return [*decided, Decided(withdrawn, ("LG-016",)), *search.arrived("delivered")]
        return (
            decided + search.located(state.subject, news.status.value, policy, now) if is_alive else decided
        )
    if news.outcome is Outcome.DELIVERED:
        return decided + double(state, policy, now)
    return decided + _recall(state, now) if is_alive else decided


@rule("LG-017", "LG-022")
def _turned_up(state: s.Lost, news: ParcelNews) -> Sequence[Fact]:
    """Drops the claim on the courier: the parcel was not lost."""
    return [f.TurnedUp(news.status.value)] if state.subject.has_claim else []


@rule("LG-017")
def _recall(state: s.Resent | s.RefundDue, now: datetime) -> Sequence[Fact]:
    """Calls the original back where the buyer has a remedy."""
    return [] if state.is_recalled else [f.RecallDue("turned_up", now)]


@rule("LG-018")
def double(state: s.Lost, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Lets a person recover goods or money, or write one off, where the buyer has both or will have."""
    if not isinstance(state, s.LostConfirmed) and state.is_double:
        return []
    task_id = derived_id(state.subject.name, "double")
    due_at = now + policy.attention.after_days
    return [f.RecoverOrWriteOff(Task("recover_or_write_off", due_at, "reconciliation", task_id=task_id))]
