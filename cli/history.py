"""Reads the history of cases from the services' tables: what came, what was decided, what runs now."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from chassis.engine.registry import Registry
from chassis.operate.dead_letters import Filter
from chassis.service import Service
from cli import letters

LETTERS_MAX = 50

CASES = """
SELECT subject, kind, case_id, version, state_name, state, shop_id, policy, is_ended, opened_at,
       moved_at
FROM {schema}.cases WHERE case_id = $1 OR subject = $1 ORDER BY opened_at, kind, case_id
"""
FACTS = """
SELECT * FROM {schema}.facts WHERE subject = $1 AND kind = $2 AND case_id = $3 ORDER BY version
"""
FACT_COLUMNS = (
    "subject, kind, case_id, version, name, at, data, rules, policy, cause_type, cause_source, cause_id,"
    " correlation, event_type, event"
)
ONE_FACT = "SELECT {columns} FROM {schema}.facts WHERE kind = $1 AND case_id = $2 AND version = $3"
CAUSED = "SELECT {columns} FROM {schema}.facts WHERE cause_id = $1 ORDER BY at, position"
WAITING = """
SELECT kind, case_id, name, at, reason, attempts, error, cause_type, cause_source FROM {schema}.waiting
WHERE cause_id = $1 ORDER BY id
"""
LOST = """
SELECT position, at, topic, partition, detail FROM {schema}.dead_letters
WHERE reason = 'records_lost' ORDER BY position
"""


@dataclass(frozen=True, slots=True)
class Cause:
    """The cause of a decision: an event, or a deadline of the case."""

    type: str
    source: str
    id: str


@dataclass(frozen=True, slots=True)
class Step:
    """One decision of a case."""

    service: str
    subject: str
    kind: str
    case_id: str
    version: int
    name: str
    at: datetime
    data: dict[str, Any]
    rules: list[str]
    policy: str
    cause: Cause
    announced: str | None
    """Type of the event that it became; None where it stayed inside."""
    event: dict[str, Any] | None

    @property
    def event_id(self) -> str:
        """Id of the announced event."""
        return f"{self.kind}/{self.case_id}/{self.version}"


@dataclass(frozen=True, slots=True)
class Running:
    """A deadline that runs now."""

    name: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class CaseStory:
    """One case with everything that was decided in it."""

    service: str
    subject: str
    kind: str
    case_id: str
    state: str
    is_ended: bool
    shop_id: str
    policy: str
    opened_at: datetime
    moved_at: datetime
    deadlines: list[Running]
    steps: list[Step]
    status: str = ""
    """The status that people see; empty where the kind shows nothing."""
    waits_for: str = ""
    """The role whose turn it is; empty where it is nobody's."""
    ending: str = ""
    """The way in which the case ended, as people see it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that waits, or a dead letter: what became of an event that is not decided."""

    service: str
    what: str
    reason: str
    detail: str
    at: datetime


@dataclass(slots=True)
class Explanation:
    """Where an event came from, what it is, and what it led to."""

    event_id: str
    decided: Step | None = None
    """The decision that announced the event, where the event is one of ours."""
    before: list[Step] = field(default_factory=list[Step])
    """The decisions that led to the event, the nearest first."""
    after: list[Step] = field(default_factory=list[Step])
    """The decisions that the event led to."""
    kept: list[Kept] = field(default_factory=list[Kept])
    lost: list[Kept] = field(default_factory=list[Kept])
    """Gaps in the input of an event that nobody knows: the event may have been in one of them."""

    @property
    def is_known(self) -> bool:
        """Whether any service has heard of it."""
        return bool(self.decided or self.after or self.kept)


def as_json(value: CaseStory | Explanation | Step) -> dict[str, Any]:
    """Plain values for `--json`."""
    return asdict(value)


def _parsed(value: Any) -> dict[str, Any]:
    return orjson.loads(value) if isinstance(value, str | bytes) else dict(value)


def _step(service: str, row: Mapping[str, Any]) -> Step:
    return Step(
        service=service,
        subject=row["subject"],
        kind=row["kind"],
        case_id=row["case_id"],
        version=row["version"],
        name=row["name"],
        at=row["at"],
        data=_parsed(row["data"]),
        rules=[rule for rule in row["rules"].split(",") if rule],
        policy=row["policy"],
        cause=Cause(row["cause_type"], row["cause_source"], row["cause_id"]),
        announced=row["event_type"],
        event=_parsed(row["event"]) if row["event"] else None,
    )


