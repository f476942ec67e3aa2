"""Reads the policies of all services, with the operator's packs laid over those of the package."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from aftersales_contracts.topics import SERVICES
from chassis.operate.policy_folder import strangers, with_packs
from chassis.settings import PREFIX, Settings
from chassis.store.policy_versions import compare, kept
from cli.access import load_services
from cli.errors import CommandError
from kernel.packs import EXTENDS, SHOPS, Fault, Key, PolicyError, first_day, leaves, pack_of, spelled
from kernel.policy import PolicyBook

FOLDER = f"{PREFIX}POLICIES"
Book = PolicyBook[Any]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one service."""

    service: str
    version: str
    since: datetime | None
    extends: str | None
    file: str
    shops: list[str]
    """Patterns of the shops that have its pack."""


@dataclass(frozen=True, slots=True)
class Number:
    """One number, and where it comes from."""

    key: str
    value: Any
    version: str
    """The version that wrote it down."""
    file: str


@dataclass(frozen=True, slots=True)
class InForce:
    """The version that holds for a shop in one service."""

    service: str
    shop_id: str
    at: datetime
    pattern: str
    """The pattern by which the shop has its pack."""
    pattern_file: str
    version: str
    file: str
    numbers: list[Number]


@dataclass(frozen=True, slots=True)
class Change:
    """One key that is not the same on both sides; None where a side does not have it."""

    service: str
    key: str
    before: Any
    after: Any


def folder_of(named: Path | None) -> Path | None:
    """The folder that the command names, else the one of the settings."""
    return named or Settings().policies


def environment() -> dict[str, str]:
    """Passes the folder of the settings on to services. Raises CommandError where they would refuse it."""
    folder = Settings().policies
    if folder is None:
        return {}
    books(folder)
    return {FOLDER: str(folder.resolve())}


def books(folder: Path | None) -> dict[str, Book]:
    """The book of each service. Raises CommandError with all faults."""
    found, faults = _read(folder)
    if faults:
        raise CommandError("\n".join(["policies are refused", *map(str, faults)]))
    return found


def faults_of(folder: Path) -> list[Fault]:
    """Everything that is wrong with a folder."""
    return _read(folder)[1]


def _read(folder: Path | None) -> tuple[dict[str, Book], list[Fault]]:
    faults = [] if folder is None else strangers(folder)
    found: dict[str, Book] = {}
    for name, service in load_services().items():
        try:
            found[name] = _book(with_packs(service, folder).policies)
        except PolicyError as error:
            faults += [fault for fault in error.faults if fault not in faults]
    return found, faults


def _book(policies: object) -> Book:
    if not isinstance(policies, PolicyBook):
        raise TypeError("a service without packs")
    return policies


async def database_faults(folder: Path | None) -> list[Fault]:
    """Versions that the services' databases keep under other numbers, or cannot give back any more.

    Raises CommandError where a database cannot be asked.
    """
    from cli.upkeep import schema_of

    faults: list[Fault] = []
    for name, book in books(folder).items():
        async with schema_of(name) as connection:
            try:
                found = compare(book, await kept(connection))
            except asyncpg.UndefinedTableError:
                raise CommandError(f"{name}: no version is kept yet: aftersales migrate") from None
        faults += [*found.refused, *found.corrected, *found.unreadable]
    return faults


def versions(folder: Path | None) -> list[Version]:
    """Every version of every service."""
    return [
        Version(
            service,
            name,
            first_day(name),
            book.packs.base_of(name),
            book.packs.files[name],
            [pattern for pattern, pack in book.packs.shops.items() if pack == pack_of(name)],
        )
        for service, book in books(folder).items()
        for name in book.packs.tables
    ]


def in_force(folder: Path | None, shop_id: str, at: datetime) -> list[InForce]:
    """The versions that hold for a shop at a moment, with every number."""
    return [_in_force(service, book, shop_id, at) for service, book in books(folder).items()]


def _in_force(service: str, book: Book, shop_id: str, at: datetime) -> InForce:
    name, _ = book.choose(shop_id, at)
    packs, origins, pattern = book.packs, book.packs.origins(name), book.pattern_of(shop_id)
    numbers = [
        Number(spelled(*key), value, origins[key], packs.files[origins[key]])
        for key, value in leaves(packs.tables[name])
    ]
    return InForce(
        service, shop_id, at, pattern, packs.shop_files[pattern], name, packs.files[name], numbers
    )  # fmt: skip


def differences(before: str, after: str, folder: Path | None) -> list[Change]:
    """Compares two versions, or two folders. Raises CommandError where a side is neither."""
    are_folders = [Path(side).is_dir() for side in (before, after)]
    if all(are_folders):
        earlier, later = books(Path(before)), books(Path(after))
        return [one for name in SERVICES for one in _of_folders(name, earlier[name], later[name])]
    if any(are_folders):
        raise CommandError("compare two folders, or two versions: one of these is a folder")
    found: list[Change] = []
    known = {before: False, after: False}
    for service, book in books(folder).items():
        tables = book.packs.tables
        known = {side: is_known or side in tables for side, is_known in known.items()}
        if before in tables or after in tables:
            found += _changes(service, *(dict(leaves(tables.get(side, {}))) for side in (before, after)))
    for side, is_known in known.items():
        if not is_known:
            raise CommandError(f"neither a folder nor a version: {side}; aftersales policy list names them")
    return found


def _of_folders(service: str, before: Book, after: Book) -> Iterator[Change]:
    yield from _changes(service, _shops(before), _shops(after))
    names = dict.fromkeys([*before.packs.tables, *after.packs.tables])
    for name in names:
        yield from _changes(service, *(_numbers(book, name) for book in (before, after)))


def _shops(book: Book) -> Mapping[Key, Any]:
    return {(SHOPS, pattern): pack for pattern, pack in book.packs.shops.items()}


def _numbers(book: Book, name: str) -> Mapping[Key, Any]:
    if name not in book.packs.tables:
        return {}
    numbers = {(name, *key): value for key, value in leaves(book.packs.tables[name])}
    base = book.packs.base_of(name)
    return numbers if base is None else {(name, EXTENDS): base, **numbers}


def _changes(service: str, before: Mapping[Key, Any], after: Mapping[Key, Any]) -> list[Change]:
    return [
        Change(service, spelled(*key), before.get(key), after.get(key))
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]


def told(value: Any) -> str:
    """Writes a number as the file does, more or less."""
    return "-" if value is None else json.dumps(value, ensure_ascii=False)
