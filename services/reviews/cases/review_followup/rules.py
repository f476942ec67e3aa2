"""Decides how a buyer is reached about neutral and bad reviews: the phone first, few texts, an end."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided
from kernel.ids import derived_id
from kernel.people import Task
from kernel.rules import rule
from kernel.value import replace
from services.reviews.cases.review_followup import messages as m
from services.reviews.cases.review_followup import state as s
from services.reviews.cases.review_followup.messages import Message
from services.reviews.cases.review_followup.state import Fact, State
from services.reviews.policy import Policy
from services.reviews.steps import Step

NOTICES = "followup"
"""First part of the ids of a follow-up's notices."""
STOPPED = frozenset({"consent_withdrawn", "refused_contact", "blocked"})
"""Reasons of a suppressed attempt after which the buyer is left alone."""


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """Follows the reviews of one order up; who refused contact is never contacted again."""
    if isinstance(state, s.Ended):
        return _again(state, message, policy, now)
    if isinstance(state, s.Absent):
        return _opened(state, message, policy, now) if isinstance(message, m.Negative) else []
    match message:
        case m.Negative():
            return _added(state, message, policy, now)
        case m.Resolved():
            return _resolved(state, message)
        case m.ContactResolved():
            return _contact_resolved(state, message, policy, now)
        case m.HarassmentReported():
            return _harassment(state)
        case m.Explained():
            return _explained(state, message)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy, now)
        case _:
            assert_never(message)


def _again(state: s.Ended, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    if state.attempt_count is None or state.outcome is m.Outcome.REFUSED_CONTACT:
        return []
    if isinstance(message, m.HarassmentReported):
        return _never_again()
    return _opened(state, message, policy, now) if isinstance(message, m.Negative) else []


@rule("RV-027")
def _never_again() -> Sequence[Fact]:
    """A complaint about harassment after the end: no further review is followed up."""
    return [s.ContactStopped()]


@rule("RV-024", "RV-025", "RV-028")
def _opened(state: s.Absent | s.Ended, negative: m.Negative, policy: Policy, now: datetime) -> Sequence[Fact]:
    """A neutral or bad review opens a follow-up for the thirty days in which it can be changed.

    So does one after an earlier follow-up of the order ended; the three texts are for both together.
    """
    expire_at = now + policy.followup.open_days
    opened = s.FollowupOpened(negative.order_id, negative.review_id, negative.customer_id, expire_at)
    return [opened, *_next(s.evolve(state, opened), policy, now)]


@rule("RV-024")
def _added(state: s.Contacting, negative: m.Negative, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Further reviews of the order join the follow-up: one buyer, one call, three texts."""
    if negative.review_id in state.review_ids:
        return []
    expire_at = max(state.expire_at, now + policy.followup.open_days)
    return [s.ReviewAdded(negative.review_id, expire_at)]


@rule("RV-024")
def _resolved(state: s.Contacting, resolved: m.Resolved) -> Sequence[Fact]:
    """The follow-up is over when the last of its reviews was changed or deleted."""
    if resolved.review_id not in state.review_ids:
        return []
    if len(state.review_ids) > 1:
        return [s.ReviewSettled(resolved.review_id)]
    return [_ended(state, resolved.outcome)]


@rule("RV-025", "RV-026")
def _contact_resolved(
    state: s.Contacting, resolved: m.ContactResolved, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """A refusal stops the follow-up for good; a talk is followed by the question what came of it."""
    if state.attempt is None or state.attempt.notice_id != resolved.notice_id:
        return []
    is_text = resolved.outcome in ("sent", "delivered")
    is_call = resolved.outcome in ("reached", "not_reached")
    noted = s.ContactNoted(
        state.text_count + is_text,
        state.call_count + is_call,
        is_more_wanted=resolved.outcome != "reached",
    )
    after = s.evolve(state, noted)
    if resolved.outcome == "suppressed" and resolved.reason_code in STOPPED:
        return [noted, _ended(after, m.Outcome.REFUSED_CONTACT)]
    if resolved.outcome == "reached":
        return [noted, _result_asked(state, now + policy.task_due_hours)]
    return [noted]


def _result_asked(state: s.Contacting, due_at: datetime) -> Task:
    return Task(
        question_code="followup_result",
        due_at=due_at,
        kind_code="assessment",
        task_id=derived_id("followup-result", state.order_id),
    )


@rule("RV-027")
def _harassment(state: s.Contacting) -> Sequence[Fact]:
    """A complaint about harassment ends all contact: it carries a fine."""
    return [_ended(state, m.Outcome.REFUSED_CONTACT)]


@rule("RV-024", "RV-028")
def _explained(state: s.Contacting, explained: m.Explained) -> Sequence[Fact]:
    """A person may say that the matter is settled with the buyer, whatever the rating stays."""
    return [_ended(state, m.Outcome.EXPLAINED)] if explained.is_settled else []


def _deadline_passed(
    state: s.Contacting, passed: DeadlinePassed, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    return _expired(state) if passed.name == "expire" else _next_due(state, policy, now)


@rule("RV-024")
def _expired(state: s.Contacting) -> Sequence[Fact]:
    """After thirty days the review can no longer be changed."""
    return [_ended(state, m.Outcome.EXPIRED)]


@rule("RV-025")
def _next_due(state: s.Contacting, policy: Policy, now: datetime) -> Sequence[Fact]:
    """An attempt that nobody answered for counts as made; then the next one, while there is one."""
    facts: list[Fact] = []
    current: State = state
    if state.attempt is not None:
        is_text = state.attempt.step is Step.TEXT
        text_count = state.text_count + is_text
        call_count = state.call_count + (not is_text)
        facts.append(s.ContactNoted(text_count, call_count, is_more_wanted=True))
        current = s.evolve(state, facts[0])
    further = _next(current, policy, now)
    if not further and not facts:
        facts.append(s.ContactNoted(state.text_count, state.call_count, is_more_wanted=False))
    elif not further:
        last = facts[0]
        facts = [replace(last, is_more_wanted=False)] if isinstance(last, s.ContactNoted) else facts
    return [*facts, *further]


def _next(state: State, policy: Policy, now: datetime) -> list[Fact]:
    """Finds the next attempt of the plan; a text only while the limit allows one."""
    if not isinstance(state, s.Contacting):
        return []
    plan = policy.followup.steps[state.attempt_count - state.earlier_attempt_count :]
    for skipped, step in enumerate(plan):
        if step is Step.TEXT and state.text_count >= policy.followup.text_limit:
            continue
        next_at = min(now + policy.followup.next_after_hours, state.expire_at)
        number = state.attempt_count + skipped + 1
        notice_id = derived_id(NOTICES, state.order_id, str(number))
        expires_at = min(now + policy.followup.attempt_open_hours, state.expire_at)
        return [s.ContactWanted(notice_id, number, step, state.customer_id, expires_at, next_at)]
    return []


def _ended(state: State, outcome: m.Outcome) -> s.FollowupEnded:
    if not isinstance(state, s.Contacting):
        raise TypeError(state)
    return s.FollowupEnded(outcome, state.text_count, state.call_count)
