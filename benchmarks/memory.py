"""Measures the memory of one process while it handles a great many events."""

import asyncio
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.broker import Ends
from benchmarks.lab import HANDLED, Lab, utc_now
from benchmarks.scale import Scale
from benchmarks.stream import Stream
from benchmarks.throughput import Tell
from chassis.service import inputs
from devstack.part import Part
from services.refunds.service import REFUNDS

SAMPLE_SECONDS = 0.5
CHUNKS_COUNT = 8
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of one process, in megabytes."""

    events_count: int
    seconds: float
    peak_mb: float
    early_mb: float
    """Median over the second quarter of the events."""
    late_mb: float
    """Median over the last quarter."""
    samples: list[tuple[int, float]]
    """(events handled, megabytes), thinned out."""

    @property
    def growth(self) -> float:
        """From the second quarter to the last, as a share."""
        return self.late_mb / self.early_mb - 1


async def run(lab: Lab, scale: Scale, tell: Tell) -> Memory:
    """One process; orders and agreements, wave after wave."""
    await lab.make_database("memory")
    cases = scale.memory_cases_count // CHUNKS_COUNT
    samples: list[tuple[int, float]] = []
    async with lab.serving("memory") as parts:
        before = await lab.ends(inputs(REFUNDS))
        sampler = asyncio.create_task(_sample(lab, parts[0], before, samples))
        began = time.monotonic()
        total = 0
        for number in range(CHUNKS_COUNT):
            stream = Stream(f"m{number}", cases, gap_microseconds=100)
            total += await lab.publish(stream.set_up(utc_now() - stream.length))
            total += await lab.publish(stream.measured(utc_now()))
            await lab.caught_up("memory", parts)
            tell(f"{total:,} events, {samples[-1][1] if samples else 0:.0f} MB")
        seconds = time.monotonic() - began
        sampler.cancel()
        await asyncio.gather(sampler, return_exceptions=True)
    early = [mb for count, mb in samples if total * 0.25 <= count < total * 0.5]
    late = [mb for count, mb in samples if count >= total * 0.75]
    thin = samples[:: max(1, len(samples) // 40)]
    return Memory(total, seconds, max(mb for _, mb in samples), median(early), median(late), thin)


async def _sample(lab: Lab, part: Part, before: Ends, samples: list[tuple[int, float]]) -> None:
    async with lab.connection("memory") as connection:
        while True:
            rows = await connection.fetch(HANDLED)
            handled = sum(max(0, row[2] - before[row[0], row[1]]) for row in rows)
            samples.append((handled, _resident_bytes(part.pid) / MEGABYTE))
            await asyncio.sleep(SAMPLE_SECONDS)


def _resident_bytes(pid: int) -> int:
    path = Path(f"/proc/{pid}/statm")
    if path.exists():
        return int(path.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(shown.stdout) * 1024
