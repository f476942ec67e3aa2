"""Measures how far the services are, from their own tables."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from chassis.service import Service, inputs
from chassis.store.progress import NEXT_DUE, has_passed

LAST_MARK = "SELECT coalesce(max(mark), 0) FROM {0}.intake"


class Gauge:
    """Looks into the schemas of the services; changes nothing. The pool's user may read all of them."""

    def __init__(self, pool: asyncpg.Pool, services: Sequence[Service]) -> None:
        self._pool = pool
        self._services = tuple(services)
        self._passed: dict[str, int] = {}

    @property
    def topics(self) -> list[str]:
        """Every topic that a service reads: where marks go."""
        return sorted({topic for service in self._services for topic in inputs(service)})

    @property
    def heard(self) -> frozenset[str]:
        """Types of events that some service reads."""
        return frozenset(event.TYPE for service in self._services for event in service.reads)

    async def is_quiet(self, mark: int) -> bool:
        """Whether every service handled that mark, decided all that was due, and published all of it."""
        # Who is done with a mark stays done: what others announce later is for the next one.
        behind = [service for service in self._services if self._passed.get(service.name, 0) < mark]
        answers = await asyncio.gather(*(self._has_passed(service, mark) for service in behind))
        for service, is_done in zip(behind, answers, strict=True):
            if is_done:
                self._passed[service.name] = mark
        return all(answers)

    async def _has_passed(self, service: Service, mark: int) -> bool:
        async with self._pool.acquire() as connection:
            return await has_passed(connection, service, mark)

    async def last_mark(self) -> int:
        """The highest mark that any service handled; 0 for none."""
        return max([int(mark) for mark in await self._each(LAST_MARK)], default=0)

    async def next_wake(self) -> datetime | None:
        """The earliest event time at which any case or waiting message must be looked at again."""
        moments = await self._each(NEXT_DUE)
        return min([moment for moment in moments if moment is not None], default=None)

    async def _each(self, query: str) -> list[Any]:
        async with self._pool.acquire() as connection:
            return [await connection.fetchval(query.format(service.name)) for service in self._services]
