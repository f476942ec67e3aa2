"""Reads dated policy packs: which numbers hold for which shop at which moment.

A policy file is one TOML document:

    [shops]                                # shop id pattern -> pack; the longest pattern that fits wins
    "*" = "taobao-classic"
    "olist*" = "world-market"

    ["taobao-classic@2014-01-01"]          # pack @ first day in force (00:00 UTC)
    confirm = { express_days = 10 }        # OR-019

    ["world-market@2014-01-01"]
    extends = "taobao-classic@2014-01-01"  # tables are merged key by key, values replaced
    currency = "BRL"

A service declares its numbers as a `Numbers` class whose fields are the keys of the file; `Days`, `Hours` and
`Minutes` are whole numbers in the file and lengths of time in the rules.
"""

import tomllib
from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, dataclass_transform
from zoneinfo import ZoneInfo

import msgspec

P = TypeVar("P")

Table = Mapping[str, Any]
"""One version as written in the file, `extends` resolved."""


class PolicyError(ValueError):
    """The policy file contradicts itself or leaves something open."""


class Days(timedelta):
    """A length of time that the file gives in days."""


class Hours(timedelta):
    """A length of time that the file gives in hours."""


class Minutes(timedelta):
    """A length of time that the file gives in minutes."""


_UNITS: Mapping[type, str] = {Days: "days", Hours: "hours", Minutes: "minutes"}

if TYPE_CHECKING:

    @dataclass_transform(frozen_default=True, kw_only_default=True)
    class Numbers:
        """Base of a policy and of the tables in it: frozen, every key of the file a field of that name.

        Check numbers against each other in `__post_init__` and raise ValueError for those that make no sense.
        """

else:

    class Numbers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
        """See above."""


def _value(wanted: type, given: Any) -> Any:
    """Builds what TOML has no type for. Raises TypeError for a field type that is not known."""
    unit = _UNITS.get(wanted)
    if unit is not None:
        if type(given) is not int:
            raise ValueError(f"not a whole number of {unit}: {given!r}")
        return wanted(**{unit: given})
    if wanted is ZoneInfo:
        return ZoneInfo(given)
    raise TypeError(f"no number of a policy is a {wanted.__name__}")


def reader(policy_class: type[P]) -> Callable[[Table], P]:
    """Makes the function that turns one version's table into the policy, by the types of the fields.

    The function raises msgspec.ValidationError, which names the key and what is wrong with it.
    """

    def read(table: Table) -> P:
        return msgspec.convert(table, policy_class, dec_hook=_value)

    return read


class PolicyBook(Generic[P]):
    """Every version of one service's policy, and the choice among them.

    `document` is the parsed TOML; `make` turns one version's table into the frozen policy and raises
    for numbers that make no sense. Raises PolicyError when a version is malformed or a pack is missing.
    """

    __slots__ = ("_by_shop", "_patterns", "_timelines", "_versions")

    def __init__(self, document: Mapping[str, Any], make: Callable[[Table], P]) -> None:
        tables = dict(document)
        shops = cast("Mapping[str, str]", tables.pop("shops", {}))
        self._versions: dict[str, P] = {name: _made(name, tables, make) for name in tables}
        self._timelines: dict[str, tuple[list[datetime], list[str]]] = _timelines(self._versions)
        # Longest pattern first: "olist-br*" speaks before "olist*", and "*" last.
        self._patterns = sorted(shops.items(), key=lambda item: (-len(item[0]), item[0]))
        self._by_shop: dict[str, str] = {}
        if "*" not in shops:
            raise PolicyError('[shops] names no pack for "*"')
        for pattern, pack in shops.items():
            if pack not in self._timelines:
                raise PolicyError(f"[shops] {pattern!r}: no pack {pack!r}")

    def pack_of(self, shop_id: str) -> str:
        """The pack of a shop."""
        pack = self._by_shop.get(shop_id)
        if pack is None:
            pack = next(pack for pattern, pack in self._patterns if fnmatchcase(shop_id, pattern))
            if len(self._by_shop) < 10_000:
                self._by_shop[shop_id] = pack
        return pack

    def choose(self, shop_id: str, at: datetime) -> tuple[str, P]:
        """The version of the shop's pack in force at that moment; before its first day, the first."""
        days, names = self._timelines[self.pack_of(shop_id)]
        name = names[max(bisect_right(days, at) - 1, 0)]
        return name, self._versions[name]

    def get(self, version: str) -> P:
        """The policy of that version name. Raises KeyError."""
        return self._versions[version]

    def versions(self) -> Mapping[str, P]:
        """Every version by its name, in the file's order."""
        return dict(self._versions)


def read_book(source: str | Path, make: Callable[[Table], P]) -> PolicyBook[P]:
    """Reads a TOML text or file; `reader` of a class of numbers gives the usual `make`.

    Raises PolicyError, and OSError for a file that cannot be read.
    """
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"not TOML: {error}") from error
    return PolicyBook(document, make)


def _made(name: str, tables: Table, make: Callable[[Table], P]) -> P:
    try:
        return make(_resolved(name, tables, ()))
    except (KeyError, TypeError, ValueError) as error:
        raise PolicyError(f"{name}: {type(error).__name__}: {error}") from error


def _resolved(name: str, tables: Table, seen: tuple[str, ...]) -> dict[str, Any]:
    if name in seen:
        raise PolicyError(f"extends itself: {' -> '.join((*seen, name))}")
    if name not in tables:
        raise PolicyError(f"no version {name!r} to extend")
    table = cast("dict[str, Any]", dict(tables[name]))
    base = table.pop("extends", None)
    return table if base is None else _merged(_resolved(base, tables, (*seen, name)), table)


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both_tables = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = (
            _merged(cast("dict[str, Any]", below), cast("dict[str, Any]", value)) if both_tables else value
        )
    return merged


def _timelines(versions: Mapping[str, object]) -> dict[str, tuple[list[datetime], list[str]]]:
    dated: dict[str, list[tuple[datetime, str]]] = {}
    for name in versions:
        pack, _, day = name.partition("@")
        try:
            since = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError as error:
            raise PolicyError(f"{name!r} is not pack@YYYY-MM-DD") from error
        dated.setdefault(pack, []).append((since, name))
    return {
        pack: ([day for day, _ in sorted(pairs)], [name for _, name in sorted(pairs)])
        for pack, pairs in dated.items()
    }
