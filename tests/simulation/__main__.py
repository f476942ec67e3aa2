"""`python -m tests.simulation --seeds 10000`: many runs on all cores; `--seed N`: one, with its trace."""

import argparse
import gc
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from os import cpu_count
from time import monotonic

from tests.simulation.run import Result, quiet, run

SHOWN = 20


@dataclass
class Tally:
    """The sum of many runs."""

    seeds: int = 0
    failures: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    seen: Counter[str] = field(default_factory=Counter[str])
    struck: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    facts: int = 0
    repeats: int = 0
    republished: int = 0
    seconds: float = 0.0
    """Simulated ones."""

    def add(self, result: Result) -> None:
        """One more run."""
        self.seeds += 1
        if result.failure:
            self.failures.append((result.seed, result.failure))
        self.seen.update(result.seen)
        self.struck.update(result.struck)
        self.facts += result.facts
        self.repeats += result.repeats
        self.republished += result.republished
        self.seconds += result.seconds

    def merge(self, other: "Tally") -> None:
        """The runs of another process."""
        self.seeds += other.seeds
        self.failures += other.failures
        self.seen.update(other.seen)
        self.struck.update(other.struck)
        self.facts += other.facts
        self.repeats += other.repeats
        self.republished += other.republished
        self.seconds += other.seconds

    def kills(self) -> Counter[str]:
        """Number of deaths of a process at each await."""
        kills: Counter[str] = Counter()
        for (where, kind), count in self.struck.items():
            if kind == "kill":
                kills[where] += count
        return kills

    def untouched(self) -> list[str]:
        """Awaits that were reached and at which no process ever died."""
        return sorted(self.seen.keys() - self.kills().keys())

    def lines(self) -> Iterator[str]:
        """The report."""
        kinds: Counter[str] = Counter()
        for (_, kind), count in self.struck.items():
            kinds[kind] += count
        yield f"{self.seeds} seeds, {self.seconds:,.0f} simulated seconds, {self.facts} facts"
        yield f"{self.repeats} repeats dropped, {self.republished} records published again, bytes equal"
        by_kind = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
        yield f"{kinds.total()} waits hit by a fault: {by_kind}"
        reached, missed = len(self.seen), self.untouched()
        yield f"a process was killed at {reached - len(missed)} of {reached} awaits that were reached"
        for where in missed[:SHOWN]:
            yield f"  never killed at: {where} (reached {self.seen[where]} times)"
        for seed, failure in sorted(self.failures)[:SHOWN]:
            yield f"seed {seed}: {failure}"
        yield f"{len(self.failures)} seeds failed"


def play(seeds: Sequence[int]) -> Tally:
    """Plays some seeds in this process."""
    tally = Tally()
    gc.disable()
    try:
        with quiet():
            for number, seed in enumerate(seeds):
                tally.add(run(seed))
                if number % 50 == 49:
                    gc.collect()
    finally:
        gc.enable()
    return tally


def play_all(first: int, count: int, processes: int) -> Tally:
    """Plays `count` seeds from `first` on, on so many processes."""
    chunks = [range(start, min(start + 250, first + count)) for start in range(first, first + count, 250)]
    tally = Tally()
    with ProcessPoolExecutor(processes) as pool:
        for part in pool.map(play, chunks):
            tally.merge(part)
    return tally


def main() -> int:
    """The command; 1 where a seed failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="this one alone, with its trace")
    parser.add_argument("--processes", type=int, default=cpu_count() or 1)
    options = parser.parse_args()
    if options.seed is not None:
        with quiet():
            result = run(options.seed, with_trace=True)
        for moment, *what in result.trace:
            print(f"{moment:10.6f}", *what)
        print(f"trace {result.digest:08x}", result.failure or "nothing wrong")
        return 1 if result.failure else 0
    began = monotonic()
    tally = play_all(options.first, options.seeds, options.processes)
    print("\n".join(tally.lines()))
    print(f"{monotonic() - began:.1f} s on {options.processes} processes")
    if tally.failures:
        print(f"again, with its trace: python -m tests.simulation --seed {min(tally.failures)[0]}")
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
