"""Decides the compensation for late shipping or a stock-out: 30 % of the goods' money, with its own cap.

An order has one compensation. Every refund for this reason adds the money that it gave back for goods.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import DeadlinePassed, Decided
from kernel.money import Money
from kernel.rules import rule, rules_of
from services.refunds.cases.late_compensation.facts import (
    ClaimDropped,
    ClaimFiled,
    ClaimPaidFirst,
    CompensationDisputed,
    CompensationDue,
    CompensationGivenUp,
    CompensationPaid,
    CompensationRefused,
    Fact,
    Lapsed,
    LapseSet,
    LatenessEstablished,
)
from services.refunds.cases.late_compensation.messages import (
    ClaimClosed,
    ClaimPaid,
    CompensationAbandoned,
    CompensationSettled,
    LateShippingEstablished,
    LateShippingWithdrawn,
    Message,
    OrderEnded,
    RefundClaimed,
)
from services.refunds.cases.late_compensation.state import (
    Absent,
    Claim,
    Claimed,
    Due,
    Established,
    Filed,
    Owed,
    Paid,
    State,
    Void,
    claims_of,
    counted,
    counted_of,
    is_compensated,
    owed_after,
    owed_so_far,
)
from services.refunds.policy import LatePolicy, Policy


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """Calls the rule of the message. A message that no longer means anything decides nothing."""
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
        case CompensationAbandoned():
            return _abandoned(state, message, policy, now)
        case DeadlinePassed():
            return _lapsed(state, policy)
        case _:
            assert_never(message)


@rules_of("LG-060", "LG-061")
def compensation_minor(
    base_minor: int, policy: LatePolicy, before_minor: int = 0, paid_minor: int = 0
) -> int:
    """Computes the rate on goods without freight, half a minor unit rounded up, at most the cap (E-A33).

    `before_minor` of the rate was decided before; `paid_minor` of the cap is used up.
    """
    rate_minor = (base_minor * policy.rate_bps + 5_000) // 10_000
    return max(min(rate_minor - before_minor, policy.cap_minor - paid_minor), 0)


@rule("LG-060")
def _established(
    state: State, late: LateShippingEstablished, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Establishes lateness. A buyer who claimed it and has his refund is owed the compensation at once."""
    if isinstance(state, Absent):
        return [LatenessEstablished(late.trigger, now + policy.late.silent_days)]
    if not isinstance(state, Filed):
        return []
    decided: list[Fact] = [LatenessEstablished(late.trigger, state.lapse_by)]
    owed = owed_so_far(None, state.base.currency)
    for claim in claims_of(state):
        if claim.is_paid:
            fact = _due(owed, claim, late.trigger, policy, max(state.lapse_by, now))
            decided.append(fact)
            if not fact.refund_id:
                break
            owed = owed_after(owed, claim, fact)
    return decided


def _due(
    owed: Owed,
    claim: Claim,
    trigger: str,
    policy: Policy,
    lapse_by: datetime,
    given: Claim | None = None,
) -> CompensationDue | CompensationRefused:
    """Decides how much a paid claim adds to what the order is owed. `given`: where other money was paid."""
    if claim.base.currency != policy.currency:
        return _refused(claim.base, "other_currency", policy)
    after = counted(owed, given or claim)
    base = Money(after.base_minor - owed.base_minor, policy.currency)
    paid_minor = owed.amount.minor
    minor = compensation_minor(after.base_minor, policy.late, paid_minor + owed.given_up_minor, paid_minor)
    rate_bps, cap = policy.late.rate_bps, Money(policy.late.cap_minor, policy.currency)
    given_back, goods = (None, ()) if given is None else (given.base, given.goods)
    if minor == 0:
        why = _why_nothing(owed.amount == cap, base, (given or claim).base)
        return CompensationRefused(base, rate_bps, cap, why, claim.refund_id, lapse_by, given_back, goods)
    number = owed.compensation_count + 1
    amount = Money(minor, policy.currency)
    return CompensationDue(claim.refund_id, base, rate_bps, cap, amount, trigger, number, given_back, goods)


def _why_nothing(is_capped: bool, base: Money, claimed: Money) -> str:
    if is_capped:
        return "cap_reached"
    return "compensated_already" if base.minor < claimed.minor else "nothing_paid"


