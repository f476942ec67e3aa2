"""Defines the messages to the reviews of one order."""

from kernel.decider import Addressed, DeadlinePassed
from kernel.value import Value
from services.reviews.review_book import Rater, Rating

NAME = "review"


class Placed(Value):
    """The order as it was placed. `lines`: [(line id, product id)]."""

    customer_id: str
    buyer_account_id: str
    is_mall: bool
    lines: tuple[tuple[str, str], ...]


class Succeeded(Value):
    """The trade of these lines succeeded; no lines: the whole order's."""

    line_ids: tuple[str, ...]


class Closed(Value):
    """The trade of these lines was closed; no lines: the whole order's."""

    line_ids: tuple[str, ...]


class Given(Value):
    """One side rated a line."""

    review_id: str
    rater: Rater
    rating: Rating
    line_id: str
    has_photos: bool


class Changed(Value):
    """The rater put another rating in the place of the first."""

    review_id: str
    rating: Rating


class Deleted(Value):
    """The review is gone. `by` is a party role: the rater, or the platform."""

    review_id: str
    by: str


class Commented(Value):
    """A later comment or a reply came."""

    review_id: str
    has_photos: bool


class Moderated(Value):
    """The platform took words, photos or all of a review away."""

    review_id: str
    is_rating_kept: bool


class Coded(Value):
    """Staff named the cause of a review."""

    review_id: str
    cause_code: str


class CauseAnswered(Value):
    """A person answered a task; where the task asked for a cause, this is it."""

    task_id: str
    cause_code: str


class Scored(Value):
    """The buyer scored the shop."""

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


class Complained(Value):
    """The buyer complained to the platform that the goods are not as described."""

    complaint_id: str
    cause_code: str


Message = (
    Placed | Succeeded | Closed | Given | Changed | Deleted | Commented | Moderated | Coded | Scored
    | Threatened | Refunded | Reported | Complained | CauseAnswered | DeadlinePassed
)  # fmt: skip


def to(order_id: str, message: Message) -> Addressed:
    """Addresses the reviews of an order, one case for all its lines and both sides."""
    return Addressed(order_id, NAME, order_id, message)
