"""Defines the states of a refund intent, how facts change them, and its deadlines."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import Deadline, expect
from kernel.people import Task, TaskWithdrawn
from kernel.value import Value, replace
from services.refunds.cases.refund_intent.facts import (
    CutAwaited,
    DoubtCleared,
    Fact,
    FullnessDropped,
    LackingAsked,
    OutcomeUnknown,
    PaidNothing,
    PaidShort,
    PartHeld,
    PayeeAsked,
    PayeeKnown,
    PaymentAbandoned,
    PaymentCut,
    PaymentDisputed,
    PaymentRequested,
    PaymentStuck,
    PaymentTaken,
    PaymentUnwanted,
    PersonAsked,
    RefundPaid,
    RefundReversed,
    RetryAwaited,
    StrayPaid,
    StrayReversed,
    SumDisputed,
    SurplusDenied,
    SurplusReturned,
)
from services.refunds.cases.refund_intent.messages import PAYEE_MARK, Moved
from services.refunds.payments import PaymentOrder, less, together, without


class Beside(Value):
    """The rest of what was granted, beside the payment in hand.

    `held`: the buyer has it. `lacking`: it came back while another part was on its way. `surplus_minor`:
    more than was granted reached the buyer. `freed`: lines whose pieces went back to the order with a part
    that was given up. `asked_count`: questions asked so far; the last one is the one that is open.
    `payee_ref`: the account for cash; `payee_question`: the number of the question for it that is open, or 0.
    `settled_attempts`: those that settled, `settled_minors` the amount of each.
    `is_unwanted`: the buyer confirmed that he has the goods. `is_doubted`: a person is asked about another
    sum than was ordered, `is_foreign`: of another currency. `elsewhere_minor`: others paid so much of what is
    under way, by the movement `elsewhere_id`; `is_elsewhere_held`: a dispute, which is open.
    """

    held: PaymentOrder | None = None
    lacking: PaymentOrder | None = None
    surplus_minor: int = 0
    freed: tuple[str, ...] = ()
    asked_count: int = 0
    settled_attempts: tuple[int, ...] = ()
    settled_minors: tuple[int, ...] = ()
    is_unwanted: bool = False
    payee_ref: str | None = None
    payee_question: int = 0
    is_doubted: bool = False
    is_foreign: bool = False
    elsewhere_minor: int = 0
    elsewhere_id: str = ""
    is_elsewhere_held: bool = False


NOTHING_BESIDE = Beside()

# States.


class Absent(Value):
    pass


class Stray(Value):
    """Money moved that nobody here has granted. The grant may be among older news that is read later."""

    paid: tuple[StrayPaid, ...] = ()
    back: tuple[StrayReversed, ...] = ()


class Requested(Value):
    """`is_waiting`: the attempt before failed for sure, and this one is not asked for yet."""

    order: PaymentOrder
    attempt_count: int
    again_at: datetime
    stuck_at: datetime
    beside: Beside = NOTHING_BESIDE
    is_waiting: bool = False


class Accepted(Value):
    """The provider took the payment, which is expected to settle by `settle_by`."""

    order: PaymentOrder
    attempt_count: int
    settle_by: datetime
    beside: Beside = NOTHING_BESIDE


class Unknown(Value):
    """The provider does not know whether money moved: the same attempt is asked again, never a new one."""

    order: PaymentOrder
    attempt_count: int
    again_at: datetime
    stuck_at: datetime
    beside: Beside = NOTHING_BESIDE


class Stuck(Value):
    """A person looks; a late answer of the provider still counts."""

    order: PaymentOrder
    attempt_count: int
    moved: Moved
    look_at: datetime | None
    look_count: int
    beside: Beside = NOTHING_BESIDE


class Settled(Value):
    """Paid by `settled_attempt`, of `attempt_count` attempts made; `order` is what was paid last."""

    order: PaymentOrder
    attempt_count: int
    settled_attempt: int
    is_disputed: bool = False
    """More was paid than ordered: money that comes back need not be missing."""
    beside: Beside = NOTHING_BESIDE


class Reversed(Value):
    """Settled money came back, or less settled than ordered: a person decides whether to pay that part.

    `part` is all that the buyer lacks; absent in what was stored before parts added up.
    """

    order: PaymentOrder
    attempt_count: int
    look_at: datetime | None
    look_count: int
    part: PaymentOrder | None = None
    beside: Beside = NOTHING_BESIDE


class Abandoned(Value):
    pass


Pending = Requested | Accepted | Unknown | Stuck
Live = Pending | Settled | Reversed
Begun = Live | Abandoned
NotBegun = Absent | Stray
State = NotBegun | Begun
Ended = Settled | Abandoned | Stray


def evolve(state: State, fact: Fact) -> State:  # noqa: C901, PLR0911, PLR0912  one branch per fact
    """Applies a fact to the intent."""
    match fact:
        case PaymentRequested():
            return _requested(state, fact)
        case PaymentAbandoned():
            return _abandoned(begun(state), fact)
        case PersonAsked():
            return _person_asked(state, fact)
        case Task():
            return state if isinstance(state, NotBegun | Abandoned) else _asked(state)
        case TaskWithdrawn():
            return _payee_question(state, 0) if fact.name.startswith(PAYEE_MARK) else state
        case PayeeAsked():
            return _payee_question(state, fact.number)
        case PayeeKnown():
            now = begun(_payee_question(state, 0))
            return replace(now, beside=replace(now.beside, payee_ref=fact.payee_ref))
        case PaymentDisputed():
            return replace(state, is_disputed=True) if isinstance(state, Settled) else state
        case SumDisputed():
            return _disputed(state, fact)
        case PaidNothing() | PartHeld() | PaymentCut() | CutAwaited() | DoubtCleared():
            return _settled_elsewhere(state, fact)
        case StrayPaid():
            stray = state if isinstance(state, Stray) else Stray()
            return replace(stray, paid=(*stray.paid, fact))
        case StrayReversed():
            if isinstance(state, Begun):
                return state
            stray = state if isinstance(state, Stray) else Stray()
            return replace(stray, back=(*stray.back, fact))
        case SurplusReturned() | SurplusDenied():
            return _with_surplus(begun(state), -fact.minor)
        case RefundPaid():
            now = begun(state)
            held = together(now.beside.held, now.order)
            settled = (*now.beside.settled_attempts, fact.attempt_count)
            unknown = len(now.beside.settled_attempts) - len(now.beside.settled_minors)
            minors = (*now.beside.settled_minors, *[0] * unknown, fact.amount.minor)
            beside = replace(now.beside, held=held, settled_attempts=settled, settled_minors=minors)
            return Settled(now.order, now.attempt_count, fact.attempt_count, beside=beside)
        case PaymentTaken():
            now = begun(state)
            return Accepted(now.order, now.attempt_count, fact.settle_by, now.beside)
        case RetryAwaited():
            now = begun(state)
            number = now.attempt_count + 1
            return Requested(now.order, number, fact.again_at, _bound(state), now.beside, is_waiting=True)
        case OutcomeUnknown():
            now = begun(state)
            return Unknown(now.order, now.attempt_count, fact.again_at, _bound(state), now.beside)
        case PaymentStuck():
            now = begun(state)
            return Stuck(now.order, now.attempt_count, fact.moved, fact.look_at, 0, now.beside)
        case PaidShort():
            now = begun(_lacks(begun(state), fact.part, fact.look_at))
            doubted = replace(now.beside, is_doubted=True, is_foreign=fact.is_foreign)
            return replace(now, beside=doubted)
        case RefundReversed():
            return _lacks(begun(state), fact.part, fact.look_at)
        case LackingAsked():
            return _lacks(begun(state), None, fact.look_at)
        case FullnessDropped():
            return _not_full(begun(state))
        case PaymentUnwanted():
            now = begun(state)
            return replace(now, beside=replace(now.beside, is_unwanted=True))
        case _:
            assert_never(fact)


def begun(state: State) -> Live:
    """Narrows to an intent of which something is paid or to be paid. Raises TypeError for any other."""
    if isinstance(state, NotBegun | Abandoned):
        raise TypeError(f"nothing is to be paid in {type(state).__name__}")
    return state


def held_by_buyer(state: Live) -> PaymentOrder | None:
    """Finds the part of the grant that the buyer has; before it was kept, from what was paid last."""
    held = state.beside.held
    if held is None and isinstance(state, Settled):
        return state.order
    if held is None and isinstance(state, Reversed) and not state.beside.asked_count and state.part:
        return without(state.order, state.part)
    return held


def due_of(state: Live) -> PaymentOrder | None:
    """Finds all that the buyer lacks: what did not move yet, and what came back."""
    if isinstance(state, Reversed):
        return state.part
    return together(None if isinstance(state, Settled) else state.order, state.beside.lacking)


def _requested(state: State, fact: PaymentRequested) -> State:
    """Begins or repeats a payment. A new one takes in what lacks beside it, or leaves the rest of a part."""
    if isinstance(state, NotBegun | Abandoned):
        return Requested(fact.order, fact.attempt_count, fact.again_at, fact.stuck_at)
    beside = state.beside
    if isinstance(state, Reversed):
        rest = None if state.part is None else without(state.part, fact.order)
        beside = replace(beside, held=held_by_buyer(state), lacking=rest)
    elif isinstance(state, Stuck) and fact.attempt_count > state.attempt_count:
        beside = replace(beside, lacking=None)
    again = Unknown if isinstance(state, Unknown) else Requested
    return again(fact.order, fact.attempt_count, fact.again_at, fact.stuck_at, beside)


def _lacks(state: Live, part: PaymentOrder | None, look_at: datetime) -> State:
    """Moves a part from what the buyer has to what he lacks. What is on its way goes on."""
    held = held_by_buyer(state)
    left = held if part is None else without(held, part)
    if isinstance(state, Requested | Accepted | Unknown | Stuck):
        beside = replace(state.beside, held=left, lacking=together(state.beside.lacking, part))
        return replace(state, beside=beside)
    before = state.part if isinstance(state, Reversed) else state.beside.lacking
    beside = replace(state.beside, held=left, lacking=None)
    return Reversed(state.order, state.attempt_count, look_at, 0, together(before, part), beside)


def _abandoned(state: Live, fact: PaymentAbandoned) -> State:
    """Ends the part that is given up. What the buyer has stays paid; what else he lacks is asked about."""
    held, due = held_by_buyer(state), due_of(state)
    lines = {share.line_id for share in fact.order.shares if share.quantity_count}
    freed = (*state.beside.freed, *sorted(lines - set(state.beside.freed)))
    beside = replace(state.beside, held=held, lacking=None, freed=freed)
    rest = None if due is None else without(due, fact.order)
    if rest is not None:
        look_at = state.look_at if isinstance(state, Reversed) else None
        return _not_full(Reversed(state.order, state.attempt_count, look_at, 0, rest, beside))
    if held is None:
        return Abandoned()
    last = beside.settled_attempts[-1] if beside.settled_attempts else 0
    return _not_full(Settled(held, state.attempt_count, last, beside=beside))


def _not_full(state: Live) -> State:
    def partly(order: PaymentOrder | None) -> PaymentOrder | None:
        return None if order is None else replace(order, is_full=False)

    beside = replace(state.beside, held=partly(state.beside.held), lacking=partly(state.beside.lacking))
    after = replace(state, order=replace(state.order, is_full=False), beside=beside)
    return replace(after, part=partly(after.part)) if isinstance(after, Reversed) else after


def _asked(state: Live) -> State:
    return replace(state, beside=replace(state.beside, asked_count=state.beside.asked_count + 1))


def _payee_question(state: State, number: int) -> State:
    if isinstance(state, NotBegun | Abandoned):
        return state
    return replace(state, beside=replace(state.beside, payee_question=number))


def _with_surplus(state: Live, minor: int) -> Live:
    return replace(state, beside=replace(state.beside, surplus_minor=state.beside.surplus_minor + minor))


def _disputed(state: State, fact: SumDisputed) -> State:
    if isinstance(state, NotBegun | Abandoned):
        return state
    after = _with_surplus(state, fact.surplus_minor)
    return replace(after, is_disputed=True) if isinstance(after, Settled) else after


def _settled_elsewhere(
    state: State, fact: PaidNothing | PartHeld | PaymentCut | CutAwaited | DoubtCleared
) -> State:
    """Applies what others paid, and what a person said about another sum."""
    if isinstance(fact, PaidNothing):
        beside = Beside() if isinstance(state, NotBegun | Abandoned) else state.beside
        count = 0 if isinstance(state, NotBegun | Abandoned) else state.attempt_count
        return Settled(fact.order, count, 0, beside=replace(beside, held=together(beside.held, fact.order)))
    if isinstance(state, NotBegun | Abandoned):
        return state
    beside = state.beside
    match fact:
        case PartHeld():
            held = together(held_by_buyer(state), fact.part)
            last = beside.settled_attempts[-1] if beside.settled_attempts else 0
            beside = replace(beside, held=held, is_doubted=False)
            return Settled(held or fact.part, state.attempt_count, last, beside=beside)
        case PaymentCut():
            beside = replace(beside, elsewhere_minor=0, elsewhere_id="")
            return replace(state, order=less(state.order, fact.part), beside=beside)
        case CutAwaited():
            if not fact.minor:
                return state
            before = 0 if beside.elsewhere_id == fact.outside_id else beside.elsewhere_minor
            beside = replace(beside, elsewhere_minor=before + fact.minor, elsewhere_id=fact.outside_id)
            return replace(state, beside=replace(beside, is_elsewhere_held=fact.is_held))
        case DoubtCleared():
            return replace(state, beside=replace(beside, is_doubted=False, is_foreign=False))
        case _:
            assert_never(fact)


def _bound(state: State) -> datetime:
    """Finds the moment at which a person is asked, whatever the attempts. A failure does not put it off."""
    if isinstance(state, Accepted):
        return state.settle_by
    return state.stuck_at if isinstance(state, Unknown) else expect(state, Requested).stuck_at


def _person_asked(state: State, fact: PersonAsked) -> State:
    if not isinstance(state, Stuck | Reversed):
        raise TypeError(f"nobody is asked in {type(state).__name__}")
    after = replace(state, look_at=fact.look_at, look_count=state.look_count + 1)
    return _asked(after) if fact.name else after


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists repeats and the moment at which a person is asked. None moves money by itself."""
    match state:
        case Requested() | Unknown():
            return (Deadline("payment", state.again_at), Deadline("stuck", state.stuck_at))
        case Accepted():
            return (Deadline("settle", state.settle_by),)
        case Stuck() | Reversed():
            return () if state.look_at is None else (Deadline("attention", state.look_at),)
        case Absent() | Stray() | Settled() | Abandoned():
            return ()
        case _:
            assert_never(state)
