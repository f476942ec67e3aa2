"""Decides on more time that one side gives the other, before a deadline of the refund has passed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from kernel.decider import Decided
from services.refunds.cases.refund_agreement.facts import DeadlineExtended, ExtensionRefused, Fact
from services.refunds.cases.refund_agreement.messages import TimeGiven
from services.refunds.cases.refund_agreement.state import (
    Absent,
    Closed,
    Granted,
    State,
    TurnedAway,
    deadlines,
)
from services.refunds.policy import Policy

GIVERS: Mapping[str, str] = {"answer": "buyer", "receive": "buyer", "edit": "seller", "send": "seller"}
"""The side that may give more time: the one for whom the deadline's end is good. No rule gives time away."""


def time_given(state: State, given: TimeGiven, policy: Policy) -> Sequence[Decided[Fact]]:
    """Moves the deadline, or says why not."""
    reason_code = _refusal(state, given, policy)
    if reason_code:
        refused = ExtensionRefused(given.deadline_name, given.until_at, reason_code)
        return [Decided(refused, ())]
    return [Decided(DeadlineExtended(given.deadline_name, given.until_at), ())]


def _refusal(state: State, given: TimeGiven, policy: Policy) -> str:
    """Finds the reason for which time does not count; empty where it does."""
    name = given.deadline_name
    if name not in GIVERS:
        return "not_extendable"
    due_at = next((each.due_at for each in deadlines(state) if each.name == name), None)
    if due_at is None or isinstance(state, Absent | TurnedAway | Granted | Closed):
        return "not_running"
    if given.by != GIVERS[name]:
        return "not_the_giver"
    if name in state.filed.extended:
        return "extended_already"
    return _out_of_bounds(due_at, given.until_at, policy)


def _out_of_bounds(due_at: datetime, until_at: datetime, policy: Policy) -> str:
    if until_at <= due_at:
        return "not_later"
    return "too_long" if until_at > due_at + policy.agreement.extend_days_max else ""
