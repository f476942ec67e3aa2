"""The credit points of one account, buyer's or shop's. A ledger."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import Deadline, DeadlinePassed, Decided, Decider
from kernel.rules import rule
from kernel.value import Value
from services.reviews.cases.credit_caps import Cap, Role
from services.reviews.policy import Policy


class Account(Value):
    """Points gained and lost since the first rating that we counted."""

    total_points: int = 0


class PointsMoved(Value):
    """What one rating did to the account, caps applied."""

    order_id: str
    role: Role
    points: int
    delta_points: int
    cap: Cap
    cause_code: str


Message = PointsMoved | DeadlinePassed


class CreditChanged(Value):
    """`delta_points` has a sign; 0 with a cap: the rating came and did not count."""

    order_id: str
    role: Role
    points: int
    delta_points: int
    total_points: int
    cap: Cap
    cause_code: str


def decide(
    state: Account, message: Message, policy: Policy, now: datetime
) -> Sequence[Decided[CreditChanged]]:
    """Adds up."""
    match message:
        case PointsMoved():
            return _moved(state, message)
        case DeadlinePassed():
            return []
        case _:
            assert_never(message)


@rule("RV-003", "RV-005", "RV-006", "RV-007", "RV-008", "RV-022")
def _moved(state: Account, moved: PointsMoved) -> Sequence[CreditChanged]:
    """The account's total after a rating, and why the rating did not count if it did not."""
    if moved.delta_points == 0 and moved.cap is Cap.NONE:
        return []
    total_points = state.total_points + moved.delta_points
    return [
        CreditChanged(
            moved.order_id,
            moved.role,
            moved.points,
            moved.delta_points,
            total_points,
            moved.cap,
            moved.cause_code,
        )
    ]


def evolve(state: Account, fact: CreditChanged) -> Account:
    """The ledger after a fact."""
    return Account(fact.total_points)


def deadlines(state: Account) -> Sequence[Deadline]:
    """None: a ledger waits for nobody."""
    return []


CREDIT_ACCOUNT: Decider[Account, Message, CreditChanged, Policy] = Decider(
    Account(), decide, evolve, deadlines
)
