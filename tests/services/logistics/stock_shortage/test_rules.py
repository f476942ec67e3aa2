"""Shortage: the buyer is told and chooses."""

from collections.abc import Sequence
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
from tests.services.given import check_names, decide
from tests.services.logistics.histories import histories, reached, states, walk
from tests.services.logistics.pools import L1, P
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
