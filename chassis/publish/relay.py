"""Publishes the log in order of position. One leader; the cursor moves after the acknowledgement.

Positions are in commit order, so nothing can appear behind the cursor. A crash between publishing and the
cursor publishes the last window again, with the same ids.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from aftersales_contracts.envelope import Envelope, write
from chassis import clock
from chassis.engine.records import FactRecord
from chassis.publish.log_reader import LogReader
from chassis.publish.log_tail import LogTail
from chassis.store.lease import Lease, LeaseLost
from chassis.store.stored_headers import unpack_headers

WINDOW = 1_000
"""Most positions of a window that is read from the log."""
WINDOW_BYTES = 8 * 1024 * 1024
"""Most bytes of dead letters in such a window: a letter may be as large as a record."""
DEAD_BYTES_MAX = 2 * 1024 * 1024
"""Most bytes of a dead letter on its topic. A larger letter came compressed: the table keeps it, the topic
only tells of it.
"""
BUSY_SECONDS = 2.0
BUSY_PAUSE, IDLE_PAUSE, STANDBY_PAUSE = 0.02, 0.25, 0.5
"""Pauses between looks for what other replicas decided, in seconds: short after a find, longer otherwise.

A commit of this process wakes the relay at once.
"""

Header = tuple[str, bytes | None]
Record = tuple[str, bytes | None, Sequence[Header], bytes | None]
"""Topic, key, headers, value. The timestamp is the moment of publishing, because retention goes by the
timestamp.
"""


class Publisher(Protocol):
    """Publishes for the relay. Returns when all records are acknowledged; raises otherwise."""

    async def publish(self, records: Sequence[Record]) -> None:
        """Sends the records in order."""
        ...

    async def reset(self) -> None:
        """Forgets everything still on its way, after a failure."""
        ...


class RelayMetrics(Protocol):
    """Takes the relay's counts."""

    def relayed(self, count: int) -> None: ...


class Relay:
    """Relays one service's outcomes from one process, while it holds the lease."""

    def __init__(
        self,
        service: str,
        source: str,
        lease: Lease,
        log_reader: LogReader,
        publisher: Publisher,
        metrics: RelayMetrics,
        log_tail: LogTail | None = None,
    ) -> None:
        self._topic = f"aftersales.{service}.v1"
        self._dead_topic = f"aftersales.{service}.dead.v1"
        self._source = source
        self._publisher = publisher
        self._metrics = metrics
        self._lease = lease
        self._log_reader = log_reader
        self._log_tail = LogTail() if log_tail is None else log_tail
        self.woken = asyncio.Event()
        self.is_leader = False
        self.last_turn = clock.monotonic()
        self._others_at = -BUSY_SECONDS
        """Moment of the last look that found another replica's decision."""

    async def run(self) -> None:
        """Publishes until cancellation or the loss of the connection."""
        renewed = 0.0
        while True:
            if not self.is_leader or clock.monotonic() - renewed > 1.0:
                self.is_leader = await self._lease.take()
                renewed = clock.monotonic()
            if self.is_leader:
                is_woken = self.woken.is_set()
                self.woken.clear()
                try:
                    moved = await self._turn()
                except LeaseLost:
                    self.is_leader = False
                    await self._publisher.reset()
                    continue
                self.last_turn = clock.monotonic()
                if moved:
                    self._others_at = self._others_at if is_woken else self.last_turn
                    continue
            is_busy = clock.monotonic() - self._others_at < BUSY_SECONDS
            try:
                async with asyncio.timeout(
                    (BUSY_PAUSE if is_busy else IDLE_PAUSE) if self.is_leader else STANDBY_PAUSE
                ):
                    await self.woken.wait()
            except TimeoutError:
                pass
            if not self.is_leader:
                self.woken.clear()
                self.last_turn = clock.monotonic()

    async def release(self) -> None:
        """Lets another process publish at once."""
        await self._lease.release()

    async def _turn(self) -> bool:
        """Publishes one window. False if there is nothing to publish."""
        start = self._lease.position
        found = self._log_tail.after(start)
        if found is not None:
            upto = found.end
            records = [self._outcome(_announced(fact)) for fact in found.announced]
        else:
            head = await self._log_reader.head()
            if head is None or head <= start:
                return False
            known = self._log_tail.next_start(start)
            upto = min(head, start + WINDOW, head if known is None else known)
            upto = await self._log_reader.fitting(start, upto, WINDOW_BYTES)
            records = [self._outcome(row) for row in await self._log_reader.facts(start, upto)]
            records.extend(self._dead_letter(row) for row in await self._log_reader.dead_letters(start, upto))
        if records:
            try:
                await self._publisher.publish(records)
            except Exception:
                await self._publisher.reset()
                raise
        await self._lease.move(upto)
        self._metrics.relayed(len(records))
        return True

    def _outcome(self, columns: Iterable[Any]) -> Record:
        """Builds the record of one fact from the columns of `log_reader.FACTS`."""
        key, kind, case_id, version, at, event_type, correlation, cause_id, trace, event = columns
        envelope = Envelope(
            id=f"{kind}/{case_id}/{version}",
            source=self._source,
            type=event_type,
            time=at,
            subject=key,
            correlationid=correlation or None,
            causationid=cause_id or None,
            traceparent=trace,
        )
        record_key, headers, value = write(envelope, event.encode())
        return self._topic, record_key, headers, value

    def _dead_letter(self, row: Any) -> Record:
        headers = [
            (name, value) for name, value in unpack_headers(row["headers"]) if not name.startswith("dead-")
        ]
        key, value = row["key"], row["value"]
        if _size(key, headers, value) > DEAD_BYTES_MAX:
            key, headers, value = None, [("dead-omitted", b"key, headers and value: too large")], None
        headers += [
            ("dead-reason", row["reason"].encode()),
            ("dead-detail", row["detail"].encode()),
            ("dead-topic", row["topic"].encode()),
            ("dead-partition", str(row["partition"]).encode()),
            ("dead-offset", str(row["place"]).encode()),
            ("dead-id", str(row["position"]).encode()),
        ]
        return self._dead_topic, key, headers, value


def _announced(fact: FactRecord) -> tuple[Any, ...]:
    """Gives the columns of `log_reader.FACTS` for an announcing fact."""
    cause = fact.cause
    return (
        fact.event_key, fact.kind, fact.case_id, fact.version, fact.at, fact.event_type, cause.correlation,
        cause.id, cause.trace, fact.event,
    )  # fmt: skip


def _size(key: bytes | None, headers: Sequence[Header], value: bytes | None) -> int:
    """Bounds the bytes of a record from above."""
    of_headers = sum(len(name.encode()) + len(content or b"") + 8 for name, content in headers)
    return len(key or b"") + of_headers + len(value or b"")
