"""Puts values of events, facts and states into the words that a person reads."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

CENTS = 100
UNTOLD = (
    *("_id", "_ids", "_ref", "_bps", "_version", "_count", "lines", "tenders", "channels", "payee", "kind"),
    *("purpose", "only_if", "raw_status_code", "is_late_news", "tracking", "carriages", "to", "escalate_to"),
    *("was_threatened", "expires_at", "cap", "needs_note", "is_collect_forbidden"),
)
"""Endings of fields that a story can do without."""
HIDDEN = frozenset(
    (
        "shop_id",
        "rule_ids",
        "policy_version",
        "case_id",
        "case_kind",
        "case_version",
        "order_id",
        "customer_id",
    )
)
"""Fields that are told elsewhere."""

LENGTHS = {"_microseconds": 1, "_seconds": 1_000_000}
"""Endings of fields that hold a length of time, in microseconds."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def spoken(name: str) -> str:
    """`RefundAdmitted`, `refund-agreement` or `awaiting_answer` as words: `Refund admitted`."""
    words = _HUMP.sub(" ", name).replace("_", " ").replace("-", " ").lower()
    return words[:1].upper() + words[1:]


def amount(money: Mapping[str, Any]) -> str:
    """`CNY 128.00`."""
    return f"{money['currency']} {money['minor'] / CENTS:,.2f}"


def moment(at: datetime) -> str:
    """`2024-03-05 10:02` (UTC)."""
    return f"{at:%Y-%m-%d %H:%M}"


def second(at: datetime) -> str:
    """`2024-03-05 10:02:07` (UTC)."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def duration(length: timedelta) -> str:
    """`2 d 3 h`, `4 min`, `12 s`: the two largest units that count."""
    seconds = max(0, round(length.total_seconds()))
    units = {"d": seconds // 86_400, "h": seconds // 3_600 % 24, "min": seconds // 60 % 60, "s": seconds % 60}
    counted = list(units.items())
    first = next((place for place, (_, count) in enumerate(counted) if count), len(counted) - 1)
    told = [f"{count} {unit}" for unit, count in counted[first : first + 2] if count]
    return " ".join(told) or "0 s"


def short_type(event_type: str) -> str:
    """`refund.applied` for `shop.refund.applied.v1`."""
    return event_type.partition(".")[2].rpartition(".")[0] if event_type.count(".") > 1 else event_type


def field_words(name: str) -> str:
    """`answer by` for `answer_by_at`."""
    for unit in ("_at", "_id", *LENGTHS):
        name = name.removesuffix(unit)
    return name.replace("_", " ")


def length_words(name: str, value: Any) -> str | None:
    """The length of time of a field that ends with its unit; None of any other field."""
    for unit, microseconds in LENGTHS.items():
        if name.endswith(unit) and isinstance(value, int) and not isinstance(value, bool):
            return duration(timedelta(microseconds=value * microseconds))
    return None


def value_words(value: Any) -> str:
    """A value of a field in words; empty where it says nothing in a line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return amount(value) if {"minor", "currency"} <= value.keys() else ""
    if isinstance(value, list):
        return f"({len(value)})" if value else ""
    text = str(value)
    if len(text) > 19 and text[4] == "-" and text[10] == "T":
        return text[:16].replace("T", " ")
    return text
