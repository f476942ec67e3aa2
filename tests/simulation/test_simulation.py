"""The simulation itself: its seeds hold, replay exactly, and reach what they claim to reach."""

import subprocess
import sys
from pathlib import Path

from tests.simulation.__main__ import play
from tests.simulation.run import quiet, run

ROOT = Path(__file__).parents[2]
SEED_COUNT = 300


def test_every_seed_holds_and_processes_died_nearly_everywhere() -> None:
    tally = play(range(SEED_COUNT))
    assert tally.failures == []
    assert tally.facts > 5 * SEED_COUNT
    assert min(tally.repeats, tally.republished) > 0
    assert {kind for _, kind in tally.struck} == {
        "kill", "freeze", "stop", "lost", "unanswered", "stall", "database", "failover", "broker",
        "rebalance",
    }  # fmt: skip
    assert len(tally.seen) > 40
    assert len(tally.untouched()) < len(tally.seen) / 2, tally.untouched()


def test_the_same_seed_is_the_same_run() -> None:
    with quiet():
        for seed in range(20):
            one, two = run(seed, with_trace=True), run(seed, with_trace=True)
            assert one.trace == two.trace
            assert len(one.trace) > 50
        assert run(1, with_trace=True).digest != run(2, with_trace=True).digest


def test_another_process_with_other_hashes_plays_the_same_run() -> None:
    said = {
        subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--seed", "3"],
            cwd=ROOT, env={"PYTHONHASHSEED": hashes, "PYTHONPATH": f"{ROOT}:{ROOT / 'contracts'}"},
            capture_output=True, text=True, check=True,
        ).stdout
        for hashes in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1
    assert "nothing wrong" in said.pop()
