"""The numbers of the customer rules, read from policy.toml."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from kernel.policy import PolicyBook, Table, read_book


class PromiseKind(StrEnum):
    """What was promised; `other` stands for kinds that this version does not know."""

    GIFT = "gift"
    SHIP_BY = "ship_by"
    CARRIER = "carrier"
    PRICE = "price"
    FREIGHT = "freight"
    EXCHANGE = "exchange"
    NO_REFUND = "no_refund"
    CALLBACK = "callback"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpaid:
    """Orders that wait for their payment."""

    pay_within: timedelta
    """OR-013"""
    grace: timedelta
    remind_silent_after: timedelta
    remind_consulted_after: timedelta
    remind_from_minor: int
    close_again_after: timedelta
    close_ask_count: int
    attention_after: timedelta
    attention_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """Consent and limits."""

    opt_in_channels: frozenset[str]
    """CP-006"""
    limited_channels: frozenset[str]
    limit_count: int
    """CP-010, RV-025"""
    answer_within: timedelta
    call_due_after: timedelta
    status_open_for: timedelta
    keep: timedelta
    unsubscribe_ref: str
    """CP-007"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """What a promise costs and how long it waits."""

    points: dict[PromiseKind, int]
    """CP-032, CP-035"""
    dispatch_within: timedelta
    """LG-063"""
    exchange_within: timedelta
    attention_after: timedelta
    attention_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All numbers of the customers service."""

    unpaid: Unpaid
    message: Messages
    promise: Promises


def make(table: Table) -> Policy:
    """The policy of one version. Raises KeyError, TypeError or ValueError for numbers without sense."""
    policy = Policy(
        unpaid=_unpaid(table["unpaid"]),
        message=_messages(table["message"]),
        promise=_promises(table["promise"]),
    )
    if policy.unpaid.remind_consulted_after >= policy.unpaid.pay_within:
        raise ValueError("the reminder comes after the time to pay (CU-011)")
    if not policy.message.unsubscribe_ref:
        raise ValueError("no message may lack the way to unsubscribe (CP-007)")
    if policy.message.limit_count > 3:
        raise ValueError("at most three texts (CP-010)")
    return policy


def _unpaid(table: dict[str, Any]) -> Unpaid:
    return Unpaid(
        pay_within=timedelta(days=table["pay_days"]),
        grace=timedelta(minutes=table["grace_minutes"]),
        remind_silent_after=timedelta(hours=table["remind_silent_hours"]),
        remind_consulted_after=timedelta(hours=table["remind_consulted_hours"]),
        remind_from_minor=int(table["remind_from_minor"]),
        close_again_after=timedelta(hours=table["close_again_hours"]),
        close_ask_count=int(table["close_ask_count"]),
        attention_after=timedelta(days=table["attention_days"]),
        attention_count=int(table["attention_count"]),
    )


def _messages(table: dict[str, Any]) -> Messages:
    return Messages(
        opt_in_channels=frozenset(table["opt_in_channels"]),
        limited_channels=frozenset(table["limited_channels"]),
        limit_count=int(table["limit_count"]),
        answer_within=timedelta(hours=table["answer_hours"]),
        call_due_after=timedelta(hours=table["call_due_hours"]),
        status_open_for=timedelta(hours=table["status_open_hours"]),
        keep=timedelta(days=table["keep_days"]),
        unsubscribe_ref=str(table["unsubscribe_ref"]),
    )


def _promises(table: dict[str, Any]) -> Promises:
    points = {PromiseKind(kind): int(count) for kind, count in table["points"].items()}
    return Promises(
        points={kind: points.get(kind, 0) for kind in PromiseKind},
        dispatch_within=timedelta(hours=table["dispatch_hours"]),
        exchange_within=timedelta(days=table["exchange_days"]),
        attention_after=timedelta(days=table["attention_days"]),
        attention_count=int(table["attention_count"]),
    )


POLICY_FILE = Path(__file__).with_name("policy.toml")


def load(source: str | Path = POLICY_FILE) -> PolicyBook[Policy]:
    """Every version of the policy. Raises kernel.policy.PolicyError."""
    return read_book(source, make)
