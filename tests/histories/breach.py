"""Defines the finding of an invariant."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Breach:
    """`tag` names the way in which it is broken, so that stories of one cause fall together."""

    name: str
    tag: str
    about: str
    at: datetime
    detail: str

    @property
    def cause(self) -> str:
        return f"{self.name}: {self.tag}" if self.tag else self.name
