"""Random histories of orders, judged: python -m tests.histories --n 5000 [--report FILE] [--proof FOLDER]."""

import argparse
import gc
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from tests.histories import crossings, planted, proof, report
from tests.histories.generate import generate, replay
from tests.histories.report import Figures, Played
from tests.histories.shrink import breaks, shrink
from tests.histories.story import tell

CHUNK = 20


PROGRESS_SECONDS = 15
PLANTED_LIMIT = 1_000
"""Histories in which planted faults are looked for, at most, for the figures that are kept: one in five."""


def _played(seed: int) -> Played:
    history, world = generate(seed)
    causes = {breach.cause for breach in world.breaches.values()}
    verbs = Counter(action.verb for action in history.actions)
    return Played(seed, causes, verbs, world.pairs, world.judged())


def _shrunk(found: tuple[str, int]) -> tuple[str, str]:
    cause, seed = found
    history, _ = generate(seed)
    world = replay(shrink(history, breaks(cause)))
    broken = [breach for breach in world.breaches.values() if breach.cause == cause]
    return cause, tell(world, broken, seed=seed)


def _settle_memory() -> None:
    """Histories make no cycles worth collecting while they run."""
    generate(0)
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def run(n: int, seed: int, *, jobs: int, is_every_cause: bool) -> Figures:
    """Plays histories on all processors, and shrinks the first of each kind that is broken."""
    figures, started_at = Figures(seed=seed), time.perf_counter()
    told_at = started_at
    with multiprocessing.get_context("fork").Pool(jobs, _settle_memory) as pool:
        for played in pool.imap(_played, range(seed, seed + n), chunksize=CHUNK):
            figures.add(played)
            figures.seconds = time.perf_counter() - started_at
            if started_at + figures.seconds - told_at > PROGRESS_SECONDS:
                told_at = started_at + figures.seconds
                print(report.progress(figures, n), file=sys.stderr, flush=True)
        causes = list(figures.first) if is_every_cause else list(figures.first_by_name().values())
        first = [(cause, figures.first[cause][0]) for cause in causes]
        figures.stories = dict(pool.imap(_shrunk, first))
    return figures


def _find_planted(seed: int, limit: int, jobs: int) -> Mapping[str, int | None]:
    """Looks for planted faults on all processors."""
    with multiprocessing.get_context("fork").Pool(jobs, _settle_memory) as pool:

        def several(first: int, names: Sequence[str]) -> list[list[str]]:
            return pool.map(partial(planted.noticed, names=names), range(first, first + CHUNK), chunksize=1)

        return planted.find(seed, limit, several)


def _print_planted(seed: int, limit: int, jobs: int) -> int:
    found = _find_planted(seed, limit, jobs)
    for name, number in found.items():
        print(f"{name}: {'not found' if number is None else f'after {number} histories'}")
    return int(None in found.values())


def _print_crossings() -> int:
    flagged = {name: crossing.is_flagged(crossing.play()) for name, crossing in crossings.ALL.items()}
    for name, is_flagged in flagged.items():
        crossing = crossings.ALL[name]
        print(f"{name:4} {'broken' if is_flagged else 'sound '} {crossing.says} ({crossing.invariant})")
    return int(any(flagged.values()))


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code is 1 when a history is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.histories", description=__doc__)
    parser.add_argument("--n", type=int, default=5_000, help="number of histories")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first; the others follow")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--report", type=Path, help="a file to write, .md or .json")
    parser.add_argument("--proof", type=Path, help="a folder for figures with planted faults and crossings")
    parser.add_argument("--every-cause", action="store_true", help="a story per cause, not per invariant")
    parser.add_argument(
        "--planted", action="store_true", help="find planted faults instead, --n at most each"
    )
    parser.add_argument("--crossings", action="store_true", help="play the known crossings instead")
    chosen = parser.parse_args(arguments)
    if chosen.planted:
        return _print_planted(chosen.seed, chosen.n, chosen.jobs)
    if chosen.crossings:
        return _print_crossings()
    figures = run(chosen.n, chosen.seed, jobs=chosen.jobs, is_every_cause=chosen.every_cause)
    print(report.as_text(figures))
    if chosen.report is not None:
        is_json = chosen.report.suffix == ".json"
        chosen.report.write_text(report.as_json(figures) if is_json else report.as_markdown(figures))
    if chosen.proof is not None:
        limit = min(chosen.n // 5, PLANTED_LIMIT)
        found = _find_planted(chosen.seed, limit, chosen.jobs)
        proof.write(proof.figures(figures, found, limit=limit), chosen.proof)
    return int(figures.broken_count > 0)


if __name__ == "__main__":
    sys.exit(main())
