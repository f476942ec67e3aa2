"""The policy of reviews refuses numbers that contradict each other."""

import pytest

from kernel.policy import PolicyError
from services.reviews.policy import POLICY_FILE, load
from services.reviews.review_book import Rating


def test_every_rating_has_its_own_points() -> None:
    """RV-003"""
    for policy in load().versions().values():
        assert [policy.credit.points_of(rating) for rating in Rating] == [1, 0, -1]


@pytest.mark.parametrize(
    ("number", "other", "why"),
    [
        ('steps = ["call", ', 'steps = ["text", ', "begins with a call"),
        ("attempt_open_hours = 47", "attempt_open_hours = 48", "before the last one is over"),
        ("prompt_after_hours = 24", "prompt_after_hours = 360", "after the review window"),
        ("settle_after_days = 50", "settle_after_days = 44", "before their ratings can no longer change"),
        ("keep_days = 90", "keep_days = 80", "while they still fill a month"),
        ("window_days = 15", "window_days = true", "window_days"),
        ("text_limit = 3", "", "text_limit"),
    ],
)
def test_numbers_without_sense_are_refused(number: str, other: str, why: str) -> None:
    text = POLICY_FILE.read_text("utf-8")
    assert number in text
    with pytest.raises(PolicyError, match=why):
        load(text.replace(number, other))
