"""Defines `aftersales adapt | receive`: payloads of trackers and shops become events."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.console import ended, err, fail, out
from cli.errors import CommandError

intake = typer.Typer()


@intake.command()
def adapt(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="The sender: see adapters/README.md.")],
    file: Annotated[Path, typer.Argument(metavar="FILE|-", help="A payload as the sender sends it.")],
    *,
    publish: Annotated[
        bool, typer.Option("--publish", help="Publish the events; else they are printed.")
    ] = False,
    shop: Annotated[str | None, typer.Option(help="The shop id, for payloads of a shop.")] = None,
    zone: Annotated[str | None, typer.Option(help="IANA zone of times that name none.")] = None,
    carrier: Annotated[
        list[str] | None, typer.Option(help="NAME=CODE: your code of a sender's carrier.")
    ] = None,
    topic: Annotated[str | None, typer.Option(help="The webhook's topic, for example orders/create.")] = None,
    mall: Annotated[bool, typer.Option("--mall", help="The shop of Taobao is one of Tmall's.")] = False,
    payments: Annotated[
        str, typer.Option(help="What tells of a web shop's payments: orders or transactions.")
    ] = "orders",
    lines: Annotated[bool, typer.Option("--lines", help="The file has a payload on each line.")] = False,
) -> None:
    """Turns a sender's payload into events: JSON lines on standard output, remarks on standard error."""
    from cli import adapt as work
    from cli.access import broker

    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        found = work.adapted(
            kind, raw, work.context(shop, zone, carrier or [], topic, payments, is_mall=mall), by_line=lines
        )
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    except CommandError as error:
        fail(str(error))
    for remark in found.remarks:
        err.print(str(remark), highlight=False, markup=False, soft_wrap=True)
    for (code_kind, code), count in sorted(found.unknown_codes.items()):
        err.print(f"unknown {code_kind}: {code} ({count})", highlight=False, markup=False, soft_wrap=True)
    if not publish:
        for told in found.events:
            print(json.dumps(told.as_json(), ensure_ascii=False))
        return

    async def send() -> None:
        await work.publish(broker(), found.events)

    ended(send())
    out.print(f"{len(found.events)} published", highlight=False)


@intake.command()
def receive() -> None:
    """Receives webhooks at /webhooks/SENDER until stopped; `AFTERSALES_WEBHOOKS__*` says how.

    Answers 2xx once Kafka has acknowledged. A sender without a secret has no path.
    """
    from pydantic import ValidationError

    from chassis.observe import logs
    from chassis.settings import Settings
    from cli import receiver

    try:
        settings = Settings()
    except ValidationError as error:
        fail(f"settings: {error}")
    logs.configure(settings.log, receiver.NAME)
    ended(receiver.until_stopped(settings))
