"""Defines the `aftersales` command: demo, run, replay, and a look inside."""

import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cli import topics_screen
from cli.conformance_commands import conformance_app
from cli.console import JSON, LANGUAGE, Language, ended, err, fail, out, say_json
from cli.intake_commands import intake
from cli.letters_commands import letters_app
from cli.overview_commands import overview
from cli.policy_commands import policies
from cli.upkeep_commands import upkeep

if TYPE_CHECKING:  # a command loads what it needs
    from chassis.settings import Kafka

T = TypeVar("T")
PARCELS_MAX = 20
PASSWORDS = Annotated[
    Path, typer.Option(exists=True, file_okay=False, help="Folder with the files of passwords.")
]
REPLICATION = Annotated[
    int | None,
    typer.Option(
        min=1, envvar="AFTERSALES_TOPICS_REPLICATION", help="Copies, where the cluster has too few brokers."
    ),
]

app = typer.Typer(
    name="aftersales",
    help="After-sales as event-driven services: refunds, logistics, reviews, customers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
replay_app = typer.Typer(help="Run recorded orders through the services.", no_args_is_help=True)
case_app = typer.Typer(help="Look at a case.", no_args_is_help=True)
topics_app = typer.Typer(help="The topics of the contracts; none is ever deleted.", no_args_is_help=True)
access_app = typer.Typer(help="Who may do what, in the database and on the broker.", no_args_is_help=True)
app.add_typer(access_app, name="access")
app.add_typer(replay_app, name="replay")
app.add_typer(case_app, name="case")
app.add_typer(letters_app, name="dead-letters")
app.add_typer(topics_app, name="topics")
app.add_typer(policies, name="policy")
app.add_typer(overview)
app.add_typer(upkeep)
app.add_typer(intake)
app.add_typer(conformance_app)


async def on_broker(work: Callable[["Kafka"], Awaitable[T]]) -> T:
    """Returns the result of the work on the broker. Raises CommandError where no broker is known."""
    from cli.access import broker

    return await work(broker())


def need_local_stack() -> None:
    """Ends with one clear line where the program comes without a stack of its own, as in the image."""
    from cli.access import has_local_stack

    if not has_local_stack():
        fail("this needs the local stack: run it from a checkout of the repository")


def copies(replication: int | None) -> int:
    """Copies of each partition: as said, else one for the local stack's one broker, else as declared."""
    from cli import access, topics

    if replication is not None:
        return replication
    return topics.REPLICATION_MOST if access.is_named(access.BROKERS) else 1


@app.command()
def demo(
    orders: Annotated[int, typer.Option(min=1, help="Orders of the made-up shop.")] = 60,
    html: Annotated[Path, typer.Option(help="Where the page goes.")] = Path("aftersales-demo.html"),
    lang: LANGUAGE = Language.EN,
) -> None:
    """A generated shop with every kind of trouble, with a picture at the end."""
    need_local_stack()
    from cli import demo as shop

    shop.present(ended(shop.demo(orders, out)), out, html, lang.value)


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
    is_whole: Annotated[bool, typer.Option("--all", help="Also what stayed inside a service.")] = False,
    lang: LANGUAGE = Language.EN,
    as_json: JSON = False,
) -> None:
    """All cases about an order as one timeline: what came, what was decided by which rule, what runs."""
    from chassis import clock
    from cli import history, show, timeline
    from cli.access import connected, load_services, present

    async def look() -> list[history.CaseStory]:
        services = load_services()
        async with connected(present().database_url) as connection:
            found = await history.cases(connection, services, name)
            if all(story.subject == name for story in found):
                for parcel in timeline.related(found)[:PARCELS_MAX]:
                    found += await history.cases(connection, services, parcel)
            return found

    stories = ended(look())
    if not stories:
        fail(f"no case of that id, and none about it: {name}")
    if as_json:
        say_json([history.as_json(story) for story in stories])
    else:
        show.show_cases(out, stories, lang.value, clock.now(), is_whole=is_whole)


