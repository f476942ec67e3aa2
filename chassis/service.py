"""Defines what a service declares: its kinds of case, each with all that concerns it."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from importlib import import_module
from typing import Any, Generic, Protocol, TypeVar, get_args

import msgspec

from aftersales_contracts.base import Event, Outcome
from aftersales_contracts.envelope import Envelope
from aftersales_contracts.registry import topics_of
from aftersales_contracts.topics import TOPICS, outcome_topic
from kernel.decider import Addressed, CaseView, Deadline, DeadlinePassed, Decided
from kernel.picture import Picture, Pictures

S = TypeVar("S")
M = TypeVar("M")
F = TypeVar("F")
P = TypeVar("P")


class Received(msgspec.Struct, frozen=True):
    """One event from outside, decoded and validated. `at` is the event's own time, clamped to sane bounds."""

    envelope: Envelope
    data: Event
    at: datetime


Read = Callable[[Any], Sequence[Addressed]]
"""Translates the data of an event into messages."""
Announce = Callable[[Any, CaseView[Any]], Outcome]
"""Builds the one outcome that a fact announces. The outcome's class names type and topic."""
Reaction = Callable[[Any, CaseView[Any]], Sequence[Addressed]]
"""Derives messages for other cases of the same service from a fact."""


class Policies(Protocol):
    """Every version of a service's policy. A case keeps the version under which it opened."""

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


def _of_order(view: CaseView[Any]) -> Mapping[str, Any]:
    return {"order_id": view.subject}


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[S, M, F, P]):
    """One kind of case.

    `state`, `message` and `fact` are the unions of all values that may be stored. A service whose values have
    a union of values in a field is refused at start: use separate classes. `ended` is the union of the states
    that are loaded only when addressed. A fact in `announces` becomes exactly one outcome. A fact in `tells`
    reaches other cases. `pictures` says how people see each state; a sight that differs after a decision is
    announced (case.changed). A kind without pictures shows nothing.
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
    pictures: Pictures = field(default_factory=dict[type, Picture])
    detail: Callable[[Any, Picture], Picture | None] | None = None
    """Adds to the picture what more than the class of the state decides; None: there is nothing to see."""
    about: Callable[[CaseView[Any]], Mapping[str, Any]] = _of_order
    """Names the order, the customer and the shop of a case, as the fields of `case.changed` do."""

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

    def picture(self, state: S) -> Picture | None:
        """Tells how people see a case in this state; None where there is nothing to see."""
        picture = self.pictures.get(type(state))
        if picture is None or self.detail is None:
            return picture
        return self.detail(state, picture)

    def handle(self, state: S, message: M, policy: P, now: datetime) -> Sequence[Decided[F]]:
        """Decides on a message. A deadline that the state no longer lists decides nothing."""
        if isinstance(message, DeadlinePassed) and not self.is_pending(state, message):
            return []
        return self.decide(state, message, policy, now)


def kinds_of(cases: str, *folders: str) -> tuple[Kind[Any, Any, Any, Any], ...]:
    """Loads the kinds of a service, in the order in which an event reaches them.

    `cases` is the package of the kinds' folders. The `border` of each folder declares the kind under the
    folder's name in capitals. Raises ImportError or AttributeError for a folder without a kind, TypeError
    where another thing has that name.
    """
    return tuple(_declared(f"{cases}.{folder}.border", folder.upper()) for folder in folders)


def _declared(module: str, name: str) -> Kind[Any, Any, Any, Any]:
    declared: object = getattr(import_module(module), name)
    if not isinstance(declared, Kind):
        raise TypeError(f"{module}.{name} is no Kind")
    return declared


@dataclass(frozen=True)
class Service:
    """One service: its kinds of case, and its policies."""

    name: str
    kinds: Sequence[Kind[Any, Any, Any, Any]]
    policies: Policies

    @cached_property
    def reads(self) -> Mapping[type[Event], Read]:
        """Merges the readers of all kinds. An event goes to every kind that reads it, in the order of the
        kinds.
        """
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
    """Tells whether our own services write a topic. Such topics form cycles, so they hold no watermark."""
    return TOPICS[topic].side != "in"


def inputs(service: Service) -> list[str]:
    """Lists the topics that a service reads, sorted. A service never reads its own outcomes."""
    topics = {topic for event_class in service.reads for topic in topics_of(event_class)}
    return sorted(topics - {outcome_topic(service.name)})
