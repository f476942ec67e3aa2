"""Controls the local stack from the command line: python -m devstack up | down | status | fetch | wipe."""

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import devstack
from devstack import cache, jars, java, kafka, owner, postgres_files
from devstack.errors import StackError
from devstack.stack import running, wipe

DETACHED_START_LIMIT_S = 120.0
DOWN_LIMIT_S = 60.0
LOOK_AGAIN_S = 0.1


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0 when done, 1 when the stack says why not, 3 for `status` of a stack that is down."""
    parser = argparse.ArgumentParser(prog="devstack", description=__doc__)
    parser.add_argument("--home", type=Path, default=cache.folder() / "stack", help="where its data are kept")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start it; ends with Ctrl-C")
    up.add_argument("--detach", action="store_true", help="leave it running and return")
    up.add_argument("--measure", action="store_true", help="Kafka with its optimising compiler")
    for name, text in (
        ("down", "stop a stack that was left running"),
        ("status", "whether it runs, and where"),
        ("fetch", "download everything, so that all works without a network later"),
        ("wipe", "forget its data"),
    ):
        commands.add_parser(name, help=text)
    given = parser.parse_args(arguments)
    home: Path = given.home.absolute()
    try:
        match given.command:
            case "up":
                return _detached(home, given) if given.detach else _up(home, measure=given.measure)
            case "down":
                return _down(home)
            case "status":
                return _status(home)
            case "fetch":
                return _fetch()
            case _:
                wipe(home)
                return 0
    except StackError as error:
        print(f"devstack: {error}", file=sys.stderr)
        return 1


def _up(home: Path, *, measure: bool) -> int:
    asked = threading.Event()

    def end(_number: int, _frame: object) -> None:
        asked.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    with devstack.start(home, fast_start=not measure) as stack:
        _print(stack.bootstrap_servers, stack.database_url)
        print(f"logs: {stack.logs}", flush=True)
        while not asked.wait(LOOK_AGAIN_S):
            if not (stack.kafka.part.running and stack.postgres.part.running):
                raise StackError(f"a part of the stack has ended by itself: see {stack.logs}")
    return 0


def _detached(home: Path, given: argparse.Namespace) -> int:
    if running(home):
        raise StackError(f"a stack is running in {home}")
    home.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "devstack", "--home", str(home), "up"]
    if given.measure:
        command.append("--measure")
    (home / "up.log").touch(0o600)  # it will show a password
    with (home / "up.log").open("wb") as said:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
        )
    end = time.monotonic() + DETACHED_START_LIMIT_S
    while "logs:" not in (home / "up.log").read_text("utf-8"):
        if child.poll() is not None or time.monotonic() > end:
            child.terminate()
            raise StackError((home / "up.log").read_text("utf-8"))
        time.sleep(LOOK_AGAIN_S)
    return _status(home)


def _down(home: Path) -> int:
    layout = running(home)
    if layout is None:
        return 0
    os.kill(layout.starter_pid, signal.SIGTERM)
    end = time.monotonic() + DOWN_LIMIT_S
    while running(home):
        if time.monotonic() > end:
            raise StackError(f"the stack in {home} does not stop (process {layout.starter_pid})")
        time.sleep(LOOK_AGAIN_S)
    return 0


def _status(home: Path) -> int:
    layout = running(home)
    if layout is None:
        print("down")
        return 3
    _print(layout.bootstrap_servers, layout.database_url)
    return 0


def _print(bootstrap_servers: str, database_url: str) -> None:
    """As assignments, so that a shell can take them over."""
    print(f"AFTERSALES_KAFKA__BOOTSTRAP_SERVERS={bootstrap_servers}")
    print(f"AFTERSALES_DATABASE__URL={database_url}", flush=True)


def _fetch() -> int:
    java.executable()
    postgres_files.programs(owner.choose())
    kafka.prepare()
    print(f"Kafka's jars: {jars.home()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
