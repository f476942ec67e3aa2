"""Derives ids from their cause, so that a repeated step derives the same id again."""

import re
from hashlib import blake2b, sha256

ID_LENGTH_MAX = 64
"""Characters of an id in the contracts."""
SUFFIX_LENGTH_MAX = 40
"""Characters of what follows the first part, if it is to stay readable in an id that is too long."""
_ID = re.compile(r"[\x21-\x7e]+")


def derived_id(*parts: str) -> str:
    """Joins the parts by dots, in at most 64 printable ASCII characters; stable for ever.

    Where the text is too long, the first part is shortened and a digest of it added; the rest stays readable.
    Where that is no id either, a digest of all parts stands for them.
    """
    text = ".".join(parts)
    if len(text) <= ID_LENGTH_MAX and _ID.fullmatch(text):
        return text
    base, suffix = parts[0], text[len(parts[0]) :]
    if len(suffix) > SUFFIX_LENGTH_MAX or not _ID.fullmatch(text):
        return f"{_readable(base)}{sha256(text.encode()).hexdigest()[:40]}"
    digest = blake2b(base.encode(), digest_size=8).hexdigest()
    return f"{base[: ID_LENGTH_MAX - len(suffix) - 17]}~{digest}{suffix}"


def _readable(base: str) -> str:
    return f"{base[:23]}." if _ID.fullmatch(base) else ""
