"""Keeps the credit points of one account, a buyer's or a shop's. The ledger never ends."""

from typing import assert_never

from kernel.value import Value
from services.reviews.credit import Cap, Role


class Account(Value):
    """Points gained and lost since the first rating that the service counted."""

    total_points: int = 0


State = Account


class CreditChanged(Value):
    """A rating reached the account. `delta_points` has a sign; 0 with a cap: the rating did not count."""

    order_id: str
    role: Role
    points: int
    delta_points: int
    total_points: int
    cap: Cap
    cause_code: str


Fact = CreditChanged


def evolve(_state: State, fact: Fact) -> State:
    """Applies a fact to the ledger."""
    match fact:
        case CreditChanged():
            return Account(fact.total_points)
        case _:
            assert_never(fact)
