"""`python -m benchmarks [--quick] [--only NAME]`: measures, writes the results, says what is met."""

import asyncio
from typing import Annotated, Literal

import typer
from rich.console import Console

from benchmarks import deadlines, latency, memory, processor, report, throughput
from benchmarks.lab import BenchmarkError, Lab
from benchmarks.scale import FULL, QUICK, Scale

Part = Literal["throughput", "pending", "herd", "latency", "memory", "processor"]


async def measure(scale: Scale, only: Part | None, console: Console) -> report.Results:
    """Runs the parts one after the other on one stack."""

    def tell(what: str) -> None:
        console.print(f"  {what}", highlight=False)

    results = report.Results()
    async with Lab() as lab:
        results.machine = await report.machine_facts(lab)
        if only in (None, "throughput"):
            console.print("[bold]throughput")
            results.throughput = await throughput.run(lab, scale, tell)
        if only in (None, "latency"):
            console.print("[bold]latency")
            results.latency = await latency.run(lab, scale, tell)
        if only in (None, "pending"):
            console.print("[bold]pending deadlines")
            results.pending = await deadlines.run_pending(lab, scale, tell)
        if only in (None, "herd"):
            console.print("[bold]a herd of deadlines")
            results.herd = await deadlines.run_herd(lab, scale, tell)
        if only in (None, "memory"):
            console.print("[bold]memory")
            results.memory = await memory.run(lab, scale, tell)
        if only in (None, "processor"):  # last: it empties the topics
            console.print("[bold]processor time")
            results.processor = await processor.run(lab, scale, tell)
    return results


def main(
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes: that it works, not how fast.")] = False,
    only: Annotated[Part | None, typer.Option(help="One part alone; nothing is written.")] = None,
) -> None:
    """Measures the refunds service on the local stack, beside two loops that do less."""
    console = Console()
    scale = QUICK if quick else FULL
    try:
        results = asyncio.run(measure(scale, only, console))
    except BenchmarkError as error:
        console.print(f"[red]{error}", highlight=False)
        raise typer.Exit(1) from None
    if results.is_complete:
        report.write(results, scale)
    report.show(results, console)


if __name__ == "__main__":
    typer.run(main)
