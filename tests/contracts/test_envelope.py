"""The envelope: what is written is read again."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aftersales_contracts.envelope import (
    MAX_DEPTH,
    MAX_VALUE_BYTES,
    Envelope,
    EnvelopeError,
    read,
    write,
)
from aftersales_contracts.reasons import Reason
from tests.contracts.envelope_records import DATA, ENVELOPE, SECRET, binary, fault, outcome, structured

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_what_is_written_is_headers_and_plain_data() -> None:
    key, headers, value = write(ENVELOPE, DATA)

    assert (key, value) == (b"order-1", DATA)
    assert dict(headers) == {
        "ce_specversion": b"1.0",
        "content-type": b"application/json",
        "ce_id": b"refund-agreement/R1/3",
        "ce_source": b"aftersales/refunds",
        "ce_type": b"aftersales.refund.opened.v1",
        "ce_time": b"2026-01-02T03:04:05.678000Z",
        "ce_subject": b"order-1",
        "ce_correlationid": b"R1",
    }


@PATIENT
@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=256),
        min_size=4,
        max_size=9,
    ),
    moment=st.datetimes(
        timezones=st.timezones(),
        min_value=datetime.fromisoformat("0001-01-03"),
        max_value=datetime.fromisoformat("9999-12-29"),
    ),
    is_recorded=st.booleans(),
)
def test_round_trip(texts: list[str], moment: datetime, is_recorded: bool) -> None:
    names = (
        "id",
        "source",
        "type",
        "subject",
        "correlationid",
        "causationid",
        "traceparent",
        "privacyclass",
        "dataschema",
    )
    made: Any = dict(zip(names, texts, strict=False))
    envelope = Envelope(**made, time=moment, recordedtime=moment if is_recorded else None)

    found, data = read(*write(envelope, DATA))

    # In UTC: times of two zones never compare equal in the hour that a clock goes back.
    in_utc = moment.astimezone(UTC)
    assert data == DATA
    assert found == envelope._replace(time=in_utc, recordedtime=in_utc if is_recorded else None)
    assert found.time.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02t03:04:05z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T11:04:05+08:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)),
        ("2026-01-02 00:04:05.5-03:00", datetime(2026, 1, 2, 3, 4, 5, 500000, tzinfo=UTC)),
    ],
)
def test_every_form_of_rfc_3339_is_read(text: str, moment: datetime) -> None:
    assert read(*binary(ce_time=text.encode()))[0].time == moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02T03:04:05",
        "2026-01-02",
        "20260102T030405Z",
        "2026-W01-5T03:04:05Z",
        "2026-02-30T00:00:00Z",
        "2026-01-02T03:04:60Z",
        "2026-01-02T03:04Z",
        "2026-01-02T03:04:05+25:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "1767322800",
        "٢٠٢٦-01-02T03:04:05Z",
        "2026-01-02T03:04:05ZZ",
        "yesterday",
    ],
)
@pytest.mark.parametrize("name", ["ce_time", "ce_recordedtime"])
def test_no_moment(name: str, text: str) -> None:
    found = fault(binary(**{name: text.encode()}))

    assert found.reason is Reason.NOT_CLOUDEVENTS
    assert name in found.detail
    assert text not in found.detail


def test_what_others_do_within_the_rules_is_read() -> None:
    read(*binary(content_type=None))
    read(*binary(content_type=b"Application/JSON; charset=UTF-8"))
    read(*binary(content_type=b"application/vnd.shop+json"))
    read(*binary(ce_partitionkey=b"order-1", ce_other=b"\xff"))
    read(b"order-1", [*binary()[1], ("trace", b"1"), ("trace", b"2")], DATA)
    read(*binary(b'{"a":"\\\\u0000"}'))
    read(*structured(sequence=7, other=None))
    assert read(*binary(ce_correlationid=b""))[0].correlationid is None
    assert read(*binary(ce_causationid=b"", ce_traceparent=b"a" * 250))[0].causationid is None
    assert read(*structured(correlationid=""))[0].correlationid is None
    assert read(b"order-1", [*binary()[1], ("ce_dataschema", None)], DATA)[0].dataschema is None
    read(*binary(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH))
    read(*binary(b"[" + b",".join([b'{"a":"[[[\\"{{{"}'] * 50_000) + b"]"))
    assert read(*structured(subject="订单-1", key="订单-1".encode()))[0].subject == "订单-1"


def test_structured_data_keeps_its_bytes() -> None:
    data = '{ "amount": 1.10, "big": 123456789012345678901234567890, "a": 1, "a": 2 }'
    text = structured()[2].decode().replace('{"order_id": "order-1"}', data)

    assert read(*structured(text))[1] == data.encode()


def test_details_never_repeat_content() -> None:
    """The detail never says what was in the place, for any fault in any place."""
    places = (
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_time",
        "ce_subject",
        "ce_specversion",
        "content_type",
        "ce_recordedtime",
    )
    for name in places:
        for content in (f"{SECRET}\x00", f"{SECRET}\x07", SECRET * 30, f"text/{SECRET}"):
            assert SECRET not in outcome(binary(**{name: content.encode()}))
    for text in (f'{{"{SECRET}":1,"{SECRET}":2}}', f'{{"a":"{SECRET}', f'{{"id":{SECRET}}}'):
        assert SECRET not in str(fault(structured(text)))
    twice = (b"order-1", [*binary()[1], (f"ce_{SECRET}", b"1"), (f"ce_{SECRET}", b"2")], DATA)
    assert SECRET not in str(fault(twice))


@pytest.mark.parametrize(
    ("changes", "data", "reason"),
    [
        ({"id": ""}, DATA, Reason.NOT_CLOUDEVENTS),
        ({"id": "a\x00"}, DATA, Reason.NOT_STORABLE),
        ({"subject": "a" * 257}, DATA, Reason.TOO_LARGE),
        ({"time": datetime.fromisoformat("2026-01-01")}, DATA, Reason.NOT_CLOUDEVENTS),
        ({}, b"", Reason.NOT_CLOUDEVENTS),
        ({}, b" " * (MAX_VALUE_BYTES + 1), Reason.TOO_LARGE),
    ],
)
def test_nothing_is_written_that_would_not_be_read(
    changes: dict[str, Any], data: bytes, reason: Reason
) -> None:
    values: dict[str, Any] = {
        "id": "1",
        "source": "s",
        "type": "t",
        "time": datetime(2026, 1, 1, tzinfo=UTC),
        "subject": "o",
    }

    with pytest.raises(EnvelopeError) as caught:
        write(Envelope(**(values | changes)), data)

    assert caught.value.reason is reason


def test_times_are_written_in_utc() -> None:
    shanghai = datetime(2026, 1, 2, 11, 4, 5, tzinfo=timezone(timedelta(hours=8)))

    _, headers, _ = write(Envelope("1", "s", "t", shanghai, "o"), DATA)

    assert dict(headers)["ce_time"] == b"2026-01-02T03:04:05Z"


@PATIENT
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ce_id", "ce_time", "ce_subject", "ce_specversion", "content-type", "x"]),
            st.binary(max_size=40),
        ),
        max_size=8,
    ),
    st.binary(max_size=200),
    st.none() | st.binary(max_size=8),
)
def test_whatever_comes_is_read_or_refused(
    headers: list[tuple[str, bytes]], value: bytes, key: bytes | None
) -> None:
    starts: list[list[tuple[str, bytes]]] = [[], binary()[1], structured()[1]]
    for start in starts:
        names = {name for name, _ in headers}
        mixed = [*[item for item in start if item[0] not in names], *headers]
        for content in (value, structured()[2][: len(value)] + value):
            outcome((key, mixed, content))
