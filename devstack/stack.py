"""Starts and ends the local stack: a real Kafka and a real PostgreSQL together."""

import atexit
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from devstack import owner, ports
from devstack.errors import StackError
from devstack.kafka import Kafka
from devstack.part import Temporary
from devstack.postgres import Postgres, superuser_url

STATE_FILE = "stack.json"
LOCK_FILE = "lock"
UNREACHED_DATA = Path("/var/tmp")  # noqa: S108 - holds only folders that belong to the database's OS user


@dataclass(frozen=True)
class Layout:
    """Values that stay when a stack with a home of its own is started again. Kept in its state file."""

    kafka_port: int
    controller_port: int
    postgres_port: int
    password: str
    postgres_data: str
    starter_pid: int = 0

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.kafka_port}"

    @property
    def database_url(self) -> str:
        return superuser_url(self.password, self.postgres_port)


class Stack:
    """A running stack; a context manager. `kafka` and `postgres` can be killed and started one by one."""

    def __init__(
        self,
        home: Path,
        *,
        keep: bool,
        fast_start: bool,
        lock: IO[str],
        kafka_by_way_of: Mapping[int, int],
        kafka_port: int | None = None,
    ) -> None:
        self.home = home
        self.logs = home / "logs"
        self._keep = keep
        self._lock = lock
        self.logs.mkdir(exist_ok=True)
        layout = _layout(home, kafka_port)
        data = Path(layout.postgres_data)
        temporary = None if keep else Temporary(home, (home / "kafka", data))
        self.kafka = Kafka(
            home / "kafka",
            self.logs,
            layout.kafka_port,
            layout.controller_port,
            fast_start=fast_start,
            temporary=temporary,
            by_way_of=kafka_by_way_of,
        )
        self.postgres = Postgres(data, self.logs, layout.postgres_port, layout.password, temporary=temporary)

    @property
    def bootstrap_servers(self) -> str:
        """The broker's address, for any Kafka client."""
        return self.kafka.bootstrap_servers

    @property
    def database_url(self) -> str:
        """The superuser's connection string to the database `aftersales`."""
        return self.postgres.url()

    def start(self) -> None:
        """Starts both parts at once. If one fails the other is stopped and the error raised."""
        atexit.register(self.stop)
        try:
            _together(self.kafka.start, self.postgres.start)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops both parts; a stack that is not kept leaves nothing behind. Harmless when repeated."""
        atexit.unregister(self.stop)
        if self._lock.closed:
            return
        try:
            # Both at once, and without threads: at the end of the process none can be started any more.
            for part in (self.kafka.part, self.postgres.part):
                part.ask_to_stop()
            self.kafka.stop()
            self.postgres.stop()
        finally:
            self.postgres.forget_socket()
            if not self._keep:
                shutil.rmtree(self.postgres.data, ignore_errors=True)
                shutil.rmtree(self.home, ignore_errors=True)
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(
    home: Path | None = None,
    *,
    keep: bool = False,
    fast_start: bool = True,
    kafka_by_way_of: Mapping[int, int] | None = None,
    kafka_port: int | None = None,
) -> Stack:
    """Starts a stack and returns when both parts serve.

    Without `home` its data lie in a temporary folder that goes away with it (`keep` leaves it). With
    `home` they stay, and so do ports and password over restarts. It ends with `stop()`, at the end of
    the `with` block or of the process, however that ends. `kafka_by_way_of`: further ports of the broker, and
    which port it tells clients of each to use.
    `kafka_port` is taken where it is free, else another one. Raises StackError and its kinds.
    """
    if home is None:
        home = Path(tempfile.mkdtemp(prefix="aftersales-stack-", dir=_temporary_folder()))
    else:
        keep = True
        home = home.absolute()
        home.mkdir(parents=True, exist_ok=True)
    # Where PostgreSQL runs as another OS user, that one walks through it; nobody may look around in it.
    home.chmod(0o711 if owner.choose() else 0o700)
    stack = Stack(
        home, keep=keep, fast_start=fast_start, lock=_lock(home), kafka_by_way_of=kafka_by_way_of or {},
        kafka_port=kafka_port,
    )  # fmt: skip
    stack.start()
    return stack


def wipe(home: Path) -> None:
    """Forgets all data of a stack that is not running. Raises StackError if it runs."""
    if not (home / STATE_FILE).is_file():
        return
    with _lock(home):
        layout = Layout(**json.loads((home / STATE_FILE).read_text("utf-8")))
        shutil.rmtree(layout.postgres_data, ignore_errors=True)
        shutil.rmtree(home)


def running(home: Path) -> Layout | None:
    """The layout of the stack that runs in `home`, or None."""
    if not (home / STATE_FILE).is_file():
        return None
    try:
        _lock(home).close()
    except StackError:
        return Layout(**json.loads((home / STATE_FILE).read_text("utf-8")))
    return None


def _together(*actions: Callable[[], None]) -> None:
    """Runs the actions at the same time, waits for all, then raises the first error, if any."""
    with ThreadPoolExecutor(len(actions)) as pool:
        running_actions = [pool.submit(action) for action in actions]
    for action in running_actions:
        action.result()


def _lock(home: Path) -> IO[str]:
    """Holds `home` for this process until closed. Raises StackError if another stack holds it."""
    lock = (home / LOCK_FILE).open("a", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise StackError(f"a stack is running in {home}") from None
    return lock


def _layout(home: Path, kafka_port: int | None = None) -> Layout:
    """Reads the state file, or chooses everything and writes it; only its owner may read it.

    The broker stands at `kafka_port` where that is free. Where neither it nor the
    kept one is, another one is found.
    """
    path = home / STATE_FILE
    if path.is_file():
        stored = Layout(**json.loads(path.read_text("utf-8")))
        if kafka_port is not None:
            stored = replace(stored, kafka_port=_broker_port(kafka_port, stored.kafka_port))
        busy = [
            port
            for port in (stored.kafka_port, stored.controller_port, stored.postgres_port)
            if not ports.is_free(port)
        ]
        if busy:
            raise StackError(f"ports of the stack in {home} are in use by something else: {busy}")
        layout = replace(stored, starter_pid=os.getpid())
    else:
        kafka, controller, postgres = ports.free(3)
        kafka = kafka if kafka_port is None else _broker_port(kafka_port, kafka)
        layout = Layout(
            kafka, controller, postgres, secrets.token_hex(16), str(_postgres_data(home)), os.getpid()
        )
    path.touch(0o600)
    path.write_text(json.dumps(asdict(layout)), "utf-8")
    return layout


def _broker_port(wanted: int, kept: int) -> int:
    """The port that is wanted, else the one that was kept, else another."""
    return next((port for port in (wanted, kept) if ports.is_free(port)), None) or ports.free(1)[0]


def _postgres_data(home: Path) -> Path:
    """In the stack's home, or outside of it where the database's OS user cannot get into the home."""
    if owner.reaches(home / "postgres" / "data", owner.choose()):
        return home / "postgres"
    return UNREACHED_DATA / f"aftersales-data-{hashlib.sha256(str(home).encode()).hexdigest()[:16]}"


def _temporary_folder() -> Path:
    """The usual one, unless the database's OS user cannot reach it."""
    usual = Path(tempfile.gettempdir())
    return usual if owner.reaches(usual / "x", owner.choose()) else UNREACHED_DATA
