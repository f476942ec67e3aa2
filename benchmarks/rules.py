"""Runs the rules in memory, without broker and database: for states to start from, and for the tests."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchmarks.stream import Record
from chassis.engine.engine import Engine, Limits
from chassis.engine.records import Cause, FactRecord, StoredOrigin
from chassis.engine.registry import Registry
from chassis.engine.subject import Case, Subject
from chassis.ingest.decoder import Accepted, Decoder
from chassis.settings import Limits as Bounds
from services.refunds.service import REFUNDS

_LIMITS = Limits(timedelta(days=14), 1, lambda _: timedelta(seconds=1))


class NotAcceptedError(Exception):
    """The decoder turned an event of the stream away."""


@dataclass
class Played:
    """The result of some events: the cases of each subject and all facts, in order."""

    subjects: dict[str, Subject] = field(default_factory=dict[str, Subject])
    facts: list[FactRecord] = field(default_factory=list[FactRecord])
    waiting_count: int = 0
    dead_count: int = 0

    def cases(self) -> list[Case]:
        """Every case."""
        return [case for subject in self.subjects.values() for case in subject.cases.values()]


def play(records: Iterable[Record], now: datetime) -> Played:
    """Takes the events through the decoder and the rules. Raises NotAcceptedError."""
    registry = Registry(REFUNDS)
    decoder = Decoder(REFUNDS, Bounds(), by_marks=False, now=lambda: now)
    played = Played()
    for offset, (topic, key, headers, value) in enumerate(records):
        origin = StoredOrigin(topic, 0, offset, key, headers, value)
        entry = decoder.read(origin)
        if not isinstance(entry, Accepted):
            raise NotAcceptedError(repr(entry))
        received = entry.received
        addressed = REFUNDS.reads[type(received.data)](received.data)
        for message in addressed:
            played.subjects.setdefault(message.subject, Subject(message.subject))
        engine = Engine(registry, played.subjects, received.at, now, _LIMITS)
        envelope = received.envelope
        cause = Cause(envelope.type, envelope.source, envelope.id, envelope.subject, None)
        shop_id = getattr(received.data, "shop_id", "")
        engine.arrive(addressed, received.at, shop_id, cause, origin, received.at)
        played.facts.extend(engine.facts)
        played.dead_count += len(engine.dead)
    played.waiting_count = sum(
        len(subject.waiting) + len(subject.held) for subject in played.subjects.values()
    )
    return played
