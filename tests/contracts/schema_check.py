"""A validator for exactly the keywords that the published schemas use; any other keyword is an error."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

Schema = Mapping[str, Any]
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
}
_SILENT = {
    "$schema", "$id", "$defs", "title", "description", "x-topics", "x-rules", "x-known-values", "default",
}  # fmt: skip


def faults(schema: Schema, value: object, root: Schema | None = None, path: str = "$") -> Iterator[str]:
    """Yields the faults of a value, place by place. Raises KeyError for a keyword that is not known here."""
    root = root or schema
    while "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        schema = {**root["$defs"][name], **{key: item for key, item in schema.items() if key != "$ref"}}
    kinds = _TYPES[schema["type"]]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        yield f"{path}: no {schema['type']}"
        return
    for keyword, limit in schema.items():
        if keyword not in _SILENT and keyword != "type":
            yield from _CHECKS[keyword](schema, limit, value, root, path)


def _properties(_: Schema, limit: Any, value: Any, root: Schema, path: str) -> Iterator[str]:
    for name, inner in limit.items():
        if name in value:
            yield from faults(inner, value[name], root, f"{path}.{name}")


def _required(_: Schema, limit: Any, value: Any, root: Schema, path: str) -> Iterator[str]:
    yield from (f"{path}.{name}: missing" for name in limit if name not in value)


def _items(_: Schema, limit: Any, value: Any, root: Schema, path: str) -> Iterator[str]:
    for number, item in enumerate(value):
        yield from faults(limit, item, root, f"{path}[{number}]")


def _additional(schema: Schema, limit: Any, value: Any, root: Schema, path: str) -> Iterator[str]:
    for name, item in value.items():
        if name not in schema.get("properties", {}):
            yield from faults(limit, item, root, f"{path}.{name}")


def _format(_: Schema, limit: Any, value: Any, root: Schema, path: str) -> Iterator[str]:
    assert limit == "date-time"
    try:
        if datetime.fromisoformat(value).tzinfo is None:
            yield f"{path}: no offset"
    except ValueError:
        yield f"{path}: no moment"


def _limit(how: str) -> Any:
    def check(_: Schema, limit: Any, value: Any, root: Schema, path: str) -> Iterator[str]:
        size = value if how in ("minimum", "maximum") else len(value)
        if (size < limit) if how.startswith("min") else (size > limit):
            yield f"{path}: {how} {limit}"

    return check


def _pattern(_: Schema, limit: Any, value: Any, root: Schema, path: str) -> Iterator[str]:
    if re.search(limit, value) is None:
        yield f"{path}: pattern"


_CHECKS: Mapping[str, Any] = {
    "properties": _properties,
    "required": _required,
    "items": _items,
    "additionalProperties": _additional,
    "format": _format,
    "pattern": _pattern,
    **{how: _limit(how) for how in ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")},
}
