"""Looks at JSON before and without parsing all of it: its depth, and its members as sent."""

import json
import re
from typing import NoReturn

from aftersales_contracts.reasons import Reason

_NOT_BRACKETS = bytes(sorted(set(range(256)) - set(b"[]{}")))
_SPACE = re.compile(r"[ \t\r\n]*")


class RepeatedMemberError(ValueError):
    """A name that an object has twice."""

    def __init__(self, name: str) -> None:
        super().__init__("a member is there twice")
        self.name = name


def _no_constant(_: str) -> NoReturn:
    raise ValueError("not a JSON number")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def members(text: str) -> dict[str, tuple[str, object]]:
    """Members of a JSON object, each as the text that was sent and as its value.

    The text keeps what parsing would lose: digits, order and repetitions further inside.
    Raises ValueError for what is no JSON object, RepeatedMemberError for a name that is there twice.
    """
    found: dict[str, tuple[str, object]] = {}
    at = _after(text, 0, "{")
    while text[at : at + 1] != "}":
        if found:
            at = _after(text, at, ",")
        name, at = _DECODER.raw_decode(text, at)
        if not isinstance(name, str):
            raise ValueError("a member has no name")  # noqa: TRY004 - callers know one fault: no JSON object
        start = _after(text, at, ":")
        value, at = _DECODER.raw_decode(text, start)
        if name in found:
            raise RepeatedMemberError(name)
        found[name] = (text[start:at], value)
        at = _skip(text, at)
    if _after(text, at, "}") != len(text):
        raise ValueError("more than one value")
    return found


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return at if space is None else space.end()


def _after(text: str, at: int, sign: str) -> int:
    """Where the token after `sign` starts."""
    at = _skip(text, at)
    if text[at : at + 1] != sign:
        raise ValueError(f"no {sign}")
    return _skip(text, at + 1)


def depth_fault(value: bytes, limit: int) -> Reason | None:
    """TOO_DEEP for more than `limit` arrays and objects inside each other, BAD_JSON where they overlap.

    Few brackets cannot be deep. Otherwise strings are cut out and the innermost pairs are removed,
    one level at a time, in passes that run in C: a million brackets cost milliseconds.
    """
    if value.count(b"{") + value.count(b"[") <= limit:
        return None
    if b"\\" in value:
        value = value.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = b"".join(value.split(b'"')[::2]).translate(None, _NOT_BRACKETS)
    for _ in range(limit):
        inner = _without_innermost(brackets)
        if not inner:
            return None
        if len(inner) == len(brackets):
            break
        brackets = inner
    opened = len(brackets) - len(brackets.lstrip(b"[{"))
    if opened > limit or len(_without_innermost(brackets)) < len(brackets):
        return Reason.TOO_DEEP
    return Reason.BAD_JSON


def _without_innermost(brackets: bytes) -> bytes:
    return brackets.replace(b"{}", b"").replace(b"[]", b"")
