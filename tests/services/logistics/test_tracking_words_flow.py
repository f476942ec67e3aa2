"""Words of trackers beside the usual: problems, odd turns, names, unknown words, the day of delivery."""

from datetime import timedelta

import pytest

from aftersales_contracts.aftersales import logistics
from aftersales_contracts.enums import ParcelStatus, SignedBy
from aftersales_contracts.scan_ids import scan_event_id
from services.logistics.cases.parcel.state import Moving, Problem, Returning
from tests.services.flow import Flow
from tests.services.logistics import shop
from tests.services.logistics.shop import DAY, HOUR, T0
from tests.services.logistics.told import clean, flow, on_the_way, outcomes, recalls, triggers
from tests.services.test_confirm_clock import asked_at, doubts, sent

STATUS = logistics.ParcelStatusChangedV1


def last(story: Flow) -> STATUS:
    told: STATUS = story.outcomes(STATUS)[-1]
    return told


@pytest.mark.parametrize(
    ("status", "state", "patience"),
    [
        ("problem", Problem, 5 * DAY),
        ("missorted", Moving, 5 * DAY),
        ("intercepted", Returning, 5 * DAY),
        ("not_collected", Problem, 2 * DAY),
    ],
)
def test_a_status_is_shown_and_the_parcel_is_watched(status: str, state: type, patience: timedelta) -> None:
    """OR-009, LG-016"""
    story = on_the_way((shop.scan(status, T0 + DAY), DAY))
    assert last(story).status.value == status
    assert isinstance(story.state("parcel", "sto/773001"), state)
    assert outcomes(story) == []
    story.pass_until(T0 + DAY + patience - timedelta(seconds=1))
    assert story.outcomes(logistics.ParcelStallChangedV1) == []
    story.pass_until(T0 + DAY + patience)
    assert len(story.outcomes(logistics.ParcelStallChangedV1)) == 1
    clean(story)


@pytest.mark.parametrize("status", ["intercepted", "not_collected"])
def test_nobody_confirms_a_parcel_that_was_stopped_or_never_collected(status: str) -> None:
    """OR-029: it comes back, unless the buyer gets it after all."""
    story = sent((shop.scan(status, T0 + DAY), DAY))
    assert doubts(story) == [[("k1", "returning")]]
    story.pass_until(T0 + 30 * DAY)
    assert asked_at(story) == []


def test_an_error_before_the_pick_up_is_no_pick_up() -> None:
    """LG-064: a tracker says error of a number that it does not know."""
    story = flow(
        (shop.placed(), 0 * HOUR),
        (shop.paid(), HOUR),
        (shop.registered(), 5 * HOUR),
        (shop.shipped(), 5 * HOUR),
        (shop.scan("problem", T0 + 6 * HOUR), 6 * HOUR),
    )
    story.pass_until(T0 + 5 * DAY)
    assert triggers(story) == ["false_shipment"]


def test_a_problem_ends_with_the_next_scan() -> None:
    """OR-009: no call-back, no question."""
    story = on_the_way((shop.scan("problem", T0 + DAY), DAY), (shop.scan("delivered", T0 + 2 * DAY), 2 * DAY))
    assert outcomes(story) == ["delivered"]
    assert recalls(story) == []
    clean(story)


def test_a_status_that_we_do_not_know_is_kept() -> None:
    """OR-009: it is a sign of life; the word is told beside the carrier's own code."""
    strange = shop.scan("in_transit", T0 + DAY).model_copy(update={"status": ParcelStatus("teleported")})
    story = on_the_way()
    story.take(strange, T0 + DAY)
    assert last(story).status is ParcelStatus.IN_TRANSIT
    assert last(story).told_status_code == "teleported"
    assert last(story).raw_status_code == "raw-in_transit"
    story.pass_until(T0 + 6 * DAY)
    assert len(story.outcomes(logistics.ParcelStallChangedV1)) == 1
    clean(story)


def test_a_signer_that_we_do_not_know_fails_nothing() -> None:
    """LG-042: the word is kept, the parcel is delivered."""
    strange = shop.scan("delivered", T0 + DAY).model_copy(update={"signed_by": SignedBy("robot")})
    story = on_the_way()
    story.take(strange, T0 + DAY)
    assert outcomes(story) == ["delivered"]
    assert (last(story).signed_by, last(story).told_signer_code) == (None, "robot")
    clean(story)


def test_a_name_as_signer_is_told_without_the_name() -> None:
    """LG-042"""
    named = shop.scan("delivered", T0 + DAY, signed_by="named").model_copy(
        update={"signer_ref": "carrier:77"}
    )
    story = on_the_way((named, DAY))
    assert outcomes(story) == ["delivered"]
    assert last(story).signed_by is SignedBy.NAMED
    assert all("carrier:77" not in (fact.event or "") for fact in story.facts)


def test_the_day_of_delivery_is_told_as_it_was_said_last() -> None:
    """OR-009: by the scans' own time, whatever is read last; a scan that says none keeps it."""
    first, second = T0 + 4 * DAY, T0 + 5 * DAY
    story = on_the_way()
    for status, after, expected, read in (
        ("in_transit", DAY, second, DAY),
        ("missorted", 20 * HOUR, first, DAY + HOUR),
        ("out_for_delivery", 2 * DAY, None, 2 * DAY),
    ):
        event = shop.scan(status, T0 + after).model_copy(update={"expected_delivery_at": expected})
        story.tell(event, T0 + read)
    assert last(story).expected_delivery_at == second


def test_a_history_that_is_told_again_has_the_ids_of_the_first_time() -> None:
    scans = [shop.scan(status, T0 + hours * HOUR) for status, hours in (("picked_up", 1), ("in_transit", 5))]
    again = [shop.scan(status, T0 + hours * HOUR) for status, hours in (("picked_up", 1), ("in_transit", 5))]
    assert [scan_event_id(each) for each in scans] == [scan_event_id(each) for each in again]
    assert len({scan_event_id(each) for each in scans}) == 2
