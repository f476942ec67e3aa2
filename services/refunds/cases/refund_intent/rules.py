"""Decides about one payment to a buyer and the attempts to carry it out. Its money moves at most once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided, NotYet
from kernel.people import Task
from kernel.rules import rule
from services.refunds.cases.refund_intent.messages import (
    Message,
    MoneyReversed,
    MoneySettled,
    Moved,
    Pay,
    PaymentAccepted,
    PaymentFailed,
    PaymentOrder,
    PersonDecided,
)
from services.refunds.cases.refund_intent.rules_shortfall import missing_of, part_of
from services.refunds.cases.refund_intent.state import (
    Abandoned,
    Absent,
    Accepted,
    Begun,
    Fact,
    OutcomeUnknown,
    PaidShort,
    PaymentAbandoned,
    PaymentDisputed,
    PaymentRequested,
    PaymentStuck,
    PaymentTaken,
    PersonAsked,
    RefundPaid,
    RefundReversed,
    Requested,
    RetryAwaited,
    Reversed,
    Settled,
    State,
    Stuck,
    Unknown,
)
from services.refunds.policy import Policy


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """Calls the rule of the message. A message that no longer means anything decides nothing."""
    if isinstance(message, Pay):
        return _pay(message, policy, now) if isinstance(state, Absent) else []
    if isinstance(state, Absent):
        raise NotYet
    match message:
        case MoneySettled():
            return _settled(state, message, policy, now)
        case PaymentAccepted():
            return _accepted(state, message, policy, now)
        case PaymentFailed():
            return _failed(state, message, policy, now)
        case MoneyReversed():
            return _reversed(state, message, policy, now)
        case PersonDecided():
            return _person_decided(state, message, policy, now)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy, now)
        case _:
            assert_never(message)


@rule("RF-002", "RF-013", "RF-025", "RF-029", "RF-068")
def _pay(pay: Pay, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Tells finance and the provider to pay, once per decision."""
    return [_request(pay.order, 1, policy, now)]


def _request(order: PaymentOrder, attempt_count: int, policy: Policy, now: datetime) -> PaymentRequested:
    rules = policy.intent
    return PaymentRequested(order, attempt_count, now + rules.retry_minutes, now + rules.stuck_hours)


