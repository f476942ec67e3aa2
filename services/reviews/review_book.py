"""Holds the words of both sides about the lines of one order, and answers pure questions about them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from kernel.rules import rules_of
from kernel.value import Value, replace


class Rating(StrEnum):
    """The credit rating of a review (RV-002, RV-003)."""

    GOOD = "good"
    NEUTRAL = "neutral"
    BAD = "bad"


class Rater(StrEnum):
    """The side that rates."""

    BUYER = "buyer"
    SELLER = "seller"


class Standing(StrEnum):
    """The standing of one side's rating of one line (C4)."""

    OPEN = "open"
    RATED = "rated"
    CHANGED = "changed"
    FROZEN = "frozen"
    DELETED = "deleted"
    REMOVED = "removed"
    EXPIRED = "expired"
    EXPIRED_ONE_SIDED = "expired_one_sided"


class Reason(StrEnum):
    """The reason for which a rating, a change or a score counts or does not."""

    COUNTED = "in_window"
    WINDOW_OVER = "out_of_window"
    NOT_SUCCEEDED = "order_not_succeeded"
    ALREADY_RATED = "already_rated"
    ALREADY_CHANGED = "second_change"
    ALREADY_SCORED = "already_scored"
    MALL = "mall"
    NOT_NEGATIVE = "not_negative"
    NOT_THE_RATER = "not_the_rater"
    UNKNOWN_LINE = "unknown_line"
    UNKNOWN_REVIEW = "unknown_review"
    WORDS_REMOVED = "words_removed"
    REMOVED_BY_PLATFORM = "removed_by_platform"
    CHANGED = "changed"
    DELETED = "deleted"


class Side(Value):
    """One side's word on one line. Photos and later comments are kept as attributes (RV-013)."""

    standing: Standing = Standing.OPEN
    review_id: str | None = None
    rating: Rating | None = None
    change_until: datetime | None = None
    """Set while a neutral or bad rating can still be changed."""
    has_photos: bool = False
    comment_count: int = 0
    is_text_removed: bool = False
    cause_code: str | None = None


class Line(Value):
    """One order line and the words of both sides about it."""

    line_id: str
    product_id: str
    buyer: Side = Side()
    seller: Side = Side()
    succeeded_at: datetime | None = None
    window_until: datetime | None = None
    is_window_over: bool = False

    def side(self, rater: Rater) -> Side:
        """Finds the word of one side."""
        return self.buyer if rater is Rater.BUYER else self.seller

    def with_side(self, rater: Rater, side: Side) -> "Line":
        """Puts a side's word in place of its earlier one."""
        return replace(self, buyer=side) if rater is Rater.BUYER else replace(self, seller=side)


class Book(Value):
    """Everything that reviews need of one order."""

    customer_id: str
    buyer_account_id: str
    is_mall: bool
    lines: tuple[Line, ...]
    is_threatened: bool = False
    is_refunded: bool = False
    score_id: str | None = None


class Place(Value):
    """The place of a review in the book."""

    line: Line
    rater: Rater
    side: Side


def find(book: Book, review_id: str) -> Place | None:
    """Finds the place of a review that was counted once."""
    for line in book.lines:
        for rater in Rater:
            side = line.side(rater)
            if side.review_id == review_id:
                return Place(line, rater, side)
    return None


def line_of(book: Book, line_id: str) -> Line | None:
    """Finds the line of that id."""
    return next((line for line in book.lines if line.line_id == line_id), None)


def with_lines(book: Book, line_ids: Sequence[str], change: Callable[[Line], Line]) -> Book:
    """Changes those lines of the book."""
    chosen = set(line_ids)
    return replace(book, lines=tuple(change(x) if x.line_id in chosen else x for x in book.lines))


def with_side(book: Book, place: Place, side: Side) -> Book:
    """Puts a side in the place of the one that stands there."""
    return with_lines(book, [place.line.line_id], lambda line: line.with_side(place.rater, side))


@rules_of("RV-015", "RV-016", "RV-017")
def why_not_changed(book: Book, place: Place, now: datetime) -> Reason | None:
    """Finds the reason for which a rating cannot be changed or deleted at that moment; None where it can.

    Only a neutral or bad rating can, once, inside the change window, never at a mall (reading A20: the
    seller's type decides).
    """
    if book.is_mall:
        return Reason.MALL
    match place.side.standing:
        case Standing.CHANGED | Standing.DELETED | Standing.REMOVED:
            return Reason.ALREADY_CHANGED
        case Standing.FROZEN:
            return Reason.WINDOW_OVER
        case Standing.OPEN | Standing.RATED | Standing.EXPIRED | Standing.EXPIRED_ONE_SIDED:
            pass
        case _:
            assert_never(place.side.standing)
    if place.side.rating in (None, Rating.GOOD):
        return Reason.NOT_NEGATIVE
    until = place.side.change_until
    return Reason.WINDOW_OVER if until is None or now > until else None


@rules_of("RV-004", "RV-005")
def close_line(line: Line) -> tuple[Line, Rater | None]:
    """Closes the window of a line, and finds the side whose good word stayed unanswered, if any."""
    rewarded: Rater | None = None
    for silent, other in ((Rater.BUYER, Rater.SELLER), (Rater.SELLER, Rater.BUYER)):
        if line.side(silent).standing is not Standing.OPEN:
            continue
        answer = line.side(other)
        is_one_sided = answer.standing is Standing.RATED and answer.rating is Rating.GOOD
        if is_one_sided:
            rewarded = other
        standing = Standing.EXPIRED_ONE_SIDED if is_one_sided else Standing.EXPIRED
        line = line.with_side(silent, replace(line.side(silent), standing=standing))
    return replace(line, is_window_over=True), rewarded


def freeze(line: Line, until: datetime) -> Line:
    """Freezes the ratings of a line whose change window ends then (RV-016)."""
    for rater in Rater:
        side = line.side(rater)
        if side.standing is Standing.RATED and side.change_until == until:
            line = line.with_side(rater, replace(side, standing=Standing.FROZEN))
    return line


def pending_windows(book: Book) -> set[datetime]:
    """Lists the ends of the review windows that still run."""
    return {x.window_until for x in book.lines if x.window_until is not None and not x.is_window_over}


def pending_changes(book: Book) -> set[datetime]:
    """Lists the ends of the change windows that still run."""
    return {
        side.change_until
        for line in book.lines
        for side in (line.buyer, line.seller)
        if side.standing is Standing.RATED and side.change_until is not None
    }


def is_unopened(book: Book) -> bool:
    """Tells whether a line still waits for its trade to succeed."""
    return any(line.window_until is None for line in book.lines)
