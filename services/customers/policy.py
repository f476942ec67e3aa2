"""Reads the numbers of the customer rules from policy.toml."""

from collections.abc import Mapping
from pathlib import Path

from kernel.policy import Days, Hours, Minutes, Numbers, PolicyBook, read_book, reader
from services.customers.promised import PromiseKind


class Unpaid(Numbers):
    """Orders that wait for their payment."""

    pay_days: Days
    """OR-013, OR-014, CU-011"""
    grace_minutes: Minutes
    remind_silent_hours: Hours
    """CU-003: for a buyer who ordered without asking."""
    remind_consulted_hours: Hours
    """CU-003, CU-009: for a buyer who has talked to us."""
    remind_from_minor: int
    """CU-002: the smallest total that is picked, in minor units."""
    help_after_hours: Hours
    """CU-006: from the reminder to the question whether there is a problem; 0: it is not asked."""
    reminder_dispatch_hours: Hours
    """LG-055: from the payment to the dispatch, as the reminder promises it; 0: it promises nothing."""
    close_again_hours: Hours
    close_ask_count: int
    attention_days: Days
    attention_count: int

    def __post_init__(self) -> None:
        if self.remind_consulted_hours >= self.pay_days:
            raise ValueError("the reminder comes after the time to pay (CU-011)")


class Messages(Numbers):
    """Consent and limits."""

    opt_in_channels: frozenset[str]
    """CP-006"""
    limited_channels: frozenset[str]
    """CP-010, RV-025"""
    limit_count: int
    """CP-010, RV-025"""
    answer_hours: Hours
    call_due_hours: Hours
    status_open_hours: Hours
    """OR-007"""
    keep_days: Days
    unsubscribe_ref: str
    """CP-007"""

    def __post_init__(self) -> None:
        if not self.unsubscribe_ref:
            raise ValueError("no message may lack the way to unsubscribe (CP-007)")
        if self.limit_count > 3:
            raise ValueError("at most three texts (CP-010)")


class Promises(Numbers):
    """The price of a broken promise, and how long a promise waits."""

    points: Mapping[PromiseKind, int]
    """CP-032, CP-035, RF-009, RF-118, LG-057: points at risk; a kind that is not named costs none."""
    dispatch_hours: Hours
    """LG-063"""
    exchange_days: Days
    """RF-118"""
    attention_days: Days
    attention_count: int


class Policy(Numbers):
    """All numbers of the customers service."""

    unpaid: Unpaid
    message: Messages
    promise: Promises


POLICY_FILE = Path(__file__).with_name("policy.toml")


def load(source: str | Path = POLICY_FILE) -> PolicyBook[Policy]:
    """Reads every version of the policy. Raises kernel.policy.PolicyError."""
    return read_book(source, reader(Policy))
