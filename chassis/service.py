"""Defines what a service declares: its kinds of case, each with all that concerns it."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar, get_args

import msgspec

from aftersales_contracts.base import Event, Outcome
from aftersales_contracts.envelope import Envelope
from aftersales_contracts.registry import topics_of
from aftersales_contracts.topics import TOPICS, outcome_topic
from kernel.decider import Addressed, CaseView, Deadline, DeadlinePassed, Decided

S = TypeVar("S")
M = TypeVar("M")
F = TypeVar("F")
P = TypeVar("P")


class Received(msgspec.Struct, frozen=True):
    """One event from outside, read and validated. `at` is its own time, clamped to sane bounds."""

    envelope: Envelope
    data: Event
    at: datetime


Read = Callable[[Any], Sequence[Addressed]]
"""From the event's data (of the contract class that it is filed under) to the messages that it means."""
Announce = Callable[[Any, CaseView[Any]], Outcome]
"""From a fact to the one outcome that it announces; the outcome's class names type and topic."""
Reaction = Callable[[Any, CaseView[Any]], Sequence[Addressed]]
"""From a fact to messages for other cases of the same service."""


class Policies(Protocol):
    """Every version of a service's policy; a case keeps the version that it opened under."""

    def choose(self, shop_id: str, at: datetime) -> tuple[str, Any]:
        """Finds the pack of the shop in force at that moment: (version name, policy)."""
        ...

    def get(self, version: str) -> Any:
        """Finds the policy of that version name. Raises KeyError."""
        ...


def _members(union: Any) -> tuple[type, ...]:
    """Lists the classes of a union; of a single class that class."""
    return get_args(union) or (union,)


def _nothing_due(_state: Any) -> Sequence[Deadline]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[S, M, F, P]):
    """One kind of case.

    `state`, `message` and `fact` are the unions of all values that may be stored (a union of values in
    a field is refused when the service starts; tag by separate classes). `ended` is the union of the states
    that are loaded only when they are addressed. A fact in `announces` becomes exactly one outcome; one
    in `tells` reaches other cases.
    """

    name: str
    initial: S
    state: Any
    message: Any
    fact: Any
    ended: Any = ()
    decide: Callable[[S, M, P, datetime], Sequence[Decided[F]]]
    evolve: Callable[[S, F], S]
    deadlines: Callable[[S], Sequence[Deadline]] = _nothing_due
    reads: Mapping[type[Event], Read] = field(default_factory=dict[type[Event], Read])
    announces: Mapping[type, Announce] = field(default_factory=dict[type, Announce])
    tells: Mapping[type, Reaction] = field(default_factory=dict[type, Reaction])

    @cached_property
    def states(self) -> tuple[type, ...]:
        return _members(self.state)

    @cached_property
    def ended_states(self) -> tuple[type, ...]:
        return _members(self.ended) if self.ended != () else ()

    @cached_property
    def messages(self) -> tuple[type, ...]:
        """The message classes, without `DeadlinePassed`, which every kind may get."""
        return tuple(cls for cls in _members(self.message) if cls is not DeadlinePassed)

    @cached_property
    def facts(self) -> tuple[type, ...]:
        return _members(self.fact)

    def is_pending(self, state: S, passed: DeadlinePassed) -> bool:
        """Tells whether the state lists this deadline."""
        return any(d.name == passed.name and d.due_at == passed.due_at for d in self.deadlines(state))

    def handle(self, state: S, message: M, policy: P, now: datetime) -> Sequence[Decided[F]]:
        """Decides; a deadline that the state does not list any more decides nothing."""
        if isinstance(message, DeadlinePassed) and not self.is_pending(state, message):
            return []
        return self.decide(state, message, policy, now)


@dataclass(frozen=True)
class Service:
    """One service."""

    name: str
    kinds: Sequence[Kind[Any, Any, Any, Any]]
    policies: Policies

    @cached_property
    def reads(self) -> Mapping[type[Event], Read]:
        """The readers of all kinds: an event goes to every kind that reads it, in the order of the kinds."""
        readers: defaultdict[type[Event], list[Read]] = defaultdict(list)
        for kind in self.kinds:
            for event_class, read in kind.reads.items():
                readers[event_class].append(read)
        return {event_class: _together(reads) for event_class, reads in readers.items()}


def _together(reads: Sequence[Read]) -> Read:
    if len(reads) == 1:
        return reads[0]
    return lambda data: [addressed for read in reads for addressed in read(data)]


def is_own(topic: str) -> bool:
    """Whether our services write it: such topics form cycles, so no watermark waits for them."""
    return TOPICS[topic].side != "in"


def inputs(service: Service) -> list[str]:
    """The topics that a service reads, sorted; never its own outcomes."""
    topics = {topic for event_class in service.reads for topic in topics_of(event_class)}
    return sorted(topics - {outcome_topic(service.name)})
