"""Checks that a published schema and the border take and refuse the same documents."""

import copy
import json
from typing import Any

import pytest
from pydantic import ValidationError

from aftersales_contracts.json_schema import schemas
from aftersales_contracts.registry import EVENTS, encode, read_data
from aftersales_contracts.shop.orders import OrderPlacedV1
from aftersales_contracts.shop.scans import ParcelScannedV1
from tests.contracts.agreement import Agreement
from tests.contracts.test_samples import sample

COUNT = 200
SCHEMAS = schemas()
SCAN = json.loads(sample(ParcelScannedV1.TYPE))
PLACED = json.loads(sample(OrderPlacedV1.TYPE))


def faults(event_class: Any, document: dict[str, Any]) -> list[tuple[str, str]]:
    """The place and kind of each error, nothing where the border takes the document."""
    try:
        read_data(event_class, json.dumps(document).encode())
    except ValidationError as error:
        return [(".".join(map(str, each["loc"])), each["type"]) for each in error.errors(include_url=False)]
    return []


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_schema_and_border_give_one_verdict(name: str) -> None:
    agreement = Agreement(name, SCHEMAS[name], seed=1)

    found = [str(one) for one in map(agreement.judge, agreement.documents(COUNT)) if one is not None]

    assert found == []
    assert COUNT // 3 <= agreement.sound_count < COUNT


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("maximum", 10), ("type", "string"), ("minimum", None)],
    ids=["bound", "type", "no bound"],
)
def test_a_schema_that_says_something_else_is_seen(keyword: str, value: object) -> None:
    schema = copy.deepcopy(SCHEMAS[ParcelScannedV1.TYPE])
    field = schema["properties"]["weight_grams"]
    if value is None:
        field["minimum"] = -(2**53)
    else:
        field[keyword] = value
    if keyword == "type":
        schema["properties"]["weight_grams"] = {"type": "string", "minLength": 0, "maxLength": 9}
    agreement = Agreement(ParcelScannedV1.TYPE, schema, seed=1)

    assert any(agreement.judge(document) for document in agreement.documents(3 * COUNT))


@pytest.mark.parametrize(
    "text",
    [
        "20261201", "1764478800", "1764478800000", 1764478800, 0, None, "", "2026-12-01",
        "2026-12-01T00:00:00", "2026-12-01T00:00:00+0800", "2026-12-01T00:00:00+08", "2026-12-01 00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-12-01T24:00:00Z", "0001-01-01T00:00:00Z", "1999-12-31T23:59:59Z", "9999-12-31T23:59:59Z",
        "2101-01-01T00:00:00Z", "2000-01-01T00:00:00+08:00", "2100-12-31T23:59:59-00:01",
    ],
)  # fmt: skip
def test_what_is_no_moment_is_refused_with_its_field(text: object) -> None:
    """B1, B2, B4: digits were read as seconds since 1970, and year 1 killed its order."""
    line = {**PLACED["lines"][0], "dispatch_by_at": text}

    assert faults(ParcelScannedV1, {**SCAN, "occurred_at": text}) == [("occurred_at", "moment")]
    found = faults(OrderPlacedV1, {**PLACED, "lines": [line, *PLACED["lines"][1:]]})
    assert [place for place, _ in found] == ["lines.0.dispatch_by_at"]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-12-01T08:00:00+08:00", "2026-12-01T00:00:00Z"),
        ("2026-12-01t00:00:00z", "2026-12-01T00:00:00Z"),
        ("2026-12-01T00:00:00.123456789Z", "2026-12-01T00:00:00.123456Z"),
        ("2000-01-01T00:00:00Z", "2000-01-01T00:00:00Z"),
        ("2100-12-31T23:59:59Z", "2100-12-31T23:59:59Z"),
    ],
)
def test_a_moment_is_read_and_written_in_utc(text: str, written: str) -> None:
    event = read_data(ParcelScannedV1, json.dumps({**SCAN, "occurred_at": text}).encode())

    assert json.loads(encode(event))["occurred_at"] == written


def test_a_promise_of_ten_thousand_years_is_refused() -> None:
    """B2: hours that no date can hold."""
    for hours, found in ((87_600, []), (87_601, [("lines.0.dispatch_within_hours", "less_than_equal")])):
        line = {**PLACED["lines"][0], "dispatch_within_hours": hours}
        assert faults(OrderPlacedV1, {**PLACED, "lines": [line, *PLACED["lines"][1:]]}) == found


def test_a_whole_number_may_have_a_point() -> None:
    """B13: `4900.0` is an integer to JSON Schema, and to us; `4900.5` and `"4900"` are none."""
    event = read_data(ParcelScannedV1, json.dumps({**SCAN, "weight_grams": 4900.0}).encode())

    assert event.weight_grams == 4900
    assert type(event.weight_grams) is int
    assert faults(ParcelScannedV1, {**SCAN, "weight_grams": 4900.5}) == [("weight_grams", "int_type")]
    assert faults(ParcelScannedV1, {**SCAN, "weight_grams": "4900"}) == [("weight_grams", "int_type")]
    assert faults(ParcelScannedV1, {**SCAN, "weight_grams": 1e300}) != []


def test_null_is_no_value() -> None:
    line = {**PLACED["lines"][0], "style_id": None}

    assert faults(ParcelScannedV1, {**SCAN, "weight_grams": None}) == [("weight_grams", "null")]
    assert faults(OrderPlacedV1, {**PLACED, "lines": [line]}) in (
        [("lines.0.style_id", "null")],
        [("", "value_error")],
    )
    assert faults(ParcelScannedV1, {**SCAN, "raw_text": "null and void"}) == []
