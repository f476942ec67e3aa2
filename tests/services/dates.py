"""Checks the dates of all that a flow announces: none before its cause, none that our own border refuses."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from chassis.engine.records import FactRecord
from chassis.settings import Limits

LIMITS = Limits()
SKEW = timedelta(seconds=LIMITS.future_skew_seconds)
PAST = timedelta(days=LIMITS.past_days)


class Dates:
    """Knows when each case moved last; a wrong date raises AssertionError."""

    def __init__(self) -> None:
        self._moved: dict[tuple[str, str, str], datetime] = {}
        self._clock: datetime | None = None

    def check(self, facts: Iterable[FactRecord], now: datetime) -> None:
        """Looks at the facts of one message or deadline, in their order. Late news puts no clock back."""
        self._clock = now = now if self._clock is None else max(now, self._clock)
        for fact in facts:
            case = (fact.subject, fact.kind, fact.case_id)
            name = f"{fact.kind} {fact.name} of {fact.at.isoformat()}"
            before = self._moved.get(case)
            if fact.cause.type == "deadline" and fact.cause.id.startswith(f"{fact.kind}/{fact.case_id}/"):
                assert before is None or fact.at >= before, f"{name}: before what set the deadline"
            self._moved[case] = fact.at if before is None else max(before, fact.at)
            if fact.event_type is not None and fact.event is not None:
                assert fact.at <= now + SKEW, f"{name}: ahead of the clock"
                assert now - fact.at <= PAST, f"{name}: too old for our own border"
