"""Speaks to the person at the terminal: where output goes, how a command fails and ends."""

import asyncio
import json
from collections.abc import Coroutine
from enum import StrEnum
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

from cli.errors import CommandError

T = TypeVar("T")

out = Console()
err = Console(stderr=True)
JSON = Annotated[bool, typer.Option("--json", help="Plain JSON, for tools.")]


class Language(StrEnum):
    """The languages of the catalogue."""

    ZH = "zh"
    EN = "en"


LANGUAGE = Annotated[Language, typer.Option("--lang", help="Chinese or English.")]


def say_json(value: object) -> None:
    """JSON on standard output; moments as RFC 3339."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def fail(message: str) -> NoReturn:
    """Says what is wrong on standard error and ends with status 1."""
    err.print(f"[bold red]aftersales:[/bold red] {escape(message)}", highlight=False)
    raise typer.Exit(1)


def ended(work: Coroutine[Any, Any, T]) -> T:
    """Runs a command's work. An error that a user can do something about becomes one clear line."""
    try:
        return asyncio.run(work)
    except expected_errors() as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("stopped")


def expected_errors() -> tuple[type[Exception], ...]:
    """Names the errors that a user can do something about."""
    from cli.access import has_local_stack

    if not has_local_stack():
        return (CommandError,)
    from devstack import StackError

    return CommandError, StackError
