"""Records made fast: an event is built and encoded once, then copied with other ids and moments."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from aftersales_contracts.base import Event
from aftersales_contracts.envelope import Envelope, time_text, write
from aftersales_contracts.happened import happened_fields
from aftersales_contracts.registry import encode, topics_of

PLACEHOLDER = "proof-placeholder"
_MARK = PLACEHOLDER.encode()
_DUE_TEXT = "2031-01-01T00:00:00Z"
DUE = datetime(2031, 1, 1, tzinfo=UTC)
"""In a template: a moment in the data that each copy replaces by its own."""
_ANY = datetime(2026, 1, 1, tzinfo=UTC)

Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """One record before it is published."""

    topic: str
    key: bytes | None
    headers: Headers
    value: bytes | None

    def with_header(self, name: str, content: bytes) -> "Draft":
        """With another content of a header."""
        return replace(self, headers=tuple((n, content if n == name else c) for n, c in self.headers))


class Template:
    """The record of one event about `PLACEHOLDER`, to be copied."""

    def __init__(self, event: Event, source: str) -> None:
        self.type = event.TYPE
        self.topic = min(topics_of(type(event)))
        envelope = Envelope(PLACEHOLDER, source, event.TYPE, _ANY, event.subject_of())
        self._key, self._headers, self._value = write(envelope, encode(event))
        moments = (getattr(event, field) for field in happened_fields(type(event)))
        self._passed = [time_text(moment).encode() for moment in moments if moment is not None]
        self._places = {name: place for place, (name, _) in enumerate(self._headers)}

    def draft(self, name: str, event_id: str, at: datetime, due_at: datetime | None = None) -> Draft:
        """The same about `name`, with its own id and moment."""
        own = name.encode()
        key = self._key.replace(_MARK, own)
        headers: list[tuple[str, bytes | None]] = list(self._headers)
        headers[self._places["ce_id"]] = ("ce_id", event_id.encode())
        headers[self._places["ce_time"]] = ("ce_time", time_text(at).encode())
        headers[self._places["ce_subject"]] = ("ce_subject", key)
        value = self._value.replace(_MARK, own)
        for field in self._passed:
            value = value.replace(field, time_text(at).encode())
        if due_at is not None:
            value = value.replace(_DUE_TEXT.encode(), time_text(due_at).encode())
        return Draft(self.topic, key, tuple(headers), value)