@rule("LG-060")
def _withdrawn(state: State, late: LateShippingWithdrawn, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Voids what is not decided yet. Money on its way or paid stands, and a person looks."""
    if isinstance(state, Absent | Filed | Void):
        return []
    if not isinstance(state, Paid) and state.trigger not in ("", late.trigger):
        return []
    decided: list[Fact] = []
    if isinstance(state, Claimed):
        decided.append(_refused(_base_of(state), late.reason_code, policy))
    if isinstance(state, Due | Paid) or is_compensated(state.owed):
        decided.append(CompensationDisputed(late.reason_code, now + policy.attention_days))
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
    """Files a claim of the buyer, or changes one, whether lateness is established or not."""
    if isinstance(state, Paid | Void) or (isinstance(state, Due) and state.lapse_by is None):
        return []
    claim = Claim(claimed.refund_id, claimed.base, is_paid=False, goods=claimed.goods)
    known = [one for one in claims_of(state) if one.refund_id == claim.refund_id]
    if known and (known[0].is_paid or known[0] == claim):
        return []
    lapse_by = None if isinstance(state, Absent) else state.lapse_by
    return [ClaimFiled(claim.refund_id, claim.base, lapse_by or now + policy.late.silent_days, claim.goods)]


@rule("LG-060", "LG-061")
def _claim_paid(state: State, paid: ClaimPaid, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Compensates the goods' money that a refund gave back, up to what the order may be owed.

    Where the rest of a refund is paid later, that adds to it; what came back and is paid again does not.
    """
    if isinstance(state, Filed):
        known = [claim for claim in claims_of(state) if claim.refund_id == paid.refund_id]
        if not known or (known[0].is_paid and (paid.base is None or paid.base.minor <= known[0].base.minor)):
            return []
        return [ClaimPaidFirst(paid.refund_id, max(state.lapse_by, now), paid.base, paid.goods)]
    if not isinstance(state, Claimed | Established | Due) or state.lapse_by is None:
        return []
    lapse_by = max(state.lapse_by, now)
    for claim in claims_of(state):
        if claim.refund_id == paid.refund_id and not claim.is_paid:
            owed = owed_so_far(state.owed, claim.base.currency)
            is_other = paid.base is not None and (paid.base, paid.goods) != (claim.base, claim.goods)
            given = _given(paid) if is_other else None
            return [_due(owed, claim, state.trigger, policy, lapse_by, given)]
    before, more = counted_of(state.owed, paid.refund_id), _given(paid)
    if state.owed is None or before is None or more is None or more.base.minor <= before.base_minor:
        return []
    return [_due(state.owed, more, state.trigger, policy, lapse_by, more)]


def _given(paid: ClaimPaid) -> Claim | None:
    return None if paid.base is None else Claim(paid.refund_id, paid.base, is_paid=True, goods=paid.goods)


@rule("LG-060")
def _claim_closed(state: State, closed: ClaimClosed, now: datetime) -> Sequence[Fact]:
    """Drops the claim of a refund that ended without money, or that names another reason now."""
    if not isinstance(state, Claimed | Filed):
        return []
    if not any(claim.refund_id == closed.refund_id and not claim.is_paid for claim in claims_of(state)):
        return []
    return [ClaimDropped(closed.refund_id, max(state.lapse_by, now))]


@rule("LG-060")
def _order_ended(state: State, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Leaves the buyer a while to claim after the order ended."""
    if isinstance(state, Absent | Paid | Void) or state.lapse_by is None:
        return []
    return [LapseSet(min(state.lapse_by, now + policy.late.lapse_days))]


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
def _abandoned(
    state: State, abandoned: CompensationAbandoned, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Ends a compensation that will not be paid, with the reason; other claims go on."""
    if isinstance(state, Absent | Filed | Void):
        return []
    cap = Money(policy.late.cap_minor, abandoned.amount.currency)
    number = abandoned.compensation_number
    return [CompensationGivenUp(abandoned.amount, policy.late.rate_bps, cap, number)]


@rule("LG-060")
def _lapsed(state: State, policy: Policy) -> Sequence[Fact]:
    """Ends the time to ask. No money moves."""
    return [_refused(_base_of(state), "lapsed", policy)] if isinstance(state, Filed) else [Lapsed()]
