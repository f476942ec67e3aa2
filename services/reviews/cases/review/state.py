"""Defines the states of the reviews of one order, the facts, and how the facts add up."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from kernel.decider import Deadline
from kernel.people import Task
from kernel.value import Value, replace
from services.reviews import review_book as b
from services.reviews.review_book import Book, Rater, Rating, Reason, Side, Standing


class Ending(StrEnum):
    """The end of an order's reviews."""

    MUTUAL = "mutual"
    ONE_SIDED = "one_sided"
    UNREVIEWED = "unreviewed"
    ORDER_CLOSED = "order_closed"


class Absent(Value):
    """Nothing is known of the order."""


class Known(Value):
    """The order is known; no window runs. Waits for nobody: the trade may never succeed."""

    book: Book


class Open(Value):
    """A review window, a change window or the prompt is still to come."""

    book: Book
    prompt_at: datetime | None


class Ended(Value):
    """Every window is over. Late words are answered and change nothing but attributes."""

    book: Book
    ending: Ending


Live = Known | Open | Ended
State = Absent | Live


class OrderKnown(Value):
    """The order was placed: nothing is rated yet."""

    book: Book


class WindowOpened(Value):
    """The trade of these lines succeeded: both sides may rate. `prompt_at` None: it is set already."""

    line_ids: tuple[str, ...]
    succeeded_at: datetime
    window_until: datetime
    prompt_at: datetime | None


class LinesDropped(Value):
    """Lines whose trade closed before it succeeded."""

    line_ids: tuple[str, ...]


class RatingCounted(Value):
    """A rating counts."""

    line_id: str
    rater: Rater
    side: Side
    points: int
    """The rating's worth to the rated side, before caps."""


class NegativeReceived(Value):
    """A buyer's neutral or bad rating: the desk hears of it, the follow-up opens."""

    review_id: str
    rating: Rating
    product_id: str
    change_by: datetime


class RatingReplaced(Value):
    """Changed, deleted or removed: the old rating's credit is reversed, a new one's applied."""

    review_id: str
    reason: Reason
    rating: Rating | None
    standing: Standing
    points: int
    """The rating's worth from now on, before caps."""


class Refused(Value):
    """A rating, change or deletion that does not count."""

    review_id: str
    reason: Reason


class WordsRemoved(Value):
    """The platform removed words; the rating stays."""

    review_id: str


class CommentNoted(Value):
    """A later comment or a reply was added to a review."""

    review_id: str
    has_photos: bool


class CauseNoted(Value):
    """The cause that staff named was added to a review. `rating` as it stands; None: it is gone."""

    review_id: str
    cause_code: str
    rating: Rating | None


class ScoreCounted(Value):
    """The shop was scored; at a mall a scored description is worth a point to the buyer."""

    score_id: str
    points: int
    succeeded_at: datetime


class ScoreRefused(Value):
    """A score does not count."""

    score_id: str
    reason: Reason


class ThreatNoted(Value):
    """The order is flagged: the buyer threatened a bad review."""


class RefundNoted(Value):
    """The order is flagged as refunded; rating and credit stay (open question 13 of the catalogue)."""


class ReportTooLate(Value):
    """A review was called malicious after the time for it."""

    complaint_id: str


class PromptDue(Value):
    """The buyer is reminded to rate; the coupon, if any, is for any comment whatever its rating."""

    expires_at: datetime
    is_coupon_offered: bool


class PromptSkipped(Value):
    """Nothing to remind of: rated already, or refunded."""


class WindowClosed(Value):
    """The review windows that end then are over."""

    window_until: datetime
    rewards: tuple[tuple[str, Rater], ...]
    """[(line id, side whose good rating stayed unanswered)]"""
    points: int
    """The worth of each reward, before caps."""


class RatingsFrozen(Value):
    """The ratings whose change window ends then stand for good."""

    change_until: datetime


class ReviewEnded(Value):
    """Nothing is left to wait for."""

    ending: Ending


Fact = (
    OrderKnown | WindowOpened | LinesDropped | RatingCounted | NegativeReceived | RatingReplaced
    | Refused | WordsRemoved | CommentNoted | CauseNoted | ScoreCounted | ScoreRefused | ThreatNoted
    | RefundNoted | Task | ReportTooLate | PromptDue | PromptSkipped | WindowClosed
    | RatingsFrozen | ReviewEnded
)  # fmt: skip


