"""Reads moments and spans as a person types them: `2h`, `3d`, `2026-03-01`, `2026-03-01T08:00:00Z`."""

import re
from datetime import UTC, datetime, timedelta

import typer

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(r"(\d{1,6})([smhdw])")
HELP = "like 30m, 2h, 3d or 2w"


def span(text: str) -> timedelta:
    """Reads a length of time. Raises typer.BadParameter."""
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        raise typer.BadParameter(f"{text!r} is no length of time: write it {HELP}")
    return timedelta(seconds=int(found[1]) * UNITS[found[2]])


def moment(text: str) -> datetime:
    """Reads a day or a moment; in UTC where it names no offset. Raises typer.BadParameter."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no moment: 2026-03-01T08:00:00Z, or a day") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def past(text: str | None, now: datetime) -> datetime | None:
    """Reads a moment, or a span before `now`. Raises typer.BadParameter."""
    return None if text is None else now - span(text) if _SPAN.fullmatch(text.lower()) else moment(text)


def ahead(text: str | None, now: datetime) -> datetime | None:
    """Reads a moment, or a span after `now`. Raises typer.BadParameter."""
    return None if text is None else now + span(text) if _SPAN.fullmatch(text.lower()) else moment(text)
