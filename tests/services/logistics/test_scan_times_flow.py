"""Scans whose moment cannot be right (B3); the tests are named after what went wrong."""

from datetime import timedelta
from typing import Any

import pytest

from aftersales_contracts.aftersales import logistics
from services.logistics.cases.parcel import facts as f
from services.logistics.service import LOGISTICS
from services.refunds.service import REFUNDS
from tests.services.flow import Flow
from tests.services.logistics import shop
from tests.services.logistics.shop import DAY, HOUR, T0
from tests.services.logistics.told import clean, flow, on_the_way, outcomes, triggers
from tests.services.test_confirm_clock import asked_at, sent

OFF = [timedelta(hours=48), 8 * HOUR, HOUR, timedelta(seconds=1), -8 * HOUR, -48 * HOUR]
STATUS = logistics.ParcelStatusChangedV1


def statuses(story: Flow) -> list[str]:
    return [each.status.value for each in story.outcomes(STATUS)]


def stalls(story: Flow) -> list[tuple[str, timedelta]]:
    """The silences that were noticed: since when, after T0."""
    return [
        (each.state.value, each.silent_since_at - T0)
        for each in story.outcomes(logistics.ParcelStallChangedV1)
    ]


@pytest.mark.parametrize("off", OFF)
def test_b3_a_scan_hours_off_leaves_later_scans_announced(off: timedelta) -> None:
    """OR-009: zone lost, or a clock that is wrong."""
    story = on_the_way((shop.scan("in_transit", T0 + DAY + off), DAY))
    for number, status in enumerate(("out_for_delivery", "attempt_failed", "delivered"), start=1):
        at = T0 + DAY + 5 * number * HOUR
        story.tell(shop.scan(status, at), at)
    assert statuses(story)[-3:] == ["out_for_delivery", "attempt_failed", "delivered"]
    assert outcomes(story) == ["delivered"]
    clean(story)


@pytest.mark.parametrize("off", OFF)
def test_b3_a_whole_feed_hours_off_keeps_its_order(off: timedelta) -> None:
    """OR-009: every scan is off by as much, and some are told in one go."""
    story = flow((shop.placed(), 0 * HOUR), (shop.paid(), HOUR), (shop.registered(), 2 * HOUR))
    scans = [("picked_up", 3), ("in_transit", 4), ("out_for_delivery", 9), ("delivered", 10)]
    for status, hours in scans[:1]:
        story.tell(shop.scan(status, T0 + hours * HOUR + off), T0 + hours * HOUR)
    for status, hours in reversed(scans[1:]):
        story.tell(shop.scan(status, T0 + hours * HOUR + off), T0 + 11 * HOUR)
    assert outcomes(story) == ["delivered"]
    assert statuses(story)[0] == "picked_up"
    assert statuses(story)[-1] == "delivered"
    clean(story)


@pytest.mark.parametrize("off", OFF)
def test_b3_a_scan_hours_off_does_not_stop_the_watch_for_silence(off: timedelta) -> None:
    """LG-016: five days after it was told, at the latest."""
    story = on_the_way((shop.scan("in_transit", T0 + DAY + off), DAY))
    story.pass_until(T0 + 6 * DAY)
    assert [state for state, _ in stalls(story)] == ["opened"]
    assert [x.at - T0 for x in story.told if isinstance(x.event, logistics.ParcelStallChangedV1)] == [
        max(DAY, min(6 * DAY, 6 * DAY + off)) if off != -48 * HOUR else 2 * DAY + 7 * HOUR
    ]


@pytest.mark.parametrize("off", [48 * HOUR, 8 * HOUR])
def test_b3_a_scan_hours_ahead_confirms_nothing_early(off: timedelta) -> None:
    """OR-029: the silence after it is noticed, and nobody confirms the receipt of a parcel that is sought."""
    story = sent((shop.scan("in_transit", T0 + DAY + off), DAY))
    story.pass_until(T0 + 40 * DAY)
    assert [state for state, _ in stalls(story)] == ["opened"]
    assert asked_at(story) == []


