"""Derives inbox keys, body hashes and months, equal for every repeat of an event."""

from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import blake2b

INBOX_KEY_BYTES = 16


def inbox_key(source: str, event_id: str) -> bytes:
    """Derives 16 bytes from (source, id). NUL separates the two; neither can contain NUL."""
    return blake2b(f"{source}\0{event_id}".encode(), digest_size=INBOX_KEY_BYTES).digest()


def body_hash(event_type: str, data: bytes) -> int:
    """Hashes type and data to a signed 64-bit number. The hash tells a repeat from a reused id."""
    digest = blake2b(data, digest_size=8, person=_person(event_type)).digest()
    return int.from_bytes(digest, "big", signed=True)


@lru_cache(maxsize=1024)
def _person(event_type: str) -> bytes:
    return blake2b(event_type.encode(), digest_size=16).digest()


def month_of(moment: datetime) -> date:
    """Finds the first day of the moment's month, in UTC."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return _first_of(moment.year, moment.month)


@lru_cache(maxsize=4096)
def _first_of(year: int, month: int) -> date:
    return date(year, month, 1)
