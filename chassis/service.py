"""What a service is: its kinds of case, what it reads, what it announces. One value per service."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import msgspec

from aftersales_contracts.base import Event, Outcome
from aftersales_contracts.envelope import Envelope
from chassis.vocabulary import Addressed, CaseView, Decider


class Received(msgspec.Struct, frozen=True):
    """One event from outside, read and validated. `at` is its own time, clamped to sane bounds."""

    envelope: Envelope
    data: Event
    at: datetime


Read = Callable[[Any], Sequence[Addressed]]
"""From the event's data (of the contract class that it is filed under) to the messages that it means."""
Announce = Callable[[Any, CaseView], Outcome]
"""From a fact to the one outcome that it announces; the outcome's class names type and topic."""
HandOn = Callable[[Any, CaseView], Sequence[Addressed]]
"""From a fact to messages for other cases of the same service."""


class PolicyBook(Protocol):
    """Every version of a service's policy; a case keeps the version that it opened under."""

    def choose(self, shop_id: str, at: datetime) -> tuple[str, Any]:
        """The pack of the shop in force at that moment: (version name, policy)."""
        ...

    def get(self, version: str) -> Any:
        """The policy of that version name. Raises KeyError."""
        ...


@dataclass(frozen=True)
class Kind:
    """One kind of case.

    `states`, `messages` and `facts` are all the values that may be stored (unions of
    values inside them are refused when the service starts; tag by separate classes).
    A fact in `announces` becomes exactly one outcome; one in `hands_on` reaches other cases.
    """

    name: str
    decider: Decider[Any, Any, Any, Any]
    states: Sequence[type]
    ended: Sequence[type]
    messages: Sequence[type]
    facts: Sequence[type]
    announces: Mapping[type, Announce] = field(default_factory=dict[type, Announce])
    hands_on: Mapping[type, HandOn] = field(default_factory=dict[type, HandOn])


@dataclass(frozen=True)
class Service:
    """The wiring of one service."""

    name: str
    kinds: Sequence[Kind]
    reads: Mapping[type[Event], Read]
    policies: PolicyBook
