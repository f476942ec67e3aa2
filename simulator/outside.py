"""Defines everybody outside who answers what we announce."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from aftersales_contracts.base import Event
from simulator.outcomes import Announced


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply from outside to an outcome, `delay` after the outcome."""

    delay: timedelta
    source: str
    id: str
    """The same for the same outcome, so that a repeated outcome is answered by a repeat."""
    data: Event


class Outside(Protocol):
    """Everybody whom our outcomes reach: a pure function of the outcome."""

    def answer(self, outcome: Announced) -> Sequence[Reply]:
        """Returns the replies to the outcome; the same for the same outcome."""
        ...


class Silence:
    """An outside that never answers."""

    def answer(self, outcome: Announced) -> Sequence[Reply]:
        """Nothing."""
        del outcome
        return ()
