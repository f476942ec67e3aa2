"""Finds the characters of every value in a TOML text, so that a mutant leaves the rest as it is written.

Reads what packs are written in: tables, strings in double quotes, numbers, flags, lists, inline tables.
`packs` checks each changed text against `tomllib`, so that a wrong reading cannot pass.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Place = tuple[Any, ...]
"""Keys and indexes that lead to a value."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r'"(?:[^"\\]|\\.)*"|[\w-]+')
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,\]}#]+')


@dataclass(frozen=True)
class Spot:
    """The place of an entry, of its key (empty for members of lists and for tables), and of its value."""

    place: Place
    entry: tuple[int, int]
    key: tuple[int, int]
    value: tuple[int, int]


class Scanner:
    """Reads one text into spots, by their places."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.spots: dict[Place, Spot] = {}
        self._read()

    def line_of(self, place: Place) -> int:
        """Counts the line of a value; for a table without a line of its own, the first line."""
        spot = self.spots.get(place)
        return 1 if spot is None else self._text.count("\n", 0, spot.entry[0]) + 1

    def replaced(self, span: tuple[int, int], by: str) -> str:
        """Gives the text with other characters in a span."""
        return self._text[: span[0]] + by + self._text[span[1] :]

    def without(self, place: Place) -> str:
        """Gives the text without an entry, and without the comma that is one too many."""
        begin, end = self.spots[place].entry
        after = re.compile(r"[ \t]*,[ \t]*").match(self._text, end)
        if after is not None:
            return self.replaced((begin, after.end()), "")
        before = re.search(r",\s*$", self._text[:begin])
        return self.replaced((begin if before is None else before.start(), end), "")

    def _read(self) -> None:
        header: Place = ()
        began = 0
        for blank in self._entries():
            if blank == "[":
                self._end_table(header, began)
                began = self._at
                end = self._header_end()
                header = _path_of(self._text[began:end])
                self._at = end
            else:
                self._entry(header)
        self._end_table(header, began)

    def _header_end(self) -> int:
        found = re.compile(r'\[\s*(?:"[^"]*"|[^\]"])*\]').match(self._text, self._at)
        assert found is not None
        return found.end()

    def _entries(self) -> Iterator[str]:
        while True:
            self._blank()
            if self._at >= len(self._text):
                return
            yield self._text[self._at]

    def _end_table(self, header: Place, began: int) -> None:
        """Notes the span of a table with a header, which ends where the next begins."""
        if header:
            span = (began, self._at)
            self.spots.setdefault(header, Spot(header, span, (began, began), span))

    def _blank(self) -> None:
        found = _BLANK.match(self._text, self._at)
        assert found is not None
        self._at = found.end()

    def _entry(self, above: Place) -> None:
        key = _KEY.match(self._text, self._at)
        assert key is not None, self._text[self._at : self._at + 40]
        place = (*above, key[0].strip('"'))
        self._at = self._text.index("=", key.end()) + 1
        self._blank()
        value = self._value(place)
        self.spots[place] = Spot(place, (key.start(), value[1]), key.span(), value)

    def _value(self, place: Place) -> tuple[int, int]:
        begin = self._at
        opener = self._text[begin]
        if opener in "[{":
            closer, index = {"[": "]", "{": "}"}[opener], 0
            self._at += 1
            while True:
                self._blank()
                if self._text[self._at] == closer:
                    self._at += 1
                    break
                if self._text[self._at] == ",":
                    self._at += 1
                elif opener == "{":
                    self._entry(place)
                else:
                    inner = self._value((*place, index))
                    self.spots[*place, index] = Spot((*place, index), inner, (inner[0], inner[0]), inner)
                    index += 1
        else:
            word = _WORD.match(self._text, begin)
            assert word is not None
            self._at = word.end()
        return begin, self._at


def _path_of(header: str) -> Place:
    table: Mapping[str, Any] = tomllib.loads(header)
    path: list[str] = []
    while table:
        key, table = next(iter(table.items()))
        path.append(key)
    return tuple(path)
