"""The `aftersales` command: demo, run, replay, and a look inside."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from cli.errors import CommandError

T = TypeVar("T")
JSON = Annotated[bool, typer.Option("--json", help="Plain JSON, for tools.")]

app = typer.Typer(
    name="aftersales",
    help="After-sales as event-driven services: refunds, logistics, reviews, customers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
replay_app = typer.Typer(help="Run recorded orders through the services.", no_args_is_help=True)
case_app = typer.Typer(help="Look at a case.", no_args_is_help=True)
letters_app = typer.Typer(help="Records that could not be used.", no_args_is_help=True)
topics_app = typer.Typer(help="The topics of the contracts; none is ever deleted.", no_args_is_help=True)
app.add_typer(replay_app, name="replay")
app.add_typer(case_app, name="case")
app.add_typer(letters_app, name="dead-letters")
app.add_typer(topics_app, name="topics")

out = Console()
err = Console(stderr=True)


def fail(message: str) -> NoReturn:
    """Says what is wrong on standard error and ends with status 1."""
    err.print(f"[bold red]aftersales:[/bold red] {message}", highlight=False)
    raise typer.Exit(1)


def ended(work: Coroutine[Any, Any, T]) -> T:
    """Runs it to its end; what a user can do something about becomes one clear line."""
    try:
        return asyncio.run(work)
    except expected_errors() as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("stopped")


def expected_errors() -> tuple[type[Exception], ...]:
    """What a user can do something about."""
    from cli.access import has_local_stack

    if not has_local_stack():
        return (CommandError,)
    from devstack import StackError

    return CommandError, StackError


def need_local_stack() -> None:
    """Ends with one clear line where the program comes without a stack of its own, as in the image."""
    from cli.access import has_local_stack

    if not has_local_stack():
        fail("this needs the local stack: run it from a checkout of the repository")


def say_json(value: object) -> None:
    """JSON on standard output; moments as RFC 3339."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


@app.command()
def demo(
    orders: Annotated[int, typer.Option(min=1, help="Orders of the made-up shop.")] = 60,
    html: Annotated[Path, typer.Option(help="Where the page goes.")] = Path("aftersales-demo.html"),
) -> None:
    """A generated shop with every kind of trouble, with a picture at the end."""
    need_local_stack()
    from cli import demo as shop

    shop.present(ended(shop.demo(orders, out)), out, html)


@app.command()
def run() -> None:
    """The stack and the services, until Ctrl-C."""
    need_local_stack()
    from cli.run import run as stay

    ended(stay(out))


@replay_app.command("orders")
def replay_orders(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with the public order tables.")],
    report: Annotated[Path | None, typer.Option(help="Where the report goes; else to the terminal.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Keep the stack's data and logs in this folder.")] = None,
    answers: Annotated[bool, typer.Option(help="Let the order system answer what we ask of it.")] = True,
) -> None:
    """The public order tables with their real moments, through the services."""
    need_local_stack()
    from cli import replay

    console = out if report is not None else err
    built = ended(replay.replay(folder, console, keep=keep, is_answered=answers))
    if report is None:
        say_json(built)
        return
    replay.write(built, report)
    out.print(
        f"{built['inputs']['count']:,} events in, {built['outcomes']['count']:,} outcomes,"
        f" digest {built['digest']['outcomes'][:16]}; the report: {report}",
        highlight=False,
    )


@case_app.command("show")
def case_show(
    name: Annotated[str, typer.Argument(metavar="ID", help="A case, an order, a customer or carrier/code.")],
    as_json: JSON = False,
) -> None:
    """The history of a case: what came, what was decided by which rule, which deadline runs."""
    from cli import history, show
    from cli.access import connected, load_services, present

    async def look() -> list[history.CaseStory]:
        async with connected(present().database_url) as connection:
            return await history.cases(connection, load_services(), name)

    stories = ended(look())
    if not stories:
        fail(f"no case of that id, and none about it: {name}")
    if as_json:
        say_json([history.as_json(story) for story in stories])
    else:
        show.show_cases(out, stories)


@app.command()
def explain(
    event_id: Annotated[str, typer.Argument(metavar="EVENT-ID", help="Ours (kind/case/version) or yours.")],
    as_json: JSON = False,
) -> None:
    """Where an event came from, and what it led to."""
    from cli import history, show
    from cli.access import connected, load_services, present

    async def look() -> history.Explanation:
        async with connected(present().database_url) as connection:
            return await history.explain(connection, load_services(), event_id)

    found = ended(look())
    if not found.is_known:
        fail(f"no service decided anything because of {event_id}, keeps it waiting, or set it aside")
    if as_json:
        say_json(history.as_json(found))
    else:
        show.show_explanation(out, found)


@letters_app.command("list")
def letters_list(
    service: Annotated[str | None, typer.Option(help="Only this service's.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only of this reason.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: JSON = False,
) -> None:
    """The newest dead letters."""
    from cli import letters

    entries = ended(letters.listed(service, reason, limit))
    if as_json:
        say_json([entry.as_json() for entry in entries])
    else:
        letters.show_list(out, entries)


@letters_app.command("show")
def letters_show(
    number: Annotated[str, typer.Argument(metavar="SERVICE/NUMBER", help="As `list` names it.")],
    as_json: JSON = False,
) -> None:
    """All that is kept of one: the original, its place, the reason."""
    from cli import letters

    found = ended(letters.one(number))
    if as_json:
        say_json(found)
    else:
        letters.show_one(out, found)


@letters_app.command("resend")
def letters_resend(
    number: Annotated[str, typer.Argument(metavar="SERVICE/NUMBER", help="As `list` names it.")],
    by: Annotated[str, typer.Option(help="Who sends it again.")],
    why: Annotated[str, typer.Option(help="Why it will work now.")],
) -> None:
    """Sends one again, with who and why on record."""
    from cli import letters

    target = ended(letters.resend(number, by, why))
    out.print(f"{number} sent again to {target}", highlight=False)


@topics_app.command("create")
def topics_create(
    replicas: Annotated[int, typer.Option(min=1, help="Copies of each partition.")] = 1,
) -> None:
    """Makes the topics that are missing."""
    from cli import topics
    from cli.access import present

    async def make() -> list[str]:
        return await topics.create(present().bootstrap_servers, replicas)

    made = ended(make())
    out.print("\n".join(made) if made else "every topic is there", highlight=False)


@topics_app.command("list")
def topics_list(as_json: JSON = False) -> None:
    """Every topic of the contracts, and whether the broker has it."""
    from cli import topics
    from cli.access import present

    async def look() -> list[topics.TopicState]:
        return await topics.compare(present().bootstrap_servers)

    states = ended(look())
    if as_json:
        say_json([state.as_json() for state in states])
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("topic", "key", "partitions", "there", "kept for"):
        table.add_column(column)
    for state in states:
        there = "[red]missing[/red]" if state.partitions_there is None else str(state.partitions_there)
        topic = state.topic
        table.add_row(topic.name, topic.key, str(topic.partitions), there, f"{topic.retention_days} d")
    out.print(table)


@app.command()
def migrate(
    service: Annotated[str | None, typer.Argument(help="One service; all where absent.")] = None,
) -> None:
    """Brings the services' tables to what this code needs; safe on a live system."""
    from cli import schema

    for name, revision in ended(schema.migrate_all(service)).items():
        out.print(f"{name}: {revision}", highlight=False)


def main() -> None:
    """For `python -m cli.main`."""
    sys.exit(app())


if __name__ == "__main__":
    main()
