"""`python -m tests.fuzz --inputs 1000000`: mutated records through every service's decoder, on all cores."""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from os import cpu_count
from time import monotonic

from tests.fuzz.engine import Tally, fuzz

CHUNK = 12_500
SHOWN = 10


def main() -> int:
    """The command; 1 where an input was not judged as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="how many")
    parser.add_argument("--seed", type=int, default=20_260_310)
    parser.add_argument("--processes", type=int, default=cpu_count() or 1)
    options = parser.parse_args()
    began = monotonic()
    chunks = max(1, -(-options.inputs // CHUNK))
    tally = Tally()
    with ProcessPoolExecutor(options.processes) as pool:
        seeds = range(options.seed, options.seed + chunks)
        for part in pool.map(partial(fuzz, count=min(CHUNK, options.inputs)), seeds):
            tally.merge(part)
    print(f"{tally.inputs} inputs, {tally.kept} kept because they reached something new")
    for outcome, count in tally.outcomes.most_common():
        print(f"  {count:8} {outcome}")
    print(f"the slowest took {tally.slowest_seconds * 1000:.0f} ms of processor time")
    for found in tally.found[:SHOWN]:
        print(found)
    print(f"{len(tally.found)} inputs were judged wrongly; {monotonic() - began:.1f} s")
    return 1 if tally.found else 0


if __name__ == "__main__":
    sys.exit(main())
