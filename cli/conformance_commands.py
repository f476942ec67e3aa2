"""Defines `aftersales conformance`: would the services take what a producer recorded?"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import JSON, err, out, say_json

if TYPE_CHECKING:  # a command loads what it needs
    from cli.conformance import Judge, Judged, Summary
    from cli.recordings import Recorded

conformance_app = typer.Typer()
REFUSES = 1
UNREADABLE = 2


@conformance_app.command()
def conformance(
    recording: Annotated[
        str,
        typer.Argument(
            metavar="TOPIC|FILE|-",
            help="A topic of the contracts, read up to its end; or a file with an event on each line.",
        ),
    ],
    *,
    source: Annotated[str | None, typer.Option(help="Only events of sources that begin so.")] = None,
    last: Annotated[
        int | None, typer.Option(min=1, help="Of a topic: only so many of each partition.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="Judged as if read at this moment, as of times; else now.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Remarks count as refusals.")] = False,
    refused: Annotated[
        bool, typer.Option("--refused", help="Show only what is refused or remarked on.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Says of each recorded event whether the services would take it, and why not.

    A line is a CloudEvent in structured mode, or a record as `kcat -J` prints it. The verdicts come from the
    code of the services' own border, the details are those of dead letters. Status 0: all are taken. 1: some
    are not. 2: there was nothing that could be read.
    """
    from chassis import clock
    from chassis.settings import Settings
    from cli import moments
    from cli.conformance import Judge
    from cli.console import expected_errors

    judge = Judge(Settings().limits, clock.now() if at is None else moments.moment(at))
    try:
        found = asyncio.run(_judged(judge, recording, source, last))
    except expected_errors() as error:
        err.print(f"aftersales: {error}", highlight=False, markup=False, style="bold red")
        raise typer.Exit(UNREADABLE) from None
    shown = [one for one in found if not refused or one.reason or one.remarks]
    if as_json:
        _say_json(judge.summary, shown)
    else:
        _show(judge.summary, shown)
    if not judge.summary.is_sound(is_strict=strict):
        raise typer.Exit(REFUSES)


async def _judged(judge: "Judge", recording: str, source: str | None, last: int | None) -> "list[Judged]":
    """The verdicts in order. Raises CommandError where nothing can be read."""
    from cli.conformance import names_of
    from cli.errors import CommandError

    found: list[Judged] = []
    async for recorded in _recorded(recording, last):
        if source is None or names_of(recorded).get("source", "").startswith(source):
            found.append(judge.judge(recorded))
        else:
            judge.summary.left_out_count += 1
    if not found:
        raise CommandError(f"{recording}: there is no event" + (f" of {source}" if source else ""))
    return found


async def _recorded(recording: str, last: int | None) -> "AsyncGenerator[Recorded]":
    from aftersales_contracts.topics import TOPICS
    from cli import recordings
    from cli.access import broker

    content = _content(recording)
    if content is None and recording in TOPICS:
        async for recorded in recordings.from_topic(broker(), recording, last):
            yield recorded
        return
    for recorded in recordings.from_lines(content, recording):
        yield recorded


def _content(recording: str) -> bytes | None:
    """The bytes of a file or of standard input; None where there is no such file."""
    from cli.errors import CommandError

    try:
        return sys.stdin.buffer.read() if recording == "-" else Path(recording).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CommandError(f"{recording} cannot be read: {error.strerror}") from None


def _say_json(summary: "Summary", found: "Iterable[Judged]") -> None:
    from cli.conformance import as_json

    say_json({"events": [as_json(one) for one in found], "summary": summary.as_json()})


def _show(summary: "Summary", found: "Iterable[Judged]") -> None:
    def say(text: str, style: str | None = None) -> None:
        out.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    for one in found:
        names: list[Any] = [one.where, one.verdict, one.type or "(no type)", one.id]
        say("  ".join(str(name) for name in names if name), "red" if one.reason else None)
        if one.reason:
            say(f"    {one.reason}: {one.detail}")
        for remark in one.remarks:
            say(f"    remark: {remark}", "yellow")
    counts = summary.as_json()
    told = ", ".join(f"{counts[name]} {name}" for name in ("taken", "repeated", "refused"))
    reasons = ", ".join(f"{reason} {count}" for reason, count in counts["reasons"].items())
    say(f"{counts['events']} events: {told}" + (f" ({reasons})" if reasons else ""))
    if counts["remarks"]:
        say(f"{counts['remarks']} remark{'' if counts['remarks'] == 1 else 's'}: taken all the same")
    if counts["left_out"]:
        say(f"{counts['left_out']} of another source or of none left out")
    if counts["without_key"]:
        say(f"{counts['without_key']} recorded without a key: judged as if the key were the subject")
