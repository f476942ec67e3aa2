"""One waybill: whose it is, when it left, when it is silent, where it ended, at whose fault."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from aftersales_contracts.aftersales import logistics
from aftersales_contracts.shop import shipments
from kernel.decider import CaseView, DeadlinePassed, tell
from kernel.people import Task
from kernel.value import replace
from services.logistics.cases.dispatch import messages as dispatch
from services.logistics.cases.parcel import facts as f
from services.logistics.cases.parcel import messages as m
from services.logistics.cases.parcel.border import PARCEL
from services.logistics.parcels import Basis, Direction, Fault, Outcome, ParcelStatus, Stage
from services.logistics.track import Decision, Scan
from tests.services.given import after, decide, facts_of
from tests.services.logistics import shop
from tests.services.logistics.pools import IDENTITY, L1, RETURN, STO, P
from tests.services.logistics.shop import DAY, HOUR, T0

ATT = P.attention.since(T0)
OPENED = f.TrackOpened(STO, 1, None, ATT)
KNOWN = f.IdentityKnown(IDENTITY, T0, None, ATT)
TRACK = [OPENED, KNOWN]
BACK = [OPENED, f.IdentityKnown(RETURN, T0, None, ATT)]


def scan(status: str, after: float = 0, signed_by: str | None = None) -> Scan:
    return Scan(T0 + after * HOUR, ParcelStatus(status), f"raw-{status}", signed_by=signed_by)


def seen(status: str, after: float = 0, signed_by: str | None = None) -> f.ScanNoted:
    return f.ScanNoted(scan(status, after, signed_by), None)


def decided(before: Sequence[Any], when: Any, at: datetime = T0 + 9 * HOUR) -> list[Any]:
    return facts_of(decide(PARCEL, before, when, at, P))


def names(before: Sequence[Any], when: Any, at: datetime = T0 + 9 * HOUR) -> list[str]:
    return [type(fact).__name__ for fact in decided(before, when, at)]


def of(facts: Sequence[Any], kind: type[Any]) -> list[Any]:
    return [fact for fact in facts if isinstance(fact, kind)]


def scanned(status: str, after: float = 0) -> m.Scanned:
    return m.Scanned(STO, scan(status, after))


# Whose waybill it is.

OTHER = replace(IDENTITY, parcel_id="k8", order_id="o2")
VOID = [*TRACK, f.WaybillVoided()]
LATER = T0 + 120 * DAY


@pytest.mark.parametrize(
    ("before", "identity", "at", "then"),
    [
        ([], IDENTITY, T0, ["TrackOpened", "IdentityKnown"]),
        ([OPENED], IDENTITY, T0, ["IdentityKnown"]),
        (TRACK, IDENTITY, T0, []),
        (TRACK, replace(IDENTITY, parcel_id="k2"), T0, []),
        (TRACK, OTHER, T0, ["SharerKnown", "Told"]),
        (TRACK, OTHER, T0 + 14 * DAY, ["SharerKnown", "Told"]),
        (TRACK, OTHER, T0 + 14 * DAY + HOUR, ["Task"]),
        (TRACK, replace(OTHER, shop_id="another"), T0, ["Task"]),
        (TRACK, replace(OTHER, direction=Direction.RETURN), T0, ["Task"]),
        ([*TRACK, seen("delivered")], OTHER, T0 + 48 * HOUR, ["SharerKnown", "Told", "OutcomeDecided"]),
        ([*TRACK, seen("delivered")], OTHER, T0 + 49 * HOUR, ["Task", "OutcomeDecided"]),
        (TRACK, OTHER, LATER, ["Task"]),
        (TRACK, OTHER, LATER + HOUR, ["TrackOpened", "IdentityKnown"]),
        ([*TRACK, seen("picked_up", 24)], OTHER, LATER + HOUR, ["Task"]),
        (VOID, OTHER, T0 + HOUR, ["TrackOpened", "IdentityKnown"]),
        (VOID, replace(IDENTITY, parcel_id="k2"), T0 + HOUR, ["TrackOpened", "IdentityKnown"]),
    ],
)
def test_a_waybill_that_is_used_again(
    before: Sequence[Any], identity: Any, at: datetime, then: list[str]
) -> None:
    """OR-009: after 120 days without news, or once it is void; before that by two orders in one parcel.

    What cannot be one parcel is a person's question.
    """
    assert names(before, m.RegisteredAs(STO, identity, is_collect=False), at) == then


@pytest.mark.parametrize(
    ("identity", "is_collect", "is_refused"),
    [(RETURN, True, True), (RETURN, False, False), (IDENTITY, True, False)],
)
def test_a_freight_collect_return_is_not_taken_in(identity: Any, is_collect: bool, is_refused: bool) -> None:
    """RF-069: only what comes back at the shop's cost; the warehouse has four hours to answer."""
    asked = of(decided([OPENED], m.RegisteredAs(STO, identity, is_collect)), f.CollectRefusalAsked)
    due = [f.CollectRefusalAsked(f"{identity.parcel_id}.refuse-collect", T0 + 13 * HOUR)]
    assert asked == (due if is_refused else [])


