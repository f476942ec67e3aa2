"""The id of a scan is derived from the scan, so that a history that is told again is a repeat."""

from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest

from aftersales_contracts.enums import ParcelStatus, SignedBy
from aftersales_contracts.scan_ids import scan_event_id
from aftersales_contracts.shop.scans import ParcelScannedV1

AT = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
SCAN = ParcelScannedV1(
    carrier_code="sf",
    tracking_code="SF1",
    occurred_at=AT,
    status=ParcelStatus.IN_TRANSIT,
    raw_status_code="30",
    place_name="杭州",
)


def test_the_id_is_made_as_the_readme_says() -> None:
    text = "sf\nSF1\n2026-12-01T08:00:00Z\n30\n杭州"
    assert scan_event_id(SCAN) == f"scan-{sha256(text.encode()).hexdigest()[:32]}"
    assert len(scan_event_id(SCAN)) == 37


@pytest.mark.parametrize(
    "change",
    [
        {"occurred_at": AT.astimezone(timezone(timedelta(hours=8)))},
        {"raw_text": "已到达"},
        {"status": ParcelStatus.DELIVERED, "signed_by": SignedBy.NAMED},
        {"weight_grams": 3},
    ],
)
def test_the_same_scan_in_other_words_has_the_same_id(change: dict[str, object]) -> None:
    assert scan_event_id(SCAN.model_copy(update=change)) == scan_event_id(SCAN)


@pytest.mark.parametrize(
    "change",
    [
        {"occurred_at": AT + timedelta(seconds=1)},
        {"raw_status_code": "31"},
        {"place_name": None},
        {"tracking_code": "SF2"},
        {"carrier_code": "yto"},
    ],
)
def test_another_scan_has_another_id(change: dict[str, object]) -> None:
    assert scan_event_id(SCAN.model_copy(update=change)) != scan_event_id(SCAN)
