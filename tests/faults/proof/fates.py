"""States the fate of an input when it is made."""

from dataclasses import dataclass
from typing import Literal

EVERYWHERE = "topic"
"""Every service that reads the topic refuses it: the envelope itself is unusable."""
READERS = "type"
"""Only services that read the type look so far into it."""


@dataclass(frozen=True, slots=True)
class Fate:
    """The class of an input."""

    kind: Literal["effect", "repeat", "other_body", "reject"]
    reasons: frozenset[str] = frozenset()
    """Of a reject: the reason codes that fit."""
    scope: str = EVERYWHERE


EFFECT = Fate("effect")
"""Handled once by every service that reads the type; ignored by the others."""
REPEAT = Fate("repeat")
"""The same bytes again."""
OTHER_BODY = Fate("other_body")
"""An id that is used again: whichever body comes second is refused."""


def reject(*reasons: str, scope: str = EVERYWHERE) -> Fate:
    """Set aside for one of these reasons."""
    return Fate("reject", frozenset(reasons), scope)
