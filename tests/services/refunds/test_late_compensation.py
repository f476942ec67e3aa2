"""Compensation for late shipping alone (A23)."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.vocabulary import DeadlinePassed, Money, replace
from services.refunds.cases import late_compensation as c
from services.refunds.cases.late_compensation import compensation_minor
from tests.services.refunds.kinds import POLICY, Walk, decide, facts_of, messages_of
from tests.services.refunds.shop import DAY, T0

KIND = "late-compensation"
BASE = Money(10_000, "CNY")
CAP = Money(50_000, "CNY")
SILENT = T0 + 90 * DAY
LATE = c.LateShippingEstablished("unshipped_72h")
ESTABLISHED = c.LatenessEstablished("unshipped_72h", SILENT)
CLAIM = c.RefundClaimed("r1", BASE)
FILED = c.ClaimFiled("r1", BASE, SILENT)
DUE = c.CompensationDue("r1", BASE, 3_000, CAP, Money(3_000, "CNY"), "unshipped_72h")
WITHDRAWN = c.LateShippingWithdrawn("unshipped_72h", "in_time")


def refused(reason: str) -> c.CompensationRefused:
    return c.CompensationRefused(BASE, 3_000, CAP, reason)


TABLE: list[tuple[str, list[Any], Any, list[Any]]] = [
    ("LG-060", [], LATE, [ESTABLISHED]),
    ("LG-060", [ESTABLISHED], CLAIM, [FILED]),
    ("LG-060", [ESTABLISHED, FILED], c.ClaimPaid("r1"), [DUE]),
    ("LG-060", [ESTABLISHED, FILED], c.ClaimPaid("r2"), []),
    ("LG-060", [ESTABLISHED], c.ClaimPaid("r1"), []),
    ("LG-060", [], CLAIM, [FILED]),
    ("LG-060", [FILED], c.ClaimPaid("r1"), [c.ClaimPaidFirst()]),
    ("LG-060", [FILED, c.ClaimPaidFirst()], LATE, [ESTABLISHED, DUE]),
    ("LG-060", [FILED], LATE, [ESTABLISHED]),
    ("LG-060", [ESTABLISHED, FILED], c.ClaimClosed("r1"), [c.ClaimDropped("r1", SILENT)]),
    ("LG-060", [ESTABLISHED], WITHDRAWN, [c.Lapsed()]),
    ("LG-060", [ESTABLISHED], replace(WITHDRAWN, trigger="false_shipment"), []),
    ("LG-060", [ESTABLISHED, FILED], WITHDRAWN, [refused("in_time")]),
    ("LG-060", [ESTABLISHED, FILED, DUE], WITHDRAWN, [c.CompensationDisputed("in_time", T0 + 10 * DAY)]),
    ("LG-060", [ESTABLISHED, FILED, DUE], c.CompensationSettled(), [c.CompensationPaid()]),
    ("LG-060", [ESTABLISHED, FILED, DUE], c.ClaimPaid("r1"), []),
    ("LG-060", [ESTABLISHED], c.OrderEnded(), [c.LapseSet(T0 + 15 * DAY)]),
    ("LG-060", [ESTABLISHED], DeadlinePassed("lapse", SILENT), [c.Lapsed()]),
    ("LG-060", [FILED], DeadlinePassed("lapse", SILENT), [refused("lapsed")]),
]


@pytest.mark.parametrize(("rule", "given_facts", "when", "then"), TABLE, ids=[row[0] for row in TABLE])
def test_rule(rule: str, given_facts: list[Any], when: Any, then: list[Any]) -> None:
    decided = decide(KIND, given_facts, when)
    assert facts_of(decided) == then
    assert all(rule in entry.rules for entry in decided)


@pytest.mark.parametrize(
    ("base", "amount"), [(10_000, 3_000), (1, 0), (2, 1), (5, 2), (15, 5), (166_666, 50_000), (10**9, 50_000)]
)
def test_thirty_percent_half_up_and_the_cap(base: int, amount: int) -> None:
    """LG-060, LG-061: reading E-A33."""
    assert compensation_minor(base, POLICY.late) == amount


def test_another_currency_is_for_nobody_to_guess() -> None:
    claim = c.ClaimFiled("r1", Money(10_000, "USD"), SILENT)
    (fact,) = facts_of(decide(KIND, [ESTABLISHED, claim], c.ClaimPaid("r1")))
    assert isinstance(fact, c.CompensationRefused)
    assert fact.reason_code == "other_currency"


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(messages_of(KIND), st.integers(0, 50_000)), max_size=20))
def test_any_history(history: list[tuple[Any, int]]) -> None:
    walk = Walk(KIND)
    for message, minutes in history:
        walk.tell(message, minutes)
        is_open = isinstance(walk.state, c.Filed | c.Established | c.Claimed)
        assert is_open == bool(walk.kind.decider.deadlines(walk.state))
    due = [fact for fact in walk.facts if isinstance(fact, c.CompensationDue)]
    assert len(due) <= 1
    assert all(fact.amount.minor <= fact.cap.minor for fact in due)
    walk.run_out()
