"""Collects what an adapter tells: checks each event as the border will, and counts what it does not tell."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from pydantic import ValidationError

from aftersales_adapters.reading import Node
from aftersales_adapters.result import Adapted, Context, PayloadError, Remark, Told
from aftersales_contracts import moments
from aftersales_contracts.base import Event
from aftersales_contracts.envelope import Envelope, EnvelopeError, read
from aftersales_contracts.registry import UnknownMemberError, read_data
from aftersales_contracts.scan_ids import scan_event_id
from aftersales_contracts.shop.scans import ParcelScannedV1

FUTURE_SKEW = timedelta(minutes=5)
PAST = timedelta(days=800)
"""The border's bounds of a moment, measured from the receipt."""
CODE_LENGTH = 64
TEXT_LENGTH = 2_000
REMARKS_MOST = 1_000


class Telling:
    """Collects the events, unknown codes and remarks of one payload."""

    def __init__(self, sender: str, context: Context) -> None:
        self.context = context
        self._source = context.source or f"adapter/{sender}"
        self._events: dict[tuple[str, str], Told] = {}
        self._codes: Counter[tuple[str, str]] = Counter()
        self._remarks: list[Remark] = []
        self._left_out_count = 0

    def adapted(self) -> Adapted:
        """Returns all of it, events in the order in which they were told."""
        if self._left_out_count:
            self._remarks.append(Remark("", "cut", f"{self._left_out_count} more remarks"))
        return Adapted(tuple(self._events.values()), dict(self._codes), tuple(self._remarks))

    def remark(self, place: Node | str, code: str, text: str) -> None:
        """Notes what was dropped, cut or assumed."""
        if len(self._remarks) < REMARKS_MOST:
            self._remarks.append(Remark(place.place if isinstance(place, Node) else place, code, text))
        else:
            self._left_out_count += 1

    def unknown(self, place: Node, kind: str, code: str) -> None:
        """Counts a code that the adapter does not know."""
        kept = code[:CODE_LENGTH]
        self._codes[kind, kept] += 1
        self.remark(place, "unknown_code", f"{kind} {kept}")

    def cut(self, node: Node, length: int = TEXT_LENGTH, text: str | None = None) -> str | None:
        """Returns a text of at most so many characters; what is cut off is remarked."""
        text = node.text() if text is None else text
        if text is None or len(text) <= length:
            return text
        self.remark(node, "cut", f"to {length} of {len(text)} characters")
        return text[:length].strip() or None

    def is_in_bounds(self, node: Node, moment: datetime) -> bool:
        """Whether the border takes the moment as an event's time; otherwise it is remarked."""
        if self._is_sane(moment):
            return True
        self.remark(node, "out_of_bounds", "the border refuses such a moment")
        return False

    def _is_sane(self, moment: datetime) -> bool:
        received = self.context.received_at
        if not moments.EARLIEST <= moment <= moments.LATEST:
            return False
        return received is None or received - PAST < moment <= received + FUTURE_SKEW

    def tell(self, event_id: str, at: datetime, event: Event, place: Node) -> None:
        """Adds an event; one of the same id is a repeat and is remarked.

        Raises PayloadError for an event that the border would refuse.
        """
        if not self._is_sane(at):
            raise PayloadError(place.place, "a moment ahead of the receipt, or too long ago for the border")
        envelope = Envelope(event_id, self._source, event.TYPE, at, event.subject_of())
        told = Told(envelope, event)
        try:
            key, headers, value = told.record()
            _, data = read(key, headers, value)
            read_data(type(event), data)
        except EnvelopeError as error:
            raise PayloadError(place.place, f"the border refuses it: {error.detail}") from None
        except (ValidationError, UnknownMemberError, UnicodeError, ValueError) as error:
            raise refused(place, error) from None
        known = self._events.setdefault((self._source, event_id), told)
        if known is told:
            return
        if known.event != event:
            raise PayloadError(place.place, "two contents under one id")
        self.remark(place, "repeated", "told once")


def refused(place: Node, error: Exception) -> PayloadError:
    """Names the field of the contracts that refuses a value, and never the value."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        return PayloadError(place.place, f"the contracts refuse {field or 'it'}: {first['msg']}")
    return PayloadError(place.place, f"the contracts refuse it: {type(error).__name__}")


def scan_id(scan: ParcelScannedV1) -> str:
    """Derives the id of a scan: the contracts' own, and a hash of all that is told of it.

    A history that grew repeats the ids of its first scans. Two scans of one second with one code and other
    texts are two, and so is a scan that the carrier corrected: an id with other content would be refused.
    """
    told = scan.model_dump(mode="json", exclude_defaults=True)
    data = json.dumps(told, sort_keys=True, ensure_ascii=False)
    return f"{scan_event_id(scan)}-{sha256(data.encode()).hexdigest()[:12]}"


def digest_id(parts: Sequence[str]) -> str:
    """Derives an id of the contracts, 1 to 64 printable ASCII characters, from parts that may be anything.

    The parts joined by dots where that fits; else what fits in front, and a digest.
    """
    text = ".".join(parts)
    if 0 < len(text) <= 64 and text.isascii() and text.isprintable() and " " not in text:
        return text
    digest = sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]
    readable = "".join(sign for sign in text if "!" <= sign <= "~")[:39]
    return f"{readable}~{digest}"
