"""Compensation for late shipping alone (A23)."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed
from kernel.money import Money
from kernel.value import replace
from services.refunds.cases.late_compensation import facts as f
from services.refunds.cases.late_compensation import messages as m
from services.refunds.cases.late_compensation import state as c
from services.refunds.cases.late_compensation.border import LATE_COMPENSATION
from services.refunds.cases.late_compensation.messages import Goods
from services.refunds.cases.late_compensation.rules import compensation_minor
from services.refunds.cases.late_compensation.state import claims_of
from tests.services.given import Walk, after, decide, facts_of
from tests.services.refunds.kinds import POLICY, messages_of
from tests.services.refunds.shop import DAY, MINUTE, T0

KIND = LATE_COMPENSATION
BASE = Money(10_000, "CNY")
CAP = Money(50_000, "CNY")
SILENT = T0 + 90 * DAY
LATE = m.LateShippingEstablished("unshipped_72h")
ESTABLISHED = f.LatenessEstablished("unshipped_72h", SILENT)
CLAIM = m.RefundClaimed("r1", BASE)
FILED = f.ClaimFiled("r1", BASE, SILENT)
DUE = f.CompensationDue("r1", BASE, 3_000, CAP, Money(3_000, "CNY"), "unshipped_72h")
WITHDRAWN = m.LateShippingWithdrawn("unshipped_72h", "in_time")
PAID_FIRST = f.ClaimPaidFirst("r1", SILENT)
SETTLED = f.CompensationPaid(1, SILENT)
NOW_OVER = T0 - DAY
"""The time to ask is over already."""


def refused(reason: str) -> f.CompensationRefused:
    return f.CompensationRefused(BASE, 3_000, CAP, reason)


def filed(refund_id: str, minor: int = 10_000, *goods: Goods, lapse_by: datetime = SILENT) -> f.ClaimFiled:
    return f.ClaimFiled(refund_id, Money(minor, "CNY"), lapse_by, goods)


def due(
    refund_id: str, base: int, amount: int, number: int = 2, given: int | None = None
) -> f.CompensationDue:
    """`given`: all that the refund gave back, where that is not what was claimed."""
    given_back = None if given is None else Money(given, "CNY")
    return f.CompensationDue(
        refund_id, Money(base, "CNY"), 3_000, CAP, Money(amount, "CNY"), "unshipped_72h", number, given_back
    )


def nothing(refund_id: str, base: int, reason: str, given: int | None = None) -> f.CompensationRefused:
    given_back = None if given is None else Money(given, "CNY")
    return f.CompensationRefused(Money(base, "CNY"), 3_000, CAP, reason, refund_id, SILENT, given_back)


def paid(refund_id: str, minor: int) -> m.ClaimPaid:
    """The refund gave back so much for goods so far."""
    return m.ClaimPaid(refund_id, Money(minor, "CNY"))


GIVE_UP = m.CompensationAbandoned(Money(3_000, "CNY"))
GIVEN_UP = f.CompensationGivenUp(Money(3_000, "CNY"), 3_000, CAP)


TABLE: list[tuple[str, list[Any], Any, list[Any]]] = [
    ("LG-060", [], LATE, [ESTABLISHED]),
    ("LG-060", [ESTABLISHED], CLAIM, [FILED]),
    ("LG-060", [ESTABLISHED, FILED], m.ClaimPaid("r1"), [DUE]),
    ("LG-060", [ESTABLISHED, FILED], m.ClaimPaid("r2"), []),
    ("LG-060", [ESTABLISHED], m.ClaimPaid("r1"), []),
    ("LG-060", [], CLAIM, [FILED]),
    ("LG-060", [FILED], m.ClaimPaid("r1"), [PAID_FIRST]),
    ("LG-060", [FILED, PAID_FIRST], LATE, [ESTABLISHED, DUE]),
    ("LG-060", [FILED], LATE, [ESTABLISHED]),
    ("LG-060", [ESTABLISHED, FILED], m.ClaimClosed("r1"), [f.ClaimDropped("r1", SILENT)]),
    ("LG-060", [ESTABLISHED, FILED], m.ClaimClosed("r9"), []),
    ("LG-060", [FILED, PAID_FIRST], m.ClaimClosed("r1"), []),
    ("LG-060", [ESTABLISHED], m.ClaimClosed("r1"), []),
    ("LG-060", [ESTABLISHED], m.CompensationSettled(), []),
    ("LG-060", [FILED], m.CompensationSettled(), []),
    ("LG-060", [ESTABLISHED], WITHDRAWN, [f.Lapsed()]),
    ("LG-060", [ESTABLISHED], replace(WITHDRAWN, trigger="false_shipment"), []),
    ("LG-060", [ESTABLISHED, FILED], WITHDRAWN, [refused("in_time")]),
    ("LG-060", [ESTABLISHED, FILED, DUE], WITHDRAWN, [f.CompensationDisputed("in_time", T0 + 10 * DAY)]),
    ("LG-060", [ESTABLISHED, FILED, DUE], m.CompensationSettled(), [SETTLED]),
    ("LG-060", [ESTABLISHED, FILED, DUE], m.ClaimPaid("r1"), []),
    ("LG-060", [ESTABLISHED], m.OrderEnded(), [f.LapseSet(T0 + 15 * DAY)]),
    ("LG-060", [ESTABLISHED], DeadlinePassed("lapse", SILENT), [f.Lapsed()]),
    ("LG-060", [FILED, PAID_FIRST], DeadlinePassed("lapse", SILENT), [refused("lapsed")]),
    # Who asked in time waits for his refund as long as it takes.
    ("LG-060", [FILED], DeadlinePassed("lapse", SILENT), []),
    ("LG-060", [ESTABLISHED, FILED], DeadlinePassed("lapse", SILENT), []),
    ("LG-060", [filed("r1", lapse_by=NOW_OVER)], m.ClaimPaid("r1"), [f.ClaimPaidFirst("r1", T0)]),
    ("LG-060", [ESTABLISHED, filed("r1"), f.LapseSet(NOW_OVER)], m.ClaimPaid("r1"), [DUE]),
    ("LG-060", [ESTABLISHED, filed("r1"), f.LapseSet(NOW_OVER)], m.ClaimClosed("r1"),
     [f.ClaimDropped("r1", T0)]),
    ("LG-060", [ESTABLISHED, FILED, DUE, f.LapseSet(NOW_OVER)], m.CompensationSettled(),
     [f.CompensationPaid(1, T0)]),
    ("LG-060", [FILED, filed("r2"), PAID_FIRST], DeadlinePassed("lapse", SILENT), []),
    # An amended application claims what it names now.
    ("LG-060", [ESTABLISHED, FILED], m.RefundClaimed("r1", Money(400, "CNY")), [filed("r1", 400)]),
    ("LG-060", [FILED], m.RefundClaimed("r1", Money(400, "CNY")), [filed("r1", 400)]),
    ("LG-060", [FILED], CLAIM, []),
    ("LG-060", [FILED, PAID_FIRST], m.RefundClaimed("r1", Money(400, "CNY")), []),
    ("LG-060", [ESTABLISHED, FILED, filed("r1", 400)], m.ClaimPaid("r1"), [due("r1", 400, 120, 1)]),
    # Every refund for this reason counts; the cap is one per order.
    ("LG-060", [ESTABLISHED, FILED], m.RefundClaimed("r2", BASE), [filed("r2")]),
    ("LG-060", [ESTABLISHED, FILED, filed("r2", 3)], m.ClaimPaid("r2"), [due("r2", 3, 1, 1)]),
    ("LG-060", [ESTABLISHED, FILED, DUE], m.RefundClaimed("r2", BASE), [filed("r2")]),
    ("LG-060", [ESTABLISHED, FILED, DUE, SETTLED], m.RefundClaimed("r2", BASE), [filed("r2")]),
    ("LG-060", [ESTABLISHED, FILED, DUE, filed("r2", 3)], m.ClaimPaid("r2"), [due("r2", 3, 1)]),
    ("LG-060", [ESTABLISHED, FILED, DUE, SETTLED, filed("r2", 1)], m.ClaimPaid("r2"),
     [nothing("r2", 1, "nothing_paid")]),
    ("LG-061", [ESTABLISHED, FILED, DUE, filed("r2", 200_000)], m.ClaimPaid("r2"),
     [due("r2", 200_000, 47_000)]),
    ("LG-061", [ESTABLISHED, filed("r1", 10**6), due("r1", 10**6, 50_000, 1), filed("r2")], m.ClaimPaid("r2"),
     [nothing("r2", 10_000, "cap_reached")]),
    ("LG-060", [ESTABLISHED, FILED, filed("r2"), DUE], m.CompensationSettled(), [SETTLED]),
    ("LG-060", [ESTABLISHED, FILED, DUE, filed("r2"), due("r2", 10_000, 3_000)], m.CompensationSettled(2),
     [f.CompensationPaid(2, SILENT)]),
    ("LG-060", [ESTABLISHED, FILED, DUE, SETTLED], m.CompensationSettled(), []),
    ("LG-060", [FILED, filed("r2", 3), PAID_FIRST, f.ClaimPaidFirst("r2", SILENT)], LATE,
     [ESTABLISHED, DUE, due("r2", 3, 1)]),
    ("LG-060", [FILED, filed("r2"), PAID_FIRST], LATE, [ESTABLISHED, DUE]),
    ("LG-060", [FILED, filed("r2"), PAID_FIRST], m.ClaimClosed("r2"), [f.ClaimDropped("r2", SILENT)]),
    # Pieces of one line never count for more than the line cost.
    ("LG-060", [ESTABLISHED, filed("r1", 400, Goods("a", 400, 600)), due("r1", 400, 120, 1),
                filed("r2", 400, Goods("a", 400, 600))], m.ClaimPaid("r2"), [due("r2", 200, 60)]),
    ("LG-060", [ESTABLISHED, filed("r1", 600, Goods("a", 600, 600)), due("r1", 600, 180, 1),
                filed("r2", 900, Goods("a", 600, 600), Goods("b", 300, 300))], m.ClaimPaid("r2"),
     [due("r2", 300, 90)]),
    # M8: what counts is the money that the refund gave back, not what was claimed; a further part adds to it.
    ("LG-060", [ESTABLISHED, FILED], paid("r1", 1), [nothing("r1", 1, "nothing_paid", 1)]),
    ("LG-060", [ESTABLISHED, FILED], paid("r1", 4_000), [due("r1", 4_000, 1_200, 1, 4_000)]),
    ("LG-060", [ESTABLISHED, FILED], paid("r1", 10_000), [DUE]),
    ("LG-060", [ESTABLISHED, FILED, due("r1", 4_000, 1_200, 1, 4_000)], paid("r1", 10_000),
     [due("r1", 6_000, 1_800, 2, 10_000)]),
    ("LG-060", [ESTABLISHED, FILED, due("r1", 4_000, 1_200, 1, 4_000)], paid("r1", 4_000), []),
    ("LG-060", [ESTABLISHED, FILED, due("r1", 4_000, 1_200, 1, 4_000)], paid("r2", 4_000), []),
    ("LG-060", [FILED], paid("r1", 4_000), [replace(PAID_FIRST, base=Money(4_000, "CNY"))]),
    ("LG-060", [FILED, replace(PAID_FIRST, base=Money(4_000, "CNY"))], LATE,
     [ESTABLISHED, due("r1", 4_000, 1_200, 1)]),
    ("LG-060", [FILED, replace(PAID_FIRST, base=Money(4_000, "CNY"))], paid("r1", 10_000),
     [replace(PAID_FIRST, base=BASE)]),
    ("LG-060", [FILED, PAID_FIRST], paid("r1", 4_000), []),
    # N9: what a person gives up is not owed by a later refund, and leaves room under the cap.
    ("LG-060", [ESTABLISHED, FILED, DUE], GIVE_UP, [GIVEN_UP]),
    ("LG-060", [ESTABLISHED, FILED, DUE, GIVEN_UP], DeadlinePassed("lapse", SILENT), [f.Lapsed()]),
    ("LG-060", [ESTABLISHED, FILED, DUE, GIVEN_UP, filed("r2")], m.ClaimPaid("r2"),
     [due("r2", 10_000, 3_000)]),
    ("LG-061", [ESTABLISHED, filed("r1", 10**6), due("r1", 10**6, 50_000, 1),
                replace(GIVEN_UP, amount=CAP), filed("r2", 10**6)], m.ClaimPaid("r2"),
     [due("r2", 10**6, 50_000)]),
    ("LG-060", [FILED], GIVE_UP, []),
    # In time after all: what is out stands, what runs gets nothing.
    ("LG-060", [ESTABLISHED, FILED, DUE, SETTLED], WITHDRAWN,
     [f.CompensationDisputed("in_time", T0 + 10 * DAY), f.Lapsed()]),
    ("LG-060", [ESTABLISHED, FILED, DUE, filed("r2")], WITHDRAWN,
     [refused("in_time"), f.CompensationDisputed("in_time", T0 + 10 * DAY)]),
    ("LG-060", [ESTABLISHED, FILED, DUE, f.CompensationDisputed("in_time", T0)],
     m.RefundClaimed("r2", BASE), []),
    ("LG-060", [ESTABLISHED, FILED, DUE, f.CompensationDisputed("in_time", T0)], m.CompensationSettled(),
     [f.CompensationPaid(1, None)]),
    ("LG-060", [ESTABLISHED, FILED, DUE, SETTLED], DeadlinePassed("lapse", SILENT), [f.Lapsed()]),
    ("LG-060", [ESTABLISHED, FILED, DUE, SETTLED], m.OrderEnded(), [f.LapseSet(T0 + 15 * DAY)]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "given_facts", "when", "then"), TABLE, ids=[row[0] for row in TABLE])
def test_rule(rule: str, given_facts: list[Any], when: Any, then: list[Any]) -> None:
    decided = decide(KIND, given_facts, when, T0, POLICY)
    assert facts_of(decided) == then
    assert all(rule in entry.rules for entry in decided)


@pytest.mark.parametrize(
    ("base", "amount"), [(10_000, 3_000), (1, 0), (2, 1), (5, 2), (15, 5), (166_666, 50_000), (10**9, 50_000)]
)
def test_thirty_percent_half_up_and_the_cap(base: int, amount: int) -> None:
    """LG-060, LG-061: reading E-A33."""
    assert compensation_minor(base, POLICY.late) == amount


def test_another_currency_is_for_nobody_to_guess() -> None:
    claim = f.ClaimFiled("r1", Money(10_000, "USD"), SILENT)
    (fact,) = facts_of(decide(KIND, [ESTABLISHED, claim], m.ClaimPaid("r1"), T0, POLICY))
    assert isinstance(fact, f.CompensationRefused)
    assert fact.reason_code == "other_currency"
    first = [claim, replace(claim, refund_id="r2"), PAID_FIRST, f.ClaimPaidFirst("r2", SILENT)]
    established, fact = facts_of(decide(KIND, first, LATE, T0, POLICY))
    assert (established, fact.reason_code) == (ESTABLISHED, "other_currency")
    assert after(KIND, [*first, established, fact]) == c.Void("other_currency")


def test_states_of_before_there_were_several_claims() -> None:
    """LG-060: a payment that is on its way, and a claim without its goods."""
    state = c.Due("r1", Money(3_000, "CNY"))
    assert facts_of(KIND.decide(state, CLAIM, POLICY, T0)) == []
    (paid,) = facts_of(KIND.decide(state, m.CompensationSettled(), POLICY, T0))
    assert KIND.evolve(state, paid) == c.Paid(Money(3_000, "CNY"))
    claimed = c.Claimed("unshipped_72h", "r1", BASE, SILENT)
    assert facts_of(KIND.decide(claimed, m.ClaimPaid("r1"), POLICY, T0)) == [DUE]
    assert KIND.evolve(c.Filed("r1", BASE, is_paid=False, lapse_by=SILENT), f.ClaimPaidFirst()) == (
        c.Filed("r1", BASE, is_paid=True, lapse_by=SILENT)
    )


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(messages_of(KIND), st.integers(0, 50_000)), max_size=20))
def test_any_history(history: list[tuple[Any, int]]) -> None:
    walk = Walk(KIND, POLICY, T0)
    for message, minutes in history:
        walk.tell(message, minutes * MINUTE)
        claims = claims_of(walk.state)
        is_waiting = isinstance(walk.state, c.Established) or (claims and all(c.is_paid for c in claims))
        assert bool(is_waiting) == bool(walk.kind.deadlines(walk.state))
    found = [fact for fact in walk.facts if isinstance(fact, f.CompensationDue)]
    given_up = sum(fact.amount.minor for fact in walk.facts if isinstance(fact, f.CompensationGivenUp))
    assert sum(fact.amount.minor for fact in found) <= CAP.minor + given_up
    assert [fact.compensation_number for fact in found] == list(range(1, len(found) + 1))
    walk.run_out()
    for claim in claims_of(walk.state):
        walk.tell(m.ClaimClosed(claim.refund_id))
    walk.run_out()
    for fact in found:
        walk.tell(m.CompensationSettled(fact.compensation_number))
    walk.run_out()
    assert isinstance(walk.state, c.Absent | c.Paid | c.Void)


def test_n9_a_compensation_that_is_given_up_ends_with_the_reason() -> None:
    """LG-060: with the time to ask, at once where no claim is awaited, and after it was paid."""
    facts = [ESTABLISHED, FILED, DUE, GIVEN_UP]
    assert isinstance(after(KIND, facts), c.Established)
    assert after(KIND, [*facts, f.Lapsed()]) == c.Void("payment_abandoned")
    disputed = f.CompensationDisputed("in_time", T0)
    assert after(KIND, [ESTABLISHED, FILED, DUE, disputed, GIVEN_UP]) == c.Void("payment_abandoned")
    ended = [ESTABLISHED, FILED, DUE, SETTLED, f.Lapsed()]
    assert after(KIND, [*ended, GIVEN_UP]) == c.Void("payment_abandoned")
    part = replace(GIVEN_UP, amount=Money(1_000, "CNY"))
    assert after(KIND, [*ended, part]) == c.Paid(Money(2_000, "CNY"))
    (fact,) = facts_of(KIND.decide(c.Due("r1", Money(3_000, "CNY")), GIVE_UP, POLICY, T0))
    assert KIND.evolve(c.Due("r1", Money(3_000, "CNY")), fact) == c.Void("payment_abandoned")
