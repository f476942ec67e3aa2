"""Intercept: a parcel is called back, and ends once."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings

from kernel.decider import DeadlinePassed, NotYet
from kernel.people import Notice, Task
from kernel.value import replace
from services.logistics.cases.intercept import messages as m
from services.logistics.cases.intercept import state as s
from services.logistics.cases.intercept.border import INTERCEPT
from services.logistics.parcels import Outcome
from tests.services.given import check_names, check_rule, decide, facts_of
from tests.services.logistics.histories import histories, reached, states, walk
from tests.services.logistics.pools import POST, STO, P, moved, recall
from tests.services.logistics.shop import DAY, T0

ATT = P.attention.since(T0)
ASKED = [s.RecallAsked(recall(STO), T0 + DAY, ATT)]
UNWANTED = replace(recall(POST), reason_code="refund_in_transit")
RUNG = [*ASKED, s.RecallUnanswered(Task("recall_unanswered", T0 + DAY, task_id="t1"))]
BY_HAND = [s.RecallImpossible(recall(POST)), Task("recall_by_hand", T0 + DAY, task_id="t2")]

TABLE: list[tuple[str, Sequence[Any], Any, list[str]]] = [
    ("LG-051", [], m.RecallWanted(recall(STO)), ["RecallAsked", "Notice"]),
    ("LG-021", [], m.RecallWanted(recall(POST)), ["ReturnExpected", "Notice"]),
    ("LG-021", [], m.RecallWanted(UNWANTED), ["RecallImpossible", "Task", "Notice"]),
    (
        "LG-050",
        [s.ReturnExpected(recall(POST), ATT)],
        moved("returned", T0, Outcome.RETURNED),
        ["RecallEnded"],
    ),
    ("LG-050", ASKED, m.CarrierAnswered("accepted"), ["RecallAccepted"]),
    ("LG-050", ASKED, m.CarrierAnswered("too_late"), ["RecallRefused"]),
    ("LG-050", ASKED, DeadlinePassed("answer", T0 + DAY), ["RecallUnanswered"]),
    ("LG-050", RUNG, m.CarrierAnswered("accepted"), ["RecallAccepted", "TaskWithdrawn"]),
    ("LG-050", RUNG, m.CarrierAnswered("too_late"), ["RecallRefused", "TaskWithdrawn"]),
    ("LG-050", RUNG, moved("returned", T0, Outcome.RETURNED), ["RecallEnded", "TaskWithdrawn"]),
    ("LG-050", BY_HAND, moved("delivered", T0, Outcome.DELIVERED), ["RecallEnded", "TaskWithdrawn"]),
    ("LG-050", BY_HAND, moved("in_transit", T0), []),
]


@pytest.mark.parametrize(
    ("rule_id", "before", "when", "then"), TABLE, ids=lambda v: v if isinstance(v, str) else ""
)
def test_rule(rule_id: str, before: Sequence[Any], when: Any, then: list[str]) -> None:
    """The decision is made, and says by which rule."""
    check_names(INTERCEPT, rule_id, before, when, T0, then, P)


BACK_BY = P.attention.lasting(T0, 15 * DAY)
REFUSE = Notice("please_refuse_parcel", T0 + 15 * DAY, {"parcel_id": "k1"}, notice_id="k1.intercept.refuse")
RECALL, BY_POST = recall(STO), recall(POST)
ALONE = replace(RECALL, is_buyer_asked=False)

DECIDED: list[tuple[str, Sequence[Any], Any, list[Any]]] = [
    ("LG-050", [], m.RecallWanted(ALONE), [s.RecallAsked(ALONE, T0 + DAY, BACK_BY)]),
    ("LG-050", [], m.RecallWanted(replace(RECALL, customer_id=None)),
     [s.RecallAsked(replace(RECALL, customer_id=None), T0 + DAY, BACK_BY)]),
    ("LG-021", [], m.RecallWanted(replace(BY_POST, is_buyer_asked=False)),
     [s.ReturnExpected(replace(BY_POST, is_buyer_asked=False), BACK_BY)]),
    ("LG-021", [], m.RecallWanted(replace(UNWANTED, is_buyer_asked=False)),
     [s.RecallImpossible(replace(UNWANTED, is_buyer_asked=False)),
      Task("recall_by_hand", T0 + DAY, "assessment", task_id="k1.intercept.by-hand")]),
    ("LG-050", ASKED, m.RecallWanted(RECALL), []),
    ("LG-050", ASKED, m.CarrierAnswered("accepted"), [s.RecallAccepted(BACK_BY)]),
    ("LG-050", ASKED, m.CarrierAnswered("unknown"), []),
    ("LG-050", [*ASKED, s.RecallAccepted(ATT)], m.CarrierAnswered("refused"), []),
    ("LG-050", ASKED, moved("in_transit", T0), []),
    ("LG-050", ASKED, moved("returned", T0, Outcome.RETURNED), [s.RecallEnded(is_back=True)]),
    ("LG-050", ASKED, moved("delivered", T0, Outcome.DELIVERED), [s.RecallEnded(is_back=False)]),
    ("LG-050", [*ASKED, s.RecallRefused("too_late")], moved("returned", T0, Outcome.RETURNED),
     [s.RecallEnded(is_back=True)]),
    ("LG-050", [*ASKED, s.RecallEnded(is_back=False)], moved("returned", T0, Outcome.RETURNED), []),
    ("LG-050", ASKED, DeadlinePassed("answer", T0 + DAY),
     [s.RecallUnanswered(Task("recall_unanswered", T0 + 11 * DAY, task_id="k1.intercept.unanswered"))]),
]  # fmt: skip
"""The state of the call-back, the news, and what is made of it."""


@pytest.mark.parametrize(
    ("rule_id", "before", "when", "then"), DECIDED, ids=[f"{n}-{row[0]}" for n, row in enumerate(DECIDED)]
)
def test_moments_and_ends(rule_id: str, before: Sequence[Any], when: Any, then: list[Any]) -> None:
    """A day for the carrier's answer, fifteen until the goods are back."""
    check_rule(INTERCEPT, rule_id, before, when, T0, then, P)


def test_the_buyer_is_asked_to_refuse_the_parcel() -> None:
    """LG-051: until it should be back."""
    assert REFUSE in facts_of(decide(INTERCEPT, [], m.RecallWanted(RECALL), T0, P))


def test_before_the_case_is_there() -> None:
    """The carrier's answer waits until somebody calls the parcel back."""
    with pytest.raises(NotYet):
        decide(INTERCEPT, [], m.CarrierAnswered("accepted"), T0, P)


@settings(max_examples=200, deadline=None)
@given(histories("intercept"))
def test_any_history(history: list[tuple[Any, int]]) -> None:
    """LG-050: it ends once, with the parcel."""
    made = walk("intercept", history)
    assert sum(type(fact).__name__ == "RecallEnded" for fact in made.facts) <= 1


def test_every_state_is_reached() -> None:
    """No state is there for show."""
    assert reached("intercept") == states("intercept")
