"""Spoils envelope, key, type and topic."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from aftersales_contracts.envelope import REQUIRED
from aftersales_contracts.reasons import Reason
from chassis import clock
from tests.faults.mutants import (
    ANYTHING,
    GOOD,
    HANDLED,
    STRUCTURED_TYPE,
    Mutant,
    Mutate,
    compact,
    fate,
    topics_that_carry,
)

NO_EVENT = fate(Reason.NOT_CLOUDEVENTS)
NAMES = tuple(f"ce_{name}" for name in REQUIRED)
BAD_TIMES = (
    b"yesterday", b"2026-02-30T00:00:00Z", b"2026-01-01T00:00:00", b"1767225600", b"2026-01-01",
    b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59-14:00", b"2026-01-01T25:00:00Z",
    b"-2026-01-01T00:00:00Z",
)  # fmt: skip
FAR_TIMES = (
    b"1970-01-01T00:00:00Z",
    b"9999-12-31T23:59:59Z",
    b"0001-01-01T00:00:00Z",
    b"2019-06-01T00:00:00+08:00",
)
BAD_CONTENT_TYPES = (
    b"text/plain", b"application/json; charset=latin-1", b"application/cloudevents-batch+json",
    b"application/avro", b"application/cloudevents+avro", b"", b"\xff\xfe",
)  # fmt: skip
ELSEWHERE = (
    "shop.orders.v1",
    "shop.aftersales.v1",
    "shop.contacts.v1",
    "shop.desk.v1",
    "aftersales.refunds.v1",
)


def missing(dice: Random, good: Mutant) -> Mutant:
    name = dice.choice((*NAMES, "ce_specversion"))
    return replace(good, headers=tuple(h for h in good.headers if h[0] != name), fate=NO_EVENT)


def none_at_all(_: Random, good: Mutant) -> Mutant:
    return replace(good, headers=(), fate=NO_EVENT)


def twice(dice: Random, good: Mutant) -> Mutant:
    name = dice.choice((*NAMES, "ce_specversion", "content-type"))
    content = dice.choice((good.header(name), b"another"))
    return replace(good, headers=(*good.headers, (name, content)), fate=NO_EVENT)


def null(dice: Random, good: Mutant) -> Mutant:
    return good.with_header(dice.choice(NAMES), None, NO_EVENT)


def empty(dice: Random, good: Mutant) -> Mutant:
    return good.with_header(dice.choice(NAMES), b"", NO_EVENT)


def not_utf8(dice: Random, good: Mutant) -> Mutant:
    name = dice.choice(NAMES)
    return good.with_header(
        name, good.header(name) + bytes((dice.randrange(128, 256),)), fate(Reason.BAD_UTF8)
    )


def nul(dice: Random, good: Mutant) -> Mutant:
    name = dice.choice(NAMES)
    return good.with_header(name, good.header(name) + b"\0", fate(Reason.NOT_STORABLE))


def control(dice: Random, good: Mutant) -> Mutant:
    name = dice.choice(NAMES)
    return good.with_header(name, dice.choice((b"\n", b"\x1b[2J", b"\x7f")) + good.header(name), NO_EVENT)


def long(dice: Random, good: Mutant) -> Mutant:
    name = dice.choice(NAMES)
    return good.with_header(name, b"x" * dice.choice((257, 5_000, 60_000)), fate(Reason.TOO_LARGE))


def many(dice: Random, good: Mutant) -> Mutant:
    trail = tuple((f"x-hop-{number}", b"relay") for number in range(dice.randrange(60, 500)))
    return replace(good, headers=(*good.headers, *trail), fate=fate(Reason.TOO_LARGE))


def specversion(dice: Random, good: Mutant) -> Mutant:
    return good.with_header("ce_specversion", dice.choice((b"0.3", b"1", b"1.0 ", b"\xff", None)), NO_EVENT)


def bad_time(dice: Random, good: Mutant) -> Mutant:
    return good.with_header("ce_time", dice.choice(BAD_TIMES), NO_EVENT)


def bad_recorded_time(dice: Random, good: Mutant) -> Mutant:
    return good.with_header("ce_recordedtime", dice.choice(BAD_TIMES), NO_EVENT)


def far_time(dice: Random, good: Mutant) -> Mutant:
    now = clock.now()
    near = [(now + timedelta(hours=2)).isoformat().encode(), (now - timedelta(days=900)).isoformat().encode()]
    return good.with_header("ce_time", dice.choice((*FAR_TIMES, *near)), fate(Reason.TIME_OUT_OF_BOUNDS))


def content_type(dice: Random, good: Mutant) -> Mutant:
    return good.with_header("content-type", dice.choice(BAD_CONTENT_TYPES), NO_EVENT)


def foreign_headers(dice: Random, good: Mutant) -> Mutant:
    """Headers that mean nothing to us, some without a value, some repeated: nobody minds."""
    more = tuple(
        (
            dice.choice(("x-null", "x-größe", "traceparent", "ce", "ce-id", "")),
            dice.choice((None, b"", b"\xff\0")),
        )
        for _ in range(dice.randrange(1, 30))
    )
    return replace(good, headers=(*good.headers, *more), fate=GOOD)


def foreign_headers_on_rubbish(dice: Random, good: Mutant) -> Mutant:
    """The same on a record that ends as a dead letter."""
    return missing(dice, foreign_headers(dice, good))


def unknown_type(dice: Random, good: Mutant) -> Mutant:
    name = dice.choice((b"shop.order.teleported.v1", b"x", b"SHOP.ORDER.PLACED.V1", "订单".encode(), b".v1"))
    return good.with_header("ce_type", name, fate(Reason.UNKNOWN_TYPE))


def unknown_version(dice: Random, good: Mutant) -> Mutant:
    bare = good.event_type.rpartition(".v")[0]
    number = dice.choice(("0", "2", "9", "01", "1.0", "", "x"))
    return good.with_header(
        "ce_type", f"{bare}.v{number}".encode(), fate(Reason.UNKNOWN_VERSION, Reason.UNKNOWN_TYPE)
    )


def wrong_topic(dice: Random, good: Mutant) -> Mutant:
    elsewhere = [name for name in ELSEWHERE if name not in topics_that_carry(good.event_type)]
    if not elsewhere:
        return good
    return replace(good, topic=dice.choice(elsewhere), fate=fate(Reason.WRONG_TOPIC))


def wrong_key(dice: Random, good: Mutant) -> Mutant:
    other = dice.choice((None, b"", b"somebody-else", b"\xff", (good.key or b"") + b" "))
    return replace(good, key=other, fate=fate(Reason.WRONG_KEY))


def other_subject(dice: Random, good: Mutant) -> Mutant:
    """Key and header agree with each other, and not with the data."""
    name = dice.choice((b"somebody-else", "別人".encode()))
    return replace(good.with_header("ce_subject", name, fate(Reason.WRONG_KEY)), key=name)


def scrambled(dice: Random, good: Mutant) -> Mutant:
    """Random bytes in a random header."""
    name = dice.choice((*NAMES, "content-type", "ce_specversion"))
    return good.with_header(name, dice.randbytes(dice.randrange(1, 40)), ANYTHING)


def _structured(good: Mutant, verdicts: frozenset[str], **changes: Any) -> Mutant:
    """The event in structured mode; `...` takes a member away."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        **{name: good.header(f"ce_{name}").decode() for name in REQUIRED},
        "data": good.data(),
        **changes,
    }
    value = compact({name: content for name, content in event.items() if content is not ...})
    return replace(good, headers=(("content-type", STRUCTURED_TYPE),), value=value, fate=verdicts)


