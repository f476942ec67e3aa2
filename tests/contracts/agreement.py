"""Compares the verdicts of schemas and border: `python -m tests.contracts.agreement --count 20000`.

Half of the documents of a type are made by its schema, half by its class, and two thirds of them are spoiled
in one place. What fields say together (sums, one currency, one of two ids) is no matter of a schema: such a
document counts as sound, field by field.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has no types
import jsonschema.validators as jsonschema_validators  # type: ignore[import-untyped]  # nor has this
from pydantic import ValidationError

from aftersales_contracts.json_schema import schemas
from aftersales_contracts.registry import EVENTS, read_data
from tests.contracts.documents import ByModel, BySchema, Document, spoiled

SHOWN_MOST = 20
FORMATS = jsonschema.FormatChecker(())


def _is_moment(value: object) -> bool:
    """Checks the calendar; the form is the pattern's."""
    if isinstance(value, str) and len(value) > 10 and value[10] in "Tt":
        datetime.fromisoformat(value[:10])
    return True


FORMATS.checks("date-time", raises=ValueError)(_is_moment)


def _pattern(_: object, pattern: str, value: object, __: object) -> Iterator[jsonschema.ValidationError]:
    """Reads `$` as JSON Schema does: as the end, not as the place before a last newline."""
    if isinstance(value, str) and re.search(pattern.replace("$", r"\Z"), value) is None:
        yield jsonschema.ValidationError(f"{value!r} does not match {pattern!r}")


VALIDATOR = jsonschema_validators.extend(jsonschema.Draft202012Validator, {"pattern": _pattern})


@dataclass(frozen=True)
class Disagreement:
    """A document that one side takes and the other refuses."""

    type: str
    document: Document
    by_schema: str
    by_border: str

    def __str__(self) -> str:
        text = json.dumps(self.document, ensure_ascii=False)
        verdicts = f"schema: {self.by_schema or 'sound'}; border: {self.by_border or 'sound'}"
        return f"{self.type}: {verdicts}: {text[:1_500]}"


class Agreement:
    """Makes and judges documents of one type."""

    def __init__(self, name: str, schema: dict[str, Any], seed: int) -> None:
        self._name = name
        self._class = EVENTS[name]
        self._validator = VALIDATOR(schema, format_checker=FORMATS)
        self._dice = Random(f"{seed}/{name}")
        self._by_schema = BySchema(schema, self._dice)
        self._by_model = ByModel(self._dice)
        self.sound_count = 0
        """Documents that both sides took."""

    def documents(self, count: int) -> Iterator[Document]:
        for number in range(count):
            made = self._by_schema.make() if number % 2 else self._by_model.make(self._class)
            yield made if number % 3 == 0 else spoiled(made, self._dice)

    def judge(self, document: Document) -> Disagreement | None:
        by_schema = next((error.message[:200] for error in self._validator.iter_errors(document)), "")
        by_border = self._refusal(document)
        if by_border is None:
            return None
        if bool(by_schema) != bool(by_border):
            return Disagreement(self._name, document, by_schema, by_border)
        self.sound_count += not by_schema
        return None

    def _refusal(self, document: Document) -> str | None:
        """Tells why the border refuses. None: for what fields say together, before it looked for nulls."""
        data = json.dumps(document).encode()
        try:
            read_data(self._class, data)
        except ValidationError as error:
            found = [each for each in error.errors(include_url=False) if each["type"] != "value_error"]
            if not found and b"null" in data:
                return None
            return f"{found[0]['loc']}: {found[0]['type']}" if found else ""
        return ""


def compare(names: Sequence[str], count: int, seed: int) -> tuple[list[Disagreement], int]:
    """Judges `count` documents of each type. Returns the disagreements, and the number of sound documents."""
    published = schemas()
    found: list[Disagreement] = []
    sound_count = 0
    for name in names:
        agreement = Agreement(name, published[name], seed)
        for document in agreement.documents(count):
            disagreement = agreement.judge(document)
            if disagreement is not None:
                found.append(disagreement)
        sound_count += agreement.sound_count
    return found, sound_count


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.contracts.agreement", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="documents of each type")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("types", nargs="*", help="types; none: all")
    told = parser.parse_args()
    names = told.types or sorted(EVENTS)
    start = time.monotonic()
    found, sound_count = compare(names, told.count, told.seed)
    for disagreement in found[:SHOWN_MOST]:
        sys.stdout.write(f"{disagreement}\n")
    total = len(names) * told.count
    sys.stdout.write(
        f"{len(names)} types, {total:,} documents, {sound_count:,} sound to both, "
        f"{len(found)} disagreements, {time.monotonic() - start:.0f} s\n"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