async def cases(
    connection: asyncpg.Connection, services: Mapping[str, Service], name: str
) -> list[CaseStory]:
    """Every case of that id, or about that order, customer or parcel."""
    found: list[CaseStory] = []
    for service_name, service in services.items():
        registry = Registry(service)
        for row in await connection.fetch(CASES.format(schema=service_name), name):
            facts = await connection.fetch(
                FACTS.format(schema=service_name), row["subject"], row["kind"], row["case_id"]
            )
            found.append(_story(registry, row, [_step(service_name, fact) for fact in facts]))
    return sorted(found, key=lambda story: (story.opened_at, story.service, story.kind, story.case_id))


def _story(registry: Registry, row: Mapping[str, Any], steps: list[Step]) -> CaseStory:
    kind = registry.kinds[row["kind"]]
    stored = row["state"] if isinstance(row["state"], str) else orjson.dumps(row["state"]).decode()
    state = registry.codecs[kind.name].decode(row["state_name"], stored)
    running = [] if row["is_ended"] else kind.deadlines(state)
    picture = kind.picture(state)
    return CaseStory(
        service=registry.service.name,
        subject=row["subject"],
        kind=kind.name,
        case_id=row["case_id"],
        state=row["state_name"],
        is_ended=row["is_ended"],
        shop_id=row["shop_id"],
        policy=row["policy"],
        opened_at=row["opened_at"],
        moved_at=row["moved_at"],
        deadlines=sorted(
            (Running(deadline.name, deadline.due_at) for deadline in running), key=lambda d: d.due_at
        ),
        steps=steps,
        status="" if picture is None else picture.status,
        waits_for="" if picture is None else picture.waits_for,
        ending="" if picture is None else picture.ending,
    )


async def explain(
    connection: asyncpg.Connection, services: Mapping[str, Service], event_id: str
) -> Explanation:
    """Tells what is known of an event, told to us or announced by us."""
    found = Explanation(event_id)
    found.decided = await _announcing(connection, services, event_id)
    step = found.decided
    seen = {event_id}
    while step is not None and step.cause.id not in seen:
        seen.add(step.cause.id)
        step = await _announcing(connection, services, step.cause.id)
        if step is not None:
            found.before.append(step)
    for name in services:
        query = CAUSED.format(columns=FACT_COLUMNS, schema=name)
        found.after += [_step(name, row) for row in await connection.fetch(query, event_id)]
        for row in await connection.fetch(WAITING.format(schema=name), event_id):
            what = f"{row['kind']} {row['case_id']}: {row['name']}"
            found.kept.append(Kept(name, what, f"waits ({row['reason']})", row["error"] or "", row["at"]))
    set_aside = await letters.found(connection, list(services), Filter(event_id=event_id), LETTERS_MAX)
    found.kept += [_set_aside(letter) for letter in set_aside]
    if not found.is_known:
        for name in services:
            for row in await connection.fetch(LOST.format(schema=name)):
                what = f"dead letter {row['position']}, {row['topic']} {row['partition']}"
                found.lost.append(Kept(name, what, "records_lost", row["detail"], row["at"]))
    return found


def _set_aside(letter: letters.Letter) -> Kept:
    entry = letter.entry
    where = f" of {entry.kind} {entry.case_id}" if entry.kind else ""
    what = f"set aside as dead letter {letter.number}{where}"
    if letter.is_resent:
        what += ", sent again since"
    return Kept(", ".join(letter.services), what, entry.reason, entry.detail, entry.recorded_at)


async def _announcing(
    connection: asyncpg.Connection, services: Mapping[str, Service], event_id: str
) -> Step | None:
    kind, _, rest = event_id.partition("/")
    case_id, _, version = rest.rpartition("/")
    if not (case_id and version.isdigit()):
        return None
    for name in services:
        query = ONE_FACT.format(columns=FACT_COLUMNS, schema=name)
        row = await connection.fetchrow(query, kind, case_id, int(version))
        if row is not None:
            return _step(name, row)
    return None
