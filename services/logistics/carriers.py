"""Reads the matrix of carriers.toml, which says what each carrier can do and is proved complete (LG-021)."""

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from kernel.rules import rules_of
from kernel.value import Value


class Capability(StrEnum):
    """The seven things that staff must know of a carrier (LG-021)."""

    RECALL = "recall"
    ADDRESS_CHANGE = "address_change"
    STATUS = "status"
    DECLARED_VALUE = "declared_value"
    PROBLEM_RETURN = "problem_return"
    CASH_COLLECTION = "cash_collection"
    CLAIM = "claim"


class Way(StrEnum):
    """The way to a capability: through the carrier's desk, or none."""

    DESK = "desk"
    NONE = "none"


class Carrier(Value):
    """One row of the matrix."""

    code: str
    ways: Mapping[Capability, Way]
    serves: tuple[str, ...]
    serves_not: tuple[str, ...]
    claim_within: timedelta
    claim_evidence: tuple[str, ...]
    liability_cap_minor: int | None

    def can(self, capability: Capability) -> bool:
        """Says whether the carrier's desk offers the capability."""
        return self.ways[capability] is Way.DESK

    @rules_of("LG-015")
    def serves_region(self, region_code: str | None) -> bool:
        """Says whether the carrier serves the region; a region that is not known is taken as served."""
        if region_code is None:
            return True
        if any(fnmatchcase(region_code, pattern) for pattern in self.serves_not):
            return False
        return any(fnmatchcase(region_code, pattern) for pattern in self.serves)


class CarriersError(ValueError):
    """The matrix leaves something open; the text names carrier and field."""


class Carriers(Value):
    """All rows; a carrier without a row has the one of `*`."""

    rows: Mapping[str, Carrier]

    def of(self, carrier_code: str) -> Carrier:
        """Finds the carrier's row."""
        return self.rows.get(carrier_code) or self.rows["*"]


_FIELDS = frozenset(Capability) | {"serves", "serves_not", "claim_days", "claim_evidence"}
_OPTIONAL = frozenset({"liability_cap"})


def _row(code: str, table: Mapping[str, Any]) -> Carrier:
    missing, strange = sorted(_FIELDS - set(table)), sorted(set(table) - _FIELDS - _OPTIONAL)
    if missing or strange:
        raise CarriersError(f"{code}: missing {missing}, unknown {strange}")
    try:
        ways = {capability: Way(table[capability]) for capability in Capability}
    except ValueError as error:
        raise CarriersError(f"{code}: {error}") from error
    if table["claim_days"] <= 0 or not table["serves"]:
        raise CarriersError(f"{code}: claim_days and serves must not be empty")
    return Carrier(
        code=code,
        ways=ways,
        serves=tuple(table["serves"]),
        serves_not=tuple(table["serves_not"]),
        claim_within=timedelta(days=table["claim_days"]),
        claim_evidence=tuple(table["claim_evidence"]),
        liability_cap_minor=table.get("liability_cap"),
    )


FILE = Path(__file__).with_name("carriers.toml")


@rules_of("LG-021")
def load(source: str | Path = FILE) -> Carriers:
    """Reads the matrix. Raises CarriersError unless every carrier states every capability exactly once."""
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CarriersError(str(error)) from error
    if "*" not in document:
        raise CarriersError('no row "*" for carriers that have none of their own')
    return Carriers({code: _row(code, table) for code, table in document.items()})
