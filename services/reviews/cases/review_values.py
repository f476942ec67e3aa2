"""States, messages and facts of the reviews of one order."""

from datetime import datetime
from enum import StrEnum

from kernel.decider import DeadlinePassed
from kernel.value import Value
from services.reviews.cases.review_book import Book, Rater, Reason, Side, Standing
from services.reviews.policy import Rating


class Ending(StrEnum):
    """How an order's reviews ended."""

    MUTUAL = "mutual"
    ONE_SIDED = "one_sided"
    UNREVIEWED = "unreviewed"
    ORDER_CLOSED = "order_closed"


# States.


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


# Messages.


class Placed(Value):
    """The order, as placed: [(line id, product id)]."""

    customer_id: str
    buyer_account_id: str
    is_mall: bool
    lines: tuple[tuple[str, str], ...]


class Succeeded(Value):
    """Trade success; no lines: the whole order."""

    line_ids: tuple[str, ...]


class Closed(Value):
    """Trade closed; no lines: the whole order."""

    line_ids: tuple[str, ...]


class Given(Value):
    review_id: str
    rater: Rater
    rating: Rating
    line_id: str
    has_photos: bool


class Changed(Value):
    review_id: str
    rating: Rating


class Deleted(Value):
    """`by` is a party role: the rater, or the platform."""

    review_id: str
    by: str


class Commented(Value):
    review_id: str
    has_photos: bool


class Moderated(Value):
    review_id: str
    is_rating_kept: bool


class Coded(Value):
    """Staff named the cause of a review."""

    review_id: str
    cause_code: str


class Scored(Value):
    score_id: str
    has_description: bool


class Threatened(Value):
    """The buyer threatened a bad review."""


class Refunded(Value):
    """The order was refunded in full."""


class Reported(Value):
    """Somebody calls a review malicious."""

    complaint_id: str
    review_id: str | None


Message = (
    Placed | Succeeded | Closed | Given | Changed | Deleted | Commented | Moderated | Coded | Scored
    | Threatened | Refunded | Reported | DeadlinePassed
)  # fmt: skip


# Facts.


class OrderKnown(Value):
    book: Book


class WindowOpened(Value):
    line_ids: tuple[str, ...]
    succeeded_at: datetime
    window_until: datetime
    prompt_at: datetime | None


class LinesDropped(Value):
    """Lines whose trade closed before it succeeded."""

    line_ids: tuple[str, ...]


class RatingCounted(Value):
    line_id: str
    rater: Rater
    side: Side
    points: int
    """What it is worth to the rated side, before caps."""


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
    """What it is worth from now on, before caps."""


class Refused(Value):
    """A rating, change or deletion that does not count."""

    review_id: str
    reason: Reason


class WordsRemoved(Value):
    """The platform removed words; the rating stays."""

    review_id: str


class CommentNoted(Value):
    review_id: str
    has_photos: bool


class CauseNoted(Value):
    review_id: str
    cause_code: str


class ScoreCounted(Value):
    """The shop was scored; at a mall a scored description is worth a point to the buyer."""

    score_id: str
    points: int
    succeeded_at: datetime


class ScoreRefused(Value):
    score_id: str
    reason: Reason


class ThreatNoted(Value):
    pass


class RefundNoted(Value):
    """Rating and credit stay; only flagged (open question 13 of the catalogue)."""


class ReportAdmitted(Value):
    complaint_id: str
    review_id: str | None
    due_at: datetime


class ReportTooLate(Value):
    complaint_id: str


class PromptDue(Value):
    """The buyer is reminded to rate; the coupon, if any, is for any comment whatever its rating."""

    expires_at: datetime
    is_coupon_offered: bool


class PromptSkipped(Value):
    """Nothing to remind of: rated already, or refunded."""


class WindowClosed(Value):
    window_until: datetime
    rewards: tuple[tuple[str, Rater], ...]
    """[(line id, side whose good rating stayed unanswered)]"""
    points: int
    """What each reward is worth, before caps."""


class RatingsFrozen(Value):
    change_until: datetime


class ReviewEnded(Value):
    ending: Ending


Fact = (
    OrderKnown | WindowOpened | LinesDropped | RatingCounted | NegativeReceived | RatingReplaced
    | Refused | WordsRemoved | CommentNoted | CauseNoted | ScoreCounted | ScoreRefused | ThreatNoted
    | RefundNoted | ReportAdmitted | ReportTooLate | PromptDue | PromptSkipped | WindowClosed
    | RatingsFrozen | ReviewEnded
)  # fmt: skip
