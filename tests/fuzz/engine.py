"""Inputs through the decoder and the translation: what must hold for each, and which are worth keeping."""

import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from time import process_time
from types import CodeType, FrameType
from typing import Any

from aftersales_contracts.reasons import Reason
from aftersales_contracts.registry import read_data, topics_of
from chassis.engine.records import StoredOrigin
from chassis.engine.registry import Registry
from chassis.ingest.decoder import Accepted, Decoder, Entry, Ignored, Mark, Rejected
from chassis.runtime.batches import BatchProcessor
from chassis.service import inputs
from chassis.settings import Limits
from cli.access import load_services
from tests.faults.mutants import Breeder, Mutant
from tests.fuzz.mutate import CANARY, NUMBER_CANARY, Mutator
from tests.simulation.database import Database
from tests.simulation.replica import LIMITS, Metrics
from tests.simulation.store import SimulatedPool, SimulatedStore
from tests.simulation.world import World

NOW = datetime(2026, 3, 10, tzinfo=UTC)
SHELF_MOST, LARGE_BYTES = 400, 20_000
LOOKED_AT_EVERY = 16
"""Of so many inputs one is followed line by line; the outcome of each counts."""
SECONDS_MOST = 2.0
"""Processor time for one input; the largest are a megabyte."""
ROOTS = tuple(str(Path(__file__).parents[2] / part) for part in ("chassis", "contracts", "services"))


@dataclass
class Reader:
    """One service's decoder and translation."""

    decoder: Decoder
    processor: BatchProcessor
    topics: frozenset[str]


@cache
def readers() -> dict[str, Reader]:
    """Of every service, by name."""
    found: dict[str, Reader] = {}
    for name, service in load_services().items():
        registry, database = Registry(service), Database(World(0))
        store, pool = SimulatedStore(registry, database), SimulatedPool(database)
        processor = BatchProcessor(registry, store, pool, LIMITS, Metrics(), lambda: None)
        decoder = Decoder(service, Limits(), by_marks=False, now=lambda: NOW)
        found[name] = Reader(decoder, processor, frozenset(inputs(service)))
    return found


def make_mutator(seed: int) -> Mutator:
    """Draws inputs of every type that some service reads."""
    dice = Random(seed)
    reads: dict[str, set[str]] = {}
    for service in load_services().values():
        for event_class in service.reads:
            for topic in topics_of(event_class) & set(inputs(service)):
                reads.setdefault(topic, set()).add(event_class.TYPE)
    return Mutator(dice, Breeder(dice, NOW, reads, {}))


@dataclass
class Found:
    """A fault of an input."""

    fault: str
    service: str
    mutant: Mutant

    def __str__(self) -> str:
        mutant = self.mutant
        return (
            f"{self.fault}\n    service {self.service}, {mutant.kind or 'bytes'} of {mutant.event_type}\n"
            f"    StoredOrigin({mutant.topic!r}, 0, 0, {mutant.key!r},\n"
            f"        {mutant.headers!r},\n        {mutant.value!r})"
        )


@dataclass
class Tally:
    """The sum of many inputs."""

    inputs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter[str])
    features: int = 0
    kept: int = 0
    slowest_seconds: float = 0.0
    found: list[Found] = field(default_factory=list[Found])

    def merge(self, other: "Tally") -> None:
        """The inputs of another process."""
        self.inputs += other.inputs
        self.outcomes.update(other.outcomes)
        self.features = max(self.features, other.features)
        self.kept += other.kept
        self.slowest_seconds = max(self.slowest_seconds, other.slowest_seconds)
        self.found += other.found


def verdict(entry: Entry) -> tuple[Any, ...]:
    """An entry as far as it must be the same each time."""
    match entry:
        case Accepted():
            return "accepted", entry.inbox_key, entry.body_hash, entry.month, entry.at
        case Ignored():
            return "ignored", entry.type, entry.at
        case Mark():
            return "mark", entry.sequence, entry.moment
        case Rejected():
            return "rejected", entry.reason, entry.detail, entry.event_type


