"""Lists, shows and resends dead letters of all services, for an operator."""

import base64
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from aftersales_contracts.topics import SERVICES
from chassis.kafka_client import make_producer
from chassis.operate import dead_letters
from chassis.operate.dead_letters import Entry, NoSuchDeadLetter
from chassis.store.stored_headers import unpack_headers
from cli import words
from cli.access import connected, present
from cli.errors import CommandError

SHOWN_BYTES_MAX = 4_000


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter and the service that set it aside."""

    service: str
    entry: Entry

    @property
    def number(self) -> str:
        """Returns the letter's name in the other commands."""
        return f"{self.service}/{self.entry.position}"

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"number": self.number, "service": self.service, **asdict(self.entry)}


async def _in_schema(connection: asyncpg.Connection, service: str) -> None:
    if service not in SERVICES:
        raise CommandError(f"no such service: {service} ({', '.join(SERVICES)})")
    await connection.execute("SELECT set_config('search_path', $1, false)", service)


def _parsed(number: str) -> tuple[str, int]:
    service, _, position = number.partition("/")
    if service not in SERVICES or not position.isdigit():
        raise CommandError(f"a dead letter is named like refunds/12, not {number!r}")
    return service, int(position)


async def listed(service: str | None, reason: str | None, limit: int) -> list[Letter]:
    """The newest of one service or of all, newest first."""
    found: list[Letter] = []
    async with connected(present().database_url) as connection:
        for name in (service,) if service else SERVICES:
            await _in_schema(connection, name)
            entries = await dead_letters.entries(connection, reason, limit)
            found += [Letter(name, entry) for entry in entries]
    return sorted(found, key=lambda letter: letter.entry.at, reverse=True)[:limit]


async def one(number: str) -> dict[str, Any]:
    """All that is kept of one, as plain values; bytes that are no text in base64."""
    service, position = _parsed(number)
    async with connected(present().database_url) as connection:
        await _in_schema(connection, service)
        try:
            row = await dead_letters.one(connection, position)
        except NoSuchDeadLetter as error:
            raise CommandError(f"{service}: {error}") from None
    values = {name: value for name, value in row.items() if value not in (None, "")}
    values["headers"] = {
        name: None if raw is None else _text(raw) for name, raw in unpack_headers(row["headers"])
    }
    for name in ("key", "value"):
        if row[name] is not None:
            values[name] = _text(row[name])
    return {"number": number, **values}


async def resend(number: str, by: str, why: str) -> str:
    """Sends one again; says where to."""
    service, position = _parsed(number)
    access = present()
    producer = make_producer(access.kafka, "operator")

    async def publish(
        topic: str, key: bytes | None, headers: Sequence[tuple[str, bytes | None]], value: bytes | None
    ) -> None:
        await producer.send_and_wait(topic, value, key=key, headers=list(headers))

    await producer.start()
    try:
        async with connected(access.database_url) as connection:
            await _in_schema(connection, service)
            return await dead_letters.resend(connection, position, by, why, publish)
    except (NoSuchDeadLetter, ValueError) as error:
        raise CommandError(f"{service}: {error}") from None
    finally:
        await producer.stop()


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(raw).decode()}"


def show_list(console: Console, letters: Sequence[Letter]) -> None:
    """A table, newest first."""
    if not letters:
        console.print("no dead letters", style="dim")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("number", "when (UTC)", "reason", "detail", "event", "where"):
        table.add_column(column, overflow="fold")
    for letter in letters:
        entry = letter.entry
        place = f"{entry.topic} {entry.partition}:{entry.offset}" if entry.topic else f"{entry.kind}"
        event = f"{words.short_type(entry.event_type)} {entry.event_id}".strip()
        resent = " [dim](sent again)[/dim]" if entry.resent_at else ""
        table.add_row(
            letter.number,
            words.moment(entry.at),
            f"[red]{entry.reason}[/red]{resent}",
            escape(entry.detail),
            escape(event),
            place,
        )
    console.print(table)


def show_one(console: Console, values: dict[str, Any]) -> None:
    """Every field of it."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in values.items():
        if isinstance(value, dict):
            text = "\n".join(f"{header}: {content}" for header, content in value.items())
        else:
            text = str(value)
        shown = text if len(text) <= SHOWN_BYTES_MAX else text[:SHOWN_BYTES_MAX] + " ..."
        table.add_row(name, escape(shown))
    console.print(table)
