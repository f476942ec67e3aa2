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
from chassis.operate.dead_letters import Entry, Filter, NoSuchDeadLetter
from chassis.store.stored_headers import unpack_headers
from cli import words
from cli.access import connected, present
from cli.errors import CommandError

SHOWN_BYTES_MAX = 4_000


@dataclass(frozen=True, slots=True)
class Letter:
    """A record that could not be used, by one reader or by several; or a message that failed in its case."""

    entries: tuple[tuple[str, Entry], ...]
    """The dead letters by the service that set them aside, the newest first."""

    @property
    def entry(self) -> Entry:
        """Returns the newest of the dead letters."""
        return self.entries[0][1]

    @property
    def service(self) -> str:
        """Returns the service of the newest dead letter."""
        return self.entries[0][0]

    @property
    def services(self) -> list[str]:
        """Names the readers that could not use it, in the services' order."""
        found = {service for service, _ in self.entries}
        return [service for service in SERVICES if service in found]

    @property
    def number(self) -> str:
        """Returns the letter's name in the other commands."""
        return f"{self.service}/{self.entry.position}"

    @property
    def reasons(self) -> list[str]:
        """Names the readers' reasons, each once."""
        return sorted({entry.reason for _, entry in self.entries})

    @property
    def is_resent(self) -> bool:
        """Whether it was sent again."""
        return any(entry.resent_at is not None for _, entry in self.entries)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        numbers = [f"{service}/{entry.position}" for service, entry in self.entries]
        return {"number": self.number, "services": self.services, "numbers": numbers, **asdict(self.entry)}


async def _in_schema(connection: asyncpg.Connection, service: str) -> None:
    if service not in SERVICES:
        raise CommandError(f"no such service: {service} ({', '.join(SERVICES)})")
    await connection.execute("SELECT set_config('search_path', $1, false)", service)


def _parsed(number: str) -> tuple[str, int]:
    service, _, position = number.partition("/")
    if service not in SERVICES or not position.isdigit():
        raise CommandError(f"a dead letter is named like refunds/12, not {number!r}")
    return service, int(position)


async def listed(service: str | None, wanted: Filter, limit: int) -> list[Letter]:
    """The newest of one service or of all, newest first. A record's letters are one, whoever has them."""
    async with connected(present().database_url) as connection:
        return await found(connection, (service,) if service else SERVICES, wanted, limit)


async def found(
    connection: asyncpg.Connection, services: Sequence[str], wanted: Filter, limit: int
) -> list[Letter]:
    """Lists letters of these services, with the letters that all others have of the same records."""
    groups: dict[object, dict[tuple[str, int], Entry]] = {}
    for name in services:
        await _in_schema(connection, name)
        for entry in await dead_letters.entries(connection, wanted, limit):
            groups.setdefault(entry.record or (name, entry.position), {})[name, entry.position] = entry
    records = [entry.record for group in groups.values() for entry in group.values() if entry.record]
    for name in SERVICES if records else ():
        await _in_schema(connection, name)
        for entry in await dead_letters.of_records(connection, records):
            groups[entry.record][name, entry.position] = entry
    letters = [
        Letter(tuple(sorted(
            ((name, entry) for (name, _), entry in group.items()),
            key=lambda each: (each[1].recorded_at, -SERVICES.index(each[0])), reverse=True,
        )))
        for group in groups.values()
    ]  # fmt: skip
    return sorted(letters, key=lambda letter: letter.entry.recorded_at, reverse=True)[:limit]


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
            return await dead_letters.resend(connection, position, by, why, publish, SERVICES)
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
    for column in ("number", "set aside (UTC)", "reason", "event", "from", "for", "where", "detail"):
        table.add_column(column, overflow="fold")
    for letter in letters:
        entry = letter.entry
        place = f"{entry.topic} {entry.partition}:{entry.offset}" if entry.topic else ""
        event = f"{words.short_type(entry.event_type)}\n{entry.event_id}".strip() or "names none"
        readers = ", ".join(letter.services)
        if entry.kind:
            readers = f"{readers}: {words.spoken(entry.kind).lower()} {entry.case_id}"
        resent = " [dim](sent again)[/dim]" if letter.is_resent else ""
        table.add_row(
            letter.number,
            words.second(entry.recorded_at),
            f"[red]{', '.join(letter.reasons)}[/red]{resent}",
            escape(event),
            escape(entry.event_source),
            escape(readers),
            place,
            escape(entry.detail),
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
