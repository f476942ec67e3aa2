"""Decodes foreign records into events, or rejects records with a reason. Pure.

A detail names places (header, field, limit) and never repeats content of the record.
"""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import msgspec
from pydantic import ValidationError

from aftersales_contracts import registry
from aftersales_contracts.base import Event
from aftersales_contracts.clock import ClockMarkedV1
from aftersales_contracts.envelope import Envelope, EnvelopeError
from aftersales_contracts.envelope import read as read_envelope
from aftersales_contracts.happened import happened_fields, out_of_bounds
from aftersales_contracts.reasons import Reason
from aftersales_contracts.upcast import UPCASTERS, UpcastError
from chassis.engine.records import Origin
from chassis.ingest.inbox_keys import body_hash, inbox_key, month_of
from chassis.ingest.schema_errors import explain, has_bare_word
from chassis.service import Received, Service
from chassis.settings import Limits
from kernel.decider import Addressed

REUSED_ID = "this source and id came before with other data"
"""The detail of a record whose id was used before for something else."""


class Reader(Protocol):
    """Reads types of events as a service does, without being one: a judge of what a producer recorded."""

    @property
    def reads(self) -> Container[type[Event]]:
        """The classes of the types that are read, each in its newest version."""
        ...


class Accepted(msgspec.Struct):
    """An event that this service reads."""

    received: Received
    inbox_key: bytes
    """16 bytes, derived from (source, id)."""
    body_hash: int
    """A signed 64-bit hash of type and data."""
    month: date
    """First day of the month of the event's own time, in UTC."""
    at: datetime | None
    """The event's own time, for ordering. A small lead over the clock is cut off."""


class Ignored(msgspec.Struct):
    """An event of a known type that this service does not read."""

    type: str
    at: datetime | None


class Mark(msgspec.Struct):
    """A clock mark: everything that happened before `moment` lies before the mark in the partition."""

    sequence: int
    moment: datetime
    at: datetime | None = None


class Rejected(msgspec.Struct):
    """A record that becomes a dead letter. It has no time of its own."""

    reason: Reason
    detail: str
    event_type: str = ""
    at: datetime | None = None


Entry = Accepted | Ignored | Mark | Rejected


class Arrival(msgspec.Struct, frozen=True):
    """One record, the decoder's verdict, and the messages that the event means."""

    record: Origin
    verdict: Accepted | Rejected
    addressed: Sequence[Addressed] = ()


@dataclass(slots=True)
class _Known:
    """One event type, as the decoder knows it."""

    event_class: type[Event]
    """The newest version of the type."""
    topics: frozenset[str]
    """Topics that may carry the type."""
    is_read: bool
    is_old: bool
    """Whether data of the type must first be brought to the newest version."""
    has_moments: bool
    """Whether the data holds a moment that the event's time bounds."""


