"""Declares the numbers of the review rules, as policy.toml gives them."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import assert_never
from zoneinfo import ZoneInfo

from kernel.policy import Days, Hours, Numbers, PolicyBook, read_book, reader
from services.reviews.review_book import Rating
from services.reviews.steps import Step


class Credit(Numbers):
    """Points and their caps."""

    good_points: int
    """RV-003, RV-005, RV-022"""
    neutral_points: int
    """RV-003"""
    bad_points: int
    """RV-003"""
    same_item_days: Days
    """RV-006: within it, one pair gains and loses at most one point on one item."""
    month_points: int
    """RV-007: most points that a pair adds to either side in a calendar month."""
    mall_month_trades: int
    """RV-008: trades of a month that count for a buyer at a mall seller."""
    settle_after_days: Days
    """Age of a trade from which later news no longer moves what its neighbours count."""
    keep_days: Days
    """Age of a trade from which it is no longer kept."""

    def points_of(self, rating: Rating) -> int:
        """Finds the worth of a rating to the rated side, before caps (RV-003)."""
        match rating:
            case Rating.GOOD:
                return self.good_points
            case Rating.NEUTRAL:
                return self.neutral_points
            case Rating.BAD:
                return self.bad_points
            case _:
                assert_never(rating)

    def __post_init__(self) -> None:
        if self.keep_days < self.settle_after_days + timedelta(days=31):
            raise ValueError("trades are forgotten while they still fill a month")


class Followup(Numbers):
    """The follow-up of a neutral or bad review."""

    open_days: Days
    """RV-024"""
    text_limit: int
    """RV-025"""
    next_after_hours: Hours
    attempt_open_hours: Hours
    """Shorter than `next_after_hours`: an attempt is reported before the next one is made."""
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if self.steps[:1] != (Step.CALL,):
            raise ValueError("a follow-up begins with a call (RV-025)")
        if self.attempt_open_hours >= self.next_after_hours:
            raise ValueError("the next attempt comes before the last one is over")


class Policy(Numbers):
    """All numbers of the reviews service."""

    zone: ZoneInfo
    window_days: Days
    """RV-001"""
    change_days: Days
    """RV-015"""
    report_days: Days
    """RV-032"""
    prompt_after_hours: Hours
    prompt_open_days: Days
    is_comment_coupon_offered: bool
    """RV-014"""
    task_due_hours: Hours
    excluded_causes: frozenset[str]
    """RF-111: causes that the shop's notice does not accept for a bad review or a complaint."""
    is_cause_asked: bool
    """RV-029: a person is asked for the cause of every neutral or bad review."""
    credit: Credit
    followup: Followup

    def month_of(self, at: datetime) -> str:
        """Names the calendar month of a moment in the policy's zone, like `2014-06` (reading A18)."""
        return at.astimezone(self.zone).strftime("%Y-%m")

    def __post_init__(self) -> None:
        if self.prompt_after_hours >= self.window_days:
            raise ValueError("the prompt comes after the review window")
        if self.credit.settle_after_days < self.window_days + self.change_days:
            raise ValueError("trades settle before their ratings can no longer change")


POLICY_FILE = Path(__file__).with_name("policy.toml")


def load(source: str | Path = POLICY_FILE) -> PolicyBook[Policy]:
    """Reads every version of the policy. Raises kernel.policy.PolicyError."""
    return read_book(source, reader(Policy))
