"""Writes the results of a run: a file for tools, a table in the README, a table on the terminal."""

import os
import platform
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from rich.console import Console
from rich.table import Table

from benchmarks import costs, cpu
from benchmarks.deadlines import Herd, Pending
from benchmarks.lab import Lab, Measured, utc_now
from benchmarks.latency import Latency
from benchmarks.memory import Memory
from benchmarks.processor import Processor
from benchmarks.scale import Scale
from benchmarks.throughput import Throughput

HERE = Path(__file__).parent
JARS = HERE.parent / "devstack" / "jgo.toml"
LATEST = HERE / "results" / "latest.json"
README = HERE / "README.md"
BEGIN, END = "<!-- results -->\n", "<!-- /results -->\n"
PACKAGES = ("aiokafka", "asyncpg", "faststream", "msgspec", "pydantic", "pydantic-core")

RATIOS: Mapping[str, tuple[float, str]] = {
    "per_message_loop": (15.0, "one process against the loop that commits per message"),
    "plain_batch_loop": (0.55, "one process against the plain batch loop without rules and validation"),
    "two_processes": (1.5, "two processes against one"),
    "deadlines_to_live": (1.0, "deadlines of a herd against the live events beside it"),
    "live_during_herd": (0.5, "live events beside the herd against live events alone"),
    "live_with_pending": (0.9, "live events with pending deadlines against none"),
}
"""Ratio -> (the least it should be, what it says)."""
PROCESSOR_TITLE = "processor time in µs: median (least to most)"
P50_MS, P99_MS = 30.0, 100.0
MEMORY_MB, MEMORY_GROWTH = 250.0, 0.10


@dataclass
class Results:
    """The measurements of a run; None for each that was left out."""

    throughput: Throughput | None = None
    herd: Herd | None = None
    pending: Pending | None = None
    latency: Latency | None = None
    memory: Memory | None = None
    processor: Processor | None = None
    machine: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def is_complete(self) -> bool:
        parts = (self.throughput, self.herd, self.pending, self.latency, self.memory)
        return None not in parts and (self.processor is not None or not cpu.IS_MEASURABLE)

    def ratios(self) -> dict[str, float]:
        """By key, as far as measured."""
        found: dict[str, float] = {}
        for part in (self.throughput, self.herd, self.pending):
            if part is not None:
                found.update(part.ratios())
        return found


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    measured: str
    target: str
    is_met: bool

    @property
    def verdict(self) -> str:
        return "met" if self.is_met else "missed"


def rows(results: Results) -> list[Row]:
    """Every target that was measured."""
    found = [
        Row(RATIOS[key][1], f"{value:.2f}", f">= {RATIOS[key][0]:g}", value >= RATIOS[key][0])
        for key, value in results.ratios().items()
    ]
    latency, memory = results.latency, results.memory
    if latency is not None:
        at = f"latency at {latency.events_per_second} events/s"
        for name, ms, most in (("p50", latency.p50_ms, P50_MS), ("p99", latency.p99_ms, P99_MS)):
            found.append(Row(f"{at}, {name}", f"{ms:.1f} ms", f"<= {most:g} ms", ms <= most))
    if memory is not None:
        what = f"memory over {memory.events_count:,} events"
        is_small, is_flat = memory.peak_mb <= MEMORY_MB, memory.growth <= MEMORY_GROWTH
        found.append(Row(f"{what}, peak", f"{memory.peak_mb:.0f} MB", f"<= {MEMORY_MB:g} MB", is_small))
        flat = f"<= {MEMORY_GROWTH:.0%}"
        found.append(Row(f"{what}, growth", f"{memory.growth:+.1%}", flat, is_flat))
    return found


def rates(results: Results) -> list[tuple[str, float]]:
    """Medians in events per second; they say something about this machine only."""
    found: list[tuple[str, float]] = []
    if results.throughput is not None:
        found += [(name, results.throughput.rate(name)) for name in results.throughput.rounds]
    if results.herd is not None:
        found += [("herd_deadlines", results.herd.deadlines_rate), ("herd_live", results.herd.live_rate)]
    return found


def show(results: Results, console: Console) -> None:
    """The tables on a terminal."""
    table = Table(title="Targets")
    for name in ("what", "measured", "target", ""):
        table.add_column(name)
    for row in rows(results):
        table.add_row(
            row.what, row.measured, row.target, f"[{'green' if row.is_met else 'red'}]{row.verdict}"
        )
    console.print(table)
    speeds = Table(title="Rates on this machine")
    speeds.add_column("contestant")
    speeds.add_column("events/s", justify="right")
    for name, rate in rates(results):
        speeds.add_row(name, f"{rate:,.0f}")
    console.print(speeds)
    if results.processor is not None:
        console.print(spending(results.processor))


