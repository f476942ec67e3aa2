"""Shows open cases, tasks and deadlines on a terminal."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli import speech, words
from cli.overview import Due, OpenCase, OpenTask


def cases(console: Console, rows: Sequence[OpenCase], now: datetime, language: str = "en") -> None:
    """A line a case, the oldest first."""
    if not rows:
        console.print("no such case is open", style="dim")
        return
    table = _table(
        "kind", "case", "about", "shop", "status", "waits for", "open for", "still for", "next deadline"
    )
    for row in rows:
        due = ""
        if row.due_at is not None:
            due = f"{_deadline(row.kind, row.next_deadline, language)} {_until(row.due_at, now)}"
        table.add_row(
            _kind(row.kind, language), escape(row.case_id), escape(row.subject), escape(row.shop_id),
            _status(row.kind, row.status, language), _role(row.waits_for, language),
            words.duration(now - row.opened_at), words.duration(now - row.moved_at), due,
        )  # fmt: skip
    console.print(table)


def tasks(console: Console, rows: Sequence[OpenTask], now: datetime, language: str = "en") -> None:
    """A line a task, the first due first."""
    if not rows:
        console.print("no such task is open", style="dim")
        return
    table = _table("due", "question", "for", "kind of case", "case", "about", "shop", "asked", "task")
    for row in rows:
        table.add_row(
            _until(row.due_at, now), escape(speech.said("questions", row.question_code).text(language)),
            row.kind_code, _kind(row.kind, language),
            escape(row.case_id), escape(row.subject), escape(row.shop_id),
            f"{words.duration(now - row.asked_at)} ago", escape(row.task_id),
        )  # fmt: skip
    console.print(table)


def deadlines(console: Console, rows: Sequence[Due], now: datetime, language: str = "en") -> None:
    """A line a deadline, the first to fire first."""
    if not rows:
        console.print("no such deadline runs", style="dim")
        return
    table = _table("due", "moment (UTC)", "deadline", "kind", "case", "about", "shop", "status", "waits for")
    for row in rows:
        blocked = " [red]blocked: a rule fails[/red]" if row.is_blocked else ""
        table.add_row(
            _until(row.due_at, now) + blocked, words.second(row.due_at),
            _deadline(row.kind, row.name, language), _kind(row.kind, language), escape(row.case_id),
            escape(row.subject), escape(row.shop_id), _status(row.kind, row.status, language),
            _role(row.waits_for, language),
        )  # fmt: skip
    console.print(table)


def _kind(name: str, language: str) -> str:
    return escape(speech.kind(name).text(language))


def _status(kind: str, status: str, language: str) -> str:
    return escape(speech.status(kind, status).text(language))


def _deadline(kind: str, name: str, language: str) -> str:
    return escape(speech.deadline(f"{kind}.{name}").text(language))


def _role(role: str, language: str) -> str:
    return escape(speech.said("values", role).text(language)) if role else ""


def _until(at: datetime, now: datetime) -> str:
    """`in 2 d 3 h`, or in red how long ago."""
    return f"[red]{words.duration(now - at)} ago[/red]" if at < now else f"in {words.duration(at - now)}"


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
