"""A record becomes an event of ours or is turned away with a reason, never with its content."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales_contracts import registry
from aftersales_contracts.base import Money
from aftersales_contracts.clock import ClockMarkedV1
from aftersales_contracts.components import Share
from aftersales_contracts.enums import RefundKind
from aftersales_contracts.envelope import Envelope, write
from aftersales_contracts.reasons import Reason
from aftersales_contracts.shop.aftersales import RefundAppliedV1
from aftersales_contracts.shop.orders import OrderSucceededV1
from chassis.engine.records import StoredOrigin
from chassis.ingest.decoder import Accepted, Decoder, Entry, Ignored, Mark, Rejected
from chassis.ingest.inbox_keys import body_hash, inbox_key
from chassis.settings import Limits
from tests.chassis import toy

NOW = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
TOPIC = RefundAppliedV1.TOPIC
SECRET = "Wang-Xiaoming"


SERVICE = replace(toy.TOY, kinds=(replace(toy.TAB_KIND, reads={RefundAppliedV1: toy.nothing}),))
DECODER = Decoder(SERVICE, Limits(), by_marks=False, now=lambda: NOW)
BY_MARKS = Decoder(SERVICE, Limits(), by_marks=True, now=lambda: NOW)

APPLIED = RefundAppliedV1(
    shop_id="s-1",
    order_id="o-1",
    refund_id="r-1",
    terms_version=1,
    kind=RefundKind.UNSHIPPED,
    reason_code="quality",
    lines=[Share(line_id="1", quantity_count=2, amount=Money(minor=900, currency="CNY"))],
    amount=Money(minor=1_000, currency="CNY"),
    freight=Money(minor=100, currency="CNY"),
)
ENVELOPE = Envelope("e-1", "shop/one", RefundAppliedV1.TYPE, NOW - timedelta(hours=1), "o-1")
DATA = registry.encode(APPLIED)


def record(envelope: Envelope = ENVELOPE, data: bytes = DATA, topic: str = TOPIC) -> StoredOrigin:
    key, headers, value = write(envelope, data)
    return StoredOrigin(topic, 0, 0, key, tuple(headers), value)


def changed(**fields: object) -> bytes:
    return json.dumps({**json.loads(DATA), **fields}).encode()


def refused(entry: Entry) -> Rejected:
    assert isinstance(entry, Rejected), entry
    return entry


def test_an_event_that_we_read_is_accepted_with_all_that_recognises_it() -> None:
    entry = DECODER.read(record())
    assert isinstance(entry, Accepted)
    assert entry.received.data == APPLIED
    assert entry.received.envelope == ENVELOPE
    assert entry.at == entry.received.at == ENVELOPE.time
    assert entry.inbox_key == inbox_key("shop/one", "e-1")
    assert len(entry.inbox_key) == 16
    assert entry.body_hash == body_hash(RefundAppliedV1.TYPE, DATA)
    assert -(2**63) <= entry.body_hash < 2**63
    assert entry.month == date(2026, 3, 1)


def test_repeats_and_only_they_look_alike() -> None:
    first, again = DECODER.read(record()), DECODER.read(record())
    other = DECODER.read(record(data=changed(reason_code="damaged")))
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert isinstance(other, Accepted)
    assert (first.inbox_key, first.body_hash, first.month) == (again.inbox_key, again.body_hash, again.month)
    assert first.inbox_key == other.inbox_key
    assert first.body_hash != other.body_hash


def test_structured_mode_is_the_same_event() -> None:
    event = {
        "specversion": "1.0", "id": "e-1", "source": "shop/one", "type": RefundAppliedV1.TYPE,
        "time": "2026-03-31T22:30:00Z", "subject": "o-1", "data": json.loads(DATA),
    }  # fmt: skip
    headers = (("content-type", b"application/cloudevents+json"),)
    entry = DECODER.read(StoredOrigin(TOPIC, 0, 0, b"o-1", headers, json.dumps(event).encode()))
    assert isinstance(entry, Accepted)
    assert entry.received.data == APPLIED


def test_known_types_that_nobody_reads_here_are_ignored_unread() -> None:
    envelope = ENVELOPE._replace(type=OrderSucceededV1.TYPE)
    entry = DECODER.read(record(envelope, b'{"anything": 1}', OrderSucceededV1.TOPIC))
    assert entry == Ignored(OrderSucceededV1.TYPE, ENVELOPE.time)


def test_unknown_fields_and_members_are_tolerated() -> None:
    entry = DECODER.read(record(data=changed(reason_code="brand-new", kind="brand-new", extra={"a": [1]})))
    assert isinstance(entry, Accepted)
    assert isinstance(entry.received.data, RefundAppliedV1)
    assert entry.received.data.kind == "brand-new"


@pytest.mark.parametrize(
    ("data", "reason", "detail"),
    [
        (b'{"shop_id": "s-1"', Reason.BAD_JSON, "line 1 column"),
        (b"not json", Reason.BAD_JSON, "not JSON"),
        (DATA[:-1] + b"\xff}", Reason.BAD_UTF8, "data"),
        (DATA[:-1] + b',"n":NaN}', Reason.FAILED_SCHEMA, ""),
        (changed(terms_version=float("nan")), Reason.BAD_JSON, "number"),
        (changed(statement_ref="a\x00b"), Reason.NOT_STORABLE, ""),
        (changed(terms_version=2**64), Reason.NOT_STORABLE, "terms_version: more than 9007199254740991"),
        (changed(terms_version=-(2**70)), Reason.NOT_STORABLE, "terms_version"),
        (changed(terms_version="1"), Reason.FAILED_SCHEMA, "terms_version: not a whole number"),
        (changed(refund_id=SECRET * 9), Reason.FAILED_SCHEMA, "refund_id: longer than 64 characters"),
        (
            changed(amount={"minor": 5, "currency": SECRET}),
            Reason.FAILED_SCHEMA,
            "amount.currency: not a currency",
        ),
        (
            changed(amount={"minor": 5, "currency": "CNY"}),
            Reason.FAILED_SCHEMA,
            "data: the amounts of the lines and the freight sum to",
        ),
        (changed(lines=[{"line_id": SECRET}]), Reason.FAILED_SCHEMA, "lines.0.quantity_count: missing"),
        (changed(order_id="o-2"), Reason.WRONG_KEY, "another subject"),
        (b"[]", Reason.FAILED_SCHEMA, "data"),
        (changed(deep=json.loads("[" * 40 + "]" * 40)), Reason.TOO_DEEP, ""),
    ],
)
def test_bad_data_is_refused_by_place_and_kind(data: bytes, reason: Reason, detail: str) -> None:
    headers = tuple(write(ENVELOPE, b"{}")[1])
    entry = DECODER.read(StoredOrigin(TOPIC, 0, 0, b"o-1", headers, data))
    if data.endswith(b"NaN}"):
        assert isinstance(entry, Accepted), "what is ignored is not looked into"
        return
    rejected = refused(entry)
    assert rejected.reason is reason
    assert detail in rejected.detail
    assert SECRET not in rejected.detail


def test_own_words_of_a_check_are_shown_without_values() -> None:
    rejected = refused(DECODER.read(record(data=changed(freight={"minor": 100, "currency": "USD"}))))
    assert rejected.reason is Reason.FAILED_SCHEMA
    assert "one currency" in rejected.detail
    assert "USD" not in rejected.detail


@pytest.mark.parametrize(
    ("event_type", "reason"),
    [
        ("shop.refund.applied.v9", Reason.UNKNOWN_VERSION),
        ("shop.refund.applied", Reason.UNKNOWN_TYPE),
        ("shop.nobody.knows.v1", Reason.UNKNOWN_TYPE),
        (SECRET, Reason.UNKNOWN_TYPE),
    ],
)
def test_unknown_types_and_versions_are_told_apart(event_type: str, reason: Reason) -> None:
    rejected = refused(DECODER.read(record(ENVELOPE._replace(type=event_type))))
    assert rejected.reason is reason
    assert SECRET not in rejected.detail
    if reason is Reason.UNKNOWN_VERSION:
        assert RefundAppliedV1.TYPE in rejected.detail


def test_topic_and_key_must_fit() -> None:
    assert refused(DECODER.read(record(topic="shop.orders.v1"))).reason is Reason.WRONG_TOPIC
    assert refused(DECODER.read(replace(record(), key=b"o-9"))).reason is Reason.WRONG_KEY
    assert refused(DECODER.read(replace(record(), key=None))).reason is Reason.WRONG_KEY


def test_tombstones_oversize_and_plain_records_are_refused() -> None:
    assert refused(DECODER.read(replace(record(), value=None))).reason is Reason.NOT_CLOUDEVENTS
    assert refused(DECODER.read(replace(record(), headers=()))).reason is Reason.NOT_CLOUDEVENTS
    large = changed(padding="x" * 1_100_000)
    assert refused(DECODER.read(replace(record(), value=large))).reason is Reason.TOO_LARGE
    small = Decoder(SERVICE, Limits(value_bytes=1_024), by_marks=False, now=lambda: NOW)
    assert refused(small.read(replace(record(), value=b"x" * 1_025))).reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    ("ahead", "at"),
    [
        (timedelta(seconds=-1), NOW - timedelta(seconds=1)),
        (timedelta(seconds=200), NOW),
        (timedelta(seconds=301), None),
        (timedelta(days=-799), NOW - timedelta(days=799)),
        (timedelta(days=-801), None),
    ],
)
def test_times_are_bounded_by_the_clock(ahead: timedelta, at: datetime | None) -> None:
    entry = DECODER.read(record(ENVELOPE._replace(time=NOW + ahead)))
    if at is None:
        assert refused(entry).reason is Reason.TIME_OUT_OF_BOUNDS
    else:
        assert isinstance(entry, Accepted)
        assert entry.received.at == at


def test_a_repeat_falls_into_the_month_of_its_own_time_whatever_the_clock_says() -> None:
    entry = DECODER.read(record(ENVELOPE._replace(time=datetime(2026, 4, 1, 0, 0, 5, tzinfo=UTC))))
    assert refused(entry).reason is Reason.TIME_OUT_OF_BOUNDS
    near = Decoder(SERVICE, Limits(future_skew_seconds=3_600), by_marks=False, now=lambda: NOW)
    entry = near.read(record(ENVELOPE._replace(time=datetime(2026, 4, 1, 0, 0, 5, tzinfo=UTC))))
    assert isinstance(entry, Accepted)
    assert entry.at == NOW
    assert entry.month == date(2026, 4, 1)


def test_by_marks_only_years_bound_the_time() -> None:
    for year, is_sane in ((1999, False), (2014, True), (2099, True), (2101, False)):
        entry = BY_MARKS.read(record(ENVELOPE._replace(time=datetime(year, 6, 1, tzinfo=UTC))))
        assert isinstance(entry, Accepted) is is_sane


def test_clock_marks_count_only_where_marks_are_the_clock() -> None:
    mark = ClockMarkedV1(mark_at=NOW, sequence_count=7)
    envelope = Envelope("mark-7", "clock", ClockMarkedV1.TYPE, NOW, "clock")
    marked = record(envelope, registry.encode(mark))
    assert BY_MARKS.read(marked) == Mark(7, NOW)
    assert DECODER.read(marked) == Ignored(ClockMarkedV1.TYPE, None)
    assert refused(BY_MARKS.read(record(envelope, b"{}"))).reason is Reason.FAILED_SCHEMA


@given(
    st.lists(
        st.tuples(st.sampled_from(["cut", "flip", "insert"]), st.integers(0, 10_000), st.binary(max_size=4))
    ),
    st.booleans(),
)
def test_whatever_the_bytes_a_verdict_comes_and_repeats_nothing(
    edits: list[tuple[str, int, bytes]], by_header: bool
) -> None:
    base = record(data=changed(statement_ref=SECRET))
    headers = [list(pair) for pair in base.headers]
    raw = bytearray(base.value or b"")
    for kind, partition_id, put in edits:
        target = raw
        if by_header:
            pair = headers[partition_id % len(headers)]
            target = bytearray(bytes(pair[1]))  # type: ignore[arg-type]
        at = partition_id % (len(target) + 1)
        if kind == "cut":
            del target[at : at + 3]
        elif kind == "insert":
            target[at:at] = put
        elif at < len(target):
            target[at] ^= 0x55
        if by_header:
            headers[partition_id % len(headers)][1] = bytes(target)
    pairs = tuple((str(name), bytes(value)) for name, value in headers)  # type: ignore[arg-type]
    for decoder in (DECODER, BY_MARKS):
        entry = decoder.read(StoredOrigin(TOPIC, 0, 0, base.key, pairs, bytes(raw)))
        assert isinstance(entry, Accepted | Ignored | Mark | Rejected)
        if isinstance(entry, Rejected):
            assert SECRET not in entry.detail
            assert "\x00" not in entry.detail
