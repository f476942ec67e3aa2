"""Drives the services through event time by clock marks, as fast as they can decide.

A tick publishes what happened until its moment, then a mark on every partition that a service reads, and
waits until all services are quiet. What they announced is answered by the outside; answers of the same
tick, and outcomes that another service reads, take a further round with a mark of the same moment.
Nothing depends on the machine's clock or on the order in which processes run.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from aftersales_contracts.clock import ClockMarkedV1
from aftersales_contracts.envelope import Envelope, read, write
from aftersales_contracts.registry import encode
from aftersales_contracts.topics import TOPICS
from chassis.clock import monotonic
from chassis.kafka_client import close
from simulator.gauge import Gauge
from simulator.outcomes import Announced
from simulator.outside import Outside, Silence
from simulator.records import Record, announce

MARK_TYPE = ClockMarkedV1.TYPE
OUTCOME_TOPICS = [topic.name for topic in TOPICS.values() if topic.side == "out"]
LOOK_AGAIN_SECONDS = 0.01
FETCH_WAIT_MS = 1_000
PATIENCE_SECONDS = 120.0
"""Without any progress of the services for so long, a run is given up."""
ROUND_LIMIT = 500
IN_FLIGHT_LIMIT = 2_000
DAY = timedelta(days=1)


class DriverError(Exception):
    """The run cannot go on; the text says what did not happen."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is, after a round."""

    at: datetime
    published_count: int
    answered_count: int
    outcome_count: int
    tick_count: int
    round_count: int


@dataclass(slots=True)
class _Totals:
    published: int = 0
    answered: int = 0
    outcomes: int = 0
    ticks: int = 0
    rounds: int = 0
    by_type: dict[str, int] = field(default_factory=dict[str, int])


def partitions_of(topics: Iterable[str]) -> list[TopicPartition]:
    """Every partition of these topics."""
    return [TopicPartition(name, n) for name in topics for n in range(TOPICS[name].partitions)]


def mark_record(sequence: int, at: datetime) -> tuple[bytes, list[tuple[str, bytes]], bytes]:
    """Key, headers and value of one clock mark."""
    data = ClockMarkedV1(mark_at=at, sequence_count=sequence)
    envelope = Envelope(f"mark.{sequence}", "aftersales/driver", MARK_TYPE, at, data.subject_of())
    return write(envelope, encode(data))