def test_b3_a_scan_hours_ahead_that_is_told_again_is_no_later_news() -> None:
    """LG-016: before or after the moment that it names; the first telling counts."""
    ahead = shop.scan("in_transit", T0 + DAY + 20 * HOUR)
    story = on_the_way((ahead, DAY), (ahead, DAY + 9 * HOUR), (ahead, 3 * DAY))
    assert statuses(story) == ["picked_up", "in_transit"]
    story.pass_until(T0 + 6 * DAY)
    assert [state for state, _ in stalls(story)] == ["opened"]


def test_b3_a_moment_that_cannot_be_right_is_kept_and_seen() -> None:
    story = on_the_way((shop.scan("in_transit", T0 + DAY + 8 * HOUR), DAY))
    told = story.outcomes(STATUS)
    assert [each.told_occurred_at for each in told] == [None, T0 + DAY + 8 * HOUR]
    assert not told[-1].is_late_news


def test_b3_an_old_history_of_the_waybill_is_of_another_parcel() -> None:
    """OR-009: a tracker tells the whole history of a number that was used before; all of it is kept."""
    story = flow(
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (shop.registered(), 5 * HOUR),
        (shop.shipped(), 5 * HOUR),
        (shop.scan("picked_up", T0 - 200 * DAY), 6 * HOUR),
        (shop.scan("delivered", T0 - 197 * DAY), 6 * HOUR),
    )
    assert statuses(story) == []
    assert outcomes(story) == []
    assert [fact.name for fact in story.facts if fact.kind == "parcel"].count(f.ScanOfAnother.__name__) == 2
    story.tell(shop.scan("picked_up", T0 + 7 * HOUR), T0 + 7 * HOUR)
    assert statuses(story) == ["picked_up"]
    clean(story)


@pytest.mark.parametrize("is_old_first", [True, False])
def test_b3_an_old_history_before_the_registration_says_nothing_of_the_new_parcel(is_old_first: bool) -> None:
    """OR-009: in either order of the two parcels' scans."""
    old = [shop.scan("picked_up", T0 - 60 * DAY), shop.scan("delivered", T0 - 57 * DAY)]
    new = [shop.scan("picked_up", T0 + 2 * HOUR)]
    story = flow((shop.placed(), 0 * HOUR), (shop.paid(), HOUR))
    for event in [*old, *new] if is_old_first else [*new, *old]:
        story.tell(event, T0 + 3 * HOUR)
    story.tell(shop.registered(), T0 + 5 * HOUR)
    assert statuses(story) == ["picked_up"]
    assert outcomes(story) == []
    assert story.state("dispatch", "o1").file.link("k1").pickup_at == T0 + 2 * HOUR


def test_b3_a_false_mark_is_not_covered_by_a_scan_of_another_year() -> None:
    """LG-064: a pick-up from before the parcel was made is no pick-up."""
    story = flow(
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (shop.registered(), 5 * HOUR),
        (shop.shipped(), 5 * HOUR),
        (shop.scan("picked_up", T0 - 300 * DAY), 6 * HOUR),
    )
    story.pass_until(T0 + 5 * DAY)
    assert triggers(story) == ["false_shipment"]


def test_b3_an_outcome_is_not_dated_before_the_news_that_led_to_it() -> None:
    """LG-016: the news is older than all patience; the silence is noticed when it is told, and dated so."""
    story = Flow(LOGISTICS, REFUNDS)
    for event, after in (
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (shop.registered(), 5 * HOUR),
        (shop.shipped(), 5 * HOUR),
        (shop.scan("in_transit", T0 - 20 * DAY), 6 * HOUR),
    ):
        story.tell(event, T0 + after)
    story.pass_until(T0 + DAY)
    assert stalls(story) == [("opened", -20 * DAY)]
    assert min(told.at for told in story.told) >= T0
    clean(story)


@pytest.mark.parametrize("terms", [{"dispatch_by_at": T0 - 5000 * DAY}, {"dispatch_within_hours": 0}])
def test_b3_a_commitment_that_was_missed_before_it_was_told_is_missed_now(terms: dict[str, Any]) -> None:
    """LG-053, LG-054: its deadline lies years before the order; what follows is dated by the payment."""
    story = flow((shop.placed([shop.line(**terms)]), 0 * HOUR), (shop.paid(), HOUR))
    story.pass_until(T0 + 5 * DAY)
    overdue = [x.at for x in story.told if isinstance(x.event, logistics.DispatchOverdueV1)]
    assert overdue == [T0 + HOUR]
    clean(story)
