"""`chassis.store.store.PostgresStore` over the model of the database.

What each method means is said there; both are held to tests/chassis/store/test_store_contract.py.
"""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, datetime
from typing import Any

import asyncpg

from chassis.engine.records import DeadLetter, FactRecord, PartitionId, StoredOrigin, TaskChanges
from chassis.engine.registry import Registry
from chassis.engine.subject import Case, Delivery, Subject, Unreadable
from chassis.ingest.inbox_keys import month_of
from chassis.store.store import EPOCH, Conflict
from kernel.decider import Addressed
from tests.simulation.database import GONE, Database, Session, Transaction, holds_nul


class SimulatedConnection:
    """The connection that the pool hands out."""

    def __init__(self, database: Database, session: Session) -> None:
        self.database = database
        self.session = session

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction as long as the block."""
        return self.database.transaction(self.session)

    @property
    def current(self) -> Transaction:
        """The open transaction. Raises where there is none: locks would be kept by nobody."""
        self.database.check(self.session)
        if self.session.transaction is None:
            raise AssertionError("this statement belongs into a transaction")
        return self.session.transaction


class SimulatedPool:
    """Connections of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._idle: list[Session] = []

    @asynccontextmanager
    async def acquire(self) -> AsyncGenerator[SimulatedConnection]:
        """A live connection for as long as the block."""
        await self._database.world.step("acquire")
        while self._idle and self._idle[-1].is_closed:
            self._idle.pop()
        session = self._idle.pop() if self._idle else self._database.connect()
        try:
            yield SimulatedConnection(self._database, session)
        finally:
            if not session.is_closed:
                self._idle.append(session)


