"""Claim on the carrier: it is filed, answered and concluded once."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings

from kernel.decider import DeadlinePassed, NotYet
from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from services.logistics.cases.courier_claim import messages as m
from services.logistics.cases.courier_claim import state as s
from services.logistics.cases.courier_claim.border import COURIER_CLAIM
from services.logistics.news import TaskDone
from tests.services.given import after, check_names, check_rule, decide, facts_of
from tests.services.logistics.histories import histories, reached, states, walk
from tests.services.logistics.pools import CNY, POST, STO, YTO, P
from tests.services.logistics.shop import DAY, T0

ATT = P.attention.since(T0)
CLAIM = s.Claim("k1.claim", "o1", "k1", STO, "lost", CNY, T0 + 30 * DAY)
FILED = [s.ClaimDrafted(CLAIM, ATT), s.ClaimSent("file", ATT)]

TABLE: list[tuple[str, Sequence[Any], Any, list[str]]] = [
    ("LG-022", [], m.LossFound("c", "o1", "k1", STO, "lost", CNY), ["ClaimDrafted", "ClaimSent"]),
    ("LG-021", [], m.LossFound("c", "o1", "k1", YTO, "lost", CNY), ["ClaimDrafted", "EvidenceAsked"]),
    ("LG-021", [], m.LossFound("c", "o1", "k1", POST, "lost", CNY), ["ClaimDrafted", "Task"]),
    ("LG-018", FILED, m.Answered("approved", CNY, ()), ["ApprovalNoted"]),
    ("LG-018", FILED, m.Answered("paid", Money(1, "BRL"), ()), []),
    ("LG-022", FILED, m.GoodsFound(), ["ClaimSent", "ClaimConcluded"]),
    ("LG-021", [s.ClaimDrafted(CLAIM, ATT)], DeadlinePassed("file", T0 + 30 * DAY),
     ["ClaimConcluded", "TaskWithdrawn"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule_id", "before", "when", "then"), TABLE, ids=lambda v: v if isinstance(v, str) else ""
)
def test_rule(rule_id: str, before: Sequence[Any], when: Any, then: list[str]) -> None:
    """The decision is made, and says by which rule."""
    check_names(COURIER_CLAIM, rule_id, before, when, T0, then, P)


LATER = P.attention.lasting(T0, 14 * DAY)
AFTER_ALL = P.attention.lasting(T0 + 3 * DAY, 14 * DAY)
UNTIL_ITS_END = P.attention.lasting(T0)
DRAFTED = [s.ClaimDrafted(CLAIM, ATT)]
WANTED = [*DRAFTED, s.EvidenceAsked("k1.claim.evidence", ("shipping_proof",), T0 + 3 * DAY, ATT)]
LOOKED_INTO = [*FILED, s.ReviewNoted(ATT)]
LACKING = [*FILED, s.EvidenceAsked("q", ("invoice",), T0 + 3 * DAY, ATT)]
HALF = Money(CNY.minor // 2, "CNY")
GRANTED = [*FILED, s.ApprovalNoted(HALF, ATT)]
NOTHING = Money(0, "CNY")
REPAID = s.ClaimConcluded(s.Ending.PAID, CNY)
OVER = [*FILED, REPAID]
TURNED_DOWN = [*FILED, s.ClaimConcluded(s.Ending.REJECTED, NOTHING)]
LOST_AGAIN = m.LossFound("k1.claim", "o1", "k1", STO, "lost", CNY, is_again=True)
AGAIN = [s.ClaimDrafted(CLAIM, LATER), s.ClaimSent("file", LATER)]
BY_HAND_VOID = TaskWithdrawn("answered", task_id="k1.claim.file")
REPAY = Task("repay_courier", T0 + 10 * DAY, "reconciliation", task_id="k1.claim.repay")

DECIDED: list[tuple[str, Sequence[Any], Any, list[Any]]] = [
    ("LG-018", WANTED, m.EvidenceIn("e1"), [s.EvidenceNoted("e1"), s.ClaimSent("file", LATER)]),
    ("LG-018", DRAFTED, m.EvidenceIn("e1"), [s.EvidenceNoted("e1")]),
    ("LG-018", FILED, m.EvidenceIn("e1"), [s.EvidenceNoted("e1")]),
    ("LG-018", [*FILED, s.EvidenceNoted("e1")], m.EvidenceIn("e1"), []),
    ("LG-018", LACKING, m.EvidenceIn("e2"), [s.EvidenceNoted("e2"), s.ClaimSent("supplement", LATER)]),
    ("LG-018", OVER, m.EvidenceIn("e1"), []),
    ("LG-018", FILED, m.Answered("received", None, ()), [s.ReviewNoted(LATER)]),
    ("LG-018", LOOKED_INTO, m.Answered("received", None, ()), []),
    ("LG-018", FILED, m.Answered("needs_evidence", None, ("invoice",)),
     [s.EvidenceAsked("k1.claim.evidence.20240506020000", ("invoice",), T0 + 3 * DAY, UNTIL_ITS_END)]),
    ("LG-018", LOOKED_INTO, m.Answered("needs_evidence", None, ()),
     [s.EvidenceAsked("k1.claim.evidence.20240506020000", ("shipping_proof",), T0 + 3 * DAY, UNTIL_ITS_END)]),
    ("LG-018", GRANTED, m.Answered("needs_evidence", None, ()), []),
    ("LG-018", FILED, m.Answered("approved", None, ()),
     [s.ApprovalNoted(CNY, P.attention.lasting(T0, 30 * DAY))]),
    ("LG-018", FILED, m.Answered("approved_partial", HALF, ()),
     [s.ApprovalNoted(HALF, P.attention.lasting(T0, 30 * DAY))]),
    ("LG-022", FILED, m.Answered("paid", None, ()), [REPAID]),
    ("LG-022", GRANTED, m.Answered("paid", None, ()), [s.ClaimConcluded(s.Ending.PARTIAL, HALF)]),
    ("LG-022", GRANTED, m.Answered("paid", CNY, ()), [REPAID]),
    ("LG-022", FILED, m.Answered("paid", HALF, ()), [s.ClaimConcluded(s.Ending.PARTIAL, HALF)]),
    ("LG-022", FILED, m.Answered("rejected", None, ()), [s.ClaimConcluded(s.Ending.REJECTED, NOTHING)]),
    ("LG-022", DRAFTED, m.Answered("paid", None, ()), [REPAID, BY_HAND_VOID]),
    ("LG-022", DRAFTED, m.Answered("approved", None, ()),
     [s.ApprovalNoted(CNY, P.attention.lasting(T0, 30 * DAY)), BY_HAND_VOID]),
    ("LG-021", DRAFTED, DeadlinePassed("file", T0 + 30 * DAY),
     [s.ClaimConcluded(s.Ending.EXPIRED, NOTHING), BY_HAND_VOID]),
    ("LG-022", OVER, m.Answered("rejected", None, ()), []),
    ("LG-022", DRAFTED, m.GoodsFound(), [s.ClaimConcluded(s.Ending.WITHDRAWN, NOTHING), BY_HAND_VOID]),
    ("LG-022", WANTED, m.GoodsFound(), [s.ClaimConcluded(s.Ending.WITHDRAWN, NOTHING)]),
    ("LG-022", FILED, m.GoodsFound(),
     [s.ClaimSent("withdraw", ATT), s.ClaimConcluded(s.Ending.WITHDRAWN, NOTHING)]),
    ("LG-022", OVER, m.GoodsFound(), [REPAY]),
    ("LG-022", [*FILED, s.ClaimConcluded(s.Ending.REJECTED, NOTHING)], m.GoodsFound(), []),
    ("LG-022", [*OVER, REPAY], m.LossFound("k1.claim", "o1", "k1", STO, "lost", CNY),
     [TaskWithdrawn("lost_again", task_id="k1.claim.repay")]),
    ("LG-022", [*OVER, REPAY], m.GoodsFound(), []),
    ("LG-022", [*OVER, REPAY], TaskDone("k1.claim.repay", "done"), [s.PaymentReturned()]),
    ("LG-022", [*OVER, REPAY], TaskDone("k1.claim.repay", "refused"), []),
    ("LG-022", [*OVER, REPAY], TaskDone("k1.claim.file", "done"), []),
    ("LG-022", OVER, TaskDone("k1.claim.repay", "done"), []),
    ("LG-022", OVER, LOST_AGAIN, []),
    ("LG-022", [*OVER, REPAY, s.PaymentReturned()], LOST_AGAIN, AGAIN),
    ("LG-022", TURNED_DOWN, LOST_AGAIN, AGAIN),
    ("LG-022", TURNED_DOWN, m.LossFound("k1.claim", "o1", "k1", STO, "lost", CNY), []),
    ("LG-022", [*DRAFTED, s.ClaimConcluded(s.Ending.EXPIRED, NOTHING)], LOST_AGAIN, AGAIN),
    ("LG-022", FILED, LOST_AGAIN, []),
    ("LG-022", OVER, m.LossFound("k1.claim", "o1", "k1", STO, "lost", CNY), []),
    ("LG-022", FILED, m.LossFound("k1.claim", "o1", "k1", STO, "lost", CNY), []),
    ("LG-022", FILED, m.RemedySpent(HALF), [s.SpendingNoted(HALF)]),
    ("LG-022", [*FILED, s.SpendingNoted(HALF)], m.RemedySpent(HALF), []),
    ("LG-022", [*FILED, s.SpendingNoted(HALF)], m.RemedySpent(CNY), [s.SpendingNoted(CNY)]),
    ("LG-022", FILED, m.RemedySpent(Money(1, "BRL")), []),
    ("LG-021", DRAFTED, TaskDone("k1.claim.file", "done"), [s.ReviewNoted(LATER)]),
    ("LG-021", DRAFTED, TaskDone("k1.claim.file", "refused"), [s.ClaimConcluded(s.Ending.EXPIRED, NOTHING)]),
    ("LG-021", DRAFTED, TaskDone("k1.claim.other", "done"), []),
    ("LG-021", FILED, TaskDone("k1.claim.file", "done"), []),
    ("LG-018", WANTED, DeadlinePassed("evidence", T0 + 3 * DAY), [s.ClaimSent("file", AFTER_ALL)]),
    ("LG-018", LACKING, DeadlinePassed("evidence", T0 + 3 * DAY), [s.ClaimSent("supplement", AFTER_ALL)]),
]  # fmt: skip
"""The state of the claim, the news, and what the claim makes of it."""


@pytest.mark.parametrize(
    ("rule_id", "before", "when", "then"), DECIDED, ids=lambda v: v if isinstance(v, str) else ""
)
def test_what_is_decided(rule_id: str, before: Sequence[Any], when: Any, then: list[Any]) -> None:
    """Amounts, moments and the kind of end, in every state of the claim."""
    check_rule(COURIER_CLAIM, rule_id, before, when, T0, then, P)


def test_an_answer_before_the_claim_is_filed_waits() -> None:
    """LG-018: the carrier cannot have answered a draft that waits for evidence."""
    with pytest.raises(NotYet):
        decide(COURIER_CLAIM, WANTED, m.Answered("paid", CNY, ()), T0, P)


def test_the_time_to_show_evidence_ends_with_the_time_to_file() -> None:
    """LG-021: three days for evidence; the carrier's terms for a claim are shown with the draft."""
    loss = m.LossFound("k1.claim", "o1", "k1", YTO, "lost", CNY)
    drafted, asked = facts_of(decide(COURIER_CLAIM, [], loss, T0, P))
    assert drafted.claim.file_by == T0 + 30 * DAY
    assert (asked.due_at, asked.kinds) == (T0 + 3 * DAY, ("shipping_proof",))