@app.command()
def explain(
    event_id: Annotated[str, typer.Argument(metavar="EVENT-ID", help="Ours (kind/case/version) or yours.")],
    lang: LANGUAGE = Language.EN,
    as_json: JSON = False,
) -> None:
    """Where an event came from, and what it led to."""
    from cli import history, show
    from cli.access import connected, load_services, present

    async def look() -> history.Explanation:
        async with connected(present().database_url) as connection:
            return await history.explain(connection, load_services(), event_id)

    found = ended(look())
    if not found.is_known and not found.lost:
        fail(f"no service decided anything because of {event_id}, keeps it waiting, or set it aside")
    if as_json:
        say_json(history.as_json(found))
    else:
        show.show_explanation(out, found, lang.value)


@topics_app.command("list")
def topics_list(as_json: JSON = False) -> None:
    """Every topic of the contracts, and whether the broker has it."""
    from cli import topics

    states = ended(on_broker(topics.compare))
    if as_json:
        say_json([state.as_json() for state in states])
    else:
        topics_screen.show_states(out, states)


@topics_app.command("diff")
def topics_diff(replication: REPLICATION = None, as_json: JSON = False) -> None:
    """Shows where the cluster is not as declared. Status 2 where it differs."""
    from cli import topics

    found = ended(on_broker(lambda kafka: topics.differences(kafka, copies(replication))))
    if as_json:
        say_json([asdict(each) for each in found])
    else:
        topics_screen.show_differences(out, found)
    if found:
        raise typer.Exit(2)


@topics_app.command("apply")
def topics_apply(
    replication: REPLICATION = None,
    add_partitions: Annotated[
        bool, typer.Option(help="Add missing partitions, though keys then move to other ones.")
    ] = False,
    lower_retention: Annotated[
        bool, typer.Option("--lower-retention", help="Keep less than the broker keeps now: records go.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Makes what is missing and sets what differs; says what it leaves. Never deletes a topic."""
    from cli import topics

    async def bring_about(kafka: "Kafka") -> "tuple[list[topics.Difference], list[topics.Difference]]":
        return await topics.apply(
            kafka,
            copies(replication),
            adds_partitions=add_partitions,
            lowers_retention=lower_retention,
        )

    done, left = ended(on_broker(bring_about))
    if as_json:
        say_json({"done": [asdict(each) for each in done], "left": [asdict(each) for each in left]})
    else:
        topics_screen.show_applied(out, done, left)


@access_app.command("database")
def access_database(passwords: PASSWORDS) -> None:
    """A role and a schema per service; passwords from files `<service>_database_password`. Safe to repeat."""
    from cli import principals
    from cli.access import database_url

    async def make() -> list[str]:
        return await principals.provision_database(database_url(), passwords)

    made = ended(make())
    out.print(f"roles and schemas: {', '.join(made)}", highlight=False)


@access_app.command("broker")
def access_broker(
    passwords: PASSWORDS,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Take away what this release does not need: no older one runs.")
    ] = False,
) -> None:
    """A principal per service and one for the operator: password, and the rights that it needs.

    Passwords come from files `<name>_kafka_password`. Rights that they need no longer are named, and stay
    without `--revoke`.
    """
    from cli import principals

    found = ended(on_broker(lambda kafka: principals.provision_broker(kafka, passwords, revokes=revoke)))
    told = {"given": found.given, "taken": found.taken, "not needed": found.surplus}
    for verb, rights in told.items():
        for each in rights:
            out.print(f"{verb}: {each}", highlight=False)
    counts = ", ".join(f"{len(rights)} {verb}" for verb, rights in told.items())
    out.print(f"rights: {counts}", highlight=False)


@app.command()
def sample(
    limit: Annotated[float, typer.Option(min=1, help="Give up after so many seconds.")] = 60,
    as_json: JSON = False,
) -> None:
    """Publishes an order, its shipment and a refund application, and shows what comes of them."""
    from cli import sample as story
    from cli.access import broker

    async def tell() -> None:
        async for told in story.follow(broker(), limit):
            if as_json:
                print(json.dumps(asdict(told), ensure_ascii=False), flush=True)
            else:
                story.show(out, told)

    ended(tell())


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