def judge(reader: Reader, mutant: Mutant) -> tuple[str, str]:
    """(what is wrong, or nothing; the outcome as a feature)."""
    origin = StoredOrigin(mutant.topic, 0, 0, mutant.key, mutant.headers, mutant.value)
    began = process_time()
    try:
        entry = reader.decoder.read(origin)
        again = reader.decoder.read(origin)
    except Exception as error:  # noqa: BLE001  that is what is looked for
        return f"{type(error).__name__} left the border", "raised"
    if process_time() - began > SECONDS_MOST:
        return "it takes too long", "slow"
    if verdict(entry) != verdict(again):
        return f"judged twice: {verdict(entry)} and {verdict(again)}", "unstable"
    if isinstance(entry, Rejected):
        return _fault_of(entry), f"{entry.reason}: {entry.detail}"
    if isinstance(entry, Accepted):
        return _judge_accepted(reader, origin, entry)
    return "", verdict(entry)[0]


def _judge_accepted(reader: Reader, origin: StoredOrigin, entry: Accepted) -> tuple[str, str]:
    data = entry.received.data
    event_type = type(data).TYPE
    written = data.model_dump_json(exclude_none=True).encode()
    if read_data(type(data), written) != data:
        return "written and read again it is another event", "changed"
    try:
        arrival = reader.processor.translate(origin, entry)
    except Exception as error:  # noqa: BLE001  the same
        return f"{type(error).__name__} left the translation", "raised"
    if isinstance(arrival.verdict, Rejected):
        return _fault_of(arrival.verdict), f"{event_type} {arrival.verdict.detail}"
    names = ",".join(sorted({type(message.message).__name__ for message in arrival.addressed}))
    return "", f"{event_type} {names}"


def _fault_of(rejected: Rejected) -> str:
    if rejected.reason not in set(Reason):
        return f"unknown reason {rejected.reason!r}"
    said = f"{rejected.detail} {rejected.event_type}"
    if CANARY in said.lower() or str(NUMBER_CANARY) in said:
        return f"the detail repeats content: {said}"
    return "" if rejected.detail else f"{rejected.reason} without a detail"


class Lines:
    """Lines of the product that were ever reached, followed only while asked to."""

    def __init__(self) -> None:
        self._seen: set[tuple[CodeType, int]] = set()
        self._is_ours: dict[CodeType, bool] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def follow(self, reader: Reader, mutant: Mutant) -> tuple[str, str]:
        """The same as `judge`, followed line by line."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            return judge(reader, mutant)
        finally:
            sys.settrace(before)

    def _enter(self, frame: FrameType, _: str, __: Any) -> Any:
        code = frame.f_code
        is_ours = self._is_ours.get(code)
        if is_ours is None:
            is_ours = self._is_ours[code] = code.co_filename.startswith(ROOTS)
        return self._line if is_ours else None

    def _line(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            self._seen.add((frame.f_code, frame.f_lineno))
        return self._line


def fuzz(seed: int, count: int) -> Tally:
    """So many inputs from one seed: the same ones each time."""
    mutator, dice = make_mutator(seed), Random(seed + 1)
    places = readers()
    names = sorted(places)
    tally, lines = Tally(), Lines()
    corpus: dict[str, list[Mutant]] = {}
    features: set[tuple[str, str]] = set()
    for number in range(count):
        # An outcome first, then one of its inputs: the most common way to fail is not the most telling.
        shelf = corpus[dice.choice(list(corpus))] if corpus else []
        base = dice.choice(shelf) if shelf and dice.random() < 0.5 else mutator.fresh()
        mutant = mutator.change(base, shelf)
        name = dice.choice([n for n in names if mutant.topic in places[n].topics] or names)
        known = len(lines)
        began = process_time()
        follow = lines.follow if number % LOOKED_AT_EVERY == 0 else judge
        fault, feature = follow(places[name], mutant)
        tally.slowest_seconds = max(tally.slowest_seconds, process_time() - began)
        tally.inputs += 1
        outcome = feature.split(":")[0].split(" ")[0]
        tally.outcomes[outcome] += 1
        if fault:
            tally.found.append(Found(fault, name, mutant))
        if (name, feature) not in features or len(lines) > known:
            features.add((name, feature))
            tally.kept += 1
            shelf = corpus.setdefault(outcome, [])
            if len(shelf) < SHELF_MOST and len(mutant.value or b"") < LARGE_BYTES:
                shelf.append(mutant)
    tally.features = len(features)
    return tally
