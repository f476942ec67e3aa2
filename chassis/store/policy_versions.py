"""Keeps the numbers of every policy version that a service has started with.

A case stores the name of its version. The numbers of that name are written down once, when the version is
first seen, and never change: a case goes on under them when its file is gone, and a file that gives the name
other numbers is refused.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from chassis.store.database import Connection
from kernel.packs import Fault, Key, PolicyError, Table, leaves, spelled
from kernel.policy import PolicyBook

TABLE = "policy_versions"
KEEP = """
INSERT INTO policy_versions (name, base, file, digest, numbers)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::json[])
ON CONFLICT DO NOTHING
"""
KEPT = "SELECT name, base, digest, numbers FROM policy_versions ORDER BY name"


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """One row: a version as it was when it was first seen."""

    name: str
    base: str
    """The package's version that it stood on: it gives numbers that a later release needs."""
    digest: str
    numbers: Table


@dataclass(frozen=True, slots=True)
class Compared:
    """Versions of the files beside those that are kept."""

    names: list[str] = field(default_factory=list[str])
    """Every version that is kept."""
    refused: list[Fault] = field(default_factory=list[Fault])
    """The operator's files give a kept version other numbers."""
    corrected: list[Fault] = field(default_factory=list[Fault])
    """The package does so: a release has corrected a mistake, and running cases take the correction."""
    unreadable: list[Fault] = field(default_factory=list[Fault])
    """Kept versions that no file has and that cannot be used: their cases will fail."""
    restored: dict[str, Table] = field(default_factory=dict[str, Table])
    """Kept versions that no file has any more."""

    @property
    def kept_count(self) -> int:
        """The number of rows."""
        return len(self.names)


def written(table: Table) -> str:
    """Writes a table so that equal numbers give equal text."""
    return json.dumps(table, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest_of(table: Table) -> str:
    """Computes the hash of a table: SHA-256, in hexadecimal."""
    return hashlib.sha256(written(table).encode()).hexdigest()


async def kept(connection: Connection) -> list[KeptVersion]:
    """Reads all rows of the schema on the search path."""
    return [
        KeptVersion(row["name"], row["base"], row["digest"], json.loads(row["numbers"]))
        for row in await connection.fetch(KEPT)
    ]


async def keep(connection: Connection, book: PolicyBook[Any]) -> Compared:
    """Writes down the versions that are new, and adds to the book those that no file has any more.

    Raises PolicyError, and writes nothing, where a file gives a kept version other numbers.
    """
    packs = book.packs
    rows = [
        (name, book.package_base(name), PurePath(packs.files[name]).name, digest_of(table), written(table))
        for name, table in sorted(packs.tables.items())
    ]
    async with connection.transaction():
        await connection.execute(KEEP, *map(list, zip(*rows, strict=True)))
        compared = compare(book, await kept(connection))
        if compared.refused:
            raise PolicyError(compared.refused)
    for name, table in compared.restored.items():
        book.add(name, table)
    return compared


def compare(book: PolicyBook[Any], rows: Iterable[KeptVersion]) -> Compared:
    """Compares kept versions with those of the files."""
    found = Compared()
    for row in rows:
        found.names.append(row.name)
        table = book.packs.tables.get(row.name)
        if table is None:
            _restore(book, row, found)
        elif digest_of(table) != row.digest:
            faults = found.refused if book.is_own(row.name) else found.corrected
            faults += _changed(book, row, table)
    return found


def _restore(book: PolicyBook[Any], row: KeptVersion, found: Compared) -> None:
    place = f"table {TABLE}"
    if digest_of(row.numbers) != row.digest:
        found.unreadable.append(Fault(place, spelled(row.name), "its numbers have another hash than it says"))
        return
    table = book.completed(row.numbers, row.base)
    faults = book.faults(table)
    found.unreadable.extend(Fault(place, spelled(row.name, *key), reason) for key, reason in faults)
    if not faults:
        found.restored[row.name] = table


def _changed(book: PolicyBook[Any], row: KeptVersion, table: Table) -> Iterator[Fault]:
    """Tells each number that is another one; numbers that came with a later release are none of them."""
    before, now = (dict(leaves(one)) for one in (book.completed(row.numbers, row.base), table))
    origins = book.packs.origins(row.name)
    for key in sorted(before.keys() | now.keys()):
        if before.get(key) == now.get(key):
            continue
        origin = origins.get(key, row.name)
        source = "" if origin == row.name else f" (from {origin})"
        yield Fault(
            book.packs.files[row.name],
            spelled(row.name, *key),
            f"{_told(now, key)}{source}, but cases run under it with {_told(before, key)} (the kept hash is"
            f" {row.digest[:12]}): give other numbers as a new version",
        )


def _told(numbers: Mapping[Key, Any], key: Key) -> str:
    return json.dumps(numbers[key], ensure_ascii=False) if key in numbers else "nothing"
