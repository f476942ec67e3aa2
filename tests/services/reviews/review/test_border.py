"""News of an order's end as reviews read it, and who hears of a rating that is changed."""

from typing import Any

import pytest

from aftersales_contracts import components, enums
from aftersales_contracts.shop import orders
from kernel.decider import CaseView
from services.reviews.cases.review import messages as m
from services.reviews.cases.review import state as s
from services.reviews.cases.review.border import REVIEW
from services.reviews.review_book import Rater, Rating, Reason, Standing
from tests.services.given import after
from tests.services.reviews.review.test_rules import OPENED, PROMPTED, T0, counted, order

KEYS = {"shop_id": "s1", "order_id": "o1"}


@pytest.mark.parametrize(
    ("line_ids", "read"), [(None, ()), ([], ()), (["l1"], ("l1",)), (["l1", "l2"], ("l1", "l2"))]
)
def test_the_lines_of_an_end(line_ids: list[str] | None, read: tuple[str, ...]) -> None:
    """RV-001: lines that are not named are all of the order."""
    lines = None if line_ids is None else [components.Share(line_id=x, quantity_count=1) for x in line_ids]
    by = components.Party(role=enums.Role.PLATFORM)
    closed = orders.OrderClosedV1.model_validate({**KEYS, "cause": "refunded", "lines": lines, "by": by})
    succeeded = orders.OrderSucceededV1.model_validate({**KEYS, "cause": "buyer", "lines": lines})
    (told,) = REVIEW.reads[orders.OrderClosedV1](closed)
    assert told.message == m.Closed(read)
    (told,) = REVIEW.reads[orders.OrderSucceededV1](succeeded)
    assert told.message == m.Succeeded(read)


@pytest.mark.parametrize(("rater", "count"), [(Rater.BUYER, 2), (Rater.SELLER, 1)])
def test_only_the_follow_up_of_a_buyer_is_settled(rater: Rater, count: int) -> None:
    """RV-003, RV-024: the rated side's credit moves in either case."""
    state = after(REVIEW, [order(), OPENED, PROMPTED, counted(Rating.BAD, rater)])
    fact = s.RatingReplaced("r1", Reason.CHANGED, Rating.GOOD, Standing.CHANGED, 1)
    view: CaseView[Any] = CaseView("o1", "review", "o1", 1, "s1", "test", (), T0, state)
    told = REVIEW.tells[s.RatingReplaced](fact, view)
    kinds = ["credit-pair", "review-followup"]
    assert [addressed.kind for addressed in told] == kinds[:count]
