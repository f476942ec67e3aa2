"""How the facts of an order's reviews add up to its state."""

from datetime import datetime
from typing import assert_never

from kernel.value import replace
from services.reviews.cases import review_book as b
from services.reviews.cases import review_values as v
from services.reviews.cases.review_book import Book, Side


def evolve(state: v.State, fact: v.Fact) -> v.State:
    """The state after a fact."""
    if isinstance(fact, v.OrderKnown):
        return v.Known(fact.book)
    if isinstance(state, v.Absent):
        raise TypeError(fact)
    if isinstance(fact, v.ReviewEnded):
        return v.Ended(state.book, fact.ending)
    book = _turned(state.book, fact)
    if isinstance(state, v.Ended):
        return replace(state, book=book)
    if isinstance(fact, v.WindowOpened):
        return v.Open(book, fact.prompt_at or prompt_at_of(state))
    is_prompted = isinstance(fact, v.PromptDue | v.PromptSkipped)
    return settled(book, None if is_prompted else prompt_at_of(state))


def prompt_at_of(state: v.Live) -> datetime | None:
    """When the buyer is to be reminded, if that is still to come."""
    return state.prompt_at if isinstance(state, v.Open) else None


def settled(book: Book, prompt_at: datetime | None) -> v.State:
    """Open while anything is pending in the book, else merely known."""
    if prompt_at is None and not b.pending_windows(book) and not b.pending_changes(book):
        return v.Known(book)
    return v.Open(book, prompt_at)


def _turned(book: Book, fact: v.Fact) -> Book:
    """The book after one fact."""
    match fact:
        case v.WindowOpened(line_ids=ids, succeeded_at=at, window_until=until):
            return b.with_lines(book, ids, lambda x: replace(x, succeeded_at=at, window_until=until))
        case v.LinesDropped(line_ids=ids):
            return replace(book, lines=tuple(x for x in book.lines if x.line_id not in ids))
        case v.RatingCounted(line_id=line_id, rater=rater, side=side):
            return b.with_lines(book, [line_id], lambda x: x.with_side(rater, side))
        case v.ThreatNoted():
            return replace(book, is_threatened=True)
        case v.RefundNoted():
            return replace(book, is_refunded=True)
        case v.ScoreCounted(score_id=score_id):
            return replace(book, score_id=score_id)
        case v.WindowClosed(window_until=until):
            over = [x.line_id for x in book.lines if x.window_until == until]
            return b.with_lines(book, over, lambda x: b.close_line(x)[0])
        case v.RatingsFrozen(change_until=until):
            lines = tuple(b.freeze(line, until) for line in book.lines)
            return replace(book, lines=lines)
        case v.RatingReplaced() | v.WordsRemoved() | v.CommentNoted() | v.CauseNoted():
            place = b.find(book, fact.review_id)
            if place is None:
                raise ValueError(fact.review_id)
            return b.with_side(book, place, _side_after(place.side, fact))
        case _:
            return book


def _side_after(side: Side, fact: v.RatingReplaced | v.WordsRemoved | v.CommentNoted | v.CauseNoted) -> Side:
    match fact:
        case v.RatingReplaced(rating=rating, standing=standing):
            return replace(side, rating=rating, standing=standing, change_until=None)
        case v.WordsRemoved():
            return replace(side, is_text_removed=True)
        case v.CommentNoted(has_photos=has_photos):
            has_photos = side.has_photos or has_photos
            return replace(side, comment_count=side.comment_count + 1, has_photos=has_photos)
        case v.CauseNoted(cause_code=cause_code):
            return replace(side, cause_code=cause_code)
        case _:
            assert_never(fact)
