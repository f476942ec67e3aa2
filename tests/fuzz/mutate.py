"""Changes an input: by the grammar of a record where the input still has one, by its bytes where not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from unittest.mock import patch

from chassis import clock
from tests.faults import mutations_of_headers, mutations_of_values
from tests.faults.mutants import Breeder, Mutant, compact

CANARY = "kanarie7f3a9"
"""Put wherever content may stand: no detail may repeat it."""
NUMBER_CANARY = 918_273_645
LARGE = {"value.oversize", "value.inflated", "value.deep", "value.unbalanced", "value.huge_number"}
"""Mutations that make megabytes: one in fifty of them is tried, or they would take all the time."""
GRAMMAR: Mapping[str, Callable[[Random, Mutant], Mutant]] = {
    name: mutate
    for name, mutate in {**mutations_of_headers.MUTATIONS, **mutations_of_values.MUTATIONS}.items()
    if not name.startswith("order.")
}
TOKENS: Sequence[bytes] = (
    b"{", b"}", b"[", b"]", b'"', b",", b":", b"null", b"true", b"-", b"0", b"1e999", b"\\u0000", b"\\ud800",
    b"\xff", b"\x00", b"\xef\xbb\xbf", b"NaN", b'"minor":-1', b'"currency":"ZZZ"', b"2026-02-30T00:00:00Z",
    CANARY.encode(), b'{"' + CANARY.encode() + b'":1}', str(NUMBER_CANARY).encode(), b"9" * 25,
    b"\xe2\x80\xae",
)  # fmt: skip
OFF_SHAPE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""Errors of a mutation by grammar on something that is no record of that shape any more."""
VALUES: Sequence[Any] = (
    CANARY, NUMBER_CANARY, -NUMBER_CANARY, {CANARY: CANARY}, [CANARY], f"{CANARY} {CANARY}",
    f"{CANARY}\u0000",
    float(NUMBER_CANARY) + 0.5, "", None, [], {}, True, 2**63, CANARY * 40,
)  # fmt: skip


@dataclass
class Mutator:
    """Draws the next input from the past ones."""

    dice: Random
    breeder: Breeder

    def fresh(self) -> Mutant:
        """A good record."""
        return self.breeder.good()

    def change(self, base: Mutant, corpus: Sequence[Mutant]) -> Mutant:
        """One to four changes, one on the other."""
        dice = self.dice
        changed = base
        for _ in range(dice.choice((1, 1, 1, 2, 4))):
            draw = dice.random()
            if draw < 0.45:
                changed = self._by_grammar(changed)
            elif draw < 0.65:
                changed = self._with_canary(changed)
            elif draw < 0.9:
                changed = self._by_bytes(changed)
            else:
                changed = self._crossed(changed, dice.choice(corpus) if corpus else changed)
        return changed

    def _by_grammar(self, mutant: Mutant) -> Mutant:
        name = self.dice.choice(list(GRAMMAR))
        if name in LARGE and self.dice.random() > 0.02:
            return self._by_bytes(mutant)
        try:
            # Some times lie around now: the mutator's, so that a seed says all.
            with patch.object(clock, "now", lambda: self.breeder.now):
                return replace(GRAMMAR[name](self.dice, mutant), kind=name)
        except OFF_SHAPE:
            return self._by_bytes(mutant)  # it is no record of that shape any more

    def _with_canary(self, mutant: Mutant) -> Mutant:
        """A canary as a value or a name in the data, in a header, or as the key."""
        dice = self.dice
        draw = dice.random()
        if draw < 0.15:
            return replace(mutant, key=CANARY.encode())
        if draw < 0.35:
            headers = list(mutant.headers)
            content = dice.choice((CANARY.encode(), CANARY.encode() + b"\xff", f"ce_{CANARY}".encode()))
            if headers and dice.random() < 0.8:
                number = dice.randrange(len(headers))
                headers[number] = headers[number][0], content
            else:
                headers.append((f"ce_{CANARY}", content))
            return replace(mutant, headers=tuple(headers))
        try:
            data = mutant.data()
            place: Any = data
            for _ in range(dice.randrange(4)):
                inner = [value for value in _children(place) if isinstance(value, dict | list) and value]
                place = dice.choice(inner) if inner else place
            if isinstance(place, dict):
                name = CANARY if not place or dice.random() < 0.1 else dice.choice(list(place))
                place[name] = dice.choice(VALUES)
            elif place:
                place[dice.randrange(len(place))] = dice.choice(VALUES)
            return replace(mutant, value=compact(data))
        except OFF_SHAPE:
            return self._by_bytes(mutant)

    def _by_bytes(self, mutant: Mutant) -> Mutant:
        """Bits, tokens, pieces cut out, doubled or cut off, in the value or in a header."""
        if mutant.headers and self.dice.random() < 0.3:
            headers = list(mutant.headers)
            number = self.dice.randrange(len(headers))
            name, content = headers[number]
            headers[number] = name, self._mangled(content or b"")
            return replace(mutant, headers=tuple(headers))
        return replace(mutant, value=self._mangled(mutant.value or b""))

    def _mangled(self, text: bytes) -> bytes:
        dice = self.dice
        start = dice.randrange(len(text) + 1)
        end = min(len(text), start + dice.choice((1, 2, 8, 40)))
        match dice.randrange(6):
            case 0 if text:
                at = min(start, len(text) - 1)
                return text[:at] + bytes((text[at] ^ 1 << dice.randrange(8),)) + text[at + 1 :]
            case 1:
                return text[:start] + dice.choice(TOKENS) + text[start:]
            case 2:
                return text[:start] + dice.choice(TOKENS) + text[end:]
            case 3:
                return text[:start] + text[end:]
            case 4:
                return text[:end] + text[start:]
            case _:
                return text[:start]

    def _crossed(self, one: Mutant, other: Mutant) -> Mutant:
        """The envelope of one, the value of another; or the halves of two values."""
        if self.dice.random() < 0.5:
            return replace(one, value=other.value)
        head, tail = one.value or b"", other.value or b""
        first, second = self.dice.randrange(len(head) + 1), self.dice.randrange(len(tail) + 1)
        return replace(one, value=head[:first] + tail[second:])


def _children(place: Any) -> list[Any]:
    if isinstance(place, dict):
        return list(place.values())  # pyright: ignore[reportUnknownArgumentType]
    return list(place) if isinstance(place, list) else []  # pyright: ignore[reportUnknownArgumentType]
