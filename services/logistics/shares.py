"""Defines pieces of order lines, and adds, compares and subtracts them."""

from collections.abc import Iterable
from typing import Protocol

from kernel.value import Value


class Pieces(Protocol):
    """Some pieces of one order line, ours or the contracts'."""

    @property
    def line_id(self) -> str: ...
    @property
    def quantity_count(self) -> int: ...


class Share(Value):
    """Some pieces of one order line."""

    line_id: str
    quantity_count: int


UNKNOWN_LINES = (Share("*", 1),)
"""Stands for the goods of an order whose lines nobody ever learnt; never announced."""


def merged(lines: Iterable[Pieces]) -> tuple[Share, ...]:
    """Adds the pieces up to one share per line, in order of line id."""
    counts: dict[str, int] = {}
    for share in lines:
        counts[share.line_id] = counts.get(share.line_id, 0) + share.quantity_count
    return tuple(Share(line_id, count) for line_id, count in sorted(counts.items()) if count > 0)


def without(lines: Iterable[Share], taken: Iterable[Share]) -> tuple[Share, ...]:
    """Subtracts the pieces that are taken; no line falls below zero."""
    counts = {share.line_id: share.quantity_count for share in merged(lines)}
    for share in taken:
        if share.line_id in counts:
            counts[share.line_id] = max(counts[share.line_id] - share.quantity_count, 0)
    return tuple(Share(line_id, count) for line_id, count in sorted(counts.items()) if count > 0)


def within(lines: Iterable[Share], others: Iterable[Share]) -> tuple[Share, ...]:
    """Lists the pieces that both have; an empty `others` means the whole order."""
    counts = {share.line_id: share.quantity_count for share in merged(others)}
    mine = merged(lines)
    if not counts:
        return mine
    common = (Share(share.line_id, min(share.quantity_count, counts.get(share.line_id, 0))) for share in mine)
    return tuple(share for share in common if share.quantity_count > 0)


def overlaps(lines: Iterable[Share], others: Iterable[Share]) -> bool:
    """Says whether two sets of lines have a line in common; an empty set means the whole order."""
    mine, theirs = {share.line_id for share in lines}, {share.line_id for share in others}
    return not mine or not theirs or bool(mine & theirs)


def named(lines: Iterable[Share]) -> list[Share]:
    """Leaves out the lines that nobody ever learnt, for an outcome."""
    return [share for share in lines if share not in UNKNOWN_LINES]
