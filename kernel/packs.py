"""Reads files of policy packs: their versions, what each extends, and whose shops they are for.

Files lie in layers: the package's first, the operator's over it. A later layer adds versions and patterns of
shops. It changes no version of an earlier one, because running cases keep the version they opened under.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, cast

Table = Mapping[str, Any]
"""One version as written in the file, or with `extends` resolved."""
Key = tuple[str, ...]
"""The names of the tables around a number, then its own."""

PACKAGE = "the package"
"""Stands for the file of the package in what people read."""
SHOPS = "shops"
EXTENDS = "extends"
VERSION = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,63})@(\d{4}-\d\d-\d\d)")
PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with the policies."""

    file: str
    key: str
    """The place in the file as TOML writes it; empty where the whole file is wrong."""
    reason: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.key, self.reason) if part)


class PolicyError(ValueError):
    """The policy files contradict themselves or leave something open; `faults` has all of it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(frozen=True, slots=True)
class Layer:
    """One file of packs as it is written."""

    file: str
    shops: Mapping[str, str]
    versions: Mapping[str, Table]


def parse(text: str, file: str) -> Layer:
    """Reads a file of packs. Raises PolicyError for one whose shape is wrong."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError([Fault(file, "", f"not TOML: {error}")]) from error
    faults = [Fault(file, key, reason) for key, reason in _wrong_in(document)]
    if faults:
        raise PolicyError(faults)
    shops = cast("dict[str, str]", document.pop(SHOPS, {}))
    return Layer(file, shops, document)


def _wrong_in(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, table in document.items():
        if not isinstance(table, dict):
            yield spelled(name), "neither [shops] nor a table pack@YYYY-MM-DD"
        elif name == SHOPS:
            for pattern, pack in cast("dict[str, Any]", table).items():
                if not isinstance(pack, str):
                    yield spelled(SHOPS, pattern), f"not the name of a pack: {pack!r}"
        elif first_day(name) is None:
            yield spelled(name), "is not pack@YYYY-MM-DD, a day of the calendar"
        elif not isinstance(table.get(EXTENDS, ""), str):
            yield spelled(name, EXTENDS), f"not the name of a version: {table[EXTENDS]!r}"


def spelled(*key: str) -> str:
    """Writes a key as TOML does: dots between the names, quotes around one that is not plain."""
    return ".".join(name if PLAIN_KEY.fullmatch(name) else f'"{name}"' for name in key)


def first_day(version: str) -> datetime | None:
    """Finds the moment from which a version is in force: 00:00 UTC of its day. None for no such name."""
    parts = VERSION.fullmatch(version)
    try:
        day = date.fromisoformat(parts[2]) if parts else None
    except ValueError:
        return None
    return None if day is None else datetime.combine(day, time(), UTC)


def pack_of(version: str) -> str:
    """Names the pack of a version."""
    return version.partition("@")[0]


def merged(base: Table, over: Table) -> dict[str, Any]:
    """Lays one table over another: tables key by key, values replaced."""
    both = dict(base)
    for key, value in over.items():
        below = both.get(key)
        are_tables = isinstance(below, dict) and isinstance(value, dict)
        both[key] = merged(cast("Table", below), cast("Table", value)) if are_tables else value
    return both


def leaves(table: Table, above: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Lists every number of a table by its key."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from leaves(cast("Table", value), (*above, name))
        else:
            yield (*above, name), value


class Packs:
    """The versions of all layers, and the faults that show before the numbers are looked at."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.faults: list[Fault] = []
        self.files: dict[str, str] = {}
        """File of each version."""
        self.tables: dict[str, Table] = {}
        """Each version with `extends` resolved."""
        self.shops: dict[str, str] = {}
        self.shop_files: dict[str, str] = {}
        self._written: dict[str, Table] = {}
        for number, layer in enumerate(layers):
            self._add(layer, is_first=number == 0)
        for name in self._written:
            table = self._resolved(name, ())
            if table is not None:
                self.tables[name] = table
        self._check_shops()

    def _add(self, layer: Layer, *, is_first: bool) -> None:
        for name, table in layer.versions.items():
            if name in self._written:
                reason = f"is in {self.files[name]} already and cannot be changed: use another day or pack"
                self.faults.append(Fault(layer.file, spelled(name), reason))
                continue
            self._written[name], self.files[name] = table, layer.file
        for pattern, pack in layer.shops.items():
            self.shops[pattern], self.shop_files[pattern] = pack, layer.file
        if is_first and "*" not in layer.shops:
            self.faults.append(Fault(layer.file, SHOPS, 'names no pack for "*"'))

    def _resolved(self, name: str, behind: tuple[str, ...]) -> dict[str, Any] | None:
        """Lays a version over what it extends. None where that leads to nothing, which is told once."""
        table = dict(self._written[name])
        base = table.pop(EXTENDS, None)
        if base is None:
            return table
        chain = (*behind, name)
        if base in chain:
            if base == chain[0]:
                self._refuse_base(name, f"extends itself: {' -> '.join((*chain, base))}")
            return None
        if base not in self._written:
            if not behind:
                self._refuse_base(name, f"no version {base!r} to extend")
            return None
        below = self._resolved(base, chain)
        return None if below is None else merged(below, table)

    def _refuse_base(self, name: str, reason: str) -> None:
        self.faults.append(Fault(self.files[name], spelled(name, EXTENDS), reason))

    def _check_shops(self) -> None:
        packs = {pack_of(name) for name in self._written}
        for pattern, pack in self.shops.items():
            if pack not in packs:
                self.faults.append(
                    Fault(self.shop_files[pattern], spelled(SHOPS, pattern), f"no pack {pack!r}")
                )

    def base_of(self, name: str) -> str | None:
        """Names the version that a version extends."""
        base: str | None = self._written[name].get(EXTENDS)
        return base

    def lineage(self, name: str) -> Iterator[str]:
        """Lists a version and all that it stands on, nearest first. The version must be resolved."""
        link: str | None = name
        while link is not None:
            yield link
            link = self.base_of(link)

    def written(self, name: str) -> Table:
        """Gives the numbers that the version itself writes down."""
        return {key: value for key, value in self._written[name].items() if key != EXTENDS}

    def origins(self, name: str) -> Mapping[Key, str]:
        """Names for each number of a version the version that wrote it down."""
        found: dict[Key, str] = {}
        for version in self.lineage(name):
            for key, _ in leaves(self.written(version)):
                found.setdefault(key, version)
        return found
