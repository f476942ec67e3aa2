"""Whether a service moves: every input partition read on, what was decided published, all replicas ready."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncpg

from chassis.clock import monotonic
from tests.faults.proof.scene import CONNECT_SECONDS
from tests.faults.proof.world import World
from tests.support.away import AWAY

LOOK_AGAIN_SECONDS = 0.25
STAND = "SELECT topic, partition, next_offset, stands_at FROM {0}.intake WHERE topic NOT LIKE 'aftersales.%'"
UNSENT = """
SELECT max(position) FILTER (WHERE name = 'head') - max(position) FILTER (WHERE name = 'relay')
           AS unsent_count,
       max(position) FILTER (WHERE name = 'relay') AS relay
FROM {0}.cursors
"""


@dataclass(frozen=True)
class Look:
    """The progress of a service at a moment."""

    stands: Mapping[tuple[str, int], tuple[Any, ...]]
    relay: int
    unsent_count: int

    def has_moved_since(self, before: "Look") -> bool:
        """Whether every partition was read on, or seen to have nothing more, and the relay works."""
        are_read = all(self.stands.get(place) not in (None, stand) for place, stand in before.stands.items())
        return bool(self.stands) and are_read and (not self.unsent_count or self.relay != before.relay)


class Pulse:
    """Looks at the services of one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def look(self, service: str) -> Look | None:
        """Reads the progress of a service; None while the database is away."""
        with suppress(*AWAY):
            connection = await asyncpg.connect(self._world.database_url, timeout=CONNECT_SECONDS)
            try:
                rows = await connection.fetch(STAND.format(service), timeout=CONNECT_SECONDS)
                unsent = await connection.fetchrow(UNSENT.format(service), timeout=CONNECT_SECONDS)
            finally:
                connection.terminate()
            if unsent is not None:
                stands = {(row[0], row[1]): (row[2], row[3]) for row in rows}
                return Look(stands, unsent["relay"], unsent["unsent_count"])
        return None

    async def _is_ready(self, service: str) -> bool:
        replicas = self._world.of(service)
        return all(await asyncio.gather(*(asyncio.to_thread(each.is_ready) for each in replicas)))

    async def recovery_seconds(self, service: str, limit_seconds: float) -> float | None:
        """Seconds from now until the service is ready and moves; None where the limit passes first."""
        began = monotonic()
        before: Look | None = None
        while monotonic() - began < limit_seconds:
            now = await self.look(service)
            if before is None:
                before = now
            elif now is not None and now.has_moved_since(before) and await self._is_ready(service):
                return monotonic() - began
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return None
