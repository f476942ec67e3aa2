"""Makes documents of event types: by the published schema, by the event class, and spoiled ones of both."""

import types
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Annotated, Any, Union, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import AwareDatetime, BaseModel, StringConstraints

from aftersales_contracts import moments
from aftersales_contracts.base import ID_PATTERN, SKU_PATTERN, OpenEnum
from aftersales_contracts.json_schema import KNOWN_VALUES

Schema = Mapping[str, Any]
Document = dict[str, Any]
LIST_MOST = 3
SHARE_OF_OPTIONAL = 0.5
MOMENT: Any = AwareDatetime
"""A type to checkers that is a class when it runs."""
_PRINTABLE = [chr(code) for code in range(0x21, 0x7F)]
_ANY_TEXT = [*_PRINTABLE, " ", "\n", "\u00e9", "\u6536", "\U0001f4e6"]
_LONGEST_SHOWN = 12


def _moment(dice: Random) -> str:
    moment = datetime(2000, 1, 2, tzinfo=UTC) + timedelta(seconds=dice.randrange(100 * 365 * 86_400))
    text = moment.strftime(dice.choice(("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dt%H:%M:%S")))
    fraction = dice.choice(("", "", ".5", ".123456", ".123456789"))
    return text + fraction + dice.choice(("Z", "z", "+08:00", "-03:30", "+00:00", "+23:59"))


def _of(letters: list[str], least: int, most: int) -> Callable[[Random], str]:
    def make(dice: Random) -> str:
        length = dice.choice((least, most, dice.randint(least, min(most, least + _LONGEST_SHOWN))))
        return "".join(dice.choices(letters, k=length))

    return make


_BY_PATTERN: Mapping[str, Callable[[Random], str]] = {
    moments.PATTERN: _moment,
    ID_PATTERN: _of(_PRINTABLE, 1, 64),
    SKU_PATTERN: _of([letter for letter in _ANY_TEXT if letter != "\n"], 1, 255),
    r"^[A-Z]{3}$": _of([chr(code) for code in range(0x41, 0x5B)], 3, 3),
}
"""A pattern that is not here is a KeyError: whoever brings one says how to make a text of it."""


def _text(dice: Random, pattern: str | None, least: int | None, most: int | None) -> str:
    if pattern is not None:
        return _BY_PATTERN[pattern](dice)
    return _of(_ANY_TEXT, least or 0, most or 2_000)(dice)


def _number(dice: Random, least: int, most: int) -> int:
    return dice.choice((least, most, dice.randint(least, most), min(least + dice.randrange(1_000), most)))


class BySchema:
    """Makes valid documents of a published schema."""

    def __init__(self, schema: Schema, dice: Random) -> None:
        self._root, self._dice = schema, dice

    def make(self) -> Document:
        document: Document = self._value(self._root)
        return document

    def _value(self, schema: Schema) -> Any:
        while "$ref" in schema:
            schema = self._root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        match schema["type"]:
            case "object":
                return self._object(schema)
            case "array":
                count = self._dice.randint(schema.get("minItems", 0), schema.get("minItems", 0) + LIST_MOST)
                return [self._value(schema["items"]) for _ in range(count)]
            case "string":
                if KNOWN_VALUES in schema and self._dice.random() < 0.8:
                    return self._dice.choice(schema[KNOWN_VALUES])
                limits = (schema.get(name) for name in ("pattern", "minLength", "maxLength"))
                return _text(self._dice, *limits)
            case "integer":
                return _number(self._dice, schema["minimum"], schema["maximum"])
            case "boolean":
                return self._dice.random() < 0.5
            case other:
                raise KeyError(other)

    def _object(self, schema: Schema) -> Document:
        if "properties" not in schema:
            count = self._dice.randrange(LIST_MOST)
            return {f"key{number}": self._value(schema["additionalProperties"]) for number in range(count)}
        needed = set(schema.get("required", ()))
        return {
            name: self._value(inner)
            for name, inner in schema["properties"].items()
            if name in needed or self._dice.random() < SHARE_OF_OPTIONAL
        }


