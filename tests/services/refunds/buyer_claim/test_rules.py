"""Goods and money that are both with the buyer: a person's answer, or the goods, end the claim."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed
from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from services.refunds.cases.buyer_claim import messages as m
from services.refunds.cases.buyer_claim import state as s
from services.refunds.cases.buyer_claim.border import BUYER_CLAIM
from services.refunds.cases.buyer_claim.state import Ending
from services.refunds.shares import Share
from tests.services.given import Walk, after, check_rule
from tests.services.refunds.kinds import POLICY, messages_of
from tests.services.refunds.shop import DAY, MINUTE, T0

KIND = BUYER_CLAIM
CNY = Money(10_000, "CNY")
NOTHING = Money(0, "CNY")
SHARES = (Share("a", 3, 9_000), Share("b", 1, 1_000))
KEPT = m.GoodsKept(1, "c1", SHARES, CNY, "k1")
CLAIM = s.Claim(1, "c1", SHARES, CNY, "k1")
OPENED = s.ClaimOpened(CLAIM, T0 + 10 * DAY)


def asked(question_code: str, number: int, within: timedelta) -> s.QuestionAsked:
    task = Task(question_code, T0 + within, "reconciliation", name=f"question.{number}")
    return s.QuestionAsked(task, T0 + within)


FIRST = asked("goods_and_money", 1, 10 * DAY)
START = [OPENED, FIRST]
BACK = [*START, s.TakeBackChosen(), asked("goods_to_come_back", 2, 15 * DAY)]
BILL = [*START, s.BillChosen(), asked("bill_to_be_paid", 2, 15 * DAY)]
WRITTEN_OFF = s.ClaimSettled(Ending.WRITTEN_OFF, CNY)
BILLED = s.ClaimSettled(Ending.BILLED_AGAIN, NOTHING)
HALF = (Share("a", 1, 0),)
HALF_PRICED = (Share("a", 1, 3_000),)
CLEARED = m.PiecesCleared(SHARES, "goods_back")
DUE = DeadlinePassed("answer", T0 + 10 * DAY)
WAITED = DeadlinePassed("answer", T0 + 15 * DAY)
VOID = TaskWithdrawn("goods_back", name="question.1")

TABLE: list[tuple[str, list[Any], Any, list[Any]]] = [
    ("RF-044", [], KEPT, START),
    ("RF-044", START, KEPT, []),
    ("RF-044", [], CLEARED, []),
    ("RF-044", [], m.TaskDone(1, "write_off"), []),
    ("RF-044", [*START, WRITTEN_OFF], m.TaskDone(1, "take_back"), []),
    ("RF-044", START, m.TaskDone(1, "take_back"), BACK[2:]),
    ("RF-044", START, m.TaskDone(1, "bill_again"), BILL[2:]),
    ("RF-044", START, m.TaskDone(1, "write_off"), [WRITTEN_OFF]),
    ("RF-044", START, m.TaskDone(2, "write_off"), []),
    ("RF-044", START, m.TaskDone(1, "approved"), [s.Reconsidered(), asked("goods_and_money", 2, 10 * DAY)]),
    ("RF-044", BACK, m.TaskDone(1, "write_off"), []),
    (
        "RF-044",
        BACK,
        m.TaskDone(2, "done"),
        [s.PiecesDropped(SHARES), s.ClaimSettled(Ending.TAKEN_BACK, NOTHING)],
    ),
    ("RF-044", BACK, m.TaskDone(2, "bill_again"), [s.BillChosen(), asked("bill_to_be_paid", 3, 15 * DAY)]),
    ("RF-044", BACK, m.TaskDone(2, "refused"), [s.Reconsidered(), asked("goods_and_money", 3, 10 * DAY)]),
    ("RF-044", BILL, m.TaskDone(2, "paid"), [BILLED]),
    ("RF-044", BILL, m.TaskDone(2, "confirmed"), [BILLED]),
    (
        "RF-044",
        BILL,
        m.TaskDone(2, "take_back"),
        [s.TakeBackChosen(), asked("goods_to_come_back", 3, 15 * DAY)],
    ),
    ("RF-044", BILL, m.TaskDone(2, "no"), [s.Reconsidered(), asked("goods_and_money", 3, 10 * DAY)]),
    (
        "RF-044",
        START,
        DUE,
        [TaskWithdrawn("asked_again", name="question.1"), asked("goods_and_money", 2, 30 * DAY)],
    ),
    (
        "RF-044",
        BACK,
        WAITED,
        [TaskWithdrawn("asked_again", name="question.2"), asked("goods_to_come_back", 3, 30 * DAY)],
    ),
    (
        "RF-044",
        BILL,
        WAITED,
        [TaskWithdrawn("asked_again", name="question.2"), asked("bill_to_be_paid", 3, 30 * DAY)],
    ),
    ("RF-044", START, m.PiecesCleared(HALF, "goods_back"), [s.ClaimReduced(HALF_PRICED, "goods_back")]),
    (
        "RF-044",
        [*BACK, s.ClaimReduced(HALF_PRICED, "goods_back")],
        m.PiecesCleared((Share("a", 5, 0),), "not_there"),
        [s.ClaimReduced((Share("a", 2, 6_000),), "not_there")],
    ),
    ("RF-044", START, m.PiecesCleared((Share("c", 1, 0),), "goods_back"), []),
    (
        "RF-044",
        START,
        CLEARED,
        [s.PiecesDropped(SHARES), s.ClaimSettled(Ending.TAKEN_BACK, NOTHING), VOID],
    ),
    (
        "RF-044",
        START,
        m.PiecesCleared(SHARES, "not_paid"),
        [
            s.PiecesDropped(SHARES),
            s.ClaimSettled(Ending.VOID, NOTHING),
            TaskWithdrawn("not_paid", name="question.1"),
        ],
    ),
    (
        "RF-044",
        [*START, s.PiecesDropped(HALF)],
        m.TaskDone(1, "write_off"),
        [s.ClaimSettled(Ending.WRITTEN_OFF, Money(7_000, "CNY"))],
    ),
    (
        "RF-044",
        [*START, WRITTEN_OFF],
        m.PiecesCleared(HALF, "goods_back"),
        [s.PiecesDropped(HALF), s.ClaimSettled(Ending.WRITTEN_OFF, Money(7_000, "CNY"))],
    ),
    (
        "RF-044",
        [*START, WRITTEN_OFF],
        CLEARED,
        [s.PiecesDropped(SHARES), s.ClaimSettled(Ending.TAKEN_BACK, NOTHING)],
    ),
    (
        "RF-044",
        [*BILL, BILLED],
        CLEARED,
        [
            s.PiecesDropped(SHARES),
            Task("billed_goods_back", T0 + 10 * DAY, "reconciliation", name="billed-goods-back"),
        ],
    ),
    ("RF-044", [*START, WRITTEN_OFF], m.TaskDone(1, "take_back"), []),
]


@pytest.mark.parametrize(("rule", "given_facts", "when", "then"), TABLE)
def test_rule(rule: str, given_facts: list[Any], when: Any, then: list[Any]) -> None:
    """The decision is made, and says by which rule."""
    check_rule(KIND, rule, given_facts, when, T0, then, POLICY)


def test_half_of_the_pieces_take_their_part_of_the_money_along() -> None:
    """RF-044: no minor unit is claimed for pieces that are back."""
    claim = after(KIND, [*START, s.PiecesDropped((Share("a", 2, 0), Share("b", 5, 0)))]).claim
    assert claim.shares == (Share("a", 1, 3_000),)
    assert (claim.amount, claim.open_amount) == (CNY, Money(3_000, "CNY"))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(messages_of(KIND), st.integers(0, 50_000)), max_size=25))
def test_any_history(history: list[tuple[Any, int]]) -> None:
    """An open claim waits for an answer; one question is open at a time; the loss is within the claim."""
    walk = Walk(KIND, POLICY, T0, reopens=())
    for message, minutes in history:
        walk.tell(message, minutes * MINUTE)
        assert isinstance(walk.state, s.Absent | s.Settled) != bool(KIND.deadlines(walk.state))
    names = [fact.task.name for fact in walk.facts if isinstance(fact, s.QuestionAsked)]
    assert names == [f"question.{number}" for number in range(1, len(names) + 1)]
    for fact in walk.facts:
        if isinstance(fact, s.ClaimSettled):
            assert fact.net_loss.minor >= 0
