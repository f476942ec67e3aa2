"""Faults of the database server: restarts, crashes, sessions ended, no connection, read-only, no disk."""

import asyncio
import os
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from chassis.clock import monotonic
from devstack import owner
from tests.faults.proof.scene import LOOK_AGAIN_SECONDS, Kind, Scene, is_gone
from tests.support.away import AWAY

STRANGER = "proof_stranger"
STRANGER_PASSWORD = "of-no-consequence"
DIAL_COUNT = 10
DISK_MARGIN_BYTES = 512 * 1024
BITE_LIMIT_SECONDS = 10.0
UNDO_LIMIT_SECONDS = 60.0
WAL_BYTES_MOST = 4096
TERMINATE = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE usename LIKE 'aftersales\\_%' AND backend_type = 'client backend'
"""
WRITERS = """
SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter' OR usename LIKE 'aftersales\\_%'
"""
BUSIEST_INBOX = """
SELECT relid::regclass::text, pg_relation_size(relid) FROM pg_stat_all_tables
WHERE schemaname = $1 AND relname LIKE 'inbox\\_%' ORDER BY n_tup_ins DESC LIMIT 1
"""


async def postgres_restart(scene: Scene) -> None:
    """Immediate stop and start: every session ends, nothing is written down in order."""
    await _away(scene, lambda: os.kill(scene.world.stack.postgres.pid, signal.SIGQUIT))


async def postgres_kill(scene: Scene) -> None:
    """SIGKILL of the server; it recovers from its log when it starts."""
    await _away(scene, scene.world.stack.postgres.kill)


async def _away(scene: Scene, end: Callable[[], None]) -> None:
    server = scene.world.stack.postgres
    pid, mark = server.pid, scene.log_mark()
    try:
        await asyncio.to_thread(end)
        while server.part.running:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        await scene.hold(scene.dice.uniform(0.2, 3))
        is_away = is_gone(pid)
    finally:
        if not server.part.running:
            await asyncio.to_thread(server.start)
    recovered = mark.count("database system was not properly shut down") + mark.count("was interrupted")
    if is_away:
        scene.fault.proof = f"server {pid} gone; it recovered {min(recovered, 1)} time from its log"


async def backend_kill_storm(scene: Scene) -> None:
    """pg_terminate_backend of every session of the services, again and again."""
    ended = 0
    for _ in range(scene.dice.randint(4, 8)):
        with suppress(*AWAY):
            ended += await scene.ask(TERMINATE)
        await scene.hold(scene.dice.uniform(0.2, 0.9))
    if ended:
        scene.fault.proof = f"{ended} sessions ended"


async def pool_exhaustion(scene: Scene) -> None:
    """A stranger takes every connection that the server has, and whatever becomes free."""
    taken: list[asyncpg.Connection] = []
    async with scene.database() as superuser:
        if not await superuser.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", STRANGER):
            await superuser.execute(f"CREATE ROLE {STRANGER} LOGIN PASSWORD '{STRANGER_PASSWORD}'")
            await superuser.execute(f"GRANT CONNECT ON DATABASE postgres TO {STRANGER}")
        parts = urlsplit(scene.world.stack.postgres.url("postgres"))
        server = f"{STRANGER}:{STRANGER_PASSWORD}@{parts.hostname}:{parts.port}"
        url = parts._replace(netloc=server).geturl()
        mark = scene.log_mark()
        try:
            end = monotonic() + scene.dice.uniform(4, 7)
            while monotonic() < end and not scene.over.is_set():
                dialled = await asyncio.gather(
                    *(asyncpg.connect(url, timeout=5) for _ in range(DIAL_COUNT)), return_exceptions=True
                )
                got = [each for each in dialled if not isinstance(each, BaseException)]
                taken += got
                if (
                    len(got) < DIAL_COUNT
                ):  # all are taken: those of the services become free, and are taken too
                    await superuser.fetchval(TERMINATE)
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
        finally:
            for each in taken:
                each.terminate()
    refused = mark.lines("aftersales_", "FATAL", "connection slots") + mark.lines(
        "aftersales_", "too many clients"
    )
    if refused:
        scene.fault.proof = f"{len(taken)} connections taken, services refused {refused} times"


async def read_only(scene: Scene) -> None:
    """As after a failover to a standby: everything can be read, nothing written."""
    mark = scene.log_mark()
    async with scene.database() as superuser:
        await superuser.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        await superuser.execute("SELECT pg_reload_conf()")
    try:
        await scene.hold(scene.dice.uniform(3, 6))
    finally:
        async with scene.database() as superuser:
            await superuser.execute("ALTER SYSTEM RESET default_transaction_read_only")
            await superuser.execute("SELECT pg_reload_conf()")
    refused = mark.count("in a read-only transaction")
    if refused:
        scene.fault.proof = f"{refused} statements refused: read-only"


async def wal_disk_full(scene: Scene) -> None:
    """The log of changes cannot be written any more: the server panics and recovers.

    Nothing is mounted for it: the processes that write the log get a limit on the size of files.
    """
    mark = scene.log_mark()
    for _ in range(scene.dice.randint(1, 3)):
        with suppress(*AWAY):
            async with scene.database() as superuser:
                pids = [row[0] for row in await superuser.fetch(WRITERS)]
            for pid in pids:
                with suppress(ProcessLookupError):
                    resource.prlimit(pid, resource.RLIMIT_FSIZE, (WAL_BYTES_MOST, resource.RLIM_INFINITY))
        await scene.hold(scene.dice.uniform(1.5, 3))
    server = scene.world.stack.postgres
    if not server.part.running:
        await asyncio.to_thread(server.start)
    with suppress(*AWAY):  # whoever is limited still and had nothing to write
        await scene.ask(TERMINATE)
    panics = mark.count("was terminated by signal 6")  # by the limit their last words may be lost
    if panics:
        scene.fault.proof = f"the server panicked {panics} times: its log could not be written"


async def disk_full(scene: Scene) -> None:
    """The inbox lies on a small file system of its own, and that is filled to the last byte."""
    schema = scene.fault.target = scene.dice.choice(scene.world.services)
    async with scene.database() as superuser:
        row = await superuser.fetchrow(BUSIEST_INBOX, schema)
        if row is None:
            return
        table, size = row
        async with _small_disk(int(size) + DISK_MARGIN_BYTES) as disk:
            if disk is None:
                return
            mark = scene.log_mark()
            await superuser.execute(f"CREATE TABLESPACE proof_small LOCATION '{disk / 'space'}'")
            try:
                await superuser.execute("SET lock_timeout = '4s'")
                await superuser.execute(f"ALTER TABLE {table} SET TABLESPACE proof_small")
                _fill(disk / "ballast")

                async def has_bitten() -> bool:
                    return bool(mark.count("No space left on device"))

                await scene.until(has_bitten, BITE_LIMIT_SECONDS)
                await scene.hold(scene.dice.uniform(1, 4))
            finally:
                (disk / "ballast").unlink(missing_ok=True)
                await _move_back(superuser, table)
    failed = mark.count("No space left on device")
    if failed:
        scene.fault.proof = f"{table}: {failed} writes failed, no space left on device"


async def _move_back(superuser: asyncpg.Connection, table: str) -> None:
    end = monotonic() + UNDO_LIMIT_SECONDS
    while True:
        try:
            await superuser.execute(f"ALTER TABLE {table} SET TABLESPACE pg_default")
            await superuser.execute("DROP TABLESPACE proof_small")
        except asyncpg.PostgresError:
            if monotonic() > end:
                raise
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        else:
            return


def _fill(ballast: Path) -> None:
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


@asynccontextmanager
async def _small_disk(size_bytes: int) -> AsyncGenerator[Path | None]:
    """A file system in memory of that size, with a folder that the server owns; None where we may not."""
    folder = await asyncio.to_thread(lambda: Path(tempfile.mkdtemp(prefix="aftersales-disk-", dir="/tmp")))
    who = owner.choose()
    user, group = (who.user_id, who.group_id) if who else (os.getuid(), os.getgid())
    options = f"size={size_bytes},mode=755"
    done = await asyncio.to_thread(
        subprocess.run,
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
        check=False,
        capture_output=True,
    )
    if done.returncode != 0:
        shutil.rmtree(folder)
        yield None
        return
    try:
        (folder / "space").mkdir(mode=0o700)
        os.chown(folder / "space", user, group)
        yield folder
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", "-l", str(folder)], check=True)
        shutil.rmtree(folder)


KINDS = (
    Kind("postgres_restart", "database", postgres_restart, "postgres_restart"),
    Kind("postgres_kill", "database", postgres_kill, "crash_recovery"),
    Kind("backend_kill_storm", "database", backend_kill_storm, "backend_kill_storm"),
    Kind("pool_exhaustion", "database", pool_exhaustion, "pool_exhaustion"),
    Kind("read_only", "database", read_only),
    Kind("disk_full", "database", disk_full),
    Kind("wal_disk_full", "database", wal_disk_full),
)