@rule("RF-029")
def _accepted(state: Begun, accepted: PaymentAccepted, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Waits for a payment that the provider took. Nothing is repeated."""
    if not isinstance(state, Requested | Unknown) or accepted.attempt_count != state.attempt_count:
        return []
    return [PaymentTaken(now + policy.intent.stuck_hours)]


@rule("RF-033")
def _settled(state: Begun, settled: MoneySettled, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Books money that moved, on whichever attempt. A second payment or another amount goes to a person."""
    due_at = now + policy.attention_days
    if isinstance(state, Settled):
        is_second = settled.has_moved_now and settled.attempt_count != state.settled_attempt
        return [PaymentDisputed("paid_twice", due_at)] if is_second else []
    if isinstance(state, Abandoned | Reversed):
        question = "paid_after_abandoning" if isinstance(state, Abandoned) else "paid_while_asked"
        return [PaymentDisputed(question, due_at)] if settled.has_moved_now else []
    paid = RefundPaid(settled.amount, settled.attempt_count)
    order = state.order
    if settled.amount == order.amount:
        return [paid]
    question = "other_amount_settled"
    if settled.amount.currency == order.amount.currency and settled.amount.minor < order.amount.minor:
        missing = missing_of(order, settled.amount, settled.tenders)
        return [paid, PaidShort(missing, due_at), Task(question, due_at)]
    return [paid, PaymentDisputed(question, due_at)]


@rule("RF-029")
def _failed(state: Begun, failed: PaymentFailed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Makes a new attempt once it is sure that no money moved. Before that the same one is asked again."""
    if not isinstance(state, Requested | Accepted | Unknown) or failed.attempt_count != state.attempt_count:
        return []
    again_at = now + policy.intent.retry_minutes
    if failed.moved is Moved.UNKNOWN:
        return [] if isinstance(state, Unknown) else [OutcomeUnknown(again_at)]
    if failed.is_retryable:
        return [RetryAwaited(again_at)]
    return _stuck(state, Moved.NO, policy, now)


@rule("RF-029")
def _reversed(state: Begun, came_back: MoneyReversed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Keeps money that came back for the buyer in the account. A person decides how he gets it."""
    if isinstance(state, Requested | Accepted | Unknown | Stuck):
        raise NotYet
    look_at = now + policy.attention_days
    if isinstance(state, Reversed | Abandoned):
        return [PaymentDisputed("reversed_as_well", look_at)]
    part = None if state.is_disputed else part_of(state.order, came_back.amount)
    asked = Task("payment_reversed", look_at)
    return [RefundReversed(came_back.amount, came_back.reason_code, look_at, part), asked]


def _person_decided(
    state: Begun, person: PersonDecided, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    if isinstance(state, Stuck):
        return _unstuck(state, person, policy, now)
    return _made_up(state, person, policy, now) if isinstance(state, Reversed) else []


@rule("RF-029")
def _unstuck(state: Stuck, person: PersonDecided, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Sends a stuck payment again, as a new attempt only if no money moved; or gives it up."""
    is_sure = state.moved is Moved.NO
    if person.outcome_code == "retry":
        return [_request(state.order, state.attempt_count + is_sure, policy, now)]
    if person.outcome_code == "not_moved":
        return [_request(state.order, state.attempt_count + 1, policy, now)]
    if person.outcome_code == "abandon" and is_sure:
        return [PaymentAbandoned(state.order)]
    return []


@rule("RF-029", "RF-033")
def _made_up(state: Reversed, person: PersonDecided, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Sends the part that the buyer has not got as a new attempt, or gives that part up."""
    if person.outcome_code not in ("retry", "abandon"):
        return []
    if state.part is None:
        return [PaymentDisputed("part_not_known", now + policy.attention_days)]
    if person.outcome_code == "retry":
        return [_request(state.part, state.attempt_count + 1, policy, now)]
    return [PaymentAbandoned(state.part)]


def _deadline_passed(
    state: Begun, passed: DeadlinePassed, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    match state:
        case Requested() | Unknown():
            is_repeat = passed.name == "payment"
            return _asked_again(state, policy, now) if is_repeat else _given_to_person(state, policy, now)
        case Accepted():
            return _given_to_person(state, policy, now)
        case Stuck() | Reversed():
            return _looked_away(state, policy, now)
        case Settled() | Abandoned():
            return []
        case _:
            assert_never(state)


@rule("RF-029")
def _asked_again(state: Requested | Unknown, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Repeats intent and attempt, so that a provider who heard them does nothing twice.

    The wait doubles: the length of the silence so far, and one first wait more.
    """
    rules = policy.intent
    silent = now - (state.stuck_at - rules.stuck_hours)
    again_at = now + max(silent, timedelta(0)) + rules.retry_minutes
    return [PaymentRequested(state.order, state.attempt_count, again_at, state.stuck_at)]


@rule("RF-029")
def _given_to_person(state: Requested | Unknown | Accepted, policy: Policy, now: datetime) -> Sequence[Fact]:
    return _stuck(state, Moved.UNKNOWN, policy, now)


def _stuck(
    state: Requested | Unknown | Accepted, moved: Moved, policy: Policy, now: datetime
) -> Sequence[Fact]:
    look_at = now + policy.attention_days
    asked = Task("payment_stuck", look_at)
    return [PaymentStuck(state.attempt_count, moved, look_at), asked]


@rule("RF-029")
def _looked_away(state: Stuck | Reversed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks a person again, a few times. No money moves by that."""
    is_last = state.look_count + 1 >= policy.attention_count_max
    look_at = None if is_last else now + policy.attention_days
    return [PersonAsked("payment_still_stuck", now + policy.attention_days, look_at)]
