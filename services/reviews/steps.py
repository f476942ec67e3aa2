"""Names the ways of reaching a buyer."""

from enum import StrEnum


class Step(StrEnum):
    """The way of one attempt to reach the buyer."""

    CALL = "call"
    TEXT = "text"
