"""Encodes the headers of a record for a column, and decodes them."""

from base64 import b64decode, b64encode
from collections.abc import Sequence

import orjson


def pack_headers(headers: Sequence[tuple[str, bytes | None]]) -> str:
    """Encodes headers as JSON, whatever bytes they hold. A header without a value has null."""
    return orjson.dumps(
        [[printable(name), None if value is None else b64encode(value).decode()] for name, value in headers]
    ).decode()


def printable(text: str) -> str:
    """Makes text that PostgreSQL can hold: lone surrogates and NUL become escapes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


def unpack_headers(text: str | None) -> tuple[tuple[str, bytes | None], ...]:
    """Decodes headers that `pack_headers` encoded. Raises TypeError or ValueError for others."""
    return tuple(
        (name, None if value is None else b64decode(value)) for name, value in orjson.loads(text or "[]")
    )
