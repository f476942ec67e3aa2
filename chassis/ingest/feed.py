"""Releases what a service reads in order of event time, and commits what was handled."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from aftersales_contracts.reasons import Reason
from chassis import clock
from chassis.engine.records import Origin, PartitionId
from chassis.ingest.buffer import Buffer, Release
from chassis.ingest.decoder import Entry, Rejected
from chassis.ingest.partition import BufferedRecord, Position
from chassis.ingest.reader import KafkaReader, OnPartitions, OnRecords
from chassis.settings import Settings
from chassis.store.progress import Progress

log = logging.getLogger(__name__)

COMMIT_PAUSE_SECONDS = 0.1
SETTLE_SECONDS = 10.0
HELD_TICK_SECONDS = 0.005
RELEARN_SECONDS = 0.1
YIELD_EVERY_COUNT = 250
STEADY_SECONDS = 60.0

Read = Callable[[Origin], Entry]
"""Decodes one record: `Decoder.read`."""
Known = Callable[[Collection[PartitionId]], Awaitable[Mapping[PartitionId, Progress]]]
"""Finds how far each partition was read by any process, as the database knows it."""


class Reader(Protocol):
    """Reads over one connection; `chassis.ingest.reader.KafkaReader` describes the methods."""

    is_in_transit: bool
    move_count: int
    polled_at: float | None
    started: dict[PartitionId, int]

    @property
    def is_reading(self) -> bool: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def commit(self, offsets: Mapping[PartitionId, int]) -> None: ...
    async def beyond(self, offsets: Mapping[PartitionId, int]) -> Mapping[PartitionId, int]: ...
    def abandon(self) -> None: ...
    def positions(self, partition_ids: Iterable[PartitionId]) -> Iterable[Position]: ...
    def hold(self, pause: Collection[PartitionId], resume: Collection[PartitionId]) -> None: ...


class MakeReader(Protocol):
    """Makes the next connection."""

    def __call__(
        self,
        settings: Settings,
        service: str,
        topics: Sequence[str],
        *,
        on_records: OnRecords,
        on_assigned: OnPartitions,
        on_revoked: OnPartitions,
    ) -> Reader: ...


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """Facts about reading, for readiness and metrics."""

    is_connected: bool
    is_reading: bool
    """Whether the reading task runs."""
    assigned_count: int
    poll_age_seconds: float | None
    """Age of the last poll; None before the first."""
    answer_age_seconds: float | None
    """Age of the broker's last answer about any partition; None before the first."""
    lag: Mapping[str, int]
    """Records per topic that are written and not yet released, as far as is known."""
    held: Mapping[str, int]
    """Partitions per topic that an open transaction holds up."""


