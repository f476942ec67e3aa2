"""Defines the states of a refund intent, its facts, how they change the states, and its deadlines."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import Deadline, expect
from kernel.money import Money
from kernel.people import Task
from kernel.value import Value, replace
from services.refunds.cases.refund_intent.messages import Moved, PaymentOrder

# States.


class Absent(Value):
    pass


class Requested(Value):
    order: PaymentOrder
    attempt_count: int
    again_at: datetime
    stuck_at: datetime


class Accepted(Value):
    """The provider took the payment, which is expected to settle by `settle_by`."""

    order: PaymentOrder
    attempt_count: int
    settle_by: datetime


class Unknown(Value):
    """The provider does not know whether money moved: the same attempt is asked again, never a new one."""

    order: PaymentOrder
    attempt_count: int
    again_at: datetime
    stuck_at: datetime


class Stuck(Value):
    """A person looks; a late answer of the provider still counts."""

    order: PaymentOrder
    attempt_count: int
    moved: Moved
    look_at: datetime | None
    look_count: int


class Settled(Value):
    """Paid by `settled_attempt`, of `attempt_count` attempts made."""

    order: PaymentOrder
    attempt_count: int
    settled_attempt: int
    is_disputed: bool = False
    """More was paid than ordered: money that comes back need not be missing."""


class Reversed(Value):
    """Settled money came back, or less settled than ordered: a person decides whether to pay that part.

    `part` is absent where nobody knows what exactly the buyer has not got.
    """

    order: PaymentOrder
    attempt_count: int
    look_at: datetime | None
    look_count: int
    part: PaymentOrder | None = None


class Abandoned(Value):
    pass


Pending = Requested | Accepted | Unknown | Stuck
Begun = Pending | Settled | Reversed | Abandoned
State = Absent | Begun
Ended = Settled | Abandoned


# Facts.


class PaymentRequested(Value):
    """A payment is asked for: first, again under the same ids, or as a new attempt. `stuck_at` bounds all."""

    order: PaymentOrder
    attempt_count: int
    again_at: datetime
    stuck_at: datetime


class RetryAwaited(Value):
    """The attempt failed for sure; the next one starts at `again_at`."""

    again_at: datetime


class PaymentTaken(Value):
    settle_by: datetime


class OutcomeUnknown(Value):
    again_at: datetime


class PaymentStuck(Value):
    attempt_count: int
    moved: Moved
    look_at: datetime


class PersonAsked(Value):
    """A task, once more. `look_at` is the moment to ask again; absent when it was asked often enough."""

    question_code: str
    due_at: datetime
    look_at: datetime | None


class RefundPaid(Value):
    amount: Money
    attempt_count: int


class PaymentDisputed(Value):
    """The provider's word does not fit ours: another amount, or money twice."""

    question_code: str
    due_at: datetime


class PaidShort(Value):
    """Less settled than was ordered. `part` is the missing part, where known."""

    part: PaymentOrder | None
    look_at: datetime


class RefundReversed(Value):
    """Money came back. `part` is that money's part of the payment, where known."""

    amount: Money
    reason_code: str
    look_at: datetime
    part: PaymentOrder | None = None


class PaymentAbandoned(Value):
    order: PaymentOrder


Fact = (
    PaymentRequested | RetryAwaited | PaymentTaken | OutcomeUnknown | PaymentStuck | PersonAsked | RefundPaid
    | Task | PaidShort | PaymentDisputed | RefundReversed | PaymentAbandoned
)  # fmt: skip


def evolve(state: State, fact: Fact) -> State:  # noqa: PLR0911  one branch per fact
    """Applies a fact to the intent."""
    match fact:
        case PaymentRequested():
            again = Unknown if isinstance(state, Unknown) else Requested
            return again(fact.order, fact.attempt_count, fact.again_at, fact.stuck_at)
        case PaymentAbandoned():
            return Abandoned()
        case PersonAsked():
            return _person_asked(state, fact)
        case Task():
            return state
        case PaymentDisputed():
            return replace(state, is_disputed=True) if isinstance(state, Settled) else state
        case RefundPaid():
            order, attempt_count = _last(state)
            return Settled(order, attempt_count, fact.attempt_count)
        case PaymentTaken():
            order, attempt_count = _last(state)
            return Accepted(order, attempt_count, fact.settle_by)
        case RetryAwaited():
            order, attempt_count = _last(state)
            return Requested(order, attempt_count + 1, fact.again_at, _bound(state))
        case OutcomeUnknown():
            order, attempt_count = _last(state)
            return Unknown(order, attempt_count, fact.again_at, _bound(state))
        case PaymentStuck():
            order, attempt_count = _last(state)
            return Stuck(order, attempt_count, fact.moved, fact.look_at, 0)
        case PaidShort() | RefundReversed():
            order, attempt_count = _last(state)
            return Reversed(order, attempt_count, fact.look_at, 0, fact.part)
        case _:
            assert_never(fact)


def _last(state: State) -> tuple[PaymentOrder, int]:
    """Finds what is to be paid, and the number of the last attempt. Raises TypeError where there is none."""
    if isinstance(state, Absent | Abandoned):
        raise TypeError(f"nothing is to be paid in {type(state).__name__}")
    return state.order, state.attempt_count


def _bound(state: State) -> datetime:
    """Finds the moment at which a person is asked, whatever the attempts. A failure does not put it off."""
    if isinstance(state, Accepted):
        return state.settle_by
    return state.stuck_at if isinstance(state, Unknown) else expect(state, Requested).stuck_at


def _person_asked(state: State, fact: PersonAsked) -> State:
    if not isinstance(state, Stuck | Reversed):
        raise TypeError(f"nobody is asked in {type(state).__name__}")
    return replace(state, look_at=fact.look_at, look_count=state.look_count + 1)


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists repeats and the moment at which a person is asked. None moves money by itself."""
    match state:
        case Requested() | Unknown():
            return (Deadline("payment", state.again_at), Deadline("stuck", state.stuck_at))
        case Accepted():
            return (Deadline("settle", state.settle_by),)
        case Stuck() | Reversed():
            return () if state.look_at is None else (Deadline("attention", state.look_at),)
        case Absent() | Settled() | Abandoned():
            return ()
        case _:
            assert_never(state)