@pytest.mark.parametrize(
    ("before", "sent"),
    [
        (FILED, ["ClaimSent", "AttentionDrawn"]),
        (LOOKED_INTO, ["AttentionDrawn"]),
        (GRANTED, ["AttentionDrawn"]),
    ],
)
def test_a_silent_carrier(before: Sequence[Any], sent: list[str]) -> None:
    """LG-022: only what was filed is sent again; a person looks in any case."""
    (due,) = COURIER_CLAIM.deadlines(after(COURIER_CLAIM, before))
    decided = decide(COURIER_CLAIM, before, DeadlinePassed(due.name, due.due_at), due.due_at, P)
    assert [type(fact).__name__ for fact in facts_of(decided)] == sent


@pytest.mark.parametrize(
    ("message", "is_early"),
    [
        (m.Answered("paid", CNY, ()), True),
        (m.GoodsFound(), False),
    ],
)
def test_before_the_case_is_there(message: Any, *, is_early: bool) -> None:
    """A message that must wait for its case waits; one that means nothing without it is dropped."""
    if is_early:
        with pytest.raises(NotYet):
            decide(COURIER_CLAIM, [], message, T0, P)
    else:
        assert decide(COURIER_CLAIM, [], message, T0, P) == []


@settings(max_examples=300, deadline=None)
@given(histories("courier-claim"))
def test_any_history(history: list[tuple[Any, int]]) -> None:
    """LG-022: a claim is concluded once for each time that it was opened, and the carrier pays once at most.

    It is opened again after a payment that the carrier has back.
    """
    made = walk("courier-claim", history)
    steps = [fact for fact in made.facts if isinstance(fact, s.ClaimDrafted | s.ClaimConcluded)]
    assert all(isinstance(fact, s.ClaimDrafted) == (number % 2 == 0) for number, fact in enumerate(steps))
    kept = 0
    for fact in made.facts:
        if isinstance(fact, s.ClaimConcluded) and fact.ending in (s.Ending.PAID, s.Ending.PARTIAL):
            kept += 1
        kept -= isinstance(fact, s.PaymentReturned)
        assert 0 <= kept <= 1


def test_every_state_is_reached() -> None:
    """No state is there for show."""
    assert reached("courier-claim") == states("courier-claim")