def test_an_unanswered_refusal_counts_as_taken_in() -> None:
    """RF-069: a person looks."""
    asked = [*BACK, f.CollectRefusalAsked("rt.refuse-collect", T0 + 4 * HOUR)]
    facts = decided(asked, DeadlinePassed("collect", T0 + 4 * HOUR))
    task = Task("refuse_collect", T0 + 4 * HOUR + 10 * DAY, task_id="sto/773001.collect.1")
    assert facts[:2] == [f.CollectSettled(is_refused=False), task]


ASKED = [*BACK, f.CollectRefusalAsked("rt.refuse-collect", T0 + 4 * HOUR)]
CHECKED = f.EndDeclared(Decision(Outcome.RETURNED, Basis.INSPECTION, T0))


@pytest.mark.parametrize(
    ("before", "then"),
    [
        (ASKED, ["CollectSettled", "EndDeclared", "OutcomeDecided"]),
        (BACK, []),
        ([*ASKED, f.CollectSettled(is_refused=True)], []),
        ([*ASKED, CHECKED], ["CollectSettled", "OutcomeDecided"]),
    ],
)
def test_the_answer_to_a_refusal_counts_once(before: Sequence[Any], then: list[str]) -> None:
    """RF-069: only while it is asked. The goods are the buyer's again, unless they were checked meanwhile."""
    facts = decided(before, m.CollectAnswered("rt", is_done=True))
    assert [type(fact).__name__ for fact in facts] == then
    outcomes = [(fact.decision.outcome, fact.decision.basis) for fact in of(facts, f.OutcomeDecided)]
    is_checked = CHECKED in before
    refused = Outcome.DELIVERED, Basis.WAREHOUSE
    assert outcomes == (
        [] if not then else [(Outcome.RETURNED, Basis.INSPECTION)] if is_checked else [refused]
    )


def test_a_return_that_was_not_taken_in_and_comes_all_the_same_is_back() -> None:
    """RF-044, RF-069: the carrier's later word counts."""
    refused = Decision(Outcome.DELIVERED, Basis.WAREHOUSE, T0 + HOUR)
    before = [*ASKED, f.CollectSettled(is_refused=True), f.EndDeclared(refused)]
    before = [*before, f.OutcomeDecided(refused, None, Fault.UNKNOWN)]
    (fact,) = of(decided(before, m.Inspected("rt"), T0 + 2 * HOUR), f.OutcomeDecided)
    assert (fact.decision.outcome, fact.revises) == (Outcome.RETURNED, Outcome.DELIVERED)


@pytest.mark.parametrize(
    ("before", "at", "then"),
    [
        (TRACK, T0, ["DepartureKnown"]),
        ([*TRACK, f.DepartureKnown(T0 + HOUR, None)], T0, ["DepartureKnown"]),
        ([*TRACK, f.DepartureKnown(T0, None)], T0, []),
        ([*TRACK, f.DepartureKnown(T0, None)], T0 + HOUR, []),
    ],
)
def test_the_earliest_departure_counts(before: Sequence[Any], at: datetime, then: list[str]) -> None:
    """LG-064"""
    assert names(before, m.Left("k1", at)) == then
    assert names(before, m.Left("k9", at)) == []


def test_a_scan_before_the_waybill_was_used_again_means_nothing() -> None:
    """OR-009: it belongs to the parcel before, up to its last moment."""
    again = [replace(OPENED, generation=2, starts_after=T0), KNOWN]
    assert names(again, scanned("in_transit", 0)) == ["ScanOfAnother"]
    assert names(again, scanned("in_transit", 1))[:1] == ["ScanNoted"]


