"""Actions of the review platform as events."""

from collections.abc import Callable, Mapping

from aftersales_contracts.base import Event
from aftersales_contracts.enums import Rating
from aftersales_contracts.shop import reviews
from tests.histories.world import BUYER, Action, World

Made = Event | None


def _rate(world: World, action: Action) -> Made:
    """One side rates a line: its name, the rating, the side."""
    line_id, rating, rater = (str(arg) for arg in action.args)
    if line_id not in world.ledger.goods.ordered:
        return None
    if world.rated.setdefault(action.about, (line_id, rater)) != (line_id, rater):
        return None
    return reviews.ReviewGivenV1(
        **world.keys, review_id=action.about, rater=reviews.Rater(rater), rating=Rating(rating),
        line_id=line_id, product_id=f"p-{line_id}",
    )  # fmt: skip


def _rerate(world: World, action: Action) -> Made:
    if action.about not in world.ledger.m.ratings:
        return None
    rating = Rating(str(action.args[0]))
    return reviews.ReviewChangedV1(**world.keys, review_id=action.about, rating=rating)


def _unrate(world: World, action: Action) -> Made:
    if action.about not in world.ledger.m.ratings:
        return None
    return reviews.ReviewDeletedV1(**world.keys, review_id=action.about, by=BUYER)


def _score(world: World, action: Action) -> Made:
    return reviews.ScoreGivenV1(**world.keys, score_id=action.about, description_score=5)


VERBS: Mapping[str, Callable[[World, Action], Made]] = {
    "rate": _rate, "rerate": _rerate, "unrate": _unrate, "score": _score,
}  # fmt: skip
