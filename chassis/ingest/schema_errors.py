"""Explains why data breaks its schema, by places and the contracts' words, never by content."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from math import isfinite
from typing import Any

from pydantic import ValidationError

from aftersales_contracts.base import Event
from aftersales_contracts.reasons import Reason
from chassis.ingest.schema_words import words_of

INT64_MAX = 2**63 - 1
_SHOWN_COUNT = 5
_CHARACTERS_MAX = 500
_WORD = re.compile(r"[^\s,:;]+")
_PLAIN_WORD = re.compile(r"[a-z_]{1,24}")
_TOO_DEEP = "recursion limit"


def explain(error: ValidationError, event_class: type[Event]) -> tuple[Reason, str]:
    """Gives reason and detail, for example `lines.2.quantity_count: less than 1`."""
    errors: list[str] = []
    reason = Reason.FAILED_SCHEMA
    for found in error.errors(include_url=False, include_context=True, include_input=True):
        kind = found["type"]
        context: dict[str, Any] = found.get("ctx", {})
        if kind == "json_invalid":
            text = str(context.get("error", ""))
            return (Reason.TOO_DEEP, "data") if _TOO_DEEP in text else (Reason.BAD_JSON, _place_in_text(text))
        if _exceeds(found["input"]):
            reason = Reason.NOT_STORABLE
        if kind == "value_error":
            why = _without_values(context["error"], found["input"])
        elif not found["loc"] and kind == "model_type":
            why = "not an object"
        else:
            why = words_of(kind, context, found["input"])
        errors.append(f"{_place(found['loc'], event_class)}: {why}")
    if len(errors) > _SHOWN_COUNT:
        errors[_SHOWN_COUNT:] = [f"and {len(errors) - _SHOWN_COUNT} more"]
    return reason, "; ".join(errors)[:_CHARACTERS_MAX]


def has_bare_word(data: bytes) -> bool:
    """Tells whether NaN or Infinity occur in the JSON outside of strings."""
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside = b" ".join(data.split(b'"')[::2])
    return b"NaN" in outside or b"Infinity" in outside


def _exceeds(value: object) -> bool:
    """Tells whether a value is a number that no column holds: beyond 64 bits, or not finite."""
    if isinstance(value, int):
        return not -INT64_MAX - 1 <= value <= INT64_MAX
    return isinstance(value, float) and not isfinite(value)


def _place(location: Iterable[int | str], event_class: type[Event]) -> str:
    """Gives the path of a field. A name that the contract does not know came from outside, and becomes a
    star.
    """
    names = _names(event_class)
    shown = (str(part) if isinstance(part, int) or part in names else "*" for part in location)
    return ".".join(shown) or "data"


def _without_values(message: object, given: object) -> str:
    """Gives a check's own words. A word that is not plain, or occurs in the data, becomes a star."""
    values = {text.lower() for value in _scalars(given) for text in value.split()}
    words = (
        word if _PLAIN_WORD.fullmatch(word) and word.lower() not in values else "*"
        for word in _WORD.findall(str(message))
    )
    return " ".join(words)


def _scalars(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():  # pyright: ignore[reportUnknownVariableType]
            yield from _scalars(inner)
    elif isinstance(value, list):
        for inner in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _scalars(inner)
    elif isinstance(value, str):
        yield value


def _place_in_text(text: str) -> str:
    """Gives the place in the parser's message, as `at line 1 column 17`. That part holds no content."""
    _, found, place = text.rpartition(" at line ")
    return f"data: not JSON at line {place}" if found else "data: not JSON"


@cache
def _names(event_class: type[Event]) -> frozenset[str]:
    """Collects every field name of the class and its components."""
    found: set[str] = set()
    _collect(event_class.model_json_schema(), found)
    return frozenset(found)


def _collect(schema: object, found: set[str]) -> None:
    if isinstance(schema, dict):
        for name, inner in schema.items():  # pyright: ignore[reportUnknownVariableType]
            if name == "properties" and isinstance(inner, dict):
                found.update(str(field) for field in inner)  # pyright: ignore[reportUnknownVariableType]
            _collect(inner, found)
    elif isinstance(schema, list):
        for inner in schema:  # pyright: ignore[reportUnknownVariableType]
            _collect(inner, found)
