"""Runs a program of the stack: started under a guard, stopped in order, killed for fault tests."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from devstack.errors import PartFailed, StackError

GUARD = Path(__file__).with_name("guard.py")
LOOK_AGAIN_S = 0.02
LOG_TAIL_LINES = 25


@dataclass(frozen=True, slots=True)
class Owner:
    """The OS user that a program runs as when the stack itself is started by root."""

    name: str
    user_id: int
    group_id: int


@dataclass(frozen=True, slots=True)
class Temporary:
    """A folder that goes away with its starter, after the last of the parts in it."""

    folder: Path
    parts: Sequence[Path]


@dataclass
class Part:
    """One running program. Not for use by several threads at once."""

    name: str
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    patience_s: float = 20.0
    owner: Owner | None = None
    remove_if_orphaned: Sequence[Path] = ()
    home_if_orphaned: "Temporary | None" = None
    _guard: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    _pid: int = 0

    @property
    def pid(self) -> int:
        """Process id of the program. Raises StackError while it is not running."""
        if not self.running:
            raise StackError(f"{self.name} is not running")
        return self._pid

    @property
    def running(self) -> bool:
        return self._guard is not None and self._guard.poll() is None

    def launch(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Starts the program. Raises StackError if it runs already, PartFailed if it cannot be run."""
        if self.running:
            raise StackError(f"{self.name} is running already")
        self.stop()  # what is left of one that ended by itself
        orders = {
            "command": list(command),
            "environment": dict(environment),
            "log": str(self.log),
            "owner": [self.owner.user_id, self.owner.group_id] if self.owner else None,
            "stop_signal": int(self.stop_signal),
            "patience_s": self.patience_s,
            "remove_if_orphaned": [str(path) for path in self.remove_if_orphaned],
            "home_if_orphaned": str(self.home_if_orphaned.folder) if self.home_if_orphaned else "",
            "home_parts": [str(path) for path in self.home_if_orphaned.parts]
            if self.home_if_orphaned
            else [],
        }
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARD), json.dumps(orders)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        with cast("IO[bytes]", self._guard.stdout) as said:
            line = said.readline().strip()
        if not line:
            self._guard.wait()
            raise PartFailed(f"{self.name} cannot be run: {command[0]}")
        self._pid = int(line)

    def wait_until(self, ready: Callable[[], bool], limit_s: float) -> None:
        """Returns once `ready()` holds. Raises PartFailed if the program ends or the limit passes first."""
        end = time.monotonic() + limit_s
        while not ready():
            if not self.running:
                raise PartFailed(f"{self.name} ended while starting\n{self.tail()}")
            if time.monotonic() > end:
                raise PartFailed(f"{self.name} did not answer in {limit_s:.0f} s\n{self.tail()}")
            time.sleep(LOOK_AGAIN_S)

    def ask_to_stop(self) -> None:
        """Lets the program begin to stop in the orderly way; `stop` waits for its end."""
        if self._guard is None:
            return
        orders = cast("IO[bytes]", self._guard.stdin)
        if not orders.closed:
            with contextlib.suppress(BrokenPipeError), orders:
                orders.write(b"keep\n")

    def stop(self) -> None:
        """Stops the program in the orderly way; does nothing when it is not running."""
        self.ask_to_stop()
        if self._guard is not None:
            self._guard.wait()
            self._guard = None

    def kill(self) -> None:
        """Ends the program as a crash would (SIGKILL). Raises StackError while it is not running."""
        os.kill(self.pid, signal.SIGKILL)
        while self.running:
            time.sleep(LOOK_AGAIN_S)
        self.stop()

    def pause(self) -> None:
        """Freezes the program (SIGSTOP): connections stay open, nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Lets a frozen program go on."""
        os.kill(self.pid, signal.SIGCONT)

    def tail(self) -> str:
        """The end of the program's log."""
        if not self.log.is_file():
            return "(no log)"
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-LOG_TAIL_LINES:])
