"""Any JSON gives events that the border of every service takes, or an error that names the field."""

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftersales_adapters.catalogue import KINDS, adapt
from aftersales_adapters.reading import MOST_BYTES
from aftersales_adapters.result import REMARKS, Adapted, Context, PayloadError
from tests.adapters.given import CONTEXT, PAYLOADS, refusals

SAMPLES = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(PAYLOADS.glob("*.json"))}
KIND_OF = {name: next(kind for kind in KINDS if name.startswith(kind)) for name in SAMPLES}
ODD: tuple[Any, ...] = (
    None, "", "  ", 0, -1, 2**63, 1.5, -0.0, 1e300, True, [], {}, [[]], "x" * 3_000, "\x00", "\ud800", "中文",
    "12.5", "1,000.00", "-3.00", "2026-11-20", "2026-11-20 10:00:00", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-12:00", "2026-02-30 10:00:00", "2099-01-01T00:00:00Z",
    "2001-01-01 00:00:00+08:00", "JPY", "QQQ", "cny", "null",
    {"amount": "1.234", "currency_code": "JPY"},
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def judged(kind: str, payload: str | bytes, context: Context = CONTEXT) -> Adapted | None:
    """The result, every event of it taken; None for a payload that is refused by field."""
    try:
        found = adapt(kind, payload, context)
    except PayloadError:
        return None
    for told in found.events:
        assert refusals(told) == [], told.as_json()
    assert {remark.code for remark in found.remarks} <= set(REMARKS)
    assert all(remark.text for remark in found.remarks)
    assert all(count > 0 and len(code) <= 64 for (_, code), count in found.unknown_codes.items())
    ids = [(told.envelope.source, told.envelope.id) for told in found.events]
    assert len(set(ids)) == len(ids)
    return found


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of every value inside."""
    inner: Iterator[Any] = iter(value) if isinstance(value, dict) else iter(range(len(value)))
    for key in inner:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


def spoiled(value: Any, dice: Random) -> Any:
    """The payload with some values taken away, replaced, doubled or put elsewhere."""
    value = copy.deepcopy(value)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        container, key = dice.choice(list(places(value)))
        match dice.randrange(5):
            case 0 | 1:
                container[key] = copy.deepcopy(dice.choice(ODD))
            case 2:
                del container[key]
            case 3:
                other, there = dice.choice(list(places(value)))
                container[key] = copy.deepcopy(other[there])
            case _ if isinstance(container, list):
                container.insert(0, copy.deepcopy(container[key]))
            case _:
                container[key] = str(container[key])
        if not isinstance(value, dict | list) or not value:
            break
    return value


@pytest.mark.parametrize("name", SAMPLES)
def test_a_payload_that_is_spoiled_anywhere_gives_sound_events_or_an_error(name: str) -> None:
    dice = Random(name)
    told_count = refused_count = 0
    for _ in range(250):
        found = judged(KIND_OF[name], json.dumps(spoiled(SAMPLES[name], dice)))
        told_count += found is not None and bool(found.events)
        refused_count += found is None
    assert told_count > 20
    assert refused_count > 4


@pytest.mark.parametrize("name", SAMPLES)
def test_each_single_value_may_be_missing_null_empty_or_odd(name: str) -> None:
    whole = SAMPLES[name]
    count = len(list(places(whole)))
    for number in range(count):
        odd = (None, "", 7, "\x00", "中文")
        for given_value in (odd[number % 5], odd[(number + 2) % 5]):
            value = copy.deepcopy(whole)
            container, key = list(places(value))[number]
            container[key] = given_value
            judged(KIND_OF[name], json.dumps(value))


@pytest.mark.parametrize("kind", KINDS)
@given(value=JSON)
@settings(max_examples=60, deadline=None)
def test_any_json_at_all(kind: str, value: Any) -> None:
    judged(kind, json.dumps(value))


@pytest.mark.parametrize("kind", KINDS)
@given(raw=st.binary(max_size=64) | st.text(max_size=64).map(lambda text: text.encode("utf-8", "replace")))
@settings(max_examples=60, deadline=None)
def test_any_bytes_at_all(kind: str, raw: bytes) -> None:
    judged(kind, raw)


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", "payload: no JSON"),
        (b"\xff", "payload: no UTF-8"),
        (b'{"a": NaN}', "payload: no JSON"),
        (b"[" * 40 + b"]" * 40, "payload: no JSON, or too deep"),
        (b'"' + b"x" * MOST_BYTES + b'"', f"payload: more than {MOST_BYTES} bytes"),
        (b"[]", "result: no object"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_payload_is_said_in_a_line(kind: str, raw: bytes, fault: str) -> None:
    with pytest.raises(PayloadError) as caught:
        adapt(kind, raw, CONTEXT)
    if fault != "result: no object":
        assert str(caught.value) == fault


def test_an_error_and_a_remark_never_repeat_a_value() -> None:
    """Names and numbers of people may stand in any field."""
    value = copy.deepcopy(SAMPLES["easypost_tracker"])
    value["result"]["tracking_code"] = "secret-name" * 20
    with pytest.raises(PayloadError) as caught:
        adapt("easypost", json.dumps(value))
    assert "secret" not in str(caught.value)
