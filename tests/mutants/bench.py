"""Tries mutants in copies of the project, as many at a time as there are jobs."""

import os
import queue
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.mutants.mutant import ROOT, Fate, Mutant, Verdict
from tests.mutants.reach import Reach
from tests.mutants.serve import Answer, Job

TIMEOUT_SECONDS_MIN = 60.0
TIMEOUT_TIMES = 5
"""A mutant may take this many times what all tests of its service took."""


def copy_project(to: Path) -> None:
    """Copies what Git knows of the project, with changes that are not committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def measure_reach(tree: Path, tests: Sequence[str]) -> Reach:
    """Runs the tests of a copy once; also leaves their compiled files there."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        subprocess.run(
            [sys.executable, "-m", "tests.mutants.reach", out.name, *tests],
            cwd=tree, check=True, stdout=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        )  # fmt: skip
        return msgspec.json.decode(Path(out.name).read_bytes(), type=Reach)


class Server:
    """A process that tries mutants in its copy of the project."""

    def __init__(self, tree: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutants.serve"],
            cwd=tree, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def ask(self, job: Job) -> Answer:
        """Tries one mutant."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(job) + b"\n")
        self._process.stdin.flush()
        return msgspec.json.decode(self._process.stdout.readline(), type=Answer)

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()


class Bench:
    """Judges mutants by the tests that can see them."""

    def __init__(self, trees: Sequence[Path], reach: Reach, *, is_confirming: bool = False) -> None:
        self.tree = trees[0]
        """The copy that the mutants are made of: the project may change meanwhile."""
        self._reach = reach
        self._is_confirming = is_confirming
        self._servers = [Server(tree) for tree in trees]
        self._free: queue.SimpleQueue[Server] = queue.SimpleQueue()
        for server in self._servers:
            self._free.put(server)

    def close(self) -> None:
        """Ends the processes."""
        for server in self._servers:
            server.close()

    def judge(self, mutants: Iterable[Mutant]) -> Iterator[Verdict]:
        """Judges all of them, in their order."""
        with ThreadPoolExecutor(len(self._servers)) as threads:
            yield from threads.map(self._judged, mutants)

    def _judged(self, mutant: Mutant) -> Verdict:
        server = self._free.get()
        try:
            return self._tried(server, mutant)
        finally:
            self._free.put(server)

    def _tried(self, server: Server, mutant: Mutant) -> Verdict:
        """Asks the tests that can see the mutant; to confirm a survivor, the others of its service too."""
        near, seconds = self.near(mutant), 0.0
        rest = [test for test in self._reach.of_service(mutant.service) if test not in set(near)]
        for tests in filter(None, (near, rest if self._is_confirming else [])):
            answer = server.ask(
                Job(mutant.service, mutant.file, mutant.text, tuple(tests), self._timeout(mutant.service))
            )
            seconds += answer.seconds
            fate = fate_of(answer)
            if fate is not Fate.SURVIVED:
                return Verdict(mutant, fate, answer.failed, seconds)
        return Verdict(mutant, Fate.SURVIVED if near else Fate.UNREACHED, "", seconds)

    def near(self, mutant: Mutant) -> list[str]:
        """Lists the tests that can see a mutant: by its line, its number, or the module that reads it."""
        file = Path(mutant.file)
        if file.suffix == ".py":
            return self._reach.of_line(mutant.service, mutant.file, mutant.line)
        if mutant.names:
            return self._reach.of_number(mutant.service, mutant.names)
        if file.stem == "policy":
            return self._reach.of_service(mutant.service)
        readers = [
            path.relative_to(self.tree).as_posix()
            for path in (self.tree / file).parent.glob("*.py")
            if f'"{file.name}"' in path.read_text("utf-8")
        ]
        return self._reach.of_modules(readers)

    def _timeout(self, service: str) -> float:
        taken = sum(self._reach.seconds[test] for test in self._reach.of_service(service))
        return max(TIMEOUT_SECONDS_MIN, TIMEOUT_TIMES * taken)


def fate_of(answer: Answer) -> Fate:
    """Reads how pytest ended. Raises RuntimeError where it did not judge."""
    if answer.code is None:
        return Fate.TIMEOUT
    if not answer.is_collected or answer.code == 4:
        return Fate.REFUSED
    if answer.code == 0:
        return Fate.SURVIVED
    if answer.code == 1 or answer.code < 0:
        return Fate.CAUGHT
    raise RuntimeError(f"pytest ended with {answer.code}")


@contextmanager
def open_bench(first: Path, jobs: int, service: str, *, is_confirming: bool = False) -> Generator[Bench]:
    """Measures the tests of a service in a copy of the project, and starts a server for each job."""
    reach = measure_reach(first, [f"tests/services/{service}"])
    trees = [first, *(first.with_name(f"{first.name}-{number}") for number in range(1, jobs))]
    for tree in trees[1:]:
        shutil.copytree(first, tree, dirs_exist_ok=True)
    bench = Bench(trees, reach, is_confirming=is_confirming)
    try:
        yield bench
    finally:
        bench.close()
