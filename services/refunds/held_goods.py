"""Counts, piece by piece, what the buyer has of an order and must not have: beside the money, or twice.

Parcels bring pieces to the buyer, and boxes of his take pieces from him, whatever case they are for. What he
has and what was repaid are together no more than what was ordered; the rest is claimed, whatever came first.
"""

from collections.abc import Iterable, Mapping, Sequence

from kernel.rules import rules_of
from kernel.value import Value, replace
from services.refunds.goods import counts_of, inside, pieces_of, together, without
from services.refunds.shares import Share


class Reached(Value):
    """A parcel that brought pieces to the buyer; `sign` 0: it is not there after all.

    `is_resend`: it brought goods once more, or others in their place. `taken`: what he gave back of it.
    """

    parcel_id: str
    shares: tuple[Share, ...]
    sign: int
    is_resend: bool = False
    taken: tuple[Share, ...] = ()

    @property
    def left(self) -> tuple[Share, ...]:
        """The pieces of it that the buyer has."""
        return without(self.shares, self.taken) if self.sign else ()


class Given(Value):
    """Pieces that the buyer gave out of his hands for a case; of a box that belongs to none, for its id."""

    case_id: str
    pieces: tuple[Share, ...]
    return_ids: tuple[str, ...] = ()
    """The boxes that he told of."""


class Repaid(Value):
    """Pieces whose money a refund gives back, with that money: the buyer must not have them."""

    case_id: str
    shares: tuple[Share, ...]


class Claimed(Value):
    """The n-th claim on the buyer, and its pieces that did not come back."""

    claim_number: int
    shares: tuple[Share, ...]


class HeldGoods(Value):
    """The pieces of one order that the buyer has, those that were repaid, and those that are claimed."""

    reached: tuple[Reached, ...] = ()
    given: tuple[Given, ...] = ()
    ahead: tuple[Share, ...] = ()
    """Pieces that the buyer gave back before the parcel was known to be with him."""
    repaid: tuple[Repaid, ...] = ()
    claims: tuple[Claimed, ...] = ()

    @property
    def may_be_beside_money(self) -> bool:
        """Tells whether pieces were repaid, claimed or sent once more. First parcels bring what was paid."""
        return bool(self.repaid or self.claims) or any(each.is_resend for each in self.reached)

    def with_parcel(
        self, parcel_id: str, shares: tuple[Share, ...], *, is_there: bool, is_resend: bool
    ) -> "HeldGoods":
        """Counts a parcel, in place of its count before. Pieces that left it stay away."""
        known = next((each for each in self.reached if each.parcel_id == parcel_id), None)
        if known is None and not is_there:
            return self
        taken = () if known is None else known.taken
        fresh = inside(self.ahead, without(shares, taken)) if is_there else ()
        reached = Reached(parcel_id, shares, int(is_there), is_resend, together(taken, fresh))
        if known is None:
            all_reached = (*self.reached, reached)
        else:
            all_reached = tuple(reached if each is known else each for each in self.reached)
        kept = tuple(each for each in all_reached if each.sign or each.taken)
        return replace(self, reached=kept, ahead=without(self.ahead, fresh))

    def gives(self, case_id: str, pieces: Iterable[Share], return_id: str = "") -> "HeldGoods":
        """Takes pieces out of the parcels that the buyer has, the first ones first."""
        rest = pieces_of(counts_of(pieces))
        if not rest and not return_id:
            return self
        known = next((each for each in self.given if each.case_id == case_id), Given(case_id, ()))
        ids = (*known.return_ids, return_id) if return_id else known.return_ids
        given = Given(case_id, together(known.pieces, rest), ids)
        reached: list[Reached] = []
        for each in self.reached:
            part = inside(each.left, rest)
            rest = without(rest, part)
            reached.append(replace(each, taken=together(each.taken, part)) if part else each)
        others = tuple(each for each in self.given if each.case_id != case_id)
        ahead = together(self.ahead, rest)
        return replace(self, reached=tuple(reached), given=(*others, given), ahead=ahead)

    def gave(self, case_id: str, pieces: Iterable[Share]) -> "HeldGoods":
        """Takes as many of the pieces as were not taken for the case before: another report of the same."""
        return self.gives(case_id, without(pieces, self.given_for(case_id)))

    def presumed(self, case_id: str, pieces: Iterable[Share]) -> "HeldGoods":
        """Takes the pieces that the buyer must have given for a case, unless he told what he sent for it."""
        return self if self.is_told(case_id) else self.gave(case_id, pieces)

    def is_told(self, case_id: str) -> bool:
        """Tells whether the buyer told what he sent for a case."""
        return any(each.case_id == case_id and each.return_ids for each in self.given)

    def knows_return(self, case_id: str, return_id: str) -> bool:
        """Tells whether the buyer told of that box before."""
        return any(each.case_id == case_id and return_id in each.return_ids for each in self.given)

    def given_for(self, case_id: str) -> tuple[Share, ...]:
        """Lists the pieces that the buyer gave for a case."""
        return next((each.pieces for each in self.given if each.case_id == case_id), ())

    def with_money(self, case_id: str, shares: Sequence[Share], sign: int) -> "HeldGoods":
        """Counts pieces that a refund gives the money back for (`sign` 1), or not after all (-1).

        Pieces of which only a part of the money was given up stay repaid.
        """
        if sign > 0:
            return replace(self, repaid=(*self.repaid, Repaid(case_id, tuple(shares))))
        less = {share.line_id: share.minor for share in shares}
        repaid = (_less(each, less) if each.case_id == case_id else each for each in self.repaid)
        return replace(self, repaid=tuple(each for each in repaid if each.shares))

    def repaid_for(self, line_id: str) -> tuple[int, int]:
        """Adds up the repaid pieces of a line, and their money."""
        shares = [share for each in self.repaid for share in each.shares if share.line_id == line_id]
        return sum(share.quantity_count for share in shares), sum(share.minor for share in shares)


def _less(repaid: Repaid, less: Mapping[str, int]) -> Repaid:
    rest = (
        replace(share, minor=share.minor - less[share.line_id]) if share.line_id in less else share
        for share in repaid.shares
    )
    return Repaid(
        repaid.case_id, tuple(share for share in rest if share.minor > 0 or share.line_id not in less)
    )


@rules_of("RF-035", "RF-044")
def with_buyer(held: HeldGoods, line_id: str, quantity: int, but: str = "") -> int:
    """Counts the pieces of a line that the buyer has, other than those of one parcel.

    First parcels bring no more than was ordered, whatever they name.
    """
    here = [each for each in held.reached if each.sign and each.parcel_id != but]
    first = [each for each in here if not each.is_resend]
    brought = min(sum(count_of(each.shares, line_id) for each in first), quantity)
    brought -= sum(count_of(each.taken, line_id) for each in first)
    return max(brought, 0) + sum(count_of(each.left, line_id) for each in here if each.is_resend)


@rules_of("RF-035", "RF-044")
def kept_beside_money(held: HeldGoods, line_id: str, quantity: int) -> int:
    """Counts the pieces of a line that the buyer has beside the money, or twice; below 0 he lacks some.

    A piece whose money went back in several parts counts once.
    """
    repaid = min(held.repaid_for(line_id)[0], quantity)
    return with_buyer(held, line_id, quantity) + repaid - quantity


def count_of(shares: Sequence[Share], line_id: str) -> int:
    """Adds up the pieces of a line."""
    return sum(share.quantity_count for share in shares if share.line_id == line_id)
