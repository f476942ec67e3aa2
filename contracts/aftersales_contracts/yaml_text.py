"""Writes YAML that people can read, from plain values; enough of YAML for a generated document."""

import json
import re
from typing import Any

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _./()-]*[A-Za-z0-9)]|[A-Za-z]")
_NOT_STRINGS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


def to_yaml(value: Any) -> str:
    """YAML text of a value made of dict, list, str, int, float, bool and None; keys keep their order."""
    return "\n".join(_block(value, 0)) + "\n"


def _block(value: Any, depth: int) -> list[str]:
    pad = "  " * depth
    if isinstance(value, dict) and value:
        lines: list[str] = []
        for key, item in value.items():
            lines.extend(_entry(f"{pad}{_scalar(str(key))}:", item, depth + 1))
        return lines
    if isinstance(value, list) and value:
        lines = []
        for item in value:
            if isinstance(item, dict | list) and item:
                nested = _block(item, depth + 1)
                lines.append(f"{pad}- {nested[0].lstrip(' ')}")
                lines.extend(nested[1:])
            else:
                lines.append(f"{pad}- {_scalar(item)}")
        return lines
    return [f"{pad}{_scalar(value)}"]


def _entry(head: str, item: Any, depth: int) -> list[str]:
    if isinstance(item, dict | list) and item:
        return [head, *_block(item, depth)]
    if isinstance(item, str) and _is_paragraph(item):
        pad = "  " * depth
        sign = "|" if item.endswith("\n") else "|-"
        lines = item.removesuffix("\n").split("\n")
        return [f"{head} {sign}", *(f"{pad}{line}" if line else "" for line in lines)]
    return [f"{head} {_scalar(item)}"]


def _is_paragraph(text: str) -> bool:
    """Lines that a literal block gives back unchanged."""
    lines = text.removesuffix("\n").split("\n")
    return (
        len(lines) > 1 and all(line.isprintable() for line in lines) and lines[0].strip() != "" != lines[-1]
    )


def _scalar(value: Any) -> str:
    """One line: plain where nothing can be misread, JSON (which is YAML) otherwise."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _NOT_STRINGS:
        return value
    return json.dumps(value, ensure_ascii=isinstance(value, str) and not value.isprintable())
