"""Counts open cases, open tasks and overdue deadlines, by kind of case and age: once a minute, set-based."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Gauge

from chassis.store.database import Connection

COUNT_SECONDS = 60.0
AGES = ("day", "week", "month", "older")
"""Labels of ages: up to a day, up to a week, up to thirty days, older."""
CASES = """
SELECT kind,
    count(*) FILTER (WHERE opened_at > $2::timestamptz - interval '1 day') AS day,
    count(*) FILTER (WHERE opened_at <= $2::timestamptz - interval '1 day'
        AND opened_at > $2::timestamptz - interval '7 days') AS week,
    count(*) FILTER (WHERE opened_at <= $2::timestamptz - interval '7 days'
        AND opened_at > $2::timestamptz - interval '30 days') AS month,
    count(*) FILTER (WHERE opened_at <= $2::timestamptz - interval '30 days') AS older
FROM cases WHERE kind = ANY ($1) AND NOT is_ended GROUP BY kind
"""
"""The index `cases_open` holds all that this counts."""
TASKS = """
SELECT kind, count(*) FILTER (WHERE due_at < $2) AS overdue,
    count(*) FILTER (WHERE asked_at > $2::timestamptz - interval '1 day') AS day,
    count(*) FILTER (WHERE asked_at <= $2::timestamptz - interval '1 day'
        AND asked_at > $2::timestamptz - interval '7 days') AS week,
    count(*) FILTER (WHERE asked_at <= $2::timestamptz - interval '7 days'
        AND asked_at > $2::timestamptz - interval '30 days') AS month,
    count(*) FILTER (WHERE asked_at <= $2::timestamptz - interval '30 days') AS older
FROM tasks WHERE kind = ANY ($1) GROUP BY kind
"""
DEADLINES = """
SELECT kind, count(*) AS overdue, extract(epoch FROM $2::timestamptz - min(wake_at))::float8 AS seconds
FROM cases WHERE wake_at < $2::timestamptz - interval '1 minute' AND kind = ANY ($1) GROUP BY kind
"""
"""The index `cases_due` gives those whose moment has come. Up to a minute is the timer loop's own time."""

Rows = Sequence[Mapping[str, Any]]


class OpenWork:
    """Holds the gauges of what is open. Every kind has a value, so that what ends goes back to zero."""

    def __init__(self, registry: CollectorRegistry, service: str) -> None:
        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(f"aftersales_{name}", meaning, ("service", *labels), registry=registry)

        self._service = service
        self._cases = gauge("open_cases", "Cases that people see and that have not ended", "kind", "age")
        self._tasks = gauge("open_tasks", "Questions that wait for a person", "kind", "age")
        self._overdue_tasks = gauge("overdue_tasks", "Questions that nobody answered in time", "kind")
        self._overdue = gauge(
            "overdue_deadlines",
            "Cases with a deadline that could fire over a minute ago and is not decided",
            "kind",
        )
        self._overdue_age = gauge(
            "oldest_overdue_deadline_seconds", "Age of the oldest of those deadlines; 0 where none is", "kind"
        )

    async def count(self, connection: Connection, kinds: Sequence[str], now: datetime) -> None:
        """Counts the work of these kinds as it stands at a moment."""
        given = list(kinds), now
        self.told(
            kinds,
            await connection.fetch(CASES, *given),
            await connection.fetch(TASKS, *given),
            await connection.fetch(DEADLINES, *given),
        )

    def told(self, kinds: Sequence[str], cases: Rows, tasks: Rows, deadlines: Rows) -> None:
        """Sets the gauges by rows of `CASES`, `TASKS` and `DEADLINES`."""
        opened, asked = _by_kind(cases), _by_kind(tasks)
        overdue = _by_kind(deadlines)
        for kind in kinds:
            of_kind = self._service, kind
            for age in AGES:
                self._cases.labels(*of_kind, age).set(opened.get(kind, {}).get(age, 0))
                self._tasks.labels(*of_kind, age).set(asked.get(kind, {}).get(age, 0))
            self._overdue_tasks.labels(*of_kind).set(asked.get(kind, {}).get("overdue", 0))
            self._overdue.labels(*of_kind).set(overdue.get(kind, {}).get("overdue", 0))
            self._overdue_age.labels(*of_kind).set(overdue.get(kind, {}).get("seconds", 0.0))


def _by_kind(rows: Rows) -> dict[str, Mapping[str, Any]]:
    return {row["kind"]: row for row in rows}
