"""Goods that are sent again: the answers about them, and a resend that nobody wants."""

from collections.abc import Sequence
from typing import Any

import pytest

from kernel.decider import HERE, NotYet, tell
from kernel.value import replace
from services.logistics.cases.dispatch import facts as f
from services.logistics.cases.dispatch import messages as m
from services.logistics.cases.dispatch.border import DISPATCH
from services.logistics.cases.lost_parcel import messages as lost_parcel
from services.logistics.cases.reship import messages as reship
from services.logistics.order_file import Clock, Link, OrderFile, Resend, Source
from services.logistics.parcels import Direction, Outcome, Tracking
from tests.services.given import decide, facts_of
from tests.services.logistics.pools import L1, PLACED, YTO, P
from tests.services.logistics.shop import DAY, HOUR, T0

FILE = OrderFile("o1", "c1", "CN-31", False, PLACED.lines, T0)
KNOWN = f.OrderKnown(FILE, P.attention.since(T0))
CLOCK = Clock(T0, T0 + DAY, Source.SHOP, T0 + 3 * DAY, 10)
PAID = [KNOWN, f.ClockStarted(CLOCK, P.attention.since(T0))]


def decided(before: Sequence[Any], when: Any) -> list[Any]:
    return facts_of(decide(DISPATCH, before, when, T0 + HOUR, P))


def of(facts: Sequence[Any], kind: type[Any]) -> list[Any]:
    return [fact for fact in facts if isinstance(fact, kind)]


def recalled(facts: Sequence[Any]) -> list[tuple[str, str, bool]]:
    return [(fact.link.parcel_id, fact.reason_code, fact.is_buyer_asked) for fact in of(facts, f.CallBackDue)]


RESEND = f.ResendKnown(Resend("k1.reship", (L1,), None))
AGAIN = Link("k3", Tracking("sto", "3"), Direction.RESHIP, (L1,), reship_id="k1.reship")
GONE = replace(AGAIN, left_at=T0)
TOLD = tell(lost_parcel.to(HERE, "k1", lost_parcel.ResendLeft()))


@pytest.mark.parametrize(
    ("links", "is_found", "then"),
    [
        ([], False, [f.ResendUnwanted("k1.reship", "k1")]),
        ([AGAIN], False, [f.ResendUnwanted("k1.reship", "k1")]),
        ([replace(GONE, is_void=True)], False, [f.ResendUnwanted("k1.reship", "k1")]),
        ([GONE], False, [f.CallBackDue(GONE, "refund_in_transit", True), TOLD]),
        ([replace(GONE, is_called_back=True)], False, []),
        ([replace(GONE, is_sought=True)], False, []),
        ([replace(GONE, outcome=Outcome.DELIVERED)], False, []),
        ([GONE], True, [f.CallBackDue(GONE, "turned_up", True), TOLD]),
        ([replace(GONE, is_called_back=True)], True, [TOLD]),
        ([replace(GONE, outcome=Outcome.DELIVERED)], True, [TOLD]),
        ([replace(GONE, outcome=Outcome.RETURNED)], True, []),
        ([replace(GONE, outcome=Outcome.LOST)], True, []),
        (
            [GONE, replace(AGAIN, parcel_id="k4", tracking=YTO)],
            True,
            [f.CallBackDue(GONE, "turned_up", True), TOLD],
        ),
    ],
)
def test_a_resend_that_is_not_wanted(links: list[Link], is_found: bool, then: list[Any]) -> None:
    """RF-035, LG-018: let go of before it leaves, called back once on its way."""
    before = [*PAID, RESEND, *map(f.LinkChanged, links)]
    facts = decided(before, m.ResendRevoked("k1.reship", "k1", is_found=is_found))
    assert [fact for fact in facts if not isinstance(fact, f.DoubtsChanged)] == then


@pytest.mark.parametrize(
    ("more", "recalls"),
    [
        ([], []),
        ([f.ResendUnwanted("k1.reship", "k1")], [("k3", "refund_in_transit", True)]),
        ([f.ResendUnwanted("other.reship", "k1")], []),
    ],
)
def test_a_resend_that_leaves_although_it_was_let_go_of(more: Sequence[Any], recalls: list[Any]) -> None:
    """RF-035, LG-018"""
    before = [*PAID, RESEND, f.LinkChanged(AGAIN), *more]
    facts = decided(before, m.ParcelLeft("k3", "sto"))
    assert recalled(facts) == recalls
    assert (TOLD in facts) is bool(recalls)


@pytest.mark.parametrize("action", ["reserve", "send", "cancel"])
def test_the_answer_about_a_resend_reaches_it(action: str) -> None:
    """RF-121: by the request that it made; an answer to nobody's request waits."""
    request_id = reship.request_id("k1.reship", action)
    answered = reship.to(HERE, "k1.reship", reship.Answered(request_id, "declined", None))
    assert decided([*PAID, RESEND], m.ReshipAnswered(request_id, "declined", None)) == [tell(answered)]
    with pytest.raises(NotYet):
        decided(PAID, m.ReshipAnswered(request_id, "declined", None))
