"""Strangers in the database: locks that they hold, snapshots that they keep, reading that they do."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from chassis.clock import monotonic
from tests.faults.proof.scene import LOOK_AGAIN_SECONDS, Kind, Scene
from tests.support.away import AWAY

READERS_COUNT = 3
BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))"
LOCK_CASES = "SELECT FROM {0}.cases ORDER BY moved_at DESC LIMIT 3000 FOR UPDATE SKIP LOCKED"
LOCK_HEAD = "SELECT FROM {0}.cursors WHERE name = 'head' FOR UPDATE"
LOCK_INBOX = "LOCK TABLE {0}.inbox IN ACCESS EXCLUSIVE MODE"
TIMED_OUT = "canceling statement due to statement timeout"
READ = "SELECT count(*), sum(length(data::text)) FROM {0}.facts"
XMIN_AGE = "SELECT age(backend_xmin) FROM pg_stat_activity WHERE pid = $1"


def _holding(
    lock: str, seconds: tuple[float, float], *, counted: str = ""
) -> Callable[[Scene], Awaitable[None]]:
    """A stranger holds a lock; seen by who waits for it, or by what the server's log says meanwhile."""

    async def act(scene: Scene) -> None:
        mark, most_blocked = scene.log_mark(), 0
        async with scene.database() as stranger:
            with suppress(*AWAY):
                pid = stranger.get_server_pid()
                await stranger.execute("SET lock_timeout = '5s'")
                async with stranger.transaction():
                    end = monotonic() + scene.dice.uniform(*seconds)
                    while monotonic() < end and not scene.over.is_set():
                        await stranger.execute(
                            lock.format(scene.fault.target)
                        )  # of rows, those that are new, too
                        most_blocked = max(most_blocked, await scene.ask(BLOCKED, pid))
                        await asyncio.sleep(LOOK_AGAIN_SECONDS)
        said = mark.count(counted) if counted else 0
        if most_blocked and (said or not counted):
            scene.fault.proof = f"{most_blocked} sessions seen waiting" + (
                f", {said} times: {counted}" if counted else ""
            )

    return act


async def idle_in_transaction(scene: Scene) -> None:
    """An old snapshot, held for minutes: nothing that died since can be cleared away."""
    oldest = 0
    async with scene.database() as stranger:
        pid = stranger.get_server_pid()
        await stranger.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        await stranger.execute(f"SELECT count(*) FROM {scene.fault.target}.cases")
        end = monotonic() + scene.dice.uniform(60, 150)
        while monotonic() < end and not scene.over.is_set():
            await scene.hold(1)
            try:
                oldest = max(oldest, await scene.ask(XMIN_AGE, pid) or oldest)
            except AWAY:
                break
    if oldest:
        scene.fault.proof = f"a snapshot {oldest} transactions old held"


async def active_readers(scene: Scene) -> None:
    """Several strangers read whole tables all the time."""
    end = monotonic() + scene.dice.uniform(6, 12)
    names = [name for name in scene.world.services for _ in range(READERS_COUNT)][: 2 * READERS_COUNT]

    async def read(name: str) -> int:
        count = 0
        while monotonic() < end and not scene.over.is_set():
            with suppress(*AWAY):
                async with scene.database() as reader:
                    while monotonic() < end and not scene.over.is_set():
                        await reader.fetchval(READ.format(name))
                        count += 1
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return count

    done = sum(await asyncio.gather(*(read(name) for name in names)))
    if done:
        scene.fault.proof = f"{len(names)} readers went {done} times through all facts"


KINDS = (
    Kind("cases_locked", "session", _holding(LOCK_CASES, (2, 5))),
    Kind("head_locked", "session", _holding(LOCK_HEAD, (2, 5))),
    Kind("statement_timeout", "session", _holding(LOCK_INBOX, (4, 6), counted=TIMED_OUT)),
    Kind("idle_in_transaction", "session", idle_in_transaction, "idle_in_transaction", is_lasting=True),
    Kind("active_readers", "session", active_readers, "active_readers"),
)
