"""Defines the result of an adapter: events, unknown codes, remarks; and the error of a payload."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Any, Literal

from aftersales_contracts.base import Event
from aftersales_contracts.envelope import SPEC_VERSION, Envelope, time_text, write
from aftersales_contracts.registry import encode, topic_of


class PayloadError(ValueError):
    """A payload that cannot be told: the field, and the fault. The text never holds the field's value."""

    def __init__(self, place: str, fault: str) -> None:
        super().__init__(f"{place or 'payload'}: {fault}")
        self.place = place
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Context:
    """All that a payload does not say itself."""

    shop_id: str | None = None
    """The shop, for payloads of shops. A header of the sender may name it."""
    received_at: datetime | None = None
    """The moment of receipt. With it, scans beyond the border's bounds are left out with a remark."""
    zone: tzinfo | None = None
    """The zone of local times, where the sender's documents name none."""
    carriers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Your carrier codes by the sender's names of carriers, in lower case."""
    topic: str | None = None
    """The sender's topic of the message, where a header names it. Without a topic a payload is told whole."""
    payments: Literal["orders", "transactions"] = "orders"
    """Which messages of a web shop tell of payments: one of them, or each payment would count twice."""
    is_mall: bool = False
    """Whether a shop of Taobao is one of the mall (Tmall): a trade does not say."""
    source: str | None = None
    """CloudEvents source, in place of the adapter's own."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event, ready to be published."""

    envelope: Envelope
    event: Event

    @property
    def topic(self) -> str:
        """The topic on which the event belongs."""
        return topic_of(self.event)

    def record(self) -> tuple[bytes, list[tuple[str, bytes]], bytes]:
        """Returns key, headers and value of the Kafka record."""
        return write(self.envelope, encode(self.event))

    def as_json(self) -> dict[str, Any]:
        """Returns the event as a CloudEvent in structured form, for people and tools."""
        envelope = self.envelope
        return {
            "specversion": SPEC_VERSION,
            "id": envelope.id,
            "source": envelope.source,
            "type": envelope.type,
            "time": time_text(envelope.time),
            "subject": envelope.subject,
            "datacontenttype": "application/json",
            "data": self.event.model_dump(mode="json", exclude_none=True),
        }


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that was dropped, cut or assumed."""

    place: str
    """The field, for example `tracking_details[3].datetime`."""
    code: str
    """A word for counting: see `REMARKS`."""
    text: str

    def __str__(self) -> str:
        return f"{self.place or 'payload'}: {self.code}: {self.text}"


@dataclass(frozen=True, slots=True)
class Adapted:
    """All that came of one payload."""

    events: tuple[Told, ...] = ()
    unknown_codes: Mapping[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """Times that a code was met that the adapter does not know, by (kind of code, code)."""
    remarks: tuple[Remark, ...] = ()

    def __add__(self, other: "Adapted") -> "Adapted":
        codes = dict(self.unknown_codes)
        for code, count in other.unknown_codes.items():
            codes[code] = codes.get(code, 0) + count
        return Adapted(self.events + other.events, codes, self.remarks + other.remarks)


REMARKS: Mapping[str, str] = MappingProxyType(
    {
        "assumed": "the payload leaves it open, and the adapter chose",
        "cut": "a text was longer than the contracts allow",
        "not_told": "the contracts have no word for it, or nobody asks for it",
        "no_moment": "the scan has no moment, or a day without a time",
        "no_zone": "a local time whose zone nobody names",
        "out_of_bounds": "a moment ahead of the receipt, or too long ago for the border",
        "repeated": "the same once more within one payload",
        "test_mode": "the sender marks the payload as a test",
        "unusable": "a value that the contracts refuse, in a part without which the rest is still true",
        "unknown_code": "a code that the adapter does not know; it is kept beside the event",
        "waits": "told only when a later message says that it happened",
    }
)
"""The words of remarks, with the sense of each."""
