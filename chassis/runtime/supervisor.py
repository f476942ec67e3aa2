"""Keeps the parts of a process running."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from chassis import clock

log = logging.getLogger(__name__)

STEADY_SECONDS = 60.0


async def supervise(
    part: str, action: Callable[[], Awaitable[None]], on_failure: Callable[[str], None]
) -> None:
    """Runs a task forever: logs a crash and restarts it with backoff."""
    attempt = 0
    while True:
        began = clock.monotonic()
        try:
            await action()
        except Exception as error:
            log.exception("part ended", extra={"part": part, "error": type(error).__name__})
            on_failure(part)
        attempt = 1 if clock.monotonic() - began > STEADY_SECONDS else attempt + 1
        await asyncio.sleep(clock.growing(attempt, 0.1, 10.0))
