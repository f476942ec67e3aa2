"""The policy of reviews refuses numbers that contradict each other."""

from datetime import UTC, datetime

import pytest

from kernel.policy import PolicyError
from services.reviews.policy import POLICY_FILE, load
from services.reviews.review_book import Rating
from tests.services.rows import with_row, without_row


def test_every_rating_has_its_own_points() -> None:
    """RV-003"""
    for policy in load().versions().values():
        assert [policy.credit.points_of(rating) for rating in Rating] == [1, 0, -1]


@pytest.mark.parametrize(
    ("number", "other", "why"),
    [
        ("steps", '["text", "call"]', "begins with a call"),
        ("attempt_open_hours", "48", "before the last one is over"),
        ("prompt_after_hours", "360", "after the review window"),
        ("settle_after_days", "44", "before their ratings can no longer change"),
        ("keep_days", "80", "while they still fill a month"),
        ("window_days", "true", "window_days"),
        ("text_limit", "", "text_limit"),
    ],
)
def test_numbers_without_sense_are_refused(number: str, other: str, why: str) -> None:
    text = POLICY_FILE.read_text("utf-8")
    with pytest.raises(PolicyError, match=why):
        load(with_row(text, number, other) if other else without_row(text, number))


def test_the_month_is_that_of_the_market() -> None:
    """RV-007, RV-008: at one o'clock in London it is still January in Brazil, and long February in China."""
    at = datetime(2026, 2, 1, 1, tzinfo=UTC)
    months = {shop: load().choose(shop, at)[1].month_of(at) for shop in ("tm:1", "olist")}
    assert months == {"tm:1": "2026-02", "olist": "2026-01"}


def test_the_pack_of_2027_begins_with_the_year() -> None:
    """RV-029: the day before, nobody is asked for a cause."""
    last, first = (
        load().choose("s1", datetime(*day, tzinfo=UTC))[1] for day in ((2026, 12, 31), (2027, 1, 1))
    )
    assert (last.is_cause_asked, first.is_cause_asked) == (False, True)
