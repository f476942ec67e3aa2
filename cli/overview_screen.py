"""Shows open cases, tasks and deadlines on a terminal."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli import words
from cli.overview import Due, OpenCase, OpenTask


def cases(console: Console, rows: Sequence[OpenCase], now: datetime) -> None:
    """A line a case, the oldest first."""
    if not rows:
        console.print("no such case is open", style="dim")
        return
    table = _table(
        "kind", "case", "about", "shop", "status", "waits for", "open for", "still for", "next deadline"
    )
    for row in rows:
        due = "" if row.due_at is None else f"{words.spoken(row.next_deadline)} {_until(row.due_at, now)}"
        table.add_row(
            words.spoken(row.kind), escape(row.case_id), escape(row.subject), escape(row.shop_id),
            words.spoken(row.status), row.waits_for, words.duration(now - row.opened_at),
            words.duration(now - row.moved_at), due,
        )  # fmt: skip
    console.print(table)


def tasks(console: Console, rows: Sequence[OpenTask], now: datetime) -> None:
    """A line a task, the first due first."""
    if not rows:
        console.print("no such task is open", style="dim")
        return
    table = _table("due", "question", "for", "kind of case", "case", "about", "shop", "asked", "task")
    for row in rows:
        table.add_row(
            _until(row.due_at, now), words.spoken(row.question_code), row.kind_code, words.spoken(row.kind),
            escape(row.case_id), escape(row.subject), escape(row.shop_id),
            f"{words.duration(now - row.asked_at)} ago", escape(row.task_id),
        )  # fmt: skip
    console.print(table)


def deadlines(console: Console, rows: Sequence[Due], now: datetime) -> None:
    """A line a deadline, the first to fire first."""
    if not rows:
        console.print("no such deadline runs", style="dim")
        return
    table = _table("due", "moment (UTC)", "deadline", "kind", "case", "about", "shop", "status", "waits for")
    for row in rows:
        blocked = " [red]blocked: a rule fails[/red]" if row.is_blocked else ""
        table.add_row(
            _until(row.due_at, now) + blocked, words.second(row.due_at), words.spoken(row.name),
            words.spoken(row.kind), escape(row.case_id), escape(row.subject), escape(row.shop_id),
            words.spoken(row.status), row.waits_for,
        )  # fmt: skip
    console.print(table)


def _until(at: datetime, now: datetime) -> str:
    """`in 2 d 3 h`, or in red how long ago."""
    return f"[red]{words.duration(now - at)} ago[/red]" if at < now else f"in {words.duration(at - now)}"


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
