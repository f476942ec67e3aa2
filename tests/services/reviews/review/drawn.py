"""Lists the messages that explore the diagram of `review`."""

from services.reviews.cases.review import messages as m
from services.reviews.review_book import Rater, Rating

MESSAGES: list[object] = [
    m.Placed("c1", "a1", is_mall=False, lines=(("l1", "p1"), ("l2", "p2"))),
    m.Succeeded(("l1",)),
    m.Succeeded(()),
    m.Closed(()),
    m.Given("r1", Rater.BUYER, Rating.BAD, "l1", has_photos=False),
    m.Changed("r1", Rating.GOOD),
]
