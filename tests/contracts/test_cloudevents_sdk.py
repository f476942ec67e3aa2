"""The official CloudEvents SDK as a judge of the envelope, in both directions."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import (
    KafkaMessage,
    from_binary,
    from_kafka,
    from_structured,
    to_binary,
    to_structured,
)
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aftersales_contracts.asyncapi import example_envelope, load_samples
from aftersales_contracts.envelope import Envelope, read, write
from aftersales_contracts.registry import EVENTS, encode, read_data

SAMPLES = load_samples(Path(__file__).parents[2] / "contracts" / "samples")
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=40)
MOMENTS = st.datetimes(
    datetime.fromisoformat("1971-01-01"),
    datetime.fromisoformat("2200-01-01"),
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
DATA = st.dictionaries(NAMES, VALUES, max_size=5)


@st.composite
def envelopes(draw: st.DrawFn) -> Envelope:
    """Any envelope that may be written."""
    return Envelope(
        id=draw(NAMES),
        source=draw(NAMES),
        type=draw(NAMES),
        time=draw(MOMENTS),
        subject=draw(NAMES),
        recordedtime=draw(st.none() | MOMENTS),
        correlationid=draw(st.none() | NAMES),
        causationid=draw(st.none() | NAMES),
        traceparent=draw(st.none() | NAMES),
        privacyclass=draw(st.sampled_from([None, "pseudonymous", "personal", "text"])),
        dataschema=draw(
            st.none() | st.just("https://example.org/schemas/shop.refund.applied.v1.schema.json")
        ),
    )


def attributes_of(envelope: Envelope) -> dict[str, Any]:
    """The attributes as the SDK wants them: the extension `recordedtime` is a string to it."""
    texts = {
        name: getattr(envelope, name)
        for name in ("correlationid", "causationid", "traceparent", "privacyclass", "dataschema")
        if getattr(envelope, name) is not None
    }
    if envelope.recordedtime is not None:
        texts["recordedtime"] = envelope.recordedtime.isoformat()
    return {
        "specversion": "1.0",
        "id": envelope.id,
        "source": envelope.source,
        "type": envelope.type,
        "time": envelope.time,
        "subject": envelope.subject,
        "datacontenttype": "application/json",
        "partitionkey": envelope.subject,
        **texts,
    }


def as_record(message: KafkaMessage) -> tuple[bytes, list[tuple[str, bytes]], bytes]:
    """Key, headers and value as a Kafka client would send the SDK's message."""
    key = message.key.encode() if isinstance(message.key, str) else message.key
    assert key is not None
    return key, list(message.headers.items()), message.value


@PATIENT
@given(envelopes(), DATA)
def test_the_sdk_reads_what_we_write(envelope: Envelope, data: dict[str, Any]) -> None:
    key, headers, value = write(envelope, json.dumps(data, ensure_ascii=False).encode())

    event = from_kafka(KafkaMessage(dict(headers), key, value), JSONFormat())

    assert event.get_id() == envelope.id
    assert event.get_source() == envelope.source
    assert event.get_type() == envelope.type
    assert event.get_time() == envelope.time
    assert event.get_subject() == envelope.subject
    assert event.get_datacontenttype() == "application/json"
    assert event.get_dataschema() == envelope.dataschema
    assert event.get_extension("partitionkey") == envelope.subject
    for name in ("correlationid", "causationid", "traceparent", "privacyclass"):
        assert event.get_extension(name) == getattr(envelope, name)
    assert event.get_data() == data


@pytest.mark.parametrize("to_mode", [to_binary, to_structured])
@PATIENT
@given(envelope=envelopes(), data=DATA)
def test_we_read_what_the_sdk_writes(to_mode: Any, envelope: Envelope, data: dict[str, Any]) -> None:
    message = to_mode(CloudEvent(attributes_of(envelope), data), JSONFormat())

    found, bytes_read = read(*as_record(message))

    assert found == envelope
    assert json.loads(bytes_read) == data


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_type_goes_round_through_the_sdk(name: str) -> None:
    event = SAMPLES[name]
    envelope = example_envelope(event)
    key, headers, value = write(envelope, encode(event))

    theirs = from_binary(KafkaMessage(dict(headers), key, value), JSONFormat())
    structured = to_structured(theirs, JSONFormat())
    again, data = read(*as_record(structured))
    theirs_again = from_structured(structured, JSONFormat())

    assert again == envelope
    assert read_data(EVENTS[name], data) == event
    assert theirs_again.get_data() == json.loads(value)


def test_data_that_the_sdk_writes_as_base64_is_read() -> None:
    envelope = Envelope("1", "shop/x", "shop.refund.applied.v1", datetime(2026, 1, 1, tzinfo=UTC), "o-1")

    message = to_structured(CloudEvent(attributes_of(envelope), b'{"a": 1}'), JSONFormat())

    assert b"data_base64" in message.value
    assert read(*as_record(message)) == (envelope, b'{"a": 1}')
