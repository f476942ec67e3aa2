"""Bundles the AsyncAPI document and the schemas of its payloads into one that needs no other file.

Components become schemas of the document, each once, so that generated code has one class for each.
"""

from collections.abc import Mapping
from typing import Any

from aftersales_contracts.registry import EVENTS

Document = dict[str, Any]
COMPONENTS = "#/components/schemas/"
_DEFINITIONS = "#/$defs/"


class BundleError(ValueError):
    """Two different schemas have one name."""


def bundled(document: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]]) -> Document:
    """The document with every payload inside; `schemas` are the published ones, by event type.

    Raises BundleError where two schemas of one name differ.
    """
    components = dict(document["components"])
    own: Document = dict(components["schemas"])
    messages: Document = {}
    for name, message in components["messages"].items():
        if name not in EVENTS:
            messages[name] = message
            continue
        title, parts = _parts(schemas[name])
        for part, schema in parts.items():
            if own.setdefault(part, schema) != schema:
                raise BundleError(f"{name}: another schema has the name {part}, too")
        messages[name] = {**message, "payload": {"$ref": f"{COMPONENTS}{title}"}}
    return {
        **document,
        "components": {**components, "schemas": dict(sorted(own.items())), "messages": messages},
    }


def _parts(schema: Mapping[str, Any]) -> tuple[str, Document]:
    """Title of an event's schema, and every schema in it by its title.

    `$id` becomes `x-schema-id`: within `$id` references would start from there.
    """
    title = str(schema["title"])
    event = {key: item for key, item in schema.items() if key not in ("$schema", "$id", "$defs")}
    parts = {title: {"x-schema-id": schema["$id"], **event}} | dict(schema.get("$defs", {}))
    return title, {name: _pointing(part) for name, part in parts.items()}


def _pointing(node: Any) -> Any:
    """The same schema with references into the document's components."""
    if isinstance(node, dict):
        return {
            key: f"{COMPONENTS}{item.removeprefix(_DEFINITIONS)}"
            if key == "$ref" and isinstance(item, str)
            else _pointing(item)
            for key, item in node.items()
        }
    return [_pointing(item) for item in node] if isinstance(node, list) else node