# What the scans say.


@pytest.mark.parametrize(
    ("before", "when", "is_told"),
    [
        (TRACK, scanned("in_transit", 5), True),
        ([*TRACK, seen("in_transit", 5)], scanned("in_transit", 6), False),
        ([*TRACK, seen("in_transit", 5)], scanned("in_transit", 4), True),
        (TRACK, scanned("registered", 5), False),
        (TRACK, scanned("lost", 5), False),
        (BACK, scanned("in_transit", 5), False),
        ([OPENED], scanned("in_transit", 5), False),
    ],
)
def test_the_order_hears_of_an_earlier_pick_up(before: Sequence[Any], when: m.Scanned, is_told: bool) -> None:
    """LG-064: of a parcel to the buyer, and only if the proof is new."""
    told = tell(dispatch.to("o1", dispatch.PickedUp("k1", when.scan.at)))
    assert (told in decided(before, when)) is is_told


@pytest.mark.parametrize(
    ("before", "when", "then"),
    [
        (TRACK, scanned("in_transit", 5), [False]),
        ([*TRACK, seen("in_transit", 5)], scanned("in_transit", 6), []),
        ([*TRACK, seen("in_transit", 5)], scanned("refused", 6), [False]),
        ([*TRACK, seen("in_transit", 5)], scanned("refused", 4), []),
        ([*TRACK, seen("delivered", 5)], scanned("in_transit", 6), []),
        ([*TRACK, seen("lost", 5)], scanned("in_transit", 6), [False]),
        ([*TRACK, seen("in_transit", 5)], scanned("delivered", 4), [True]),
    ],
)
def test_a_status_is_told_when_it_changes(before: Sequence[Any], when: m.Scanned, then: list[bool]) -> None:
    """OR-009: late news says that it is late."""
    assert [fact.is_late_news for fact in of(decided(before, when), f.StatusChanged)] == then


RETURNED = Decision(Outcome.RETURNED, Basis.SCAN, T0 + 9 * HOUR)


@pytest.mark.parametrize(
    ("before", "when", "outcome", "fault"),
    [
        (TRACK, scanned("delivered"), Outcome.DELIVERED, Fault.UNKNOWN),
        (TRACK, scanned("lost"), Outcome.LOST, Fault.COURIER),
        (TRACK, scanned("returned"), Outcome.RETURNED, Fault.UNKNOWN),
        ([*TRACK, seen("refused")], scanned("returned", 1), Outcome.RETURNED, Fault.BUYER),
        ([*TRACK, seen("in_transit")], scanned("returned", 1), Outcome.RETURNED, Fault.UNKNOWN),
        ([*TRACK, seen("refused")], scanned("delivered", 1), Outcome.DELIVERED, Fault.UNKNOWN),
        (BACK, scanned("delivered"), Outcome.RETURNED, Fault.UNKNOWN),
        (BACK, scanned("returned"), Outcome.DELIVERED, Fault.UNKNOWN),
        ([*ASKED, f.CollectSettled(is_refused=True)], scanned("delivered"), Outcome.DELIVERED, Fault.UNKNOWN),
    ],
)
def test_an_end_and_whose_fault_it_is(
    before: Sequence[Any], when: m.Scanned, outcome: Outcome, fault: Fault
) -> None:
    """RF-006, RF-036, RF-044, LG-050: the courier's for a loss, the buyer's for a refusal."""
    (fact,) = of(decided(before, when), f.OutcomeDecided)
    assert (fact.decision.outcome, fact.fault, fact.revises) == (outcome, fault, None)


def test_an_end_is_told_once_for_each_turn() -> None:
    """RF-044"""
    told = f.OutcomeDecided(Decision(Outcome.LOST, Basis.COURIER, T0), None, Fault.COURIER)
    before = [*TRACK, seen("lost"), told]
    assert of(decided(before, scanned("lost", 1)), f.OutcomeDecided) == []
    (fact,) = of(decided(before, scanned("delivered", 1)), f.OutcomeDecided)
    assert (fact.decision.outcome, fact.revises) == (Outcome.DELIVERED, Outcome.LOST)


