"""Erases a person: replaces an identifier by a random one everywhere, and empties foreign bytes.

Decisions stay, under nobody's name: books and counts add up as before, and the cases of the person's orders
go on. Only texts change, numbers never.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from chassis.store.database import Connection

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@+-]{5,127}")
ERASED = "erased"
"""Detail of a dead letter whose bytes were emptied. Such a letter cannot be sent again."""
SUBJECTS = """
SELECT subject, concat_ws(' ', subject, case_id, state) AS text FROM cases
WHERE strpos(concat_ws(' ', subject, case_id, state), $1) > 0
UNION ALL
SELECT subject, concat_ws(' ', subject, case_id, data) FROM facts
WHERE strpos(concat_ws(' ', subject, case_id, data), $1) > 0
"""
GRANT = "GRANT UPDATE ON facts TO CURRENT_USER"
REVOKE = "REVOKE UPDATE ON facts FROM CURRENT_USER"
HAS_BYTES = """
strpos(concat_ws(' ', subject, case_id, {text}), $1) > 0 OR subject = ANY ($2::text[])
OR position(convert_to($1, 'UTF8') IN coalesce(value, '')) > 0
OR position(convert_to($1, 'UTF8') IN coalesce(key, '')) > 0
OR key IN (SELECT convert_to(one, 'UTF8') FROM unnest($2::text[]) AS one)
OR EXISTS (SELECT FROM json_array_elements(coalesce(headers, '[]')) AS header
           WHERE position(convert_to($1, 'UTF8') IN coalesce(decode(header->>1, 'base64'), '')) > 0)
"""
EMPTY_LETTERS = f"""
UPDATE dead_letters SET key = NULL, value = NULL, headers = '[]', message = NULL, detail = '{ERASED}'
WHERE detail <> '{ERASED}' AND ({HAS_BYTES.format(text="event_id, message")})
"""  # noqa: S608  constants of this module
EMPTY_ORIGINS = f"""
UPDATE waiting SET topic = NULL, partition = NULL, "offset" = NULL, key = NULL, headers = NULL, value = NULL
WHERE topic IS NOT NULL AND ({HAS_BYTES.format(text="cause_id, correlation, message")})
"""  # noqa: S608  constants of this module
EMPTY = {"dead_letters": EMPTY_LETTERS, "waiting": EMPTY_ORIGINS}
"""Statements that empty foreign bytes: of records that name the person or concern the person's orders."""


@dataclass(frozen=True, slots=True)
class Location:
    """Columns of one table that may hold an identifier."""

    table: str
    key: Sequence[str]
    texts: Sequence[str]
    documents: Sequence[str]
    """Columns that hold JSON."""


LOCATIONS = (
    Location("cases", ("subject", "kind", "case_id"), ("subject", "case_id"), ("state",)),
    Location("waiting", ("id",), ("subject", "case_id", "cause_id", "correlation"), ("message",)),
    Location("tasks", ("kind", "case_id", "task_id"), ("subject", "case_id", "task_id"), ()),
    Location("dead_letters", ("position",), ("subject", "case_id", "event_id", "correlation"), ()),
    Location(
        "facts",
        ("position", "recorded_at"),
        ("subject", "case_id", "cause_id", "correlation", "event_key"),
        ("data", "event"),
    ),
)
"""In the lock order of batches."""
JSON_TYPED = {"state", "message", "data"}


class NotAnIdentifier(ValueError):
    """The text is too short or too odd to be told apart from other texts."""


def renamer(identifier: str, pseudonym: str) -> Callable[[str], str]:
    """Makes a function that replaces an identifier within a text, as a whole word. Raises NotAnIdentifier."""
    if IDENTIFIER.fullmatch(identifier) is None:
        raise NotAnIdentifier("an identifier has 6 to 128 letters, digits or any of _.:@+-")
    word = re.compile(rf"(?<![A-Za-z0-9_-]){re.escape(identifier)}(?![A-Za-z0-9_-])")
    return lambda text: word.sub(pseudonym, text)


async def subjects_of(connection: Connection, identifier: str) -> set[str]:
    """Finds the subjects, mostly orders, under which a service knows the person. Raises NotAnIdentifier."""
    rename = renamer(identifier, "")
    rows = await connection.fetch(SUBJECTS, identifier)
    return {row["subject"] for row in rows if rename(row["text"]) != row["text"]}


async def erase(
    connection: Connection, identifier: str, pseudonym: str, subjects: Collection[str]
) -> dict[str, int]:
    """Replaces an identifier in the schema on the search path. All or nothing. Returns changed rows by table.

    `subjects` are the subjects under which any service knows the person; their foreign bytes are emptied.
    Batches with the same cases and the erasure wait for each other. Raises NotAnIdentifier.
    """
    rename = renamer(identifier, pseudonym)
    counts: dict[str, int] = {}
    async with connection.transaction():
        await connection.execute(GRANT)
        for location in LOCATIONS:
            emptied = 0
            if location.table in EMPTY:
                done = await connection.execute(EMPTY[location.table], identifier, list(subjects))
                emptied = int(done.split()[-1])
            counts[location.table] = max(emptied, await _rename(connection, location, identifier, rename))
        await connection.execute(REVOKE)
    return counts


async def _rename(
    connection: Connection, location: Location, identifier: str, rename: Callable[[str], str]
) -> int:
    columns = [*location.texts, *location.documents]
    listed = ", ".join(columns)
    where = " AND ".join(f"{name} = ${number}" for number, name in enumerate(location.key, 1))
    found = await connection.fetch(
        f"SELECT {', '.join(location.key)}, {listed} FROM {location.table}"  # noqa: S608  names of this module
        f" WHERE strpos(concat_ws(' ', {listed}), $1) > 0 ORDER BY {', '.join(location.key)} FOR UPDATE",
        identifier,
    )
    count = 0
    for row in found:
        changed = _changed(row, location, rename)
        if changed:
            first = len(location.key) + 1
            settings = ", ".join(
                f"{name} = ${number}{'::json' if name in JSON_TYPED else ''}"
                for number, name in enumerate(changed, first)
            )
            if location.table == "facts":
                settings += ", trace = NULL"  # it may be derived from the identifier
            keys = [row[name] for name in location.key]
            await connection.execute(
                f"UPDATE {location.table} SET {settings} WHERE {where}",  # noqa: S608  names of this module
                *keys,
                *changed.values(),
            )
            count += 1
    return count


def _changed(row: asyncpg.Record, location: Location, rename: Callable[[str], str]) -> Mapping[str, str]:
    """Finds the columns whose text changes."""
    changed: dict[str, str] = {}
    for name in (*location.texts, *location.documents):
        text: str | None = row[name]
        if text is None:
            continue
        if name in location.documents:
            document = json.loads(text)
            renamed = _walked(document, rename)
            if renamed != document:
                changed[name] = json.dumps(renamed, ensure_ascii=False, separators=(",", ":"))
        elif (renamed := rename(text)) != text:
            changed[name] = renamed
    return changed


def _walked(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return rename(value)
    if isinstance(value, dict):
        return {rename(str(name)): _walked(inner, rename) for name, inner in value.items()}
    if isinstance(value, list):
        return [_walked(inner, rename) for inner in value]
    return value
