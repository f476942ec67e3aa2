"""The system as a test sees it: publish, move the clock, await outcomes."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

from aftersales_contracts.base import Event
from aftersales_contracts.envelope import Envelope
from aftersales_contracts.registry import topic_of
from aftersales_contracts.topics import SERVICES
from aftersales_testing.containers import KAFKA_IMAGE, POSTGRES_IMAGE, Containers
from aftersales_testing.wire import HEARD, DeadLetter, Outcome, Wire

E = TypeVar("E", bound=Event)
START = datetime(2026, 1, 5, 1, tzinfo=UTC)
"""A Monday morning in China."""
STEP = timedelta(hours=1)
ROUND_LIMIT = 200
QUIET_SECONDS = 120.0
LOOK_AGAIN_SECONDS = 0.02


class NotAnnouncedError(AssertionError):
    """An outcome has not come; the text has those that came instead, and records that could not be used."""


class Aftersales:
    """Kafka, PostgreSQL and the four services in containers, with time in your hand. A context manager.

    Time stands still until you move it. What is published belongs to that moment, unless you say otherwise.
    """

    def __init__(
        self,
        image: str,
        *,
        start: datetime = START,
        kafka_image: str = KAFKA_IMAGE,
        postgres_image: str = POSTGRES_IMAGE,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.containers = Containers(
            image, kafka_image=kafka_image, postgres_image=postgres_image, environment=environment
        )
        self._now = start
        self._mark = 0
        self._published_count = 0
        self._next_due_at: datetime | None = None
        self._handed_out: set[tuple[str, str]] = set()
        self._known: set[tuple[str, str]] = set()
        self.announced: list[Outcome] = []
        """All outcomes so far, each once."""
        self.dead_letters: list[DeadLetter] = []
        """All records so far that a service could not use."""

    def __enter__(self) -> Self:
        self.containers.__enter__()
        try:
            self._wire = Wire(self.bootstrap_servers)
            self.settle()
        except BaseException:
            self.containers.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wire.close()
        self.containers.__exit__(kind, error, trace)

    @property
    def bootstrap_servers(self) -> str:
        """The broker's address, for your own program."""
        return self.containers.bootstrap_servers

    @property
    def now(self) -> datetime:
        """Where time stands: the `ce_time` that your own program has to write."""
        return self._now

    def publish(
        self, *events: Event, source: str = "testing", at: datetime | None = None, event_id: str | None = None
    ) -> None:
        """Publishes events with their keys and headers. An id is made where none is given.

        Raises ValueError for several events under one id, pydantic's error for data that break the contract.
        """
        if event_id is not None and len(events) != 1:
            raise ValueError("an id belongs to one event")
        for event in events:
            self._published_count += 1
            name = event_id or f"testing-{self._published_count}"
            envelope = Envelope(name, source, event.TYPE, at or self._now, event.subject_of())
            self._wire.publish(topic_of(event), event, envelope)

    def publish_record(
        self, topic: str, key: bytes | None, headers: Sequence[tuple[str, bytes]], value: bytes | None
    ) -> None:
        """Publishes a record as it is: what your program wrote, or something wrong."""
        self._wire.publish_record(topic, key, headers, value)

    def settle(self) -> list[Outcome]:
        """Returns what is announced at this moment, once nothing more comes at it.

        Raises TimeoutError where the services do not come to rest, StartError where one has ended.
        """
        first = len(self.announced)
        for _ in range(ROUND_LIMIT):
            self._mark += 1
            self._wire.mark(self._mark, self._now)
            self._wait_passed()
            outcomes, letters = self._wire.collect()
            self.dead_letters += letters
            fresh = [each for each in outcomes if (each.service, each.id) not in self._known]
            self._known.update((each.service, each.id) for each in fresh)
            self.announced += fresh
            if not any(each.event.TYPE in HEARD for each in fresh):
                return self.announced[first:]
        raise TimeoutError(f"the services still have something to say at {self._now}")

    def move(self, **length: float) -> list[Outcome]:
        """Lets time pass: `move(days=5, hours=1)`; returns what is announced on the way."""
        return self.move_to(self._now + timedelta(**length))

    def move_to(self, moment: datetime) -> list[Outcome]:
        """Lets time pass until a moment, with a stop where a deadline ends: one service hears of another's.

        Raises ValueError where that lies in the past.
        """
        if moment < self._now:
            raise ValueError(f"time does not go back from {self._now} to {moment}")
        first = len(self.announced)
        self.settle()
        while self._now < moment:
            due = self._next_due_at
            self._now = moment if due is None else min(moment, max(due, self._now + STEP))
            self.settle()
        return self.announced[first:]

    def outcomes(self, event_class: type[E], **has: Any) -> list[E]:
        """The outcomes so far of that type, with these values in their fields."""
        return [
            each.event
            for each in self.announced
            if isinstance(each.event, event_class) and _fits(each.event, has)
        ]

    def await_outcome(self, event_class: type[E], *, seconds: float = 0, **has: Any) -> E:
        """The next outcome of that type with these values; each is returned once.

        `seconds`: how long to wait for programs of yours that publish on their own. The services need no
        waiting: all that they announce at this moment is there. Raises NotAnnouncedError.
        """
        until = time.monotonic() + seconds
        while True:
            self.settle()
            for each in self.announced:
                name = (each.service, each.id)
                if (
                    name not in self._handed_out
                    and isinstance(each.event, event_class)
                    and _fits(each.event, has)
                ):
                    self._handed_out.add(name)
                    return each.event
            if time.monotonic() >= until:
                raise NotAnnouncedError(self._story(event_class, has))
            time.sleep(0.2)

    def _story(self, event_class: type[Event], has: Mapping[str, Any]) -> str:
        came = "\n".join(f"  {each}" for each in self.announced[-20:]) or "  nothing"
        dead = "".join(f"\n  {each}" for each in self.dead_letters[-20:])
        asked = f"no {event_class.TYPE} with {dict(has)} by {self._now}; announced last:\n{came}"
        return asked + (f"\nset aside:{dead}" if dead else "")

    def _wait_passed(self) -> None:
        until = time.monotonic() + QUIET_SECONDS
        due: list[datetime] = []
        for name in SERVICES:
            while True:
                is_passed, next_due_at = self.containers.passed(name, self._mark)
                if is_passed:
                    break
                if time.monotonic() > until:
                    raise TimeoutError(f"{name} does not come to rest at {self._now}")
                time.sleep(LOOK_AGAIN_SECONDS)
            if next_due_at is not None:
                due.append(next_due_at)
        self._next_due_at = min(due, default=None)


def _fits(event: Event, has: Mapping[str, Any]) -> bool:
    """Whether an event has these values; raises AttributeError for a field that its type does not have."""
    return all(getattr(event, name) == value for name, value in has.items())
