"""Computes processor time per event: rounds, medians, and one checkout beside another."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

PARTS = ("service", "postgresql", "broker")
KINDS = ("live event", "deadline")
GROSS = "total with idle"
MICROSECONDS = 1e6
RATIO_MOST = 1.05
"""Processor time of after against before may be so much."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Processor seconds within a window of time, by who spent them."""

    wall_seconds: float
    service: float
    postgresql: float
    broker: float

    def __sub__(self, earlier: "Spent") -> "Spent":
        """Takes one reading of the counters from a later one."""
        return Spent(
            self.wall_seconds - earlier.wall_seconds,
            self.service - earlier.service,
            self.postgresql - earlier.postgresql,
            self.broker - earlier.broker,
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor time of one event or of one second, in microseconds."""

    service: float
    postgresql: float
    broker: float

    @property
    def total(self) -> float:
        """Adds up all three."""
        return self.service + self.postgresql + self.broker


@dataclass(frozen=True, slots=True)
class Round:
    """One process of the service on a database of its own: idle, then deadlines, then live events."""

    idle: Spent
    deadlines: Spent
    deadlines_count: int
    live: Spent
    live_count: int

    def idle_cost(self) -> Cost:
        """Says the cost of a second in which there is nothing to do."""
        return _cost(lambda part: getattr(self.idle, part) / self.idle.wall_seconds)

    def cost(self, kind: str) -> Cost:
        """Says the cost of one event of a kind, without the idle cost of the time that they took."""
        work, count = self._work(kind)
        seconds = work.wall_seconds / self.idle.wall_seconds
        return _cost(lambda part: (getattr(work, part) - getattr(self.idle, part) * seconds) / count)

    def gross(self, kind: str) -> Cost:
        """Says the cost of one event of a kind, with all that was spent in the time that they took."""
        work, count = self._work(kind)
        return _cost(lambda part: getattr(work, part) / count)

    def _work(self, kind: str) -> tuple[Spent, int]:
        if kind == KINDS[0]:
            return self.live, self.live_count
        return self.deadlines, self.deadlines_count


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some rounds, and the least and the most."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Sums up one value per round."""
        return cls(median(values), min(values), max(values))

    def __str__(self) -> str:
        return f"{self.median:,.0f} ({self.least:,.0f} to {self.most:,.0f})"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: who spent it on what, and the spread over the rounds."""

    kind: str
    part: str
    spread: Spread


def lines(rounds: Sequence[Round]) -> list[Line]:
    """Sums up the rounds for each kind of event and part, for all parts, and for these with the idle cost."""
    return [
        Line(kind, part, Spread.of([getattr(each.cost(kind), part) for each in rounds]))
        for kind in KINDS
        for part in (*PARTS, "total")
    ] + [Line(kind, GROSS, Spread.of([each.gross(kind).total for each in rounds])) for kind in KINDS]


def idle_lines(rounds: Sequence[Round]) -> list[Line]:
    """Sums up the cost of an idle second."""
    costs = [each.idle_cost() for each in rounds]
    return [
        Line("idle second", part, Spread.of([getattr(cost, part) for cost in costs]))
        for part in (*PARTS, "total")
    ]


def cells(rounds: Sequence[Round]) -> list[list[str]]:
    """Lays the lines out as a table: a row for each kind and for the idle second, a column for each part."""
    rows: dict[str, list[str]] = {}
    for line in (*lines(rounds), *idle_lines(rounds)):
        rows.setdefault(line.kind, [line.kind]).append(str(line.spread))
    rows["idle second"].append("")
    return list(rows.values())


@dataclass(frozen=True, slots=True)
class Compared:
    """One line of two checkouts: before, after, the ratio of their medians, the ratios of their pairs."""

    before: Line
    after: Line
    pairs: Spread
    """After against before in rounds that ran next to each other: the machine's drift shows here least."""

    @property
    def is_told(self) -> bool:
        """Tells whether the numbers allow a ratio: not where the idle cost was more than some round spent."""
        return self.before.spread.least > 0 and self.after.spread.least > 0

    @property
    def ratio(self) -> float | None:
        """Divides the medians."""
        return self.after.spread.median / self.before.spread.median if self.is_told else None

    @property
    def is_met(self) -> bool | None:
        """Tells whether after costs no more than it may."""
        return None if self.ratio is None else self.ratio <= RATIO_MOST


def compare(before: Sequence[Round], after: Sequence[Round]) -> list[Compared]:
    """Sets the lines of two checkouts side by side; their rounds are pairs, in order."""
    each = [lines([one]) for one in before], [lines([one]) for one in after]

    def pairs(place: int) -> list[float]:
        both = [(a[place].spread.median, b[place].spread.median) for a, b in zip(*each, strict=True)]
        return [later / earlier if earlier else math.nan for earlier, later in both]

    return [
        Compared(*both, Spread.of(pairs(place)))
        for place, both in enumerate(zip(lines(before), lines(after), strict=True))
    ]


def turns(rounds_count: int, before: str, after: str) -> list[tuple[str, str]]:
    """Orders the rounds A B B A A B B A: what drifts with time falls on both alike."""
    return [(before, after) if number % 2 == 0 else (after, before) for number in range(rounds_count)]


def _cost(seconds_of: Callable[[str], float]) -> Cost:
    return Cost(*(seconds_of(part) * MICROSECONDS for part in PARTS))
