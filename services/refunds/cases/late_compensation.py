"""Compensation for late shipping or a stock-out: 30 % of what the goods cost, with a cap of its own."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, assert_never

from chassis.vocabulary import (
    Deadline,
    DeadlinePassed,
    Decided,
    Decider,
    Money,
    Value,
    replace,
    rule,
    rules_of,
)
from services.refunds.policy import LatePolicy, Policy

# States. `lapse_by`: an order that ended, or never ends, owes nothing for ever.


class Absent(Value):
    pass


class Filed(Value):
    """The buyer names late shipping as his reason, but it is not established (yet)."""

    refund_id: str
    base: Money
    is_paid: bool
    lapse_by: datetime


class Established(Value):
    trigger: str
    lapse_by: datetime


class Claimed(Value):
    """Established, and the buyer's refund for it runs."""

    trigger: str
    refund_id: str
    base: Money
    lapse_by: datetime


class Due(Value):
    """The compensation is asked for at the provider."""

    refund_id: str
    amount: Money


class Paid(Value):
    amount: Money


class Void(Value):
    reason_code: str


State = Absent | Filed | Established | Claimed | Due | Paid | Void


# Messages.


class LateShippingEstablished(Value):
    trigger: str


class LateShippingWithdrawn(Value):
    trigger: str
    reason_code: str


class RefundClaimed(Value):
    """A refund for this reason was admitted; `base` is what its goods cost, without freight."""

    refund_id: str
    base: Money


class ClaimPaid(Value):
    refund_id: str


class ClaimClosed(Value):
    refund_id: str


class OrderEnded(Value):
    pass


class CompensationSettled(Value):
    pass


Message = (
    LateShippingEstablished | LateShippingWithdrawn | RefundClaimed | ClaimPaid | ClaimClosed | OrderEnded
    | CompensationSettled | DeadlinePassed
)  # fmt: skip


# Facts.


class LatenessEstablished(Value):
    trigger: str
    lapse_by: datetime


class ClaimFiled(Value):
    refund_id: str
    base: Money
    lapse_by: datetime


class ClaimPaidFirst(Value):
    """The refund was paid before lateness was established."""


class ClaimDropped(Value):
    refund_id: str
    lapse_by: datetime


class LapseSet(Value):
    lapse_by: datetime


class CompensationDue(Value):
    refund_id: str
    base: Money
    rate_bps: int
    cap: Money
    amount: Money
    reason_code: str


class CompensationRefused(Value):
    """Nothing is due, and the buyer asked for it."""

    base: Money
    rate_bps: int
    cap: Money
    reason_code: str


class Lapsed(Value):
    """Nobody ever asked."""


class CompensationPaid(Value):
    pass


class CompensationDisputed(Value):
    """Later news speak against a compensation that is paid or on its way."""

    reason_code: str
    due_at: datetime


Fact = (
    LatenessEstablished | ClaimFiled | ClaimPaidFirst | ClaimDropped | LapseSet | CompensationDue
    | CompensationRefused | Lapsed | CompensationPaid | CompensationDisputed
)  # fmt: skip


# Rules.


