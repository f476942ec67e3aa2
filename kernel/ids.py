"""Derives ids from their cause, so that a repeated step derives the same id again."""

import re
from hashlib import blake2b, sha256

ID_LENGTH_MAX = 64
"""Characters of an id in the contracts."""
SUFFIX_LENGTH_MAX = 24
"""Characters of what follows the first part, if it is to stay readable in an id that is too long."""
_ID = re.compile(r"[\x21-\x7e]+")


def derived_id(*parts: str) -> str:
    """Joins the parts by dots, in at most 64 printable ASCII characters; stable for ever.

    A text that is too long keeps what follows the first part, if that is short, and gets a digest in place of
    the rest. Otherwise a digest stands for all parts. The three forms are those of ids that are stored.
    """
    text = ".".join(parts)
    is_printable = _ID.fullmatch(text) is not None
    if len(text) <= ID_LENGTH_MAX and is_printable:
        return text
    base, suffix = parts[0], text[len(parts[0]) :]
    if is_printable and len(suffix) <= SUFFIX_LENGTH_MAX:
        digest = blake2b(base.encode(), digest_size=8).hexdigest()
        return f"{base[: ID_LENGTH_MAX - len(suffix) - 17]}~{digest}{suffix}"
    if is_printable and len(parts) == 2:
        return f"{base[:23]}.{sha256(text.encode()).hexdigest()[:40]}"
    return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()
