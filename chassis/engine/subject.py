"""What is loaded for a batch: cases, the messages on their way to them, and all of one subject."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from chassis.engine.codec import Codec
from chassis.engine.records import Cause, Origin
from kernel.decider import Addressed


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stored message that this code cannot read any more: kept as it is, and its case told so."""

    name: str
    data: str


CROSS_SUBJECT, HELD = "mailbox", "horizon"
"""Two reasons of `Delivery`, stored by their old words: told by a case of another subject; held until the
watermark passes the deadlines before it."""
UNREAD: Any = object()
"""Stands for a stored state that nobody has looked at yet."""


class Case:
    """One case as loaded, and as it stands after the batch so far; its state is decoded when asked for."""

    __slots__ = (
        "_codec", "_state", "_stored", "case_id", "is_blocked", "is_changed", "is_ended", "kind",
        "moved_at", "opened_at", "policy", "round_number", "shop_id", "stored_version", "subject", "version",
        "wake_at",
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
        """Version in the database; None for a case that is not there yet."""
        self.is_changed = False
        self.is_blocked = False
        self._state = state
        self._stored = ("", "")
        self._codec: Codec | None = None

    @property
    def state(self) -> Any:
        """The state; raises what the codec raises for one that cannot be read any more."""
        if self._state is UNREAD:
            if self._codec is None:
                raise ValueError("a case without a state")
            self._state = self._codec.decode(*self._stored)
        return self._state

    @state.setter
    def state(self, value: Any) -> None:
        self._state = value

    def stored_as(self, codec: Codec, name: str, data: str, version: int) -> None:
        """Says how the state is stored, to be decoded when asked for."""
        self._codec, self._stored, self.stored_version, self.version = codec, (name, data), version, version

    @property
    def stored(self) -> tuple[str, str] | None:
        """Class name and JSON of a state that nobody has looked at; None where it was."""
        return self._stored if self._state is UNREAD else None


class Delivery(msgspec.Struct):
    """A message on its way to a case, with all that it takes to set it aside."""

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
    """All that is loaded for one subject."""

    id: str
    cases: dict[tuple[str, str], Case] = field(default_factory=dict[tuple[str, str], Case])
    waiting: list[Delivery] = field(default_factory=list[Delivery])
    """Early, failed, behind and parked ones, in order of (at, arrival)."""
    held: list[Delivery] = field(default_factory=list[Delivery])
    """Those that would step over a deadline, in order of (at, arrival)."""

    def waiting_for(self, case: Case) -> list[Delivery]:
        """The messages that wait for one of its cases, in order."""
        return [
            p for p in self.waiting if p.addressed.case_id == case.case_id and p.addressed.kind == case.kind
        ]
