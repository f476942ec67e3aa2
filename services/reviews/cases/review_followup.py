"""The follow-up of one order's neutral and bad reviews: the phone first, few texts, an end."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from kernel.decider import Deadline, DeadlinePassed, Decided, Decider
from kernel.rules import rule
from kernel.value import Value, replace
from services.reviews.ids import derived_id
from services.reviews.policy import Policy, Step


class Outcome(StrEnum):
    """How a follow-up ended (C4)."""

    CHANGED = "changed"
    DELETED = "deleted"
    EXPLAINED = "explained"
    REFUSED_CONTACT = "refused_contact"
    EXPIRED = "expired"


# States.


class Absent(Value):
    """No neutral or bad review yet."""


class Attempt(Value):
    """One attempt to reach the buyer, until we hear what became of it."""

    notice_id: str
    step: Step


class Contacting(Value):
    """The buyer is being contacted, or has been reached and may still change the review."""

    order_id: str
    customer_id: str
    review_ids: tuple[str, ...]
    """Reviews that have not been changed or deleted."""
    expire_at: datetime
    next_at: datetime | None
    attempt: Attempt | None
    attempt_count: int = 0
    text_count: int = 0
    call_count: int = 0
    earlier_attempt_count: int = 0
    """Attempts of the order's follow-ups before this one: notices are numbered on."""


class Ended(Value):
    """Over until the buyer gives another such review; for good where he refused contact.

    `attempt_count` None: not counted yet when it ended, and over for good.
    """

    outcome: Outcome
    attempt_count: int | None = None
    text_count: int = 0
    call_count: int = 0


State = Absent | Contacting | Ended


# Messages.


class Negative(Value):
    """The buyer rated neutral or bad."""

    order_id: str
    review_id: str
    customer_id: str


class Resolved(Value):
    """The buyer changed the review, or it was deleted."""

    review_id: str
    outcome: Outcome


class ContactResolved(Value):
    """What became of an attempt, as the sender reports it."""

    notice_id: str
    outcome: str
    channel: str | None
    reason_code: str | None


class HarassmentReported(Value):
    """The buyer complained that we harass."""


class Explained(Value):
    """Staff say what the talk with the buyer came to."""

    is_settled: bool


Message = Negative | Resolved | ContactResolved | HarassmentReported | Explained | DeadlinePassed


# Facts.


class FollowupOpened(Value):
    order_id: str
    review_id: str
    customer_id: str
    expire_at: datetime


class ReviewAdded(Value):
    review_id: str
    expire_at: datetime


class ReviewSettled(Value):
    """One of several reviews needs no follow-up any more."""

    review_id: str


class ContactWanted(Value):
    """The sender is asked to reach the buyer; it checks consent, block list and limits."""

    notice_id: str
    number: int
    step: Step
    customer_id: str
    expires_at: datetime
    """Before `next_at`, so that what became of it is known by then."""
    next_at: datetime


class ContactNoted(Value):
    """An attempt is over: the counts after it, and whether another one may follow."""

    text_count: int
    call_count: int
    is_more_wanted: bool


class ResultAsked(Value):
    """The buyer was reached: staff say what came of it."""

    due_at: datetime


class FollowupEnded(Value):
    outcome: Outcome
    text_count: int
    call_count: int


class ContactStopped(Value):
    """The buyer wants no contact; said after the follow-up had ended."""


Fact = (
    FollowupOpened | ReviewAdded | ReviewSettled | ContactWanted | ContactNoted | ResultAsked
    | FollowupEnded | ContactStopped
)  # fmt: skip

NOTICES = "followup"
"""First part of the ids of its notices."""

STOPPED = frozenset({"consent_withdrawn", "refused_contact", "blocked"})
"""Reasons of a suppressed attempt after which the buyer is left alone."""


