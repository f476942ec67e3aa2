"""Keeps the points that one buyer and one shop gave each other lately. The ledger never ends."""

from datetime import datetime
from typing import assert_never

from kernel.value import Value
from services.reviews.credit import Cap, Role


class Entry(Value):
    """One rating's worth to the rated side, and the part of it that counts."""

    entry_id: str
    order_id: str
    item_id: str
    succeeded_at: datetime
    points: int
    """-1, 0 or 1, before any cap."""
    revision: int
    """Number of the review's fact behind the entry; a later one replaces an earlier one."""
    is_mall: bool
    counted: int = 0
    cap: Cap = Cap.NONE
    is_settled: bool = False
    """Old enough that its neighbours no longer move it."""


class Pair(Value):
    """Recent trades of the pair by success time: the buyer's earnings and the seller's."""

    buyer: tuple[Entry, ...] = ()
    seller: tuple[Entry, ...] = ()
    seen_at: datetime | None = None
    """Latest news. The age of a trade is counted up to it."""

    def entries(self, role: Role) -> tuple[Entry, ...]:
        """Lists the earnings of that side."""
        return self.buyer if role is Role.BUYER else self.seller


State = Pair


class PointsCounted(Value):
    """One side's entries after the news, and by how many points the side's credit moves."""

    account_id: str
    role: Role
    order_id: str
    entries: tuple[Entry, ...]
    seen_at: datetime
    points: int
    """The rating's own worth, before any cap."""
    delta_points: int
    cap: Cap
    cause_code: str


Fact = PointsCounted


def evolve(state: State, fact: Fact) -> State:
    """Applies a fact to the ledger."""
    match fact:
        case PointsCounted(role=Role.BUYER):
            return Pair(fact.entries, state.seller, fact.seen_at)
        case PointsCounted():
            return Pair(state.buyer, fact.entries, fact.seen_at)
        case _:
            assert_never(fact)
