"""Reads open cases, open tasks and deadlines over all services: a statement for each service, bounded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import asyncpg

from chassis.engine.pictures import terms_of
from chassis.engine.registry import Registry
from chassis.service import Kind, Service
from kernel.decider import Deadline
from kernel.picture import Picture

T = TypeVar("T")

CASES = """
SELECT found.* FROM unnest($1::text[]) AS of (kind) CROSS JOIN LATERAL (
    SELECT subject, kind, case_id, state_name, state, shop_id, is_ended, opened_at, moved_at
    FROM {schema}.cases WHERE cases.kind = of.kind AND NOT is_ended AND version > 0
        AND ($2::text IS NULL OR shop_id = $2) AND ($3::timestamptz IS NULL OR opened_at < $3)
        AND ($4::timestamptz IS NULL OR moved_at < $4)
    ORDER BY opened_at LIMIT $5
) AS found ORDER BY found.opened_at LIMIT $5
"""
"""The index `cases_open` gives each kind's oldest first, and holds no ended case."""
ENDED_CASES = """
SELECT subject, kind, case_id, state_name, state, shop_id, is_ended, opened_at, moved_at
FROM {schema}.cases WHERE kind = ANY ($1) AND is_ended AND version > 0
    AND ($2::text IS NULL OR shop_id = $2) AND ($3::timestamptz IS NULL OR opened_at < $3)
    AND ($4::timestamptz IS NULL OR moved_at < $4)
ORDER BY moved_at DESC LIMIT $5
"""
TASKS = """
SELECT kind, case_id, task_id, subject, shop_id, kind_code, question_code, asked_at, due_at
FROM {schema}.tasks WHERE ($1::text IS NULL OR shop_id = $1) AND ($2::text IS NULL OR kind = $2)
    AND ($3::text IS NULL OR question_code = $3) AND ($4::text IS NULL OR kind_code = $4)
    AND ($5::timestamptz IS NULL OR due_at < $5) AND ($6::timestamptz IS NULL OR asked_at < $6)
ORDER BY due_at LIMIT $7
"""
DUE = """
SELECT subject, kind, case_id, state_name, state, shop_id, false AS is_blocked
FROM {schema}.cases WHERE wake_at IS NOT NULL AND ($1::text IS NULL OR shop_id = $1)
    AND ($2::text IS NULL OR kind = $2) AND ($3::timestamptz IS NULL OR wake_at < $3)
ORDER BY wake_at LIMIT $4
"""
BLOCKED = """
SELECT subject, kind, case_id, state_name, state, shop_id, true AS is_blocked
FROM {schema}.cases WHERE (subject, kind, case_id) IN (
        SELECT subject, kind, case_id FROM {schema}.waiting WHERE reason IN ('failed', 'parked'))
    AND NOT is_ended AND ($1::text IS NULL OR shop_id = $1) AND ($2::text IS NULL OR kind = $2)
ORDER BY opened_at LIMIT $3
"""
"""Cases behind a rule that fails: nothing wakes them."""
PREFETCH = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """A case as people see it."""

    service: str
    kind: str
    case_id: str
    subject: str
    shop_id: str
    status: str
    waits_for: str
    """Whose turn it is, or who has the time; empty where it is nobody's or the kind does not say."""


@dataclass(frozen=True, slots=True)
class OpenCase(Seen):
    """A case as it stands."""

    is_ended: bool
    opened_at: datetime
    moved_at: datetime
    next_deadline: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A question that waits for a person."""

    service: str
    kind: str
    case_id: str
    task_id: str
    subject: str
    shop_id: str
    kind_code: str
    question_code: str
    asked_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Due(Seen):
    """A deadline of a case. `fires_at` is `due_at` and the grace for answers that come late."""

    name: str
    due_at: datetime
    fires_at: datetime
    is_blocked: bool
    """Whether a rule of the case fails, so that nothing fires until it is repaired."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Says which rows are listed; a filter that is None says nothing."""

    shop: str | None = None
    kind: str | None = None
    status: str | None = None
    who: str | None = None
    opened_before: datetime | None = None
    moved_before: datetime | None = None
    due_before: datetime | None = None
    question: str | None = None
    is_ended: bool = False
    limit: int = 50

    def wants_kind(self, kind: Kind[Any, Any, Any, Any]) -> bool:
        """Tells whether the kind is listed. A ledger never ends, and is listed only where it is asked for."""
        return bool(kind.pictures) if self.kind is None else self.kind == kind.name

    def has_status(self, case: OpenCase) -> bool:
        """Tells whether the case has the wanted status."""
        return self.status in {None, case.status}

    def takes(self, due: Due) -> bool:
        """Tells whether the deadline is one of the wanted: by its end, and by who has the time."""
        return self.who in {None, due.waits_for} and (
            self.due_before is None or due.fires_at < self.due_before
        )


def as_json(row: OpenCase | OpenTask | Due) -> dict[str, Any]:
    """Plain values for `--json`."""
    return asdict(row)


