"""Runs the public order tables through the services, by clock marks, and reports what came of them."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from cli import report
from cli.errors import CommandError
from cli.played import Bar, driving, played_stack
from simulator.marketplace import Marketplace
from simulator.orders import records
from simulator.outcomes import Outcomes
from simulator.tables import OrderTables, TablesError

TICK_COUNT_MAX = 100
DAY = timedelta(days=1)
REST = timedelta(days=60)
"""Time after the last event during which deadlines are still waited for."""


def tick_of(tables: OrderTables) -> timedelta:
    """Whole days, as few as keep a replay within so many ticks."""
    span = tables.span()
    days = (span[1] - span[0]).days if span else 0
    return (days // TICK_COUNT_MAX + 1) * DAY


async def replay(folder: Path, console: Console, *, keep: Path | None, is_answered: bool) -> dict[str, Any]:
    """The report of the whole replay. Raises CommandError where tables or stack cannot be had."""
    try:
        with OrderTables(folder) as tables:
            return await _replay(tables, console, keep, is_answered)
    except TablesError as error:
        raise CommandError(str(error)) from None


async def _replay(
    tables: OrderTables, console: Console, keep: Path | None, is_answered: bool
) -> dict[str, Any]:
    span = tables.span()
    if span is None:
        raise CommandError("there are no orders in it")
    outcomes = Outcomes()
    try:
        async with played_stack(console, keep=keep) as played:
            with Bar(console, "replaying", span[0], span[1] + REST) as bar:
                outside = Marketplace(tables) if is_answered else None
                async with driving(played, outside, outcomes.add, bar.show) as driver:
                    await driver.run(records(tables), tick=tick_of(tables), rest=REST)
            async with played.connected() as connection:
                about = {
                    "orders_count": len(tables),
                    "from": span[0].isoformat(),
                    "until": span[1].isoformat(),
                    "tick_days": tick_of(tables).days,
                    "order_system_answers": is_answered,
                }
                return await report.build(connection, list(played.services), driver, outcomes, about)
    finally:
        outcomes.close()


def write(built: dict[str, Any], path: Path) -> None:
    """The report as a file: equal bytes for equal reports."""
    path.write_text(json.dumps(built, indent=2, ensure_ascii=False) + "\n", "utf-8")
