"""A service as a process of the harness: `python -m tests.faults.proof.patched SERVICE [--patch NAME]`.

It is the service's own code; from outside it gets
- a clock that a file shifts (PROOF_CLOCK_FILE), as if the machine's had been set,
- failpoints: named moments at which a file (PROOF_FAILPOINT_FILE) lets the process kill or freeze itself,
- with `--patch`, a mutant: a defect by which the harness shows that it would be found.
"""

import argparse
import importlib
import mmap
import os
import signal
import struct
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg.transaction

from chassis import clock
from chassis.ingest.feed import Feed
from chassis.publish.publisher import KafkaPublisher
from chassis.runtime.process import main as run
from chassis.store.lease import PostgresLease
from tests.faults.proof.seams import replace, seam

CLOCK_SETTING = "PROOF_CLOCK_FILE"
FAILPOINT_SETTING = "PROOF_FAILPOINT_FILE"
CLOCK_FORMAT = struct.Struct("<dq")
"""Seconds that the clock is off, and the number of times it was asked meanwhile."""
HIT_SUFFIX = ".hit"

BEFORE_COMMIT = "before_commit"
AFTER_COMMIT = "after_commit"
BEFORE_PUBLISH = "before_publish"
BEFORE_CURSOR = "between_publish_and_cursor"
BEFORE_OFFSETS = "before_offsets"
POINTS = (BEFORE_COMMIT, AFTER_COMMIT, BEFORE_PUBLISH, BEFORE_CURSOR, BEFORE_OFFSETS)
SIGNALS = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP}


@dataclass
class Failpoints:
    """Acts at named moments. The file says `point action n`: at the n-th time from then on."""

    path: Path
    _order: str = ""
    _left_count: int = 0
    _moved_at: tuple[int, int] = field(default=(0, 0))

    def reach(self, point: str) -> None:
        """A named moment has come: does what the file says about it, if it says anything."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return
        if (found.st_mtime_ns, found.st_ino) != self._moved_at:
            self._moved_at = found.st_mtime_ns, found.st_ino
            self._order = self.path.read_text("utf-8")
            self._left_count = int(self._order.split()[2])
        wanted, action, _ = self._order.split()
        if wanted != point:
            return
        self._left_count -= 1
        if self._left_count <= 0:
            self.path.rename(self.path.with_name(self.path.name + HIT_SUFFIX))
            os.kill(os.getpid(), SIGNALS[action])


def order(path: Path, point: str, action: str, count: int = 1) -> None:
    """Asks the process that looks at this file to kill or freeze itself at a named moment."""
    forget(path)
    assert point in POINTS
    work = path.with_name(path.name + ".new")
    work.write_text(f"{point} {action} {count}", "utf-8")
    work.rename(path)


def forget(path: Path) -> None:
    """Takes an order back."""
    for each in (path, path.with_name(path.name + HIT_SUFFIX)):
        with suppress(FileNotFoundError):
            each.unlink()


def was_hit(path: Path) -> bool:
    """Whether the process has come to the moment of the last order."""
    return path.with_name(path.name + HIT_SUFFIX).exists()


def set_clock(path: Path, shift_seconds: float) -> None:
    """Sets the clock of the process that looks at this file; makes the file the first time."""
    if not path.exists():
        path.write_bytes(CLOCK_FORMAT.pack(0.0, 0))
    with path.open("r+b") as file:
        file.write(struct.pack("<d", shift_seconds))


def shifted_count(path: Path) -> int:
    """Number of times that the process asked its clock while the clock was off."""
    return int(CLOCK_FORMAT.unpack(path.read_bytes())[1])


def _shift_clock(path: Path) -> None:
    """From now on the wall clock is off by what the file says; that of durations is not."""
    with path.open("r+b") as file:
        shared = mmap.mmap(file.fileno(), CLOCK_FORMAT.size)
    true_now, true_time = seam(clock, "now"), time.time

    def shift_seconds() -> float:
        shift, count = CLOCK_FORMAT.unpack_from(shared)
        if shift:
            struct.pack_into("<q", shared, 8, count + 1)
        return float(shift)

    replace(clock, "now", lambda: true_now() + timedelta(seconds=shift_seconds()))
    replace(time, "time", lambda: true_time() + shift_seconds())  # the broker's client asks this one


def _place_failpoints(path: Path) -> None:
    reach = Failpoints(path).reach
    leave = seam(asyncpg.transaction.Transaction, "__aexit__")

    async def leaving(self: Any, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            reach(BEFORE_COMMIT)
        await leave(self, kind, error, trace)
        if kind is None:
            reach(AFTER_COMMIT)

    replace(asyncpg.transaction.Transaction, "__aexit__", leaving)
    _before(KafkaPublisher, "publish", lambda _: reach(BEFORE_PUBLISH))
    _before(PostgresLease, "move", lambda _: reach(BEFORE_CURSOR))
    _before(Feed, "_commit_now", lambda feed: reach(BEFORE_OFFSETS) if seam(feed, "_to_commit") else None)


def _before(owner: type, name: str, act: Callable[[Any], None]) -> None:
    """Does something before every call of an asynchronous method."""
    original: Callable[..., Awaitable[Any]] = seam(owner, name)

    async def around(self: Any, *arguments: Any) -> Any:
        act(self)
        return await original(self, *arguments)

    replace(owner, name, around)


def main() -> None:
    """Runs the service until it is asked to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("service")
    parser.add_argument("--patch")
    given = parser.parse_args()
    if CLOCK_SETTING in os.environ:
        _shift_clock(Path(os.environ[CLOCK_SETTING]))
    if FAILPOINT_SETTING in os.environ:
        _place_failpoints(Path(os.environ[FAILPOINT_SETTING]))
    module = importlib.import_module(f"services.{given.service}.service")
    if given.patch is not None:
        mutants = importlib.import_module("tests.faults.proof.mutants")
        mutants.MUTANTS[given.patch].apply()
    run(getattr(module, given.service.upper()))


if __name__ == "__main__":
    main()
