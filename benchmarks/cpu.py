"""Reads processor time of processes as the system counts it: user and system time, from Linux's /proc."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
IS_MEASURABLE = (PROC / "self" / "stat").exists()
"""Elsewhere nothing tells the time of a server's processes that have ended, so nothing is measured there."""
TRIES_COUNT = 50


class UnsteadyError(Exception):
    """Processes came and went at every look."""


@dataclass(frozen=True, slots=True)
class Process:
    """Clock ticks of one process, and of its children that have ended and were waited for."""

    parent: int
    own_ticks: int
    ended_ticks: int


Look = Callable[[], Mapping[int, Process]]
"""All processes of the machine, by process id."""


def parse(stat: str) -> Process:
    """Reads a `/proc/<pid>/stat`. A program's name may hold spaces and brackets."""
    fields = stat.rpartition(")")[2].split()
    user, system, ended_user, ended_system = (int(field) for field in fields[11:15])
    return Process(int(fields[1]), user + system, ended_user + ended_system)


def look() -> dict[int, Process]:
    """Reads every process that is there now."""
    found: dict[int, Process] = {}
    for path in PROC.iterdir():
        if path.name.isdecimal():
            try:
                found[int(path.name)] = parse((path / "stat").read_text("utf-8", "replace"))
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended
    return found


def tree(root: int, processes: Mapping[int, Process]) -> dict[int, Process]:
    """Picks a process and all that descend from it. Raises KeyError where it is not there."""
    found = {root: processes[root]}
    children: dict[int, list[int]] = {}
    for pid, process in processes.items():
        children.setdefault(process.parent, []).append(pid)
    unseen = [root]
    while unseen:
        for pid in children.get(unseen.pop(), ()):
            found[pid] = processes[pid]
            unseen.append(pid)
    return found


def ticks(root: int, look: Look = look) -> int:
    """Adds up a process, its descendants, and those of them that have ended.

    A process that ends during a look could be counted twice or not at all. So two looks in turn must
    show the same processes. Raises UnsteadyError where they never do, KeyError without the process.
    """
    before = tree(root, look())
    for _ in range(TRIES_COUNT):
        after = tree(root, look())
        if _lives(before) == _lives(after):
            return sum(process.own_ticks + process.ended_ticks for process in after.values())
        before = after
    raise UnsteadyError(f"the processes of {root} came and went at each of {TRIES_COUNT} looks")


def seconds(root: int) -> float:
    """Says the processor time of a process, its descendants, and those of them that have ended."""
    return ticks(root) / os.sysconf("SC_CLK_TCK")


def _lives(processes: Mapping[int, Process]) -> dict[int, int]:
    return {pid: process.ended_ticks for pid, process in processes.items()}