class Feed:
    """Hands out one release at a time; after `commit` the offsets of the release may move.

    The feed reconnects with growing pauses, and reads again everything not committed. `progress` tells what
    the database knows of assigned partitions. A group that is ahead of the database is set back before
    anything is released.
    """

    def __init__(
        self,
        settings: Settings,
        service: str,
        topics: Sequence[str],
        read: Read,
        buffer: Buffer[Any],
        progress: Known | None = None,
        make_reader: MakeReader = KafkaReader,
    ) -> None:
        self._settings = settings
        self._service = service
        self._topics = topics
        self._read_record = read
        self._buffer = buffer
        self._progress = progress
        self._make_reader = make_reader
        self._reader: Reader | None = None
        self._is_connected = False
        self._tasks: list[asyncio.Task[None]] = []
        self._arrived = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()
        self._to_commit: dict[PartitionId, int] = {}
        self._commit_asked = asyncio.Event()
        self._unlearned: set[PartitionId] = set()
        self.learned: dict[PartitionId, int] = {}
        """Offsets that the database knew when the partitions were assigned."""
        self._is_revoking = False
        self._noted: tuple[Reader, int] | None = None
        """The reader whose positions the buffer knows, with the reader's move count at that time."""
        self._read_seconds = 0.0
        self._looked_at = clock.monotonic()
        self._released_at = 0.0

    async def start(self) -> None:
        """Starts connecting, and returns at once."""
        self._tasks = [
            asyncio.create_task(self._keep_connected(), name="kafka-connect"),
            asyncio.create_task(self._keep_committing(), name="kafka-commit"),
        ]

    async def stop(self) -> None:
        """Commits the handled offsets, leaves the group, closes the connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self._commit_now()
        await self._disconnect()

    @property
    def assignment(self) -> frozenset[PartitionId]:
        """Partitions that this process reads now."""
        return frozenset(self._buffer.partition_ids)

    def is_caught_up(self) -> bool:
        """Tells whether everything written so far is released. False while nothing is assigned."""
        reader = self._reader
        is_quiet = reader is not None and not reader.is_in_transit
        return is_quiet and bool(self._buffer.partition_ids) and self._buffer.is_caught_up()

    def health(self) -> FeedHealth:
        """Collects facts for readiness and metrics."""
        reader = self._reader
        polled_at = None if reader is None else reader.polled_at
        seen_at = self._buffer.seen_at()
        return FeedHealth(
            is_connected=self._is_connected,
            is_reading=reader is not None and reader.is_reading,
            assigned_count=len(self._buffer.partition_ids),
            poll_age_seconds=None if polled_at is None else clock.monotonic() - polled_at,
            answer_age_seconds=None if seen_at is None else (clock.now() - seen_at).total_seconds(),
            lag=self._buffer.lag(),
            held=self._buffer.held(),
        )

    async def next(self, timeout_seconds: float) -> Release | None:
        """Waits for the next release; None after the timeout. The release before counts as done."""
        self._settled.set()
        until = clock.monotonic() + timeout_seconds
        while True:
            release = await self._try()
            if release is not None:
                if release.positions:
                    self._settled.clear()
                return release
            left = until - clock.monotonic()
            if left <= 0:
                return None
            self._arrived.clear()
            try:
                async with asyncio.timeout(min(left, self._tick())):
                    await self._arrived.wait()
            except TimeoutError:
                continue

    def _tick(self) -> float:
        """Computes how long nothing changes without new records, in seconds."""
        if self._buffer.is_time_driven and self._buffer.buffered_count:
            return HELD_TICK_SECONDS  # patience ends
        due_at = self._released_at + self._settings.limits.stand_refresh_ms / 1000
        return max(due_at - clock.monotonic(), HELD_TICK_SECONDS)

    async def commit(self, release: Release) -> None:
        """Notes that a release is in the database. The offsets follow soon, in the background."""
        if release.positions:
            self._to_commit.update(release.positions)
            self._commit_asked.set()
        self._settled.set()

    async def _try(self) -> Release | None:
        reader = self._reader
        if reader is None or self._is_revoking or not self._buffer.partition_ids:
            return None
        if reader.started:
            self._unlearned = self._unlearned | (reader.started.keys() & self._buffer.partition_ids)
        if self._unlearned and not await self._learn(reader):
            return None
        if not reader.is_in_transit and self._noted != (reader, reader.move_count):
            self._noted = reader, reader.move_count
            for known in reader.positions(self._buffer.partition_ids):
                self._buffer.note_position(*known)
        reader.hold(*self._buffer.pauses())
        now = clock.monotonic()
        self._read_seconds += min(now - self._looked_at, HELD_TICK_SECONDS * 2)
        self._looked_at = now
        with_watermarks = now - self._released_at >= self._settings.limits.stand_refresh_ms / 1000
        release = self._buffer.release(self._read_seconds, clock.now(), with_watermarks=with_watermarks)
        if release is not None:
            self._released_at = now
        return release

    async def _learn(self, reader: Reader) -> bool:
        """Asks the database how far newly assigned partitions were read; False where reading must wait.

        It is asked again where reading began again: the topic no longer held what was next. A group ahead of
        the database means that the database was restored to an earlier state. The group is set back.
        """
        partition_ids = self._unlearned
        starts = {each: start for each, start in reader.started.items() if each in partition_ids}
        if self._progress is not None:
            progress = await self._progress(partition_ids)
            try:
                lost = await reader.beyond(
                    {partition_id: each.next_offset for partition_id, each in progress.items()}
                )
                if lost:
                    log.error("the group is ahead of its database and set back", extra={"count": len(lost)})
                    try:
                        await reader.commit(lost)
                    finally:  # this connection reads ahead, also where the answer to the commit was lost
                        self.start_over()
                    return False
            except (KafkaError, OSError, TimeoutError) as error:
                log.info("the group's offsets are not known yet", extra={"error": type(error).__name__})
                await asyncio.sleep(RELEARN_SECONDS)
                return False
            if partition_ids is not self._unlearned or self._is_revoking:
                return False  # they are dealt out anew
            self._buffer.note_progress(progress)
            for partition_id, start in starts.items():
                if reader.started.get(partition_id) == start:
                    del reader.started[partition_id]
                    self._buffer.note_start(partition_id, start, progress[partition_id].next_offset)
            self.learned.update(
                (partition_id, each.next_offset)
                for partition_id, each in progress.items()
                if each.next_offset
            )
        else:
            reader.started.clear()
        self._unlearned = set()
        return reader.started.keys().isdisjoint(self._buffer.partition_ids)

    def start_over(self) -> None:
        """Forgets what was read and reconnects. Reading resumes at the offsets of the group."""
        self._is_revoking = True
        self.learned.clear()
        self._to_commit.clear()
        self._settled.set()
        if self._reader is not None:
            self._reader.abandon()

    async def _take(self, records: Sequence[Origin], is_current: Callable[[], bool]) -> None:
        """Buffers a batch of the reader, one partition after the other."""
        if not is_current():
            return
        partition_id = PartitionId("", -1)
        taken: list[BufferedRecord] = []
        for count, record in enumerate(records, 1):
            if record.partition != partition_id.partition or record.topic != partition_id.topic:
                self._buffer.push(partition_id, taken)
                partition_id, taken = PartitionId(record.topic, record.partition), []
            size = len(record.value or b"") + len(record.key or b"")
            taken.append(BufferedRecord(partition_id, record, self._read(record), record.offset, size))
            if count % YIELD_EVERY_COUNT == 0:
                await asyncio.sleep(0)
                if not is_current():
                    return
        self._buffer.push(partition_id, taken)
        self._arrived.set()

    def _read(self, record: Origin) -> Entry:
        try:
            return self._read_record(record)
        except Exception as error:
            log.exception("decoder failed", extra={"topic": record.topic, "partition": record.partition})
            # The detail is stored and keeps its word.
            return Rejected(Reason.RULE_FAILED, f"border: {type(error).__name__}")

    async def _keep_connected(self) -> None:
        """Connects, and reconnects when reading ends. Pauses grow; attempts never stop."""
        limits = self._settings.limits
        attempt = 0
        while True:
            try:
                reader = self._reader = self._make_reader(
                    self._settings,
                    self._service,
                    self._topics,
                    on_records=self._take,
                    on_assigned=self._take_over,
                    on_revoked=self._give_up,
                )
                await reader.start()
                began = clock.monotonic()
                self._is_connected = True
                log.info("reading", extra={"service": self._service, "count": len(self._topics)})
                while reader.is_reading:  # noqa: ASYNC110  the framework tells nobody when its task ends
                    await asyncio.sleep(0.5)
                log.error("reading has ended; connecting again")
                attempt = 0 if clock.monotonic() - began > STEADY_SECONDS else attempt
            except Exception as error:  # noqa: BLE001  whatever it is, giving up would be worse
                log.warning("no connection to the broker", extra={"error": type(error).__name__})
            await self._disconnect()
            attempt += 1
            pause = clock.growing(attempt, limits.reconnect_first_ms / 1000, limits.reconnect_most_ms / 1000)
            await asyncio.sleep(pause)

    async def _disconnect(self) -> None:
        reader, self._reader = self._reader, None
        self._is_connected = False
        self._buffer.revoke(list(self._buffer.partition_ids))
        self._to_commit.clear()
        self._unlearned = set()
        if reader is not None:
            await reader.stop()

    async def _take_over(self, partition_ids: Collection[PartitionId]) -> None:
        """Takes assigned partitions over. Records of earlier assignments are read again."""
        self._buffer.revoke(list(self._buffer.partition_ids))
        self._buffer.assign(partition_ids)
        self._unlearned = set(partition_ids)
        self.learned.clear()
        self._noted = None
        self._to_commit.clear()
        self._is_revoking = False
        self._arrived.set()

    async def _give_up(self, partition_ids: Collection[PartitionId]) -> None:
        """Gives partitions up. The release in hand is finished and committed first; the rest is dropped."""
        self._is_revoking = True
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                await self._settled.wait()
                await self._commit_now()
        except TimeoutError:
            log.warning("a batch outlives its partitions", extra={"count": len(partition_ids)})
        self._buffer.revoke(partition_ids)

    async def _keep_committing(self) -> None:
        while True:
            await self._commit_asked.wait()
            await self._commit_now()
            await asyncio.sleep(COMMIT_PAUSE_SECONDS)

    async def _commit_now(self) -> None:
        """Commits the handled offsets. Offsets are a hint: a failure only brings repeats."""
        self._commit_asked.clear()
        mine = self._buffer.partition_ids
        offsets = {
            partition_id: offset for partition_id, offset in self._to_commit.items() if partition_id in mine
        }
        self._to_commit.clear()
        if self._reader is None or not offsets:
            return
        try:
            async with asyncio.timeout(self._settings.kafka.request_timeout_ms / 1000):
                await self._reader.commit(offsets)
        except (CommitFailedError, IllegalStateError):
            log.info("offsets belong to somebody else by now", extra={"count": len(offsets)})
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("offsets not committed yet", extra={"error": type(error).__name__})
            for partition_id, offset in offsets.items():
                self._to_commit.setdefault(partition_id, offset)
            self._commit_asked.set()