# Rules.


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """One function per message; who refused contact is never contacted again."""
    if isinstance(state, Ended):
        return _again(state, message, policy, now)
    if isinstance(state, Absent):
        return _opened(state, message, policy, now) if isinstance(message, Negative) else []
    match message:
        case Negative():
            return _added(state, message, policy, now)
        case Resolved():
            return _resolved(state, message)
        case ContactResolved():
            return _contact_resolved(state, message, policy, now)
        case HarassmentReported():
            return _harassment(state)
        case Explained():
            return _explained(state, message)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy, now)
        case _:
            assert_never(message)


def _again(state: Ended, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    if state.attempt_count is None or state.outcome is Outcome.REFUSED_CONTACT:
        return []
    if isinstance(message, HarassmentReported):
        return _never_again()
    return _opened(state, message, policy, now) if isinstance(message, Negative) else []


@rule("RV-027")
def _never_again() -> Sequence[Fact]:
    """A complaint about harassment after the end: no further review is followed up."""
    return [ContactStopped()]


@rule("RV-024", "RV-025", "RV-028")
def _opened(state: Absent | Ended, negative: Negative, policy: Policy, now: datetime) -> Sequence[Fact]:
    """A neutral or bad review opens a follow-up for the thirty days in which it can be changed.

    So does one after an earlier follow-up of the order ended; the three texts are for both together.
    """
    expire_at = now + policy.followup.open_for
    opened = FollowupOpened(negative.order_id, negative.review_id, negative.customer_id, expire_at)
    return [opened, *_next(evolve(state, opened), policy, now)]


@rule("RV-024")
def _added(state: Contacting, negative: Negative, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Further reviews of the order join the follow-up: one buyer, one call, three texts."""
    if negative.review_id in state.review_ids:
        return []
    expire_at = max(state.expire_at, now + policy.followup.open_for)
    return [ReviewAdded(negative.review_id, expire_at)]


@rule("RV-024")
def _resolved(state: Contacting, resolved: Resolved) -> Sequence[Fact]:
    """The follow-up is over when the last of its reviews was changed or deleted."""
    if resolved.review_id not in state.review_ids:
        return []
    if len(state.review_ids) > 1:
        return [ReviewSettled(resolved.review_id)]
    return [_ended(state, resolved.outcome)]


@rule("RV-025", "RV-026")
def _contact_resolved(
    state: Contacting, resolved: ContactResolved, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """A refusal stops the follow-up for good; a talk is followed by the question what came of it."""
    if state.attempt is None or state.attempt.notice_id != resolved.notice_id:
        return []
    is_text = resolved.outcome in ("sent", "delivered")
    is_call = resolved.outcome in ("reached", "not_reached")
    noted = ContactNoted(
        state.text_count + is_text,
        state.call_count + is_call,
        is_more_wanted=resolved.outcome != "reached",
    )
    after = evolve(state, noted)
    if resolved.outcome == "suppressed" and resolved.reason_code in STOPPED:
        return [noted, _ended(after, Outcome.REFUSED_CONTACT)]
    if resolved.outcome == "reached":
        return [noted, ResultAsked(now + policy.task_due_after)]
    return [noted]


@rule("RV-027")
def _harassment(state: Contacting) -> Sequence[Fact]:
    """A complaint about harassment ends all contact: it carries a fine."""
    return [_ended(state, Outcome.REFUSED_CONTACT)]


@rule("RV-024", "RV-028")
def _explained(state: Contacting, explained: Explained) -> Sequence[Fact]:
    """A person may say that the matter is settled with the buyer, whatever the rating stays."""
    return [_ended(state, Outcome.EXPLAINED)] if explained.is_settled else []


def _deadline_passed(
    state: Contacting, passed: DeadlinePassed, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    if Deadline(passed.name, passed.due_at) not in deadlines(state):
        return []
    return _expired(state) if passed.name == "expire" else _next_due(state, policy, now)


@rule("RV-024")
def _expired(state: Contacting) -> Sequence[Fact]:
    """After thirty days the review can no longer be changed."""
    return [_ended(state, Outcome.EXPIRED)]


@rule("RV-025")
def _next_due(state: Contacting, policy: Policy, now: datetime) -> Sequence[Fact]:
    """An attempt that nobody answered for counts as made; then the next one, while there is one."""
    facts: list[Fact] = []
    current: State = state
    if state.attempt is not None:
        is_text = state.attempt.step is Step.TEXT
        text_count = state.text_count + is_text
        call_count = state.call_count + (not is_text)
        facts.append(ContactNoted(text_count, call_count, is_more_wanted=True))
        current = evolve(state, facts[0])
    further = _next(current, policy, now)
    if not further and not facts:
        facts.append(ContactNoted(state.text_count, state.call_count, is_more_wanted=False))
    elif not further:
        last = facts[0]
        facts = [replace(last, is_more_wanted=False)] if isinstance(last, ContactNoted) else facts
    return [*facts, *further]


def _next(state: State, policy: Policy, now: datetime) -> list[Fact]:
    """The next attempt of the plan; a text only while the limit allows one."""
    if not isinstance(state, Contacting):
        return []
    plan = policy.followup.steps[state.attempt_count - state.earlier_attempt_count :]
    for skipped, step in enumerate(plan):
        if step is Step.TEXT and state.text_count >= policy.followup.text_limit:
            continue
        next_at = min(now + policy.followup.next_after, state.expire_at)
        number = state.attempt_count + skipped + 1
        notice_id = derived_id(NOTICES, state.order_id, str(number))
        expires_at = min(now + policy.followup.attempt_open_for, state.expire_at)
        return [ContactWanted(notice_id, number, step, state.customer_id, expires_at, next_at)]
    return []


def _ended(state: State, outcome: Outcome) -> FollowupEnded:
    if not isinstance(state, Contacting):
        raise TypeError(state)
    return FollowupEnded(outcome, state.text_count, state.call_count)


def evolve(state: State, fact: Fact) -> State:
    """The state after a fact."""
    if isinstance(fact, FollowupOpened):
        opened = Contacting(fact.order_id, fact.customer_id, (fact.review_id,), fact.expire_at, None, None)
        count = state.attempt_count if isinstance(state, Ended) else None
        if not isinstance(state, Ended) or count is None:
            return opened
        return replace(
            opened,
            attempt_count=count,
            text_count=state.text_count,
            call_count=state.call_count,
            earlier_attempt_count=count,
        )
    if isinstance(fact, ContactStopped) and isinstance(state, Ended):
        return replace(state, outcome=Outcome.REFUSED_CONTACT)
    if not isinstance(state, Contacting) or isinstance(fact, ContactStopped):
        raise TypeError(fact)
    match fact:
        case ReviewAdded(review_id=review_id, expire_at=expire_at):
            return replace(state, review_ids=(*state.review_ids, review_id), expire_at=expire_at)
        case ReviewSettled(review_id=review_id):
            return replace(state, review_ids=tuple(x for x in state.review_ids if x != review_id))
        case ContactWanted():
            attempt = Attempt(fact.notice_id, fact.step)
            return replace(state, attempt=attempt, attempt_count=fact.number, next_at=fact.next_at)
        case ContactNoted():
            return replace(
                state,
                attempt=None,
                text_count=fact.text_count,
                call_count=fact.call_count,
                next_at=state.next_at if fact.is_more_wanted else None,
            )
        case ResultAsked():
            return state
        case FollowupEnded():
            return Ended(fact.outcome, state.attempt_count, fact.text_count, fact.call_count)
        case _:
            assert_never(fact)


def deadlines(state: State) -> Sequence[Deadline]:
    """Every open follow-up expires; until then it may have a next attempt."""
    if not isinstance(state, Contacting):
        return []
    expire = Deadline("expire", state.expire_at)
    return [expire] if state.next_at is None else [Deadline("next", state.next_at), expire]


REVIEW_FOLLOWUP: Decider[State, Message, Fact, Policy] = Decider(Absent(), decide, evolve, deadlines)
