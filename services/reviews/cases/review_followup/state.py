"""Defines the states of a follow-up, the facts, and how the facts add up."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import Deadline
from kernel.people import Task
from kernel.value import Value, replace
from services.reviews.cases.review_followup.messages import Outcome
from services.reviews.steps import Step


class Absent(Value):
    """No neutral or bad review yet."""


class Attempt(Value):
    """One attempt to reach the buyer, until its outcome is known."""

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
    """Attempts of the order's earlier follow-ups; the numbers of the notices go on from there."""


class Ended(Value):
    """Over until the buyer gives another such review; for good where he refused contact.

    `attempt_count` None: attempts were not counted yet when the follow-up ended; it is over for good.
    """

    outcome: Outcome
    attempt_count: int | None = None
    text_count: int = 0
    call_count: int = 0


State = Absent | Contacting | Ended


class FollowupOpened(Value):
    """A first neutral or bad review is followed up, or another one after an end."""

    order_id: str
    review_id: str
    customer_id: str
    expire_at: datetime


class ReviewAdded(Value):
    """A further review of the order joined the follow-up."""

    review_id: str
    expire_at: datetime


class ReviewSettled(Value):
    """One of several reviews needs no follow-up any more."""

    review_id: str


class ContactWanted(Value):
    """The sender is asked to reach the buyer; the sender checks consent, block list and limits."""

    notice_id: str
    number: int
    step: Step
    customer_id: str
    expires_at: datetime
    """Before `next_at`, so that the outcome is known by then."""
    next_at: datetime


class ContactNoted(Value):
    """An attempt is over: the counts after it, and whether another one may follow."""

    text_count: int
    call_count: int
    is_more_wanted: bool


class FollowupEnded(Value):
    """The follow-up is over; the counts are those of the whole order."""

    outcome: Outcome
    text_count: int
    call_count: int


class ContactStopped(Value):
    """The buyer wants no contact; said after the follow-up had ended."""


Fact = (
    FollowupOpened | ReviewAdded | ReviewSettled | ContactWanted | ContactNoted | Task
    | FollowupEnded | ContactStopped
)  # fmt: skip


def evolve(state: State, fact: Fact) -> State:
    """Applies a fact to the follow-up. Raises TypeError for a fact that the state cannot have."""
    if isinstance(fact, FollowupOpened):
        return _opened(state, fact)
    if isinstance(fact, ContactStopped) and isinstance(state, Ended):
        return replace(state, outcome=Outcome.REFUSED_CONTACT)
    if isinstance(fact, ContactStopped) or not isinstance(state, Contacting):
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
        case Task():
            return state
        case FollowupEnded():
            # A text that nobody answered for yet was sent all the same (RV-025).
            is_text_open = state.attempt is not None and state.attempt.step is Step.TEXT
            return Ended(fact.outcome, state.attempt_count, fact.text_count + is_text_open, fact.call_count)
        case _:
            assert_never(fact)


def _opened(state: State, fact: FollowupOpened) -> Contacting:
    """Opens a follow-up; after an earlier one its counts go on."""
    opened = Contacting(fact.order_id, fact.customer_id, (fact.review_id,), fact.expire_at, None, None)
    if not isinstance(state, Ended) or state.attempt_count is None:
        return opened
    return replace(
        opened,
        attempt_count=state.attempt_count,
        text_count=state.text_count,
        call_count=state.call_count,
        earlier_attempt_count=state.attempt_count,
    )


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists the end of an open follow-up and, until then, the next attempt."""
    match state:
        case Absent() | Ended():
            return []
        case Contacting(expire_at=expire_at, next_at=next_at):
            expire = Deadline("expire", expire_at)
            return [expire] if next_at is None else [Deadline("next", next_at), expire]
        case _:
            assert_never(state)
