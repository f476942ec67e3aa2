"""Reads the list of mutants that change nothing, with a reason each."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from tests.mutants.mutant import Fate, Mutant, Verdict

FILE = Path(__file__).with_name("equivalent.toml")


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mutant by file, text of its line, and mutation; no line number, for lines move."""

    file: str
    line: str
    mutation: str
    reason: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.file, self.line, self.mutation


def load() -> Mapping[tuple[str, str, str], Entry]:
    """Reads the list. Raises ValueError for an entry without a reason or one that is there twice."""
    entries = msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), dict[str, list[Entry]])[
        "mutant"
    ]
    known = {entry.key: entry for entry in entries}
    if len(known) != len(entries) or not all(entry.reason for entry in entries):
        raise ValueError("equivalent.toml: an entry is there twice or has no reason")
    return known


def key_of(mutant: Mutant) -> tuple[str, str, str]:
    """Says by what an entry names this mutant."""
    return mutant.file, mutant.line_text, mutant.says


def sorted_out(verdict: Verdict, known: Mapping[tuple[str, str, str], Entry]) -> Verdict:
    """Gives a survivor that is listed the reason why nothing can catch it."""
    entry = known.get(key_of(verdict.mutant))
    if verdict.fate is not Fate.SURVIVED or entry is None:
        return verdict
    return Verdict(verdict.mutant, Fate.EQUIVALENT, entry.reason, verdict.seconds)


def gone(known: Iterable[tuple[str, str, str]], mutants: Iterable[Mutant]) -> set[tuple[str, str, str]]:
    """Finds entries that name no mutant any more."""
    return set(known) - {key_of(mutant) for mutant in mutants}
