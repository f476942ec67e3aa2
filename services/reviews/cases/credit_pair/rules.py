"""Counts the points that one buyer and one shop give each other, within their caps."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import Decided
from kernel.rules import rule
from services.reviews.cases.credit_pair.messages import Earned, Message
from services.reviews.cases.credit_pair.rules_caps import aged, merged, recount
from services.reviews.cases.credit_pair.state import Entry, Fact, PointsCounted, State
from services.reviews.policy import Policy


def decide(state: State, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[Fact]]:
    """Counts a rating once, however often and in whatever order its revisions come."""
    match message:
        case Earned():
            return _earned(state, message, policy, now)
        case _:
            assert_never(message)


@rule("RV-003", "RV-005", "RV-006", "RV-007", "RV-008", "RV-022")
def _earned(state: State, earned: Earned, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Good adds a point and bad takes one, within the caps; a change reverses the old and adds the new."""
    entries = state.entries(earned.role)
    known = next((x for x in entries if x.entry_id == earned.entry_id), None)
    if known is not None and known.revision >= earned.revision:
        return []
    seen_at = now if state.seen_at is None else max(state.seen_at, now)
    if known is None and (earned.points == 0 or earned.succeeded_at < seen_at - policy.credit.keep_days):
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
