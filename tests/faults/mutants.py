"""Mutated records, seeded: good ones of every type that a service reads, with something done to them."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from aftersales_contracts.clock import ClockMarkedV1
from aftersales_contracts.envelope import Envelope, write
from aftersales_contracts.happened import happened_fields
from aftersales_contracts.reasons import Reason
from aftersales_contracts.registry import EVENTS, encode, read_data, topics_of

SAMPLES = Path(__file__).parents[2] / "contracts" / "samples"
SAMPLE_ORDER = "8840021763"
SAMPLE_REFUND = "rf-60011"
ORDER_COUNT = 150
HANDLED = "handled"
Header = tuple[str, bytes | None]
JSON_TYPE = b"application/json"
STRUCTURED_TYPE = b"application/cloudevents+json; charset=utf-8"


def fate(*verdicts: str) -> frozenset[str]:
    """Returns the fates that a mutant may have: reason codes, `handled`. None given means any."""
    return frozenset(str(verdict) for verdict in verdicts)


ANYTHING = fate()
GOOD = fate(HANDLED)


@dataclass(frozen=True)
class Mutant:
    """One record to publish, and what the contract says about it for a service that reads the type."""

    topic: str
    key: bytes | None
    headers: tuple[Header, ...]
    value: bytes | None
    event_type: str
    """Type of the good record that it was made from."""
    fate: frozenset[str]
    kind: str = ""
    """Name of the mutation."""
    compression: str | None = None

    def with_header(self, name: str, content: bytes | None, verdicts: frozenset[str]) -> "Mutant":
        """With another content of that header, or with it added."""
        headers = tuple((n, content if n == name else c) for n, c in self.headers)
        if all(n != name for n, _ in headers):
            headers = (*headers, (name, content))
        return replace(self, headers=headers, fate=verdicts)

    def with_value(self, value: bytes | None, verdicts: frozenset[str]) -> "Mutant":
        """With another value."""
        return replace(self, value=value, fate=verdicts)

    def header(self, name: str) -> bytes:
        """Content of a header of the good record."""
        return dict(self.headers)[name] or b""

    def data(self) -> dict[str, Any]:
        """The good record's data."""
        values: dict[str, Any] = json.loads(self.value or b"{}")
        return values


Mutate = Callable[[Random, Mutant], Mutant]


def compact(data: object) -> bytes:
    """JSON without spaces, as it came: no escapes, NaN written as such."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass
class Breeder:
    """Makes mutants without end, the same for the same seed and moment.

    `reads`: topic -> types that some service reads there. Mutations take turns; types are drawn.
    """

    dice: Random
    now: datetime
    reads: Mapping[str, Collection[str]]
    mutations: Mapping[str, Mutate]
    _count: int = 0
    _past: list[Mutant] = field(default_factory=list[Mutant])

    def __post_init__(self) -> None:
        self._places = sorted((topic, name) for topic, names in self.reads.items() for name in names)
        self._texts = {name: (SAMPLES / f"{name}.json").read_text("utf-8") for _, name in self._places}

    def __iter__(self) -> Iterator[Mutant]:
        names = list(self.mutations)
        while True:
            for name in names:
                yield from self._bred(name)

    def _bred(self, name: str) -> Iterator[Mutant]:
        good = self.good()
        mutant = replace(self.mutations[name](self.dice, good), kind=name)
        yield mutant
        self._past.append(mutant)
        if len(self._past) > 2_000:
            self._past.pop(self.dice.randrange(1_000))
        draw = self.dice.random()
        if draw < 0.05:
            yield replace(self.dice.choice(self._past), kind="repeated")
        elif draw < 0.08:
            yield from self._reused()

    def _reused(self) -> Iterator[Mutant]:
        """An id twice, with two bodies: whichever comes second is refused."""
        good = self.good()
        other = compact({**good.data(), "remark_code": f"later-{self._count}"})
        for value in (good.value, other):
            yield replace(good, value=value, kind="reused", fate=fate(HANDLED, Reason.ID_REUSED))

    def good(self) -> Mutant:
        """A faultless record of a type that is read, about one of a few orders, at a moment of any order."""
        self._count += 1
        topic, name = self.dice.choice(self._places)
        order = self.dice.randrange(ORDER_COUNT)
        text = self._texts[name].replace(SAMPLE_ORDER, f"{SAMPLE_ORDER}{order}")
        text = text.replace(SAMPLE_REFUND, f"{SAMPLE_REFUND}{order}")
        event, time = read_data(EVENTS[name], text.encode()), self._moment()
        passed = {field: time for field in happened_fields(type(event)) if getattr(event, field) is not None}
        event = event.model_copy(update=passed)
        subject = "clock" if name == ClockMarkedV1.TYPE else event.subject_of()
        envelope = Envelope(
            id=f"m{self._count:06}",
            source=self.dice.choice(("shop/one", "shop/two", "rubbish/three")),
            type=name,
            time=time,
            subject=subject,
        )
        key, headers, value = write(envelope, encode(event))
        return Mutant(topic, key, tuple(headers), value, name, GOOD)

    def _moment(self) -> datetime:
        """Mostly of the last weeks, some of long ago, never ahead."""
        span = self.dice.choice((3_600, 20 * 86_400, 20 * 86_400, 700 * 86_400))
        return self.now - timedelta(
            seconds=self.dice.randrange(1, span), microseconds=self.dice.randrange(10**6)
        )


def topics_that_carry(name: str) -> frozenset[str]:
    """Topics of a type."""
    return topics_of(EVENTS[name])
