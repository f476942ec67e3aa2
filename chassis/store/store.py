"""Stores batches in PostgreSQL, set-based: a batch is a handful of statements in one transaction.

The lock order is the same everywhere, so that two processes cannot deadlock: inbox keys (sorted), cases
(sorted by subject, kind, id), new cases (sorted), and last the head of the log. The head stays locked until
the commit, so positions are in commit order.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import asyncpg

from chassis.engine.records import Cause, DeadLetter, FactRecord, PartitionId, StoredOrigin, TaskChanges
from chassis.engine.registry import Registry
from chassis.engine.subject import HELD, Case, Delivery, Subject, Unreadable
from chassis.store.bounds import bounded
from chassis.store.bulk import Rows
from chassis.store.database import Connection
from chassis.store.open_tasks import note_tasks
from chassis.store.stored_headers import pack_headers, unpack_headers
from kernel.decider import Addressed

log = logging.getLogger(__name__)


class Conflict(Exception):
    """Another process wrote a case after this one loaded it. Nothing was written; the batch is done again."""


class DatabaseBehind(Exception):
    """The database was restored to an earlier state: it lacks what this process has noted in it."""


TRANSIENT = (
    Conflict, OSError, TimeoutError,
    asyncpg.InterfaceError, asyncpg.PostgresError, asyncpg.InternalClientError,
)  # fmt: skip
"""Errors that may pass: the database away, full, restarting, behind, or another process that was first.

The client's internal errors are among them: a connection that breaks within an answer ends with one.
"""
UNSTORABLE = (asyncpg.DataError, asyncpg.NotNullViolationError, ValueError, OverflowError)
"""Errors that repeat, however often the statement is tried."""


def concerns_all(error: Exception) -> bool:
    """Tells whether an error concerns the whole batch, so that there is no single record to look for."""
    if isinstance(error, DatabaseBehind):
        return True
    return isinstance(error, TRANSIENT) and not isinstance(error, UNSTORABLE)


CASES = Rows("cases", {
    "subject": "text", "kind": "text", "case_id": "text", "version": "bigint", "state_name": "text",
    "state": "json", "shop_id": "text", "policy": "text", "wake_at": "timestamptz", "is_ended": "boolean",
    "opened_at": "timestamptz", "moved_at": "timestamptz", "mark": "bigint",
})  # fmt: skip
MOVED = Rows("moved", {**CASES.columns, "stored_version": "bigint"})
ARRIVED = Rows("arrived", {"month": "date", "key": "bytea", "body_hash": "bigint"})
FACTS = Rows("facts", {
    "position": "bigint", "recorded_at": "timestamptz", "subject": "text", "kind": "text", "case_id": "text",
    "version": "bigint", "name": "text", "at": "timestamptz", "data": "json", "rules": "text",
    "policy": "text", "cause_type": "text", "cause_source": "text", "cause_id": "text",
    "correlation": "text", "trace": "text", "event_type": "text", "event_key": "text", "event": "text",
})  # fmt: skip
WAITING = Rows("waiting", {
    "subject": "text", "kind": "text", "case_id": "text", "at": "timestamptz", "name": "text",
    "message": "json", "shop_id": "text", "reason": "text", "attempts": "integer", "due_at": "timestamptz",
    "retry_at": "timestamptz", "expires_at": "timestamptz", "error": "text", "cause_type": "text",
    "cause_source": "text", "cause_id": "text", "correlation": "text", "trace": "text", "topic": "text",
    "partition": "integer", "offset": "bigint", "key": "bytea", "headers": "json", "value": "bytea",
})  # fmt: skip

ENSURE_PARTITION = "SELECT ensure_partition($1, $2)"
FIRST_SEEN = ARRIVED.statement("""
INSERT INTO inbox (month, key, body_hash) SELECT * FROM {given} ON CONFLICT DO NOTHING RETURNING key
""")
SEEN_HASHES = ARRIVED.statement("""
SELECT i.key, i.body_hash FROM inbox i JOIN {given} ON i.month = given.month AND i.key = given.key
""")
LOAD_CASES = bounded("""
SELECT subject, kind, case_id, version, state_name, state, shop_id, policy, {wake_at}, is_ended, {opened_at},
       {moved_at}, mark
FROM cases WHERE subject = ANY ($1::text[])
ORDER BY subject, kind, case_id FOR UPDATE
""", "wake_at", "opened_at", "moved_at")  # fmt: skip
LOAD_WAITING = bounded("""
SELECT id, subject, kind, case_id, {at}, name, message, shop_id, reason, attempts, {due_at}, {retry_at},
       {expires_at}, error, cause_type, cause_source, cause_id, correlation, trace, topic, partition,
       "offset", key, headers, value
