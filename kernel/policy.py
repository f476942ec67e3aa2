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

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, dataclass_transform, get_args
from zoneinfo import ZoneInfo

import msgspec

from kernel.packs import (
    PACKAGE,
    Fault,
    Key,
    Layer,
    Packs,
    PolicyError,
    Table,
    first_day,
    leaves,
    merged,
    pack_of,
    parse,
    spelled,
)

__all__ = ["Days", "Hours", "Minutes", "Numbers", "PolicyBook", "PolicyError", "Table", "read_book", "reader"]

P = TypeVar("P")

LONGEST = timedelta(days=36_525)
"""A hundred years: a longer time is a slip of the pen, and moments after it could not be told."""


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
        if not 0 <= given <= LONGEST / timedelta(**{unit: 1}):
            raise ValueError(f"not between 0 and a hundred years in {unit}: {given}")
        return wanted(**{unit: given})
    if wanted is ZoneInfo:
        try:
            return ZoneInfo(given)
        except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
            raise ValueError(f"no time zone: {given!r}") from error
    raise TypeError(f"no number of a policy is a {wanted.__name__}")


class Reader(Generic[P]):
    """Turns one version's table into the policy, by the types of the fields."""

    def __init__(self, policy_class: type[P]) -> None:
        self._class = policy_class

    def __call__(self, table: Table) -> P:
        """Makes the policy. Raises msgspec.ValidationError, which names the key and what is wrong with it."""
        return msgspec.convert(table, self._class, dec_hook=_value)

    def faults(self, table: Table) -> list[tuple[Key, str]]:
        """Lists all that is wrong with a version, as (key, reason)."""
        found = list(_wrong_in(self._class, table, ()))
        if not found:
            try:
                self(table)
            except msgspec.ValidationError as error:
                reason, _, place = str(error).partition(" - at `$")
                found.append((tuple(place.strip("`.").split(".")) if place else (), reason))
        return found

    def fitting(self, table: Table) -> dict[str, Any]:
        """Leaves out the numbers that the policy does not have, or no longer."""
        return _fitting(self._class, table)


def _is_table(wanted: Any) -> bool:
    return isinstance(wanted, type) and issubclass(wanted, msgspec.Struct)


def _wrong_in(policy_class: Any, table: Table, above: Key) -> Iterator[tuple[Key, str]]:
    fields = {field.name: field for field in msgspec.structs.fields(policy_class)}
    for name in table.keys() - fields.keys():
        yield (*above, name), _unknown(name, sorted(fields))
    for name, field in fields.items():
        key = (*above, name)
        if name not in table:
            if field.required:
                yield key, "is missing"
        elif not _is_table(field.type):
            yield from _wrong_value(field.type, table[name], key)
        elif isinstance(table[name], dict):
            yield from _wrong_in(field.type, table[name], key)
        else:
            yield key, f"not a table: {table[name]!r}"


def _unknown(name: str, known: Sequence[str]) -> str:
    """Names the number that was meant: the same one in another unit, or one that is spelled alike."""
    stem, _, unit = name.rpartition("_")
    units = _UNITS.values() if unit in _UNITS.values() else ()
    alike = [other for other in known if other in {f"{stem}_{unit}" for unit in units}]
    alike = alike or get_close_matches(name, known, 1, 0.75)
    return f"no such number; there is {alike[0]}" if alike else "no such number"


def _wrong_value(wanted: Any, given: Any, key: Key) -> Iterator[tuple[Key, str]]:
    """Looks at a mapping entry by entry, so that each fault has its key."""
    is_mapping = isinstance(given, dict) and len(get_args(wanted)) == 2
    parts = cast("dict[str, Any]", given).items() if is_mapping else [("", given)]
    for name, value in parts:
        try:
            msgspec.convert({name: value} if is_mapping else value, wanted, dec_hook=_value)
        except msgspec.ValidationError as error:
            yield (*key, name) if is_mapping else key, str(error).partition(" - at `")[0]


def _fitting(policy_class: Any, table: Table) -> dict[str, Any]:
    types = {field.name: field.type for field in msgspec.structs.fields(policy_class)}
    return {
        name: _fitting(types[name], value) if _is_table(types[name]) and isinstance(value, dict) else value
        for name, value in table.items()
        if name in types
    }


