"""Makes the mutants of the packs and tables beside the services."""

import csv
import importlib
import io
import json
import pkgutil
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import services
from tests.mutants.mutant import Mutant, source_files
from tests.mutants.toml_text import Place, Scanner

BIG = 1_000
"""From this number on a mutant doubles it as well."""
VERSION = re.compile(r"^(?P<pack>.+)@(?P<day>\d{4}-\d{2}-\d{2})$")

Change = tuple[str, str, Place, Any]
"""Kind, words, the path of what changes, and what stands there instead."""
GONE = object()
"""Stands there instead of what is removed."""


@dataclass(frozen=True)
class Key:
    """Stands there where the value stays and its key is another."""

    name: str


def mutants(root: Path) -> Iterator[Mutant]:
    """Makes every mutant of every TOML and CSV file of the services, in the order of the files."""
    words = _enums()
    for path in source_files(root):
        service = path.relative_to(root / "services").parts[0]
        if path.suffix == ".toml":
            file = path.relative_to(root).as_posix()
            yield from of_toml(path.read_text("utf-8"), file, words.get(service, []))
        elif path.suffix == ".csv":
            yield from _csv_mutants(path, root, service, words.get(service, []))


def _enums() -> dict[str, list[list[str]]]:
    """Collects the words of each service's enumerations, in which a word of a pack finds its neighbour."""
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: dict[str, list[list[str]]] = {}
    for enum in StrEnum.__subclasses__():
        package, _, rest = enum.__module__.partition(".")
        if package == "services":
            found.setdefault(rest.split(".")[0], []).append([member.value for member in enum])
    return found


# TOML ------------------------------------------------------------------------------------------------


def of_toml(source: str, file: str, enums: list[list[str]]) -> Iterator[Mutant]:
    """Makes the mutants of one TOML text. Raises ValueError where a change comes out wrong."""
    service, document = file.split("/")[1], tomllib.loads(source)
    scanner, lines = Scanner(source), source.splitlines()
    packs = frozenset(name.partition("@")[0] for name in document) - {"shops"}
    for kind, says, place, instead in _changes(document, (), enums, packs):
        text = _changed(scanner, place, instead)
        if tomllib.loads(text) != _put(document, place, instead):
            raise ValueError(f"{file}: the change of {_named(place)} came out wrong")
        number = scanner.line_of(place)
        line = lines[number - 1].strip()
        is_number = file.endswith("/policy.toml") and place[0] != "shops" and place[-1] != "extends"
        names = tuple(map(str, place[1:])) if is_number else ()
        yield Mutant(kind, service, file, number, line, f"{_named(place)}: {says}", text, names)
    for old, new in _moved_days(document):
        number = scanner.line_of((old,))
        text = source.replace(json.dumps(old), json.dumps(new))
        yield Mutant("day moved", service, file, number, lines[number - 1].strip(), f"{old} -> {new}", text)


def _changed(scanner: Scanner, place: Place, instead: Any) -> str:
    """Writes a change into the text."""
    if instead is GONE:
        return scanner.without(place)
    if isinstance(instead, Key):
        return scanner.replaced(scanner.spots[place].key, json.dumps(instead.name))
    return scanner.replaced(scanner.spots[place].value, json.dumps(instead, ensure_ascii=False))


def _changes(value: Any, place: Place, enums: list[list[str]], packs: frozenset[str]) -> Iterator[Change]:
    """Walks through a document and changes everything in it once."""
    match value:
        case dict():
            for key, below in value.items():
                here = (*place, key)
                yield from _changes(below, here, enums, packs)
                if place and not isinstance(below, dict):
                    yield "cell removed", "removed", here, GONE
                if place == ("shops",):
                    yield "pattern changed", f"{key!r} -> {'x' + key!r}", here, Key("x" + key)
        case list():
            for index, member in enumerate(value):
                yield "list member removed", f"{member!r} removed", (*place, index), GONE
                yield from _changes(member, (*place, index), enums, packs)
        case _ if place[-1] != "extends":
            kind, others = _others(value, enums, packs if place[0] == "shops" else frozenset())
            for other in others:
                yield kind, f"{value!r} -> {other!r}", place, other
        case _:
            return


def _others(value: object, enums: list[list[str]], packs: frozenset[str]) -> tuple[str, Sequence[object]]:
    """Finds what can stand instead of a value; instead of a pack, every other pack."""
    match value:
        case bool():
            return "flag flipped", [not value]
        case int() | float():
            return "number changed", [value + 1, value - 1, *([value * 2] if abs(value) >= BIG else [])]
        case str():
            return "word changed", sorted(packs - {value}) if packs else _other_words(value, enums)
        case _:
            raise TypeError(f"no mutation of a {type(value).__name__}")


def _other_words(word: str, enums: Iterable[list[str]]) -> list[str]:
    """Finds the next word of each enumeration that has this one; else makes one up."""
    if "/" in word:
        return ["UTC"]
    if word in {"true", "false"}:
        return ["false" if word == "true" else "true"]
    found = [enum[(enum.index(word) + 1) % len(enum)] for enum in enums if word in enum]
    return sorted(set(found) - {word}) or [f"{word}x"]


def _moved_days(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Moves the first day of each version that has one before it; the first version holds before it, too."""
    days: dict[str, list[str]] = {}
    for name in document:
        if found := VERSION.match(name):
            days.setdefault(found["pack"], []).append(found["day"])
    for pack, of_pack in days.items():
        for day in sorted(of_pack)[1:]:
            for delta in (1, -1):
                yield f"{pack}@{day}", f"{pack}@{date.fromisoformat(day) + timedelta(days=delta)}"


def _put(document: Any, place: Place, instead: Any) -> Any:
    """Copies the document with one thing changed."""
    if not place:
        return instead
    copied: Any = dict(document) if isinstance(document, dict) else list(document)
    if len(place) == 1 and instead is GONE:
        del copied[place[0]]
    elif len(place) == 1 and isinstance(instead, Key):
        copied[instead.name] = copied.pop(place[0])
    else:
        copied[place[0]] = _put(document[place[0]], place[1:], instead)
    return copied


def _named(place: Place) -> str:
    return " ".join(str(part) for part in place)


# CSV -------------------------------------------------------------------------------------------------


def _csv_mutants(path: Path, root: Path, service: str, enums: list[list[str]]) -> Iterator[Mutant]:
    lines = path.read_text(encoding="utf-8").splitlines()
    head, *rows = csv.reader(lines)
    file = path.relative_to(root).as_posix()
    for index, row in enumerate(rows):
        line, number = lines[index + 1].strip(), index + 2
        without = _as_csv([head, *rows[:index], *rows[index + 1 :]])
        yield Mutant("row removed", service, file, number, line, "row removed", without)
        for column, cell in enumerate(row):
            for other in _other_cells(cell, enums):
                changed = [*row[:column], other, *row[column + 1 :]]
                text = _as_csv([head, *rows[:index], changed, *rows[index + 1 :]])
                says = f"{head[column]}: {cell!r} -> {other!r}"
                yield Mutant("cell changed", service, file, number, line, says, text)


def _as_csv(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _other_cells(cell: str, enums: list[list[str]]) -> list[str]:
    if not cell:
        return []
    if re.fullmatch(r"-?\d+", cell):
        return [str(int(cell) + 1), str(int(cell) - 1)]
    return ["", *_other_words(cell, enums)]
