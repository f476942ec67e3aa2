"""A moment in data that has passed is bounded by the time of its event (B3)."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aftersales_contracts import registry
from aftersales_contracts.enums import ParcelStatus
from aftersales_contracts.envelope import Envelope, write
from aftersales_contracts.happened import happened_fields
from aftersales_contracts.reasons import Reason
from aftersales_contracts.shop.scans import ParcelScannedV1
from chassis.engine.records import StoredOrigin
from chassis.ingest.decoder import Accepted, Decoder, Entry, Rejected
from chassis.settings import Limits
from tests.chassis import toy

NOW = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
TIME = NOW - timedelta(hours=1)
SERVICE = replace(toy.TOY, kinds=(replace(toy.TAB_KIND, reads={ParcelScannedV1: toy.nothing}),))


def read(occurred_at: str, *, by_marks: bool = False) -> Entry:
    data = json.loads(
        registry.encode(
            ParcelScannedV1(
                carrier_code="sf",
                tracking_code="SF1",
                occurred_at=TIME,
                status=ParcelStatus.IN_TRANSIT,
                raw_status_code="1",
            )
        )
    )
    envelope = Envelope("e-1", "carrier/sf", ParcelScannedV1.TYPE, TIME, "sf/SF1")
    key, headers, value = write(envelope, json.dumps({**data, "occurred_at": occurred_at}).encode())
    decoder = Decoder(SERVICE, Limits(), by_marks=by_marks, now=lambda: NOW)
    return decoder.read(StoredOrigin(ParcelScannedV1.TOPIC, 0, 0, key, tuple(headers), value))


@pytest.mark.parametrize("by_marks", [False, True])
@pytest.mark.parametrize(
    ("after", "place"),
    [
        (timedelta(hours=48, seconds=1), "occurred_at: more than 48 hours ahead of time"),
        (timedelta(days=20_000), "occurred_at: more than 48 hours ahead of time"),
        (-timedelta(days=400, seconds=1), "occurred_at: more than 400 days before time"),
        (-timedelta(days=9_000), "occurred_at: more than 400 days before time"),
    ],
)
def test_b3_a_scan_of_another_age_is_refused_by_name(after: timedelta, place: str, by_marks: bool) -> None:
    entry = read((TIME + after).isoformat(), by_marks=by_marks)
    assert isinstance(entry, Rejected)
    assert (entry.reason, entry.detail) == (Reason.TIME_OUT_OF_BOUNDS, place)
    assert entry.event_type == ParcelScannedV1.TYPE


@pytest.mark.parametrize(
    "after",
    [timedelta(hours=48), timedelta(hours=8), timedelta(0), -timedelta(hours=8), -timedelta(days=400)],
)
def test_b3_a_scan_that_is_hours_off_or_late_is_taken(after: timedelta) -> None:
    assert isinstance(read((TIME + after).isoformat()), Accepted)


def test_b3_the_bounds_are_the_same_in_every_zone() -> None:
    shifted = (TIME + timedelta(hours=48)).astimezone(tz=None).isoformat()
    assert isinstance(read(shifted), Accepted)
    assert isinstance(read(f"{(TIME + timedelta(hours=48)).isoformat()[:-6]}-01:00"), Rejected)


def test_b3_each_moment_that_has_passed_is_bounded() -> None:
    """Our own outcomes are dated by us; of what is told to us, `occurred_at` says when something happened."""
    bounded = {
        name: sorted(happened_fields(event))
        for name, event in registry.EVENTS.items()
        if name.startswith("shop.") and happened_fields(event)
    }
    told = {
        name: sorted(field for field in event.model_fields if field == "occurred_at")
        for name, event in registry.EVENTS.items()
        if name.startswith("shop.") and "occurred_at" in event.model_fields
    }
    assert bounded == told == {ParcelScannedV1.TYPE: ["occurred_at"]}
