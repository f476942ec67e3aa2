"""Decides when the auto-confirm clock stands and when it runs on, whatever opened or closed a matter."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import Decided
from kernel.rules import rule
from services.refunds.cases.order import account_goods
from services.refunds.cases.order.facts import ConfirmHeld, ConfirmResumed, Fact
from services.refunds.cases.order.state import MICROSECOND, Live, Shipped, State


def clock(state: State, after: State, now: datetime) -> Sequence[Decided[Fact]]:
    """Decides that the clock stands, or runs on, by what is open after a decision."""
    return _clock(after, now) if isinstance(state, Shipped) and isinstance(after, Shipped) else []


@rule("OR-029", "OR-031")
def _clock(after: Shipped, now: datetime) -> Sequence[Fact]:
    """Lets the clock stand while anything is open: a case, a search, a question, goods here (E-A16)."""
    is_receipt_open = account_goods.is_receipt_open(after.book)
    left = confirm_left(after, now)
    if is_receipt_open:
        return [] if left is None else [ConfirmHeld(left)]
    due_at = confirm_again(after, is_receipt_open=False, now=now)
    return [] if due_at is None else [ConfirmResumed(due_at)]


def confirm_left(current: Live, now: datetime) -> int | None:
    """Computes the rest of a running auto-confirm clock, in microseconds."""
    if not isinstance(current, Shipped) or current.confirm.due_at is None:
        return None
    return max((current.confirm.due_at - now) // MICROSECOND, 0)


def confirm_again(current: Live, *, is_receipt_open: bool, now: datetime) -> datetime | None:
    """Finds the clock's end once nothing is open any more: the rest runs, nothing starts anew (E-A16).

    Nobody confirms pieces that were all repaid, whatever money came back since.
    """
    if not isinstance(current, Shipped) or is_receipt_open or current.book.is_goods_refunded:
        return None
    book = current.book
    if book.lines and not any(line.left_count for line in book.lines):
        return None
    if current.confirm.left_microseconds is not None:
        return now + current.confirm.left_microseconds * MICROSECOND
    standby_by = current.confirm.standby_by
    is_complete = all(line.unsent_count == 0 for line in book.lines)
    if current.confirm.due_at is None and standby_by is not None and is_complete:
        return max(standby_by, now)
    return None
