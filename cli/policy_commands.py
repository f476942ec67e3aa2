"""Defines `aftersales policy list | show | check | diff`: docs/operations.md says when."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from cli.console import ended, err, out

if TYPE_CHECKING:
    from kernel.packs import Fault

policies = typer.Typer(help="The numbers of the rules, and which hold for which shop.", no_args_is_help=True)
FOLDER = Annotated[
    Path | None,
    typer.Option("--policies", metavar="DIR", help="Folder of packs; else that of AFTERSALES_POLICIES."),
]
JSON = Annotated[bool, typer.Option("--json", help="Plain JSON, for tools.")]
MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


@policies.command("list")
def list_versions(folder: FOLDER = None, as_json: JSON = False) -> None:
    """Every version of every pack, by service: from when, on what it stands, for which shops."""
    from cli import policy

    async def look() -> list[policy.Version]:
        return policy.versions(policy.folder_of(folder))

    found = ended(look())
    if as_json:
        _say([asdict(one) for one in found])
        return
    table = _table("service", "version", "extends", "shops", "from")
    for one in found:
        shops = escape(", ".join(one.shops))
        table.add_row(one.service, one.version, one.extends or "", shops, escape(one.file))
    out.print(table)


@policies.command("show")
def show(
    shop_id: Annotated[str, typer.Argument(metavar="SHOP", help="Id of a shop.")],
    at: Annotated[
        datetime | None, typer.Option(formats=MOMENTS, help="Day or moment in UTC; else now.")
    ] = None,
    folder: FOLDER = None,
    as_json: JSON = False,
) -> None:
    """The version that holds for a shop in each service, with its numbers and where each comes from.

    A case keeps the version that held when it opened: `case show` names it.
    """
    from chassis import clock
    from cli import policy

    moment = clock.now() if at is None else at.replace(tzinfo=UTC)

    async def look() -> list[policy.InForce]:
        return policy.in_force(policy.folder_of(folder), shop_id, moment)

    found = ended(look())
    if as_json:
        _say([asdict(one) for one in found])
        return
    for one in found:
        out.print(
            f"\n[bold]{one.service}[/bold] {escape(one.version)} ({escape(one.file)}), because"
            f" {escape(json.dumps(one.pattern))} fits ({escape(one.pattern_file)})",
            highlight=False,
        )
        table = _table("number", "value", "written in", "from")
        for number in one.numbers:
            table.add_row(
                escape(number.key), escape(policy.told(number.value)), number.version, escape(number.file)
            )
        out.print(table)


@policies.command("check")
def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of packs.")],
    database: Annotated[
        bool, typer.Option("--database", help="Also against the versions that running cases use.")
    ] = False,
    as_json: JSON = False,
) -> None:
    """Names everything that is wrong with a folder of packs. Status 1 where anything is."""
    from cli import policy

    async def look() -> "list[Fault]":
        faults = policy.faults_of(folder)
        return faults if faults or not database else await policy.database_faults(folder)

    faults = ended(look())
    if as_json:
        _say([asdict(fault) for fault in faults])
    elif not faults:
        out.print(f"{escape(str(folder))}: nothing is wrong", highlight=False)
    else:
        for fault in faults:
            err.print(escape(str(fault)), highlight=False, soft_wrap=True)
    if faults:
        raise typer.Exit(1)


@policies.command("diff")
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A version, or a folder of packs.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The same, to compare with.")],
    folder: FOLDER = None,
    as_json: JSON = False,
) -> None:
    """Compares two versions or two folders, key by key."""
    from cli import policy

    async def look() -> list[policy.Change]:
        return policy.differences(before, after, policy.folder_of(folder))

    found = ended(look())
    if as_json:
        _say([asdict(one) for one in found])
        return
    table = _table("service", "number", "A", "B")
    for one in found:
        table.add_row(
            one.service, escape(one.key), escape(policy.told(one.before)), escape(policy.told(one.after))
        )
    out.print(table if found else "no number differs")


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _say(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))
