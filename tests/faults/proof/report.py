"""The report of a proof, in Markdown and in JSON."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults.proof.episode import Outcome
from tests.faults.proof.verdict import INVARIANTS

CELLS = (
    "postgres_restart", "backend_kill_storm", "pool_exhaustion", "crash_recovery", "repeated_kills",
    "idle_in_transaction", "active_readers",
)  # fmt: skip
"""The chaos and pressure cells of the public survey of queues on PostgreSQL."""
INPUTS = ("input effect", "input repeat", "input other_body", "input reject")


@dataclass(frozen=True)
class Caught:
    """The result of one mutant."""

    name: str
    breaks: str
    invariants: tuple[str, ...]
    """Those that it was found to break; none: it was not found."""
    first: str
    attempts_count: int
    seconds: float


@dataclass
class Proof:
    """Everything that a report is made of."""

    title: str
    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    mutants: list[Caught] = field(default_factory=list[Caught])
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0

    @property
    def shortfalls(self) -> list[str]:
        """Reasons why the proof does not stand, one line each."""
        lines = [
            f"seed {outcome.plan.seed}: {invariant} broken {count} times"
            for outcome in self.outcomes
            for invariant, count in sorted(outcome.verdict.broken.items())
        ]
        return lines + [f"mutant {one.name} was not caught" for one in self.mutants if not one.invariants]

    @property
    def counts(self) -> Counter[str]:
        """Of all runs."""
        return sum((outcome.verdict.counts for outcome in self.outcomes), Counter[str]())


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value below which that share lies; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _seconds(value: float | None) -> str:
    return "not seen" if value is None else f"{value:.1f}"


def recoveries(proof: Proof) -> dict[str, list[float | None]]:
    """Kind of fault -> seconds until what it struck moved again."""
    found: dict[str, list[float | None]] = defaultdict(list)
    for outcome in proof.outcomes:
        for fault in outcome.faults:
            found[fault.kind].append(fault.recovered_seconds)
    return dict(sorted(found.items()))


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def markdown(proof: Proof, cells: Mapping[str, str]) -> str:
    """The page. `cells`: kind of fault -> cell of the survey."""
    lines = [f"# {proof.title}", "", *_summary(proof), "", *_invariants(proof), "", *_runs(proof)]
    lines += ["", *_inputs(proof), "", *_faults(proof), "", *_survey(proof, cells)]
    if proof.mutants:
        lines += ["", *_mutants(proof)]
    return "\n".join(lines) + "\n"


def _summary(proof: Proof) -> list[str]:
    counts = proof.counts
    faults = [fault for outcome in proof.outcomes for fault in outcome.faults]
    kinds = {fault.kind for fault in faults}
    verdict = "All invariants hold." if not proof.shortfalls else "**It does not stand:**"
    seeds = ", ".join(str(outcome.plan.seed) for outcome in proof.outcomes)
    size = f"{counts['inputs acknowledged']:,} inputs, {len(faults)} faults of {len(kinds)} kinds"
    when = f"{proof.began_at:%Y-%m-%d}, {proof.seconds / 60:.1f} minutes"
    lines = [f"{size}, seeds {seeds}; {when}. {verdict}"]
    return lines + [f"- {line}" for line in proof.shortfalls]


def _invariants(proof: Proof) -> list[str]:
    broken = sum((outcome.verdict.broken for outcome in proof.outcomes), Counter[str]())
    lines = ["## Invariants", "", "| | what holds | broken |", "|---|---|---|"]
    faults = [fault for outcome in proof.outcomes for fault in outcome.faults]
    replays = sum(1 for fault in faults if fault.kind == "replay")
    found = {name: str(broken[name]) for name in INVARIANTS}
    found["I8"] = f"{replays} times read again; the other rows tell" if replays else "not tried"
    return lines + [f"| {name} | {text} | {found[name]} |" for name, text in INVARIANTS.items()]


def _runs(proof: Proof) -> list[str]:
    lines = [
        "## Runs", "",
        "| seed | inputs | faults | published in, s | caught up in, s | deadlines late p50, p99, s |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for outcome in proof.outcomes:
        late = outcome.verdict.lateness_seconds
        lines.append(
            f"| {outcome.plan.seed} | {outcome.verdict.counts['inputs acknowledged']:,} | "
            f"{len(outcome.faults)} | {outcome.published_seconds:.0f} | {outcome.caught_up_seconds:.1f} | "
            f"{_seconds(quantile(late, 0.5))}, {_seconds(quantile(late, 0.99))} |"
        )
    return lines


def _inputs(proof: Proof) -> list[str]:
    counts = proof.counts
    total = sum(counts[name] for name in INPUTS) or 1
    lines = ["## Inputs and what came of them", "", "| | count | share |", "|---|---|---|"]
    lines += [f"| {name} | {counts[name]:,} | {counts[name] / total:.1%} |" for name in INPUTS]
    lines += ["", "| | count |", "|---|---|"]
    rest = sorted(name for name in counts if name not in INPUTS and not name.startswith("story "))
    return lines + [f"| {name} | {counts[name]:,} |" for name in rest]


def _faults(proof: Proof) -> list[str]:
    lines = [
        "## Faults", "",
        "Recovery: from the end of the fault until what it struck was ready and moved again.", "",
        "| kind | count | p50, s | p99, s | not seen |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for kind, values in recoveries(proof).items():
        known = _known(values)
        p50, p99 = _seconds(quantile(known, 0.5)), _seconds(quantile(known, 0.99))
        lines.append(f"| {kind} | {len(values)} | {p50} | {p99} | {len(values) - len(known)} |")
    missed = sum(outcome.missed_count for outcome in proof.outcomes)
    return [*lines, "", f"Not counted: {missed} that were tried and did not bite."]


def _survey(proof: Proof, cells: Mapping[str, str]) -> list[str]:
    lines = [
        "## Cells of the PostgreSQL queue survey", "",
        "| cell | faults | lost or doubled | recovery p50, s | p99, s |", "|---|---|---|---|---|",
    ]  # fmt: skip
    broken = sum(outcome.verdict.broken.total() for outcome in proof.outcomes)
    by_kind = recoveries(proof)
    for cell in CELLS:
        values = [value for kind, found in by_kind.items() if cells.get(kind) == cell for value in found]
        known = _known(values)
        p50, p99 = _seconds(quantile(known, 0.5)), _seconds(quantile(known, 0.99))
        lines.append(f"| {cell} | {len(values)} | {broken if values else 'not run'} | {p50} | {p99} |")
    return lines


def _mutants(proof: Proof) -> list[str]:
    caught = sum(1 for one in proof.mutants if one.invariants)
    lines = [
        f"## Mutants: caught {caught} of {len(proof.mutants)}", "",
        "| mutant | what it breaks | seen by | runs | s |", "|---|---|---|---|---|",
    ]  # fmt: skip
    return lines + [
        f"| {one.name} | {one.breaks} | {', '.join(one.invariants) or '**not caught**'} | "
        f"{one.attempts_count} | {one.seconds:.0f} |"
        for one in proof.mutants
    ]


def as_json(proof: Proof) -> dict[str, Any]:
    """The same figures for tools."""
    return {
        "title": proof.title,
        "began_at": proof.began_at.isoformat(),
        "seconds": round(proof.seconds, 1),
        "shortfalls": proof.shortfalls,
        "counts": dict(sorted(proof.counts.items())),
        "runs": [
            {
                "seed": outcome.plan.seed,
                "broken": dict(outcome.verdict.broken),
                "violations": [str(one) for one in outcome.verdict.violations],
                "published_seconds": round(outcome.published_seconds, 1),
                "caught_up_seconds": round(outcome.caught_up_seconds, 1),
                "lateness_p50_seconds": quantile(outcome.verdict.lateness_seconds, 0.5),
                "lateness_p99_seconds": quantile(outcome.verdict.lateness_seconds, 0.99),
                "faults": [
                    {
                        "kind": fault.kind,
                        "target": fault.target,
                        "started_at": fault.started_at.isoformat(),
                        "ended_at": fault.ended_at.isoformat() if fault.ended_at else None,
                        "recovered_seconds": fault.recovered_seconds,
                        "proof": fault.proof,
                    }
                    for fault in outcome.faults
                ],
            }
            for outcome in proof.outcomes
        ],
        "mutants": [
            {
                "name": one.name,
                "invariants": list(one.invariants),
                "first": one.first,
                "runs": one.attempts_count,
            }
            for one in proof.mutants
        ],
    }


def write(proof: Proof, folder: Path, name: str, cells: Mapping[str, str]) -> Path:
    """Both files; the path of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{name}.md"
    page.write_text(markdown(proof, cells), "utf-8")
    (folder / f"{name}.json").write_text(json.dumps(as_json(proof), indent=1) + "\n", "utf-8")
    return page
