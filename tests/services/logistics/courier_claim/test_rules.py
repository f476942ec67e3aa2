"""Claim on the carrier: it is filed, answered and concluded once."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings

from kernel.decider import DeadlinePassed, NotYet
from kernel.money import Money
from services.logistics.cases.courier_claim import messages as m
from services.logistics.cases.courier_claim import state as s
from services.logistics.cases.courier_claim.border import COURIER_CLAIM
from tests.services.given import check_names, decide
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
    ("LG-021", [s.ClaimDrafted(CLAIM, ATT)], DeadlinePassed("file", T0 + 30 * DAY), ["ClaimConcluded"]),
]


@pytest.mark.parametrize(
    ("rule_id", "before", "when", "then"), TABLE, ids=lambda v: v if isinstance(v, str) else ""
)
def test_rule(rule_id: str, before: Sequence[Any], when: Any, then: list[str]) -> None:
    """The decision is made, and says by which rule."""
    check_names(COURIER_CLAIM, rule_id, before, when, T0, then, P)


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
    """LG-022: a claim is concluded once for each time that it was opened, and paid at most once."""
    made = walk("courier-claim", history)
    steps = [fact for fact in made.facts if isinstance(fact, s.ClaimDrafted | s.ClaimConcluded)]
    assert all(isinstance(fact, s.ClaimDrafted) == (number % 2 == 0) for number, fact in enumerate(steps))
    endings = [fact.ending for fact in steps if isinstance(fact, s.ClaimConcluded)]
    assert all(ending is s.Ending.WITHDRAWN for ending in endings[:-1])


def test_every_state_is_reached() -> None:
    """No state is there for show."""
    assert reached("courier-claim") == states("courier-claim")
