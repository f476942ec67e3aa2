"""Decides what is due, in the one replica that holds the lease."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from chassis import clock
from chassis.runtime.batches import Worker
from chassis.runtime.ports import Standings
from chassis.store.lease import Leading
from chassis.store.store import DatabaseBehind

WAKE_SUBJECTS = 1_000
"""Subjects that are woken in one transaction."""
WAKE_PAUSE_SECONDS, IDLE_PAUSE_SECONDS = 0.25, 1.0
"""Between looks for what is due by other replicas' reading, growing; what is read here wakes at once."""
STANDBY_SECONDS = 0.5
RENEW_SECONDS = 2.0


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
            renewed, pause_seconds = clock.monotonic(), WAKE_PAUSE_SECONDS
            while clock.monotonic() - renewed < RENEW_SECONDS:
                self._due.clear()
                if await self._wake_some():
                    pause_seconds = WAKE_PAUSE_SECONDS
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause_seconds):
                        await self._due.wait()
                pause_seconds = min(2 * pause_seconds, IDLE_PAUSE_SECONDS)

    async def _wake_some(self) -> int:
        worker = self._worker
        if self._horizon is None:
            moment, worker.mark = await self._standing.by_marks()
            if not worker.mark:
                return 0
        else:
            moment = await self._horizon()
        worker.horizon = moment
        try:
            return await worker.wake(WAKE_SUBJECTS)
        except DatabaseBehind:
            return 0  # the reading loop notices as well, and reads again what is lost