FROM waiting WHERE subject = ANY ($1::text[]) ORDER BY waiting.at, id
""", "at", "due_at", "retry_at", "expires_at")  # fmt: skip
DELETE_WAITING = "DELETE FROM waiting WHERE id = ANY ($1::bigint[])"
UPDATE_CASES = MOVED.statement("""
WITH updated AS (
    UPDATE cases AS c SET version = given.version, state_name = given.state_name, state = given.state,
        shop_id = given.shop_id, policy = given.policy, wake_at = given.wake_at, is_ended = given.is_ended,
        opened_at = given.opened_at, moved_at = given.moved_at, mark = given.mark
    FROM {given}
    WHERE c.subject = given.subject AND c.kind = given.kind AND c.case_id = given.case_id
        AND c.version = given.stored_version
    RETURNING 1
) SELECT count(*) FROM updated
""")
TAKE_POSITIONS = "UPDATE cursors SET position = position + $1 WHERE name = 'head' RETURNING position"
INSERT_DEAD = """
INSERT INTO dead_letters (position, at, reason, detail, topic, partition, "offset", key, headers, value,
    event_type, event_source, event_id, subject, kind, case_id, name, message, shop_id, correlation, trace)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
ON CONFLICT DO NOTHING
"""
NOTE_PROGRESS = """
INSERT INTO intake AS i (topic, partition, next_offset, stands_at, mark)
SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::timestamptz[], $5::bigint[])
ON CONFLICT (topic, partition) DO UPDATE SET
    next_offset = GREATEST(i.next_offset, EXCLUDED.next_offset),
    stands_at = GREATEST(i.stands_at, EXCLUDED.stands_at),
    mark = GREATEST(i.mark, EXCLUDED.mark)
"""
KNOWS = """
SELECT NOT EXISTS (
    SELECT FROM unnest($1::text[], $2::int[], $3::bigint[]) AS noted (topic, partition, next_offset)
    LEFT JOIN intake AS i USING (topic, partition)
    WHERE i.next_offset IS NULL OR i.next_offset < noted.next_offset)