def structured(dice: Random, good: Mutant) -> Mutant:
    changes: dict[str, Any] = dice.choice(
        ({}, {"extension": "x"}, {"datacontenttype": "application/json"}, {"causationid": None},
         {"data": ..., "data_base64": b64encode(good.value or b"").decode()})
    )  # fmt: skip
    return _structured(good, GOOD, **changes)


def structured_wrong(dice: Random, good: Mutant) -> Mutant:
    changes: dict[str, Any] = dice.choice(
        (
            {dice.choice(REQUIRED): ...}, {dice.choice(REQUIRED): None}, {dice.choice(REQUIRED): 7},
            {"specversion": "0.3"}, {"specversion": ...}, {"data": ...}, {"data_base64": "e30="},
            {"data": ..., "data_base64": "*"}, {"datacontenttype": "text/plain"}, {"id": ""},
            {"time": "soon"},
        )
    )  # fmt: skip
    return _structured(good, NO_EVENT, **changes)


def structured_broken(dice: Random, good: Mutant) -> Mutant:
    made = _structured(good, ANYTHING)
    text = made.value or b""
    value, verdicts = dice.choice(
        (
            (text[:-1], fate(Reason.BAD_JSON)),
            (text + b"{}", fate(Reason.BAD_JSON)),
            (text[:-1] + b',"n":NaN}', fate(Reason.BAD_JSON)),
            (text[:-1] + b',"x":"\xff"}', fate(Reason.BAD_UTF8)),
            (text[:-1] + b',"x":' + b"[" * 40 + b"]" * 40 + b"}", fate(Reason.TOO_DEEP)),
            (text[:-1] + b',"id":"again"}', NO_EVENT),
            (b"[]", fate(Reason.BAD_JSON)),
            (b"{}", NO_EVENT),
            (text[:-1] + b',"n":1' + b"0" * 5_000 + b"}", fate(Reason.BAD_JSON, HANDLED)),
        )
    )
    return made.with_value(value, verdicts)


def structured_data(dice: Random, good: Mutant) -> Mutant:
    data: Any = dice.choice((None, [], "text", 7, {}, {"order_id": good.data().get("order_id")}))
    return _structured(good, fate(Reason.FAILED_SCHEMA), data=data)


def said_structured(_: Random, good: Mutant) -> Mutant:
    """A binary event that calls itself structured."""
    return good.with_header("content-type", STRUCTURED_TYPE, NO_EVENT)


def said_twice_over(_: Random, good: Mutant) -> Mutant:
    """JSON within JSON: the data is a string that holds the data."""
    return good.with_value(json.dumps((good.value or b"").decode()).encode(), fate(Reason.FAILED_SCHEMA))


MUTATIONS: Mapping[str, Mutate] = {
    f"header.{mutate.__name__}": mutate
    for mutate in (
        missing, none_at_all, twice, null, empty, not_utf8, nul, control, long, many, specversion, bad_time,
        bad_recorded_time, far_time, content_type, foreign_headers, foreign_headers_on_rubbish, unknown_type,
        unknown_version, wrong_topic, wrong_key, other_subject, scrambled, structured, structured_wrong,
        structured_broken, structured_data, said_structured, said_twice_over,
    )
}  # fmt: skip
