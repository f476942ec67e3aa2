"""Keeps the figures of a run with its planted faults and crossings, as JSON and as a page made from it."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.histories import crossings, planted, report

FOLDER = Path("docs/proof")
NAME = "histories"
LEGEND = """\
Orders with several lines, parcels and payments; buyers, shops, warehouses, carriers and payment providers do
anything that they can, in any order, with silence, repeats and late news. An account of its own, which knows
no rule, says after each step and after all deadlines whether somebody has goods and money both, or neither,
and whether all that the services say is true. *Judged*: subjects that an invariant had to judge."""


def figures(run: report.Figures, found: Mapping[str, int | None], *, limit: int) -> dict[str, Any]:
    """Sums up a run, and says which planted faults and crossings are noticed."""
    kept: dict[str, Any] = json.loads(report.as_json(run))
    for name in ("crossings", "stories", "by_invariant"):
        del kept[name]
    kept["invariants"] = {
        name: {"says": says, "judged": run.judged[name], "broken": run.by_name[name]}
        for name, says in report.NAMES.items()
    }
    kept["planted"] = {
        name: {"invariant": fault.invariant, "shows": fault.shows(), "after_histories": found[name]}
        for name, fault in planted.ALL.items()
    }
    kept["planted_limit"] = limit
    kept["crossings"] = {
        name: {"says": crossing.says, "is_sound": not crossing.is_flagged(crossing.play())}
        for name, crossing in crossings.ALL.items()
    }
    kept["commit"] = _commit()
    kept["day"] = datetime.now(UTC).date().isoformat()
    return kept


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def write(kept: Mapping[str, Any], folder: Path) -> None:
    """Writes histories.json and histories.md."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(kept, indent=1, ensure_ascii=False)
    (folder / f"{NAME}.json").write_text(text + "\n", encoding="utf-8")
    (folder / f"{NAME}.md").write_text(as_markdown(kept), encoding="utf-8")


def read(folder: Path) -> dict[str, Any]:
    """Reads the figures that are kept."""
    kept: dict[str, Any] = json.loads((folder / f"{NAME}.json").read_text(encoding="utf-8"))
    return kept


def as_markdown(kept: Mapping[str, Any]) -> str:
    """Makes the page."""
    return "\n".join(_lines(kept)) + "\n"


def _lines(kept: Mapping[str, Any]) -> Iterator[str]:
    count, seed = kept["histories"], kept["seed"]
    noticed = sum(fault["shows"] for fault in kept["planted"].values())
    met = sum(fault["after_histories"] is not None for fault in kept["planted"].values())
    sound = sum(crossing["is_sound"] for crossing in kept["crossings"].values())
    faults, total = len(kept["planted"]), len(kept["crossings"])
    command = f"make histories N={count} SEED={seed} PROOF={FOLDER}"
    yield from ["# Random histories of an order", "", LEGEND, ""]
    seeds = f"seeds {seed} to {seed + count - 1}"
    yield f"{count:,} histories, {seeds}, {kept['actions']:,} actions: **{kept['broken']} broken**."
    yield f"Planted faults: {noticed} of {faults} noticed in a short history of their own,"
    yield f"{met} of {faults} in random ones. Known crossings: {sound} of {total} end as they shall."
    yield f"`{command}`, {kept['seconds'] / 60:.1f} minutes, {kept['day']}, at {kept['commit']}."
    yield from ["", "## What holds", "", "| invariant | says | judged | broken |", "|---|---|---|---|"]
    for name, one in sorted(kept["invariants"].items()):
        yield f"| {name} | {one['says']} | {one['judged']} | {one['broken']} |"
    if kept["by_cause"]:
        yield from ["", "| cause | broken | first seed |", "|---|---|---|"]
        for cause, one in sorted(kept["by_cause"].items()):
            yield f"| {cause} | {one['broken']} | {one['first_seed']} |"
    yield from ["", "## Actions", "", *_counts("action", "times", kept["verbs"])]
    yield from ["", "## Matters that were open at once", "", *_counts("matters", "histories", kept["pairs"])]
    yield from ["", "## Planted faults", "", "| fault | noticed by | own history | after random histories |"]
    yield "|---|---|---|---|"
    for name, one in kept["planted"].items():
        after = one["after_histories"] or f"not in {kept['planted_limit']}"
        yield f"| {name} | {one['invariant']} | {'noticed' if one['shows'] else 'not noticed'} | {after} |"
    yield from ["", "## Known crossings", "", "| crossing | was | ends |", "|---|---|---|"]
    for name, one in kept["crossings"].items():
        yield f"| {name} | {one['says']} | {'as it shall' if one['is_sound'] else 'wrong'} |"


def _counts(name: str, count: str, found: Mapping[str, int]) -> Iterator[str]:
    yield from [f"| {name} | {count} |", "|---|---|"]
    for key, number in sorted(found.items(), key=lambda item: (-item[1], item[0])):
        yield f"| {key} | {number} |"
