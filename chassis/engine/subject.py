"""Holds what is loaded for a batch: subjects, their cases, and the messages on their way."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from chassis.engine.codec import Codec
from chassis.engine.records import Cause, Origin
from kernel.decider import Addressed


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stored message that this code cannot read. The message is kept unchanged, and fails its case."""

    name: str
    data: str


CROSS_SUBJECT, HELD = "mailbox", "horizon"
"""Two reasons of `Delivery`, stored under old words. The first names a cross-subject delivery. The second
names a delivery held until the watermark passes the deadlines before it.
"""
UNREAD: Any = object()
"""Replaces a stored state that is not decoded yet."""


class Case:
    """One case, as loaded and as the batch so far has changed it. The state is decoded on demand."""

    __slots__ = (
        "_codec", "_state", "_stored", "case_id", "is_blocked", "is_changed", "is_ended", "kind",
        "moved_at", "opened_at", "policy", "round_number", "shop_id", "shown", "stored_version", "subject",
        "version", "wake_at",
    )  # fmt: skip

    def __init__(self, subject: str, kind: str, case_id: str, shop_id: str, state: Any = UNREAD) -> None:
        self.subject = subject
        self.kind = kind
        self.case_id = case_id
        self.shop_id = shop_id
        self.version = 0
        self.policy = ""
        self.wake_at: datetime | None = None
        self.is_ended = False
        self.opened_at: datetime | None = None
        self.moved_at: datetime | None = None
        self.round_number = 0
        """In a replay: the round in which it moved last."""
        self.stored_version: int | None = None
        """Version in the database. None for a case that has no row yet."""
        self.is_changed = False
        self.is_blocked = False
        self.shown: Any = UNREAD
        """The sight of it after its last decision of the batch (`pictures.Shown`)."""
        self._state = state
        self._stored = ("", "")
        self._codec: Codec | None = None

    @property
    def state(self) -> Any:
        """Decodes the state on first use. Raises the codec's errors for a state that cannot be read."""
        if self._state is UNREAD:
            if self._codec is None:
                raise ValueError("a case without a state")
            self._state = self._codec.decode(*self._stored)
        return self._state

    @state.setter
    def state(self, value: Any) -> None:
        self._state = value

    def stored_as(self, codec: Codec, name: str, data: str, version: int) -> None:
        """Sets the stored form of the state, for decoding on demand."""
        self._codec, self._stored, self.stored_version, self.version = codec, (name, data), version, version

    @property
    def stored(self) -> tuple[str, str] | None:
        """The stored form of a state that was never decoded: class name and JSON. None after decoding."""
        return self._stored if self._state is UNREAD else None


class Delivery(msgspec.Struct):
    """A message on its way to a case, with everything needed to set the message aside."""

    addressed: Addressed
    at: datetime
    shop_id: str
    cause: Cause
    origin: Origin | None
    waiting_id: int | None = None
    reason: str = ""
    attempts: int = 0
    due_at: datetime | None = None
    retry_at: datetime | None = None
    expires_at: datetime | None = None
    error: str | None = None
    is_changed: bool = False


@dataclass(slots=True)
class Subject:
    """Everything loaded for one subject."""

    id: str
    cases: dict[tuple[str, str], Case] = field(default_factory=dict[tuple[str, str], Case])
    waiting: list[Delivery] = field(default_factory=list[Delivery])
    """Early, failed, behind, parked and cross-subject deliveries, in order of (at, arrival)."""
    held: list[Delivery] = field(default_factory=list[Delivery])
    """Deliveries that would step over a deadline, in order of (at, arrival)."""

    def waiting_for(self, case: Case) -> list[Delivery]:
        """Lists the deliveries that wait for a case, in order."""
        return [
            p for p in self.waiting if p.addressed.case_id == case.case_id and p.addressed.kind == case.kind
        ]