class ByModel:
    """Makes documents of an event class by the types of its fields, without its schema."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice

    def make(self, model: type[BaseModel]) -> Document:
        return {
            name: self._value(field.annotation, field.metadata)
            for name, field in model.model_fields.items()
            if field.is_required() or self._dice.random() < SHARE_OF_OPTIONAL
        }

    def _value(self, annotation: Any, told: list[Any]) -> Any:
        origin, inner = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self._value(inner[0], [*told, *inner[1:]])
        if origin in (Union, types.UnionType):
            return self._value(next(each for each in inner if each is not type(None)), told)
        if origin is list:
            least = max((one.min_length for one in told if isinstance(one, MinLen)), default=0)
            return [self._value(inner[0], []) for _ in range(least + self._dice.randrange(LIST_MOST))]
        if origin is dict:
            return {f"key{number}": self._value(inner[1], []) for number in range(self._dice.randrange(3))}
        return self._plain(annotation, told)

    def _plain(self, annotation: type, told: list[Any]) -> Any:
        limits = {key: value for one in told for key, value in _limits(one).items() if value is not None}
        if issubclass(annotation, BaseModel):
            return self.make(annotation)
        if issubclass(annotation, OpenEnum):
            return self._dice.choice([member.value for member in annotation])
        if annotation is bool:
            return self._dice.random() < 0.5
        if annotation is int:
            return _number(self._dice, limits["ge"], limits["le"])
        if annotation is MOMENT:
            return _moment(self._dice)
        if annotation is str:
            return _text(
                self._dice, limits.get("pattern"), limits.get("min_length"), limits.get("max_length")
            )
        raise TypeError(f"no value of {annotation}")


def _limits(told: object) -> Mapping[str, Any]:
    """Gives the bounds that an annotation sets."""
    match told:
        case Ge(ge):
            return {"ge": ge}
        case Le(le):
            return {"le": le}
        case MinLen(least):
            return {"min_length": least}
        case MaxLen(most):
            return {"max_length": most}
        case StringConstraints():
            return {"pattern": told.pattern, "min_length": told.min_length, "max_length": told.max_length}
        case _:
            inner = getattr(told, "metadata", ())
            pattern = getattr(told, "pattern", None)
            return {"pattern": pattern} | {key: value for one in inner for key, value in _limits(one).items()}


ODD: tuple[Any, ...] = (
    None, True, False, [], [None], [{}], {},
    0, -1, 1, 1.0, 4900.0, 1.5, 2**31, 2**53 - 1, 2**53, 2**63, 1e300, 87_600, 87_601, 1764478800,
    "", "a", "1", "true", "null", " ", "\u6536", "a\n", "CNY", "cny", "CNYY", "CNY\n", "Infinity", "NaN",
    "x" * 64, "x" * 65, "x" * 257, "x" * 513, "x" * 2_001,
    {"minor": 1}, {"minor": 4900.0, "currency": "CNY"}, {"minor": -1, "currency": "CNY"},
    {"minor": True, "currency": "CNY"}, {"minor": 1, "currency": "CNY", "x": 1},
    "20261201", "1764478800", "2026-12-01", "2026-12-01T00:00:00", "2026-12-01T00:00:00+0800",
    "2026-12-01T00:00:00+08", "2026-12-01 00:00:00Z", "2026-12-01T00:00Z", "2026-12-01T24:00:00Z",
    "2026-12-01T23:59:60Z", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "1999-12-30T00:00:00Z", "2101-01-02T00:00:00Z", "2026-12-01T00:00:00Z\n",
    "2026-12-01T00:00:00.1234567890Z", "2026-12-01T00:00:00,5Z", "2026-W49-2T00:00:00Z",
    "-2026-12-01T00:00:00Z", "2026-12-01T00:00:00+24:00", "2026-12-01T00:00:00Z[Asia/Shanghai]",
)  # fmt: skip
"""Values that senders put where they do not belong, or nearly do."""


def spoiled(document: Document, dice: Random) -> Document:
    """Copies a document with one place changed: a value of `ODD`, or a field or an item less, or one more."""
    return dict(_spoiled(document, dice))


def _spoiled(value: Any, dice: Random) -> Any:
    if isinstance(value, dict) and value:
        name = dice.choice(sorted(value))
        draw = dice.random()
        if draw < 0.15:
            return {key: item for key, item in value.items() if key != name}
        if draw < 0.2:
            return {**value, "added_later": dice.choice(ODD)}
        return {**value, name: _spoiled(value[name], dice)}
    if isinstance(value, list) and value and dice.random() < 0.7:
        place = dice.randrange(len(value))
        return [*value[:place], _spoiled(value[place], dice), *value[place + 1 :]]
    if isinstance(value, int) and not isinstance(value, bool) and dice.random() < 0.3:
        return float(value) if abs(value) < 2**53 else value + 1
    return dice.choice(ODD)
