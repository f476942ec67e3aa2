"""Counts, piece by piece, what the buyer has of an order and must not have: beside the money, or twice.

A refund for goods that never came leaves pieces that the buyer must not get. Parcels bring pieces, and a
replacement may come after its exchange became money. Whatever comes first, the pieces to claim follow.
"""

from collections.abc import Iterable, Mapping, Sequence

from kernel.rules import rules_of
from kernel.value import Value, replace
from services.refunds.shares import Share


class Reached(Value):
    """A parcel whose pieces are with the buyer (`sign` 1), or took pieces from him (-1)."""

    parcel_id: str
    shares: tuple[Share, ...]
    sign: int
    is_resend: bool = False
    """The parcel brought goods once more."""


class Converted(Value):
    """A refund that is paid in the place of an exchange's replacement."""

    refund_id: str
    reship_id: str
    shares: tuple[Share, ...]


class Claimed(Value):
    """The n-th claim on the buyer, and its pieces that did not come back."""

    claim_number: int
    shares: tuple[Share, ...]


class HeldGoods(Value):
    """The pieces of one order that the buyer has and must not have, and those that are claimed."""

    reached: tuple[Reached, ...] = ()
    replaced: tuple[str, ...] = ()
    """The resends of exchanges that the buyer has."""
    unheld: tuple[Share, ...] = ()
    """Pieces that were repaid because they never came."""
    converted: tuple[Converted, ...] = ()
    claims: tuple[Claimed, ...] = ()

    def sign_of(self, parcel_id: str) -> int:
        """Finds the count of a parcel; 0 for one that does not count."""
        return next((each.sign for each in self.reached if each.parcel_id == parcel_id), 0)

    def with_parcel(self, parcel: Reached) -> "HeldGoods":
        """Counts a parcel, in place of its count before; a count of 0 is none."""
        others = tuple(each for each in self.reached if each.parcel_id != parcel.parcel_id)
        return replace(self, reached=(*others, parcel) if parcel.sign else others)

    def with_replacement(self, reship_id: str, *, is_there: bool) -> "HeldGoods":
        """Notes whether the buyer has a replacement."""
        others = tuple(each for each in self.replaced if each != reship_id)
        return replace(self, replaced=(*others, reship_id) if is_there else others)

    def with_money(self, shares: Iterable[Share], sign: int) -> "HeldGoods":
        """Counts pieces that were repaid because they never came (`sign` 1), or were not after all (-1)."""
        counts = {share.line_id: share.quantity_count for share in self.unheld}
        for share in shares:
            counts[share.line_id] = counts.get(share.line_id, 0) + sign * share.quantity_count
        return replace(
            self, unheld=tuple(Share(line_id, n, 0) for line_id, n in sorted(counts.items()) if n > 0)
        )

    def with_conversion(self, converted: Converted, sign: int) -> "HeldGoods":
        """Notes a refund in the place of a replacement, or that it was not paid after all."""
        others = tuple(each for each in self.converted if each.refund_id != converted.refund_id)
        return replace(self, converted=(*others, converted) if sign > 0 else others)


@rules_of("RF-035", "RF-044")
def kept_beside_money(
    held: HeldGoods, quantities: Mapping[str, int], away: Mapping[str, int]
) -> dict[str, int]:
    """Counts the pieces of each line that the buyer has beside the money, or twice.

    `quantities` are the pieces that were ordered, `away` those that he gave back without money. More than
    was ordered came only by a resend: parcels that name more than is in them claim nothing.
    """
    kept: dict[str, int] = {}
    for line_id, quantity in quantities.items():
        reached = sum(each.sign * count_of(each.shares, line_id) for each in held.reached)
        reached = max(reached - away.get(line_id, 0), 0) if reached > 0 else reached
        unheld = count_of(held.unheld, line_id)
        resent = sum(count_of(each.shares, line_id) for each in held.reached if each.is_resend)
        kept[line_id] = min(unheld + resent, max(reached + unheld - quantity, 0))
        kept[line_id] += sum(
            count_of(each.shares, line_id) for each in held.converted if each.reship_id in held.replaced
        )
    return kept


def count_of(shares: Sequence[Share], line_id: str) -> int:
    """Adds up the pieces of a line."""
    return sum(share.quantity_count for share in shares if share.line_id == line_id)
