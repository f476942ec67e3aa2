"""Defines the plain values that travel between the engine and the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec


class PartitionId(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class Cause(msgspec.Struct, frozen=True, gc=False):
    """The event (or the deadline) that a decision goes back to."""

    type: str
    source: str
    id: str
    correlation: str
    trace: str | None


class Origin(Protocol):
    """The Kafka record that brought a message, as it came."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...
    @property
    def value(self) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class StoredOrigin:
    """A Kafka record stored beside a waiting message."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    """A header without a value has None, as clients deliver it."""
    value: bytes | None


class FactRecord(msgspec.Struct, frozen=True, gc=False):
    """A decided fact, ready to be written, with the outcome that it announces."""

    subject: str
    kind: str
    case_id: str
    version: int
    name: str
    at: datetime
    data: str
    rules: str
    policy: str
    cause: Cause
    event_type: str | None
    event_key: str | None
    event: str | None


class DeadLetter(msgspec.Struct, frozen=True):
    """A record, or a message to a case, that could not be used."""

    at: datetime
    reason: str
    detail: str
    origin: Origin | None
    event_type: str = ""
    event_source: str = ""
    event_id: str = ""
    subject: str = ""
    kind: str = ""
    case_id: str = ""
    name: str = ""
    message: str | None = None
    shop_id: str = ""
    correlation: str = ""
    trace: str | None = None


class OpenTask(NamedTuple):
    """A question to a person that nobody has answered yet, as the table `tasks` lists it."""

    kind: str
    case_id: str
    task_id: str
    subject: str
    shop_id: str
    kind_code: str
    question_code: str
    asked_at: datetime
    due_at: datetime

    @property
    def key(self) -> "TaskKey":
        """The task's place in the table: ids are unique within their case only."""
        return self.kind, self.case_id, self.task_id


TaskKey = tuple[str, str, str]


class TaskChanges(NamedTuple):
    """Changes of a batch to the open tasks."""

    asked: Sequence[OpenTask] = ()
    ended: Sequence[TaskKey] = ()
