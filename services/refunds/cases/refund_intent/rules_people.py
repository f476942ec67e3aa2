"""Decides what a person's word means to a payment, and asks people: one question at a time.

Only the answer to the question that is open counts. A question that time answers is withdrawn.
"""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import Decided
from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from kernel.rules import rule
from kernel.value import replace
from services.refunds.cases.refund_intent.facts import (
    DoubtCleared,
    Fact,
    PartHeld,
    PaymentAbandoned,
    PaymentDisputed,
    PaymentRequested,
    PersonAsked,
)
from services.refunds.cases.refund_intent.messages import (
    Moved,
    PersonDecided,
    question_name_of,
)
from services.refunds.cases.refund_intent.state import Begun, Live, Reversed, Stuck, due_of
from services.refunds.payments import PaymentOrder, cut
from services.refunds.policy import Policy

_WORDS = ("retry", "not_moved", "abandon", "confirmed")


def asked(state: Live, question_code: str, due_at: datetime) -> Task:
    """Asks the next question."""
    return Task(question_code, due_at, name=question_name_of(state.beside.asked_count + 1))


def withdrawn(state: Live, reason_code: str) -> Sequence[Fact]:
    """Withdraws the open question; nothing where it was asked before questions had numbers."""
    number = state.beside.asked_count
    return [TaskWithdrawn(reason_code, name=question_name_of(number))] if number else []


def requested(order: PaymentOrder, attempt_count: int, policy: Policy, now: datetime) -> PaymentRequested:
    """Asks the provider to pay, and sets when to ask again and when to call a person."""
    rules = policy.intent
    return PaymentRequested(order, attempt_count, now + rules.retry_minutes, now + rules.stuck_hours)


def given_up(state: Live, reason_code: str, part: PaymentOrder | None = None) -> Sequence[Fact]:
    """Gives up what the buyer lacks, or a part of it. Pieces of a line go back to the order only once."""
    order = part or due_of(state)
    if order is None:
        return []
    freed = state.beside.freed
    shares = tuple(
        replace(share, quantity_count=0) if share.line_id in freed else share for share in order.shares
    )
    return [PaymentAbandoned(replace(order, shares=shares), reason_code)]


def person_decided(
    state: Begun, person: PersonDecided, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Takes the answer to the open question; any other is void."""
    if not isinstance(state, Stuck | Reversed):
        return []
    if person.question is not None and person.question != state.beside.asked_count:
        return []
    return (
        _unstuck(state, person, policy, now)
        if isinstance(state, Stuck)
        else _made_up(state, person, policy, now)
    )


@rule("RF-029")
def _unstuck(state: Stuck, person: PersonDecided, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Sends a stuck payment again, as a new attempt only if no money moved; or gives it up.

    An answer that cannot be carried out is asked for again.
    """
    is_sure = state.moved is Moved.NO
    if person.outcome_code == "retry" and not is_sure:
        return [requested(state.order, state.attempt_count, policy, now)]
    due = due_of(state)
    if due is not None and person.outcome_code in ("retry", "not_moved"):
        return [requested(due, state.attempt_count + 1, policy, now)]
    if person.outcome_code == "abandon" and is_sure:
        return given_up(state, "given_up")
    return [asked(state, "payment_stuck", now + policy.attention_days)]


@rule("RF-029", "RF-033")
def _made_up(state: Reversed, person: PersonDecided, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Sends what the buyer has not got as a new attempt, or gives it up; of a part the rest is asked about.

    An answer that cannot be carried out is asked for again.
    """
    look_at = now + policy.attention_days
    is_void = person.outcome_code == "confirmed" and not state.beside.is_doubted
    if is_void or person.outcome_code not in _WORDS:
        return [asked(state, "payment_reversed", look_at)]
    if state.part is None:
        return [PaymentDisputed("part_not_known", look_at)]
    part = _part(state.part, person.amount)
    if part is None:
        return [asked(state, "payment_reversed", look_at)]
    is_all = part == state.part
    cleared = [DoubtCleared()] if state.beside.is_doubted and is_all else []
    if person.outcome_code == "confirmed" and state.beside.is_foreign and is_all:
        return [PartHeld(part), *cleared]
    if person.outcome_code in ("retry", "not_moved"):
        return [requested(part, state.attempt_count + 1, policy, now), *cleared]
    rest = [] if is_all else [asked(state, "payment_reversed", look_at)]
    return [*given_up(state, "given_up", part), *rest, *cleared]


def _part(due: PaymentOrder, amount: Money | None) -> PaymentOrder | None:
    """Finds the part that the person means; None for an amount that is no part of it."""
    if amount is None:
        return due
    is_part = amount.currency == due.amount.currency and 0 < amount.minor <= due.amount.minor
    return cut(due, amount.minor) if is_part else None


@rule("RF-029")
def looked_away(state: Stuck | Reversed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks a person again in place of the last time, a few times. No money moves by that."""
    is_last = state.look_count + 1 >= policy.attention_count_max
    look_at = None if is_last else now + policy.attention_days
    name = question_name_of(state.beside.asked_count + 1)
    again = PersonAsked(_question_of(state), now + policy.attention_days, look_at, name)
    return [*withdrawn(state, "asked_anew"), again]


def _question_of(state: Stuck | Reversed) -> str:
    """Finds what is still to be said: whether the payment was made, or what becomes of what is missing."""
    if isinstance(state, Stuck):
        return "payment_still_stuck"
    return "other_amount_settled" if state.beside.is_doubted else "payment_reversed"
