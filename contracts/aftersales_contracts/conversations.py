"""Reads conversations: who tells what in a flow, with whose ids, by when, and what comes of silence.

A conversation is a TOML file in `conversations/`. Its steps are events in the order in which they are told. A
test plays every one through the services. `aftersales_contracts.generate` draws a page of each.

A value `$name` in data stands for what an earlier step kept under that name, `$now` for the moment of the
step, `$now+2d` for one after it.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from aftersales_contracts.base import Event
from aftersales_contracts.json_schema import schema_of
from aftersales_contracts.readers import READS
from aftersales_contracts.registry import EVENTS, services_of, topics_of
from aftersales_contracts.topics import SERVICES, TOPICS

_SPAN = re.compile(r"(\d+)([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def span(text: str) -> timedelta:
    """Reads a length of time: `10m`, `48h`, `3d`. Raises ValueError."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no length of time: 10m, 48h or 3d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def in_words(length: timedelta) -> str:
    """Writes a length of time for people."""
    minutes = int(length.total_seconds()) // 60
    for unit, size in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        if minutes % size == 0 and minutes >= size:
            count = minutes // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "at once"


def _length(value: object) -> object:
    return span(value) if isinstance(value, str) else value


Span = Annotated[timedelta, BeforeValidator(_length)]
Data = dict[str, Any]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Silence(_Entry):
    """The outcome where the answer does not come."""

    says: str
    tells: str
    """The type that is announced then."""
    has: Data = Field(default_factory=dict)
    """Fields that it carries, among others."""


class Answer(_Entry):
    """The answer that a step waits for."""

    by: str
    """Who answers, as the topic of the answer names its writers."""
    types: list[str] = Field(alias="with", min_length=1)
    ids: list[str]
    """Fields of the answer that repeat fields of the step."""
    within: Span | None = None
    """The time for it; absent: there is no deadline."""
    until: str | None = None
    """The field of the step that names the end of that time, where one does."""
    silence: Silence | None = None


class Step(_Entry):
    """One event that somebody tells."""

    who: str
    tells: str
    says: str
    to: list[str] = Field(default_factory=list[str])
    """Those outside for whom an outcome is meant; services that read it need not be named."""
    after: Span = timedelta(0)
    """The time since the step before."""
    data: Data = Field(default_factory=dict)
    """Data that is told to us. Order and shop stand in every event, the customer in those about one."""
    has: Data = Field(default_factory=dict)
    """Fields that an outcome carries, among others."""
    keep: dict[str, str] = Field(default_factory=dict[str, str])
    """Name -> field of an outcome that later steps repeat."""
    answer: Answer | None = None

    @property
    def event_class(self) -> type[Event]:
        """The class of the event."""
        return EVENTS[self.tells]

    @property
    def is_outcome(self) -> bool:
        """Whether one of our services tells it."""
        return bool(services_of(self.event_class))

    @model_validator(mode="after")
    def _fits_the_contracts(self) -> "Step":
        _known(self.tells)
        for name in self.keep.values():
            _has_field(self.event_class, name)
        if self.is_outcome:
            if self.data or self.who not in services_of(self.event_class):
                raise ValueError(f"{self.tells} is announced by {services_of(self.event_class)}, with `has`")
        else:
            _writes(self.who, self.tells)
            if self.has or self.keep or self.answer or self.to:
                raise ValueError(f"{self.tells} is told to us: it has `data` alone")
        if self.answer is not None:
            self._check_answer(self.answer)
        return self

    def _check_answer(self, answer: Answer) -> None:
        for name in answer.types:
            _writes(answer.by, _known(name))
            for field in answer.ids:
                _has_field(EVENTS[name], field)
        for field in (*answer.ids, *([answer.until] if answer.until else [])):
            _has_field(self.event_class, field)
        if answer.silence is not None:
            _known(answer.silence.tells)
            if answer.within is None:
                raise ValueError(f"{self.tells}: silence has an end")


def _known(name: str) -> str:
    if name not in EVENTS:
        raise ValueError(f"{name} is no type of the contracts")
    return name


def _has_field(event_class: type[Event], name: str) -> None:
    if name not in event_class.model_fields:
        raise ValueError(f"{event_class.TYPE} has no field {name}")


@cache
def _all_fields(event_class: type[Event]) -> frozenset[str]:
    """The fields of an event and of its components."""
    schema = schema_of(event_class)
    parts = [schema, *schema.get("$defs", {}).values()]
    return frozenset(name for part in parts for name in part.get("properties", {}))


def _writes(who: str, name: str) -> None:
    writers = {writer for topic in topics_of(EVENTS[name]) for writer in TOPICS[topic].writers}
    if who not in writers:
        raise ValueError(f"{name} is told by {sorted(writers)}, not by {who}")


class Conversation(_Entry):
    """One flow, as those outside see it."""

    name: str
    title: str
    about: str
    after: str | None = None
    """The conversation that comes before."""
    ids: dict[str, str] = Field(default_factory=dict[str, str])
    """Field -> who makes the id, and what it names."""
    besides: list[str] = Field(default_factory=list[str])
    """Outcomes that are announced on the way and are left out here."""
    steps: list[Step] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits_together(self) -> "Conversation":
        for field in self.ids:
            if not any(field in _all_fields(step.event_class) for step in self.steps):
                raise ValueError(f"{field} is in no event of the conversation")
        for name in self.besides:
            if not services_of(EVENTS[_known(name)]):
                raise ValueError(f"{name} is no outcome")
        return self

    @property
    def services(self) -> list[str]:
        """Our services that tell something in it, in their own order."""
        return [name for name in SERVICES if any(step.who == name for step in self.steps)]

    def hearers(self, step: Step) -> list[str]:
        """Those for whom a step is: our services in the conversation that read it, and who answers it."""
        read = [name for name in self.services if step.tells in READS[name] and name != step.who]
        outside = [*step.to, *([step.answer.by] if step.answer else [])]
        return list(dict.fromkeys([*outside, *read]))


def load(folder: Path) -> Mapping[str, Conversation]:
    """The conversations of a folder, by name. Raises pydantic.ValidationError for one that is not sound."""
    found = {
        path.stem: Conversation.model_validate(
            {"name": path.stem, **tomllib.loads(path.read_text(encoding="utf-8"))}
        )
        for path in sorted(folder.glob("*.toml"))
    }
    for each in found.values():
        if each.after is not None and each.after not in found:
            raise KeyError(f"{each.name}: there is no conversation {each.after}")
    return found


def in_order(found: Mapping[str, Conversation], name: str) -> list[Conversation]:
    """The conversation with those that come before, the first one first."""
    chain: list[Conversation] = []
    following: str | None = name
    while following is not None:
        chain.insert(0, found[following])
        following = found[following].after
    return chain