def spending(processor: Processor) -> Table:
    """The table of processor time on a terminal."""
    table = Table(title=PROCESSOR_TITLE)
    for name in ("", *costs.PARTS, "total", costs.GROSS):
        table.add_column(name, justify="right" if name else "left")
    for row in costs.cells(processor.rounds):
        table.add_row(*row)
    return table


def write(results: Results, scale: Scale) -> None:
    """The file for tools, and the table in the README."""
    LATEST.parent.mkdir(exist_ok=True)
    document = {
        "measured_at": utc_now().isoformat(timespec="seconds"),
        "machine": results.machine,
        "parameters": asdict(scale),
        "ratios": {key: round(value, 3) for key, value in results.ratios().items()},
        "targets": {key: least for key, (least, _) in RATIOS.items()},
        "rates_per_second": {name: round(rate) for name, rate in rates(results)},
        "rounds": _rounds(results),
        "herd": None if results.herd is None else asdict(results.herd),
        "latency": None if results.latency is None else asdict(results.latency),
        "memory": _memory(results.memory),
        "processor": None if results.processor is None else results.processor.document(),
    }
    LATEST.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
    text = README.read_text("utf-8")
    before, after = text[: text.index(BEGIN) + len(BEGIN)], text[text.index(END) :]
    README.write_text(before + _markdown(results, scale) + after, "utf-8")


def _memory(memory: Memory | None) -> dict[str, Any] | None:
    return None if memory is None else {**asdict(memory), "growth": memory.growth}


def _rounds(results: Results) -> dict[str, list[dict[str, float]]]:
    runs: dict[str, list[Measured]] = {}
    if results.throughput is not None:
        runs.update(results.throughput.rounds)
    if results.pending is not None:
        runs.update(without_pending=results.pending.without, with_pending=results.pending.beside)
    return {name: [{**asdict(run), "rate": run.rate} for run in each] for name, each in runs.items()}


def _markdown(results: Results, scale: Scale) -> str:
    machine = results.machine
    lines = [
        _told(machine) + f"; scale `{scale.name}`.",
        "",
        "| what | measured | target | |",
        "|---|---|---|---|",
        *(f"| {r.what} | {r.measured} | {r.target} | {r.verdict} |" for r in rows(results)),
        "",
        "| contestant | events/s here |",
        "|---|---|",
        *(f"| {name.replace('_', ' ')} | {rate:,.0f} |" for name, rate in rates(results)),
        "",
        *_spending_lines(results.processor),
        "",
    ]
    return "\n".join(lines)


def _spending_lines(processor: Processor | None) -> list[str]:
    """The same table in the README; a word where the machine does not tell."""
    if processor is None:
        return ["Processor time: not measured here."]
    return [
        f"| {PROCESSOR_TITLE} | {' | '.join(costs.PARTS)} | total | {costs.GROSS} |",
        "|---|---|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in costs.cells(processor.rounds)),
    ]


def _told(machine: Mapping[str, Any]) -> str:
    words = (
        f"{utc_now():%Y-%m-%d}, {machine['cpu']}, {machine['cores_count']} cores, Python {machine['python']}"
    )
    return f"{words}, PostgreSQL {machine['postgresql']}, Apache Kafka {machine['kafka']}"


async def machine_facts(lab: Lab) -> dict[str, Any]:
    """Returns the facts of the machine that the numbers belong to."""
    connection = await asyncpg.connect(lab.stack.database_url)
    try:
        facts = {name: await connection.fetchval(f"SHOW {name}") for name in ("server_version", "fsync")}
    finally:
        await connection.close()
    return {
        "cpu": _cpu(),
        "cores_count": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "postgresql": facts["server_version"].split(" ")[0],
        "fsync": facts["fsync"],
        "kafka": _kafka_version(),
        "load_at_start": os.getloadavg()[0],
        "packages": {name: version(name) for name in PACKAGES},
    }


def _kafka_version() -> str:
    """As the list of jars says."""
    found = re.search(r"org\.apache\.kafka:kafka_[\d.]+:([\d.]+)", JARS.read_text("utf-8"))
    return found[1] if found else "unknown"


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
