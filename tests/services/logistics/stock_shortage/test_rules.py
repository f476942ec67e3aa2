"""Shortage: the buyer is told and chooses."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings

from kernel.decider import DeadlinePassed
from kernel.people import Task, TaskWithdrawn
from services.logistics.attention import AttentionDrawn
from services.logistics.cases.stock_shortage import messages as m
from services.logistics.cases.stock_shortage import state as s
from services.logistics.cases.stock_shortage.border import STOCK_SHORTAGE
from services.logistics.news import TaskDone
from tests.services.given import after, check_names, decide, facts_of
from tests.services.logistics.histories import histories, reached, states, walk
from tests.services.logistics.pools import L1, L2, P
from tests.services.logistics.shop import DAY, HOUR, T0

ATT = P.attention.since(T0)
TOLD = [
    s.ShortageNoted(s.Shortage("o1", (L1,), None)),
    s.BuyerTold("o1.shortage.1", T0 + 7 * DAY, T0 + 48 * HOUR, ATT),
]
RING = Task("shortage_choice", T0 + 12 * DAY, task_id="o1.shortage.1.ring")
MISSED = [*TOLD, s.ChoiceMissed(RING)]

TABLE: list[tuple[str, Sequence[Any], Any, list[str]]] = [
    ("RF-007", TOLD, m.OfferAnswered("o1.shortage.1", "wait"), ["LaterDateTaken"]),
    ("RF-007", TOLD, m.OfferAnswered("o1.shortage.1", "refund"), ["RefundTaken"]),
    ("RF-007", TOLD, DeadlinePassed("choice", T0 + 48 * HOUR), ["ChoiceMissed"]),
    ("RF-007", MISSED, TaskDone("o1.shortage.1.ring", "wait"), ["TaskNoted", "LaterDateTaken"]),
    ("RF-007", MISSED, TaskDone("o1.shortage.1.ring", "refund"), ["TaskNoted", "RefundTaken"]),
    ("RF-007", MISSED, TaskDone("o1.shortage.1.ring", "done"), ["TaskNoted", "ShortageOver"]),
    ("RF-007", MISSED, TaskDone("o1.shortage.1.ring", "refused"), ["TaskNoted"]),
    ("RF-007", MISSED, TaskDone("other", "refund"), []),
    ("RF-007", MISSED, m.OfferAnswered("o1.shortage.1", "refund"), ["RefundTaken", "TaskWithdrawn"]),
    ("RF-007", MISSED, m.GoodsLeft(()), ["ShortageOver", "TaskWithdrawn"]),
    (
        "LG-058",
        [],
        m.ShortageFound("o1", (L1,), ("p1",), None),
        ["ShortageNoted", "BuyerTold", "SaleStopped"],
    ),
]


@pytest.mark.parametrize(
    ("rule_id", "before", "when", "then"), TABLE, ids=lambda v: v if isinstance(v, str) else ""
)
def test_rule(rule_id: str, before: Sequence[Any], when: Any, then: list[str]) -> None:
    """The decision is made, and says by which rule."""
    check_names(STOCK_SHORTAGE, rule_id, before, when, T0, then, P)


WAITING = [*TOLD, s.LaterDateTaken(T0 + 7 * DAY)]
OVER = [*TOLD, s.ShortageOver()]
BOTH = [
    s.ShortageNoted(s.Shortage("o1", (L1, L2), None)),
    s.BuyerTold("o1.shortage.1", T0 + 7 * DAY, T0 + 48 * HOUR, ATT),
]


def told(number: int, until_at: datetime) -> s.BuyerTold:
    return s.BuyerTold(f"o1.shortage.{number}", until_at, T0 + 48 * HOUR, ATT)


@pytest.mark.parametrize(
    ("before", "expected_at", "then"),
    [
        ([], None, told(1, T0 + 7 * DAY)),
        ([], T0 + 3 * DAY, told(1, T0 + 3 * DAY)),
        ([], T0, told(1, T0 + 7 * DAY)),
        ([], T0 - DAY, told(1, T0 + 7 * DAY)),
        (OVER, None, told(2, T0 + 7 * DAY)),
        (WAITING, None, None),
        (TOLD, None, None),
    ],
)
def test_what_the_buyer_is_told(
    before: Sequence[Any], expected_at: datetime | None, then: s.BuyerTold | None
) -> None:
    """RF-007, LG-058: 48 hours to choose; the warehouse's date where it lies ahead, else a week."""
    found = m.ShortageFound("o1", (L1,), (), expected_at)
    facts = facts_of(decide(STOCK_SHORTAGE, before, found, T0, P))
    assert [fact for fact in facts if isinstance(fact, s.BuyerTold)] == ([then] if then else [])


