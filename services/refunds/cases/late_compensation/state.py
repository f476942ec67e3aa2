"""Defines the states of a compensation, its facts, how they change the states, and its deadline."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import Deadline, expect
from kernel.money import Money
from kernel.rules import rules_of
from kernel.value import Value, replace
from services.refunds.cases.late_compensation.facts import (
    ClaimDropped,
    ClaimFiled,
    ClaimPaidFirst,
    CompensationDisputed,
    CompensationDue,
    CompensationPaid,
    CompensationRefused,
    Fact,
    Lapsed,
    LapseSet,
    LatenessEstablished,
)
from services.refunds.cases.late_compensation.messages import Goods


class Claim(Value):
    """A refund for late shipping. `base` is the cost of its `goods`, without freight."""

    refund_id: str
    base: Money
    is_paid: bool
    goods: tuple[Goods, ...] = ()


class Owed(Value):
    """The sum of the paid refunds of the order: the goods that count, and 30 % of them up to the cap.

    `compensation_count` payments were asked for, the last one for `refund_id`; `unsettled` are the
    numbers of those that are on their way.
    """

    refund_id: str
    base_minor: int
    amount: Money
    goods: tuple[Goods, ...]
    compensation_count: int
    unsettled: tuple[int, ...]


# States. `lapse_by`: an order that ended, or never ends, owes nothing for ever. It ends no claim whose
# refund still runs. The first claim is in the fields of the state, those after it are in `more`.


class Absent(Value):
    pass


class Filed(Value):
    """The buyer names late shipping as his reason, but it is not established (yet)."""

    refund_id: str
    base: Money
    is_paid: bool
    lapse_by: datetime
    goods: tuple[Goods, ...] = ()
    more: tuple[Claim, ...] = ()


class Established(Value):
    """No claim runs: nobody asked (yet), or all who did have their compensation."""

    trigger: str
    lapse_by: datetime
    owed: Owed | None = None


class Claimed(Value):
    """Established, and at least one refund of the buyer for it runs."""

    trigger: str
    refund_id: str
    base: Money
    lapse_by: datetime
    goods: tuple[Goods, ...] = ()
    more: tuple[Claim, ...] = ()
    owed: Owed | None = None


class Due(Value):
    """No refund for it runs, and compensation is asked for at the provider.

    `lapse_by` None: no further claim counts, because lateness is withdrawn or none was awaited.
    """

    refund_id: str
    amount: Money
    trigger: str = ""
    lapse_by: datetime | None = None
    owed: Owed | None = None


class Paid(Value):
    amount: Money


class Void(Value):
    reason_code: str


State = Absent | Filed | Established | Claimed | Due | Paid | Void
Ended = Paid | Void


# Calculators.


def claims_of(state: State) -> tuple[Claim, ...]:
    """Lists the claims that run, and those that were paid before lateness was established."""
    match state:
        case Filed():
            return (Claim(state.refund_id, state.base, state.is_paid, state.goods), *state.more)
        case Claimed():
            return (Claim(state.refund_id, state.base, is_paid=False, goods=state.goods), *state.more)
        case Absent() | Established() | Due() | Paid() | Void():
            return ()
        case _:
            assert_never(state)


def _has_open(state: Filed) -> bool:
    return any(not claim.is_paid for claim in claims_of(state))


@rules_of("LG-060")
def counted(owed: Owed, claim: Claim) -> Owed:
    """Adds the goods of a paid claim. No line counts for more than it cost, however often it is refunded."""
    if not claim.goods:
        return replace(owed, base_minor=owed.base_minor + claim.base.minor)
    lines = {line.line_id: line for line in owed.goods}
    for goods in claim.goods:
        before = lines[goods.line_id].minor if goods.line_id in lines else 0
        minor = max(before, min(before + goods.minor, goods.line_minor))
        lines[goods.line_id] = replace(goods, minor=minor)
    grown = sum(line.minor for line in lines.values()) - sum(line.minor for line in owed.goods)
    return replace(owed, base_minor=owed.base_minor + grown, goods=tuple(lines.values()))


def owed_so_far(owed: Owed | None, currency: str) -> Owed:
    """Starts an account where the order has none."""
    return Owed("", 0, Money(0, currency), (), 0, ()) if owed is None else owed


def is_compensated(owed: Owed | None) -> bool:
    """Tells whether money was decided."""
    return owed is not None and owed.amount.minor > 0


def owed_after(owed: Owed, claim: Claim, fact: CompensationDue | CompensationRefused) -> Owed:
    """Adds a decided claim to what the order is owed."""
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


# Changes.


def evolve(state: State, fact: Fact) -> State:
    """Applies a fact to the compensation."""
    match fact:
        case LatenessEstablished():
            return _standing(fact.trigger, claims_of(state), fact.lapse_by, None)
        case ClaimFiled():
            return _claim_filed(state, fact)
        case ClaimPaidFirst():
            return _claim_paid_first(expect(state, Filed), fact)
        case ClaimDropped():
            claims = _without(state, fact.refund_id)
            if isinstance(state, Filed):
                return _filed(claims, fact.lapse_by)
            claimed = expect(state, Claimed)
            return _standing(claimed.trigger, claims, fact.lapse_by, claimed.owed)
        case LapseSet():
            if isinstance(state, Absent | Paid | Void):
                raise TypeError(f"{type(state).__name__} does not lapse")
            return replace(state, lapse_by=fact.lapse_by)
        case CompensationDue() | CompensationRefused():
            return _claim_decided(state, fact)
        case Lapsed():
            return _over(expect(state, Established).owed, "lapsed")
        case CompensationPaid():
            return _compensation_paid(state, fact)
        case CompensationDisputed():
            return replace(state, lapse_by=None) if isinstance(state, Due) else state
        case _:
            assert_never(fact)


def _filed(claims: tuple[Claim, ...], lapse_by: datetime) -> State:
    if not claims:
        return Absent()
    first, *more = claims
    return Filed(first.refund_id, first.base, first.is_paid, lapse_by, first.goods, tuple(more))


def _standing(trigger: str, claims: Sequence[Claim], lapse_by: datetime, owed: Owed | None) -> State:
    """Finds the state of an order that is established as late."""
    if claims:
        first, *more = claims
        return Claimed(trigger, first.refund_id, first.base, lapse_by, first.goods, tuple(more), owed)
    if owed is not None and owed.unsettled:
        return Due(owed.refund_id, owed.amount, trigger, lapse_by, owed)
    return Established(trigger, lapse_by, owed)


def _over(owed: Owed | None, reason_code: str) -> State:
    """Finds the state in which no further claim counts: the rest is paid out, or nothing is."""
    if owed is None or not is_compensated(owed):
        return Void(reason_code)
    if owed.unsettled:
        return Due(owed.refund_id, owed.amount, owed=owed)
    return Paid(owed.amount)


def _without(state: State, refund_id: str) -> tuple[Claim, ...]:
    return tuple(claim for claim in claims_of(state) if claim.refund_id != refund_id)


def _claim_filed(state: State, fact: ClaimFiled) -> State:
    if isinstance(state, Paid | Void):
        raise TypeError(f"no claim is filed in {type(state).__name__}")
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


def _claim_decided(state: State, fact: CompensationDue | CompensationRefused) -> State:
    if not isinstance(state, Claimed) or not fact.refund_id:
        return _over(state.owed if isinstance(state, Claimed) else None, fact.reason_code)
    owed = owed_so_far(state.owed, state.base.currency)
    for claim in claims_of(state):
        if claim.refund_id == fact.refund_id:
            owed = owed_after(owed, claim, fact)
    lapse_by = fact.lapse_by if isinstance(fact, CompensationRefused) else None
    return _standing(state.trigger, _without(state, fact.refund_id), lapse_by or state.lapse_by, owed)


def _compensation_paid(state: State, fact: CompensationPaid) -> State:
    if not isinstance(state, Claimed | Due):
        raise TypeError(f"nothing is paid in {type(state).__name__}")
    if state.owed is None:
        return Paid(state.amount) if isinstance(state, Due) else state
    unsettled = tuple(number for number in state.owed.unsettled if number != fact.compensation_number)
    owed = replace(state.owed, unsettled=unsettled)
    if isinstance(state, Claimed):
        return replace(state, owed=owed)
    return _over(owed, "") if fact.lapse_by is None else _standing(state.trigger, (), fact.lapse_by, owed)


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists the end of the time to ask. A buyer who asked in time waits as long as his refund takes."""
    if isinstance(state, Established) or (isinstance(state, Filed) and not _has_open(state)):
        return (Deadline("lapse", state.lapse_by),)
    return ()
