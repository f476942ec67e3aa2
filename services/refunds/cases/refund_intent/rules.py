"""Decides about one payment to a buyer and the attempts to carry it out. Its money moves at most once.

Parts add up: what the buyer has, what he lacks and what was given up are together what was granted.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import reduce
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided, NotYet
from kernel.rules import rule
from services.refunds.cases.refund_intent import rules_elsewhere, rules_payee, rules_people
from services.refunds.cases.refund_intent.facts import (
    Fact,
    FullnessDropped,
    LackingAsked,
    OutcomeUnknown,
    PaidNothing,
    PaidShort,
    PaymentDisputed,
    PaymentRequested,
    PaymentStuck,
    PaymentTaken,
    PaymentUnwanted,
    RefundPaid,
    RefundReversed,
    RetryAwaited,
    StrayReversed,
    SumDisputed,
    SurplusReturned,
)
from services.refunds.cases.refund_intent.messages import (
    FullnessLost,
    Message,
    MoneyReversed,
    MoneySettled,
    MoreNotMoved,
    Moved,
    PaidElsewhere,
    Pay,
    PayeeNamed,
    PaymentAccepted,
    PaymentFailed,
    PersonDecided,
    ReceiptConfirmed,
)
from services.refunds.cases.refund_intent.rules_people import asked, given_up, requested, withdrawn
from services.refunds.cases.refund_intent.state import (
    Abandoned,
    Accepted,
    Begun,
    Live,
    NotBegun,
    Pending,
    Requested,
    Reversed,
    Settled,
    State,
    Stuck,
    Unknown,
    evolve,
    held_by_buyer,
)
from services.refunds.payments import cut, without
from services.refunds.policy import Policy


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """Decides by the rule of the message. A question for the payee is void once nothing is to be paid."""
    decided = _decided(state, message, policy, now)
    return [*decided, *rules_payee.withdrawn(state, decided)]


def _decided(  # noqa: C901, PLR0911, PLR0912  one branch per message
    state: State, message: Message, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Calls the rule of the message. A message that no longer means anything decides nothing."""
    if isinstance(message, Pay):
        if not isinstance(state, NotBegun):
            return []
        return _begun(state, message, policy, now)
    if isinstance(state, NotBegun):
        return rules_elsewhere.stray(state, message)
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
            return rules_people.person_decided(state, message, policy, now)
        case PayeeNamed():
            return rules_payee.named(state, message, policy, now)
        case FullnessLost():
            return _fullness_lost(state)
        case ReceiptConfirmed():
            return _receipt_confirmed(state, policy, now)
        case PaidElsewhere():
            return rules_elsewhere.paid_elsewhere(state, message, policy, now)
        case MoreNotMoved():
            return rules_elsewhere.more_not_moved(state, message)
        case DeadlinePassed():
            return _deadline_passed(state, message, policy, now)
        case _:
            assert_never(message)


