"""Changes numbers and conditions one at a time, and runs the tests of each: python -m tests.mutants."""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.mutants import conditions, equivalent, packs, report
from tests.mutants.bench import Bench, copy_project, open_bench
from tests.mutants.mutant import ALIVE, ROOT, Mutant, Verdict

SERVICES = ("customers", "logistics", "refunds", "reviews")
PROOF = ROOT / "docs" / "proof"


def sample(mutants: Sequence[Mutant], n: int, seed: int) -> list[Mutant]:
    """Draws from the mutants, and keeps their order. A change elsewhere in the code draws no others."""
    alike: Counter[tuple[str, str, str]] = Counter()

    def lot(mutant: Mutant) -> bytes:
        key = equivalent.key_of(mutant)
        alike[key] += 1
        return hashlib.sha256(repr((seed, *key, alike[key])).encode()).digest()

    lots = [(lot(mutant), index) for index, mutant in enumerate(mutants)]
    return [mutants[index] for index in sorted(index for _, index in sorted(lots)[:n])]


def judged(bench: Bench, mutants: Iterable[Mutant]) -> list[Verdict]:
    """Judges the mutants, and prints each survivor as it is found."""
    known = equivalent.load()
    verdicts: list[Verdict] = []
    for verdict in bench.judge(mutants):
        verdicts.append(equivalent.sorted_out(verdict, known))
        if verdicts[-1].fate in ALIVE:
            mutant = verdict.mutant
            print(f"{verdict.fate}: {mutant.place}: {mutant.says}\n    {mutant.line_text}", flush=True)
        if len(verdicts) % 50 == 0:
            print(f"{len(verdicts)} tried", flush=True)
    return verdicts


def _commit() -> str:
    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout.strip()

    return git("rev-parse", "--short", "HEAD") + (" with changes" if git("status", "--porcelain") else "")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--n", type=int, default=400, help="number of conditions of all services")
    parser.add_argument("--seed", type=int, default=1, help="seed of the sample of conditions")
    parser.add_argument("--only", choices=("packs", "conditions"), help="one of the two parts")
    parser.add_argument("--service", choices=SERVICES, help="one of the services")
    parser.add_argument("--match", default="", help="mutants whose place and words contain this")
    parser.add_argument("--confirm", action="store_true", help="show a survivor to every test of its service")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--report", type=Path, help=f"a folder for mutants.md and mutants.json, as {PROOF.name}/"
    )
    return parser.parse_args(arguments)


MADE = {"packs": packs.mutants, "conditions": conditions.mutants}


def _made(name: str, tree: Path, chosen: argparse.Namespace) -> tuple[list[Mutant], Counter[str]]:
    """Makes the mutants of a part, and counts by service those that could be made."""
    every = list(MADE[name](tree))
    wanted = [mutant for mutant in every if chosen.match in f"{mutant.place} {mutant.says}"]
    if name == "conditions":
        wanted = sample(wanted, chosen.n, chosen.seed)
    return wanted, Counter(mutant.service for mutant in every)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 1 when a mutant survives. Each part of a service is reported as soon as it is judged."""
    chosen = _options(arguments)
    command = " ".join(["python -m tests.mutants", *(sys.argv[1:] if arguments is None else arguments)])
    commit, is_sound = _commit(), True
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder) / "project"
        copy_project(tree)
        made = {name: _made(name, tree, chosen) for name in ([chosen.only] if chosen.only else MADE)}
        for service in (chosen.service,) if chosen.service else SERVICES:
            with open_bench(tree, chosen.jobs, service, is_confirming=chosen.confirm) as bench:
                for name, (mutants, totals) in made.items():
                    began = time.perf_counter()
                    verdicts = judged(bench, [mutant for mutant in mutants if mutant.service == service])
                    part = report.figures(
                        verdicts, command=command, commit=commit, total=totals[service],
                        seed=chosen.seed if name == "conditions" else None,
                        seconds=time.perf_counter() - began,
                    )  # fmt: skip
                    print(f"{name} of {service}: {part['tried']} of {part['possible']}, {part['by_fate']}")
                    is_sound = is_sound and not part["survivors"]
                    if chosen.report is not None:
                        report.write({f"{name} of {service}": part}, chosen.report)
    return int(not is_sound)


if __name__ == "__main__":
    sys.exit(main())