ROWS: list[tuple[Sequence[Any], Any, list[str]]] = [
    (TOLD, m.OfferAnswered("o1.shortage.2", "refund"), []),
    (TOLD, m.OfferAnswered("o1.shortage.1", None), []),
    (WAITING, m.OfferAnswered("o1.shortage.1", "refund"), []),
    (WAITING, TaskDone("o1.shortage.1.ring", "refund"), []),
    (TOLD, TaskDone("o1.shortage.1.ring", "refund"), []),
    (TOLD, DeadlinePassed("attention", ATT.due_at), []),
    (MISSED, m.OfferAnswered("o1.shortage.1", "wait"), ["LaterDateTaken", "TaskWithdrawn"]),
    (MISSED, m.RefundTakesOver((L1,)), ["ShortageOver", "TaskWithdrawn"]),
    (TOLD, m.RefundTakesOver((L2,)), []),
    (TOLD, m.RefundTakesOver(()), ["ShortageOver"]),
    (WAITING, m.RefundTakesOver((L1,)), ["ShortageOver"]),
    (OVER, m.RefundTakesOver((L1,)), []),
    (BOTH, m.GoodsLeft((L1,)), ["ShortageNoted"]),
    (BOTH, m.GoodsLeft((L1, L2)), ["ShortageOver"]),
    (TOLD, m.GoodsLeft((L2,)), []),
    (WAITING, m.GoodsLeft((L1,)), ["ShortageOver"]),
    (OVER, m.GoodsLeft((L1,)), []),
    (OVER, DeadlinePassed("choice", T0 + 48 * HOUR), []),
]


@pytest.mark.parametrize(("before", "when", "then"), ROWS, ids=[str(n) for n in range(len(ROWS))])
def test_a_choice_is_made_once(before: Sequence[Any], when: Any, then: list[str]) -> None:
    """RF-007: by the buyer, a person, the goods or a refund, whichever comes first."""
    facts = facts_of(decide(STOCK_SHORTAGE, before, when, T0, P))
    assert [type(fact).__name__ for fact in facts] == then


def test_a_later_date_that_passes() -> None:
    """RF-007: the buyer chooses again."""
    (due,) = STOCK_SHORTAGE.deadlines(after(STOCK_SHORTAGE, WAITING))
    again = facts_of(decide(STOCK_SHORTAGE, WAITING, DeadlinePassed(due.name, due.due_at), T0, P))
    assert due.due_at == T0 + 7 * DAY
    assert [type(fact).__name__ for fact in again] == ["BuyerTold"]


def test_a_choice_that_nobody_makes() -> None:
    """RF-007: after two days a person rings; then a person looks."""
    (missed,) = facts_of(decide(STOCK_SHORTAGE, TOLD, DeadlinePassed("choice", T0 + 48 * HOUR), T0, P))
    assert missed == s.ChoiceMissed(RING)
    (due,) = STOCK_SHORTAGE.deadlines(after(STOCK_SHORTAGE, MISSED))
    looked = facts_of(decide(STOCK_SHORTAGE, MISSED, DeadlinePassed(due.name, due.due_at), T0, P))
    assert [type(fact).__name__ for fact in looked] == ["AttentionDrawn"]


def test_before_the_case_is_there() -> None:
    """A departure means nothing where no goods are missing."""
    assert decide(STOCK_SHORTAGE, [], m.GoodsLeft((L1,)), T0, P) == []


def test_a_shortage_that_nobody_settles_ends() -> None:
    """RF-007: 48 hours, three looks of a person in thirty days, then the case is over."""
    made = walk("stock-shortage", [])
    made.run_out()
    assert isinstance(made.state, s.Released)
    asked = {fact.task.task_id for fact in made.facts if isinstance(fact, s.ChoiceMissed | AttentionDrawn)}
    assert len(asked) == 4
    assert {fact.task_id for fact in made.facts if isinstance(fact, TaskWithdrawn)} == asked


@settings(max_examples=300, deadline=None)
@given(histories("stock-shortage"))
def test_any_history(history: list[tuple[Any, int]]) -> None:
    """RF-007: money is asked for by the buyer's choice alone, and never twice under one id."""
    made = walk("stock-shortage", history)
    ids = [fact.remedy_id for fact in made.facts if isinstance(fact, s.RefundTaken)]
    assert len(ids) == len(set(ids))


def test_every_state_is_reached() -> None:
    """No state is there for show."""
    assert reached("stock-shortage") == states("stock-shortage")
