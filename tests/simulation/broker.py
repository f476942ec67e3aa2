"""A model of Kafka as the chassis uses it: partitions, a group with generations, answers that get lost."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from zlib import crc32

from aiokafka.errors import CommitFailedError, KafkaConnectionError, RequestTimedOutError

from chassis.engine.records import Origin, PartitionId, StoredOrigin
from chassis.ingest.feed import Reader
from chassis.ingest.partition import Position
from chassis.ingest.reader import OnPartitions, OnRecords
from chassis.publish.relay import Record
from chassis.settings import Settings
from tests.simulation.loop import OWNER, Owner
from tests.simulation.world import World

SESSION_SECONDS = 0.4
REJOIN_SECONDS = 1.0
"""A member that does not rejoin within this is left out."""
POLL_SECONDS = 0.1
FETCH_MOST = 8
"""Records of one poll: few, so that many polls straddle something."""


@dataclass
class Group:
    """The consumer group: who is in it, and who reads what."""

    generation: int = 0
    members: dict[str, "SimulatedReader"] = field(default_factory=dict[str, "SimulatedReader"])
    joined: set[str] = field(default_factory=set[str])
    offsets: dict[PartitionId, int] = field(default_factory=dict[PartitionId, int])
    is_preparing: bool = False


class Broker:
    """All partitions of a run, and the group that reads the input."""

    def __init__(self, world: World, partitions: Mapping[str, int]) -> None:
        self.world = world
        self.partitions = partitions
        self.logs: dict[PartitionId, list[StoredOrigin]] = {
            PartitionId(topic, number): [] for topic, count in partitions.items() for number in range(count)
        }
        self.group = Group()
        self.is_down = False
        self.member_count = 0
        self.on_write: Callable[[StoredOrigin], None] = lambda _: None
        self._waiters: list[asyncio.Future[None]] = []

    def append(self, topic: str, partition: int, record: Record) -> StoredOrigin:
        """Writes one record at the end of a partition."""
        log = self.logs[PartitionId(topic, partition)]
        _, key, headers, value = record
        written = StoredOrigin(topic, partition, len(log), key, tuple(headers), value)
        log.append(written)
        self.on_write(written)
        self.wake()
        return written

    def wake(self) -> None:
        """Lets everybody who waits for news look again."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            _finish(waiter)

    async def news(self, seconds: float) -> None:
        """Waits until something has changed, at most so long."""
        waiter = self.world.loop.create_future()
        self._waiters.append(waiter)
        timer = self.world.loop.call_later(seconds, _finish, waiter)
        try:
            await waiter
        finally:
            timer.cancel()

    def join(self, member: "SimulatedReader") -> None:
        """Takes a reader into the group, at the next generation."""
        self.group.members[member.name] = member
        self.rebalance()

    def leave(self, member: "SimulatedReader") -> None:
        """Takes a reader out of the group."""
        if self.group.members.pop(member.name, None) is not None:
            self.group.joined.discard(member.name)
            self.rebalance()

    def expire(self, owner: Owner) -> None:
        """Ends the membership of a process that is not heard of any more."""
        for member in list(self.group.members.values()):
            if member.owner is owner:
                self.leave(member)

    def rebalance(self) -> None:
        """Begins a new generation: every member has to join again."""
        group = self.group
        group.generation += 1
        group.joined = set()
        group.is_preparing = True
        self.world.note("rebalance", group.generation)
        self.world.later(REJOIN_SECONDS, self._give_up_on_absent, group.generation)
        self.wake()

    def _give_up_on_absent(self, generation: int) -> None:
        group = self.group
        if group.generation == generation and group.is_preparing:
            for name in [name for name in group.members if name not in group.joined]:
                del group.members[name]
            self.settle()

    def settle(self) -> None:
        """Shares the partitions out in ranges, once everybody has joined."""
        group = self.group
        if not group.is_preparing or set(group.members) - group.joined:
            return
        group.is_preparing = False
        members = [group.members[name] for name in sorted(group.members)]
        for member in members:
            member.granted = []
        if members:
            topics = members[0].topics
            for topic in topics:
                count = self.partitions[topic]
                for number in range(count):
                    members[number * len(members) // count].granted.append(PartitionId(topic, number))
        for member in members:
            member.granted_generation = group.generation
        self.wake()


def _finish(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


class SimulatedReader(Reader):
    """`chassis.ingest.reader.KafkaReader` over the model: polling and membership are tasks side by side."""

    def __init__(
        self,
        broker: Broker,
        topics: Sequence[str],
        on_records: OnRecords,
        on_assigned: OnPartitions,
        on_revoked: OnPartitions,
    ) -> None:
        broker.member_count += 1
        self.owner = OWNER.get()
        self.name = f"m{broker.member_count:03}"
        self.topics = topics
        self.granted: list[PartitionId] = []
        self.granted_generation = -1
        self.is_in_transit = False
        self.move_count = 0
        self.polled_at: float | None = None
        self._broker = broker
        self._on_records = on_records
        self._on_assigned = on_assigned
        self._on_revoked = on_revoked
        self._generation = -1
        self._positions: dict[PartitionId, int] = {}
        self._seen: dict[PartitionId, tuple[int, datetime]] = {}
        self._paused: set[PartitionId] = set()
        self.started: dict[PartitionId, int] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._is_abandoned = False
        self._assigned = asyncio.Event()

    @property
    def is_reading(self) -> bool:
        return bool(self._tasks) and not self._is_abandoned and not any(task.done() for task in self._tasks)

    async def start(self) -> None:
        await self._broker.world.step("connect")
        if self._broker.is_down:
            raise KafkaConnectionError("simulated: the broker is down")
        self._broker.join(self)
        self._tasks = [
            asyncio.create_task(self._keep_membership()),
            asyncio.create_task(self._poll()),
        ]
        await self._assigned.wait()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._broker.leave(self)

    async def _keep_membership(self) -> None:
        """Joins whenever a generation begins; what was held is given up first."""
        broker, group = self._broker, self._broker.group
        while True:
            if broker.is_down or (self._generation == group.generation and self.name in group.members):
                await broker.news(POLL_SECONDS)
                continue
            held = list(self._positions)
            if self._generation >= 0:
                await self._on_revoked(held)
            self._positions = {}
            self._paused = set()
            self._generation = -1
            while self._generation != group.generation:
                await self._unharmed("join group")
                if self.name not in group.members:
                    broker.join(self)
                group.joined.add(self.name)
                broker.settle()
                waiting_for = group.generation
                while group.generation == waiting_for and self.granted_generation != waiting_for:
                    await broker.news(POLL_SECONDS)
                    if self.name not in group.members:
                        break
                if self.granted_generation == group.generation and self.name in group.members:
                    await self._take_over()

    async def _take_over(self) -> None:
        group = self._broker.group
        self._generation = group.generation
        granted = list(self.granted)
        await self._on_assigned(granted)
        await self._unharmed("fetch offsets")
        self._seen = {}
        self._positions = {partition_id: group.offsets.get(partition_id, 0) for partition_id in granted}
        self.started = dict(self._positions)
        self._assigned.set()

    async def _poll(self) -> None:
        broker = self._broker
        while True:
            self.polled_at = broker.world.loop.time()
            found = [] if broker.is_down or self._is_abandoned else self._fetch()
            if not found:
                await broker.news(POLL_SECONDS)
                continue
            self.is_in_transit = True
            polled_in = self._positions
            await self._unharmed("poll", is_done=True)
            await self._on_records(found, partial(self._holds, polled_in))
            self.is_in_transit = False

    async def _unharmed(self, what: str, *, is_done: bool = False) -> None:
        """A step whose lost connection the client makes good by itself."""
        with suppress(ConnectionResetError):
            await self._broker.world.step(what, is_done=is_done)

    def _fetch(self) -> Sequence[Origin]:
        """Returns a few records behind the positions. The reader learns on the way where a partition ends."""
        found: list[Origin] = []
        self.move_count += 1
        now = self._broker.world.now()
        partition_ids = sorted(self._positions)
        self._broker.world.dice.shuffle(partition_ids)
        for partition_id in partition_ids:
            if partition_id in self._paused or len(found) >= FETCH_MOST:
                continue
            log = self._broker.logs[partition_id]
            start = self._positions[partition_id]
            taken = log[start : start + FETCH_MOST - len(found)]
            self._positions[partition_id] = start + len(taken)
            self._seen[partition_id] = len(log), now
            found.extend(taken)
        return found

    async def commit(self, offsets: Mapping[PartitionId, int]) -> None:
        broker, group = self._broker, self._broker.group
        generation = self._generation
        await broker.world.step("commit offsets")
        if broker.is_down:
            raise KafkaConnectionError("simulated: the broker is down")
        if generation != group.generation or self.name not in group.members:
            raise CommitFailedError("simulated: another generation")
        group.offsets.update(offsets)
        await broker.world.step("commit offsets", is_done=True)

    async def beyond(self, offsets: Mapping[PartitionId, int]) -> Mapping[PartitionId, int]:
        await self._broker.world.step("fetch offsets")
        if self._broker.is_down:
            raise KafkaConnectionError("simulated: the broker is down")
        committed = self._broker.group.offsets
        return {
            partition_id: offset
            for partition_id, offset in offsets.items()
            if committed.get(partition_id, 0) > offset
        }

    def abandon(self) -> None:
        self._is_abandoned = True

    def _holds(self, polled_in: Mapping[PartitionId, int]) -> bool:
        return polled_in is self._positions

    def positions(self, partition_ids: Iterable[PartitionId]) -> Iterator[Position]:
        for partition_id in partition_ids:
            if partition_id in self._positions:
                yield Position(
                    partition_id, self._positions[partition_id], *self._seen.get(partition_id, (None, None))
                )

    def hold(self, pause: Collection[PartitionId], resume: Collection[PartitionId]) -> None:
        self._paused.update(pause)
        self._paused.difference_update(resume)


def reader_of(broker: Broker) -> Callable[..., SimulatedReader]:
    """Returns the function by which a feed makes its connections."""

    def make(
        _: Settings,
        __: str,
        topics: Sequence[str],
        *,
        on_records: OnRecords,
        on_assigned: OnPartitions,
        on_revoked: OnPartitions,
    ) -> SimulatedReader:
        return SimulatedReader(broker, topics, on_records, on_assigned, on_revoked)

    return make


class SimulatedPublisher:
    """Publishes for the relay: a batch per partition, each written whole or not at all."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def publish(self, records: Sequence[Record]) -> None:
        """Writes the records; raises KafkaError where an answer is missing, whatever was written."""
        broker = self._broker
        batches: dict[PartitionId, list[Record]] = {}
        for record in records:
            topic, key = record[0], record[1]
            number = crc32(key or b"") % broker.partitions[topic]
            batches.setdefault(PartitionId(topic, number), []).append(record)
        partition_ids = list(batches)
        broker.world.dice.shuffle(partition_ids)
        for partition_id in partition_ids:
            try:
                await broker.world.step("produce")
                if broker.is_down:
                    raise KafkaConnectionError("simulated: the broker is down")
                for record in batches[partition_id]:
                    broker.append(partition_id.topic, partition_id.partition, record)
                await broker.world.step("produce", is_done=True)
            except ConnectionResetError as error:
                raise RequestTimedOutError("simulated: no answer") from error

    async def reset(self) -> None:
        """Nothing is on its way once `publish` has ended."""

    async def stop(self) -> None:
        """The same."""
