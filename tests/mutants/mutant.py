"""Says what a mutant is, and what became of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Fate(StrEnum):
    """The end of a mutant."""

    CAUGHT = "caught"
    """A test failed."""
    REFUSED = "refused"
    """The service does not load with it."""
    TIMEOUT = "timeout"
    """The tests did not end in time."""
    SURVIVED = "survived"
    UNREACHED = "unreached"
    """It survived, because no test runs the line."""
    EQUIVALENT = "equivalent"
    """It survived, and a reason is listed."""


ALIVE = frozenset({Fate.SURVIVED, Fate.UNREACHED})


@dataclass(frozen=True)
class Mutant:
    """One changed file."""

    kind: str
    """The kind of mutation, as the report counts it."""
    service: str
    file: str
    """Relative to the root of the project."""
    line: int
    line_text: str
    says: str
    """The mutation in words: what stood there and what stands there now."""
    text: str
    """The whole file with the mutation."""
    names: tuple[str, ...] = ()
    """The keys that lead to a number of a policy."""

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Verdict:
    """The fate of a mutant, the test that decided it, and how long it took."""

    mutant: Mutant
    fate: Fate
    test: str
    seconds: float


def source_files(root: Path) -> Iterator[Path]:
    """Lists the files below `services`, without what Python writes there."""
    for path in sorted((root / "services").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path
