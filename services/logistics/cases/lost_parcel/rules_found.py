"""Decides on a lost parcel that turns up: the claim falls, the buyer keeps one of goods and remedy."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import Decided, tell
from kernel.people import TaskWithdrawn
from kernel.rules import rule
from services.logistics.cases.dispatch import messages as dispatch
from services.logistics.cases.lost_parcel import facts as f
from services.logistics.cases.lost_parcel import rules_loss as loss
from services.logistics.cases.lost_parcel import rules_search as search
from services.logistics.cases.lost_parcel import state as s
from services.logistics.cases.lost_parcel.facts import Fact, Found
from services.logistics.news import ParcelNews
from services.logistics.parcels import Outcome
from services.logistics.policy import Policy

Decisions = list[Decided[Fact]]


def news_after_loss(state: s.Lost, news: ParcelNews, policy: Policy, now: datetime) -> Decisions:
    """Takes up a parcel that is heard of after its loss, whatever was sent in it."""
    found = _found(state, news)
    if found is None:
        return _lost_again() if _is_lost_again(state, news, now) else []
    is_news = state.subject.has_claim or state.loss.found is not found
    decided = _turned_up(news, found, now) if is_news else []
    match state:
        case s.LostConfirmed():
            return decided + _before_remedy(state, news, found, policy, now)
        case s.Resent() | s.RefundDue() | s.ExchangeDue() if found is Found.MOVING:
            return decided + recall(state, now)
        case s.Resent() | s.RefundDue() | s.ExchangeDue():
            if found is not Found.DELIVERED or state.loss.found is found:
                return decided
            decided += questions_void(state, "delivered")
            return decided + loss.resend_needless(state) if isinstance(state, s.Resent) else decided
        case _:
            assert_never(state)


def news_after_end(state: s.Closed, news: ParcelNews, now: datetime) -> Decisions:
    """Drops the claim that a search left behind, once its parcel is there."""
    if not state.subject.has_claim or news.outcome not in (Outcome.DELIVERED, Outcome.RETURNED):
        return []
    found = Found.DELIVERED if news.outcome is Outcome.DELIVERED else Found.RETURNED
    return _turned_up(news, found, now)


def _found(state: s.Lost, news: ParcelNews) -> Found | None:
    """Reads the news; None where the parcel is as lost as before."""
    match news.outcome:
        case Outcome.DELIVERED:
            return Found.DELIVERED
        case Outcome.RETURNED | Outcome.DESTROYED:
            return Found.RETURNED
        case Outcome.LOST:
            return None
        case None:
            return Found.MOVING if news.at is not None and news.at > state.loss.at else None


@rule("LG-017", "LG-022")
def _turned_up(news: ParcelNews, found: Found, now: datetime) -> Sequence[Fact]:
    """Drops the claim on the courier: the parcel was not lost."""
    return [f.TurnedUp(news.status.value, found, now)]


def _is_lost_again(state: s.Lost, news: ParcelNews, now: datetime) -> bool:
    """Tells whether a loss is news: one from before the parcel turned up says nothing."""
    loss = state.loss
    is_newer = loss.found_at is None or now > loss.found_at
    return news.outcome is Outcome.LOST and loss.found is not None and is_newer


@rule("LG-018", "LG-022")
def _lost_again() -> Sequence[Fact]:
    """Claims a parcel again that turned up and is lost all the same; the buyer's remedy stands."""
    return [f.LostAgain()]


def _before_remedy(
    state: s.LostConfirmed, news: ParcelNews, found: Found, policy: Policy, now: datetime
) -> Decisions:
    """Looks for the parcel again, or ends the search, where the buyer has no remedy yet."""
    if found is Found.DELIVERED:
        return questions_void(state, "delivered") + search.arrived("delivered")
    if found is Found.MOVING:
        located = search.located(state.subject, news.status.value, policy, now)
        return questions_void(state, "found") + located
    return []


@rule("LG-016", "LG-020")
def questions_void(state: s.Lost, reason_code: str) -> Sequence[Fact]:
    """Withdraws what people were asked about the loss."""
    facts: list[Fact] = []
    if not state.loss.is_reported and not state.loss.is_refused:
        facts.append(TaskWithdrawn(reason_code, task_id=s.report_task_id(state.loss)))
    if state.loss.report_by is None and not state.loss.is_known:
        facts.append(TaskWithdrawn(reason_code, task_id=s.overdue_task_id(state.loss)))
    return facts


@rule("LG-017")
def recall(state: s.Resent | s.RefundDue | s.ExchangeDue, now: datetime) -> Sequence[Fact]:
    """Calls the parcel back where the buyer has a remedy; that of an exchange counts once it is paid."""
    is_settled = not isinstance(state, s.ExchangeDue) or not state.subject.rest
    return [f.RecallDue("turned_up", now)] if is_settled and not state.is_recalled else []


def repaid(state: s.Lost, now: datetime) -> Decisions:
    """Calls a replacement that turned up back, once the buyer is repaid."""
    is_moving = isinstance(state, s.ExchangeDue) and state.loss.found is Found.MOVING
    return recall(state, now) if is_moving and isinstance(state, s.ExchangeDue) else []


@rule("LG-016", "LG-018")
def not_sought(state: s.Lost) -> Sequence[Fact]:
    """Tells the order that nobody looks for a parcel whose loss has its remedy."""
    closed = dispatch.SearchClosed(state.subject.link_id, s.remedy_of(state), is_open=False)
    return [tell(dispatch.to(state.subject.order_id, closed))]