def _begun(state: NotBegun, pay: Pay, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """Begins to pay. Money that moved before its grant was read is the payment's own."""
    before: State = state
    decided: list[Decided[Fact]] = []
    decided += _pay(pay, policy, now)
    decided += rules_payee.asked(pay.order, policy, now)
    for news in rules_elsewhere.moved_before(state):
        after = reduce(evolve, (entry.fact for entry in decided), before)
        decided += _decided(after, news, policy, now)
    return decided


@rule("RF-002", "RF-013", "RF-025", "RF-029", "RF-068")
def _pay(pay: Pay, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Tells finance and the provider to pay, once per decision. Of a gift nothing is to be paid."""
    if not pay.order.amount.minor:
        return [PaidNothing(pay.order)]
    return [requested(pay.order, 1, policy, now)]


@rule("RF-029")
def _accepted(state: Begun, accepted: PaymentAccepted, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Waits for a payment that the provider took. Nothing is repeated."""
    if not isinstance(state, Requested | Unknown) or accepted.attempt_count != state.attempt_count:
        return []
    return [PaymentTaken(now + policy.intent.stuck_hours)]


@rule("RF-033")
def _settled(state: Begun, settled: MoneySettled, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Books money that moved, on whichever attempt. A second payment or another amount goes to a person.

    An attempt settles once: the same amount told of it again, also after money came back, is a repeat.
    """
    due_at = now + policy.attention_days
    if not isinstance(state, Abandoned) and _is_repeat(state, settled):
        return []
    if isinstance(state, Requested | Accepted | Unknown | Stuck):
        return [*_paid(state, settled, due_at), *_paid_unwanted(state, due_at)]
    if not settled.has_moved_now:
        return []
    if isinstance(state, Abandoned):
        return [SumDisputed("paid_after_abandoning", settled.amount)]
    if isinstance(state, Settled):
        if settled.attempt_count == state.settled_attempt:
            return []
        return [SumDisputed("paid_twice", settled.amount, _surplus(state, settled))]
    return [SumDisputed("paid_while_asked", settled.amount, _surplus(state, settled))]


def _is_repeat(state: Live, settled: MoneySettled) -> bool:
    beside = state.beside
    if settled.attempt_count in beside.settled_attempts and not settled.has_moved_now:
        return True
    known = zip(beside.settled_attempts, beside.settled_minors, strict=False)
    return (settled.attempt_count, settled.amount.minor) in known


def _surplus(state: Live, settled: MoneySettled) -> int:
    return settled.amount.minor if settled.amount.currency == state.order.amount.currency else 0


def _paid(state: Pending, settled: MoneySettled, due_at: datetime) -> list[Fact]:
    """Books one payment. What came back meanwhile, or is missing, is asked about once it has settled."""
    order, amount, question = state.order, settled.amount, "other_amount_settled"
    facts: list[Fact] = [RefundPaid(amount, settled.attempt_count)]
    if isinstance(state, Stuck):
        facts += withdrawn(state, "settled")
    is_short = amount.currency == order.amount.currency and amount.minor < order.amount.minor
    if is_short and amount.minor:
        missing = without(order, cut(order, amount.minor, settled.tenders))
        return [*facts, PaidShort(missing, due_at), asked(state, question, due_at)]
    if is_short:
        return [*facts, PaidShort(order, due_at), asked(state, question, due_at)]
    if amount.currency != order.amount.currency:
        return [*facts, PaidShort(order, due_at, is_foreign=True), asked(state, question, due_at)]
    if amount != order.amount:
        more = amount - order.amount
        facts.append(SumDisputed(question, more, more.minor))
    if state.beside.lacking is not None:
        facts += [LackingAsked(due_at), asked(state, "payment_reversed", due_at)]
    return facts


def _paid_unwanted(state: Pending, due_at: datetime) -> Sequence[Fact]:
    return [PaymentDisputed("paid_after_receipt", due_at)] if state.beside.is_unwanted else []


@rule("RF-029")
def _failed(state: Begun, failed: PaymentFailed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Makes a new attempt once it is sure that no money moved. Before that the same one is asked again."""
    if not isinstance(state, Requested | Accepted | Unknown) or failed.attempt_count != state.attempt_count:
        return []
    again_at = now + policy.intent.retry_minutes
    if failed.moved is Moved.UNKNOWN:
        return [] if isinstance(state, Unknown) else [OutcomeUnknown(again_at)]
    if state.beside.is_unwanted:
        return given_up(state, "receipt_confirmed")
    if state.beside.elsewhere_minor:
        beside = state.beside
        if beside.is_elsewhere_held:
            return _stuck(state, Moved.NO, policy, now)
        facts = rules_elsewhere.cut_now(state, beside.elsewhere_minor, beside.elsewhere_id)
        if any(isinstance(fact, PaidNothing) for fact in facts):
            return facts
        again = [RetryAwaited(again_at)] if failed.is_retryable else _stuck(state, Moved.NO, policy, now)
        return [*facts, *again]
    if failed.is_retryable:
        return [RetryAwaited(again_at)]
    return _stuck(state, Moved.NO, policy, now)


@rule("RF-029")
def _reversed(state: Begun, came_back: MoneyReversed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Keeps money that came back for the buyer in the account. A person decides how he gets it.

    Parts add up, whichever way they come. Money beyond the grant goes first; of a payment that is not
    settled nothing can have come back yet.
    """
    look_at = now + policy.attention_days
    disputed = PaymentDisputed("reversed_as_well", look_at)
    if isinstance(state, Abandoned):
        return [StrayReversed(came_back.amount), disputed]
    held = held_by_buyer(state)
    amount = came_back.amount
    is_known = amount.currency == state.order.amount.currency
    has_minor = state.beside.surplus_minor + (0 if held is None else held.amount.minor)
    if isinstance(state, Requested | Accepted | Unknown | Stuck) and not (
        is_known and amount.minor <= has_minor
    ):
        raise NotYet
    if not is_known:
        return [disputed]
    surplus = min(state.beside.surplus_minor, amount.minor)
    minor = min(amount.minor - surplus, has_minor - state.beside.surplus_minor)
    facts: list[Fact] = [SurplusReturned(surplus)] if surplus else []
    if minor and held is not None:
        part = cut(held, minor, came_back.tenders)
        facts.append(RefundReversed(amount, came_back.reason_code, look_at, part))
        if isinstance(state, Reversed):
            facts += withdrawn(state, "asked_anew")
        if isinstance(state, Settled | Reversed):
            facts.append(asked(state, "payment_reversed", look_at))
    return [*facts, disputed] if amount.minor > surplus + minor else facts


@rule("RF-033")
def _fullness_lost(state: Begun) -> Sequence[Fact]:
    """Stops calling a payment a full refund once other money of the order was given up."""
    return [] if isinstance(state, Abandoned) or not state.order.is_full else [FullnessDropped()]


@rule("RF-017", "RF-029")
def _receipt_confirmed(state: Begun, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Gives up a payment of which surely nothing moved; of any other no new attempt is made."""
    if isinstance(state, Settled | Reversed | Abandoned) or state.beside.is_unwanted:
        return []
    if isinstance(state, Stuck) and state.moved is Moved.NO:
        return [*withdrawn(state, "receipt_confirmed"), *given_up(state, "receipt_confirmed")]
    if isinstance(state, Requested) and state.is_waiting:
        return given_up(state, "receipt_confirmed")
    return [PaymentUnwanted()]


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
            return rules_people.looked_away(state, policy, now)
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
    return [PaymentStuck(state.attempt_count, moved, look_at), asked(state, "payment_stuck", look_at)]
