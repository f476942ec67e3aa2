"""Counts pieces of order lines that come back to the shop, and keeps what is asked about them."""

from collections.abc import Iterable, Mapping

from kernel.value import Value, replace
from services.refunds.shares import InspectedLine, RefundKind, Share

GOODS_MARK = "goods"
BACK_REASONS = frozenset({"refused", "out_of_range", "unwanted"})
"""Reasons of logistics for goods that are at the shop again."""


class Back(Value):
    """Pieces that are back for one case, go out by one resend, or were in one parcel, by its id.

    `case_id` empty: no case is about them.
    """

    case_id: str
    pieces: tuple[Share, ...]


class Returning(Value):
    """Goods that the buyer sent back for a case, by the ids of their returns.

    `here`: pieces of them that the shop has; `freed`: of those, what the case is not about any more. Empty
    `sent`: the content was not told.
    """

    case_id: str
    return_ids: tuple[str, ...]
    sent: tuple[Share, ...]
    here: tuple[Share, ...] = ()
    freed: tuple[Share, ...] = ()
    seen: tuple[str, ...] = ()
    """The returns that were at the gate or checked by their id."""
    boxes: tuple[Back, ...] = ()
    """The findings of each parcel that was checked, by its id."""
    codes: dict[str, str] = {}  # noqa: RUF012  a value's default is copied
    """The return that travels under each tracking code."""

    def with_report(self, return_id: str, pieces: tuple[Share, ...]) -> "tuple[Share, ...]":
        """Adds up what is at the shop: several reports of one return are about the same goods."""
        is_another = len(self.return_ids) > 1 and return_id in self.return_ids and return_id not in self.seen
        return together(self.here, pieces) if is_another else more_of(self.here, pieces)

    @property
    def own(self) -> tuple[Share, ...]:
        """Lists the pieces that the shop has for the case."""
        return without(self.here, self.freed)

    @property
    def unchecked(self) -> tuple[Share, ...]:
        """Lists the pieces that were sent and not found in any parcel."""
        return without(self.sent, [share for box in self.boxes for share in box.pieces])

    def has_box(self, parcel_id: str) -> bool:
        """Tells whether that parcel was checked for the case before."""
        return any(box.case_id == parcel_id for box in self.boxes)

    def was_in(self, parcel_id: str) -> bool:
        """Tells whether goods of the case are in that parcel, by an earlier check or by its tracking code."""
        return parcel_id in self.codes or self.has_box(parcel_id)

    def is_counted(self, return_id: str) -> bool:
        """Tells whether the pieces of that return were counted already, at the gate or by a check."""
        return return_id in self.seen or (bool(self.boxes) and len(self.return_ids) <= 1)

    def with_found(self, parcel_id: str, pieces: tuple[Share, ...]) -> tuple[Share, ...]:
        """Adds up what is at the shop, with what is found in a parcel that was checked before."""
        others = [share for box in self.boxes if box.case_id != parcel_id for share in box.pieces]
        return more_of(self.here, together(others, pieces))

    def with_box(self, box: Back) -> "Returning":
        """Keeps what was found in a parcel; of several looks at it the most."""
        known = next((one for one in self.boxes if one.case_id == box.case_id), Back(box.case_id, ()))
        others = tuple(one for one in self.boxes if one.case_id != box.case_id)
        found = Back(box.case_id, more_of(known.pieces, box.pieces))
        return replace(self, boxes=(*others, found))


class Question(Value):
    """A question about goods to a person. Its answer pays for the pieces, or sends them to the buyer.

    `are_here`: the shop has the pieces. `kind` is that of the refund which the answer opens.
    """

    number: int
    question_code: str
    pieces: tuple[Share, ...]
    reason_code: str
    kind: RefundKind
    are_here: bool
    about: str = ""
    """The exchange whose replacement it is about."""
    parcel_id: str = ""
    """The lost parcel that the pieces were in."""
    refund_id: str = ""
    """A person said that the pieces are paid: by this refund, once the cases that are about them are over."""


def name_of(number: int) -> str:
    """Names the task of a question: the part of its id that follows the order's."""
    return f"{GOODS_MARK}.{number}"


def counts_of(pieces: Iterable[Share]) -> dict[str, int]:
    """Counts the pieces per line."""
    counts: dict[str, int] = {}
    for share in pieces:
        counts[share.line_id] = counts.get(share.line_id, 0) + share.quantity_count
    return counts


def pieces_of(counts: Mapping[str, int]) -> tuple[Share, ...]:
    """Lists pieces without money, lines with none left out."""
    return tuple([Share(line_id, count, 0) for line_id, count in counts.items() if count > 0])


def together(one: Iterable[Share], other: Iterable[Share]) -> tuple[Share, ...]:
    """Adds up the pieces."""
    return pieces_of(counts_of([*one, *other]))


def without(pieces: Iterable[Share], taken: Iterable[Share]) -> tuple[Share, ...]:
    """Takes pieces away; of no line less than none stays."""
    counts = counts_of(pieces)
    for share in taken if counts else ():
        if share.line_id in counts:
            counts[share.line_id] -= share.quantity_count
    return pieces_of(counts)


def inside(pieces: Iterable[Share], limit: Iterable[Share]) -> tuple[Share, ...]:
    """Lists as many of the pieces as the limit has."""
    counts = counts_of(pieces)
    most = counts_of(limit) if counts else counts
    return pieces_of({x: min(count, most.get(x, 0)) for x, count in counts.items()})


def more_of(one: Iterable[Share], other: Iterable[Share]) -> tuple[Share, ...]:
    """Takes the greater count of each line: two reports of the same goods."""
    first, second = counts_of(one), counts_of(other)
    return pieces_of({x: max(first.get(x, 0), second.get(x, 0)) for x in [*first, *second]})


def received(lines: Iterable[InspectedLine]) -> tuple[Share, ...]:
    """Lists the pieces that the warehouse received, over several findings."""
    counts: dict[str, int] = {}
    for line in lines:
        counts[line.line_id] = counts.get(line.line_id, 0) + line.received_count
    return pieces_of(counts)
