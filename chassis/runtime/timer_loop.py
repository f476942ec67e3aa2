"""Fires due deadlines, in the one replica that holds the lease."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from chassis import clock
from chassis.runtime.batches import BatchProcessor
from chassis.store.lease import Lease
from chassis.store.store import DatabaseBehind
from chassis.store.watermarks import Reached

FIRE_SUBJECTS = 1_000
"""Most subjects of one transaction."""
BUSY_PAUSE_SECONDS, IDLE_PAUSE_SECONDS = 0.25, 1.0
"""Pauses between looks for what other replicas' reading made due, growing. A release of this process ends a
pause.
"""
STANDBY_SECONDS = 0.5
RENEW_SECONDS = 2.0


class TimerLoop:
    """Advances the batch processor's watermark and fires the subjects that are due.

    `reached` tells how far all replicas have read. None means that nothing may be decided yet.
    """

    def __init__(
        self,
        processor: BatchProcessor,
        due: asyncio.Event,
        reached: Callable[[], Awaitable[Reached | None]],
    ) -> None:
        self._processor = processor
        self._due = due
        self._reached = reached

    async def run(self, lease: Lease) -> None:
        """Fires due subjects while it holds the lease, until cancellation."""
        while True:
            if not await lease.take():
                await asyncio.sleep(STANDBY_SECONDS)
                continue
            renewed, pause_seconds = clock.monotonic(), BUSY_PAUSE_SECONDS
            while clock.monotonic() - renewed < RENEW_SECONDS:
                self._due.clear()
                if await self._fire_some():
                    pause_seconds = BUSY_PAUSE_SECONDS
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause_seconds):
                        await self._due.wait()
                pause_seconds = min(2 * pause_seconds, IDLE_PAUSE_SECONDS)

    async def _fire_some(self) -> int:
        processor = self._processor
        reached = await self._reached()
        if reached is None:
            return 0
        processor.watermark, processor.round_number = reached
        try:
            return await processor.fire_due(FIRE_SUBJECTS)
        except DatabaseBehind:
            return 0  # the ingest loop notices as well, and reads again what is lost
