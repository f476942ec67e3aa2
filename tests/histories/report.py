"""Figures of a run, as text, Markdown or JSON."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.histories import crossings, invariants, words

NAMES: Mapping[str, str] = {**invariants.NAMES, **words.NAMES}


@dataclass
class Played:
    """The figures of one history."""

    seed: int
    causes: set[str]
    verbs: Counter[str]
    pairs: set[tuple[str, str]]
    judged: Counter[str]


@dataclass
class Figures:
    """The findings of a run: histories broken by invariant and by cause, with the seed that was first."""

    history_count: int = 0
    broken_count: int = 0
    action_count: int = 0
    seed: int = 1
    seconds: float = 0.0
    by_name: Counter[str] = field(default_factory=Counter[str])
    by_cause: Counter[str] = field(default_factory=Counter[str])
    first: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    """Seed and number of the history that was the first one broken by a cause."""
    stories: dict[str, str] = field(default_factory=dict[str, str])
    by_verb: Counter[str] = field(default_factory=Counter[str])
    by_pair: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """Histories in which two kinds of matter were open at once."""
    judged: Counter[str] = field(default_factory=Counter[str])
    """Subjects that each invariant had to judge."""

    def add(self, played: Played) -> None:
        """Counts one history."""
        self.history_count += 1
        self.action_count += played.verbs.total()
        self.broken_count += bool(played.causes)
        self.by_name.update({cause.split(":")[0] for cause in played.causes})
        self.by_cause.update(played.causes)
        self.by_verb.update(played.verbs)
        self.by_pair.update(played.pairs)
        self.judged.update(played.judged)
        for cause in played.causes:
            self.first.setdefault(cause, (played.seed, self.history_count))

    @property
    def rate(self) -> float:
        return self.history_count / self.seconds if self.seconds else 0.0

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


def progress(figures: Figures, n: int) -> str:
    """Tells the state of a run."""
    left = (n - figures.history_count) / max(figures.rate, 0.001) / 60
    speed = f"{figures.rate:.0f} per second, {left:.0f} minutes left"
    return f"{figures.history_count} of {n} histories, {figures.broken_count} broken, {speed}"


def as_text(figures: Figures) -> str:
    """For the terminal."""
    counts = f"{figures.history_count} histories, {figures.action_count} actions"
    took = f"{figures.seconds:.0f} s, {figures.rate:.0f} per second"
    lines = [f"{counts}, {figures.broken_count} broken, {took}"]
    for name, count in figures.by_name.most_common():
        lines.append(f"{count:6}  {name}: {NAMES.get(name, '')}")
    for cause, story in figures.stories.items():
        seed, number = figures.first[cause]
        lines += ["", f"--- {cause} (seed {seed}, history {number})", story]
    return "\n".join(lines)


def as_markdown(figures: Figures) -> str:
    """For the files."""
    first, last = figures.seed, figures.seed + figures.history_count - 1
    lines = [
        "# Random histories",
        "",
        f"`make histories N={figures.history_count} SEED={figures.seed}`: seeds {first} to {last},",
        f"{figures.action_count} actions, **{figures.broken_count} broken**; {figures.seconds:.0f} seconds,",
        f"{figures.rate:.0f} histories a second. *Judged*: subjects that an invariant had to judge.",
        "",
        "| invariant | says | judged | broken |",
        "|---|---|---|---|",
        *(
            f"| {name} | {says} | {figures.judged[name]} | {figures.by_name[name]} |"
            for name, says in NAMES.items()
        ),
        "",
        *_two_columns("action", "times", figures.by_verb),
        "",
        "Histories in which two kinds of matter were open at once:",
        "",
        *_two_columns("matters", "histories", {" and ".join(pair): n for pair, n in figures.by_pair.items()}),
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


def _two_columns(name: str, count: str, found: Mapping[str, int]) -> list[str]:
    rows = [f"| {key} | {number} |" for key, number in sorted(found.items(), key=lambda item: -item[1])]
    return [f"| {name} | {count} |", "|---|---|", *rows]


def as_json(figures: Figures) -> str:
    """For programs."""
    found = {
        "histories": figures.history_count,
        "actions": figures.action_count,
        "broken": figures.broken_count,
        "seed": figures.seed,
        "judged": dict(figures.judged),
        "verbs": dict(figures.by_verb),
        "pairs": {" and ".join(pair): count for pair, count in figures.by_pair.items()},
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
