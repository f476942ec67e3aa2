"""Reship: goods are kept, sent once, or let go of."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings

from kernel.decider import DeadlinePassed
from kernel.people import Task
from kernel.value import replace
from services.logistics.cases.reship import messages as m
from services.logistics.cases.reship import state as s
from services.logistics.cases.reship.border import RESHIP
from services.logistics.news import ParcelNews, TaskDone
from services.logistics.parcels import Outcome, ParcelStatus
from tests.services.given import check_names, check_rule
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


UNTIL_DONE = P.attention.lasting(T0)
CHECKING = [*RESERVED, s.NoteDiffers(ORDER, Task("note_differs", T0, task_id="x1.reship.note"), ATT)]
FOR_LOST = replace(ORDER, purpose="lost")
SENT_OUT = s.SentOut("k1", P.attention.lasting(T0, 10 * DAY))
CARRIED = SENT[:2]


def news(status: str, outcome: Outcome | None = None, parcel_id: str = "k1") -> ParcelNews:
    return ParcelNews(parcel_id, ParcelStatus(status), T0, outcome, False)


DECIDED: list[tuple[str, Sequence[Any], Any, list[Any]]] = [
    ("RF-105", [], m.ReserveWanted(ORDER), [s.ReserveAsked(ORDER, T0 + DAY)]),
    ("RF-105", RESERVED, m.ReserveWanted(ORDER), []),
    ("RF-105", RESERVED[:1], m.Answered("x1.reship.reserve", "reserved", T0 + 2 * DAY),
     [s.StockKept(T0 + 2 * DAY, UNTIL_DONE)]),
    ("RF-121", RESERVED, m.Answered("x1.reship.reserve", "unavailable", None),
     [s.StockMissing("unavailable")]),
    ("RF-121", RESERVED, m.Answered("x1.reship.reserve", "reserved", None), []),
    ("RF-121", RESERVED, m.Answered("x1.reship.reserve", "declined", None), []),
    ("RF-121", CHECKING, m.Answered("x1.reship.reserve", "unavailable", None),
     [s.StockMissing("unavailable")]),
    ("RF-121", CHECKING, m.Answered("x1.reship.reserve", "declined", None), []),
    ("RF-121", SENT[:1], m.Answered("x1.reship.reserve", "unavailable", None), []),
    ("RF-121", SENT[:1], m.Answered("x1.reship.send", "declined", None), [s.StockMissing("declined")]),
    ("RF-121", SENT[:1], m.Answered("x1.reship.send", "reserved", None), []),
    ("RF-121", CARRIED, m.Answered("x1.reship.send", "declined", None), []),
    ("RF-121", RESERVED, DeadlinePassed("kept", T0), []),
    ("RF-122", [*RESERVED, s.NoteNoted("s-m")], m.SendWanted(ORDER),
     [s.NoteDiffers(ORDER, Task("note_differs", T0 + 2 * DAY, "assessment", task_id="x1.reship.note"),
                    UNTIL_DONE)]),
    ("LG-017", [*RESERVED, s.NoteNoted("s-m")], m.SendWanted(FOR_LOST), [s.SendAsked(FOR_LOST, UNTIL_DONE)]),
    ("RF-120", RESERVED, m.SendWanted(ORDER), [s.SendAsked(ORDER, UNTIL_DONE)]),
    ("RF-122", RESERVED, m.NoteSeen("s-m"), [s.NoteNoted("s-m")]),
    ("RF-122", [*RESERVED, s.NoteNoted("s-m")], m.NoteSeen("s-m"), []),
    ("RF-122", SENT[:1], m.NoteSeen("s-m"),
     [Task("note_differs", T0 + 2 * DAY, "reconciliation", task_id="x1.reship.late-note")]),
    ("RF-122", SENT[:1], m.NoteSeen("s-xl"), []),
    ("RF-122", [s.SendAsked(FOR_LOST, ATT)], m.NoteSeen("s-m"), []),
    ("RF-122", SENT, m.NoteSeen("s-m"), []),
    ("RF-118", RESERVED, m.Unwanted(), [s.CancelAsked("x1.reship.cancel"), s.CalledOff()]),
    ("RF-118", SENT[:1], m.Unwanted(), [s.CancelAsked("x1.reship.cancel"), s.CalledOff()]),
    ("RF-118", CARRIED, m.Unwanted(), []),
    ("RF-035", [s.SendAsked(FOR_LOST, ATT), s.CarriedBy("k1")], m.Unwanted(),
     [s.CancelAsked("x1.reship.cancel"), s.CalledOff()]),
    ("RF-118", SENT, m.Unwanted(), []),
    ("RF-120", CHECKING, TaskDone("x1.reship.note", "approved"), [s.SendAsked(ORDER, UNTIL_DONE)]),
    ("RF-118", CHECKING, TaskDone("x1.reship.note", "refused"),
     [s.CancelAsked("x1.reship.cancel"), s.CalledOff()]),
    ("RF-122", CHECKING, TaskDone("x1.other", "approved"), []),
    ("RF-122", RESERVED, TaskDone("x1.reship.note", "approved"), []),
    ("RF-120", SENT[:1], m.ParcelKnown("k1"), [s.CarriedBy("k1")]),
    ("RF-120", CARRIED, m.ParcelKnown("k2"), []),
    ("RF-120", CARRIED, m.WaybillVoided("k1"), [s.WaybillGone()]),
    ("RF-120", CARRIED, m.WaybillVoided("k2"), []),
    ("RF-120", SENT, m.WaybillVoided("k1"), []),
    ("RF-120", [*CARRIED, s.WaybillGone()], m.ParcelKnown("k2"), [s.CarriedBy("k2")]),
    ("RF-118", CARRIED, m.ParcelLeft("k1"), [SENT_OUT]),
    ("RF-118", CARRIED, news("in_transit"), [SENT_OUT]),
    ("RF-118", CARRIED, news("registered"), []),
    ("RF-118", CARRIED, news("in_transit", parcel_id="k2"), []),
    ("RF-118", CARRIED, news("delivered", Outcome.DELIVERED), [SENT_OUT, s.Arrived()]),
    ("RF-118", SENT, news("in_transit"), []),
    ("RF-118", SENT, news("returned", Outcome.RETURNED), [s.NotArrived("returned")]),
    ("RF-118", [*SENT, s.Arrived()], news("delivered", Outcome.DELIVERED), []),
    ("RF-118", [*SENT, s.Arrived()], news("lost", Outcome.LOST), [s.NotArrived("lost")]),
    ("RF-118", [*SENT, s.NotArrived("lost")], news("delivered", Outcome.DELIVERED), [s.Arrived()]),
    ("RF-118", [*SENT, s.NotArrived("lost")], news("returned", Outcome.RETURNED), []),
    ("RF-118", SENT[:1], DeadlinePassed("ship", T0 + 9 * DAY),
     [s.SendLate(Task("reship_late", T0 + 19 * DAY, task_id="x1.reship.late"))]),
]  # fmt: skip
"""The state of the goods, the news, and what is made of it."""


@pytest.mark.parametrize(
    ("rule_id", "before", "when", "then"), DECIDED, ids=[f"{n}-{row[0]}" for n, row in enumerate(DECIDED)]
)
def test_moments_and_ends(rule_id: str, before: Sequence[Any], when: Any, then: list[Any]) -> None:
    """A day for the stock, two for a note that differs, ten for the way."""
    check_rule(RESHIP, rule_id, before, when, T0, then, P)


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
