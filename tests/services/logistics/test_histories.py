"""Any history of any kind of case: in any order, with any repetition, late, and with deadlines in between."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.logistics.cases import courier_claim_words as cw
from services.logistics.cases import dispatch_facts as f
from services.logistics.cases import lost_parcel_words as lw
from services.logistics.cases import parcel_words as pw
from services.logistics.cases import stock_shortage as sw
from services.logistics.cases.dispatch_states import HandedOver, Stopped
from services.logistics.cases.track import outcome_of, picture, status_of
from tests.services.logistics.pools import KINDS, PARCEL, POOLS, SCANS, STO, Walk, changes, walk
from tests.services.logistics.shop import DAY

HOURS = st.sampled_from((0, 1, 5, 30, 80, 300, 2_000))


def histories(kind_name: str, size: int = 25) -> st.SearchStrategy[list[tuple[Any, int]]]:
    return st.lists(st.tuples(st.sampled_from(POOLS[kind_name]), HOURS), max_size=size)


def check(made: Walk) -> None:
    """What holds for every kind: what is open is looked at again, until persons have looked often enough."""
    state = made.state
    if type(state).__name__ == "Absent":
        return
    attention = getattr(state, "attention", None) or getattr(getattr(state, "track", None), "attention", None)
    is_ended = isinstance(state, tuple(made.kind.ended_states))
    if not is_ended and not made.kind.deadlines(state):
        assert attention is not None
        assert attention.left == 0


@settings(max_examples=300, deadline=None)
@given(histories("dispatch", 30))
def test_dispatch(history: list[tuple[Any, int]]) -> None:
    """RF-005, LG-063: each lateness stands at most once, a parcel is paid at most once, an end is an end."""
    made = walk("dispatch", history)
    check(made)
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


@settings(max_examples=300, deadline=None)
@given(histories("parcel", 30))
def test_parcel(history: list[tuple[Any, int]]) -> None:
    """RF-044: an outcome is announced once and again only as another; without an order nothing is said."""
    made = walk("parcel", history)
    check(made)
    told = None
    has_order = False
    for fact in made.facts:
        match fact:
            case pw.TrackOpened():
                told, has_order = None, False
            case pw.IdentityKnown():
                has_order = True
            case pw.OutcomeDecided(decision=decision, revises=revises):
                assert has_order
                assert revises is told
                assert decision.outcome is not told
                told = decision.outcome
            case pw.StatusChanged() | pw.StallOpened():
                assert has_order
            case _:
                pass


@settings(max_examples=300, deadline=None)
@given(st.permutations(SCANS[:-1]), st.lists(st.sampled_from(SCANS[:-1]), max_size=5), st.integers(0, 12))
def test_scans_in_any_order(scans: list[Any], repeats: list[Any], place: int) -> None:
    """OR-009: whatever the order and the repeats, the picture is the same, and status never goes back."""
    messages: list[Any] = [pw.Scanned(STO, scan) for scan in [*scans, *repeats]]
    registration = next(x for x in PARCEL if isinstance(x, pw.RegisteredAs))
    messages.insert(place, registration)
    made = Walk(KINDS["parcel"])
    for message in messages:
        made.tell(message)
    in_order = Walk(KINDS["parcel"])
    for message in (registration, *(pw.Scanned(STO, scan) for scan in SCANS[:-1])):
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
        fact.scan.at for fact in made.facts if isinstance(fact, pw.StatusChanged) and not fact.is_late_news
    ]
    assert on_time == sorted(on_time)


@settings(max_examples=400, deadline=None)
@given(histories("lost-parcel", 30))
def test_lost_parcel(history: list[tuple[Any, int]]) -> None:
    """LG-018, LG-020: one remedy for a loss, money after report and memo, a refund after a failed resend."""
    made = walk("lost-parcel", history)
    check(made)
    remedies: list[str] = []
    done: set[type] = set()
    for fact in made.facts:
        match fact:
            case lw.LossConfirmed():
                remedies, done = [], set()
            case lw.ReportDone() | lw.MemoDone():
                done.add(type(fact))
            case lw.ReshipChosen():
                assert remedies == []
                remedies.append("reship")
            case lw.RefundChosen(is_reship_out=True):
                remedies.remove("reship")
            case lw.PaymentDue():
                assert remedies == []
                assert done == {lw.ReportDone, lw.MemoDone}
                remedies.append("refund")
            case lw.PaidElsewhere():
                remedies = ["refund"]
            case _:
                pass


@settings(max_examples=300, deadline=None)
@given(histories("courier-claim"))
def test_courier_claim(history: list[tuple[Any, int]]) -> None:
    """LG-022: a claim is concluded at most once, and never for more than one payment."""
    made = walk("courier-claim", history)
    check(made)
    assert sum(isinstance(fact, cw.ClaimConcluded) for fact in made.facts) <= 1


@settings(max_examples=200, deadline=None)
@given(histories("intercept"))
def test_intercept(history: list[tuple[Any, int]]) -> None:
    """LG-050: it ends once, with the parcel."""
    made = walk("intercept", history)
    check(made)
    assert sum(type(fact).__name__ == "RecallEnded" for fact in made.facts) <= 1


@settings(max_examples=300, deadline=None)
@given(histories("reship"))
def test_reship(history: list[tuple[Any, int]]) -> None:
    """RF-121: it is sent out at most once; nothing is sent that was called off."""
    made = walk("reship", history)
    check(made)
    names = [type(fact).__name__ for fact in made.facts]
    assert names.count("SentOut") <= 1
    if "CalledOff" in names:
        assert "SentOut" not in names[names.index("CalledOff") :]


@settings(max_examples=300, deadline=None)
@given(histories("stock-shortage"))
def test_stock_shortage(history: list[tuple[Any, int]]) -> None:
    """RF-007: money is asked for by the buyer's choice alone, and never twice under one id."""
    made = walk("stock-shortage", history)
    check(made)
    ids = [fact.remedy_id for fact in made.facts if isinstance(fact, sw.RefundTaken)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("kind_name", sorted(POOLS))
def test_every_state_is_reached(kind_name: str) -> None:
    """No state is there for show."""
    reached = {after for _, after in changes(kind_name)}
    assert reached == {state.__name__ for state in KINDS[kind_name].states} - {"Absent"}