class SimulatedStore:
    """`chassis.store.store.PostgresStore` over the model."""

    def __init__(self, registry: Registry, database: Database) -> None:
        self._registry = registry
        self._database = database

    async def ensure_partition(self, connection: SimulatedConnection, parent: str, month: date) -> None:
        await self._database.ask(connection.session, "ensure_partition")
        if parent not in {"facts", "inbox"} or month.day != 1:
            raise asyncpg.RaiseError(f"no partition of {parent} for {month}")
        self._database.tables["partitions"][parent, month] = True

    def _check_partition(self, parent: str, month: date) -> None:
        if (parent, month) not in self._database.tables["partitions"]:
            raise asyncpg.CheckViolationError(f'no partition of relation "{parent}" found for row')

    async def first_seen(
        self, connection: SimulatedConnection, entries: Sequence[tuple[date, bytes, int]]
    ) -> tuple[set[bytes], dict[bytes, int]]:
        database, session = self._database, connection.session
        await database.ask(session, "insert inbox")
        transaction = connection.current
        new: set[bytes] = set()
        old: dict[bytes, int] = {}
        for month, key, body_hash in sorted(entries):
            self._check_partition("inbox", month)
            await database.lock(transaction, "inbox", (month, key))
            known = database.row(transaction, "inbox", (month, key))
            if known is None:
                transaction.writes["inbox"][month, key] = body_hash
                new.add(key)
            else:
                old[key] = known
        if old:
            await database.ask(session, "select inbox")
        return new, old

    async def load(self, connection: SimulatedConnection, subject_ids: Iterable[str]) -> dict[str, Subject]:
        database, session = self._database, connection.session
        subjects = {subject: Subject(subject) for subject in subject_ids}
        await database.ask(session, "lock cases")
        transaction = connection.current
        keys = {key for name in subjects for key in database.subjects.get(name, ())}
        keys |= {key for key in transaction.writes["cases"] if key[0] in subjects}
        for key in sorted(keys):
            await database.lock(transaction, "cases", key)
            row = database.row(transaction, "cases", key)
            subjects[key[0]].cases[key[1], key[2]] = self._case(key, row)
        await database.ask(session, "select waiting")
        rows = [row for row in database.rows(transaction, "waiting").values() if row["subject"] in subjects]
        for row in sorted(rows, key=lambda row: (row["at"], row["id"])):
            subject = subjects[row["subject"]]
            delivery = self._delivery(row)
            if delivery.reason == "horizon":
                subject.held.append(delivery)
                continue
            subject.waiting.append(delivery)
            blocked = subject.cases.get((delivery.addressed.kind, delivery.addressed.case_id))
            if delivery.reason in {"failed", "parked"} and blocked is not None:
                blocked.is_blocked = True
        return subjects

    def _case(self, key: tuple[str, str, str], row: Mapping[str, Any]) -> Case:
        case = Case(*key, row["shop_id"])
        case.stored_as(self._registry.codecs[key[1]], row["state_name"], row["state"], row["version"])
        case.policy, case.wake_at, case.is_ended = row["policy"], row["wake_at"], row["is_ended"]
        case.round_number = row["mark"]
        if case.version:
            case.opened_at, case.moved_at = row["opened_at"], row["moved_at"]
        return case

    def _delivery(self, row: Mapping[str, Any]) -> Delivery:
        try:
            message = self._registry.codecs[row["kind"]].decode(row["name"], row["message"])
        except Exception:  # noqa: BLE001  it fails its own case, in the engine, and not the batch
            message = Unreadable(row["name"], row["message"])
        return Delivery(
            Addressed(row["subject"], row["kind"], row["case_id"], message),
            row["at"], row["shop_id"], row["cause"], row["origin"], row["id"], row["reason"],
            row["attempts"], row["due_at"], row["retry_at"], row["expires_at"], row["error"],
        )  # fmt: skip

    async def save(
        self,
        connection: SimulatedConnection,
        subjects: Mapping[str, Subject],
        gone: Sequence[int],
        cross_subject: Sequence[Delivery],
        round_number: int,
    ) -> None:
        changed = [
            case for subject in subjects.values() for case in subject.cases.values() if case.is_changed
        ]
        changed.sort(key=lambda case: (case.subject, case.kind, case.case_id))
        await self._update(connection, [c for c in changed if c.stored_version is not None], round_number)
        await self._insert(connection, [c for c in changed if c.stored_version is None], round_number)
        deliveries = [
            p for subject in subjects.values() for p in (*subject.waiting, *subject.held) if p.is_changed
        ]
        moved = [delivery.waiting_id for delivery in deliveries if delivery.waiting_id is not None]
        await self._delete(connection, [*gone, *moved])
        deliveries.extend(cross_subject)
        if deliveries:
            await self._database.ask(connection.session, "copy waiting")
            transaction = connection.current
            for delivery in deliveries:
                self._database.last_waiting_id += 1
                row = self._waiting_row(delivery, self._database.last_waiting_id)
                transaction.writes["waiting"][row["id"]] = row

    async def _update(
        self, connection: SimulatedConnection, cases: Sequence[Case], round_number: int
    ) -> None:
        if not cases:
            return
        database = self._database
        await database.ask(connection.session, "update cases")
        transaction = connection.current
        for case in cases:
            key = case.subject, case.kind, case.case_id
            await database.lock(transaction, "cases", key)
            stored = database.row(transaction, "cases", key)
            if not self._may_update(stored, case):
                raise Conflict
            transaction.writes["cases"][key] = self._case_row(case, round_number)

    def _may_update(self, stored: Mapping[str, Any] | None, case: Case) -> bool:
        """The fence: nobody has moved the case since it was loaded."""
        return stored is not None and stored["version"] == case.stored_version

    async def _insert(
        self, connection: SimulatedConnection, cases: Sequence[Case], round_number: int
    ) -> None:
        if not cases:
            return
        database = self._database
        await database.ask(connection.session, "insert cases")
        transaction = connection.current
        for case in cases:
            key = case.subject, case.kind, case.case_id
            if holds_nul(key):
                raise asyncpg.CharacterNotInRepertoireError("simulated: NUL in a text")
            await database.lock(transaction, "cases", key)
            if database.row(transaction, "cases", key) is not None:
                raise Conflict
            transaction.writes["cases"][key] = self._case_row(case, round_number)

    async def _delete(self, connection: SimulatedConnection, ids: Sequence[int]) -> None:
        if not ids:
            return
        database = self._database
        await database.ask(connection.session, "delete waiting")
        transaction = connection.current
        for waiting_id in ids:
            await database.lock(transaction, "waiting", waiting_id)
            if database.row(transaction, "waiting", waiting_id) is None:
                raise Conflict
            transaction.writes["waiting"][waiting_id] = GONE

    def _case_row(self, case: Case, round_number: int) -> dict[str, Any]:
        codec = self._registry.codecs[case.kind]
        name, state = case.stored or (type(case.state).__name__, codec.encode(case.state))
        return {
            "version": case.version, "state_name": name, "state": state, "shop_id": case.shop_id,
            "policy": case.policy, "wake_at": case.wake_at, "is_ended": case.is_ended,
            "opened_at": case.opened_at or EPOCH, "moved_at": case.moved_at or EPOCH, "mark": round_number,
        }  # fmt: skip

    def _waiting_row(self, delivery: Delivery, waiting_id: int) -> dict[str, Any]:
        address, origin = delivery.addressed, delivery.origin
        name, message = self._registry.stored(address)
        kept = None
        if origin is not None:
            kept = StoredOrigin(
                origin.topic, origin.partition, origin.offset, origin.key, tuple(origin.headers), origin.value
            )
        return {
            "id": waiting_id, "subject": address.subject, "kind": address.kind, "case_id": address.case_id,
            "at": delivery.at, "name": name, "message": message, "shop_id": delivery.shop_id,
            "reason": delivery.reason, "attempts": delivery.attempts, "due_at": delivery.due_at,
            "retry_at": delivery.retry_at, "expires_at": delivery.expires_at, "error": delivery.error,
            "cause": delivery.cause, "origin": kept,
        }  # fmt: skip

    async def append(
        self,
        connection: SimulatedConnection,
        facts: Sequence[FactRecord],
        dead: Sequence[DeadLetter],
        recorded_at: datetime,
    ) -> int:
        database, session = self._database, connection.session
        await database.ask(session, "take positions")
        transaction = connection.current
        await database.lock(transaction, "cursors", "head")
        row: tuple[int, str | None, float] = database.row(transaction, "cursors", "head")
        position, holder, until = row
        head = position + len(facts) + len(dead)
        transaction.writes["cursors"]["head"] = head, holder, until
        if facts:
            await database.ask(session, "copy facts")
            self._check_partition("facts", month_of(recorded_at))
            for fact in facts:
                position += 1
                transaction.writes["facts"][position] = fact
        if dead:
            await database.ask(session, "insert dead letters")
            for letter in dead:
                position += 1
                self._bury(transaction, position, letter)
        return head

    def _bury(self, transaction: Transaction, position: int, letter: DeadLetter) -> None:
        origin = letter.origin
        place = None
        if origin is not None and not letter.kind:
            place = origin.topic, origin.partition, origin.offset
            for known, _ in self._database.rows(transaction, "dead").values():
                if known == place:
                    return
        transaction.writes["dead"][position] = place, letter

    async def note_progress(
        self,
        connection: SimulatedConnection,
        positions: Mapping[PartitionId, int],
        watermarks: Mapping[PartitionId, datetime],
        rounds: Mapping[PartitionId, int],
    ) -> None:
        places = sorted(positions.keys() | watermarks.keys())
        if not places:
            return
        database = self._database
        await database.ask(connection.session, "note intake")
        transaction = connection.current
        for place in places:
            await database.lock(transaction, "intake", place)
            offset, watermark, round_number = database.row(transaction, "intake", place) or (0, None, 0)
            new = watermarks.get(place)
            transaction.writes["intake"][place] = (
                max(offset, positions.get(place, 0)),
                new if watermark is None or (new is not None and new > watermark) else watermark,
                max(round_number, rounds.get(place, 0)),
            )

    async def note_tasks(self, connection: SimulatedConnection, changes: TaskChanges) -> None:
        if not changes.asked and not changes.ended:
            return
        await self._database.ask(connection.session, "note tasks")
        transaction = connection.current
        for task in changes.asked:
            await self._database.lock(transaction, "tasks", task.key)
            transaction.writes["tasks"][task.key] = task
        for key in changes.ended:
            await self._database.lock(transaction, "tasks", key)
            transaction.writes["tasks"][key] = GONE

    async def knows(self, connection: SimulatedConnection, offsets: Mapping[PartitionId, int]) -> bool:
        database = self._database
        await database.ask(connection.session, "select intake")
        transaction = connection.session.transaction
        rows = {place: database.row(transaction, "intake", place) for place in offsets}
        return all(row is not None and row[0] >= offsets[place] for place, row in rows.items())

    async def due_subjects(
        self,
        connection: SimulatedConnection,
        watermark: datetime,
        wall_now: datetime,
        limit: int,
        round_number: int,
    ) -> list[str]:
        await self._database.ask(connection.session, "select due")
        transaction = connection.session.transaction
        due: list[list[tuple[datetime, str]]] = [
            self._due_cases(transaction, watermark, round_number),
            *([], [], []),
        ]
        for row in self._database.rows(transaction, "waiting").values():
            for number, name, until in (
                (1, "due_at", watermark),
                (2, "retry_at", wall_now),
                (3, "expires_at", watermark),
            ):
                if row[name] is not None and row[name] <= until:
                    due[number].append((row[name], row["subject"]))
        earliest: dict[str, datetime] = {}
        for part in due:
            for at, subject in sorted(part)[:limit]:
                earliest[subject] = min(at, earliest.get(subject, at))
        return [subject for _, subject in sorted((at, subject) for subject, at in earliest.items())[:limit]]

    def _due_cases(
        self, transaction: Transaction | None, watermark: datetime, round_number: int
    ) -> list[tuple[datetime, str]]:
        rows = self._database.rows(transaction, "cases")
        due = [
            (key, row)
            for key, row in rows.items()
            if row["wake_at"] is not None and row["wake_at"] <= watermark
        ]
        newborn = {key[0] for key, row in due if round_number and row["mark"] >= round_number}
        return [(row["wake_at"], key[0]) for key, row in due if key[0] not in newborn]
