"""Processor time of a tree of processes, read from looks that are made up. No timing."""

import os
from collections.abc import Callable, Iterator, Mapping

import pytest

from benchmarks import cpu
from benchmarks.cpu import Process, UnsteadyError, parse, ticks, tree


def _looks(*shown: Mapping[int, Process]) -> Callable[[], Mapping[int, Process]]:
    """One look after the other; the last one stays."""
    left: Iterator[Mapping[int, Process]] = iter(shown)
    last = shown[-1]
    return lambda: next(left, last)


def test_a_program_may_be_called_anything() -> None:
    fields = "S 7 1 1 0 -1 4194560 1 2 3 4 120 30 50 6 20 0 13 0 31 51011584"
    assert parse(f"42 (a ) b (c) {fields}\n") == Process(parent=7, own_ticks=150, ended_ticks=56)


def test_a_tree_has_all_descendants_and_nobody_else() -> None:
    shown = {
        1: Process(0, 1, 0),
        5: Process(1, 2, 0),
        6: Process(5, 3, 0),
        7: Process(6, 4, 0),
        8: Process(1, 5, 0),
    }
    assert set(tree(5, shown)) == {5, 6, 7}
    with pytest.raises(KeyError):
        tree(9, shown)


def test_processes_that_have_ended_count_with_those_that_live() -> None:
    shown = {5: Process(1, 10, 100), 6: Process(5, 20, 3), 8: Process(1, 1_000, 1_000)}
    assert ticks(5, _looks(shown)) == 133


def test_a_process_that_ends_between_two_looks_counts_once() -> None:
    alive = {5: Process(1, 10, 0), 6: Process(5, 20, 0)}
    lost = {5: Process(1, 10, 0)}
    twice = {5: Process(1, 10, 20), 6: Process(5, 20, 0)}
    ended = {5: Process(1, 10, 20)}
    assert ticks(5, _looks(alive, lost, ended)) == 30
    assert ticks(5, _looks(alive, twice, ended)) == 30


def test_processes_that_never_stay_are_said() -> None:
    numbers = iter(range(10_000))
    with pytest.raises(UnsteadyError):
        ticks(5, lambda: {5: Process(1, 10, next(numbers))})


@pytest.mark.skipif(not cpu.IS_MEASURABLE, reason="Linux's /proc")
def test_the_machine_tells_of_this_process_and_its_parent() -> None:
    shown = cpu.look()
    assert shown[os.getpid()].parent == os.getppid()
    assert cpu.seconds(os.getpid()) > 0
