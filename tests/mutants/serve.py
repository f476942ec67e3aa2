"""Tries mutants in a copy of the project: python -m tests.mutants.serve, a job per line, an answer per line.

The process imports all that mutants cannot touch, once. Each job changes a file of the copy, forks, lets
the fork import the services and run the tests, and puts the file back.
"""

import gc
import importlib
import json
import os
import pkgutil
import resource
import select
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from time import perf_counter
from typing import Any, NoReturn

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings

NICE = 1
"""Others come first."""
WAIT_TIMES = 20
"""The limit of a mutant is time on a processor; on a busy machine it may wait this many times as long."""
STEADY = ("kernel", "chassis", "aftersales_contracts")
"""Packages that a mutant never changes and that import no service."""


class Job(msgspec.Struct):
    """Which file of which service becomes what, and which tests look at it, in this order."""

    service: str
    file: str
    text: str
    tests: tuple[str, ...]
    timeout_seconds: float
    """Of a processor."""


class Answer(msgspec.Struct):
    """The end of pytest (negative: by a signal; None: not in time), and the first test that failed."""

    code: int | None
    failed: str = ""
    is_collected: bool = True
    seconds: float = 0.0


class Chosen:
    """Keeps the wanted tests, in the wanted order, and answers when they have run."""

    def __init__(self, tests: Sequence[str], out: int) -> None:
        self._out = out
        self._rank = {test: rank for rank, test in enumerate(tests)}
        self.failed = ""
        self.is_collected = True

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._rank), key=lambda item: self._rank[item.nodeid]
        )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.is_collected = False
            self.failed = self.failed or report.nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Answers, and ends the fork without cleaning up: everything in it is a copy."""
        _say(self._out, Answer(int(exitstatus), self.failed, self.is_collected))


def settle() -> None:
    """Imports what is steady, and makes property tests draw the same each time and stop at what they find."""
    for name in STEADY:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if "migrations" not in module.name and not module.name.endswith(("__main__", "tracing")):
                importlib.import_module(module.name)
    for plugin in entry_points(group="pytest11"):
        plugin.load()
    settings.register_profile(
        "mutants",
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("mutants")


ARGUMENTS = (
    "-q", "-p", "no:cacheprovider", "--tb=no", "--assert=plain", "-m", "not stack and not long",
    "-W", "ignore::pytest.PytestAssertRewriteWarning",  # plugins are imported before pytest begins
)  # fmt: skip


def _say(out: int, answer: Answer) -> NoReturn:
    os.write(out, msgspec.json.encode(answer))
    os._exit(0)


def _look(job: Job, out: int) -> None:
    """Runs the tests in the fork, if the service still loads."""
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    gc.disable()
    limit = int(job.timeout_seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
    try:
        importlib.import_module(f"services.{job.service}.service")
    except Exception as error:  # noqa: BLE001 - whatever it is, the service does not load
        _say(out, Answer(0, f"{type(error).__name__}: {error}"[:200], is_collected=False))
    files = dict.fromkeys(test.partition("::")[0] for test in job.tests)
    code = int(pytest.main([*ARGUMENTS, "-x", *files], plugins=[Chosen(job.tests, out)]))
    _say(out, Answer(code))


def _fork(job: Job) -> Answer:
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.close(inlet)
        try:
            _look(job, outlet)
        finally:
            os._exit(70)
    os.close(outlet)
    is_in_time = bool(select.select([inlet], [], [], WAIT_TIMES * job.timeout_seconds)[0])
    said = os.read(inlet, 65_536) if is_in_time else b""
    os.close(inlet)
    if not is_in_time:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not is_in_time:
        return Answer(None)
    if os.waitstatus_to_exitcode(status) == -signal.SIGXCPU:
        return Answer(None)
    return msgspec.json.decode(said, type=Answer) if said else Answer(os.waitstatus_to_exitcode(status))


def attempt(job: Job) -> Answer:
    """Tries one job. The changed file is older than before, so that no compiled one is taken for it."""
    path, began = Path(job.file), perf_counter()
    before, times = path.read_bytes(), path.stat()
    path.write_text(job.text, encoding="utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns - 10**12))
    try:
        answer = _fork(job)
    finally:
        path.write_bytes(before)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    answer.seconds = perf_counter() - began
    return answer


def main() -> None:
    os.nice(NICE)
    sys.dont_write_bytecode = True
    settle()
    gc.freeze()
    for line in sys.stdin:
        answer: Any = attempt(msgspec.json.decode(line, type=Job))
        print(json.dumps(msgspec.to_builtins(answer)), flush=True)


if __name__ == "__main__":
    main()