class Reader:
    """Reads over the services' schemas by one connection."""

    def __init__(self, connection: asyncpg.Connection, services: Mapping[str, Service]) -> None:
        self._connection = connection
        self._registries = {name: Registry(service) for name, service in services.items()}

    async def cases(self, wanted: Wanted) -> list[OpenCase]:
        """Lists open cases, the oldest first; of ended ones those that ended last.

        Status and turn follow from the state: where they are asked for, cases are read until enough fit.
        """
        found: list[OpenCase] = []
        query = ENDED_CASES if wanted.is_ended else CASES
        for service, registry in self._registries.items():
            kinds = [name for name, kind in registry.kinds.items() if wanted.wants_kind(kind)]
            if not kinds:
                continue
            most = wanted.limit if wanted.status is None and wanted.who is None else None
            given = kinds, wanted.shop, wanted.opened_before, wanted.moved_before, most
            found += await self._fitting(
                query.format(schema=service), given,
                partial(_case, service, registry),
                lambda case: wanted.has_status(case) and wanted.who in {None, case.waits_for}, wanted.limit,
            )  # fmt: skip
        if wanted.is_ended:
            return sorted(found, key=lambda case: case.moved_at, reverse=True)[: wanted.limit]
        return sorted(found, key=lambda case: case.opened_at)[: wanted.limit]

    async def _fitting(
        self,
        query: str,
        given: Sequence[Any],
        made: Callable[[Mapping[str, Any]], T],
        fits: Callable[[T], bool],
        limit: int,
    ) -> list[T]:
        """Reads rows until `limit` of them fit."""
        found: list[T] = []
        async with self._connection.transaction(readonly=True):
            async for row in self._connection.cursor(query, *given, prefetch=PREFETCH):
                each = made(row)
                if fits(each):
                    found.append(each)
                    if len(found) == limit:
                        break
        return found

    async def tasks(self, wanted: Wanted) -> list[OpenTask]:
        """Lists open tasks, the first due first."""
        found: list[OpenTask] = []
        for service in self._registries:
            rows = await self._connection.fetch(
                TASKS.format(schema=service), wanted.shop, wanted.kind, wanted.question, wanted.who,
                wanted.due_before, wanted.opened_before, wanted.limit,
            )  # fmt: skip
            found += [OpenTask(service, *row) for row in rows]
        return sorted(found, key=lambda task: task.due_at)[: wanted.limit]

    async def deadlines(self, wanted: Wanted) -> list[Due]:
        """Lists deadlines, the first to fire first, also of blocked cases, which nothing wakes."""
        found: list[Due] = []
        for service, registry in self._registries.items():
            most = wanted.limit if wanted.who is None else None
            asked = (
                (DUE, (wanted.shop, wanted.kind, wanted.due_before, most)),
                (BLOCKED, (wanted.shop, wanted.kind, most)),
            )
            for query, given in asked:
                lists = await self._fitting(
                    query.format(schema=service), given,
                    partial(_taken, wanted, service, registry),
                    bool, wanted.limit,
                )  # fmt: skip
                found += [each for of_case in lists for each in of_case]
        return sorted(found, key=lambda each: each.fires_at)[: wanted.limit]


def status_word(state_name: str) -> str:
    """`AwaitingAnswer` as a status: `awaiting_answer`."""
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in state_name).strip("_")


def _case(service: str, registry: Registry, row: Mapping[str, Any]) -> OpenCase:
    picture, deadlines = _seen(registry, row)
    first = min(deadlines, key=lambda each: each.fires_at, default=None)
    return OpenCase(
        service, row["kind"], row["case_id"], row["subject"], row["shop_id"], picture.status,
        picture.waits_for, row["is_ended"], row["opened_at"], row["moved_at"],
        "" if first is None else first.name, None if first is None else first.due_at,
    )  # fmt: skip


def _taken(wanted: Wanted, service: str, registry: Registry, row: Mapping[str, Any]) -> list[Due]:
    return [each for each in _due(service, registry, row) if wanted.takes(each)]


def _due(service: str, registry: Registry, row: Mapping[str, Any]) -> list[Due]:
    picture, deadlines = _seen(registry, row)
    terms = terms_of(row["kind"])
    return [
        Due(
            service, row["kind"], row["case_id"], row["subject"], row["shop_id"], picture.status,
            terms[each.name].waits_for if each.name in terms else picture.waits_for,
            each.name, each.due_at, each.fires_at, row["is_blocked"],
        )
        for each in deadlines
    ]  # fmt: skip


def _seen(registry: Registry, row: Mapping[str, Any]) -> tuple[Picture, Sequence[Deadline]]:
    """Tells how people see the case, and its deadlines. A state that nobody sees goes by its own name."""
    own = Picture(status_word(row["state_name"]))
    kind = registry.kinds.get(row["kind"])
    if kind is None:
        return own, ()
    try:
        state = registry.codecs[kind.name].decode(row["state_name"], row["state"])
        return kind.picture(state) or own, () if row.get("is_ended") else kind.deadlines(state)
    except Exception:  # noqa: BLE001  of another release, or a rule that fails: it is listed all the same
        return Picture(f"{own.status} (unreadable)"), ()
