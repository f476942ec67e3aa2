"""`python -m benchmarks.paired OTHER_CHECKOUT`: processor time per event of another checkout and of this one.

Both run on one stack in one run, in rounds A B B A A B B A. The other one is *before*, this one *after*.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from benchmarks import costs, cpu
from benchmarks.checkout import Checkout
from benchmarks.costs import Compared, Round
from benchmarks.lab import BenchmarkError, Lab
from benchmarks.processor import Bench, Processor
from benchmarks.scale import FULL, QUICK, Scale

BEFORE, AFTER = "before", "after"


async def measure(other: Path, scale: Scale, rounds_count: int, console: Console) -> dict[str, list[Round]]:
    """Runs the rounds of both in turn; returns them by name, in order. Raises BenchmarkError."""
    if not cpu.IS_MEASURABLE:
        raise BenchmarkError("not measured here: it needs Linux's /proc")

    def tell(what: str) -> None:
        console.print(f"  {what}", highlight=False)

    checkouts = {BEFORE: Checkout.at(BEFORE, other), AFTER: Checkout.own(AFTER)}
    for name, checkout in checkouts.items():
        tell(f"{name}: {checkout.root}, Python {await checkout.check()}")
    rounds: dict[str, list[Round]] = {BEFORE: [], AFTER: []}
    async with Lab() as lab:
        bench = Bench(lab, scale, tell)
        await bench.warm_up(checkouts[BEFORE])
        for pair in costs.turns(rounds_count, BEFORE, AFTER):
            for name in pair:
                rounds[name].append(await bench.round(checkouts[name]))
    return rounds


def table(compared: Sequence[Compared]) -> Table:
    """Lays out both medians with their spread, and the ratio."""
    shown = Table(title="Processor time in µs: median (least to most)")
    for name in ("", BEFORE, AFTER, "after / before", "pairs", f"<= {costs.RATIO_MOST:g}"):
        shown.add_column(name)
    for row in compared:
        before, after = row.before, row.after
        ratio, pairs, verdict = "", "", "too little to tell"
        if row.ratio is not None:
            ratio = f"{row.ratio:.3f}"
            pairs = f"{row.pairs.median:.3f} ({row.pairs.least:.3f} to {row.pairs.most:.3f})"
            verdict = "[green]met" if row.is_met else "[red]missed"
        name = f"{before.kind}, {before.part}"
        shown.add_row(name, str(before.spread), str(after.spread), ratio, pairs, verdict)
    return shown


def document(rounds: Mapping[str, list[Round]]) -> dict[str, object]:
    """Says it for tools."""
    told = {
        f"{row.before.kind}, {row.before.part}": row
        for row in costs.compare(rounds[BEFORE], rounds[AFTER])
        if row.is_told
    }
    return {
        "ratios": {name: row.ratio for name, row in told.items()},
        "pairs": {name: asdict(row.pairs) for name, row in told.items()},
        **{name: Processor(each).document() for name, each in rounds.items()},
    }


def main(
    other: Annotated[Path, typer.Argument(help="Another checkout, after its `make setup`.")],
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes: that it works, no more.")] = False,
    rounds: Annotated[int | None, typer.Option(min=1, help="Rounds of each.")] = None,
    to: Annotated[Path | None, typer.Option("--json", help="File for the numbers of all rounds.")] = None,
) -> None:
    """Compares the processor time per event of the refunds service of two checkouts."""
    console = Console()
    scale = QUICK if quick else FULL
    try:
        done = asyncio.run(measure(other, scale, rounds or scale.processor_rounds_count, console))
    except BenchmarkError as error:
        console.print(f"[red]{error}", highlight=False)
        raise typer.Exit(1) from None
    console.print(table(costs.compare(done[BEFORE], done[AFTER])))
    if to is not None:
        to.write_bytes(orjson.dumps(document(done), option=orjson.OPT_INDENT_2) + b"\n")


if __name__ == "__main__":
    typer.run(main)
