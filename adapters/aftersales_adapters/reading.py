"""Reads values out of a payload, each with the place that an error names.

Null and the empty text mean absent. A number may stand for an id and for an amount. Nothing else is turned
into something else.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, NoReturn

from aftersales_adapters.money import is_currency, minor_of
from aftersales_adapters.result import PayloadError
from aftersales_contracts.envelope import MAX_DEPTH
from aftersales_contracts.raw_json import depth_fault

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China's one zone; it has known no summer time since 1991."""
MOST_BYTES = 4 * 1024 * 1024
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*([Zz]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DIGITS = re.compile(r"\d{1,20}", re.ASCII)


class NoMoment(PayloadError):
    """No moment, or a day without a time."""


class NoZone(PayloadError):
    """A local time whose zone nobody names."""


def parse(payload: bytes | str) -> "Node":
    """Parses JSON. Raises PayloadError for what is none, or deeper or larger than the border takes."""
    raw = payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else payload
    if len(raw) > MOST_BYTES:
        raise PayloadError("", f"more than {MOST_BYTES} bytes")
    if depth_fault(raw, MAX_DEPTH) is not None:
        raise PayloadError("", "no JSON, or too deep")
    try:
        return Node(
            json.loads(raw.decode(), parse_float=_Digits, parse_int=_integer, parse_constant=_refused), ""
        )
    except UnicodeDecodeError:
        raise PayloadError("", "no UTF-8") from None
    except ValueError:
        raise PayloadError("", "no JSON") from None


class _Digits(str):
    """A number as it was written, for binary fractions are no amounts."""

    __slots__ = ()


def _integer(text: str) -> "int | _Digits":
    return int(text) if len(text) <= 40 else _Digits(text)


def _refused(_: str) -> NoReturn:
    raise ValueError("no JSON number")


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the payload and its place."""

    value: Any
    place: str

    def fail(self, fault: str) -> NoReturn:
        """Raises PayloadError that names the place."""
        raise PayloadError(self.place, fault)

    @property
    def is_absent(self) -> bool:
        """Whether nothing is there: no field, null, or a text of blanks."""
        return self.value is None or (isinstance(self.value, str) and not self.value.strip())

    def __getitem__(self, name: str) -> "Node":
        """The field of an object, absent where there is none. Raises PayloadError for what is no object."""
        place = f"{self.place}.{name}" if self.place else name
        if self.is_absent:
            return Node(None, place)
        if not isinstance(self.value, dict):
            self.fail("no object")
        found: Any = self.value.get(name)
        return Node(found, place)

    def has(self, *names: str) -> bool:
        """Whether the value is an object with one of the fields."""
        return isinstance(self.value, dict) and any(name in self.value for name in names)

    def items(self) -> Iterator["Node"]:
        """Yields the items of an array; none where absent. Raises PayloadError for what is no array."""
        if self.is_absent:
            return
        if not isinstance(self.value, list):
            self.fail("no list")
        for number, item in enumerate(self.value):
            yield Node(item, f"{self.place}[{number}]")

    def text(self) -> str | None:
        """The text without blanks around it, and without control characters; None where absent."""
        if self.is_absent:
            return None
        if not isinstance(self.value, str) or isinstance(self.value, _Digits):
            self.fail("no text")
        return clean(self.value) or None

    def need_text(self) -> str:
        """The text. Raises PayloadError where absent."""
        text = self.text()
        if text is None:
            self.fail("missing")
        return text

    def id(self) -> str | None:
        """An id, written as text or as a whole number."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return str(self.value)
        return self.text()

    def need_id(self) -> str:
        """The id. Raises PayloadError where absent."""
        found = self.id()
        if found is None:
            self.fail("missing")
        return found

    def flag(self) -> bool:
        """Yes or no; no where absent. Some senders write 1, "1", "true"."""
        if self.is_absent:
            return False
        word = str(self.value).lower()
        if word not in {"true", "false", "1", "0"}:
            self.fail("neither true nor false")
        return word in {"true", "1"}

    def count(self) -> int | None:
        """A whole number from zero, also as digits in a text; None where absent."""
        if self.is_absent:
            return None
        value = self.value
        if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
            self.fail("no whole number from zero")
        return value

    def need_count(self) -> int:
        """The count. Raises PayloadError where absent."""
        found = self.count()
        if found is None:
            self.fail("missing")
        return found

    def number_text(self) -> str | None:
        """The digits of an amount, written as text or as a number."""
        if self.is_absent:
            return None
        if isinstance(self.value, bool) or not isinstance(self.value, str | int):
            self.fail("no amount")
        return str(self.value).strip()

    def minor(self, currency: str) -> int | None:
        """The amount in minor units, with its sign; None where absent."""
        text = self.number_text()
        if text is None:
            return None
        try:
            return minor_of(text, currency)
        except ValueError as error:
            self.fail(str(error))

    def need_minor(self, currency: str) -> int:
        """The amount. Raises PayloadError where absent."""
        found = self.minor(currency)
        if found is None:
            self.fail("missing")
        return found

    def currency(self) -> str:
        """An ISO 4217 code. Raises PayloadError where absent."""
        text = self.need_text()
        if not is_currency(text):
            self.fail("no currency of three capital letters")
        return text

    def moment(self, zone: tzinfo | None) -> datetime | None:
        """A moment in UTC; `zone` is that of a local time. None where absent.

        Raises NoMoment for a day without a time and for what is no moment, NoZone for a local time that
        nobody gives a zone.
        """
        text = self.text()
        if text is None:
            return None
        found = _MOMENT.fullmatch(text)
        if found is None:
            raise NoMoment(self.place, "a day without a time" if _DAY.fullmatch(text) else "no moment")
        year, month, day, hour, minute, second, fraction, offset = found.groups()
        try:
            local = datetime.fromisoformat(
                f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}.{(fraction or '0')[:6].ljust(6, '0')}"
            )
            if offset is not None:
                return local.replace(tzinfo=_offset(offset)).astimezone(UTC)
            if zone is None:
                raise NoZone(self.place, "a local time, and nobody says of which zone")
            return local.replace(tzinfo=zone).astimezone(UTC)
        except NoZone:
            raise
        except (ValueError, OverflowError):
            raise NoMoment(self.place, "no moment that exists") from None

    def need_moment(self, zone: tzinfo | None) -> datetime:
        """The moment. Raises PayloadError where absent."""
        found = self.moment(zone)
        if found is None:
            raise NoMoment(self.place, "missing")
        return found


def _offset(text: str) -> tzinfo:
    if text in "Zz":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def clean(text: str) -> str:
    """Takes blanks around a text away, and turns control characters and broken pairs inside into blanks."""
    if text.isprintable():
        return text.strip()
    kept = (sign if sign.isprintable() else " " for sign in text)
    return re.sub(r"  +", " ", "".join(kept)).strip()
