"""Compensation for late shipping or a stock-out: 30 % of what the goods cost, with a cap of its own.

An order has one compensation, to which every refund for this reason that is paid adds its goods. Its
words are in late_words.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, assert_never

from kernel.decider import Deadline, DeadlinePassed, Decided, Decider
from kernel.money import Money
from kernel.rules import rule, rules_of
from kernel.value import replace
from services.refunds.late_words import (
    Absent,
    Claim,
    ClaimClosed,
    ClaimDropped,
    Claimed,
    ClaimFiled,
    ClaimPaid,
    ClaimPaidFirst,
    CompensationDisputed,
    CompensationDue,
    CompensationPaid,
    CompensationRefused,
    CompensationSettled,
    Due,
    Established,
    Fact,
    Filed,
    Lapsed,
    LapseSet,
    LatenessEstablished,
    LateShippingEstablished,
    LateShippingWithdrawn,
    Message,
    OrderEnded,
    Owed,
    Paid,
    RefundClaimed,
    State,
    Void,
)
from services.refunds.policy import LatePolicy, Policy

# Calculators.


@rules_of("LG-060", "LG-061")
def compensation_minor(base_minor: int, policy: LatePolicy) -> int:
    """The rate on the goods without freight, half a minor unit rounded up, at most the cap (E-A33)."""
    return min((base_minor * policy.rate_bps + 5_000) // 10_000, policy.cap_minor)


@rules_of("LG-060")
def counted(owed: Owed, claim: Claim) -> Owed:
    """With the goods of a paid claim: no line counts for more than it cost, however often it is refunded."""
    if not claim.goods:
        return replace(owed, base_minor=owed.base_minor + claim.base.minor)
    lines = {line.line_id: line for line in owed.goods}
    for goods in claim.goods:
        before = lines[goods.line_id].minor if goods.line_id in lines else 0
        minor = max(before, min(before + goods.minor, goods.line_minor))
        lines[goods.line_id] = replace(goods, minor=minor)
    grown = sum(line.minor for line in lines.values()) - sum(line.minor for line in owed.goods)
    return replace(owed, base_minor=owed.base_minor + grown, goods=tuple(lines.values()))


def claims_of(state: State) -> tuple[Claim, ...]:
    match state:
        case Filed():
            return (Claim(state.refund_id, state.base, state.is_paid, state.goods), *state.more)
        case Claimed():
            return (Claim(state.refund_id, state.base, is_paid=False, goods=state.goods), *state.more)
        case _:
            return ()


def _has_open(state: Filed) -> bool:
    return any(not claim.is_paid for claim in claims_of(state))


def _so_far(owed: Owed | None, currency: str) -> Owed:
    return Owed("", 0, Money(0, currency), (), 0, ()) if owed is None else owed


def _is_compensated(owed: Owed | None) -> bool:
    return owed is not None and owed.amount.minor > 0


# Rules.


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
            return _claim_paid(state, message, policy, now)
        case ClaimClosed():
            return _claim_closed(state, message, now)
        case OrderEnded():
            return _order_ended(state, policy, now)
        case CompensationSettled():
            return _settled(state, message, now)
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
    decided: list[Fact] = [LatenessEstablished(late.trigger, state.lapse_by)]
    owed = _so_far(None, state.base.currency)
    for claim in claims_of(state):
        if claim.is_paid:
            fact = _due(owed, claim, late.trigger, policy, max(state.lapse_by, now))
            decided.append(fact)
            if not fact.refund_id:
                break
            owed = _owed_after(owed, claim, fact)
    return decided


def _due(
    owed: Owed, claim: Claim, trigger: str, policy: Policy, lapse_by: datetime
) -> CompensationDue | CompensationRefused:
    """What a paid claim adds to what the order is owed."""
    if claim.base.currency != policy.currency:
        return _refused(claim.base, "other_currency", policy)
    base_minor = counted(owed, claim).base_minor
    base = Money(base_minor - owed.base_minor, policy.currency)
    amount = Money(compensation_minor(base_minor, policy.late), policy.currency) - owed.amount
    rate_bps, cap = policy.late.rate_bps, Money(policy.late.cap_minor, policy.currency)
    if amount.minor == 0:
        reason_code = _why_nothing(owed.amount == cap, base, claim.base)
        return CompensationRefused(base, rate_bps, cap, reason_code, claim.refund_id, lapse_by)
    number = owed.compensation_count + 1
    return CompensationDue(claim.refund_id, base, rate_bps, cap, amount, trigger, number)


def _why_nothing(is_capped: bool, base: Money, claimed: Money) -> str:
    if is_capped:
        return "cap_reached"
    return "compensated_already" if base.minor < claimed.minor else "nothing_paid"


def _owed_after(owed: Owed, claim: Claim, fact: CompensationDue | CompensationRefused) -> Owed:
    after = counted(owed, claim)
    if isinstance(fact, CompensationRefused):
        return after
    return replace(
        after,
        refund_id=fact.refund_id,
        amount=after.amount + fact.amount,
        compensation_count=fact.compensation_number,
        unsettled=(*after.unsettled, fact.compensation_number),
    )


@rule("LG-060")
def _withdrawn(state: State, late: LateShippingWithdrawn, policy: Policy, now: datetime) -> Sequence[Fact]:
    """In time after all: what is not decided is void, money on its way or paid stands, a person looks."""
    if isinstance(state, Absent | Filed | Void):
        return []
    if not isinstance(state, Paid) and state.trigger not in ("", late.trigger):
        return []
    decided: list[Fact] = []
    if isinstance(state, Claimed):
        decided.append(_refused(_base_of(state), late.reason_code, policy))
    if isinstance(state, Due | Paid) or _is_compensated(state.owed):
        decided.append(CompensationDisputed(late.reason_code, now + policy.attention_after))
    if isinstance(state, Established):
        decided.append(Lapsed())
    return decided


def _base_of(state: Filed | Claimed) -> Money:
    return Money(sum(claim.base.minor for claim in claims_of(state)), state.base.currency)


def _refused(base: Money, reason_code: str, policy: Policy) -> CompensationRefused:
    is_same = base.currency == policy.currency
    cap = Money(policy.late.cap_minor if is_same else 0, base.currency)
    return CompensationRefused(base, policy.late.rate_bps, cap, reason_code)


@rule("LG-060")
def _claimed(state: State, claimed: RefundClaimed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The buyer files a refund for this reason, or changes one; established or not."""
    if isinstance(state, Paid | Void) or (isinstance(state, Due) and state.lapse_by is None):
        return []
    claim = Claim(claimed.refund_id, claimed.base, is_paid=False, goods=claimed.goods)
    known = [one for one in claims_of(state) if one.refund_id == claim.refund_id]
    if known and (known[0].is_paid or known[0] == claim):
        return []
    lapse_by = None if isinstance(state, Absent) else state.lapse_by
    return [ClaimFiled(claim.refund_id, claim.base, lapse_by or now + policy.late.silent_after, claim.goods)]


