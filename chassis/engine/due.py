"""When a case has to be looked at again, from the deadlines that its state lists. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from kernel.decider import Deadline

NEVER = datetime.max.replace(tzinfo=UTC)
GRACE_LIMIT = timedelta(hours=1)
"""No deadline has a longer grace: lets a case be skipped by its `wake_at` alone."""


def first_moment(deadlines: Sequence[Deadline]) -> datetime | None:
    """The first moment at which one of them may fire. Raises ValueError for a grace over the limit."""
    earliest: datetime | None = None
    for deadline in deadlines:
        if deadline.grace > GRACE_LIMIT:
            raise ValueError(f"the grace of {deadline.name} is over the limit")
        if earliest is None or deadline.fires_at < earliest:
            earliest = deadline.fires_at
    return earliest