def evolve(state: State, fact: Fact) -> State:  # noqa: C901, PLR0911, PLR0912  one branch per fact
    """Applies a fact to the reviews of the order. Raises TypeError before the order is known."""
    if isinstance(fact, OrderKnown):
        return Known(fact.book)
    if isinstance(state, Absent):
        raise TypeError(fact)
    book, prompt_at = state.book, prompt_at_of(state)
    match fact:
        case WindowOpened(line_ids=ids, succeeded_at=at, window_until=until):
            opened = b.with_lines(book, ids, lambda x: replace(x, succeeded_at=at, window_until=until))
            return _after(state, opened, fact.prompt_at or prompt_at)
        case LinesDropped(line_ids=ids):
            left = tuple(x for x in book.lines if x.line_id not in ids)
            return _after(state, replace(book, lines=left), prompt_at)
        case RatingCounted(line_id=line_id, rater=rater, side=side):
            rated = b.with_lines(book, [line_id], lambda x: x.with_side(rater, side))
            return _after(state, rated, prompt_at)
        case RatingReplaced() | WordsRemoved() | CommentNoted() | CauseNoted():
            return _after(state, _annotated(book, fact), prompt_at)
        case ScoreCounted(score_id=score_id):
            return _after(state, replace(book, score_id=score_id), prompt_at)
        case ThreatNoted():
            return _after(state, replace(book, is_threatened=True), prompt_at)
        case RefundNoted():
            return _after(state, replace(book, is_refunded=True), prompt_at)
        case PromptDue() | PromptSkipped():
            return _after(state, book, None)
        case WindowClosed(window_until=until):
            over = [x.line_id for x in book.lines if x.window_until == until]
            return _after(state, b.with_lines(book, over, lambda x: b.close_line(x)[0]), prompt_at)
        case RatingsFrozen(change_until=until):
            frozen = tuple(b.freeze(line, until) for line in book.lines)
            return _after(state, replace(book, lines=frozen), prompt_at)
        case ReviewEnded(ending=ending):
            return Ended(book, ending)
        case NegativeReceived() | Refused() | ScoreRefused() | Task() | ReportTooLate():
            return state
        case _:
            assert_never(fact)


def _after(state: Live, book: Book, prompt_at: datetime | None) -> State:
    """Puts the changed book into the state. What has ended stays ended."""
    return replace(state, book=book) if isinstance(state, Ended) else settled(book, prompt_at)


def settled(book: Book, prompt_at: datetime | None) -> State:
    """Makes the state of a book: open while anything in it is pending, else merely known."""
    if prompt_at is None and not b.pending_windows(book) and not b.pending_changes(book):
        return Known(book)
    return Open(book, prompt_at)


def prompt_at_of(state: Live) -> datetime | None:
    """Finds the moment of the prompt, if the prompt is still to come."""
    return state.prompt_at if isinstance(state, Open) else None


def _annotated(book: Book, fact: RatingReplaced | WordsRemoved | CommentNoted | CauseNoted) -> Book:
    """Changes the review that the fact is about. Raises ValueError where there is none."""
    place = b.find(book, fact.review_id)
    if place is None:
        raise ValueError(fact.review_id)
    return b.with_side(book, place, _side_after(place.side, fact))


def _side_after(side: Side, fact: RatingReplaced | WordsRemoved | CommentNoted | CauseNoted) -> Side:
    match fact:
        case RatingReplaced(rating=rating, standing=standing):
            return replace(side, rating=rating, standing=standing, change_until=None)
        case WordsRemoved():
            return replace(side, is_text_removed=True)
        case CommentNoted(has_photos=has_photos):
            has_photos = side.has_photos or has_photos
            return replace(side, comment_count=side.comment_count + 1, has_photos=has_photos)
        case CauseNoted(cause_code=cause_code):
            return replace(side, cause_code=cause_code)
        case _:
            assert_never(fact)


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists the end of every review window and change window that runs, and the prompt."""
    match state:
        case Absent() | Known() | Ended():
            return []
        case Open(book=book, prompt_at=prompt_at):
            found = [Deadline("window", at) for at in sorted(b.pending_windows(book))]
            found += [Deadline("change", at) for at in sorted(b.pending_changes(book))]
            return found if prompt_at is None else [*found, Deadline("prompt", prompt_at)]
        case _:
            assert_never(state)
