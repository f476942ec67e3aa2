"""States, messages and facts of the reviews of one order."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chassis.vocabulary import DeadlinePassed
from services.reviews.cases.review_book import Book, Rater, Reason, Side, Standing
from services.reviews.policy import Rating


class Ending(StrEnum):
    """How an order's reviews ended."""

    MUTUAL = "mutual"
    ONE_SIDED = "one_sided"
    UNREVIEWED = "unreviewed"
    ORDER_CLOSED = "order_closed"


# States.


@dataclass(frozen=True, slots=True)
class Absent:
    """Nothing is known of the order."""


@dataclass(frozen=True, slots=True)
class Known:
    """The order is known; no window runs. Waits for nobody: the trade may never succeed."""

    book: Book


@dataclass(frozen=True, slots=True)
class Open:
    """A review window, a change window or the prompt is still to come."""

    book: Book
    prompt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ended:
    """Every window is over. Late words are answered and change nothing but attributes."""

    book: Book
    ending: Ending


Live = Known | Open | Ended
State = Absent | Live


# Messages.


@dataclass(frozen=True, slots=True)
class Placed:
    """The order, as placed: [(line id, product id)]."""

    customer_id: str
    buyer_account_id: str
    is_mall: bool
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Succeeded:
    """Trade success; no lines: the whole order."""

    line_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """Trade closed; no lines: the whole order."""

    line_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Given:
    review_id: str
    rater: Rater
    rating: Rating
    line_id: str
    has_photos: bool


@dataclass(frozen=True, slots=True)
class Changed:
    review_id: str
    rating: Rating


@dataclass(frozen=True, slots=True)
class Deleted:
    """`by` is a party role: the rater, or the platform."""

    review_id: str
    by: str


@dataclass(frozen=True, slots=True)
class Commented:
    review_id: str
    has_photos: bool


@dataclass(frozen=True, slots=True)
class Moderated:
    review_id: str
    is_rating_kept: bool


@dataclass(frozen=True, slots=True)
class Coded:
    """Staff named the cause of a review."""

    review_id: str
    cause_code: str


@dataclass(frozen=True, slots=True)
class Scored:
    score_id: str
    has_description: bool


@dataclass(frozen=True, slots=True)
class Threatened:
    """The buyer threatened a bad review."""


@dataclass(frozen=True, slots=True)
class Refunded:
    """The order was refunded in full."""


@dataclass(frozen=True, slots=True)
class Reported:
    """Somebody calls a review malicious."""

    complaint_id: str
    review_id: str | None


Message = (
    Placed | Succeeded | Closed | Given | Changed | Deleted | Commented | Moderated | Coded | Scored
    | Threatened | Refunded | Reported | DeadlinePassed
)  # fmt: skip


# Facts.


@dataclass(frozen=True, slots=True)
class OrderKnown:
    book: Book


@dataclass(frozen=True, slots=True)
class WindowOpened:
    line_ids: tuple[str, ...]
    succeeded_at: datetime
    window_until: datetime
    prompt_at: datetime | None


@dataclass(frozen=True, slots=True)
class LinesDropped:
    """Lines whose trade closed before it succeeded."""

    line_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RatingCounted:
    line_id: str
    rater: Rater
    side: Side
    points: int
    """What it is worth to the rated side, before caps."""


@dataclass(frozen=True, slots=True)
class NegativeReceived:
    """A buyer's neutral or bad rating: the desk hears of it, the follow-up opens."""

    review_id: str
    rating: Rating
    product_id: str
    change_by: datetime


@dataclass(frozen=True, slots=True)
class RatingReplaced:
    """Changed, deleted or removed: the old rating's credit is reversed, a new one's applied."""

    review_id: str
    reason: Reason
    rating: Rating | None
    standing: Standing
    points: int
    """What it is worth from now on, before caps."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A rating, change or deletion that does not count."""

    review_id: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class WordsRemoved:
    """The platform removed words; the rating stays."""

    review_id: str


@dataclass(frozen=True, slots=True)
class CommentNoted:
    review_id: str
    has_photos: bool


@dataclass(frozen=True, slots=True)
class CauseNoted:
    review_id: str
    cause_code: str


@dataclass(frozen=True, slots=True)
class ScoreCounted:
    """The shop was scored; at a mall a scored description is worth a point to the buyer."""

    score_id: str
    points: int
    succeeded_at: datetime


@dataclass(frozen=True, slots=True)
class ScoreRefused:
    score_id: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class ThreatNoted:
    pass


@dataclass(frozen=True, slots=True)
class RefundNoted:
    """Rating and credit stay; only flagged (open question 13 of the catalogue)."""


@dataclass(frozen=True, slots=True)
class ReportAdmitted:
    complaint_id: str
    review_id: str | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ReportTooLate:
    complaint_id: str


@dataclass(frozen=True, slots=True)
class PromptDue:
    """The buyer is reminded to rate; the coupon, if any, is for any comment whatever its rating."""

    expires_at: datetime
    is_coupon_offered: bool


@dataclass(frozen=True, slots=True)
class PromptSkipped:
    """Nothing to remind of: rated already, or refunded."""


@dataclass(frozen=True, slots=True)
class WindowClosed:
    window_until: datetime
    rewards: tuple[tuple[str, Rater], ...]
    """[(line id, side whose good rating stayed unanswered)]"""
    points: int
    """What each reward is worth, before caps."""


@dataclass(frozen=True, slots=True)
class RatingsFrozen:
    change_until: datetime


@dataclass(frozen=True, slots=True)
class ReviewEnded:
    ending: Ending


Fact = (
    OrderKnown | WindowOpened | LinesDropped | RatingCounted | NegativeReceived | RatingReplaced
    | Refused | WordsRemoved | CommentNoted | CauseNoted | ScoreCounted | ScoreRefused | ThreatNoted
    | RefundNoted | ReportAdmitted | ReportTooLate | PromptDue | PromptSkipped | WindowClosed
    | RatingsFrozen | ReviewEnded
)  # fmt: skip
