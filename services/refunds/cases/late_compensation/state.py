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
    CompensationGivenUp,
    CompensationPaid,
    CompensationRefused,
    Fact,
    Lapsed,
    LapseSet,
    LatenessEstablished,
)
from services.refunds.cases.late_compensation.messages import Goods


class Claim(Value):
    """A refund for late shipping. `base` is the money for its `goods`: asked for, or given back once paid."""

    refund_id: str
    base: Money
    is_paid: bool
    goods: tuple[Goods, ...] = ()


class Counted(Value):
    """The money for goods that one refund gave back, as far as it is counted."""

    refund_id: str
    base_minor: int
    goods: tuple[Goods, ...] = ()


class Owed(Value):
    """The sum of the paid refunds of the order: the goods' money that counts, and 30 % of it up to the cap.

    `compensation_count` payments were asked for, the last one for `refund_id`; `unsettled` are the
    numbers of those that are on their way. `given_up_minor` was due and will not be paid: `amount` is
    without it.
    """

    refund_id: str
    base_minor: int
    amount: Money
    goods: tuple[Goods, ...]
    compensation_count: int
    unsettled: tuple[int, ...]
    refunds: tuple[Counted, ...] = ()
    given_up_minor: int = 0


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


def counted_of(owed: Owed | None, refund_id: str) -> Counted | None:
    """Finds how much of a refund is counted already."""
    refunds = () if owed is None else owed.refunds
    return next((one for one in refunds if one.refund_id == refund_id), None)


@rules_of("LG-060")
def counted(owed: Owed, claim: Claim) -> Owed:
    """Adds what a paid claim gave back since it was last counted.

    No line counts for more than it cost, however often it is refunded.
    """
    before = counted_of(owed, claim.refund_id) or Counted(claim.refund_id, 0)
    others = (one for one in owed.refunds if one.refund_id != claim.refund_id)
    base_minor = max(claim.base.minor, before.base_minor)
    refunds = (*others, Counted(claim.refund_id, base_minor, claim.goods))
    if not claim.goods:
        grown = base_minor - before.base_minor
        return replace(owed, base_minor=owed.base_minor + grown, refunds=refunds)
    known = {line.line_id: line.minor for line in before.goods}
    lines = {line.line_id: line for line in owed.goods}
    for goods in claim.goods:
        so_far = lines[goods.line_id].minor if goods.line_id in lines else 0
        more = max(goods.minor - known.get(goods.line_id, 0), 0)
        minor = max(so_far, min(so_far + more, goods.line_minor))
        lines[goods.line_id] = replace(goods, minor=minor)
    grown = sum(line.minor for line in lines.values()) - sum(line.minor for line in owed.goods)
    return replace(owed, base_minor=owed.base_minor + grown, goods=tuple(lines.values()), refunds=refunds)


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


def evolve(state: State, fact: Fact) -> State:  # noqa: C901, PLR0911  one branch per fact
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
            owed = expect(state, Established).owed
            return _over(owed, "payment_abandoned" if owed is not None and owed.given_up_minor else "lapsed")
        case CompensationPaid():
            return _compensation_paid(state, fact)
        case CompensationGivenUp():
            return _given_up(state, fact)
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
        _paid_claim(claim, fact.base, fact.goods) if claim.refund_id == paid_id else claim
        for claim in claims_of(state)
    )
    return _filed(claims, fact.lapse_by or state.lapse_by)


def _paid_claim(claim: Claim, base: Money | None, goods: tuple[Goods, ...]) -> Claim:
    return (
        replace(claim, is_paid=True)
        if base is None
        else Claim(claim.refund_id, base, is_paid=True, goods=goods)
    )


def _claim_decided(state: State, fact: CompensationDue | CompensationRefused) -> State:
    if not isinstance(state, Claimed | Established | Due) or not fact.refund_id:
        return _over(state.owed if isinstance(state, Claimed) else None, fact.reason_code)
    owed = state.owed or owed_so_far(None, fact.base.currency)
    claims = [claim for claim in claims_of(state) if claim.refund_id == fact.refund_id]
    if fact.given_back is not None:
        claims = [Claim(fact.refund_id, fact.given_back, is_paid=True, goods=fact.goods)]
    for claim in claims:
        owed = owed_after(owed, claim, fact)
    lapse_by = fact.lapse_by if isinstance(fact, CompensationRefused) else None
    if lapse_by is None:
        lapse_by = state.lapse_by
    if lapse_by is None:
        return _over(owed, fact.reason_code)
    return _standing(state.trigger, _without(state, fact.refund_id), lapse_by, owed)


def _given_up(state: State, fact: CompensationGivenUp) -> State:
    """Takes what is given up out of what is owed; the claims that run go on."""
    if isinstance(state, Paid):
        rest = state.amount.minor - fact.amount.minor
        return Paid(Money(rest, state.amount.currency)) if rest > 0 else Void(fact.reason_code)
    if not isinstance(state, Claimed | Established | Due) or state.owed is None:
        return Void(fact.reason_code)
    owed = state.owed
    minor = min(fact.amount.minor, owed.amount.minor)
    owed = replace(
        owed,
        amount=Money(owed.amount.minor - minor, owed.amount.currency),
        given_up_minor=owed.given_up_minor + minor,
        unsettled=tuple(number for number in owed.unsettled if number != fact.compensation_number),
    )
    if state.lapse_by is None:
        return _over(owed, fact.reason_code)
    return _standing(state.trigger, claims_of(state), state.lapse_by, owed)


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
