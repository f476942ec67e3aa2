"""Defines `aftersales cases | tasks | deadlines`: what is open, what is due, and whom it waits for."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from cli.console import JSON, LANGUAGE, Language, ended, fail, out, say_json

if TYPE_CHECKING:  # a command loads what it needs
    from rich.console import Console

    from cli.overview import Due, OpenCase, OpenTask, Reader, Wanted

    Row = TypeVar("Row", OpenCase, OpenTask, Due)

overview = typer.Typer()
SHOP = Annotated[str | None, typer.Option(help="Only of this shop.")]
KIND = Annotated[str | None, typer.Option(help="Only of this kind of case: refund-agreement.")]
LIMIT = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]
OVERDUE = Annotated[bool, typer.Option("--overdue", help="Only what should have been over by now.")]
AGE = "30m, 2h, 3d or 2w"


@overview.command()
def cases(
    *,
    shop: SHOP = None,
    kind: KIND = None,
    status: Annotated[str | None, typer.Option(help="Only with this status: awaiting_answer.")] = None,
    who: Annotated[str | None, typer.Option(help="Only where it is this one's turn: buyer, seller.")] = None,
    older_than: Annotated[str | None, typer.Option(help=f"Opened longer ago than {AGE}.")] = None,
    still_for: Annotated[str | None, typer.Option(help=f"Nothing has happened for {AGE}.")] = None,
    is_ended: Annotated[
        bool, typer.Option("--ended", help="Those that ended last; reads whole tables.")
    ] = False,
    limit: LIMIT = 50,
    lang: LANGUAGE = Language.EN,
    as_json: JSON = False,
) -> None:
    """Open cases, the oldest first."""
    from chassis import clock
    from cli import moments, overview_screen
    from cli.overview import Reader, Wanted

    now = clock.now()
    wanted = Wanted(
        shop, kind, status, who, moments.past(older_than, now), moments.past(still_for, now),
        is_ended=is_ended, limit=limit,
    )  # fmt: skip
    _shown(Reader.cases, overview_screen.cases, wanted, now, lang, as_json)


@overview.command()
def tasks(
    *,
    shop: SHOP = None,
    kind: KIND = None,
    question: Annotated[str | None, typer.Option(help="Only this question: presume_lost.")] = None,
    who: Annotated[str | None, typer.Option(help="Only tasks of this kind: approval, assessment.")] = None,
    older_than: Annotated[str | None, typer.Option(help=f"Asked longer ago than {AGE}.")] = None,
    due: Annotated[str | None, typer.Option(help=f"Due within {AGE}, or before a moment.")] = None,
    is_overdue: OVERDUE = False,
    limit: LIMIT = 50,
    lang: LANGUAGE = Language.EN,
    as_json: JSON = False,
) -> None:
    """Questions that wait for a person, the first due first."""
    from chassis import clock
    from cli import moments, overview_screen
    from cli.overview import Reader, Wanted

    now = clock.now()
    wanted = Wanted(
        shop, kind, None, who, moments.past(older_than, now), None,
        _due_before(due, now, is_overdue=is_overdue), question, limit=limit,
    )  # fmt: skip
    _shown(Reader.tasks, overview_screen.tasks, wanted, now, lang, as_json)


@overview.command()
def deadlines(
    *,
    shop: SHOP = None,
    kind: KIND = None,
    who: Annotated[str | None, typer.Option(help="Only where it is this one's turn: buyer, seller.")] = None,
    due: Annotated[str | None, typer.Option(help=f"Due within {AGE}, or before a moment.")] = None,
    is_overdue: OVERDUE = False,
    limit: LIMIT = 50,
    lang: LANGUAGE = Language.EN,
    as_json: JSON = False,
) -> None:
    """Deadlines of open cases, the first to fire first."""
    from chassis import clock
    from cli import overview_screen
    from cli.overview import Reader, Wanted

    now = clock.now()
    due_before = _due_before(due, now, is_overdue=is_overdue)
    wanted = Wanted(shop, kind, who=who, due_before=due_before, limit=limit)
    _shown(Reader.deadlines, overview_screen.deadlines, wanted, now, lang, as_json)


def _due_before(due: str | None, now: datetime, *, is_overdue: bool) -> datetime | None:
    from cli import moments

    return now if is_overdue else moments.ahead(due, now)


def _shown(
    read: "Callable[[Reader, Wanted], Coroutine[Any, Any, list[Row]]]",
    show: "Callable[[Console, Sequence[Row], datetime, str], None]",
    wanted: "Wanted",
    now: datetime,
    lang: Language,
    as_json: bool,
) -> None:
    """Reads and shows. Ends with an error where no kind of case is called so."""
    from cli import overview
    from cli.access import connected, load_services, present

    services = load_services()
    known = [kind.name for service in services.values() for kind in service.kinds]
    if wanted.kind is not None and wanted.kind not in known:
        fail(f"no such kind of case: {wanted.kind} ({', '.join(known)})")

    async def rows() -> "list[Row]":
        async with connected(present().database_url) as connection:
            return await read(overview.Reader(connection, services), wanted)

    found = ended(rows())
    if as_json:
        say_json([overview.as_json(row) for row in found])
    else:
        show(out, found, now, lang.value)
