"""What the way of a message needs from outside: the store and its parts, as narrow as they are used.

PostgreSQL and Kafka stand behind them in production, the simulation's models in `tests/simulation`.
A `connection` is whatever the pool hands out: only the store looks into it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Any, Protocol

from chassis.engine.records import DeadLetter, FactRecord, Place
from chassis.engine.subject import Lane, Letter


class Pool(Protocol):
    """Connections to one service's schema."""

    def acquire(self) -> AbstractAsyncContextManager[Any]:
        """One for as long as the block runs; its `transaction()` commits when its own block ends well."""
        ...


class Keeping(Protocol):
    """What the worker asks of the store; `chassis.store.store.Store` says what each does."""

    async def ensure_partition(self, connection: Any, parent: str, month: date) -> None: ...
    async def first_seen(
        self, connection: Any, entries: Sequence[tuple[date, bytes, int]]
    ) -> tuple[set[bytes], dict[bytes, int]]: ...
    async def load(self, connection: Any, subjects: Iterable[str]) -> dict[str, Lane]: ...
    async def save(
        self,
        connection: Any,
        lanes: Mapping[str, Lane],
        gone: Sequence[int],
        mailbox: Sequence[Letter],
        mark: int,
    ) -> None: ...
    async def append(
        self,
        connection: Any,
        facts: Sequence[FactRecord],
        dead: Sequence[DeadLetter],
        recorded_at: datetime,
    ) -> int: ...
    async def note_intake(
        self,
        connection: Any,
        positions: Mapping[Place, int],
        stands_at: Mapping[Place, datetime],
        marks: Mapping[Place, int],
    ) -> None: ...
    async def knows(self, connection: Any, offsets: Mapping[Place, int]) -> bool: ...
    async def due_subjects(
        self, connection: Any, horizon: datetime, wall_now: datetime, limit: int, mark: int
    ) -> list[str]: ...


class Standings(Protocol):
    """How far all replicas have read; `chassis.store.watermarks.Standing`."""

    async def others(self, mine: Collection[Place]) -> datetime: ...
    def is_alone(self, mine: Collection[Place]) -> bool: ...
    async def bound(self, connection: Any) -> datetime: ...
    async def not_ahead(self, moment: datetime) -> datetime: ...
    async def by_marks(self) -> tuple[datetime, int]: ...
