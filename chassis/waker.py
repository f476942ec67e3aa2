"""Decides what is due, in the one replica that holds the lease."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from chassis import clock
from chassis.ports import Leading, Standings
from chassis.worker import Worker

WAKE_SUBJECTS = 1_000
"""Subjects that are woken in one transaction."""
WAKE_PAUSE_SECONDS = 0.25
STANDBY_SECONDS = 0.5
RENEW_SECONDS = 1.0


class Waker:
    """Moves the worker's horizon and wakes the subjects that are due by it.

    `horizon`: the moment up to which all replicas have read; None by clock marks, which the
    database knows.
    """

    def __init__(
        self,
        worker: Worker,
        standing: Standings,
        due: asyncio.Event,
        horizon: Callable[[], Awaitable[datetime]] | None,
    ) -> None:
        self._worker = worker
        self._standing = standing
        self._due = due
        self._horizon = horizon

    async def run(self, lease: Leading) -> None:
        """Wakes for ever, while it holds the lease."""
        while True:
            if not await lease.take():
                await asyncio.sleep(STANDBY_SECONDS)
                continue
            renewed = clock.monotonic()
            while clock.monotonic() - renewed < RENEW_SECONDS:
                self._due.clear()
                if not await self._wake_some():
                    with suppress(TimeoutError):
                        async with asyncio.timeout(WAKE_PAUSE_SECONDS):
                            await self._due.wait()

    async def _wake_some(self) -> int:
        worker = self._worker
        if self._horizon is None:
            moment, worker.mark = await self._standing.by_marks()
            if not worker.mark:
                return 0
        else:
            moment = await self._horizon()
        worker.horizon = max(worker.horizon, moment)
        return await worker.wake(WAKE_SUBJECTS)
