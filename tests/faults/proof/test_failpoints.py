"""Failpoints and set clocks work in a process of their own, and only when they are told to."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.proof import patched
from tests.faults.proof.scene import state_of

pytestmark = pytest.mark.faults

VISIT = """
import pathlib, sys
from tests.faults.proof.patched import Failpoints
failpoints = Failpoints(pathlib.Path(sys.argv[1]))
for _ in sys.stdin:
    failpoints.reach("before_commit")
    failpoints.reach("after_commit")
    print("passed", flush=True)
"""
ASK = """
import pathlib, sys, time
from tests.faults.proof import patched
patched._shift_clock(pathlib.Path(sys.argv[1]))
from chassis import clock
for _ in sys.stdin:
    print(clock.now().timestamp() - clock.monotonic(), time.time() - clock.monotonic(), flush=True)
"""


class Visitor:
    """A process that does one thing for every line that it is sent."""

    def __init__(self, program: str, path: Path) -> None:
        command = [sys.executable, "-c", program, str(path)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def visit(self) -> str:
        """Returns the process's answer to the next line; nothing where the process has ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        """Ends it, however it is."""
        self.process.kill()
        self.process.communicate()


def test_a_process_kills_itself_at_the_nth_time_of_a_named_moment(tmp_path: Path) -> None:
    path = tmp_path / "failpoint"
    visitor = Visitor(VISIT, path)
    assert visitor.visit() == "passed"
    patched.order(path, patched.AFTER_COMMIT, "kill", 3)
    assert [visitor.visit() for _ in range(3)] == ["passed", "passed", ""]
    assert visitor.process.wait(10) == -signal.SIGKILL
    assert patched.was_hit(path)
    visitor.end()


def test_an_order_that_was_taken_back_does_nothing_and_one_is_carried_out_once(tmp_path: Path) -> None:
    path = tmp_path / "failpoint"
    visitor = Visitor(VISIT, path)
    patched.order(path, patched.BEFORE_COMMIT, "freeze", 2)
    assert visitor.visit() == "passed"
    patched.forget(path)
    assert [visitor.visit() for _ in range(3)] == ["passed"] * 3
    assert not patched.was_hit(path)
    patched.order(path, patched.BEFORE_COMMIT, "freeze")
    assert visitor.process.stdin is not None
    visitor.process.stdin.write("go\n")
    visitor.process.stdin.flush()
    while state_of(visitor.process.pid) != "T":
        assert visitor.process.poll() is None
    visitor.process.send_signal(signal.SIGCONT)
    assert visitor.process.stdout is not None
    assert visitor.process.stdout.readline().strip() == "passed"
    assert [visitor.visit() for _ in range(2)] == ["passed"] * 2
    visitor.end()


def test_a_set_clock_is_off_as_far_as_was_said_and_durations_are_not(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    patched.set_clock(path, 0.0)
    visitor = Visitor(ASK, path)
    true = [float(text) for text in visitor.visit().split()]
    assert patched.shifted_count(path) == 0
    for shift in (120.0, -90.0, 0.0):
        patched.set_clock(path, shift)
        for seen, was in zip(visitor.visit().split(), true, strict=True):
            assert abs(float(seen) - was - shift) < 5
    assert patched.shifted_count(path) == 4
    visitor.end()
