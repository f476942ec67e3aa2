"""Parcel: scans in any order, the end, goods that come back."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import NotYet, Told, tell
from services.logistics.cases.dispatch import messages as dispatch
from services.logistics.cases.parcel import facts as f
from services.logistics.cases.parcel import messages as m
from services.logistics.cases.parcel.border import PARCEL
from services.logistics.parcels import Basis
from services.logistics.track import Identity, outcome_of, picture, status_of
from tests.services.given import check_names, decide, facts_of
from tests.services.logistics.histories import History, histories, reached, states, walk
from tests.services.logistics.pools import IDENTITY, POOLS, RETURN, SCANS, STO, P
from tests.services.logistics.shop import HOUR, T0

ATT = P.attention.since(T0)
TRACK = [f.TrackOpened(STO, 1, None, ATT), f.IdentityKnown(IDENTITY, T0, None, ATT)]
BACK = [f.TrackOpened(STO, 1, None, ATT), f.IdentityKnown(RETURN, T0, None, ATT)]

TABLE: list[tuple[str, Sequence[Any], Any, list[str]]] = [
    ("OR-009", TRACK, m.Scanned(STO, SCANS[0]), ["ScanNoted"]),
    ("OR-009", TRACK, m.Scanned(STO, SCANS[2]), ["ScanNoted", "StatusChanged", "Told"]),
    ("OR-009", TRACK, m.ShipMarked("k1", T0), ["ShipMarkKnown"]),
    ("OR-009", [*TRACK, f.ShipMarkKnown(T0)], m.ShipMarked("k1", T0), []),
    ("OR-009", [*TRACK, f.ShipMarkKnown(T0 + HOUR)], m.ShipMarked("k1", T0), ["ShipMarkKnown"]),
    (
        "OR-009",
        [*TRACK, f.ScanNoted(SCANS[2], None)],
        m.ShipMarked("k1", T0),
        ["ShipMarkKnown", "StatusShown"],
    ),
    ("OR-009", [*TRACK, f.ScanNoted(SCANS[2], None)], m.ShipMarked("k9", T0), []),
    ("RF-069", BACK, m.Arrived(STO, True), ["ArrivalNoted", "CollectRefusalAsked"]),
    ("RF-044", BACK, m.Arrived(STO, False), ["ArrivalNoted", "EndDeclared", "OutcomeDecided"]),
    ("LG-018", TRACK, m.DeclaredLost("k1", Basis.COURIER), ["EndDeclared", "OutcomeDecided"]),
]


@pytest.mark.parametrize(
    ("rule_id", "before", "when", "then"), TABLE, ids=lambda v: v if isinstance(v, str) else ""
)
def test_rule(rule_id: str, before: Sequence[Any], when: Any, then: list[str]) -> None:
    """The decision is made, and says by which rule."""
    check_names(PARCEL, rule_id, before, when, T0, then, P)


@pytest.mark.parametrize("identity", [IDENTITY, RETURN])
def test_a_waybill_that_no_scan_followed_proves_no_pick_up(identity: Identity) -> None:
    """LG-064: the order hears of the carrier first with a scan, of a parcel to the buyer."""
    registered = m.RegisteredAs(STO, identity, is_collect=False)
    assert not [fact for fact in facts_of(decide(PARCEL, [], registered, T0, P)) if isinstance(fact, Told)]
    moving = [f.TrackOpened(STO, 1, None, ATT), f.ScanNoted(SCANS[2], None)]
    told = [fact for fact in facts_of(decide(PARCEL, moving, registered, T0, P)) if isinstance(fact, Told)]
    picked_up = tell(dispatch.to("o1", dispatch.PickedUp(identity.parcel_id, SCANS[2].at)))
    assert (picked_up in told) is identity.direction.is_to_buyer


def test_before_the_case_is_there() -> None:
    """News from the order's file waits until the parcel has an order."""
    with pytest.raises(NotYet):
        decide(PARCEL, [], m.Left("k1", T0), T0, P)


def test_the_order_hears_of_the_pick_up() -> None:
    """LG-064: the earliest proof that the carrier has the parcel goes to the order."""
    decided = decide(PARCEL, TRACK, m.Scanned(STO, SCANS[2]), SCANS[2].at, P)
    assert facts_of(decided)[-1] == tell(dispatch.to("o1", dispatch.PickedUp("k1", SCANS[2].at)))


@settings(max_examples=300, deadline=None)
@given(histories("parcel", 30))
def test_any_history(history: list[tuple[Any, int]]) -> None:
    """RF-044: an outcome is announced once and again only as another; without an order nothing is said."""
    made = walk("parcel", history)
    told = None
    has_order = False
    for fact in made.facts:
        match fact:
            case f.TrackOpened():
                told, has_order = None, False
            case f.IdentityKnown():
                has_order = True
            case f.OutcomeUnknown(revises=revises):
                assert revises is told
                told = None
            case f.NumberWrong():
                assert told is None
                has_order = False
            case f.OutcomeDecided(decision=decision, revises=revises):
                assert has_order
                assert revises is told
                assert decision.outcome is not told
                told = decision.outcome
            case f.StatusChanged() | f.StallOpened():
                assert has_order
            case _:
                pass


@settings(max_examples=300, deadline=None)
@given(st.permutations(SCANS[:-1]), st.lists(st.sampled_from(SCANS[:-1]), max_size=5), st.integers(0, 12))
def test_scans_in_any_order(scans: list[Any], repeats: list[Any], place: int) -> None:
    """OR-009: whatever the order and the repeats, the picture is the same, and status never goes back."""
    messages: list[Any] = [m.Scanned(STO, scan) for scan in [*scans, *repeats]]
    registration = next(x for x in POOLS["parcel"] if isinstance(x, m.RegisteredAs))
    messages.insert(place, registration)
    made = History("parcel")
    for message in messages:
        made.tell(message)
    in_order = History("parcel")
    for message in (registration, *(m.Scanned(STO, scan) for scan in SCANS[:-1])):
        in_order.tell(message)
    ends = [
        (picture(x.state.track), status_of(x.state.track), outcome_of(x.state.track))
        for x in (made, in_order)
    ]
    assert ends[0] == ends[1]
    assert (made.state.track.pickup_at, made.state.track.last_at) == (
        in_order.state.track.pickup_at,
        in_order.state.track.last_at,
    )
    on_time = [
        fact.scan.at for fact in made.facts if isinstance(fact, f.StatusChanged) and not fact.is_late_news
    ]
    assert on_time == sorted(on_time)


def test_every_state_is_reached() -> None:
    """No state is there for show."""
    assert reached("parcel") == states("parcel")
