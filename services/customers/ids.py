"""Ids that follow from their cause, so that a repeated step repeats itself exactly."""

from hashlib import sha256

ID_LIMIT = 64
"""Characters of an id in the contracts."""


def derived_id(*parts: str) -> str:
    """The parts joined by dots; too long ones keep the first part and become a digest after it."""
    text = ".".join(parts)
    if len(text) <= ID_LIMIT:
        return text
    return f"{parts[0][:23]}.{sha256(text.encode()).hexdigest()[:40]}"
