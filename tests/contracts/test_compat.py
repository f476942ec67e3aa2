"""Each kind of breaking change is found and named; each allowed change passes."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from aftersales_contracts.base import ID_PATTERN, SKU_PATTERN
from aftersales_contracts.compat import breaks
from aftersales_contracts.json_schema import KNOWN_VALUES, schemas

Schema = dict[str, Any]
NAME = "shop.thing.happened.v1"
RELEASED: Schema = {
    "title": NAME,
    "type": "object",
    "x-topics": ["shop.things.v1"],
    "properties": {
        "thing_id": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[a-z]+$"},
        "piece_count": {"type": "integer", "minimum": 1, "maximum": 10},
        "price": {"$ref": "#/$defs/Money"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}, "minItems": 1},
        "status": {"$ref": "#/$defs/Status"},
        "side": {"type": "string", "enum": ["left", "right"]},
        "at": {"type": "string", "format": "date-time"},
        "purpose": {"$ref": "#/$defs/Status", "default": "open"},
        "values": {"type": "object", "additionalProperties": {"type": "string"}},
        "note": {"type": "string"},
    },
    "required": ["thing_id", "piece_count", "price", "lines"],
    "$defs": {
        "Money": {
            "type": "object",
            "properties": {"minor": {"type": "integer", "minimum": 0}, "currency": {"type": "string"}},
            "required": ["minor", "currency"],
        },
        "Line": {
            "type": "object",
            "properties": {"line_id": {"type": "string"}, "inner": {"$ref": "#/$defs/Line"}},
            "required": ["line_id"],
        },
        "Status": {"type": "string", KNOWN_VALUES: ["open", "ended"]},
    },
}
PUBLISHED = schemas()
Change = Callable[[Schema, Schema], object]


def line_of(schema: Schema) -> Schema:
    line: Schema = schema["$defs"]["Line"]
    return line


def found(change: Change) -> list[str]:
    current = copy.deepcopy(RELEASED)
    change(current["properties"], current)
    return [str(one).removeprefix(f"{NAME}: ") for one in breaks({NAME: RELEASED}, {NAME: current})]


BREAKING: list[tuple[Change, list[str]]] = [
    (lambda p, s: p.pop("note"), ["note: field removed"]),
    (lambda p, s: p.update(remark=p.pop("note")), ["note: field removed"]),
    (lambda p, s: s["$defs"]["Money"]["properties"].pop("minor"), ["price.minor: field removed"]),
    (
        lambda p, s: (p.update(colour={"type": "string"}), s["required"].append("colour")),
        ["colour: new required field"],
    ),
    (
        lambda p, s: (
            s["$defs"]["Line"]["properties"].update(x={"type": "string"}),
            s["$defs"]["Line"]["required"].append("x"),
        ),
        ["lines[].x: new required field"],
    ),
    (lambda p, s: s["required"].append("note"), ["note: optional field became required"]),
    (lambda p, s: s["required"].remove("piece_count"), ["piece_count: required field became optional"]),
    (lambda p, s: p.update(note={"type": "integer"}), ['note: type changed from "string" to "integer"']),
    (lambda p, s: p.update(price={"type": "integer"}), ['price: type changed from "object" to "integer"']),
    (
        lambda p, s: p["lines"].update(items={"type": "string"}),
        ['lines[]: type changed from "object" to "string"'],
    ),
    (
        lambda p, s: p["values"].update(additionalProperties={"type": "integer"}),
        ['values{}: type changed from "string" to "integer"'],
    ),
    (
        lambda p, s: p["values"].update(additionalProperties=False),
        ["values: additionalProperties changed"],
    ),
    (lambda p, s: p["piece_count"].update(maximum=9), ["piece_count: maximum narrowed from 10 to 9"]),
    (lambda p, s: p["piece_count"].update(minimum=2), ["piece_count: minimum narrowed from 1 to 2"]),
    (lambda p, s: p["piece_count"].update(maximum=11), ["piece_count: maximum widened from 10 to 11"]),
    (lambda p, s: p["piece_count"].pop("minimum"), ["piece_count: minimum widened from 1 to nothing"]),
    (lambda p, s: p["thing_id"].update(maxLength=32), ["thing_id: maxLength narrowed from 64 to 32"]),
    (lambda p, s: p["note"].update(minLength=1), ["note: minLength narrowed from nothing to 1"]),
    (lambda p, s: p["lines"].update(minItems=2), ["lines: minItems narrowed from 1 to 2"]),
    (lambda p, s: p["thing_id"].update(pattern="^[a-f]+$"), ["thing_id: pattern changed from"]),
    (lambda p, s: p["note"].update(pattern="^x"), ["note: pattern changed from nothing"]),
    (lambda p, s: p["at"].pop("format"), ['at: format changed from "date-time" to nothing']),
    (lambda p, s: p["note"].update(const="x"), ['note: const changed from nothing to "x"']),
    (
        lambda p, s: p["side"]["enum"].remove("left"),
        ["side: member 'left' removed from a closed"],
    ),
    (lambda p, s: p["side"]["enum"].append("top"), ["side: member 'top' added to a closed enumeration"]),
    (lambda p, s: p["note"].update(enum=["x"]), ["note: closed enumeration added"]),
    (lambda p, s: p["side"].pop("enum"), ["side: closed enumeration removed"]),
    (
        lambda p, s: s["$defs"]["Status"][KNOWN_VALUES].remove("ended"),
        ["status: known value 'ended' removed", "purpose: known value 'ended' removed"],
    ),
    (
        lambda p, s: p.update(status={"type": "string", "enum": ["open", "ended"]}),
        ["status: enumeration no longer open"],
    ),
    (
        lambda p, s: p.update(side={"type": "string", KNOWN_VALUES: ["left"]}),
        ["side: enumeration opened"],
    ),
    (lambda p, s: p["purpose"].update(default="ended"), ['purpose: default changed from "open" to "ended"']),
    (lambda p, s: p["note"].update(default="x"), ['note: default changed from nothing to "x"']),
    (lambda p, s: s.update({"x-topics": ["shop.others.v1"]}), ["(data): no longer on topic shop.things.v1"]),
]

ALLOWED: list[Change] = [
    lambda p, s: p.update(colour={"type": "string"}),
    lambda p, s: p.update(colour={"type": "string", "default": "red"}),
    lambda p, s: s["$defs"]["Line"]["properties"].update(weight_grams={"type": "integer"}),
    lambda p, s: s["$defs"]["Status"][KNOWN_VALUES].insert(0, "paused"),
    lambda p, s: p["note"].update(description="other words", examples=["x"], deprecated=True),
    lambda p, s: s.update({"x-rules": ["RF-001"], "description": "other words"}),
    lambda p, s: s["x-topics"].append("shop.others.v1"),
    lambda p, s: s["required"].reverse(),
    lambda p, s: (s["$defs"].update(Cash=s["$defs"].pop("Money")), p.update(price={"$ref": "#/$defs/Cash"})),
    lambda p, s: p.update(status=copy.deepcopy(s["$defs"]["Status"])),
    lambda p, s: p.update(dict(reversed(list(p.items())))),
]


@pytest.mark.parametrize(("change", "names"), BREAKING, ids=[names[0] for _, names in BREAKING])
def test_each_break_is_found_and_named(change: Change, names: list[str]) -> None:
    breaks_found = found(change)

    assert len(breaks_found) == len(names)
    assert all(any(one.startswith(name) for one in breaks_found) for name in names), breaks_found


@pytest.mark.parametrize("change", ALLOWED)
def test_what_is_allowed_passes(change: Change) -> None:
    assert found(change) == []


def test_a_type_may_come_and_not_go() -> None:
    other = "shop.other.happened.v1"

    assert breaks({NAME: RELEASED}, {NAME: RELEASED, other: RELEASED}) == []
    assert [str(one) for one in breaks({NAME: RELEASED, other: RELEASED}, {NAME: RELEASED})] == [
        f"{other}: (data): type removed"
    ]


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_every_field_of_every_published_type_is_guarded(name: str) -> None:
    """Taking any one field away, or making it a boolean-or-string, is found at its own path."""
    published = PUBLISHED[name]
    for field in published["properties"]:
        current = copy.deepcopy(published)
        current["properties"].pop(field)
        assert [(one.path, one.what) for one in breaks({name: published}, {name: current})] == [
            (field, "field removed")
        ]
        current = copy.deepcopy(published)
        current["properties"][field] = {"type": "null"}
        assert [one.path for one in breaks({name: published}, {name: current})] == [field]


def test_a_variant_may_be_named_as_shops_name_them_and_nothing_else_grows() -> None:
    def named(field: str, schema: Schema) -> Schema:
        return {"title": NAME, "type": "object", "properties": {field: schema}}

    old, new = (
        {"type": "string", "minLength": 1, "maxLength": most, "pattern": pattern}
        for most, pattern in ((64, ID_PATTERN), (255, SKU_PATTERN))
    )
    assert breaks({NAME: named("sku_id", old)}, {NAME: named("sku_id", new)}) == []
    assert len(breaks({NAME: named("line_id", old)}, {NAME: named("line_id", new)})) == 2
    assert len(breaks({NAME: named("sku_id", old)}, {NAME: named("sku_id", new | {"maxLength": 300})})) == 1
