"""Ids and keys that are derived, so that a repeated step repeats itself exactly."""

from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import blake2b

INBOX_KEY_BYTES = 16


def inbox_key(source: str, event_id: str) -> bytes:
    """16 bytes for one (source, id). NUL parts them, which neither can hold."""
    return blake2b(f"{source}\0{event_id}".encode(), digest_size=INBOX_KEY_BYTES).digest()


def body_hash(event_type: str, data: bytes) -> int:
    """A signed 64-bit hash of type and data: tells a repeat from an id used again for something else."""
    digest = blake2b(data, digest_size=8, person=_person(event_type)).digest()
    return int.from_bytes(digest, "big", signed=True)


@lru_cache(maxsize=1024)
def _person(event_type: str) -> bytes:
    return blake2b(event_type.encode(), digest_size=16).digest()


def month_of(moment: datetime) -> date:
    """The first day of the moment's month, in UTC."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return _first_of(moment.year, moment.month)


@lru_cache(maxsize=4096)
def _first_of(year: int, month: int) -> date:
    return date(year, month, 1)
