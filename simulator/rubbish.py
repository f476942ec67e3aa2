"""Makes records that no service can use, one kind per reason: what foreign producers really send."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from aftersales_contracts.reasons import Reason
from simulator.records import Record, share

Headers = tuple[tuple[str, bytes], ...]
Spoiled = tuple[str, bytes | None, Headers, bytes | None]
"""Topic, key, headers, value."""

HEADERS_COUNT = 100
DEPTH = 60
WRONG_TOPICS = {"shop.orders.v1": "shop.shipments.v1"}


def _with(record: Record, name: str, value: bytes) -> Headers:
    return tuple((header, value if header == name else old) for header, old in record.headers)


def _without_envelope(record: Record) -> Spoiled:
    return record.topic, record.key, (("content-type", b"application/json"),), record.value


def _bad_utf8(record: Record) -> Spoiled:
    return record.topic, record.key, record.headers, b'{"shop_id": "\xff\xfe"}'


def _bad_json(record: Record) -> Spoiled:
    return record.topic, record.key, record.headers, (record.value or b"")[:-9]


def _too_deep(record: Record) -> Spoiled:
    return record.topic, record.key, record.headers, b'{"a":' * DEPTH + b"1" + b"}" * DEPTH


def _too_large(record: Record) -> Spoiled:
    trail = tuple((f"x-hop-{number}", b"relay") for number in range(HEADERS_COUNT))
    return record.topic, record.key, (*record.headers, *trail), record.value


def _unknown_type(record: Record) -> Spoiled:
    return record.topic, record.key, _with(record, "ce_type", b"shop.order.teleported.v1"), record.value


def _unknown_version(record: Record) -> Spoiled:
    newer = record.type.removesuffix(".v1") + ".v9"
    return record.topic, record.key, _with(record, "ce_type", newer.encode()), record.value


def _failed_schema(record: Record) -> Spoiled:
    value = (record.value or b"").replace(b'"order_id":', b'"order_number":')
    return record.topic, record.key, record.headers, value


def _wrong_key(record: Record) -> Spoiled:
    return record.topic, b"somebody-else", record.headers, record.value


def _wrong_topic(record: Record) -> Spoiled:
    return WRONG_TOPICS.get(record.topic, "shop.orders.v1"), record.key, record.headers, record.value


def _time_out_of_bounds(record: Record) -> Spoiled:
    return record.topic, record.key, _with(record, "ce_time", b"1970-01-01T00:00:00Z"), record.value


def _id_reused(record: Record) -> Spoiled:
    value = (record.value or b"").replace(b'"platform_code":"taobao"', b'"platform_code":"tmall"')
    return record.topic, record.key, record.headers, value


SPOILERS: dict[Reason, Callable[[Record], Spoiled]] = {
    Reason.NOT_CLOUDEVENTS: _without_envelope,
    Reason.BAD_UTF8: _bad_utf8,
    Reason.BAD_JSON: _bad_json,
    Reason.TOO_DEEP: _too_deep,
    Reason.TOO_LARGE: _too_large,
    Reason.UNKNOWN_TYPE: _unknown_type,
    Reason.UNKNOWN_VERSION: _unknown_version,
    Reason.FAILED_SCHEMA: _failed_schema,
    Reason.WRONG_KEY: _wrong_key,
    Reason.WRONG_TOPIC: _wrong_topic,
    Reason.TIME_OUT_OF_BOUNDS: _time_out_of_bounds,
    Reason.ID_REUSED: _id_reused,
}
"""Reason that the services will find -> how a good `order.placed` is spoiled."""


def spoil(record: Record, reason: Reason) -> Record:
    """A good record made unusable for that reason; published a little after the good one."""
    topic, key, headers, value = SPOILERS[reason](record)
    if reason is not Reason.ID_REUSED:
        headers = tuple((name, text + b".rubbish" if name == "ce_id" else text) for name, text in headers)
    at: datetime = record.at + timedelta(minutes=3)
    return Record(at, topic, key, headers, value, f"{record.id}.{reason.value}", f"rubbish:{reason.value}")


def rubbish_beside(record: Record, rate: float) -> Iterator[Record]:
    """Now and then, spoiled copies of an order's placing; every reason comes up in turn by dice."""
    if record.type != "shop.order.placed.v1":
        return
    dice = share(record.id, "rubbish")
    if dice < rate:
        reasons = list(SPOILERS)
        yield spoil(record, reasons[int(dice / rate * len(reasons))])
