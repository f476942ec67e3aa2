"""Collects the judge's findings: violations by invariant, and the counts that a report shows."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

INVARIANTS = {
    "I1": "every acknowledged valid input has exactly one effect, and there is none without an input",
    "I2": "money: refunded and pending never exceed what was paid, at every prefix; an intent pays once",
    "I3": "outcomes on the topic, repeats dropped, are the facts; the same id has the same bytes",
    "I4": "versions of a case are gapless, and in order where they first occur in a partition",
    "I5": "a deadline fires once and not before its moment",
    "I6": "every reject is one dead letter, in the table and on the topic, as it came",
    "I7": "the history is the stored state, and ends as the story says",
    "I8": "reading everything again changes nothing",
    "I9": "nothing that a record holds is in logs, metrics or details",
    "I10": "all is caught up in time",
}
SHOWN_COUNT = 20


@dataclass(frozen=True)
class Violation:
    """One thing that may not be."""

    invariant: str
    service: str
    text: str
    about: str = ""
    """Order or subject whose history tells more."""

    def __str__(self) -> str:
        return f"{self.invariant} {self.service}: {self.text}"


@dataclass
class Verdict:
    """The outcome of one judgement."""

    violations: list[Violation] = field(default_factory=list[Violation])
    """The first of each kind, at most `SHOWN_COUNT` an invariant."""
    broken: Counter[str] = field(default_factory=Counter[str])
    """All of them, by invariant."""
    counts: Counter[str] = field(default_factory=Counter[str])
    lateness_seconds: list[float] = field(default_factory=list[float])
    """Of deadlines of stories: from the moment due to the moment at which the fact was recorded."""

    def blame(self, invariant: str, service: str, text: str, about: Any = "") -> None:
        """Enters one violation."""
        self.broken[invariant] += 1
        if self.broken[invariant] <= SHOWN_COUNT:
            self.violations.append(Violation(invariant, service, text, str(about)))

    @property
    def is_clean(self) -> bool:
        """Whether everything holds."""
        return not self.broken
