"""Defines the events of the service reviews: `aftersales.reviews.v1`, by order id."""

from pydantic import model_validator

from aftersales_contracts.base import At, Code, Count, Id, OpenEnum, OrderOutcome
from aftersales_contracts.components import Points, one_of
from aftersales_contracts.enums import Rating

TOPIC = "aftersales.reviews.v1"


class CreditRole(OpenEnum):
    """Whose credit changed: as a buyer or as a seller, counted apart."""

    BUYER = "buyer"
    SELLER = "seller"


class CreditDirection(OpenEnum):
    """Which way credit points moved."""

    UP = "up"
    DOWN = "down"


class FollowupOutcome(OpenEnum):
    """The way the follow-up of a negative review ended."""

    CHANGED = "changed"
    DELETED = "deleted"
    EXPLAINED = "explained"
    REFUSED_CONTACT = "refused_contact"
    EXPIRED = "expired"


class ReviewDecidedV1(OrderOutcome):
    """Whether a rating, a change or a score counts."""

    TYPE = "aftersales.review.decided.v1"
    TOPIC = TOPIC
    RULES = ("RV-001", "RV-009", "RV-015", "RV-016", "RV-017", "RV-018")

    review_id: Id | None = None
    score_id: Id | None = None
    is_counted: bool
    reason_code: Code
    """Open list: in_window, out_of_window, mall, second_change, not_better, order_not_succeeded."""

    @model_validator(mode="after")
    def _names_one(self) -> "ReviewDecidedV1":
        one_of(review_id=self.review_id, score_id=self.score_id)
        return self


class ReviewNegativeReceivedV1(OrderOutcome):
    """A neutral or bad rating came in."""

    TYPE = "aftersales.review.negative-received.v1"
    TOPIC = TOPIC
    RULES = ("RV-024", "RV-029", "RV-031")

    review_id: Id
    rating: Rating
    product_id: Id
    change_by_at: At
    """The moment until which the buyer may change the rating (RV-015)."""
    cause_code: Code | None = None
    was_threatened: bool
    """Whether the buyer had threatened with the rating (RV-031)."""


class ReviewCauseNotedV1(OrderOutcome):
    """Staff named the cause of a review; the share of each cause is measured by these.

    A review whose cause is named anew is announced again: the last one holds.
    """

    TYPE = "aftersales.review.cause-noted.v1"
    TOPIC = TOPIC
    RULES = ("RV-029",)

    review_id: Id
    rating: Rating | None = None
    """As it stood when the cause was named; absent where the rating was gone by then."""
    cause_code: Code
    """Open list: courier_speed, quality, service, description, price, packaging, unclear."""


class CreditChangedV1(OrderOutcome):
    """Credit points of one account moved because of one order."""

    TYPE = "aftersales.credit.changed.v1"
    TOPIC = TOPIC
    RULES = ("RV-003", "RV-004", "RV-005", "RV-006", "RV-007", "RV-008", "RV-022")

    account_id: Id
    """The customer's or the shop's."""
    role: CreditRole
    direction: CreditDirection
    delta_points: Count
    """The size of the change, without sign; 0 where a cap took all of it."""
    total_points: Points
    """The balance after; below zero is possible."""
    cause_code: Code
    """Open list: rated_good, rated_bad, changed, deleted."""
    capped_by_code: Code | None = None
    """The cap that reduced the change, for example six_per_month_and_pair."""


class FollowupEndedV1(OrderOutcome):
    """The follow-up of a negative review is over."""

    TYPE = "aftersales.followup.ended.v1"
    TOPIC = TOPIC
    RULES = ("RV-024", "RV-025", "RV-026")

    outcome: FollowupOutcome
    text_count: Count
    """Texts that went out; at most 3 (RV-025)."""
    call_count: Count
    """Calls that were held."""
