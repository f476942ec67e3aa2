"""Shows the topics and their differences on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:  # a command loads the client library only where it needs it
    from cli.topics import Difference, TopicState


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column)
    return table


def show_states(console: Console, states: Sequence[TopicState]) -> None:
    """Every topic beside what the broker has of it."""
    table = _table("topic", "key", "partitions", "there", "kept for")
    for state in states:
        there = "[red]missing[/red]" if state.partitions_there is None else str(state.partitions_there)
        topic = state.topic
        table.add_row(topic.name, topic.key, str(topic.partitions), there, f"{topic.retention_days} d")
    console.print(table)


def show_differences(console: Console, found: Sequence[Difference]) -> None:
    """One line each; what `apply` does not touch says so."""
    if not found:
        console.print("every topic is as declared", highlight=False)
        return
    table = _table("topic", "what", "there", "declared", "")
    for each in found:
        note = "" if each.is_applied else "[yellow]left to a person[/yellow]"
        table.add_row(each.topic, each.what, each.there or "missing", each.declared, note)
    console.print(table)


def show_applied(console: Console, done: Sequence[Difference], left: Sequence[Difference]) -> None:
    """Shows the changes made, then those not made."""
    for each in done:
        before = "" if each.there is None else f" (was {each.there})"
        console.print(f"{each.topic}: {each.what} {each.declared}{before}", highlight=False)
    if left:
        console.print("not done:")
    if left or not done:
        show_differences(console, left)
