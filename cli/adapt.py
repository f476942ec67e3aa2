"""Turns payloads of trackers and shops into events, and publishes them."""

from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aiokafka.errors import KafkaError

from aftersales_adapters.catalogue import KINDS, adapt
from aftersales_adapters.result import Adapted, Context, PayloadError, Told
from chassis import clock
from chassis.kafka_client import make_producer
from chassis.settings import Kafka
from cli.errors import CommandError


def context(
    shop: str | None,
    zone: str | None,
    carriers: Sequence[str],
    topic: str | None,
    payments: str,
    *,
    is_mall: bool,
) -> Context:
    """Makes the context of a file. Raises CommandError for a zone or a teller that does not exist."""
    if payments not in ("orders", "transactions"):
        raise CommandError("payments are told by orders or by transactions")
    return Context(
        shop_id=shop,
        received_at=clock.now(),
        zone=None if zone is None else zone_of(zone),
        carriers=carriers_of(carriers),
        topic=topic,
        is_mall=is_mall,
        payments="transactions" if payments == "transactions" else "orders",
    )


def zone_of(name: str) -> ZoneInfo:
    """Finds a zone by its IANA name. Raises CommandError where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CommandError(f"no time zone of that name: {name}") from None


def carriers_of(pairs: Sequence[str]) -> Mapping[str, str]:
    """Reads `name=code`. Raises CommandError for what has another form."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, parted, code = pair.partition("=")
        if not parted or not name.strip() or not code.strip():
            raise CommandError(f"a carrier is NAME=CODE, not {pair}")
        found[name.strip().lower()] = code.strip()
    return found


def adapted(kind: str, payload: bytes, about: Context, *, by_line: bool) -> Adapted:
    """Adapts a file: one payload, or one a line. Raises CommandError for an unknown kind, a bad payload."""
    if kind not in KINDS:
        raise CommandError(f"no such kind: {kind}; there are {', '.join(KINDS)}")
    result = Adapted()
    for number, one in _payloads(payload, by_line=by_line):
        try:
            result += adapt(kind, one, about)
        except PayloadError as error:
            raise CommandError(f"line {number}: {error}" if by_line else str(error)) from None
    return result


def _payloads(payload: bytes, *, by_line: bool) -> Iterator[tuple[int, bytes]]:
    if not by_line:
        yield 1, payload
        return
    for number, line in enumerate(payload.splitlines(), 1):
        if line.strip():
            yield number, line


async def publish(kafka: Kafka, events: Sequence[Told]) -> None:
    """Publishes the events one after the other. Raises CommandError without a broker."""
    producer = make_producer(kafka, "operator")
    try:
        await producer.start()
        for told in events:
            key, headers, value = told.record()
            await producer.send_and_wait(told.topic, value, key=key, headers=headers)
    except (KafkaError, OSError) as error:
        raise CommandError(f"not published to {kafka.bootstrap_servers}: {error}") from None
    finally:
        await producer.stop()
