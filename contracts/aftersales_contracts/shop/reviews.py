"""Defines the events of the review platform: `shop.reviews.v1`, by order id."""

from aftersales_contracts.base import Code, Id, OpenEnum, OrderEvent
from aftersales_contracts.components import Party, Ref, Score
from aftersales_contracts.enums import Rating

TOPIC = "shop.reviews.v1"


class Rater(OpenEnum):
    """Which side of the order rated."""

    BUYER = "buyer"
    SELLER = "seller"


class RemovedContent(OpenEnum):
    """The content that the platform removed from a review."""

    TEXT = "text"
    PHOTOS = "photos"
    ALL = "all"


class ReviewGivenV1(OrderEvent):
    """One side rated one line of the order."""

    TYPE = "shop.review.given.v1"
    TOPIC = TOPIC
    RULES = ("RV-001", "RV-002", "RV-003", "RV-004", "RV-005", "RV-006", "RV-007", "RV-008", "RV-013")

    review_id: Id
    rater: Rater
    rating: Rating
    stars_score: Score | None = None
    """1 to 5, where the platform has stars beside the rating."""
    line_id: Id
    product_id: Id
    has_photos: bool = False
    text_ref: Ref | None = None


class ReviewChangedV1(OrderEvent):
    """The rater changed the rating."""

    TYPE = "shop.review.changed.v1"
    TOPIC = TOPIC
    RULES = ("RV-015", "RV-016", "RV-017")

    review_id: Id
    rating: Rating
    """As it is now."""


class ReviewDeletedV1(OrderEvent):
    """The review was removed as a whole."""

    TYPE = "shop.review.deleted.v1"
    TOPIC = TOPIC
    RULES = ("RV-015", "RV-017")

    review_id: Id
    by: Party


class ReviewCommentedV1(OrderEvent):
    """A later comment of the buyer, or the seller's reply."""

    TYPE = "shop.review.commented.v1"
    TOPIC = TOPIC
    RULES = ("RV-013",)

    review_id: Id
    by: Party
    has_photos: bool = False
    text_ref: Ref | None = None


class ReviewModeratedV1(OrderEvent):
    """The platform removed content of a review."""

    TYPE = "shop.review.moderated.v1"
    TOPIC = TOPIC
    RULES = ("RV-009",)

    review_id: Id
    removed: RemovedContent
    is_rating_kept: bool


class ReviewCauseCodedV1(OrderEvent):
    """Staff named the cause of a review."""

    TYPE = "shop.review.cause-coded.v1"
    TOPIC = TOPIC
    RULES = ("RV-029",)

    review_id: Id
    cause_code: Code
    """Open list: courier_speed, quality, service, description, price, packaging, colour_difference."""
    by: Party


class ScoreGivenV1(OrderEvent):
    """The buyer scored the shop, each dimension 1 to 5."""

    TYPE = "shop.score.given.v1"
    TOPIC = TOPIC
    RULES = ("RV-002", "RV-018", "RV-019", "RV-020", "RV-021", "RV-022")

    score_id: Id
    description_score: Score | None = None
    """Whether the goods match their description."""
    service_score: Score | None = None
    """The seller's service."""
    dispatch_score: Score | None = None
    """The seller's speed of dispatch."""
    courier_score: Score | None = None
    """The courier's service."""
