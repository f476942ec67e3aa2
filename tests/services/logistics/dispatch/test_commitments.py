"""Missing goods, promises and lateness that turns out to be none: moments, on either side."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from kernel.value import replace
from services.logistics.cases.dispatch import facts as f
from services.logistics.cases.dispatch import messages as m
from services.logistics.cases.dispatch.border import DISPATCH
from services.logistics.commitments import open_questions, sent_by
from services.logistics.order_file import Clock, Hold, HoldPhase, Link, Mark, OrderFile, Source, Trigger
from services.logistics.parcels import Direction
from services.logistics.shares import merged
from tests.services.given import decide, facts_of
from tests.services.logistics.pools import L1, L2, PLACED, STO, YTO, P
from tests.services.logistics.shop import DAY, HOUR, T0

LIMIT = T0 + 72 * HOUR
FILE = OrderFile("o1", "c1", "CN-31", False, PLACED.lines, T0)
KNOWN = f.OrderKnown(FILE, P.attention.since(T0))
CLOCK = f.ClockStarted(Clock(T0, T0 + DAY, Source.SHOP, LIMIT, 10), P.attention.since(T0))
PAID = [KNOWN, CLOCK]
FIRST = Link("k1", STO, Direction.OUTBOUND, (L1,))
SECOND = Link("k2", YTO, Direction.OUTBOUND, (L2,))


def names(before: Sequence[Any], when: Any, at: datetime) -> list[str]:
    return [type(fact).__name__ for fact in facts_of(decide(DISPATCH, before, when, at, P))]


STATED = f.LateEstablished(Trigger.STOCKOUT_STATED, T0, (L1,), P.attention.since(T0))


@pytest.mark.parametrize(
    ("before", "noted", "late"),
    [
        (PAID, m.ShortageNoted((L1,), False, LIMIT - HOUR), []),
        (PAID, m.ShortageNoted((L1,), False, LIMIT), []),
        (PAID, m.ShortageNoted((L1,), False, LIMIT + HOUR), ["LateEstablished"]),
        (PAID, m.ShortageNoted((L1,), False, None), ["LateEstablished"]),
        (PAID, m.ShortageNoted((L1,), True, LIMIT - HOUR), ["LateEstablished"]),
        ([*PAID, STATED], m.ShortageNoted((L1,), True, None), []),
        ([KNOWN], m.ShortageNoted((L1,), True, None), []),
    ],
)
def test_a_stock_out(before: Sequence[Any], noted: m.ShortageNoted, late: list[str]) -> None:
    """LG-062: the word that goods are not to be had, once, unless they come in time; before payment never."""
    assert names(before, noted, T0 + HOUR) == ["ShortageKnown", *late]


@pytest.mark.parametrize("is_over", [f.OrderStopped(T0), f.OrderSucceeded(T0)])
def test_nobody_chooses_about_goods_of_an_order_that_is_over(is_over: Any) -> None:
    """RF-007"""
    assert names([*PAID, is_over], m.ShortageNoted((L1,), True, None), T0 + HOUR) == []


def test_goods_that_left_are_not_missing() -> None:
    """RF-007: what has left counts as sent, the rest is missing."""
    left = f.DepartureNoted(replace(FIRST, left_at=T0))
    decided = facts_of(decide(DISPATCH, [*PAID, left], m.ShortageNoted((L1, L2), False, None), T0 + HOUR, P))
    assert [fact.lines for fact in decided] == [(L2,), (L2,)]
    assert names([*PAID, left], m.ShortageNoted((L1,), False, None), T0 + HOUR) == []


@pytest.mark.parametrize("hours", [0, 1, 48])
def test_a_promise_of_hours_counts_from_the_payment(hours: int) -> None:
    """LG-056: goods that are promised at once are due at once."""
    lines = tuple(replace(line, dispatch_within_hours=hours) for line in PLACED.lines)
    known = replace(KNOWN, file=replace(FILE, lines=lines))
    (started,) = facts_of(decide(DISPATCH, [known], m.Paid(), T0, P))
    assert (started.clock.target_at, started.clock.target_source) == (T0 + hours * HOUR, Source.PRODUCT)


MARK = Mark(T0, "express", ("k1",), (L1,), T0 + DAY)
EARLIER = f.LinkChanged(FIRST)
FALSE_MARK = f.LateEstablished(Trigger.FALSE_SHIPMENT, LIMIT, (L1,), P.attention.since(LIMIT))
UNSHIPPED = f.LateEstablished(Trigger.UNSHIPPED_72H, LIMIT, (L1, L2), P.attention.since(LIMIT))


def mark(parcel_id: str, pickup_by: datetime) -> f.MarkNoted:
    return f.MarkNoted(replace(MARK, parcel_ids=(parcel_id,), pickup_by=pickup_by))


@pytest.mark.parametrize(
    ("others", "is_withdrawn"),
    [
        ([], True),
        ([mark("k2", LIMIT)], False),
        ([mark("k2", LIMIT - HOUR)], False),
        ([mark("k2", LIMIT + HOUR)], True),
    ],
)
def test_a_false_mark_was_true_after_all(others: Sequence[Any], *, is_withdrawn: bool) -> None:
    """LG-064: the late news counts for the marks that had to be true by that moment, not for later ones."""
    before = [*PAID, EARLIER, f.LinkChanged(SECOND), mark("k1", T0 + DAY), *others, FALSE_MARK]
    decided = facts_of(decide(DISPATCH, before, m.PickedUp("k1", T0 + 2 * HOUR), LIMIT + HOUR / 2, P))
    assert (f.LateWithdrawn(Trigger.FALSE_SHIPMENT, LIMIT, "earlier_pickup") in decided) is is_withdrawn


@pytest.mark.parametrize(
    ("delay", "is_withdrawn"),
    [(timedelta(0), True), (HOUR, False), (-HOUR, True)],
)
def test_goods_that_left_within_the_limit(delay: timedelta, *, is_withdrawn: bool) -> None:
    """LG-063: the news of it comes late; at the limit itself is in time."""
    whole = replace(FIRST, lines=(L1, L2))
    before = [*PAID, f.LinkChanged(whole), UNSHIPPED]
    decided = facts_of(decide(DISPATCH, before, m.ParcelLeft("k1", "sto"), LIMIT + delay, P))
    withdrawn = f.LateWithdrawn(Trigger.UNSHIPPED_72H, LIMIT, "earlier_pickup")
    assert (withdrawn in decided) is is_withdrawn


def test_a_stated_stock_out_stands_although_the_goods_left() -> None:
    """LG-062: the word was said; goods that left before it do not unsay it."""
    whole = replace(FIRST, lines=(L1, L2))
    before = [*PAID, f.LinkChanged(whole), replace(STATED, moment=T0 + 9 * HOUR)]
    decided = facts_of(decide(DISPATCH, before, m.ParcelLeft("k1", "sto"), T0 + HOUR, P))
    assert not any(isinstance(fact, f.LateWithdrawn) for fact in decided)


@pytest.mark.parametrize(("at", "then"), [(T0 + 2 * HOUR, []), (T0 + HOUR, []), (T0, ["DepartureNoted"])])
def test_the_earliest_departure_counts(at: datetime, then: list[str]) -> None:
    """LG-063: news of the same departure, or of a later one, changes nothing."""
    left = f.DepartureNoted(replace(FIRST, left_at=T0 + HOUR))
    assert names([*PAID, left], m.ParcelLeft("k1", "sto"), at) == then


@pytest.mark.parametrize(("at", "then"), [(T0 + 2 * HOUR, []), (T0 + HOUR, []), (T0, ["LinkChanged"])])
def test_the_earliest_pick_up_counts(at: datetime, then: list[str]) -> None:
    """LG-064: a later scan proves nothing more."""
    known = f.LinkChanged(replace(FIRST, pickup_at=T0 + HOUR))
    assert names([*PAID, known], m.PickedUp("k1", at), T0 + 3 * HOUR) == then


TWO = replace(FILE, clock=CLOCK.clock, links=(FIRST, SECOND), marks=(MARK,))


@pytest.mark.parametrize(
    ("pickup_at", "by", "sent"),
    [
        (None, T0 - HOUR, ()),
        (None, T0, (L1,)),
        (None, T0 + DAY - HOUR, (L1,)),
        (None, T0 + DAY, ()),
        (T0 + DAY, T0 - HOUR, ()),
        (T0 + DAY, T0, (L1,)),
        (T0 + DAY, T0 + 2 * DAY, (L1,)),
        (T0 + DAY + HOUR, T0 + DAY, ()),
        (T0 + DAY + HOUR, T0 + DAY + HOUR, (L1,)),
    ],
)
def test_a_mark_speaks_of_its_own_parcel(
    pickup_at: datetime | None, by: datetime, sent: Sequence[Any]
) -> None:
    """LG-063, LG-064: until its time is over, or for good where the carrier had the goods by then."""
    file = replace(TWO, links=(replace(FIRST, pickup_at=pickup_at), SECOND))
    assert merged(sent_by(file, by)) == tuple(sent)


HELD = Hold("r1", "r1.hold", (L1,), T0, None, T0 + DAY, HoldPhase.ASKED)


@pytest.mark.parametrize(
    ("file", "is_asked"),
    [
        (TWO, True),
        (replace(TWO, closed_at=T0), False),
        (replace(TWO, succeeded_at=T0), False),
        (replace(TWO, holds=(HELD,), paused_at=T0), False),
        (replace(TWO, holds=(replace(HELD, phase=HoldPhase.OVER),)), True),
        (replace(TWO, marks=(replace(MARK, is_asked=True),)), False),
        (replace(TWO, links=(replace(FIRST, pickup_at=T0 + DAY), SECOND)), False),
        (replace(TWO, links=(replace(FIRST, pickup_at=T0 + DAY + HOUR), SECOND)), True),
        (replace(TWO, marks=(replace(MARK, delivery_kind="virtual"),)), False),
    ],
)
def test_nobody_is_asked_about_a_mark_of_an_order_that_is_over_or_held(
    file: OrderFile, *, is_asked: bool
) -> None:
    """LG-064: nor about one that was true, or about which somebody was asked."""
    assert bool(open_questions(file)) is is_asked