@rule("LG-060", "LG-061")
def _claim_paid(state: State, paid: ClaimPaid, policy: Policy, now: datetime) -> Sequence[Fact]:
    """The refund succeeded: its goods are compensated, once, up to what the order may be owed."""
    if not isinstance(state, Claimed | Filed):
        return []
    for claim in claims_of(state):
        if claim.refund_id == paid.refund_id and not claim.is_paid:
            lapse_by = max(state.lapse_by, now)
            if isinstance(state, Filed):
                return [ClaimPaidFirst(claim.refund_id, lapse_by)]
            owed = _so_far(state.owed, claim.base.currency)
            return [_due(owed, claim, state.trigger, policy, lapse_by)]
    return []


@rule("LG-060")
def _claim_closed(state: State, closed: ClaimClosed, now: datetime) -> Sequence[Fact]:
    """A refund that did not succeed, or not for this reason, claims nothing; another one still may."""
    if not isinstance(state, Claimed | Filed):
        return []
    if not any(claim.refund_id == closed.refund_id and not claim.is_paid for claim in claims_of(state)):
        return []
    return [ClaimDropped(closed.refund_id, max(state.lapse_by, now))]


@rule("LG-060")
def _order_ended(state: State, policy: Policy, now: datetime) -> Sequence[Fact]:
    """An ended order leaves the buyer a while to come back to it."""
    if isinstance(state, Absent | Paid | Void) or state.lapse_by is None:
        return []
    return [LapseSet(min(state.lapse_by, now + policy.late.lapse_after))]


@rule("LG-060")
def _settled(state: State, settled: CompensationSettled, now: datetime) -> Sequence[Fact]:
    if not isinstance(state, Claimed | Due):
        return []
    number = settled.compensation_number
    if isinstance(state, Due) and state.owed is None:
        return [CompensationPaid(number)]
    if state.owed is None or number not in state.owed.unsettled:
        return []
    return [CompensationPaid(number, None if state.lapse_by is None else max(state.lapse_by, now))]


@rule("LG-060")
def _lapsed(state: State, passed: DeadlinePassed, policy: Policy) -> Sequence[Fact]:
    """Too late to ask; no money moves."""
    if Deadline(passed.name, passed.due_at) not in deadlines(state):
        return []
    return [_refused(_base_of(state), "lapsed", policy)] if isinstance(state, Filed) else [Lapsed()]


# What each fact makes of the state.


def evolve(state: State, fact: Fact) -> State:
    return _EVOLVE[type(fact)](state, fact)


