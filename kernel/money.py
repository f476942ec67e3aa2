"""Defines amounts of money and how a total is split."""

from collections.abc import Sequence

from kernel.value import Value


class Money(Value):
    """An amount in minor units (fen, cent) of one ISO 4217 currency; never negative.

    Raises ValueError for a negative amount and for arithmetic across currencies.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.minor < 0:
            raise ValueError(f"negative amount: {self.minor} {self.currency}")

    def _same(self, other: "Money") -> None:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def least(self, other: "Money") -> "Money":
        self._same(other)
        return self if self.minor <= other.minor else other

    def exceeds(self, other: "Money") -> bool:
        self._same(other)
        return self.minor > other.minor


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Splits `total` minor units by `weights`; the parts sum to `total` exactly.

    Largest remainder; at a tie the earlier part gets the unit. All weights zero: all to the first.
    """
    if not weights:
        raise ValueError("nothing to allocate to")
    if total < 0 or min(weights) < 0:
        raise ValueError("amounts and weights are not negative")
    whole = sum(weights)
    if whole == 0:
        return [total] + [0] * (len(weights) - 1)
    parts = [total * weight // whole for weight in weights]
    remainders = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in remainders[: total - sum(parts)]:
        parts[i] += 1
    return parts