SAID_LOST = f.EndDeclared(Decision(Outcome.LOST, Basis.PERSON, T0 + 2 * HOUR))
OVER_SIGNATURE = f.EndDeclared(replace(SAID_LOST.decision, is_over_signature=True))


@pytest.mark.parametrize(
    ("before", "outcome"),
    [
        ([SAID_LOST], Outcome.LOST),
        ([seen("in_transit", 1), SAID_LOST], Outcome.LOST),
        ([seen("in_transit", 2), SAID_LOST], Outcome.LOST),
        ([seen("in_transit", 3), SAID_LOST], None),
        ([seen("delivered", 1), SAID_LOST], Outcome.DELIVERED),
        ([seen("delivered", 1), OVER_SIGNATURE], Outcome.LOST),
        ([seen("delivered", 3), OVER_SIGNATURE], Outcome.DELIVERED),
        ([seen("lost", 1), SAID_LOST], Outcome.LOST),
        ([seen("delivered", 1), f.EndDeclared(Decision(Outcome.RETURNED, Basis.INSPECTION, T0))],
         Outcome.DELIVERED),
        ([seen("delivered", 1),
          f.EndDeclared(Decision(Outcome.RETURNED, Basis.INSPECTION, T0 + HOUR))], Outcome.RETURNED),
        ([seen("lost", 1), seen("in_transit", 2)], None),
        ([seen("lost", 2), seen("in_transit", 2)], Outcome.LOST),
        ([seen("delivered", 1), seen("in_transit", 2)], Outcome.DELIVERED),
        ([seen("delivered", 2), seen("returned", 1)], Outcome.RETURNED),
        ([seen("lost", 2), seen("delivered", 2)], Outcome.DELIVERED),
        ([seen("delivered", 2), seen("lost", 2)], Outcome.DELIVERED),
        ([seen("lost", 2), seen("returned", 2)], Outcome.RETURNED),
        ([seen("delivered", 2), seen("lost", 3)], Outcome.LOST),
        ([seen("delivered", 1), seen("returned", 2)], Outcome.RETURNED),
    ],
)  # fmt: skip
def test_the_outcome_of_scans_and_words(before: Sequence[Any], outcome: Outcome | None) -> None:
    """RF-044, LG-042: the later word counts; a loss falls with any later sign of life."""
    state = after(PARCEL, [*TRACK, *before])
    told = PARCEL.tells[f.StatusChanged](f.StatusChanged(scan("held"), False), view(state))
    assert bool(told) is (outcome is None)
    assert moved(state).outcome is outcome


def moved(state: Any) -> dispatch.ParcelMoved:
    """Builds what the order hears of the parcel's end."""
    fact = f.OutcomeDecided(RETURNED, None, Fault.UNKNOWN)
    (told,) = PARCEL.tells[f.OutcomeDecided](fact, view(state))
    assert isinstance(told.message, dispatch.ParcelMoved)
    return told.message


def view(state: Any) -> CaseView[Any]:
    return CaseView(STO.subject, "parcel", "sto/773001", 1, shop.SHOP, "test", (), T0, state)


@pytest.mark.parametrize("told", [None, Outcome.DELIVERED, Outcome.LOST])
def test_the_status_of_an_end_is_told_once(told: Outcome | None) -> None:
    """OR-009: by the outcome, unless that end was told before."""
    before = [f.OutcomeDecided(Decision(told, Basis.SCAN, T0), None, Fault.UNKNOWN)] if told else []
    state = after(PARCEL, [*TRACK, *before, seen("delivered", 1)])
    reaction = PARCEL.tells[f.StatusChanged](f.StatusChanged(scan("delivered"), False), view(state))
    assert bool(list(reaction)) is (told is Outcome.DELIVERED)


def test_nobody_hears_of_a_parcel_without_an_order() -> None:
    """OR-009"""
    fact = f.StatusChanged(scan("in_transit"), False)
    assert list(PARCEL.tells[f.StatusChanged](fact, view(after(PARCEL, [OPENED])))) == []


@pytest.mark.parametrize("signed_by", [None, "guard"])
def test_a_signature_is_told(signed_by: str | None) -> None:
    """LG-042"""
    state = after(PARCEL, [*TRACK, seen("delivered", 1, signed_by)])
    fact = f.StatusChanged(scan("delivered", 1, signed_by), False)
    event = PARCEL.announces[f.StatusChanged](fact, view(state))
    assert isinstance(event, logistics.ParcelStatusChangedV1)
    assert (event.signed_by and event.signed_by.value) == signed_by
    assert moved(state).signed_by == signed_by


