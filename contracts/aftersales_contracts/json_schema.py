"""Makes the JSON Schema (2020-12) of an event type, as another team needs it: what may be on the wire.

Three things differ from what pydantic makes of the models. Objects stay open, for readers must accept
fields that a later writer added. Enumerations are open too: a string with `x-known-values`, because
members may be added within a version and a closed `enum` would make every reader's validation fail.
An optional field is absent, never null. Event types and components have a `title`, which generators take as
the name of their class.
"""

from enum import Enum
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from aftersales_contracts.base import Event, OpenEnum
from aftersales_contracts.registry import EVENTS, topics_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
KNOWN_VALUES = "x-known-values"
URN = "urn:aftersales:event:"
"""The `$id` of a schema is this and the event type. It names the schema and is no address."""
OPEN_ENUM_MAX_CHARACTERS = 64


class WireSchema(GenerateJsonSchema):
    """Pydantic's generator with open objects, open enumerations and no nulls."""

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        """Keeps the order in which the fields are declared; it is the order in which they are understood."""
        return value

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        """An open enumeration as a string of which some values are known."""
        words: type[Enum] = schema["cls"]
        if not issubclass(words, OpenEnum):
            return super().enum_schema(schema)
        return {
            "type": "string",
            "minLength": 1,
            "maxLength": OPEN_ENUM_MAX_CHARACTERS,
            KNOWN_VALUES: [member.value for member in words],
        }

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """The schema of the value itself: no value is told by leaving the field out."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Describes the meaning of absence, where absence means a value."""
        made = super().default_schema(schema)
        if made.get("default", ...) is None:
            made.pop("default")
        return made

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """A model as an object that may have more fields than are named."""
        made = super().model_schema(schema)
        made.pop("additionalProperties", None)
        return {
            "title": schema["cls"].__name__,
            **{key: item for key, item in made.items() if key != "title"},
        }

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never: titles would repeat the names of the fields."""
        return False


def schema_of(event_class: type[Event]) -> dict[str, Any]:
    """The published schema of one event type."""
    made = event_class.model_json_schema(schema_generator=WireSchema, mode="validation")
    definitions = made.pop("$defs", {})
    return {
        "$schema": DIALECT,
        "$id": f"{URN}{event_class.TYPE}",
        "title": made.pop("title"),
        "description": made.pop("description", ""),
        "x-topics": sorted(topics_of(event_class)),
        "x-rules": list(event_class.RULES),
        **made,
        **(
            {"$defs": {name: _defined(definitions[name]) for name in sorted(definitions)}}
            if definitions
            else {}
        ),
    }


def _defined(schema: dict[str, Any]) -> dict[str, Any]:
    """A component; that of an open enumeration names its known values where every generator keeps them."""
    known = schema.get(KNOWN_VALUES)
    if not known:
        return schema
    told = f"{schema['description']}\n\nKnown values: {', '.join(known)}. Others may be added."
    return {**schema, "description": told}


def schemas() -> dict[str, dict[str, Any]]:
    """The schemas of all event types, by type."""
    return {name: schema_of(EVENTS[name]) for name in sorted(EVENTS)}
