"""Reads the results of a run from the services' own tables, for the page and the terminal at its end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from chassis.service import Service
from cli import history, report
from cli.history import CaseStory, Step
from cli.overview import Due, OpenTask, Reader, Wanted
from cli.speech import Both

PAID_IN = """
SELECT recorded.data->'book'->>'currency' AS currency, count(DISTINCT paid.case_id) AS count,
       sum((tender->>'minor')::bigint) AS minor
FROM refunds.facts paid
JOIN refunds.facts recorded ON recorded.subject = paid.subject AND recorded.kind = paid.kind
     AND recorded.case_id = paid.case_id AND recorded.name = 'OrderRecorded',
     json_array_elements(paid.data->'tenders') AS tender
WHERE paid.kind = 'order' AND paid.name = 'PaymentRecorded' GROUP BY 1 ORDER BY 1
"""
PAID_OUT = """
SELECT event::json->>'purpose' AS purpose, event::json->'amount'->>'currency' AS currency, count(*) AS count,
       sum((event::json->'amount'->>'minor')::bigint) AS minor
FROM refunds.facts WHERE event_type = 'aftersales.refund.paid.v1' GROUP BY 1, 2 ORDER BY 1, 2
"""
RECOVERED = """
SELECT event::json->'recovered_amount'->>'currency' AS currency, count(*) AS count,
       sum((event::json->'recovered_amount'->>'minor')::bigint) AS minor
FROM logistics.facts WHERE event_type = 'aftersales.courier.claim-concluded.v1' GROUP BY 1 ORDER BY 1
"""
OUTCOMES = """
SELECT event_type, count(*) AS count FROM {schema}.facts WHERE event_type IS NOT NULL GROUP BY 1
"""
SPAN = "SELECT min(at) AS first, max(at) AS last, count(*) AS count FROM {schema}.facts"
BEST_STORY = """
SELECT c.subject FROM {schema}.cases c JOIN {schema}.facts f USING (subject, kind, case_id)
WHERE c.kind = $1 AND c.is_ended GROUP BY c.subject, c.case_id
ORDER BY count(*) DESC, c.subject LIMIT 1
"""
STORIES = (
    ("logistics", "lost-parcel", Both("一个包裹丢了", "A parcel gets lost")),
    ("refunds", "late-compensation", Both("店铺发货太晚", "A shop ships too late")),
    ("reviews", "review-followup", Both("一条差评", "A bad review")),
    ("refunds", "exchange", Both("想换个尺码", "Another size, please")),
    ("refunds", "refund-agreement", Both("退货退款", "Goods go back")),
)
"""Kinds of case that make a good story, in order of choice, and a title."""
STORY_COUNT = 3
STORY_STEPS_MAX = 24
LOOK_MAX = 10_000
QUIET_TYPES = frozenset(
    {
        "aftersales.case.changed.v1",
        "aftersales.notice.requested.v1",
        "aftersales.notice.resolved.v1",
        "aftersales.message.send-requested.v1",
        "aftersales.task.withdrawn.v1",
    }
)
"""Types that a story can do without: the story tells of the decision that each of them follows."""


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount in minor units that moved for a purpose."""

    purpose: str
    currency: str
    minor: int
    count: int


@dataclass(frozen=True, slots=True)
class Story:
    """One order's cases told as one sequence."""

    title: Both
    subject: str
    cases: list[CaseStory]
    steps: list[Step]
    left_out_count: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Holds what waited at a moment of the run: questions to people, and deadlines, the first due first."""

    at: datetime
    tasks: list[OpenTask]
    deadlines: list[Due]


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that there is to see of a run. `cases`: service and kind -> status -> count."""

    first_day: str
    last_day: str
    order_count: int
    decision_count: int
    outcome_count: int
    cases: dict[str, dict[str, int]]
    outcomes: dict[str, int]
    paid_in: list[Sum]
    paid_out: list[Sum]
    recovered: list[Sum]
    deadlines: dict[str, int]
    dead_letters: dict[str, int]
    stories: list[Story]
    waiting: Waiting


