"""Processes a batch in one transaction: drops duplicates, runs the rules, writes cases and facts.

Events and everything due (deadlines, retries, cross-subject deliveries) take the same way. A transient
failure of the database is retried with growing pauses. A batch with a record that the database can never hold
is halved until that record is found; the record becomes a dead letter.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol, TypeVar

from aftersales_contracts.envelope import Envelope
from aftersales_contracts.reasons import Reason
from chassis import clock
from chassis.engine.engine import Engine, Limits
from chassis.engine.failures import describe
from chassis.engine.records import Cause, DeadLetter, Origin, PartitionId
from chassis.engine.registry import Registry
from chassis.engine.subject import Subject
from chassis.ingest.claimed import claimed
from chassis.ingest.decoder import REUSED_ID, Accepted, Arrival, Rejected
from chassis.observe.tracing import Decision, Tracer
from chassis.publish.log_tail import LogTail
from chassis.runtime.open_tasks import task_changes
from chassis.runtime.ports import Pool, Store
from chassis.store.store import TRANSIENT, UNSTORABLE, Conflict, DatabaseBehind, concerns_all
from chassis.store.watermarks import BEGINNING, END

log = logging.getLogger(__name__)

T = TypeVar("T")


class SubjectStuck(Exception):
    """The code itself, not a rule, fails on something due for one subject."""

    def __init__(self, subject: str) -> None:
        super().__init__(subject)
        self.subject = subject


NOT_STORABLE = Rejected(Reason.NOT_STORABLE, "the database cannot hold a value of it")


@dataclass(slots=True)
class BatchProgress:
    """Progress of reading, written with a batch."""

    positions: Mapping[PartitionId, int] = field(default_factory=dict[PartitionId, int])
    watermarks: Mapping[PartitionId, datetime] = field(default_factory=dict[PartitionId, datetime])
    rounds: Mapping[PartitionId, int] = field(default_factory=dict[PartitionId, int])
    round_number: int = 0
    """In a replay: the round that these records belong to."""
    learned: Mapping[PartitionId, int] = field(default_factory=dict[PartitionId, int])
    """Offsets that the database knew when the partitions were assigned."""


class Metrics(Protocol):
    """Takes the counts of a batch processor, once per batch."""

    def handled(self, service: str, arrivals: Sequence[Arrival], repeats: int, seconds: float) -> None: ...
    def decided(self, engine: Engine, wall_now: datetime) -> None: ...
    def dead(self, reason: str, count: int = 1) -> None: ...
    def retried(self, error: BaseException) -> None: ...


class BatchProcessor:
    """Runs batches. Events and due subjects may run side by side, as in two replicas.

    Rows are locked in one order. While one batch waits for the database another is decided.
    """

    def __init__(
        self,
        registry: Registry,
        store: Store,
        pool: Pool,
        limits: Limits,
        metrics: Metrics,
        on_commit: Callable[[], None],
        log_tail: LogTail | None = None,
    ) -> None:
        self._registry = registry
        self._store = store
        self._pool = pool
        self._limits = limits
        self._metrics = metrics
        self._on_commit = on_commit
        self._log_tail = log_tail
        self._stuck: set[str] = set()
        self._noted: dict[PartitionId, int] = {}
        """Offsets that the database has confirmed."""
        self._months: set[tuple[str, date]] = set()
        self.watermark = BEGINNING
        """Watermark of the service, as last known."""
        self.round_number = 0
        """In a replay: the last round that all replicas have handled."""
        self.tracer: Tracer | None = None
        self.stored_watermark: Callable[[Any], Awaitable[datetime]] | None = None
        """Deadlines after this moment wait; read per transaction."""

    def forget(self) -> None:
        """Forgets everything about the database: it is another one, or was restored to an earlier state."""
        self._noted.clear()
        self.watermark = BEGINNING
        if self._log_tail is not None:
            self._log_tail.clear()

    def translate(self, record: Origin, verdict: Accepted | Rejected) -> Arrival:
        """Translates an event into messages. A reader that raises rejects the record."""
        if isinstance(verdict, Rejected):
            return Arrival(record, verdict)
        data = verdict.received.data
        try:
            return Arrival(record, verdict, self._registry.service.reads[type(data)](data))
        except Exception as error:  # noqa: BLE001  it concerns its own record only
            return Arrival(record, Rejected(Reason.RULE_FAILED, describe(error)))

    @property
    def left_alone_count(self) -> int:
        """Counts the subjects that no code can wake."""
        return len(self._stuck)

    async def process(self, arrivals: Sequence[Arrival], progress: BatchProgress, read_to: datetime) -> None:
        """Processes events in order; returns when the whole batch is committed.

        `read_to` is the watermark of the service with this release. Raises DatabaseBehind, with nothing
        written: committed input must be read again.
        """
        await self._retry(lambda: self._process(arrivals, progress, read_to))

    async def _process(self, arrivals: Sequence[Arrival], progress: BatchProgress, read_to: datetime) -> None:
        await self._partitions(arrivals)
        await self._bisect(arrivals, progress, read_to)

    async def fire_due(self, limit: int) -> int:
        """Fires everything that is due by the watermark. Returns the number of subjects.

        A subject that no code can handle (a defect, not a failing rule) is left alone until the process
        restarts, so that it holds up no other. Raises DatabaseBehind, with nothing written.
        """
        try:
            return await self._retry(lambda: self._fire_due(limit))
        except SubjectStuck as error:
            log.exception("a subject cannot be woken", extra={"error": type(error.__cause__).__name__})
            self._stuck.add(error.subject)
            return 1

    async def _fire_due(self, limit: int) -> int:
        await self._partitions(())
        try:
            return await self._fire_once(limit)
        except Exception as error:
            if concerns_all(error):
                raise
        # Something in it fails for good: one at a time, until the culprit is alone.
        return await self._fire_once(1)

    async def _retry(self, action: Callable[[], Awaitable[T]]) -> T:
        """Retries until the database takes the batch: growing pauses, no end, nothing lost."""
        attempt = 0
        while True:
            try:
                return await action()
            except SubjectStuck:
                raise
            except DatabaseBehind as error:
                self._metrics.retried(error)
                raise
            except Exception as error:
                attempt += 1
                self._metrics.retried(error)
                if not isinstance(error, TRANSIENT):
                    log.exception("a batch failed", extra={"attempt": attempt})
                pause = 0.01
                if not isinstance(error, Conflict):
                    pause = 0.1
                    self._months.clear()  # they may be what the database has lost
                await asyncio.sleep(clock.growing(attempt, pause, 10.0))

    async def _bisect(self, arrivals: Sequence[Arrival], progress: BatchProgress, read_to: datetime) -> None:
        """Processes in one transaction. A record that can never be handled is found by bisection."""
        try:
            await self._process_once(arrivals, progress, read_to)
        except Exception as error:
            if concerns_all(error):
                raise
            if len(arrivals) > 1:
                half = len(arrivals) // 2
                await self._bisect(
                    arrivals[:half], BatchProgress(round_number=progress.round_number), read_to
                )
                await self._bisect(arrivals[half:], progress, read_to)
                return
            if not arrivals or isinstance(arrivals[0].verdict, Rejected):
                raise
            self._metrics.retried(error)
            verdict = NOT_STORABLE
            if not isinstance(error, UNSTORABLE):
                verdict = Rejected(Reason.RULE_FAILED, describe(error))
            await self._process_once([Arrival(arrivals[0].record, verdict)], progress, read_to)

    async def _process_once(
        self, arrivals: Sequence[Arrival], progress: BatchProgress, read_to: datetime
    ) -> None:
        began = clock.stopwatch()
        wall_now = clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            stored = await self._check(connection, progress.learned)
            fresh, dead, repeats = await self._fresh(connection, arrivals, wall_now)
            engine = await self._handle(connection, fresh, read_to, stored, wall_now, progress.round_number)
            dead += engine.dead
            spans = self._spans(engine, wall_now)
            head = await self._write(connection, engine, dead, progress, wall_now, fresh)
        self._note(progress.positions)
        self._committed(head, engine, dead, spans)
        self._metrics.handled(self._registry.service.name, arrivals, repeats, clock.stopwatch() - began)
        self._metrics.decided(engine, wall_now)
        reused = sum(letter.reason == Reason.ID_REUSED for letter in dead)
        if reused:
            self._metrics.dead(Reason.ID_REUSED, reused)

    async def _fresh(
        self, connection: Any, arrivals: Sequence[Arrival], wall_now: datetime
    ) -> tuple[list[Arrival], list[DeadLetter], int]:
        """Splits a batch: new events, dead letters of the rest, number of repeats."""
        entries: dict[bytes, tuple[date, bytes, int]] = {}
        for arrival in arrivals:
            verdict = arrival.verdict
            if isinstance(verdict, Accepted):
                entries.setdefault(verdict.inbox_key, (verdict.month, verdict.inbox_key, verdict.body_hash))
        hashes: dict[bytes, int] = {}
        new: set[bytes] = set()
        if entries:
            new, hashes = await self._store.first_seen(connection, list(entries.values()))
        fresh: list[Arrival] = []
        dead: list[DeadLetter] = []
        repeats = 0
        for arrival in arrivals:
            verdict = arrival.verdict
            if isinstance(verdict, Rejected):
                dead.append(_dead(arrival, verdict.reason, verdict.detail, wall_now))
            elif verdict.inbox_key in new:
                new.discard(verdict.inbox_key)
                hashes[verdict.inbox_key] = verdict.body_hash
                fresh.append(arrival)
            elif hashes[verdict.inbox_key] == verdict.body_hash:
                repeats += 1
            else:
                dead.append(_dead(arrival, Reason.ID_REUSED, REUSED_ID, wall_now))
        return fresh, dead, repeats

    async def _handle(
        self,
        connection: Any,
        fresh: Sequence[Arrival],
        read_to: datetime,
        stored: datetime,
        wall_now: datetime,
        round_number: int,
    ) -> Engine:
        subject_ids = {a.subject for arrival in fresh for a in arrival.addressed}
        subjects: dict[str, Subject] = {}
        if subject_ids:
            subjects = await self._store.load(connection, subject_ids)
        watermark, read_to = min(self.watermark, stored), min(read_to, stored)
        engine = Engine(self._registry, subjects, watermark, wall_now, self._limits, round_number)
        for arrival in fresh:
            verdict = arrival.verdict
            if isinstance(verdict, Accepted) and arrival.addressed:
                received = verdict.received
                shop_id = getattr(received.data, "shop_id", "")
                cause = _cause(received.envelope)
                engine.arrive(arrival.addressed, received.at, shop_id, cause, arrival.record, read_to)
        return engine

    async def _fire_once(self, limit: int) -> int:
        wall_now = clock.now()
        async with self._pool.acquire() as connection:
            watermark = self.watermark
            subject_ids = await self._due(connection, watermark, wall_now, limit)
            if subject_ids:
                watermark = min(watermark, await self._check(connection, {}))
            if watermark < self.watermark:
                subject_ids = await self._due(connection, watermark, wall_now, limit)
            if not subject_ids:
                return 0
            try:
                async with connection.transaction():
                    engine, head, spans = await self._fire_subjects(
                        connection, subject_ids, watermark, wall_now
                    )
            except Exception as error:
                if len(subject_ids) > 1 or concerns_all(error):
                    raise
                raise SubjectStuck(subject_ids[0]) from error
        self._committed(head, engine, engine.dead, spans)
        self._metrics.decided(engine, wall_now)
        return len(subject_ids)

    async def _due(
        self, connection: Any, watermark: datetime, wall_now: datetime, limit: int
    ) -> Sequence[str]:
        wanted = limit + len(self._stuck)
        found = await self._store.due_subjects(connection, watermark, wall_now, wanted, self.round_number)
        return [subject for subject in found if subject not in self._stuck][:limit]

    async def _check(self, connection: Any, learned: Mapping[PartitionId, int]) -> datetime:
        """Checks that the database was not restored to an earlier state. Returns the stored watermark."""
        self._note(learned)
        if self._noted and not await self._store.knows(connection, self._noted):
            raise DatabaseBehind
        return END if self.stored_watermark is None else await self.stored_watermark(connection)

    def _note(self, offsets: Mapping[PartitionId, int]) -> None:
        for partition_id, offset in offsets.items():
            if offset > self._noted.get(partition_id, 0):
                self._noted[partition_id] = offset

    def _spans(self, engine: Engine, wall_now: datetime) -> Sequence[Decision]:
        """Makes the spans of a batch before it is written: the facts carry the spans' ids."""
        return () if self.tracer is None else self.tracer.decided(engine.facts, wall_now)

    def _committed(
        self, head: int, engine: Engine, dead: Sequence[DeadLetter], spans: Sequence[Decision]
    ) -> None:
        if self._log_tail is not None and engine.facts and not dead:
            self._log_tail.add(head, engine.facts)
        self._on_commit()
        if self.tracer is not None:
            self.tracer.committed(spans)

    async def _fire_subjects(
        self, connection: Any, subject_ids: Sequence[str], watermark: datetime, wall_now: datetime
    ) -> tuple[Engine, int, Sequence[Decision]]:
        subjects = await self._store.load(connection, subject_ids)
        engine = Engine(self._registry, subjects, watermark, wall_now, self._limits, self.round_number)
        for subject_id in subject_ids:
            engine.fire_due(subject_id)
        spans = self._spans(engine, wall_now)
        head = await self._write(connection, engine, engine.dead, BatchProgress(), wall_now)
        return engine, head, spans

    async def _write(
        self,
        connection: Any,
        engine: Engine,
        dead: Sequence[DeadLetter],
        progress: BatchProgress,
        wall_now: datetime,
        fresh: Sequence[Arrival] = (),
    ) -> int:
        """Writes a batch. Returns the head of the log, or 0 where nothing was appended."""
        await self._store.save(
            connection, engine.subjects, engine.gone, engine.cross_subject, engine.round_number
        )
        await self._store.note_progress(connection, progress.positions, progress.watermarks, progress.rounds)
        await self._store.note_tasks(connection, task_changes(engine.facts, fresh))
        if not engine.facts and not dead:
            return 0
        return await self._store.append(connection, engine.facts, dead, wall_now)

    async def _partitions(self, arrivals: Sequence[Arrival]) -> None:
        """Makes the month partitions of a batch before its transaction, and next month's in advance."""
        wanted = {("facts", month) for month in _this_and_next_month(clock.now())}
        for arrival in arrivals:
            if isinstance(arrival.verdict, Accepted):
                wanted.add(("inbox", arrival.verdict.month))
        missing = wanted - self._months
        if missing:
            async with self._pool.acquire() as connection:
                for parent, month in sorted(missing):
                    await self._store.ensure_partition(connection, parent, month)
            self._months |= missing


def _this_and_next_month(now: datetime) -> tuple[date, date]:
    first = now.date().replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1)


def _cause(envelope: Envelope) -> Cause:
    correlation = envelope.correlationid or envelope.subject
    return Cause(envelope.type, envelope.source, envelope.id, correlation, envelope.traceparent)


def _dead(arrival: Arrival, reason: Reason, detail: str, wall_now: datetime) -> DeadLetter:
    verdict = arrival.verdict
    if isinstance(verdict, Rejected):
        return DeadLetter(wall_now, reason, detail, arrival.record, *claimed(arrival.record))
    envelope = verdict.received.envelope
    return DeadLetter(
        wall_now, reason, detail, arrival.record,
        envelope.type, envelope.source, envelope.id, envelope.subject,
    )  # fmt: skip