class Driver:
    """One run. Use as an async context manager.

    Only outcomes of a type that some service reads make a further round needed.
    `on_outcome` sees every outcome in order of (time, source, id) within its round; `on_progress`
    every round.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        gauge: Gauge,
        *,
        outside: Outside | None = None,
        on_outcome: Callable[[Announced], object] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        is_alive: Callable[[], Awaitable[None]] | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._gauge = gauge
        self._outside: Outside = outside or Silence()
        self._heard = gauge.heard
        self._on_outcome = on_outcome
        self._on_progress = on_progress
        self._is_alive = is_alive
        self._patience_seconds = patience_seconds
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers,
            enable_idempotence=True,
            linger_ms=2,
            max_batch_size=256 * 1024,
            max_request_size=4 * 1024 * 1024,
        )
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap_servers, enable_auto_commit=False, fetch_max_wait_ms=FETCH_WAIT_MS
        )
        # Asks where topics end, over a connection on which no fetch waits for records.
        self._looker = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False)
        self._due: list[tuple[datetime, str, str, int, Record]] = []
        self._scheduled_count = 0
        self._sequence = 0
        self._totals = _Totals()
        self.at = datetime(1970, 1, 1, tzinfo=UTC)

    async def __aenter__(self) -> Self:
        await self._producer.start()
        await self._consumer.start()
        await self._looker.start()
        partitions = partitions_of(OUTCOME_TOPICS)
        self._consumer.assign(partitions)
        await self._consumer.seek_to_end(*partitions)
        for partition in partitions:
            await self._consumer.position(partition)
        self._sequence = await self._gauge.last_mark()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._producer.stop()
        await close(self._consumer)
        await close(self._looker)

    @property
    def published_by_type(self) -> dict[str, int]:
        """Number of records published, by type; answers included, marks not."""
        return dict(sorted(self._totals.by_type.items()))

    @property
    def answered_count(self) -> int:
        """Number of records among those published that answered an outcome."""
        return self._totals.answered

    def schedule(self, record: Record) -> None:
        """Publishes a record in the tick that reaches its moment."""
        self._scheduled_count += 1
        heapq.heappush(self._due, (*record.order, self._scheduled_count, record))

    async def tick(self, to: datetime) -> list[Announced]:
        """Goes to `to` and returns what was announced on the way, in order of round, time, source, id."""
        if to < self.at:
            raise ValueError(f"time does not go back from {self.at} to {to}")
        self.at = to
        self._totals.ticks += 1
        announced: list[Announced] = []
        for _ in range(ROUND_LIMIT):
            await self._publish(self._take_due(to))
            await self._mark(to)
            outcomes = await self._collect()
            announced.extend(outcomes)
            self._answer(outcomes)
            self._tell_progress()
            if not (self._is_heard(outcomes) or await self._is_due(to)):
                return announced
        raise DriverError(f"the services still have something to say at {to} after {ROUND_LIMIT} rounds")

    async def run(
        self, records: Iterable[Record], *, tick: timedelta, rest: timedelta = timedelta(days=60)
    ) -> None:
        """Plays the records (in order of `at`), then on until nothing is due or `rest` has passed.

        Ticks end on multiples of `tick` since 1970; spans in which nothing is due are skipped.
        """
        source = iter(records)
        head = next(source, None)
        end: datetime | None = None
        while True:
            moment = await self._next_moment(head)
            if head is None and end is None:
                end = self.at + rest
            if moment is None or (end is not None and moment > end):
                return
            to = _grid_after(max(moment, self.at), tick)
            head = self._schedule_until(to, head, source)
            await self.tick(to)

    def _schedule_until(self, to: datetime, head: Record | None, source: Iterator[Record]) -> Record | None:
        while head is not None and head.at <= to:
            self.schedule(head)
            head = next(source, None)
        return head

    async def _next_moment(self, head: Record | None) -> datetime | None:
        moments = [head.at] if head is not None else []
        if self._due:
            moments.append(self._due[0][0])
        wake = await self._gauge.next_wake()
        if wake is not None:
            moments.append(wake)
        return min(moments, default=None)

    async def _is_due(self, to: datetime) -> bool:
        """Whether an answer, or a deadline that only now came about, falls into the tick."""
        if self._due and self._due[0][0] <= to:
            return True
        wake = await self._gauge.next_wake()
        return wake is not None and wake <= to

    def _take_due(self, to: datetime) -> list[Record]:
        taken: list[Record] = []
        while self._due and self._due[0][0] <= to:
            taken.append(heapq.heappop(self._due)[-1])
        return taken

    async def _publish(self, records: Sequence[Record]) -> None:
        for start in range(0, len(records), IN_FLIGHT_LIMIT):
            sent = [
                await self._producer.send(
                    record.topic, record.value, key=record.key, headers=list(record.headers)
                )
                for record in records[start : start + IN_FLIGHT_LIMIT]
            ]
            await asyncio.gather(*sent)
        for record in records:
            self._totals.by_type[record.type] = self._totals.by_type.get(record.type, 0) + 1
        self._totals.published += len(records)

    async def _mark(self, at: datetime) -> None:
        self._sequence += 1
        self._totals.rounds += 1
        key, headers, value = mark_record(self._sequence, at)
        sent: list[Any] = []
        for place in partitions_of(self._gauge.topics):
            batch = self._producer.create_batch()
            batch.append(key=key, value=value, headers=headers, timestamp=None)
            batch.close()
            sent.append(await self._producer.send_batch(batch, place.topic, partition=place.partition))
        await asyncio.gather(*sent)
        await self._wait_quiet()

    async def _wait_quiet(self) -> None:
        give_up_at = monotonic() + self._patience_seconds
        while not await self._gauge.is_quiet(self._sequence):
            if self._is_alive is not None:
                await self._is_alive()
            if monotonic() > give_up_at:
                raise DriverError(
                    f"the services did not finish mark {self._sequence} ({self.at:%Y-%m-%d %H:%M} UTC)"
                    f" in {self._patience_seconds:.0f} s"
                )
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _collect(self) -> list[Announced]:
        """Everything announced since the last look, in order of (time, source, id)."""
        partitions = partitions_of(OUTCOME_TOPICS)
        ends = await self._looker.end_offsets(partitions)
        behind = {p: end for p, end in ends.items() if await self._consumer.position(p) < end}
        outcomes: list[Announced] = []
        while behind:
            batches = await self._consumer.getmany(*behind, timeout_ms=1_000)
            for messages in batches.values():
                for message in messages:
                    envelope, data = read(message.key, message.headers, message.value)
                    if envelope.type != MARK_TYPE:
                        outcomes.append(Announced(envelope, data))
            behind = {p: end for p, end in behind.items() if await self._consumer.position(p) < end}
        outcomes.sort(key=lambda outcome: outcome.order)
        self._totals.outcomes += len(outcomes)
        return outcomes

    def _answer(self, outcomes: Sequence[Announced]) -> None:
        for outcome in outcomes:
            if self._on_outcome is not None:
                self._on_outcome(outcome)
            for reply in self._outside.answer(outcome):
                self._totals.answered += 1
                self.schedule(
                    announce(
                        reply.data,
                        at=outcome.envelope.time + reply.delay,
                        source=reply.source,
                        event_id=reply.id,
                        correlation_id=outcome.envelope.correlationid,
                        causation_id=outcome.envelope.id,
                    )
                )

    def _is_heard(self, outcomes: Sequence[Announced]) -> bool:
        return any(outcome.envelope.type in self._heard for outcome in outcomes)

    def _tell_progress(self) -> None:
        if self._on_progress is not None:
            totals = self._totals
            self._on_progress(
                Progress(
                    self.at, totals.published, totals.answered, totals.outcomes, totals.ticks, totals.rounds
                )
            )


def _grid_after(moment: datetime, tick: timedelta) -> datetime:
    """The first multiple of `tick` since 1970 that lies after `moment`."""
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return start + ((moment - start) // tick + 1) * tick