@rules_of("LG-060", "LG-061")
def compensation_minor(base_minor: int, policy: LatePolicy) -> int:
    """The rate on the goods without freight, half a minor unit rounded up, at most the cap (E-A33)."""
    return min((base_minor * policy.rate_bps + 5_000) // 10_000, policy.cap_minor)


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """One function per message; a message that no longer means anything decides nothing."""
    match message:
        case LateShippingEstablished():
            return _established(state, message, policy, now)
        case LateShippingWithdrawn():
            return _withdrawn(state, message, policy, now)
        case RefundClaimed():
            return _claimed(state, message, policy, now)
        case ClaimPaid():
            return _claim_paid(state, message, policy)
        case ClaimClosed():
            return _claim_closed(state, message)
        case OrderEnded():
            return _order_ended(state, policy, now)
        case CompensationSettled():
            return _settled(state)
        case DeadlinePassed():
            return _lapsed(state, message, policy)
        case _:
            assert_never(message)


@rule("LG-060")
def _established(
    state: State, late: LateShippingEstablished, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Lateness stands; a buyer who claimed it and has his refund is owed the compensation at once."""
    if isinstance(state, Absent):
        return [LatenessEstablished(late.trigger, now + policy.late.silent_after)]
    if not isinstance(state, Filed):
        return []
    established = LatenessEstablished(late.trigger, state.lapse_by)
    return (
        [established, _due(state.refund_id, state.base, late.trigger, policy)]
        if state.is_paid
        else [established]
    )


def _due(refund_id: str, base: Money, trigger: str, policy: Policy) -> Fact:
    cap = Money(policy.late.cap_minor, policy.currency)
    if base.currency != policy.currency:
        return CompensationRefused(base, policy.late.rate_bps, Money(0, base.currency), "other_currency")
    amount = Money(compensation_minor(base.minor, policy.late), base.currency)
    if amount.minor == 0:
        return CompensationRefused(base, policy.late.rate_bps, cap, "nothing_paid")
    return CompensationDue(refund_id, base, policy.late.rate_bps, cap, amount, trigger)


@rule("LG-060")
def _withdrawn(state: State, late: LateShippingWithdrawn, policy: Policy, now: datetime) -> Sequence[Fact]:
    """In time after all: what is not decided is void, money on its way or paid stands, a person looks."""
    match state:
        case Established(trigger=trigger) if trigger == late.trigger:
            return [Lapsed()]
        case Claimed(trigger=trigger) if trigger == late.trigger:
            return [_refused(state.base, late.reason_code, policy)]
        case Due() | Paid():
            return [CompensationDisputed(late.reason_code, now + policy.attention_after)]
        case _:
            return []


def _refused(base: Money, reason_code: str, policy: Policy) -> CompensationRefused:
    is_same = base.currency == policy.currency
    cap = Money(policy.late.cap_minor if is_same else 0, base.currency)
    return CompensationRefused(base, policy.late.rate_bps, cap, reason_code)


@rule("LG-060")
def _claimed(state: State, claimed: RefundClaimed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The buyer files his refund for this reason; established or not."""
    match state:
        case Absent():
            return [ClaimFiled(claimed.refund_id, claimed.base, now + policy.late.silent_after)]
        case Established(lapse_by=lapse_by):
            return [ClaimFiled(claimed.refund_id, claimed.base, lapse_by)]
        case _:
            return []


@rule("LG-060", "LG-061")
def _claim_paid(state: State, paid: ClaimPaid, policy: Policy) -> Sequence[Fact]:
    """The refund succeeded: the compensation is due, once per order."""
    if isinstance(state, Claimed) and state.refund_id == paid.refund_id:
        return [_due(state.refund_id, state.base, state.trigger, policy)]
    if isinstance(state, Filed) and state.refund_id == paid.refund_id and not state.is_paid:
        return [ClaimPaidFirst()]
    return []


@rule("LG-060")
def _claim_closed(state: State, closed: ClaimClosed) -> Sequence[Fact]:
    """A refund that did not succeed claims nothing; another one still may."""
    if isinstance(state, Claimed | Filed) and state.refund_id == closed.refund_id:
        return [ClaimDropped(closed.refund_id, state.lapse_by)]
    return []


@rule("LG-060")
def _order_ended(state: State, policy: Policy, now: datetime) -> Sequence[Fact]:
    """An ended order leaves the buyer a while to come back to it."""
    if isinstance(state, Filed | Established | Claimed):
        return [LapseSet(min(state.lapse_by, now + policy.late.lapse_after))]
    return []


@rule("LG-060")
def _settled(state: State) -> Sequence[Fact]:
    return [CompensationPaid()] if isinstance(state, Due) else []


@rule("LG-060")
def _lapsed(state: State, passed: DeadlinePassed, policy: Policy) -> Sequence[Fact]:
    """Too late to ask; no money moves."""
    if Deadline(passed.name, passed.due_at) not in deadlines(state):
        return []
    if isinstance(state, Filed | Claimed):
        return [_refused(state.base, "lapsed", policy)]
    return [Lapsed()]


def evolve(state: State, fact: Fact) -> State:
    return _EVOLVE[type(fact)](state, fact)


def _lateness_established(state: Absent | Filed, fact: LatenessEstablished) -> State:
    if isinstance(state, Filed):
        return Claimed(fact.trigger, state.refund_id, state.base, fact.lapse_by)
    return Established(fact.trigger, fact.lapse_by)


def _claim_filed(state: Absent | Established, fact: ClaimFiled) -> State:
    if isinstance(state, Established):
        return Claimed(state.trigger, fact.refund_id, fact.base, fact.lapse_by)
    return Filed(fact.refund_id, fact.base, is_paid=False, lapse_by=fact.lapse_by)


def _claim_dropped(state: Filed | Claimed, fact: ClaimDropped) -> State:
    return Established(state.trigger, fact.lapse_by) if isinstance(state, Claimed) else Absent()


_EVOLVE: Mapping[type, Callable[[Any, Any], State]] = {
    LatenessEstablished: _lateness_established,
    ClaimFiled: _claim_filed,
    ClaimPaidFirst: lambda state, _fact: replace(state, is_paid=True),
    ClaimDropped: _claim_dropped,
    LapseSet: lambda state, fact: replace(state, lapse_by=fact.lapse_by),
    CompensationDue: lambda _state, fact: Due(fact.refund_id, fact.amount),
    CompensationRefused: lambda _state, fact: Void(fact.reason_code),
    Lapsed: lambda _state, _fact: Void("lapsed"),
    CompensationPaid: lambda state, _fact: Paid(state.amount),
    CompensationDisputed: lambda state, _fact: state,
}


def deadlines(state: State) -> Sequence[Deadline]:
    """Every open state but the one that waits for the provider lapses; that one has the intent's own."""
    if isinstance(state, Filed | Established | Claimed):
        return (Deadline("lapse", state.lapse_by),)
    return ()


LATE_COMPENSATION: Decider[State, Message, Fact, Policy] = Decider(Absent(), decide, evolve, deadlines)
