"""Runs one program of the stack and ends it when whoever started this guard goes away.

A file of its own, standard library only, run with `python -I -S` so that it starts in milliseconds.
Argument: a JSON object (see `Orders`). Standard input: held open by the starter; `keep` before the end
of it means an orderly stop, an end without it means that the starter died. Standard output: one line,
the program's process id. Exit status: the program's own (128 + signal if it was killed).
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import TypedDict

PR_SET_PDEATHSIG = 1


class Orders(TypedDict):
    """The instructions to the guard."""

    command: list[str]
    environment: dict[str, str]
    log: str
    owner: list[int] | None
    """User and group id that the program runs as, or None for the guard's own."""
    stop_signal: int
    patience_s: float
    """Seconds that the program may take to stop before it is killed."""
    remove_if_orphaned: list[str]
    home_if_orphaned: str
    """A folder to remove as well, by whichever guard finds that none of `home_parts` is left; or empty."""
    home_parts: list[str]


def dies_with_parent(number: int) -> Callable[[], None] | None:
    """On Linux: the kernel sends that signal should the guard itself be killed."""
    if sys.platform != "linux":
        return None
    import ctypes  # noqa: PLC0415 - not needed elsewhere, and the guard must start fast

    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, number)

    return ask


def end(program: "subprocess.Popen[bytes]", orders: Orders) -> None:
    """Stops the program in the orderly way, and by force when patience is over."""
    with contextlib.suppress(ProcessLookupError):
        program.send_signal(orders["stop_signal"])
        program.send_signal(signal.SIGCONT)
    try:
        program.wait(orders["patience_s"])
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()


def watch(program: "subprocess.Popen[bytes]", orders: Orders, asked: threading.Event) -> None:
    """Waits for the end of standard input, then ends the program."""
    orphaned = sys.stdin.read().strip() != "keep"
    asked.set()
    end(program, orders)
    if orphaned:
        for path in orders["remove_if_orphaned"]:
            shutil.rmtree(path, ignore_errors=True)
        if orders["home_if_orphaned"] and not any(map(os.path.exists, orders["home_parts"])):
            shutil.rmtree(orders["home_if_orphaned"], ignore_errors=True)


def main() -> int:
    """Starts the program, says its id, and stays until it has ended."""
    orders: Orders = json.loads(sys.argv[1])
    user, group = orders["owner"] or (None, None)
    with open(orders["log"], "ab", buffering=0) as log:  # noqa: PTH123 - pathlib would double the start time
        program = subprocess.Popen(
            orders["command"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=orders["environment"],
            user=user,
            group=group,
            extra_groups=[] if orders["owner"] else None,
            start_new_session=True,
            preexec_fn=dies_with_parent(orders["stop_signal"]),  # noqa: PLW1509 - no threads here yet
        )
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda _number, _frame: program.send_signal(orders["stop_signal"]))
    sys.stdout.write(f"{program.pid}\n")
    sys.stdout.flush()
    asked = threading.Event()
    watcher = threading.Thread(target=watch, args=(program, orders, asked), daemon=True)
    watcher.start()
    status = program.wait()
    if asked.is_set():
        watcher.join()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
