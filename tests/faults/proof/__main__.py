"""`python -m tests.faults.proof ci | run | mutants`: the tiers, each with a report in docs/proof/."""

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.faults.proof import report
from tests.faults.proof.episode import Episode, Outcome, Plan
from tests.faults.proof.mutants import MUTANTS
from tests.faults.proof.nemesis import CELLS, KINDS
from tests.faults.proof.report import Proof
from tests.faults.proof.trials import Trials
from tests.faults.proof.world import world

FOLDER = Path(__file__).parents[3] / "docs" / "proof"
CI_INPUTS_COUNT, CI_FAULTS_COUNT, CI_KINDS_COUNT = 50_000, 40, 12
CI_SEEDS = (11, 12, 13)
CI_PER_SECOND = 450.0
RUN_PER_SECOND = 580.0
HISTORY_LINES_COUNT = 80


def say(text: str) -> None:
    """A line for who waits."""
    print(text, flush=True)


async def _seed(plan: Plan) -> Outcome:
    async with world(seed=plan.seed, settings=plan.settings) as running:
        outcome = await Episode(running, plan).run()
    say(
        f"seed {plan.seed}: {outcome.verdict.counts['inputs acknowledged']:,} inputs, "
        f"{len(outcome.faults)} faults, {outcome.seconds:.0f} s, broken: {dict(outcome.verdict.broken)}"
    )
    if not outcome.verdict.is_clean:
        _explain(outcome)
    return outcome


def _explain(outcome: Outcome) -> None:
    """Seed, faults, and the history of the first case that differs."""
    say(f"seed {outcome.plan.seed}; faults:")
    for fault in outcome.faults:
        say(f"  {fault.started_at:%H:%M:%S} {fault.kind} {fault.target}: {fault.proof}")
    for violation in outcome.verdict.violations:
        say(f"  {violation}")
    for line in outcome.history[:HISTORY_LINES_COUNT]:
        say(f"    {line}")


async def _trials(proof: Proof, names: Sequence[str], seed: int) -> None:
    async for caught in Trials(names, seed):
        proof.mutants.append(caught)
        seen = f"caught by {', '.join(caught.invariants)}" if caught.invariants else "NOT CAUGHT"
        say(f"mutant {caught.name}: {seen} in {caught.seconds:.0f} s: {caught.first}")


async def ci(inputs_count: int, seeds: Sequence[int]) -> Proof:
    """Three short runs and all mutants."""
    proof = Proof("Proof of every change")
    for number, seed in enumerate(seeds):
        plan = Plan(
            seed,
            inputs_count // len(seeds) + 1,
            CI_PER_SECOND,
            kinds=list(KINDS)[number :: len(seeds)],  # so that every kind has its turn
            silence_seconds=(8.0, 25.0),
            faults_count=-(-CI_FAULTS_COUNT // len(seeds)),
            faults_seconds=30.0,
            mix_seconds=10.0,
            mix_count=6,
            calm_seconds=3.0,
        )
        proof.outcomes.append(await _seed(plan))
    await _trials(proof, list(MUTANTS), seeds[0])
    return proof


async def run(minutes: float, seed: int, per_second: float) -> Proof:
    """One long run."""
    plan = Plan(
        seed,
        int(minutes * 60 * per_second),
        per_second,
        silence_seconds=(20.0, 120.0),
        rest_seconds=900.0,
        mix_seconds=20.0,
        mix_count=4,
        calm_seconds=10.0,
        settings={"AFTERSALES_LIMITS__BATCH_RECORDS": "1000"},  # as by default: what was held up is much
    )
    return Proof(f"Proof over {minutes:.0f} minutes", [await _seed(plan)])


async def mutants(names: Sequence[str], seed: int) -> Proof:
    """Mutants alone."""
    proof = Proof("Mutants")
    await _trials(proof, names or list(MUTANTS), seed)
    return proof


def _shortfalls(proof: Proof, tier: str) -> list[str]:
    """Lists what a tier lacks beyond clean runs."""
    lines = proof.shortfalls
    faults = [fault for outcome in proof.outcomes for fault in outcome.faults]
    if tier == "ci" and len(faults) < CI_FAULTS_COUNT:
        lines.append(f"only {len(faults)} faults of {CI_FAULTS_COUNT}")
    if tier == "ci" and len({fault.kind for fault in faults}) < CI_KINDS_COUNT:
        lines.append(f"fewer than {CI_KINDS_COUNT} kinds of faults")
    return lines


def _report_name(told: argparse.Namespace) -> str:
    """Names the report. `mutants` alone is the report of `make mutants`, about numbers and conditions."""
    match told.tier:
        case "run":
            return f"run-{told.minutes:.0f}-minutes-seed-{told.seed}"
        case "mutants":
            return "fault-mutants"
        case _:
            return str(told.tier)


def main() -> int:
    """Runs a tier; 0 where the proof stands."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.proof", description=__doc__)
    tiers = parser.add_subparsers(dest="tier", required=True)
    of_ci = tiers.add_parser("ci", help="three seeds and all mutants")
    of_ci.add_argument("--inputs", type=int, default=CI_INPUTS_COUNT)
    of_ci.add_argument("--seeds", type=int, nargs="+", default=CI_SEEDS)
    of_run = tiers.add_parser("run", help="one long run")
    of_run.add_argument("--minutes", type=float, default=30.0)
    of_run.add_argument("--seed", type=int, default=1)
    of_run.add_argument("--per-second", type=float, default=RUN_PER_SECOND)
    of_mutants = tiers.add_parser("mutants", help="mutants alone")
    of_mutants.add_argument("names", nargs="*", choices=[[], *MUTANTS])
    of_mutants.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    for name in ("aiokafka", "asyncio"):  # the faults are meant, and so is what they leave of connections
        logging.getLogger(name).setLevel(logging.CRITICAL)
    start = time.monotonic()
    if told.tier == "ci":
        proof = asyncio.run(ci(told.inputs, told.seeds))
    elif told.tier == "run":
        proof = asyncio.run(run(told.minutes, told.seed, told.per_second))
    else:
        proof = asyncio.run(mutants(told.names, told.seed))
    proof.seconds = time.monotonic() - start
    page = report.write(proof, FOLDER, _report_name(told), CELLS)
    lines = _shortfalls(proof, told.tier)
    say(f"{page.relative_to(FOLDER.parents[1])}: {'it stands' if not lines else 'IT DOES NOT STAND'}")
    for line in lines:
        say(f"  {line}")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