def _sums(rows: Iterable[Mapping[str, Any]], purpose: str | None = None) -> list[Sum]:
    return [
        Sum(purpose or row["purpose"], row["currency"], int(row["minor"]), int(row.get("count", 0)))
        for row in rows
    ]


async def look(connection: asyncpg.Connection, services: Mapping[str, Service], at: datetime) -> Waiting:
    """Lists what waits at a moment, which is now for the services."""
    reader = Reader(connection, services)
    wanted = Wanted(limit=LOOK_MAX)
    return Waiting(at, await reader.tasks(wanted), await reader.deadlines(wanted))


async def take(connection: asyncpg.Connection, services: Mapping[str, Service], waiting: Waiting) -> Picture:
    """Looks at everything once."""
    names = list(services)
    spans = [(await connection.fetch(SPAN.format(schema=name)))[0] for name in names]
    moments = [row["first"] for row in spans if row["first"]] + [row["last"] for row in spans if row["last"]]
    outcomes: dict[str, int] = {}
    for name in names:
        for row in await connection.fetch(OUTCOMES.format(schema=name)):
            outcomes[row["event_type"]] = outcomes.get(row["event_type"], 0) + row["count"]
    counted = await report.cases(connection, names)
    letters: dict[str, int] = {}
    for reasons in (await report.dead_letters(connection, names)).values():
        for reason, count in reasons.items():
            letters[reason] = letters.get(reason, 0) + count
    return Picture(
        first_day=f"{min(moments):%Y-%m-%d}" if moments else "",
        last_day=f"{max(moments):%Y-%m-%d}" if moments else "",
        order_count=sum(counted.get("refunds/order", {}).values()),
        decision_count=sum(row["count"] for row in spans),
        outcome_count=sum(outcomes.values()),
        cases=_by_status(counted, services),
        outcomes=dict(sorted(outcomes.items())),
        paid_in=_sums([dict(row) for row in await connection.fetch(PAID_IN)], "paid by buyers"),
        paid_out=_sums([dict(row) for row in await connection.fetch(PAID_OUT)]),
        recovered=_sums([dict(row) for row in await connection.fetch(RECOVERED)], "recovered from couriers"),
        deadlines=await report.deadlines(connection, names),
        dead_letters=dict(sorted(letters.items())),
        stories=await _stories(connection, services),
        waiting=waiting,
    )


def _by_status(
    counted: Mapping[str, Mapping[str, int]], services: Mapping[str, Service]
) -> dict[str, dict[str, int]]:
    """Counts cases by the status that people see. Kinds that show nothing are left out."""
    found: dict[str, dict[str, int]] = {}
    for name, service in services.items():
        for kind in service.kinds:
            states = counted.get(f"{name}/{kind.name}", {})
            pictures = {state.__name__: picture.status for state, picture in kind.pictures.items()}
            statuses: dict[str, int] = {}
            for state, count in states.items():
                if state in pictures:
                    statuses[pictures[state]] = statuses.get(pictures[state], 0) + count
            if statuses:
                found[f"{name}/{kind.name}"] = statuses
    return found


async def _stories(connection: asyncpg.Connection, services: Mapping[str, Service]) -> list[Story]:
    stories: list[Story] = []
    told: set[str] = set()
    for service, kind, title in STORIES:
        if len(stories) == STORY_COUNT:
            break
        subject = await connection.fetchval(BEST_STORY.format(schema=service), kind)
        if subject is None or subject in told:
            continue
        told.add(subject)
        cases = await history.cases(connection, services, subject)
        stories.append(_story(title, subject, cases))
    return stories


def _story(title: Both, subject: str, cases: Sequence[CaseStory]) -> Story:
    steps = sorted(
        (step for case in cases for step in case.steps if step.announced not in QUIET_TYPES),
        key=lambda step: (step.at, step.service, step.kind, step.version),
    )
    spoken = [step for step in steps if step.announced or step.cause.type == "deadline"]
    shown = spoken if len(spoken) >= 4 else steps
    return Story(title, subject, list(cases), shown[:STORY_STEPS_MAX], max(0, len(shown) - STORY_STEPS_MAX))
