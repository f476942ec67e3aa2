"""Defines a record to publish: one Kafka record with the moment at which it happened."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from aftersales_contracts.base import Event
from aftersales_contracts.envelope import Envelope, write
from aftersales_contracts.registry import encode


@dataclass(frozen=True, slots=True)
class Record:
    """One record for Kafka. `at` orders publishing; the record carries its own time in its headers."""

    at: datetime
    topic: str
    key: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    value: bytes | None
    id: str
    """Unique over a run; the CloudEvents id where the record is an event."""
    type: str
    """CloudEvents type, or `rubbish:<reason>` where the record is broken on purpose."""

    @property
    def order(self) -> tuple[datetime, str, str]:
        """By moment, then by topic and id, so that two runs publish alike."""
        return (self.at, self.topic, self.id)


def announce(
    data: Event,
    *,
    at: datetime,
    source: str,
    event_id: str,
    published_at: datetime | None = None,
    correlation_id: str | None = None,
    causation_id: str | None = None,
) -> Record:
    """The record that announces `data` as of `at`; `published_at` where it is told later than it happened."""
    envelope = Envelope(
        id=event_id,
        source=source,
        type=data.TYPE,
        time=at,
        subject=data.subject_of(),
        correlationid=correlation_id,
        causationid=causation_id,
    )
    key, headers, value = write(envelope, encode(data))
    return Record(published_at or at, data.TOPIC, key, tuple(headers), value, event_id, data.TYPE)


def share(*words: object) -> float:
    """A number in [0, 1) that depends on the words alone: the simulator's dice, equal in every run."""
    text = "\x1f".join(str(word) for word in words)
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def short_id(*words: object) -> str:
    """Twelve hexadecimal digits that depend on the words alone."""
    text = "\x1f".join(str(word) for word in words)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
