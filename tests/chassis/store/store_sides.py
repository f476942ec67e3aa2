"""The two that keep the store's promises: PostgreSQL and the model of it; and what tests give them."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

import asyncpg

from aftersales_contracts.topics import Topic
from chassis.engine.records import Cause, DeadLetter, FactRecord, PartitionId, StoredOrigin
from chassis.engine.registry import Registry
from chassis.engine.subject import Case, Delivery, Subject
from chassis.publish.log_reader import LogReader, PostgresLogReader
from chassis.runtime.ports import Pool, Store
from chassis.store.lease import Lease, PostgresLease
from chassis.store.progress import Progress
from chassis.store.replay_watermarks import ReplayWatermarks
from chassis.store.store import PostgresStore
from chassis.store.watermarks import PostgresWatermarks
from tests.chassis import toy
from tests.simulation.database import Database
from tests.simulation.leading import SimulatedLease, SimulatedLogReader, SimulatedWatermarks
from tests.simulation.store import SimulatedPool, SimulatedStore
from tests.simulation.world import World

T0 = datetime(2026, 3, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MONTH = date(2026, 3, 1)
CAUSE = Cause("shop.test.v1", "test", "e1", "o1", None)
REGISTRY = Registry(toy.TOY)
PARTITIONS = {"a": 2, "b": 1, "own": 1}
MOMENT_SECONDS = 0.05
"""Long enough for whoever can go on to have gone on."""


class Session(Protocol):
    """One connection with what hangs on it."""

    log_reader: LogReader

    def lease(self, name: str) -> Lease: ...
    async def end(self) -> None: ...


class Watermarks(Protocol):
    async def others(self, mine: Sequence[PartitionId]) -> datetime: ...
    async def progress(self, places: Sequence[PartitionId]) -> dict[PartitionId, Progress]: ...


class Side(ABC):
    """Whoever keeps the promises."""

    store: Store
    pool: Pool
    watermarks: Any
    replay: Any
    """The watermarks of a replay."""

    @abstractmethod
    async def tasks(self) -> list[tuple[Any, ...]]:
        """The rows of open tasks, by key."""

    @abstractmethod
    def session(self) -> AbstractAsyncContextManager[Session]:
        """A session of its own, ended with the block."""


class RealSession:
    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.log_reader: LogReader = PostgresLogReader(connection)

    def lease(self, name: str) -> Lease:
        return PostgresLease(self._connection, name)

    async def end(self) -> None:
        await self._connection.close()


class RealSide(Side):
    def __init__(self, pool: asyncpg.Pool) -> None:
        self.store = PostgresStore(REGISTRY)
        self.pool = pool
        topics = {name: Topic(name, "", count, 1, (), "in") for name, count in PARTITIONS.items()}
        self.watermarks = PostgresWatermarks(pool, ["a", "b"], topics)
        self.replay = ReplayWatermarks(pool, list(PARTITIONS), ["a", "b"], topics)
        self._real = pool

    async def tasks(self) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self._real.fetch("SELECT * FROM tasks ORDER BY 1, 2, 3")]

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[Session]:
        async with self._real.acquire() as connection:
            yield RealSession(connection)


class ModelSession:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._session = database.connect()
        self.log_reader: LogReader = SimulatedLogReader(database, self._session)

    def lease(self, name: str) -> Lease:
        return SimulatedLease(self._database, self._session, name)

    async def end(self) -> None:
        self._database.end(self._session)


class ModelSide(Side):
    def __init__(self) -> None:
        self._database = Database(World(0))
        self.store = SimulatedStore(REGISTRY, self._database)
        self.pool = SimulatedPool(self._database)
        self.watermarks = SimulatedWatermarks(self._database, PARTITIONS, ["a", "b"])
        self.replay = self.watermarks

    async def tasks(self) -> list[tuple[Any, ...]]:
        return [tuple(task) for _, task in sorted(self._database.tables["tasks"].items())]

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[Session]:
        yield ModelSession(self._database)


@asynccontextmanager
async def transaction(side: Side) -> AsyncGenerator[Any]:
    async with side.pool.acquire() as connection, connection.transaction():
        yield connection


async def prepare(side: Side) -> None:
    async with side.pool.acquire() as connection:
        for parent in ("inbox", "facts"):
            await side.store.ensure_partition(connection, parent, MONTH)
            await side.store.ensure_partition(connection, parent, MONTH)


def case(subject: str, version: int = 1, stored_version: int | None = None, **values: Any) -> Case:
    made = Case(subject, "tab", subject, "s1", toy.Open(version, T0 + toy.HOUR))
    made.version, made.stored_version, made.is_changed = version, stored_version, True
    made.policy, made.opened_at, made.moved_at = "toy@1", T0, T0 + MINUTE
    for name, value in values.items():
        setattr(made, name, value)
    return made


def subjects_of(*cases: Case) -> dict[str, Subject]:
    return {c.subject: Subject(c.subject, {(c.kind, c.case_id): c}) for c in cases}


def delivery(subject: str, reason: str, minutes: int = 0, **values: Any) -> Delivery:
    origin = StoredOrigin("a", 0, minutes, b"k", (("h", b"\xff"), ("n", None)), b"\x00v")
    made = Delivery(
        toy.tab(subject, toy.Added(minutes))[0], T0 + minutes * MINUTE, "s1", CAUSE, origin, reason=reason
    )
    made.is_changed = True
    for name, value in values.items():
        setattr(made, name, value)
    return made


async def save(
    side: Side, *cases: Case, cross_subject: Sequence[Delivery] = (), round_number: int = 0
) -> None:
    async with transaction(side) as connection:
        await side.store.save(connection, subjects_of(*cases), [], cross_subject, round_number)


async def load(side: Side, *subjects: str) -> Mapping[str, Subject]:
    async with transaction(side) as connection:
        return await side.store.load(connection, subjects)


def fact(version: int, event: str | None = None) -> FactRecord:
    event_type, key = ("aftersales.toy.closed.v1", "o1") if event else (None, None)
    return FactRecord(
        "o1", "tab", "o1", version, "TabOpened", T0, "{}", "R-1", "toy@1", CAUSE, event_type, key, event
    )


def dead(offset: int) -> DeadLetter:
    return DeadLetter(T0, "bad_json", "data", StoredOrigin("a", 0, offset, None, (("h", None),), b"\xff"))