class Decoder:
    """Decodes the records of one service, or of another reader.

    With `by_marks` only years bound the times, and clock marks count. Otherwise the clock `now` bounds the
    times.
    """

    def __init__(
        self, reader: Service | Reader, limits: Limits, *, by_marks: bool, now: Callable[[], datetime]
    ) -> None:
        self._limits = limits
        self._by_marks = by_marks
        self._now = now
        self._skew = timedelta(seconds=limits.future_skew_seconds)
        self._past = timedelta(days=limits.past_days)
        self._known: dict[str, _Known] = {}
        for name, named in registry.EVENTS.items():
            newest = UPCASTERS.newest(name)
            event_class = registry.EVENTS[newest]
            is_read = event_class in reader.reads
            topics, has_moments = registry.topics_of(named), bool(happened_fields(event_class))
            self._known[name] = _Known(event_class, topics, is_read, newest != name, has_moments)
        self._bare_names = {name.rpartition(".v")[0] for name in self._known}

    def read(self, record: Origin) -> Entry:
        """Decodes one record: accepted, ignored, a clock mark, or rejected."""
        value = record.value
        if value is not None and len(value) > self._limits.value_bytes:
            return Rejected(Reason.TOO_LARGE, f"value: more than {self._limits.value_bytes} bytes")
        try:
            envelope, data = read_envelope(record.key, record.headers, value)
        except EnvelopeError as error:
            return Rejected(error.reason, error.detail)
        known = self._known.get(envelope.type)
        if known is None:
            return self._unknown(envelope.type)
        if record.topic not in known.topics:
            return Rejected(Reason.WRONG_TOPIC, "this topic does not carry the type", envelope.type)
        if known.event_class is ClockMarkedV1:
            return self._mark(data)
        at = self._sane(envelope.time)
        if at is None:
            return Rejected(Reason.TIME_OUT_OF_BOUNDS, self._bounds(envelope.time), envelope.type)
        if not known.is_read:
            return Ignored(envelope.type, at)
        return self._accept(known, envelope, data, at)

    def _accept(self, known: _Known, envelope: Envelope, data: bytes, at: datetime) -> Entry:
        try:
            current = UPCASTERS.upcast(envelope.type, data)[1] if known.is_old else data
            event = registry.read_data(known.event_class, current)
        except ValidationError as error:
            if has_bare_word(data):
                return Rejected(Reason.BAD_JSON, "data has a number that JSON does not know", envelope.type)
            reason, detail = explain(error, known.event_class)
            return Rejected(reason, detail, envelope.type)
        except UpcastError:
            return Rejected(Reason.FAILED_SCHEMA, "data does not fit its old version", envelope.type)
        try:
            subject = event.subject_of()
        except TypeError:
            return Rejected(Reason.WRONG_KEY, "the data names no subject", envelope.type)
        if subject != envelope.subject:
            return Rejected(Reason.WRONG_KEY, "the data names another subject", envelope.type)
        fault = out_of_bounds(event, envelope.time) if known.has_moments else None
        if fault is not None:
            return Rejected(Reason.TIME_OUT_OF_BOUNDS, fault, envelope.type)
        return Accepted(
            Received(envelope, event, at),
            inbox_key(envelope.source, envelope.id),
            body_hash(envelope.type, data),
            month_of(envelope.time),
            at,
        )

    def _mark(self, data: bytes) -> Entry:
        if not self._by_marks:
            return Ignored(ClockMarkedV1.TYPE, None)
        try:
            mark = registry.read_data(ClockMarkedV1, data)
        except ValidationError as error:
            reason, detail = explain(error, ClockMarkedV1)
            return Rejected(reason, detail, ClockMarkedV1.TYPE)
        return Mark(mark.sequence_count, mark.mark_at.astimezone(UTC))

    def _unknown(self, event_type: str) -> Rejected:
        """Rejects an unknown type. A known name with an unknown version gets a reason of its own. The name is
        not repeated.
        """
        bare, parted, _ = event_type.rpartition(".v")
        if parted and bare in self._bare_names:
            versions = sorted(name for name in self._known if name.rpartition(".v")[0] == bare)
            return Rejected(Reason.UNKNOWN_VERSION, f"known: {', '.join(versions)}")
        return Rejected(Reason.UNKNOWN_TYPE, "no such event type in the contracts")

    def _sane(self, time: datetime) -> datetime | None:
        """Finds the time to order by. None where no sane clock could say that time."""
        if self._by_marks:
            return time if self._limits.earliest_year <= time.year <= self._limits.latest_year else None
        now = self._now()
        if time <= now:
            return time if time >= now - self._past else None
        return now if time <= now + self._skew else None

    def _bounds(self, time: datetime) -> str:
        limits = self._limits
        if self._by_marks:
            return f"time: not within the years {limits.earliest_year} to {limits.latest_year}"
        if time > self._now():
            return f"time: more than {limits.future_skew_seconds} seconds ahead of the clock"
        return f"time: more than {limits.past_days} days ago"