# At the gate.


@pytest.mark.parametrize(
    ("before", "is_back"),
    [
        (TRACK, True),
        (BACK, True),
        ([*TRACK, SAID_LOST], True),
        ([*TRACK, replace(SAID_LOST, decision=replace(SAID_LOST.decision, at=T0 + 9 * HOUR))], False),
        ([*TRACK, f.EndDeclared(Decision(Outcome.RETURNED, Basis.INSPECTION, T0))], False),
        ([OPENED], False),
    ],
)
def test_a_parcel_at_the_gate_is_back(before: Sequence[Any], is_back: bool) -> None:
    """RF-044: also one that somebody gave up before; an end that was stated for it stands."""
    facts = decided(before, m.Arrived(STO, is_collect=False))
    assert of(facts, f.EndDeclared) == ([f.EndDeclared(RETURNED)] if is_back else [])


def test_a_parcel_arrives_once() -> None:
    """RF-044"""
    arrived = f.ArrivalNoted(T0, False, None)
    assert decided([*TRACK, arrived], m.Arrived(STO, is_collect=False)) == []


# Silence.


@pytest.mark.parametrize(
    ("before", "stage", "hours"),
    [
        ([f.DepartureKnown(T0, None)], Stage.NOT_PICKED_UP, 24),
        ([f.DepartureKnown(T0, None), seen("registered")], Stage.NOT_PICKED_UP, 24),
        ([seen("picked_up")], Stage.AFTER_PICKUP, 48),
        ([seen("in_transit")], Stage.IN_TRANSIT, 120),
        ([seen("out_for_delivery")], Stage.IN_DELIVERY, 48),
        ([seen("refused")], Stage.IN_DELIVERY, 48),
    ],
)
def test_the_patience_with_a_stage(before: Sequence[Any], stage: Stage, hours: int) -> None:
    """LG-016, LG-033: hours from the last news."""
    *earlier, last = before
    when = m.Left("k1", last.at) if isinstance(last, f.DepartureKnown) else m.Scanned(STO, last.scan)
    noted = decided([*TRACK, *earlier], when)[0]
    assert noted.silence_at == T0 + hours * HOUR
    silent = [*TRACK, *earlier, replace(last, silence_at=noted.silence_at)]
    (opened,) = decided(silent, DeadlinePassed("silence", noted.silence_at))
    assert (opened.stage, opened.since_at) == (stage, T0)


@pytest.mark.parametrize("before", [[], [seen("registered")], [seen("delivered")], [f.WaybillVoided()]])
def test_no_news_is_owed(before: Sequence[Any]) -> None:
    """LG-016: of a parcel that nobody gave to the carrier, or that ended."""
    state = after(PARCEL, [*TRACK, *before])
    assert not any(deadline.name == "silence" for deadline in PARCEL.deadlines(state))


STALLED = [*TRACK, seen("in_transit"), f.StallOpened(Stage.IN_TRANSIT, T0, ATT)]


@pytest.mark.parametrize(
    ("when", "is_cleared"),
    [
        (scanned("in_transit", 1), True),
        (scanned("held", -1), False),
        (m.DeclaredLost("k1", Basis.COURIER), True),
        (m.Voided("k1"), True),
    ],
)
def test_a_silence_ends_with_later_news(when: Any, is_cleared: bool) -> None:
    """LG-016"""
    assert bool(of(decided(STALLED, when), f.StallCleared)) is is_cleared


@pytest.mark.parametrize(("payer", "is_collect"), [("recipient", True), ("sender", False)])
def test_who_pays_the_carrier(payer: str, is_collect: bool) -> None:
    """RF-069"""
    data = shop.registered(collect=payer == "recipient")
    assert data.freight_payer is shipments.FreightPayer(payer)
    (read,) = PARCEL.reads[shipments.ParcelRegisteredV1](data)
    assert read.message == m.RegisteredAs(STO, replace(IDENTITY, lines=(L1,)), is_collect)
    assert IDENTITY.direction is Direction.OUTBOUND
