"""Reads the names that a refused record claims for itself: type, source, id and subject. Pure.

Nothing here is checked: a letter that names its event can be searched for, and nothing is decided by it.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from aftersales_contracts.envelope import MAX_ATTRIBUTE_CHARACTERS, MAX_VALUE_BYTES
from chassis.engine.records import Origin


class Claimed(NamedTuple):
    """Attributes as the record gives them, empty where it gives none."""

    type: str = ""
    source: str = ""
    id: str = ""
    subject: str = ""


def claimed(record: Origin) -> Claimed:
    """Finds the names in the headers, else in the body of an event in structured mode."""
    found: dict[str, Any] = {name: value for name, value in record.headers if value is not None}
    if "ce_id" in found or "ce_type" in found:
        return Claimed(*(_plain(found.get(f"ce_{name}", b"")) for name in Claimed._fields))
    if b"cloudevents+json" in found.get("content-type", b"").lower():
        document = _document(record.value)
        return Claimed(*(_plain(document.get(name, "")) for name in Claimed._fields))
    return Claimed()


def _document(value: bytes | None) -> Mapping[str, Any]:
    """The members of a JSON object; none of anything else."""
    if not value or len(value) > MAX_VALUE_BYTES:
        return {}
    try:
        return msgspec.json.decode(value, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _plain(value: object) -> str:
    """Text that the database and a terminal can show: bounded, every odd character a question mark."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if not isinstance(text, str):
        return ""
    text = text[:MAX_ATTRIBUTE_CHARACTERS]
    return text if text.isprintable() else "".join(sign if sign.isprintable() else "?" for sign in text)
