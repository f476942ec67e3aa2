"""Decides which of a pair's points count: caps over any fourteen days and over the calendar month. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kernel.rules import rules_of
from kernel.value import replace
from services.reviews.cases.credit_pair.state import Entry
from services.reviews.credit import Cap, Role
from services.reviews.policy import Policy


@dataclass(slots=True)
class _Tally:
    """Points counted so far on the way through the trades by their success time."""

    last: dict[tuple[str, int], datetime] = field(default_factory=dict[tuple[str, int], datetime])
    points: dict[str, int] = field(default_factory=dict[str, int])
    trades: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


@rules_of("RV-006", "RV-007", "RV-008")
def recount(entries: Iterable[Entry], role: Role, policy: Policy) -> tuple[Entry, ...]:
    """Lists the entries by success time, each with the part of it that counts.

    The result depends on the set of entries and not on the order in which they came: the earliest
    trade counts first. Fourteen days slide on the trade's success time, a month is the policy's
    calendar month of it (reading A18). Settled entries keep what they count and still block others.
    """
    tally = _Tally()
    found: list[Entry] = []
    for entry in sorted(entries, key=lambda x: (x.succeeded_at, x.entry_id)):
        judged = entry if entry.is_settled else _judged(entry, tally, role, policy)
        month = policy.month_of(judged.succeeded_at)
        if judged.counted:
            tally.last[judged.item_id, judged.counted] = judged.succeeded_at
            tally.points[month] = tally.points.get(month, 0) + max(judged.counted, 0)
        if judged.points > 0 and judged.order_id not in tally.trades.setdefault(month, []):
            tally.trades[month].append(judged.order_id)
        found.append(judged)
    return tuple(found)


def _judged(entry: Entry, tally: _Tally, role: Role, policy: Policy) -> Entry:
    if entry.points == 0:
        return replace(entry, counted=0, cap=Cap.NONE)
    credit = policy.credit
    last = tally.last.get((entry.item_id, entry.points))
    if last is not None and entry.succeeded_at - last < credit.same_item_days:
        return replace(entry, counted=0, cap=Cap.SAME_ITEM)
    month = policy.month_of(entry.succeeded_at)
    if entry.points > 0:
        if role is Role.BUYER and entry.is_mall:
            trades = tally.trades.get(month, [])
            if entry.order_id not in trades[: credit.mall_month_trades] and (
                len(trades) >= credit.mall_month_trades
            ):
                return replace(entry, counted=0, cap=Cap.MONTH_TRADES)
        elif tally.points.get(month, 0) + entry.points > credit.month_points:
            return replace(entry, counted=0, cap=Cap.MONTH_POINTS)
    return replace(entry, counted=entry.points, cap=Cap.NONE)


def merged(entries: Sequence[Entry], new: Entry) -> tuple[Entry, ...]:
    """Puts an entry in the place of its earlier revision."""
    return (*(x for x in entries if x.entry_id != new.entry_id), new)


def aged(entries: Iterable[Entry], seen_at: datetime, policy: Policy) -> tuple[Entry, ...]:
    """Settles old entries, and drops those that no later trade can meet any more."""
    settle_before = seen_at - policy.credit.settle_after_days
    keep_from = seen_at - policy.credit.keep_days
    return tuple(
        replace(x, is_settled=True) if x.succeeded_at < settle_before else x
        for x in entries
        if x.succeeded_at >= keep_from
    )
