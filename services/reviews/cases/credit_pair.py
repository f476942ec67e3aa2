"""The points that one buyer and one shop give each other; where their caps are kept. A ledger."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import Deadline, DeadlinePassed, Decided, Decider
from kernel.rules import rule
from kernel.value import Value
from services.reviews.cases.credit_caps import Cap, Entry, Role, aged, merged, recount
from services.reviews.policy import Policy


class Pair(Value):
    """Recent trades of the pair, by success time: what the buyer earned, and what the seller did."""

    buyer: tuple[Entry, ...] = ()
    seller: tuple[Entry, ...] = ()
    seen_at: datetime | None = None
    """Latest news: what is old is old by it."""

    def entries(self, role: Role) -> tuple[Entry, ...]:
        """What that side earned."""
        return self.buyer if role is Role.BUYER else self.seller


class Earned(Value):
    """A rating as it stands now: what it is worth to whom. Points 0: given back, or neutral."""

    account_id: str
    role: Role
    entry_id: str
    order_id: str
    item_id: str
    succeeded_at: datetime
    points: int
    revision: int
    is_mall: bool
    cause_code: str


Message = Earned | DeadlinePassed


class PointsCounted(Value):
    """One side's entries after the news, and by how many points the side's credit moves."""

    account_id: str
    role: Role
    order_id: str
    entries: tuple[Entry, ...]
    seen_at: datetime
    points: int
    """What the rating itself is worth, before any cap."""
    delta_points: int
    cap: Cap
    cause_code: str


def decide(state: Pair, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[PointsCounted]]:
    """Counts a rating once, however often and in whatever order its revisions come."""
    match message:
        case Earned():
            return _earned(state, message, policy, now)
        case DeadlinePassed():
            return []
        case _:
            assert_never(message)


@rule("RV-003", "RV-005", "RV-006", "RV-007", "RV-008", "RV-022")
def _earned(state: Pair, earned: Earned, policy: Policy, now: datetime) -> Sequence[PointsCounted]:
    """Good adds a point and bad takes one, within the caps; a change reverses the old and adds the new."""
    entries = state.entries(earned.role)
    known = next((x for x in entries if x.entry_id == earned.entry_id), None)
    if known is not None and known.revision >= earned.revision:
        return []
    seen_at = now if state.seen_at is None else max(state.seen_at, now)
    if known is None and (earned.points == 0 or earned.succeeded_at < seen_at - policy.credit.keep):
        return []
    entry = Entry(
        earned.entry_id,
        earned.order_id,
        earned.item_id,
        earned.succeeded_at,
        earned.points,
        earned.revision,
        earned.is_mall,
    )
    before = sum(x.counted for x in entries)
    after = recount(merged(entries, entry), earned.role, policy)
    delta_points = sum(x.counted for x in after) - before
    cap = next(x.cap for x in after if x.entry_id == earned.entry_id)
    return [
        PointsCounted(
            earned.account_id,
            earned.role,
            earned.order_id,
            aged(after, seen_at, policy),
            seen_at,
            earned.points,
            delta_points,
            cap,
            earned.cause_code,
        )
    ]


def evolve(state: Pair, fact: PointsCounted) -> Pair:
    """The ledger after a fact."""
    if fact.role is Role.BUYER:
        return Pair(fact.entries, state.seller, fact.seen_at)
    return Pair(state.buyer, fact.entries, fact.seen_at)


def deadlines(state: Pair) -> Sequence[Deadline]:
    """None: a ledger waits for nobody."""
    return []


CREDIT_PAIR: Decider[Pair, Message, PointsCounted, Policy] = Decider(Pair(), decide, evolve, deadlines)
