"""Names every breaking change between the released schemas and those of today.

The view is the strictest: whoever wrote for the released schema must still be read, and whoever reads by
the released schema must still be able to read what is written now (full compatibility, both directions,
for what is told to us and for what we tell). So within a version only these pass: a new type, a new
optional field, a new known value of an open enumeration, and other words in descriptions. Bounds that were
left out at first and shut out only what no service could handle are in `BOUNDED`; bounds that shut out what
shops have are in `GROWN`.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aftersales_contracts import base, moments
from aftersales_contracts.json_schema import KNOWN_VALUES, schemas

Schema = Mapping[str, Any]
SUFFIX = ".schema.json"
_ANNOTATIONS = {
    "title",
    "description",
    "examples",
    "$schema",
    "$id",
    "$defs",
    "$comment",
    "x-rules",
    "deprecated",
}
_LOWER = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
_UPPER = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}
BOUNDED: frozenset[tuple[str, object, object]] = frozenset(
    {
        ("pattern", None, moments.PATTERN),  # no moment, or one of a year with which no clock reckons
        ("maximum", 2**53 - 1, 87_600),  # hours: more than ten years
        ("maxLength", None, 256),  # our own names of rules and policies
        ("maxLength", None, 2_000),  # a line of text
    }
)
"""Keyword, then and now: bounds that came within a version. A reader of old data is not concerned."""
GROWN: frozenset[tuple[str, str, object, object]] = frozenset(
    (field, keyword, then, now)
    for field in ("sku_id", "sku_ids", "wanted_sku_id")
    for keyword, then, now in (("maxLength", 64, 255), ("pattern", base.ID_PATTERN, base.SKU_PATTERN))
)
"""Field, keyword, then and now: texts that are as the shops have them, so that nobody may rely on a form."""
_LOOKED_AT = {"$ref", "type", "properties", "required", "items", "enum", KNOWN_VALUES, "default", "x-topics"}


@dataclass(frozen=True, slots=True)
class Break:
    """One breaking change: type, path of the field, what happened."""

    type: str
    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.type}: {self.path or '(data)'}: {self.what}"


def breaks(released: Mapping[str, Schema], current: Mapping[str, Schema]) -> list[Break]:
    """All breaking changes, by type and path; types that are new break nothing."""
    found: list[Break] = []
    for name in sorted(released):
        if name not in current:
            found.append(Break(name, "", "type removed"))
            continue
        comparison = _Comparison(name, released[name], current[name])
        found.extend(comparison.node("", released[name], current[name]))
    return found


class _Comparison:
    """Two schemas side by side. Definitions are followed by reference, so that their names do not matter."""

    def __init__(self, name: str, old_root: Schema, new_root: Schema) -> None:
        self._name = name
        self._old_root = old_root
        self._new_root = new_root
        self._open: set[tuple[str, str]] = set()

    def node(self, path: str, old: Schema, new: Schema) -> Iterator[Break]:
        """The breaks in one place and below it."""
        pair = (str(old.get("$ref", "")), str(new.get("$ref", "")))
        if all(pair):
            if pair in self._open:
                return
            self._open.add(pair)
        yield from self._resolved(path, _resolve(self._old_root, old), _resolve(self._new_root, new))
        self._open.discard(pair)

    def _resolved(self, path: str, old: Schema, new: Schema) -> Iterator[Break]:
        if old.get("type") != new.get("type"):
            yield self._break(
                path, f"type changed from {_shown(old.get('type'))} to {_shown(new.get('type'))}"
            )
            return
        yield from self._words(path, old, new)
        yield from self._limits(path, old, new)
        if old.get("default") != new.get("default"):
            yield self._break(
                path, f"default changed from {_shown(old.get('default'))} to {_shown(new.get('default'))}"
            )
        for topic in sorted({*old.get("x-topics", ())} - {*new.get("x-topics", ())}):
            yield self._break(path, f"no longer on topic {topic}")
        yield from self._fields(path, old, new)
        yield from self._nested(path, old, new)
        known = _ANNOTATIONS | _LOOKED_AT | _LOWER | _UPPER | {"additionalProperties"}
        for keyword in sorted((old.keys() | new.keys()) - known):
            change = (keyword, old.get(keyword), new.get(keyword))
            is_allowed = change in BOUNDED or (_field(path), *change) in GROWN
            if change[1] != change[2] and not is_allowed:
                yield self._break(
                    path, f"{keyword} changed from {_shown(old.get(keyword))} to {_shown(new.get(keyword))}"
                )

    def _words(self, path: str, old: Schema, new: Schema) -> Iterator[Break]:
        for member in _missing(old.get(KNOWN_VALUES, ()), new.get(KNOWN_VALUES, ())):
            if KNOWN_VALUES in new:
                yield self._break(path, f"known value {member!r} removed")
        if (KNOWN_VALUES in old) != (KNOWN_VALUES in new):
            yield self._break(
                path, "enumeration opened" if KNOWN_VALUES in new else "enumeration no longer open"
            )
        if ("enum" in old) != ("enum" in new):
            if KNOWN_VALUES not in old and KNOWN_VALUES not in new:
                yield self._break(path, "closed enumeration " + ("added" if "enum" in new else "removed"))
            return
        for member in _missing(old.get("enum", ()), new.get("enum", ())):
            yield self._break(path, f"member {member!r} removed from a closed enumeration")
        for member in _missing(new.get("enum", ()), old.get("enum", ())):
            yield self._break(path, f"member {member!r} added to a closed enumeration")

    def _limits(self, path: str, old: Schema, new: Schema) -> Iterator[Break]:
        for keyword in sorted((_LOWER | _UPPER) & (old.keys() | new.keys())):
            before, after = old.get(keyword), new.get(keyword)
            change = (keyword, before, after)
            if before == after or change in BOUNDED or (_field(path), *change) in GROWN:
                continue
            if before is None or after is None:
                is_narrower = before is None
            else:
                is_narrower = (after > before) == (keyword in _LOWER)
            how = "narrowed" if is_narrower else "widened"
            yield self._break(path, f"{keyword} {how} from {_shown(before)} to {_shown(after)}")

    def _fields(self, path: str, old: Schema, new: Schema) -> Iterator[Break]:
        before: Mapping[str, Schema] = old.get("properties", {})
        after: Mapping[str, Schema] = new.get("properties", {})
        was_required, is_required = set(old.get("required", ())), set(new.get("required", ()))
        for name in before:
            place = f"{path}.{name}" if path else name
            if name not in after:
                yield self._break(place, "field removed")
                continue
            if name in was_required - is_required:
                yield self._break(place, "required field became optional")
            if name in is_required - was_required:
                yield self._break(place, "optional field became required")
            yield from self.node(place, before[name], after[name])
        for name in after:
            if name not in before and name in is_required:
                yield self._break(f"{path}.{name}" if path else name, "new required field")

    def _nested(self, path: str, old: Schema, new: Schema) -> Iterator[Break]:
        for keyword, suffix in (("items", "[]"), ("additionalProperties", "{}")):
            before, after = old.get(keyword), new.get(keyword)
            if isinstance(before, dict) and isinstance(after, dict):
                yield from self.node(f"{path}{suffix}", before, after)
            elif before != after:
                yield self._break(path, f"{keyword} changed from {_shown(before)} to {_shown(after)}")

    def _break(self, path: str, what: str) -> Break:
        return Break(self._name, path, what)


def _field(path: str) -> str:
    return path.rpartition(".")[2].removesuffix("[]")


def _resolve(root: Schema, node: Schema) -> Schema:
    """The schema that a node stands for; what stands beside a reference (a default) comes on top."""
    beside = {key: value for key, value in node.items() if key != "$ref"}
    while "$ref" in node:
        target: Any = root
        for step in str(node["$ref"]).removeprefix("#/").split("/"):
            target = target[step]
        node = target
        beside = {**{key: value for key, value in node.items() if key != "$ref"}, **beside}
    return beside


def _missing(wanted: Sequence[object], given: Sequence[object]) -> list[object]:
    return [member for member in wanted if member not in given]


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def load(folder: Path) -> dict[str, Schema]:
    """The schemas of a folder, by type."""
    return {
        path.name.removesuffix(SUFFIX): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob(f"*{SUFFIX}"))
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints each breaking change; exit code 1 where there is one, 2 where nothing was ever released."""
    parser = argparse.ArgumentParser(prog="python -m aftersales_contracts.compat", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare and report (the only thing it does)")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1], help="folder with released/")
    options = parser.parse_args(arguments)
    released = load(options.root / "released")
    if not released:
        sys.stderr.write("no released schemas: nothing to compare with\n")
        return 2
    found = breaks(released, schemas())
    for one in found:
        sys.stdout.write(f"{one}\n")
    sys.stdout.write(f"{len(released)} released types, {len(found)} breaking changes\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