def reader(policy_class: type[P]) -> Reader[P]:
    """Makes the reader of a class of numbers."""
    return Reader(policy_class)


class PolicyBook(Generic[P]):
    """Every version of one service's policy, and the choice among them; read once, at start.

    Of the layers the first is the package's. Raises PolicyError with all faults.
    """

    __slots__ = ("_by_shop", "_layers", "_patterns", "_read", "_timelines", "_versions", "packs")

    def __init__(self, layers: Sequence[Layer], read: Reader[P]) -> None:
        self._layers, self._read = tuple(layers), read
        self.packs = Packs(layers)
        faults = [*self.packs.faults, *self._wrong_numbers()]
        if faults:
            raise PolicyError(faults)
        self._versions: dict[str, P] = {name: read(table) for name, table in self.packs.tables.items()}
        self._timelines = _timelines(self._versions)
        # Longest pattern first: "olist-br*" speaks before "olist*", and "*" last.
        self._patterns = sorted(self.packs.shops.items(), key=lambda item: (-len(item[0]), item[0]))
        self._by_shop: dict[str, str] = {}

    def _wrong_numbers(self) -> Iterator[Fault]:
        """Tells each fault where it was written, not again in all versions that stand on it."""
        for name, table in self.packs.tables.items():
            is_first = self.packs.base_of(name) is None
            own = {key[: n + 1] for key, _ in leaves(self.packs.written(name)) for n in range(len(key))}
            for key, reason in self._read.faults(table):
                if is_first or not key or key in own:
                    yield Fault(self.packs.files[name], spelled(name, *key), reason)

    def laid_under(self, *layers: Layer) -> "PolicyBook[P]":
        """Makes a book with more layers over these. Raises PolicyError."""
        return PolicyBook([*self._layers, *layers], self._read)

    def pattern_of(self, shop_id: str) -> str:
        """The pattern that decides about a shop."""
        return next(pattern for pattern, _ in self._patterns if fnmatchcase(shop_id, pattern))

    def pack_of(self, shop_id: str) -> str:
        """The pack of a shop."""
        pack = self._by_shop.get(shop_id)
        if pack is None:
            pack = self.packs.shops[self.pattern_of(shop_id)]
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
        """Every version by its name, in the order of the files."""
        return dict(self._versions)

    def is_own(self, name: str) -> bool:
        """Tells whether a version is the operator's and not the package's."""
        return name not in self._layers[0].versions

    def package_base(self, name: str) -> str:
        """Names the package's version that a version stands on; else the first of the usual pack."""
        found = (version for version in self.packs.lineage(name) if not self.is_own(version))
        return next(found, self._usual())

    def _usual(self) -> str:
        return self._timelines[self._layers[0].shops["*"]][1][0]

    def completed(self, numbers: Table, base: str) -> Table:
        """Brings the numbers of a version that was kept to the policy of this release.

        What is new in this release has the value of the package's version `base`; what is gone is left out.
        """
        known = self._usual() if self.is_own(base) else base
        return merged(self.packs.tables[known], self._read.fitting(numbers))

    def faults(self, table: Table) -> list[tuple[Key, str]]:
        """Lists all that is wrong with the numbers of a version, as (key, reason)."""
        return self._read.faults(table)

    def add(self, name: str, table: Table) -> None:
        """Adds a version that no file has: it can be got, and is chosen for no case."""
        self._versions[name] = self._read(table)


def read_book(source: str | Path, read: Reader[P]) -> PolicyBook[P]:
    """Reads the package's policies, a TOML text or file.

    Raises PolicyError, and OSError for a file that cannot be read.
    """
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    return PolicyBook([parse(text, PACKAGE)], read)


def _timelines(versions: Mapping[str, object]) -> dict[str, tuple[list[datetime], list[str]]]:
    dated: dict[str, list[tuple[datetime, str]]] = {}
    for name in versions:
        since = first_day(name)
        if since is not None:
            dated.setdefault(pack_of(name), []).append((since, name))
    return {
        pack: ([day for day, _ in sorted(pairs)], [name for _, name in sorted(pairs)])
        for pack, pairs in dated.items()
    }
