"""Declares what the runtime needs from outside, as narrow as it is used: pool, store, watermarks.

PostgreSQL implements the ports in production, models in `tests/simulation`. A `connection` is an object of
the pool: only the store looks into it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Any, Protocol

from chassis.engine.records import DeadLetter, FactRecord, PartitionId, TaskChanges
from chassis.engine.subject import Delivery, Subject


class Pool(Protocol):
    """Connections to one service's schema."""

    def acquire(self) -> AbstractAsyncContextManager[Any]:
        """Lends a connection while the block runs. Its `transaction()` commits when the inner block ends
        well.
        """
        ...


class Store(Protocol):
    """Stores batches; `chassis.store.store.PostgresStore` describes the methods."""

    async def ensure_partition(self, connection: Any, parent: str, month: date) -> None: ...
    async def first_seen(
        self, connection: Any, entries: Sequence[tuple[date, bytes, int]]
    ) -> tuple[set[bytes], dict[bytes, int]]: ...
    async def load(self, connection: Any, subject_ids: Iterable[str]) -> dict[str, Subject]: ...
    async def save(
        self,
        connection: Any,
        subjects: Mapping[str, Subject],
        gone: Sequence[int],
        cross_subject: Sequence[Delivery],
        round_number: int,
    ) -> None: ...
    async def append(
        self,
        connection: Any,
        facts: Sequence[FactRecord],
        dead: Sequence[DeadLetter],
        recorded_at: datetime,
    ) -> int: ...
    async def note_progress(
        self,
        connection: Any,
        positions: Mapping[PartitionId, int],
        watermarks: Mapping[PartitionId, datetime],
        rounds: Mapping[PartitionId, int],
    ) -> None: ...
    async def note_tasks(self, connection: Any, changes: TaskChanges) -> None: ...
    async def knows(self, connection: Any, offsets: Mapping[PartitionId, int]) -> bool: ...
    async def due_subjects(
        self, connection: Any, watermark: datetime, wall_now: datetime, limit: int, round_number: int
    ) -> list[str]: ...


class Watermarks(Protocol):
    """Tells how far all replicas have read; see `chassis.store.watermarks.PostgresWatermarks`."""

    async def others(self, mine: Collection[PartitionId]) -> datetime: ...
    def is_alone(self, mine: Collection[PartitionId]) -> bool: ...
    async def stored(self, connection: Any) -> datetime: ...
    async def not_ahead(self, moment: datetime) -> datetime: ...
