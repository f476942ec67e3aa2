"""Reship: goods are kept, sent once, or let go of."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings

from kernel.decider import DeadlinePassed
from kernel.people import Task
from services.logistics.cases.reship import messages as m
from services.logistics.cases.reship import state as s
from services.logistics.cases.reship.border import RESHIP
from tests.services.given import check_names
from tests.services.logistics.histories import histories, reached, states, walk
from tests.services.logistics.pools import ORDER, P
from tests.services.logistics.shop import DAY, T0

ATT = P.attention.since(T0)
RESERVED = [s.ReserveAsked(ORDER, T0 + DAY), s.StockKept(None, ATT)]
SENT = [s.SendAsked(ORDER, ATT), s.CarriedBy("k1"), s.SentOut("k1", ATT)]
LATE = [SENT[0], s.SendLate(Task("reship_late", T0 + 19 * DAY, task_id="x1.reship.late"))]

TABLE: list[tuple[str, Sequence[Any], Any, list[str]]] = [
    ("RF-105", [], m.ReserveWanted(ORDER), ["ReserveAsked"]),
    ("RF-121", RESERVED[:1], m.Answered("x1.reship.reserve", "unavailable", None), ["StockMissing"]),
    ("RF-121", RESERVED[:1], DeadlinePassed("stock", T0 + DAY), ["StockMissing"]),
    ("RF-122", [*RESERVED, s.NoteNoted("s-m")], m.SendWanted(ORDER), ["NoteDiffers"]),
    ("RF-120", [*RESERVED, s.NoteNoted("s-xl")], m.SendWanted(ORDER), ["SendAsked"]),
    ("RF-118", SENT[:1], DeadlinePassed("ship", T0 + 9 * DAY), ["SendLate"]),
    ("RF-118", LATE, m.ParcelLeft("k1"), ["SentOut", "TaskWithdrawn"]),
    ("LG-019", LATE, m.Answered("x1.reship.send", "declined", None), ["StockMissing", "TaskWithdrawn"]),
    ("RF-120", LATE, m.ParcelKnown("k1"), ["CarriedBy"]),
    ("RF-118", RESERVED, m.Unwanted(), ["CancelAsked", "CalledOff"]),
    ("RF-120", SENT[:2], m.ParcelLeft("k1"), ["SentOut"]),
]


@pytest.mark.parametrize(
    ("rule_id", "before", "when", "then"), TABLE, ids=lambda v: v if isinstance(v, str) else ""
)
def test_rule(rule_id: str, before: Sequence[Any], when: Any, then: list[str]) -> None:
    """The decision is made, and says by which rule."""
    check_names(RESHIP, rule_id, before, when, T0, then, P)


@settings(max_examples=300, deadline=None)
@given(histories("reship"))
def test_any_history(history: list[tuple[Any, int]]) -> None:
    """RF-121: it is sent out at most once; nothing is sent that was called off."""
    made = walk("reship", history)
    names = [type(fact).__name__ for fact in made.facts]
    assert names.count("SentOut") <= 1
    if "CalledOff" in names:
        assert "SentOut" not in names[names.index("CalledOff") :]


def test_every_state_is_reached() -> None:
    """No state is there for show."""
    assert reached("reship") == states("reship")