def _filed(claims: tuple[Claim, ...], lapse_by: datetime) -> State:
    if not claims:
        return Absent()
    first, *more = claims
    return Filed(first.refund_id, first.base, first.is_paid, lapse_by, first.goods, tuple(more))


def _standing(trigger: str, claims: Sequence[Claim], lapse_by: datetime, owed: Owed | None) -> State:
    """Where an order stands whose lateness is established."""
    if claims:
        first, *more = claims
        return Claimed(trigger, first.refund_id, first.base, lapse_by, first.goods, tuple(more), owed)
    if owed is not None and owed.unsettled:
        return Due(owed.refund_id, owed.amount, trigger, lapse_by, owed)
    return Established(trigger, lapse_by, owed)


def _over(owed: Owed | None, reason_code: str) -> State:
    """No further claim counts: what is owed is paid out, or nothing is."""
    if owed is None or not _is_compensated(owed):
        return Void(reason_code)
    if owed.unsettled:
        return Due(owed.refund_id, owed.amount, owed=owed)
    return Paid(owed.amount)


def _without(state: State, refund_id: str) -> tuple[Claim, ...]:
    return tuple(claim for claim in claims_of(state) if claim.refund_id != refund_id)


def _lateness_established(state: Absent | Filed, fact: LatenessEstablished) -> State:
    return _standing(fact.trigger, claims_of(state), fact.lapse_by, None)


def _claim_filed(state: Absent | Filed | Established | Claimed | Due, fact: ClaimFiled) -> State:
    claim = Claim(fact.refund_id, fact.base, is_paid=False, goods=fact.goods)
    claims = (*_without(state, fact.refund_id), claim)
    if isinstance(state, Absent | Filed):
        return _filed(claims, fact.lapse_by)
    return _standing(state.trigger, claims, fact.lapse_by, state.owed)


def _claim_paid_first(state: Filed, fact: ClaimPaidFirst) -> State:
    paid_id = fact.refund_id or state.refund_id
    claims = tuple(
        replace(claim, is_paid=True) if claim.refund_id == paid_id else claim for claim in claims_of(state)
    )
    return _filed(claims, fact.lapse_by or state.lapse_by)


def _claim_dropped(state: Filed | Claimed, fact: ClaimDropped) -> State:
    claims = _without(state, fact.refund_id)
    if isinstance(state, Filed):
        return _filed(claims, fact.lapse_by)
    return _standing(state.trigger, claims, fact.lapse_by, state.owed)


def _claim_decided(state: Filed | Claimed, fact: CompensationDue | CompensationRefused) -> State:
    if isinstance(state, Filed) or not fact.refund_id:
        return _over(state.owed if isinstance(state, Claimed) else None, fact.reason_code)
    owed = _so_far(state.owed, state.base.currency)
    for claim in claims_of(state):
        if claim.refund_id == fact.refund_id:
            owed = _owed_after(owed, claim, fact)
    lapse_by = fact.lapse_by if isinstance(fact, CompensationRefused) else None
    return _standing(state.trigger, _without(state, fact.refund_id), lapse_by or state.lapse_by, owed)


def _compensation_paid(state: Claimed | Due, fact: CompensationPaid) -> State:
    if state.owed is None:
        return Paid(state.amount) if isinstance(state, Due) else state
    unsettled = tuple(number for number in state.owed.unsettled if number != fact.compensation_number)
    owed = replace(state.owed, unsettled=unsettled)
    if isinstance(state, Claimed):
        return replace(state, owed=owed)
    return _over(owed, "") if fact.lapse_by is None else _standing(state.trigger, (), fact.lapse_by, owed)


_EVOLVE: Mapping[type, Callable[[Any, Any], State]] = {
    LatenessEstablished: _lateness_established,
    ClaimFiled: _claim_filed,
    ClaimPaidFirst: _claim_paid_first,
    ClaimDropped: _claim_dropped,
    LapseSet: lambda state, fact: replace(state, lapse_by=fact.lapse_by),
    CompensationDue: _claim_decided,
    CompensationRefused: _claim_decided,
    Lapsed: lambda state, _fact: _over(state.owed, "lapsed"),
    CompensationPaid: _compensation_paid,
    CompensationDisputed: lambda state, _fact: (
        replace(state, lapse_by=None) if isinstance(state, Due) else state
    ),
}


def deadlines(state: State) -> Sequence[Deadline]:
    """Who asked in time waits for his refund, however long it takes: refunds and payments have their own."""
    if isinstance(state, Established) or (isinstance(state, Filed) and not _has_open(state)):
        return (Deadline("lapse", state.lapse_by),)
    return ()


LATE_COMPENSATION: Decider[State, Message, Fact, Policy] = Decider(Absent(), decide, evolve, deadlines)
