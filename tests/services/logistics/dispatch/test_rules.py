"""Dispatch: commitments, holds and parcels of one order."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings

from kernel.decider import HERE, Addressed, NotYet, Told, tell
from kernel.money import Money
from kernel.people import Task
from kernel.value import replace
from services.logistics.cases.dispatch import facts as f
from services.logistics.cases.dispatch import messages as m
from services.logistics.cases.dispatch.border import DISPATCH
from services.logistics.cases.dispatch.state import HandedOver, Stopped
from services.logistics.cases.lost_parcel import messages as lost_parcel
from services.logistics.cases.parcel import messages as parcel
from services.logistics.cases.reship import messages as reship
from services.logistics.news import MemoStored, RequestDeclined
from services.logistics.order_file import Link, OrderFile, Resend
from services.logistics.parcels import Direction, ParcelStatus, Tracking
from tests.services.given import check_names, decide, facts_of
from tests.services.logistics.histories import histories, reached, states, walk
from tests.services.logistics.pools import L1, PLACED, STO, YTO, P
from tests.services.logistics.shop import DAY, T0

FILE = OrderFile("o1", "c1", "CN-31", False, PLACED.lines, T0)
KNOWN = f.OrderKnown(FILE, P.attention.since(T0))

CASH = f.OrderKnown(replace(FILE, is_cash_on_delivery=True), P.attention.since(T0))
SF = Tracking("sf", "SF1")
SENT = Link("k1", STO, Direction.OUTBOUND, (L1,), left_at=T0)

TABLE: list[tuple[str, Sequence[Any], Any, list[str]]] = [
    ("OR-006", [], PLACED, ["OrderKnown"]),
    ("OR-006", [KNOWN], m.TermsChanged(PLACED.lines[:1]), ["LinesChanged"]),
    ("OR-006", [KNOWN], m.OrderEdited(PLACED.lines[:1]), ["LinesChanged"]),
    ("OR-006", [KNOWN], m.OrderEdited(PLACED.lines), []),
    ("OR-006", [KNOWN, f.OrderStopped(T0)], m.OrderEdited(PLACED.lines[:1]), []),
    ("OR-011", [KNOWN], m.Paid(), ["ClockStarted"]),
    ("OR-010", [KNOWN], m.Succeeded(()), ["OrderSucceeded"]),
    ("LG-064", [KNOWN], m.ShipMarked("express", (), ()), ["MarkNoted"]),
    ("RF-009", [KNOWN], m.Promised("no_refund", None, None), ["PromiseNoted"]),
    ("LG-059", [KNOWN], m.Promised("ship_by", None, T0), ["PromiseNoted"]),
    ("LG-057", [KNOWN], m.Promised("carrier", "sf", None), ["PromiseNoted", "CarrierInstructed"]),
    (
        "OR-029",
        [KNOWN, f.LinkChanged(SENT)],
        m.ProblemReported("not_received", "k1", ()),
        ["SearchDue", "DoubtsChanged"],
    ),
    (
        "OR-029",
        [KNOWN, f.SearchDue(SENT, "silence", (), can_wait=False)],
        m.SearchClosed("k1", None, False),
        ["SearchEnded", "DoubtsChanged"],
    ),
    ("RF-005", [KNOWN], m.RefundOpened("r1", "unshipped", (L1,)), ["RefundNoted", "HoldAsked"]),
]


@pytest.mark.parametrize(
    ("rule_id", "before", "when", "then"), TABLE, ids=lambda v: v if isinstance(v, str) else ""
)
def test_rule(rule_id: str, before: Sequence[Any], when: Any, then: list[str]) -> None:
    """The decision is made, and says by which rule."""
    check_names(DISPATCH, rule_id, before, when, T0, then, P)


BACK = Link("rt", YTO, Direction.RETURN, (L1,))
RESEND = f.ResendKnown(Resend("x1.reship", (L1,), "x1"))
SOUGHT = [KNOWN, f.SearchDue(SENT, "silence", (), can_wait=False)]
REVOKED = [KNOWN, RESEND, f.ReshipParcelKnown(SENT, "x1.reship")]

TOLD: list[tuple[str, Sequence[Any], Any, list[Addressed]]] = [
    ("RF-121", [KNOWN, RESEND], m.ReshipAnswered("x1.reship.send", "declined", None),
     [reship.to(HERE, "x1.reship", reship.Answered("x1.reship.send", "declined", None))]),
    ("RF-121", [KNOWN, RESEND], m.ExchangeOver("x1"), [reship.to(HERE, "x1.reship", reship.Unwanted())]),
    ("RF-122", [KNOWN, RESEND, f.LinkChanged(BACK)], m.Inspected(("rt",), (L1,), "s-x"),
     [parcel.to(YTO, parcel.Inspected("rt")), reship.to(HERE, "x1.reship", reship.NoteSeen("s-x"))]),
    ("RF-069", [KNOWN, f.LinkChanged(BACK)], m.InstructionAnswered("rt.refuse-collect", "done"),
     [parcel.to(YTO, parcel.CollectAnswered("rt", is_done=True))]),
    ("LG-020", SOUGHT, MemoStored("loss", None), [lost_parcel.to(HERE, "k1", MemoStored("loss", None))]),
    ("LG-020", SOUGHT, RequestDeclined("k1.memo", "closed"),
     [lost_parcel.to(HERE, "k1", RequestDeclined("k1.memo", "closed"))]),
    ("LG-018", REVOKED, m.ResendRevoked("x1.reship", "k0"),
     [lost_parcel.to(HERE, "k0", lost_parcel.ResendLeft())]),
]  # fmt: skip


def added(link: Link, declared: Money | None = None) -> m.ParcelAdded:
    return m.ParcelAdded(link, declared, None, None)


@pytest.mark.parametrize(
    ("known", "tracking", "asked"),
    [(CASH, STO, ["carrier_collects_no_cash"]), (CASH, SF, []), (KNOWN, STO, [])],
)
def test_a_carrier_that_collects_no_cash_is_asked_about(
    known: f.OrderKnown, tracking: Tracking, asked: list[str]
) -> None:
    """LG-021: the order is paid on delivery."""
    link = Link("k1", tracking, Direction.OUTBOUND, (L1,))
    facts = facts_of(decide(DISPATCH, [known], added(link), T0, P))
    assert [fact.question_code for fact in facts if isinstance(fact, Task)] == asked


@pytest.mark.parametrize(("carrier_code", "minor"), [("sto", 500), ("post", 10_000)])
def test_a_declared_amount_counts_where_the_carrier_insures_it(carrier_code: str, minor: int) -> None:
    """LG-021: else the carrier answers for the price of the goods."""
    link = Link("k1", Tracking(carrier_code, "1"), Direction.OUTBOUND, (L1,))
    (noted,) = facts_of(decide(DISPATCH, [KNOWN], added(link, Money(500, "CNY")), T0, P))
    assert noted.link.value == Money(minor, "CNY")


@pytest.mark.parametrize(
    ("carrier_code", "question"), [("sf", "correct_address"), ("sto", "address_problem")]
)
def test_a_bad_address_is_corrected_where_the_carrier_can(carrier_code: str, question: str) -> None:
    """LG-021, RF-038: a person is asked for the right address, else what to do."""
    link = replace(SENT, tracking=Tracking(carrier_code, "1"))
    moved = m.ParcelMoved("k1", ParcelStatus.ADDRESS_PROBLEM, T0, None, None)
    facts = facts_of(decide(DISPATCH, [KNOWN, f.LinkChanged(link)], moved, T0, P))
    assert [fact.question_code for fact in facts if isinstance(fact, Task)] == [question]


@pytest.mark.parametrize(("rule_id", "before", "when", "messages"), TOLD)
def test_other_cases_are_told(
    rule_id: str, before: Sequence[Any], when: Any, messages: list[Addressed]
) -> None:
    """The order's file passes on news that other cases of the order wait for."""
    told = [entry for entry in decide(DISPATCH, before, when, T0, P) if isinstance(entry.fact, Told)]
    assert [entry.fact for entry in told] == [tell(*messages)]
    assert rule_id in told[0].rules


