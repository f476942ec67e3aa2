"""Adds up the credit points of one account."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import Decided
from kernel.rules import rule
from services.reviews.cases.credit_account.messages import Message, PointsMoved
from services.reviews.cases.credit_account.state import CreditChanged, Fact, State
from services.reviews.credit import Cap
from services.reviews.policy import Policy


def decide(state: State, message: Message, _policy: Policy, _now: datetime) -> Sequence[Decided[Fact]]:
    """Adds up."""
    match message:
        case PointsMoved():
            return _moved(state, message)
        case _:
            assert_never(message)


@rule("RV-003", "RV-005", "RV-006", "RV-007", "RV-008", "RV-022")
def _moved(state: State, moved: PointsMoved) -> Sequence[Fact]:
    """States the account's total after a rating, and the cap of a rating that did not count."""
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
