"""Spoils a record's value: its bytes, and the data in it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from aftersales_contracts.envelope import MAX_VALUE_BYTES
from aftersales_contracts.reasons import Reason
from tests.faults.mutants import ANYTHING, GOOD, HANDLED, Mutant, Mutate, compact, fate

BROKEN = fate(Reason.BAD_JSON, Reason.BAD_UTF8)
MISFIT = fate(Reason.FAILED_SCHEMA, Reason.WRONG_KEY, Reason.NOT_STORABLE, HANDLED)
NUMBER = re.compile(rb'(":)(\d+)(?=[,}\]])')
AMOUNT = re.compile(rb'("minor":)(\d+)')
LARGEST_RECORD_BYTES = 2 * 1024 * 1024 - 1_500
"""A little less than the topics take."""
WORDS = ("", "quite-new-word", "x" * 64, "x" * 65, "x" * 5_000, "Ünïcödé ☃", " ", "null", "0", "-1", "1e9")
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 2**53 - 1, 2**53, 2**63 - 1, 2**63, -(2**63) - 1, 1e308, [], {}, [[]],
    [None],
    {"minor": -1, "currency": "CNY"}, {"minor": 1, "currency": "cny"}, {"minor": 1.0, "currency": "CNY"},
    "2026-01-01", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-01T00:00:00", *WORDS,
)  # fmt: skip


def untouched(_: Random, good: Mutant) -> Mutant:
    """A good record, in whatever order it comes: the later before the earlier, answers before questions."""
    return good


def flipped(dice: Random, good: Mutant) -> Mutant:
    value = bytearray(good.value or b"")
    for _ in range(dice.choice((1, 1, 2, 8))):
        value[dice.randrange(len(value))] ^= 1 << dice.randrange(8)
    return good.with_value(bytes(value), ANYTHING)


def truncated(dice: Random, good: Mutant) -> Mutant:
    value = good.value or b""
    return good.with_value(value[: dice.randrange(1, len(value))], BROKEN)


def nothing(dice: Random, good: Mutant) -> Mutant:
    return good.with_value(dice.choice((None, b"")), fate(Reason.NOT_CLOUDEVENTS))


def noise(dice: Random, good: Mutant) -> Mutant:
    return good.with_value(dice.randbytes(dice.randrange(1, 300)), ANYTHING)


def spliced(dice: Random, good: Mutant) -> Mutant:
    value = good.value or b""
    at = dice.randrange(len(value))
    return good.with_value(value[:at] + dice.randbytes(dice.randrange(1, 9)) + value[at:], ANYTHING)


def bad_utf8(dice: Random, good: Mutant) -> Mutant:
    value = good.value or b""
    at = dice.randrange(len(value))
    wrong = dice.choice((b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"))
    # In the middle of a character it is no UTF-8 either way.
    return good.with_value(value[:at] + wrong + value[at:], fate(Reason.BAD_UTF8))


def other_encoding(dice: Random, good: Mutant) -> Mutant:
    text = (good.value or b"").decode()
    return good.with_value(text.encode(dice.choice(("utf-16", "utf-32", "utf-8-sig"))), BROKEN)


def nul_escaped(dice: Random, good: Mutant) -> Mutant:
    value = (good.value or b"").replace(b'":"', b'":"' + dice.choice((b"\\u0000", b"x\\u0000y")), 1)
    is_changed = value != good.value
    return good.with_value(value, fate(Reason.NOT_STORABLE) if is_changed else GOOD)


def nul_raw(_: Random, good: Mutant) -> Mutant:
    return good.with_value((good.value or b"")[:-1] + b',"x":"\0"}', fate(Reason.BAD_JSON))


def lone_surrogate(_: Random, good: Mutant) -> Mutant:
    return good.with_value((good.value or b"")[:-1] + b',"x":"\\ud800"}', fate(Reason.BAD_JSON, HANDLED))


def deep(dice: Random, good: Mutant) -> Mutant:
    count = dice.choice((33, 40, 200, 20_000))
    middle = b'{"a":' * count + b"1" + b"}" * count if dice.random() < 0.5 else b"[" * count + b"]" * count
    return good.with_value((good.value or b"")[:-1] + b',"deep":' + middle + b"}", fate(Reason.TOO_DEEP))


def unbalanced(dice: Random, good: Mutant) -> Mutant:
    value = dice.choice((b"[", b"{", b"]", b"}", b"][", b'{"a":')) * dice.choice((40, 50_000))
    return good.with_value(value, fate(Reason.TOO_DEEP, Reason.BAD_JSON))


def bracket_in_text(dice: Random, good: Mutant) -> Mutant:
    """Brackets in a string are no depth."""
    text = dice.choice((b"[" * 100, b'\\"{' * 90, b"\\\\" + b"]" * 90))
    return good.with_value((good.value or b"")[:-1] + b',"remark":"' + text + b'"}', GOOD)


def huge_number(dice: Random, good: Mutant) -> Mutant:
    digits = dice.choice((20, 40, 400, 5_000))
    value, count = NUMBER.subn(rb"\g<1>9" + b"9" * digits, good.value or b"", count=1)
    refused = fate(Reason.NOT_STORABLE, Reason.BAD_JSON, Reason.FAILED_SCHEMA)
    return good.with_value(value, refused if count else GOOD)


def no_number(dice: Random, good: Mutant) -> Mutant:
    word = dice.choice((b"NaN", b"Infinity", b"-Infinity"))
    value, count = NUMBER.subn(rb"\g<1>" + word, good.value or b"", count=1)
    return good.with_value(value, fate(Reason.BAD_JSON) if count else GOOD)


def fraction(dice: Random, good: Mutant) -> Mutant:
    """Gives a number a point or an exponent. `7.0`, `7e2` and `0e400` are whole, and may be written so."""
    tail = dice.choice((b".5", b"e400", b"e2", b".0"))
    value, count = NUMBER.subn(rb"\g<1>\g<2>" + tail, good.value or b"", count=1)
    if not count or tail == b".0":
        return good.with_value(value, GOOD)
    refused = (Reason.FAILED_SCHEMA, Reason.NOT_STORABLE, Reason.BAD_JSON)
    is_whole = tail == b"e2" or re.search(rb":\s*0e400", value) is not None
    return good.with_value(value, fate(HANDLED, *refused) if is_whole else fate(*refused))


def negative(_: Random, good: Mutant) -> Mutant:
    value, count = AMOUNT.subn(rb"\g<1>-1", good.value or b"", count=1)
    return good.with_value(value, fate(Reason.FAILED_SCHEMA) if count else GOOD)


def largest(dice: Random, good: Mutant) -> Mutant:
    """The largest amount that the schema lets pass, once or everywhere: sums of it are larger still."""
    count = dice.choice((0, 1))
    value = AMOUNT.sub(rb"\g<1>9007199254740991", good.value or b"", count=count)
    return good.with_value(value, fate(HANDLED, Reason.FAILED_SCHEMA))


def oversize(dice: Random, good: Mutant) -> Mutant:
    """Now and then too large by one byte, or as large as the broker takes it; else just small enough."""
    value = good.value or b""
    draw = dice.random()
    if draw > 0.12:
        return good.with_value(value + b" " * (20_000 - len(value)), GOOD)
    size = MAX_VALUE_BYTES if draw > 0.08 else MAX_VALUE_BYTES + 1 if draw > 0.04 else LARGEST_RECORD_BYTES
    is_fit = size <= MAX_VALUE_BYTES
    return good.with_value(value + b" " * (size - len(value)), GOOD if is_fit else fate(Reason.TOO_LARGE))


def inflated(dice: Random, good: Mutant) -> Mutant:
    """A few kilobytes on the wire that are megabytes once unpacked."""
    if dice.random() > 0.03:
        return replace(good, compression="gzip")
    value = (good.value or b"") + b" " * (6 * 1024 * 1024)
    return replace(good, value=value, compression="gzip", fate=fate(Reason.TOO_LARGE))


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for name, inner in items:
        yield (*path, name)
        yield from _paths(inner, (*path, name))


def _at(data: Any, path: tuple[Any, ...]) -> Any:
    for name in path[:-1]:
        data = data[name]
    return data


def dropped(dice: Random, good: Mutant) -> Mutant:
    data = good.data()
    path = dice.choice(list(_paths(data)))
    del _at(data, path)[path[-1]]
    return good.with_value(compact(data), MISFIT)


def replaced(dice: Random, good: Mutant) -> Mutant:
    data = good.data()
    path = dice.choice(list(_paths(data)))
    _at(data, path)[path[-1]] = dice.choice(VALUES)
    return good.with_value(compact(data), MISFIT | fate(Reason.BAD_JSON))


def other_word(dice: Random, good: Mutant) -> Mutant:
    data = good.data()
    paths = [path for path in _paths(data) if isinstance(_at(data, path)[path[-1]], str)]
    if not paths:
        return good
    path = dice.choice(paths)
    _at(data, path)[path[-1]] = dice.choice(WORDS)
    return good.with_value(compact(data), MISFIT)


def swapped(dice: Random, good: Mutant) -> Mutant:
    """Two values change places."""
    data = good.data()
    one, two = dice.choice(list(data)), dice.choice(list(data))
    data[one], data[two] = data[two], data[one]
    return good.with_value(compact(data), MISFIT)


def lists(dice: Random, good: Mutant) -> Mutant:
    """A list that is empty, or repeats what is in it."""
    data = good.data()
    paths = [path for path in _paths(data) if isinstance(_at(data, path)[path[-1]], list)]
    if not paths:
        return good
    path = dice.choice(paths)
    _at(data, path)[path[-1]] *= dice.choice((0, 2, 300))
    return good.with_value(compact(data), MISFIT)


def unknown_field(dice: Random, good: Mutant) -> Mutant:
    content: Any = dice.choice(("x", 1, None, [1], {"deep": {"er": []}}))
    return good.with_value(compact({**good.data(), "a_new_field": content}), GOOD)


def repeated_member(dice: Random, good: Mutant) -> Mutant:
    name = dice.choice(list(good.data()))
    return good.with_value((good.value or b"")[:-1] + f',"{name}":"again"}}'.encode(), MISFIT)


def other_shape(dice: Random, good: Mutant) -> Mutant:
    value = dice.choice((b"[]", b"null", b"7", b'"x"', b"true", b"[{}]"))
    return good.with_value(value, fate(Reason.FAILED_SCHEMA))


def trailing(dice: Random, good: Mutant) -> Mutant:
    return good.with_value(
        (good.value or b"") + dice.choice((b"{}", b",", b"x", b"//")), fate(Reason.BAD_JSON)
    )


MUTATIONS: Mapping[str, Mutate] = {
    f"value.{mutate.__name__}": mutate
    for mutate in (
        flipped, truncated, nothing, noise, spliced, bad_utf8, other_encoding, nul_escaped, nul_raw,
        lone_surrogate, deep, unbalanced, bracket_in_text, huge_number, no_number, fraction, negative,
        largest, oversize, inflated, dropped, replaced, other_word, swapped, lists, unknown_field,
        repeated_member, other_shape, trailing,
    )
} | {f"order.{number}": untouched for number in range(12)}  # fmt: skip
