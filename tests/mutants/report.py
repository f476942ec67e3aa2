"""Keeps the figures of runs, as JSON and as a page: packs and conditions of each service."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.mutants.mutant import ALIVE, Fate, Verdict

COLUMNS = tuple(Fate)
BUSIEST_COUNT = 20
"""Tests that the figures name."""
LEGEND = """\
One number of a pack or one condition of a rule is changed at a time; then the tests run that can see it, of
the same service (`tests/services/<service>`). `caught`: a test fails. `refused`: the service does not load.
`timeout`: the tests do not end. `survived`, `unreached` (no test runs the line or reads the number): a test
is missing. `equivalent`: nothing is different with it."""


def figures(
    verdicts: Sequence[Verdict], *, command: str, commit: str, seed: int | None, total: int, seconds: float
) -> dict[str, Any]:
    """Sums up a run. `total` is the number of mutants that could have been made."""
    by_kind: dict[str, Counter[str]] = {}
    for verdict in verdicts:
        by_kind.setdefault(verdict.mutant.kind, Counter())[verdict.fate] += 1
    return {
        "command": command,
        "commit": commit,
        "seed": seed,
        "seconds": round(seconds, 1),
        "possible": total,
        "tried": len(verdicts),
        "by_fate": dict(Counter(verdict.fate.value for verdict in verdicts)),
        "by_kind": {key: dict(counts) for key, counts in sorted(by_kind.items())},
        "caught_by": _catchers(verdicts),
        "survivors": _listed(verdicts, ALIVE),
        "timeouts": _listed(verdicts, {Fate.TIMEOUT}),
        "equivalent": _listed(verdicts, {Fate.EQUIVALENT}),
    }


def _catchers(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Counts by tests, the busiest first: one that catches nearly all compares text, not behaviour."""
    caught = [verdict.test.partition("[")[0] for verdict in verdicts if verdict.fate is Fate.CAUGHT]
    return dict(Counter(caught).most_common(BUSIEST_COUNT))


def _listed(verdicts: Iterable[Verdict], fates: Iterable[Fate]) -> list[dict[str, str]]:
    wanted = frozenset(fates)
    return [
        {
            "place": verdict.mutant.place,
            "line": verdict.mutant.line_text,
            "mutation": verdict.mutant.says,
            "fate": verdict.fate.value,
            "reason": verdict.test,
        }
        for verdict in verdicts
        if verdict.fate in wanted
    ]


def write(parts: Mapping[str, dict[str, Any]], folder: Path) -> None:
    """Writes mutants.json and mutants.md; a part that was not run stays as it was."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "mutants.json"
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept.update(parts)
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "mutants.md").write_text(as_markdown(kept), encoding="utf-8")


def as_markdown(parts: Mapping[str, Mapping[str, Any]]) -> str:
    """Writes the page."""
    lines = [
        "# Mutants of numbers and conditions",
        "",
        LEGEND,
    ]
    for name, part in sorted(parts.items(), reverse=True):
        lines += ["", f"## {name.capitalize()}", "", _summary(part), "", *_table(part)]
        for title in ("survivors", "timeouts", "equivalent"):
            if part[title]:
                lines += ["", f"### {title.capitalize()}", "", *_entries(part[title])]
    return "\n".join(lines) + "\n"


def _summary(part: Mapping[str, Any]) -> str:
    fates = ", ".join(f"{part['by_fate'].get(fate, 0)} {fate.value}" for fate in COLUMNS)
    seed = "" if part["seed"] is None else f", seed {part['seed']}"
    return (
        f"{part['tried']} of {part['possible']} mutants{seed}: {fates}. "
        f"`{part['command']}`, {part['seconds'] / 60:.1f} minutes, at {part['commit']}."
    )


def _table(part: Mapping[str, Any]) -> list[str]:
    rows = [
        f"| {kind} | " + " | ".join(str(counts.get(fate, 0)) for fate in COLUMNS) + " |"
        for kind, counts in part["by_kind"].items()
    ]
    return [f"| mutation | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 1) + "|", *rows]


def _entries(entries: Sequence[Mapping[str, str]]) -> list[str]:
    return [
        f"- {entry['place']}: `{entry['mutation']}`" + (f" ({entry['reason']})" if entry["reason"] else "")
        for entry in entries
    ]