"""
DUE_SUBJECTS = """
SELECT subject FROM (
    (SELECT subject, wake_at AS due FROM cases AS c
     WHERE wake_at <= $1 AND kind = ANY ($5::text[]) AND ($4 = 0 OR (mark < $4 AND NOT EXISTS (
         SELECT FROM cases AS newborn
         WHERE newborn.subject = c.subject AND newborn.wake_at <= $1 AND newborn.mark >= $4)))
     ORDER BY wake_at LIMIT $3)
    UNION ALL
    (SELECT subject, due_at FROM waiting
     WHERE due_at <= $1 AND kind = ANY ($5::text[]) ORDER BY due_at LIMIT $3)
    UNION ALL
    (SELECT subject, retry_at FROM waiting
     WHERE retry_at <= $2 AND kind = ANY ($5::text[]) ORDER BY retry_at LIMIT $3)
    UNION ALL
    (SELECT subject, expires_at FROM waiting
     WHERE expires_at <= $1 AND kind = ANY ($5::text[]) ORDER BY expires_at LIMIT $3)
) AS due GROUP BY subject ORDER BY min(due), subject LIMIT $3
"""


class PostgresStore:
    """Reads and writes one service's schema. Every method works inside the caller's transaction."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._kinds = list(registry.kinds)

    async def ensure_partition(self, connection: Connection, parent: str, month: date) -> None:
        """Makes the partition of a month if it is missing."""
        await connection.execute(ENSURE_PARTITION, parent, month)

    async def first_seen(
        self, connection: Connection, entries: Sequence[tuple[date, bytes, int]]
    ) -> tuple[set[bytes], dict[bytes, int]]:
        """Enters events into the inbox. Returns (keys seen for the first time, hashes of the repeats)."""
        entries = sorted(entries)
        new = {row[0] for row in await ARRIVED.fetch(connection, FIRST_SEEN, entries)}
        if len(new) == len(entries):
            return new, {}
        seen = await ARRIVED.fetch_again(connection, SEEN_HASHES, entries)
        return new, {row[0]: row[1] for row in seen if row[0] not in new}

    async def load(self, connection: Connection, subject_ids: Iterable[str]) -> dict[str, Subject]:
        """Locks and loads all cases of the subjects, and the waiting messages.

        Rows of a kind that this release does not know are left alone: another release wrote them.
        """
        subjects = {subject_id: Subject(subject_id) for subject_id in subject_ids}
        names = list(subjects)
        codecs = self._registry.codecs
        for row in await connection.fetch(LOAD_CASES, names):
            subject_id, kind, case_id, version, state_name, state, shop_id, policy, *rest = row
            wake_at, is_ended, opened_at, moved_at, round_number = rest
            if self._is_unknown(kind):
                continue
            case = Case(subject_id, kind, case_id, shop_id)
            subjects[subject_id].cases[kind, case_id] = case
            case.stored_as(codecs[kind], state_name, state, version)
            case.policy, case.wake_at, case.is_ended = policy, wake_at, is_ended
            case.round_number = round_number
            if version:  # one that has decided nothing is not open: its policy is chosen when it is
                case.opened_at, case.moved_at = opened_at, moved_at
        for row in await connection.fetch(LOAD_WAITING, names):
            if self._is_unknown(row["kind"]):
                continue
            subject = subjects[row["subject"]]
            delivery = self._delivery(row)
            if delivery.reason == HELD:
                subject.held.append(delivery)
                continue
            subject.waiting.append(delivery)
            if delivery.reason in {"failed", "parked"}:
                blocked = subject.cases.get((delivery.addressed.kind, delivery.addressed.case_id))
                if blocked is not None:
                    blocked.is_blocked = True
        return subjects

    def _is_unknown(self, kind: str) -> bool:
        if kind in self._registry.kinds:
            return False
        log.warning("rows of an unknown kind are left alone", extra={"kind": kind})
        return True

    def _delivery(self, row: asyncpg.Record) -> Delivery:
        headers: tuple[tuple[str, bytes | None], ...] = ()
        try:
            headers = unpack_headers(row["headers"])
            message = self._registry.codecs[row["kind"]].decode(row["name"], row["message"])
        except Exception:  # noqa: BLE001  it fails its own case, in the engine, and not the batch
            message = Unreadable(row["name"], row["message"])
        origin = None
        if row["topic"] is not None:
            origin = StoredOrigin(
                row["topic"], row["partition"], row["offset"], row["key"], headers, row["value"]
            )
        cause = Cause(
            row["cause_type"], row["cause_source"], row["cause_id"], row["correlation"], row["trace"]
        )
        return Delivery(
            Addressed(row["subject"], row["kind"], row["case_id"], message),
            row["at"], row["shop_id"], cause, origin, row["id"], row["reason"], row["attempts"],
            row["due_at"], row["retry_at"], row["expires_at"], row["error"],
        )  # fmt: skip

    async def save(
        self,
        connection: Connection,
        subjects: Mapping[str, Subject],
        gone: Sequence[int],
        cross_subject: Sequence[Delivery],
        round_number: int,
    ) -> None:
        """Writes changed cases and waiting messages. Raises Conflict where another process was first."""
        changed = [
            case for subject in subjects.values() for case in subject.cases.values() if case.is_changed
        ]
        changed.sort(key=lambda case: (case.subject, case.kind, case.case_id))
        old = [case for case in changed if case.stored_version is not None]
        new = [case for case in changed if case.stored_version is None]
        if old:
            rows = [(*self._case_row(case, round_number), case.stored_version) for case in old]
            updated = await MOVED.fetch(connection, UPDATE_CASES, rows)
            if updated[0][0] != len(old):
                raise Conflict
        if new:
            rows = [self._case_row(case, round_number) for case in new]
            try:
                await CASES.insert(connection, rows)
            except asyncpg.UniqueViolationError as error:
                raise Conflict from error
        deliveries = [
            p for subject in subjects.values() for p in (*subject.waiting, *subject.held) if p.is_changed
        ]
        moved = [p.waiting_id for p in deliveries if p.waiting_id is not None]
        if gone or moved:
            ids = [*gone, *moved]
            if await connection.execute(DELETE_WAITING, ids) != f"DELETE {len(ids)}":
                raise Conflict
        deliveries.extend(cross_subject)
        if deliveries:
            await WAITING.insert(connection, [self._waiting_row(delivery) for delivery in deliveries])

    def _case_row(self, case: Case, round_number: int) -> tuple[Any, ...]:
        name, data = case.stored or self._encoded(case)
        return (
            case.subject, case.kind, case.case_id, case.version, name, data, case.shop_id, case.policy,
            case.wake_at, case.is_ended, case.opened_at or EPOCH, case.moved_at or EPOCH, round_number,
        )  # fmt: skip

    def _encoded(self, case: Case) -> tuple[str, str]:
        return type(case.state).__name__, self._registry.codecs[case.kind].encode(case.state)

    def _waiting_row(self, delivery: Delivery) -> tuple[Any, ...]:
        address, cause, origin = delivery.addressed, delivery.cause, delivery.origin
        place: tuple[Any, ...] = (None,) * 6
        if origin is not None:
            place = (
                origin.topic, origin.partition, origin.offset, origin.key,
                pack_headers(origin.headers), origin.value,
            )  # fmt: skip
        name, message = self._registry.stored(address)
        return (
            address.subject, address.kind, address.case_id, delivery.at, name, message, delivery.shop_id,
            delivery.reason,
            delivery.attempts, delivery.due_at, delivery.retry_at, delivery.expires_at, delivery.error,
            cause.type, cause.source, cause.id, cause.correlation, cause.trace, *place,
        )  # fmt: skip

    async def append(
        self,
        connection: Connection,
        facts: Sequence[FactRecord],
        dead: Sequence[DeadLetter],
        recorded_at: datetime,
    ) -> int:
        """Assigns positions and writes the log, as the last statement of a transaction. Returns the head."""
        count = len(facts) + len(dead)
        head: int | None = await connection.fetchval(TAKE_POSITIONS, count)
        if head is None:
            raise LookupError("the log has no head")
        position = head - count
        if facts:
            rows = [_fact_row(position + number, recorded_at, fact) for number, fact in enumerate(facts, 1)]
            await FACTS.insert(connection, rows)
            position += len(facts)
        if dead:
            await connection.executemany(
                INSERT_DEAD,
                [dead_row(position + number, letter) for number, letter in enumerate(dead, 1)],
            )
        return head

    async def note_progress(
        self,
        connection: Connection,
        positions: Mapping[PartitionId, int],
        watermarks: Mapping[PartitionId, datetime],
        rounds: Mapping[PartitionId, int],
    ) -> None:
        """Writes how far partitions have been read. Offsets, watermarks and rounds never go back."""
        places = sorted(positions.keys() | watermarks.keys())
        if places:
            await connection.execute(
                NOTE_PROGRESS,
                [topic for topic, _ in places],
                [partition for _, partition in places],
                [positions.get(place, 0) for place in places],
                [watermarks.get(place) for place in places],
                [rounds.get(place, 0) for place in places],
            )

    async def note_tasks(self, connection: Connection, changes: TaskChanges) -> None:
        """Writes the questions to people that a batch asked, and drops those that it ended."""
        await note_tasks(connection, changes)

    async def knows(self, connection: Connection, offsets: Mapping[PartitionId, int]) -> bool:
        """Tells whether this database knows that the partitions have been read up to these offsets."""
        known: bool | None = await connection.fetchval(
            KNOWS,
            [place.topic for place in offsets],
            [place.partition for place in offsets],
            list(offsets.values()),
        )
        return bool(known)

    async def due_subjects(
        self, connection: Connection, watermark: datetime, wall_now: datetime, limit: int, round_number: int
    ) -> list[str]:
        """Lists the subjects with something due, the longest due first."""
        return [
            row[0]
            for row in await connection.fetch(
                DUE_SUBJECTS, watermark, wall_now, limit, round_number, self._kinds
            )
        ]


EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _fact_row(position: int, recorded_at: datetime, fact: FactRecord) -> tuple[Any, ...]:
    cause = fact.cause
    return (
        position, recorded_at, fact.subject, fact.kind, fact.case_id, fact.version, fact.name, fact.at,
        fact.data, fact.rules, fact.policy, cause.type, cause.source, cause.id, cause.correlation,
        cause.trace, fact.event_type, fact.event_key, fact.event,
    )  # fmt: skip


def dead_row(position: int, letter: DeadLetter) -> tuple[Any, ...]:
    """Gives the parameters of INSERT_DEAD."""
    origin = letter.origin
    place: tuple[Any, ...] = ("", -1, -1, None, "[]", None)
    if origin is not None:
        place = (
            origin.topic, origin.partition, origin.offset, origin.key,
            pack_headers(origin.headers), origin.value,
        )  # fmt: skip
    return (
        position, letter.at, letter.reason, letter.detail, *place, letter.event_type, letter.event_source,
        letter.event_id, letter.subject, letter.kind, letter.case_id, letter.name, letter.message,
        letter.shop_id, letter.correlation, letter.trace,
    )  # fmt: skip
