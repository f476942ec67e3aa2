"""Figures of a run, as text, Markdown or JSON."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.histories import crossings, invariants, words

NAMES: Mapping[str, str] = {**invariants.NAMES, **words.NAMES}


@dataclass
class Figures:
    """The findings of a run: histories broken by invariant and by cause, with the seed that was first."""

    history_count: int = 0
    broken_count: int = 0
    action_count: int = 0
    seconds: float = 0.0
    by_name: Counter[str] = field(default_factory=Counter[str])
    by_cause: Counter[str] = field(default_factory=Counter[str])
    first: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    """Seed and number of the history that was the first one broken by a cause."""
    stories: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, seed: int, causes: set[str], action_count: int) -> None:
        """Counts one history."""
        self.history_count += 1
        self.action_count += action_count
        self.broken_count += bool(causes)
        self.by_name.update({cause.split(":")[0] for cause in causes})
        self.by_cause.update(causes)
        for cause in causes:
            self.first.setdefault(cause, (seed, self.history_count))

    def found_after(self, crossing: crossings.Crossing) -> int | None:
        """After how many histories the random ones met a known crossing, or one of its kind."""
        starts = f"{crossing.invariant}: {crossing.tag}" if crossing.tag else crossing.invariant
        return min(
            (number for cause, (_, number) in self.first.items() if cause.startswith(starts)), default=None
        )

    def first_by_name(self) -> dict[str, str]:
        """The cause that was met first, by invariant."""
        found: dict[str, str] = {}
        for cause in sorted(self.first, key=lambda cause: self.first[cause][1]):
            found.setdefault(cause.split(":")[0], cause)
        return found


def as_text(figures: Figures) -> str:
    """For the terminal."""
    rate = figures.history_count / figures.seconds if figures.seconds else 0.0
    counts = f"{figures.history_count} histories, {figures.action_count} actions"
    lines = [f"{counts}, {figures.broken_count} broken, {figures.seconds:.0f} s, {rate:.0f} per second"]
    for name, count in figures.by_name.most_common():
        lines.append(f"{count:6}  {name}: {NAMES.get(name, '')}")
    for cause, story in figures.stories.items():
        seed, number = figures.first[cause]
        lines += ["", f"--- {cause} (seed {seed}, history {number})", story]
    return "\n".join(lines)


def as_markdown(figures: Figures) -> str:
    """For the files."""
    lines = [
        "# Random histories",
        "",
        f"{figures.history_count} histories, {figures.action_count} actions, {figures.broken_count} broken.",
        "",
        "| invariant | says | broken |",
        "|---|---|---|",
        *(f"| {name} | {says} | {figures.by_name[name]} |" for name, says in NAMES.items()),
        "",
        "| cause | broken | first seed | after histories |",
        "|---|---|---|---|",
    ]
    for cause, count in figures.by_cause.most_common():
        seed, number = figures.first[cause]
        lines.append(f"| {cause} | {count} | {seed} | {number} |")
    lines += ["", "| crossing | says | invariant | after histories |", "|---|---|---|---|"]
    for name, crossing in crossings.ALL.items():
        met = figures.found_after(crossing)
        after = "not met" if met is None else str(met)
        lines.append(f"| {name} | {crossing.says} | {crossing.invariant} | {after} |")
    for cause, story in figures.stories.items():
        lines += ["", f"## {cause}", "", "```", story, "```"]
    return "\n".join(lines) + "\n"


def as_json(figures: Figures) -> str:
    """For programs."""
    found = {
        "histories": figures.history_count,
        "actions": figures.action_count,
        "broken": figures.broken_count,
        "seconds": round(figures.seconds, 1),
        "by_invariant": dict(figures.by_name),
        "by_cause": {
            cause: {
                "broken": count,
                "first_seed": figures.first[cause][0],
                "after_histories": figures.first[cause][1],
            }
            for cause, count in figures.by_cause.items()
        },
        "crossings": {name: figures.found_after(crossing) for name, crossing in crossings.ALL.items()},
        "stories": figures.stories,
    }
    return json.dumps(found, indent=1, sort_keys=True) + "\n"
