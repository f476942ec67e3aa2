"""Defines `aftersales rewind | publish-again | prune | erase | trace`: docs/operations.md says when."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from cli.console import ended, fail, out

upkeep = typer.Typer()
SERVICE = Annotated[str | None, typer.Argument(help="One service; all where absent.")]
TRIAL = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
MONTHS = ["%Y-%m"]
DAYS = ["%Y-%m-%d"]


@upkeep.command()
def rewind(service: SERVICE = None, dry_run: TRIAL = False) -> None:
    """After a restore: reading goes on where the database left off. The services must be stopped."""
    from cli import upkeep as work

    found = ended(work.rewind(service, is_trial=dry_run))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("service", "topic", "partition", "group was at", "reads on at", "gone"):
        table.add_column(column)
    for one in found:
        if one.is_changed or one.lost_count or one.ahead_count:
            was = "-" if one.group_offset is None else str(one.group_offset)
            table.add_row(
                one.service, one.topic, str(one.partition), was, str(one.next_offset), str(one.lost_count)
            )
    out.print(table if table.row_count else "every group stands where its database does")
    if any(one.ahead_count for one in found):
        out.print("[yellow]Kafka is behind the database: see docs/operations.md, Kafka lost its end[/yellow]")
    if any(one.lost_count for one in found):
        fail("the topics no longer have records that the database has not seen: ask their producers")


@upkeep.command("publish-again")
def publish_again(
    since: Annotated[datetime, typer.Option(help="Moment in UTC, by the clock of the database.")],
    service: SERVICE = None,
) -> None:
    """After Kafka lost outcomes: they are published once more, with the same ids."""
    from cli import upkeep as work

    for name, position in ended(work.publish_again(service, since.replace(tzinfo=UTC))).items():
        out.print(f"{name}: publishes from position {position + 1}", highlight=False)


@upkeep.command()
def prune(
    service: SERVICE = None,
    facts: Annotated[datetime | None, typer.Option(formats=MONTHS, help="Months before this one.")] = None,
    repeats: Annotated[datetime | None, typer.Option(formats=MONTHS, help="Months before this one.")] = None,
    dead_letters: Annotated[datetime | None, typer.Option(formats=DAYS, help="Older than this day.")] = None,
    dry_run: TRIAL = False,
) -> None:
    """Drops old months of facts and repeats, and old dead letters; only what is named."""
    from cli import upkeep as work

    if facts is repeats is dead_letters is None:
        fail("say what: --facts, --repeats, --dead-letters")
    days = [None if moment is None else moment.date() for moment in (facts, repeats, dead_letters)]
    for name, pruned in ended(work.prune_all(service, *days, is_trial=dry_run)).items():
        gone = [*pruned.facts, *pruned.repeats, f"{pruned.dead_letters_count} dead letters"]
        out.print(f"{name}: {'would drop' if dry_run else 'dropped'} {', '.join(gone)}", highlight=False)


@upkeep.command()
def erase(
    identifiers: Annotated[list[str], typer.Argument(metavar="ID...", help="Customer id, account ids.")],
    yes: Annotated[bool, typer.Option("--yes", help="It cannot be undone: do it.")] = False,
) -> None:
    """Erases a person: the ids are replaced by random ones, foreign bytes about the person emptied."""
    from cli import upkeep as work

    if not yes:
        fail("this cannot be undone; say --yes")
    for name, counts in ended(work.erase(identifiers)).items():
        said = ", ".join(f"{table} {count}" for table, count in counts.items())
        out.print(f"{name}: rows changed: {said}", highlight=False)


@upkeep.command()
def trace(
    name: Annotated[str, typer.Argument(metavar="ID", help="An order; also a customer or carrier/code.")],
) -> None:
    """The id of the trace that events about it belong to, where they bring none of their own."""
    from chassis.observe.tracing import trace_of

    out.print(f"{trace_of(name):032x}", highlight=False)
