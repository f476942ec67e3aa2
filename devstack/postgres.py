"""Runs PostgreSQL 18 on a loopback port and a Unix socket, durable (fsync on), every user with a password."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from devstack import owner, postgres_files
from devstack.errors import PartFailed
from devstack.loops import run_apart
from devstack.part import Part, Temporary

SUPERUSER = "postgres"
DATABASE = "aftersales"
START_LIMIT_S = 60.0
CONNECT_LIMIT_S = 5
STILL_IN_USE = "pre-existing shared memory block"
RESTART_TRIES = 100

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
}


def superuser_url(password: str, port: int, database: str = DATABASE) -> str:
    """The superuser's connection string."""
    return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{port}/{database}"


@dataclass
class Postgres:
    """The database server. Its data, port, password and log stay the same over stop, kill and start."""

    data: Path
    logs: Path
    port: int
    password: str = field(repr=False)
    temporary: Temporary | None = None

    def __post_init__(self) -> None:
        # Socket paths are limited to about 100 bytes, so not in the stack's own folder.
        self.socket = Path(tempfile.mkdtemp(prefix="aftersales-", dir="/tmp"))
        self._owner = owner.choose()
        self.part = Part(
            "PostgreSQL",
            self.logs / "postgres.log",
            stop_signal=signal.SIGINT,  # PostgreSQL's fast shutdown: ends sessions, writes a checkpoint
            owner=self._owner,
            remove_if_orphaned=[self.socket, *([self.data] if self.temporary else [])],
            home_if_orphaned=self.temporary,
        )

    @property
    def pid(self) -> int:
        return self.part.pid

    def url(self, database: str = DATABASE) -> str:
        """The superuser's connection string to that database."""
        return superuser_url(self.password, self.port, database)

    def start(self) -> None:
        """Starts the server and returns once it serves. Raises PartMissing, PartFailed, StackError."""
        programs = postgres_files.programs(self._owner)
        self.socket.mkdir(exist_ok=True, mode=0o700)
        if self._owner:
            os.chown(self.socket, self._owner.user_id, self._owner.group_id)
        if not (self.data / "PG_VERSION").is_file():
            self._initialise(programs)
        settings = {**SETTINGS, "port": str(self.port), "unix_socket_directories": str(self.socket)}
        flags = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        self._launch([str(programs / "postgres"), "-D", str(self.data), *flags])

    def _launch(self, command: list[str]) -> None:
        """Starts the server; after a kill, as soon as the old one's processes have let go of its memory."""
        for attempt in range(RESTART_TRIES):
            seen_bytes = self.part.log.stat().st_size if self.part.log.exists() else 0
            self.part.launch(command, self._environment())
            try:
                self.part.wait_until(lambda: run_apart(self._serves()), START_LIMIT_S)
            except PartFailed:
                with self.part.log.open("rb") as log:
                    log.seek(seen_bytes)
                    said = log.read().decode("utf-8", "replace")
                if STILL_IN_USE not in said or attempt == RESTART_TRIES - 1:
                    self.part.stop()
                    raise
                self.part.stop()
            else:
                return

    def stop(self) -> None:
        self.part.stop()

    def kill(self) -> None:
        self.part.kill()

    def forget_socket(self) -> None:
        """Removes the socket's folder, once the server will not be started again."""
        shutil.rmtree(self.socket, ignore_errors=True)

    async def _serves(self) -> bool:
        """Whether the server answers; makes the project's database on the first occasion."""
        try:
            connection = await asyncpg.connect(self.url(SUPERUSER), timeout=CONNECT_LIMIT_S)
        except (OSError, TimeoutError, asyncpg.CannotConnectNowError):
            return False
        try:
            if not await connection.fetchval("select 1 from pg_database where datname = $1", DATABASE):
                await connection.execute(f"create database {DATABASE}")
        finally:
            await connection.close()
        return True

    def _environment(self) -> dict[str, str]:
        return {"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)}

    def _initialise(self, programs: Path) -> None:
        """Makes the data folder; the password travels by a file that only the owner can read."""
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        secret = self.socket / "password"
        secret.touch(0o600)
        secret.write_text(self.password, "utf-8")
        if self._owner:
            for path in (self.data, secret):
                os.chown(path, self._owner.user_id, self._owner.group_id)
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        access = ["--auth=scram-sha-256", f"--username={SUPERUSER}", f"--pwfile={secret}"]
        done = subprocess.run(
            # No sync of an empty database; the server itself syncs everything.
            [str(programs / "initdb"), "-D", str(self.data), "--no-sync", *locale, *access],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=self._environment(),
            user=self._owner.user_id if self._owner else None,
            group=self._owner.group_id if self._owner else None,
            extra_groups=[] if self._owner else None,
        )
        secret.unlink()
        if done.returncode != 0:
            raise PartFailed(f"initdb failed\n{done.stdout}{done.stderr}")
