"""Finds when a case is due, from the deadlines that its state lists. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from kernel.decider import Deadline

NEVER = datetime.max.replace(tzinfo=UTC)
GRACE_LIMIT = timedelta(hours=1)
"""The longest grace of a deadline. It lets `wake_at` alone decide that a case is skipped."""


def first_moment(deadlines: Sequence[Deadline]) -> datetime | None:
    """Finds the first moment at which a deadline may fire. Raises ValueError for a grace over the limit."""
    earliest: datetime | None = None
    for deadline in deadlines:
        if deadline.grace > GRACE_LIMIT:
            raise ValueError(f"the grace of {deadline.name} is over the limit")
        if earliest is None or deadline.fires_at < earliest:
            earliest = deadline.fires_at
    return earliest