@pytest.mark.parametrize(
    ("message", "is_early"),
    [
        (m.Paid(), True),
        (m.ParcelLeft("k1", "sto"), True),
        (m.SearchClosed("k1", None, False), False),
    ],
)
def test_before_the_case_is_there(message: Any, *, is_early: bool) -> None:
    """A message that must wait for its case waits; one that means nothing without it is dropped."""
    if is_early:
        with pytest.raises(NotYet):
            decide(DISPATCH, [], message, T0, P)
    else:
        assert decide(DISPATCH, [], message, T0, P) == []


@settings(max_examples=300, deadline=None)
@given(histories("dispatch", 30))
def test_any_history(history: list[tuple[Any, int]]) -> None:
    """RF-005, LG-063: each lateness stands at most once, a parcel is paid at most once, an end is an end."""
    made = walk("dispatch", history)
    standing: set[tuple[str, object]] = set()
    for fact in made.facts:
        match fact:
            case f.LateEstablished(trigger=trigger, moment=moment):
                assert (trigger, moment) not in standing
                standing.add((trigger, moment))
            case f.LateWithdrawn(trigger=trigger, moment=moment):
                standing.remove((trigger, moment))
            case _:
                pass
    remedies = Counter(fact.parcel_id for fact in made.facts if isinstance(fact, f.RemedyDue))
    assert max(remedies.values(), default=0) <= 1
    if isinstance(made.state, HandedOver | Stopped):
        count = len(made.facts)
        made.pass_time(400 * DAY)
        late = (f.LateEstablished, f.TargetMissed)
        assert not any(isinstance(fact, late) for fact in made.facts[count:])


def test_every_state_is_reached() -> None:
    """No state is there for show."""
    assert reached("dispatch") == states("dispatch")
