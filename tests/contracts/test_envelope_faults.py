"""Every fault of an envelope has its reason, and the detail names its place only."""

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from aftersales_contracts.envelope import (
    MAX_ATTRIBUTE_CHARACTERS,
    MAX_HEADERS_COUNT,
    MAX_VALUE_BYTES,
)
from aftersales_contracts.reasons import Reason
from tests.contracts.envelope_records import (
    DATA,
    binary,
    fault,
    structured,
    structured_without,
)

FAULTS: list[tuple[str, Callable[[], Any], Reason, str]] = [
    ("tombstone", lambda: binary(None), Reason.NOT_CLOUDEVENTS, "no value"),
    ("empty value", lambda: binary(b""), Reason.NOT_CLOUDEVENTS, "no value"),
    ("no headers", lambda: (b"order-1", [], DATA), Reason.NOT_CLOUDEVENTS, "ce_specversion"),
    ("other version", lambda: binary(ce_specversion=b"0.3"), Reason.NOT_CLOUDEVENTS, "ce_specversion"),
    *(
        (
            f"no {name}",
            lambda name=name: binary(**{f"ce_{name}": None}),
            Reason.NOT_CLOUDEVENTS,
            f"ce_{name} is missing",
        )
        for name in ("id", "source", "type", "time", "subject")
    ),
    ("empty id", lambda: binary(ce_id=b""), Reason.NOT_CLOUDEVENTS, "ce_id is empty"),
    (
        "null header",
        lambda: (b"order-1", [*binary(ce_id=None)[1], ("ce_id", None)], DATA),
        Reason.NOT_CLOUDEVENTS,
        "no value",
    ),
    (
        "header twice",
        lambda: (b"order-1", [*binary()[1], ("ce_id", b"2")], DATA),
        Reason.NOT_CLOUDEVENTS,
        "ce_id is there twice",
    ),
    ("header not UTF-8", lambda: binary(ce_source=b"\xff\xfe"), Reason.BAD_UTF8, "ce_source"),
    ("NUL in a header", lambda: binary(ce_id=b"a\x00b"), Reason.NOT_STORABLE, "ce_id"),
    ("control character", lambda: binary(ce_id=b"a\x1bb"), Reason.NOT_CLOUDEVENTS, "ce_id"),
    (
        "long attribute",
        lambda: binary(ce_id=b"a" * (MAX_ATTRIBUTE_CHARACTERS + 1)),
        Reason.TOO_LARGE,
        "ce_id",
    ),
    (
        "many headers",
        lambda: (b"order-1", [*binary()[1], *((f"x{n}", b"") for n in range(MAX_HEADERS_COUNT))], DATA),
        Reason.TOO_LARGE,
        "headers",
    ),
    ("large value", lambda: binary(b" " * (MAX_VALUE_BYTES + 1)), Reason.TOO_LARGE, "value"),
    ("data not UTF-8", lambda: binary(b'{"a":"\xff"}'), Reason.BAD_UTF8, "data"),
    ("NUL in the data", lambda: binary(b'{"a":"x\\u0000"}'), Reason.NOT_STORABLE, "data"),
    ("NUL behind a backslash", lambda: binary(b'{"a":"x\\\\\\u0000"}'), Reason.NOT_STORABLE, "data"),
    ("deep", lambda: binary(b"[" * 33 + b"]" * 33), Reason.TOO_DEEP, "32"),
    ("deep and open", lambda: binary(b"[" * 1_000_000), Reason.TOO_DEEP, "32"),
    ("deep behind strings", lambda: binary(b'["]",' * 33 + b"1" + b"]" * 33), Reason.TOO_DEEP, "32"),
    ("deep behind quotes", lambda: binary(b'["\\"]",' * 33 + b"1" + b"]" * 33), Reason.TOO_DEEP, "32"),
    ("overlapping", lambda: binary(b"[}" * 500_000), Reason.BAD_JSON, "brackets"),
    ("wrong key", lambda: binary(key=b"order-2"), Reason.WRONG_KEY, "key"),
    ("no key", lambda: binary(key=None), Reason.WRONG_KEY, "key"),
    (
        "batch",
        lambda: binary(content_type=b"application/cloudevents-batch+json"),
        Reason.NOT_CLOUDEVENTS,
        "content-type",
    ),
    (
        "avro",
        lambda: binary(content_type=b"application/cloudevents+avro"),
        Reason.NOT_CLOUDEVENTS,
        "content-type",
    ),
    ("text", lambda: binary(content_type=b"text/plain"), Reason.NOT_CLOUDEVENTS, "content-type"),
    (
        "latin-1",
        lambda: binary(content_type=b"application/json; charset=latin1"),
        Reason.NOT_CLOUDEVENTS,
        "character set",
    ),
    ("binary content type", lambda: binary(content_type=b"\xff\xff"), Reason.NOT_CLOUDEVENTS, "content-type"),
    *(
        (
            f"structured without {name}",
            lambda name=name: structured_without(name),
            Reason.NOT_CLOUDEVENTS,
            f"{name} is missing",
        )
        for name in ("id", "source", "type", "time", "subject")
    ),
    ("structured null id", lambda: structured(id=None), Reason.NOT_CLOUDEVENTS, "id is missing"),
    ("structured number", lambda: structured(id=7), Reason.NOT_CLOUDEVENTS, "id is not a string"),
    (
        "structured list",
        lambda: structured(correlationid=["a"]),
        Reason.NOT_CLOUDEVENTS,
        "correlationid is not a string",
    ),
    ("structured NUL", lambda: structured(id="a\x00"), Reason.NOT_STORABLE, "id"),
    ("structured surrogate", lambda: structured(id="a\ud800"), Reason.NOT_CLOUDEVENTS, "id"),
    ("structured version", lambda: structured(specversion="0.3"), Reason.NOT_CLOUDEVENTS, "specversion"),
    ("structured bad time", lambda: structured(time="2026-01-02T03:04:05"), Reason.NOT_CLOUDEVENTS, "time"),
    (
        "structured content",
        lambda: structured(datacontenttype="text/xml"),
        Reason.NOT_CLOUDEVENTS,
        "datacontenttype",
    ),
    ("structured no data", lambda: structured(data=...), Reason.NOT_CLOUDEVENTS, "data"),
    ("structured both data", lambda: structured(data_base64="e30="), Reason.NOT_CLOUDEVENTS, "data"),
    ("bad base64", lambda: structured(data=..., data_base64="*"), Reason.NOT_CLOUDEVENTS, "data_base64"),
    ("base64 number", lambda: structured(data=..., data_base64=7), Reason.NOT_CLOUDEVENTS, "data_base64"),
    (
        "base64 not UTF-8",
        lambda: structured(data=..., data_base64=b64encode(b"\xff").decode()),
        Reason.BAD_UTF8,
        "data",
    ),
    (
        "base64 deep",
        lambda: structured(data=..., data_base64=b64encode(b"[" * 99).decode()),
        Reason.TOO_DEEP,
        "32",
    ),
    ("structured deep", lambda: structured(data=json.loads("[" * 33 + "]" * 33)), Reason.TOO_DEEP, "32"),
    ("structured NUL in data", lambda: structured(data={"a": "\x00"}), Reason.NOT_STORABLE, "data"),
    (
        "structured twice",
        lambda: structured('{"id":"1","id":"2"}'),
        Reason.NOT_CLOUDEVENTS,
        "id is there twice",
    ),
    ("structured empty object", lambda: structured("{}"), Reason.NOT_CLOUDEVENTS, "specversion"),
    *(
        (f"structured {text!r}", lambda text=text: structured(text), Reason.BAD_JSON, "value")
        for text in (
            "[]",
            "7",
            "{",
            '{"a"}',
            '{"a":}',
            '{"a":1,}',
            '{"a":1}x',
            "{1:2}",
            '{"a":NaN}',
            "{'a':1}",
            '{"a":1 "b":2}',
            "\ufeff{}",
        )
    ),
    (
        "structured not UTF-8",
        lambda: (b"order-1", structured()[1], b'{"id":"\xff"}'),
        Reason.BAD_UTF8,
        "value",
    ),
    ("structured wrong key", lambda: structured(key=b"7"), Reason.WRONG_KEY, "key"),
]


@pytest.mark.parametrize(
    ("record", "reason", "place"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
def test_every_fault_has_its_reason(record: Callable[[], Any], reason: Reason, place: str) -> None:
    found = fault(record())

    assert found.reason is reason
    assert place in found.detail
