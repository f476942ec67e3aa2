"""Every type has a realistic sample, which reads and writes without loss."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from aftersales_contracts.aftersales.common import SubjectOutcome
from aftersales_contracts.base import CustomerEvent, CustomerOutcome, Event, OrderEvent, OrderOutcome
from aftersales_contracts.components import Tracking
from aftersales_contracts.registry import EVENTS, encode, read_as_newest, read_data
from aftersales_contracts.shop.scans import TrackedEvent

SAMPLES = Path(__file__).parents[2] / "contracts" / "samples"
TYPES = sorted(EVENTS)
KEYED_BY = {
    "aftersales.listing.action-requested.v1": "product_id",
    "aftersales.parcel.stall-changed.v1": "order_id",
    "aftersales.parcel.status-changed.v1": "order_id",
    "aftersales.promise.ended.v1": "order_id",
    "aftersales.promise.registered.v1": "order_id",
    "clock.marked.v1": "clock",
    "shop.complaint.filed.v1": "shop_id",
    "shop.task.completed.v1": "about_subject",
}
"""The field that is the key, where the base class does not say it."""


def sample(type_name: str) -> bytes:
    return (SAMPLES / f"{type_name}.json").read_bytes()


def test_each_type_has_one_sample_and_no_sample_is_left_over() -> None:
    assert sorted(path.name.removesuffix(".json") for path in SAMPLES.iterdir()) == TYPES


@pytest.mark.parametrize("type_name", TYPES)
def test_a_sample_round_trips_byte_for_byte(type_name: str) -> None:
    event = read_data(EVENTS[type_name], sample(type_name))
    written = encode(event)
    assert json.dumps(json.loads(written), indent=2, ensure_ascii=False) + "\n" == sample(type_name).decode()
    again = read_as_newest(type_name, written)
    assert again == event
    assert encode(again) == written


@pytest.mark.parametrize("type_name", TYPES)
def test_readers_ignore_what_they_do_not_know_and_makers_refuse_it(type_name: str) -> None:
    widened = with_unknown_fields(json.loads(sample(type_name)))
    event = read_data(EVENTS[type_name], json.dumps(widened).encode())
    assert encode(event) == encode(read_data(EVENTS[type_name], sample(type_name)))
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        EVENTS[type_name].model_validate_json(json.dumps(json.loads(sample(type_name)) | {"later": 1}))


def with_unknown_fields(value: Any, in_values: bool = False) -> Any:
    """The same JSON with one more field in every object, template values left alone."""
    if isinstance(value, list):
        return [with_unknown_fields(item) for item in value]
    if isinstance(value, dict):
        inner = {key: with_unknown_fields(item, key == "values") for key, item in value.items()}
        return inner if in_values else inner | {"field_of_a_later_version": {"a": [1]}}
    return value


@pytest.mark.parametrize("type_name", TYPES)
def test_a_sample_is_about_what_its_key_says(type_name: str) -> None:
    data = json.loads(sample(type_name))
    event: Event = read_data(EVENTS[type_name], sample(type_name))
    if isinstance(event, OrderEvent | OrderOutcome):
        assert event.subject_of() == data["order_id"]
    elif isinstance(event, CustomerEvent | CustomerOutcome):
        assert event.subject_of() == data["customer_id"]
    elif isinstance(event, TrackedEvent):
        assert event.subject_of() == f"{data['carrier_code']}/{data['tracking_code']}"
    elif isinstance(event, SubjectOutcome):
        assert event.subject_of() == data["about_subject"]
    else:
        assert type_name in KEYED_BY, "a class with a key of its own: name the field of the key in KEYED_BY"
        assert event.subject_of() == data.get(KEYED_BY[type_name], "clock")


@pytest.mark.parametrize("type_name", [name for name in TYPES if not name.startswith("clock.")])
def test_a_missing_required_field_is_refused(type_name: str) -> None:
    for name, field in EVENTS[type_name].model_fields.items():
        if not field.is_required():
            continue
        data = {key: value for key, value in json.loads(sample(type_name)).items() if key != name}
        with pytest.raises(ValidationError, match=name):
            read_data(EVENTS[type_name], json.dumps(data).encode())


def test_parcels_without_an_order_are_keyed_by_their_waybill() -> None:
    for type_name in ("aftersales.parcel.status-changed.v1", "aftersales.parcel.stall-changed.v1"):
        data = json.loads(sample(type_name))
        del data["order_id"]
        event = read_data(EVENTS[type_name], json.dumps(data).encode())
        tracking = Tracking.model_validate(data["tracking"])
        assert event.subject_of() == f"{tracking.carrier_code}/{tracking.tracking_code}"
