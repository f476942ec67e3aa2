"""The ledger: what was published and acknowledged, where it lies, and what must become of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from aftersales_contracts.topics import TOPICS
from tests.faults.proof.fates import Fate
from tests.faults.proof.generator import Told
from tests.faults.proof.templates import Draft

Place = int
"""Topic, partition and offset in one number: `place`."""
Header = tuple[str, bytes | None]
_TOPICS = tuple(TOPICS)
_NUMBERS = {name: number for number, name in enumerate(_TOPICS)}


def place(topic: str, partition: int, offset: int) -> Place:
    """One number for a place."""
    return (_NUMBERS[topic] << 56) | (partition << 48) | offset


def place_of(number: Place) -> tuple[str, int, int]:
    """Topic, partition, offset."""
    return _TOPICS[number >> 56], (number >> 48) & 0xFF, number & 0xFFFF_FFFF_FFFF


def digest(key: bytes | None, headers: Sequence[Header], value: bytes | None) -> int:
    """64 bits of a record's bytes."""
    state = blake2b(repr((key, tuple(headers), value)).encode(), digest_size=8)
    return int.from_bytes(state.digest())


def digest_of(draft: Draft) -> int:
    """64 bits of the record that will be published."""
    return digest(draft.key, draft.headers, draft.value)


@dataclass(slots=True)
class Entry:
    """One input."""

    digest: int
    fate: Fate


@dataclass
class Ledger:
    """All inputs of a run."""

    acknowledged: dict[Place, Entry] = field(default_factory=dict[Place, Entry])
    unknown: dict[int, Fate] = field(default_factory=dict[int, Fate])
    """By digest: sent, and the acknowledgement never came; such a record may lie there or not."""
    told: list[Told] = field(default_factory=list[Told])
    """The stories."""

    def topics(self) -> set[str]:
        """The topics that were written to."""
        return {_TOPICS[number] for number in {at >> 56 for at in self.acknowledged}}

    def __len__(self) -> int:
        return len(self.acknowledged)
