"""Defines the commands about dead letters."""

from typing import Annotated

import typer

from cli.console import JSON, ended, out, say_json

letters_app = typer.Typer(help="Records that could not be used.", no_args_is_help=True)
NUMBER = Annotated[str, typer.Argument(metavar="SERVICE/NUMBER", help="As `list` names it.")]
MOMENT = "A moment, or how long ago: 2h, 3d."


@letters_app.command("list")
def letters_list(
    *,
    service: Annotated[str | None, typer.Option(help="Only this service's.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only of this reason.")] = None,
    event_type: Annotated[
        str | None, typer.Option("--type", help="Of this event type: order.placed.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Of sources that begin so.")] = None,
    topic: Annotated[str | None, typer.Option(help="From this topic.")] = None,
    since: Annotated[str | None, typer.Option(help=f"Set aside since. {MOMENT}")] = None,
    until: Annotated[str | None, typer.Option(help=f"Set aside before. {MOMENT}")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: JSON = False,
) -> None:
    """The newest dead letters. The letters that several readers have of one record are one."""
    from chassis import clock
    from chassis.operate.dead_letters import Filter
    from cli import letters, moments

    now = clock.now()
    wanted = Filter(reason, event_type, source, topic, moments.past(since, now), moments.past(until, now))
    found = ended(letters.listed(service, wanted, limit))
    if as_json:
        say_json([letter.as_json() for letter in found])
    else:
        letters.show_list(out, found)


@letters_app.command("show")
def letters_show(number: NUMBER, as_json: JSON = False) -> None:
    """All that is kept of one: the original, its place, the reason."""
    from cli import letters

    found = ended(letters.one(number))
    if as_json:
        say_json(found)
    else:
        letters.show_one(out, found)


@letters_app.command("resend")
def letters_resend(
    number: NUMBER,
    by: Annotated[str, typer.Option(help="Who sends it again.")],
    why: Annotated[str, typer.Option(help="Why it will work now.")],
) -> None:
    """Sends one again, with who and why on record. A record goes to its topic once, for all its readers."""
    from cli import letters

    target = ended(letters.resend(number, by, why))
    out.print(f"{number} sent again to {target}", highlight=False)
