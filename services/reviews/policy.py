"""The numbers of the review rules, read from policy.toml."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kernel.policy import PolicyBook, Table, read_book
from services.reviews.review_book import Rating
from services.reviews.steps import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Points and their caps."""

    points: dict[Rating, int]
    """RV-003"""
    same_item: timedelta
    """RV-006: within it, one pair gains and loses at most one point on one item."""
    month_points: int
    """RV-007: most points that a pair adds to either side in a calendar month."""
    mall_month_trades: int
    """RV-008: trades of a month that count for a buyer at a mall seller."""
    settle_after: timedelta
    """Age of a trade from which later news no longer moves what its neighbours count."""
    keep: timedelta
    """Age of a trade from which it is no longer kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followup:
    """The follow-up of a neutral or bad review."""

    open_for: timedelta
    """RV-024"""
    text_limit: int
    """RV-025"""
    next_after: timedelta
    attempt_open_for: timedelta
    """Shorter than `next_after`: an attempt is reported before the next one is made."""
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All numbers of the reviews service."""

    zone: ZoneInfo
    window: timedelta
    """RV-001"""
    change_within: timedelta
    """RV-015"""
    report_within: timedelta
    """RV-032"""
    prompt_after: timedelta
    prompt_open_for: timedelta
    is_comment_coupon_offered: bool
    """RV-014"""
    task_due_after: timedelta
    credit: Credit
    followup: Followup

    def month_of(self, at: datetime) -> str:
        """The calendar month of a moment in the policy's zone, like `2014-06` (reading A18)."""
        return at.astimezone(self.zone).strftime("%Y-%m")


def make(table: Table) -> Policy:
    """The policy of one version. Raises KeyError, TypeError or ValueError for numbers without sense."""
    credit: dict[str, Any] = table["credit"]
    followup: dict[str, Any] = table["followup"]
    policy = Policy(
        zone=ZoneInfo(table["zone"]),
        window=timedelta(days=table["window_days"]),
        change_within=timedelta(days=table["change_days"]),
        report_within=timedelta(days=table["report_days"]),
        prompt_after=timedelta(hours=table["prompt_after_hours"]),
        prompt_open_for=timedelta(days=table["prompt_open_days"]),
        is_comment_coupon_offered=bool(table["is_comment_coupon_offered"]),
        task_due_after=timedelta(hours=table["task_due_hours"]),
        credit=Credit(
            points={rating: int(credit[f"{rating.value}_points"]) for rating in Rating},
            same_item=timedelta(days=credit["same_item_days"]),
            month_points=int(credit["month_points"]),
            mall_month_trades=int(credit["mall_month_trades"]),
            settle_after=timedelta(days=credit["settle_after_days"]),
            keep=timedelta(days=credit["keep_days"]),
        ),
        followup=Followup(
            open_for=timedelta(days=followup["open_days"]),
            text_limit=int(followup["text_limit"]),
            next_after=timedelta(hours=followup["next_after_hours"]),
            attempt_open_for=timedelta(hours=followup["attempt_open_hours"]),
            steps=tuple(Step(step) for step in followup["steps"]),
        ),
    )
    _check(policy)
    return policy


def _check(policy: Policy) -> None:
    if policy.followup.steps[0] is not Step.CALL:
        raise ValueError("a follow-up begins with a call (RV-025)")
    if policy.followup.attempt_open_for >= policy.followup.next_after:
        raise ValueError("the next attempt comes before the last one is over")
    if policy.prompt_after >= policy.window:
        raise ValueError("the prompt comes after the review window")
    if policy.credit.settle_after < policy.window + policy.change_within:
        raise ValueError("trades settle before their ratings can no longer change")
    if policy.credit.keep < policy.credit.settle_after + timedelta(days=31):
        raise ValueError("trades are forgotten while they still fill a month")


POLICY_FILE = Path(__file__).with_name("policy.toml")


def load(source: str | Path = POLICY_FILE) -> PolicyBook[Policy]:
    """Every version of the policy. Raises kernel.policy.PolicyError."""
    return read_book(source, make)
