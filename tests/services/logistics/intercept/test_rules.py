"""Intercept: a parcel is called back, and ends once."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings

from kernel.decider import DeadlinePassed, NotYet
from kernel.people import Task
from kernel.value import replace
from services.logistics.cases.intercept import messages as m
from services.logistics.cases.intercept import state as s
from services.logistics.cases.intercept.border import INTERCEPT
from services.logistics.parcels import Outcome
from tests.services.given import check_names, decide
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
