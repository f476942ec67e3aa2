"""Versions that were kept beside those of the files: equal, other, gone, older than this release."""

import json
from typing import Any

import pytest

from chassis.store.policy_versions import KeptVersion, compare, digest_of, written
from kernel.packs import Fault, parse
from kernel.policy import Days, Numbers, PolicyBook, read_book, reader


class Caps(Numbers):
    refund: int
    freight: int


class Policy(Numbers):
    days: Days
    retries: int
    caps: Caps


FILE = """
[shops]
"*" = "classic"

["classic@2014-01-01"]
days = 5
retries = 3
caps = { refund = 100, freight = 10 }
"""
OWN = """
["mine@2026-01-01"]
extends = "classic@2014-01-01"
caps = { refund = 50 }
"""
MINE = "mine@2026-01-01"
CLASSIC = "classic@2014-01-01"
NUMBERS = {"days": 5, "retries": 3, "caps": {"refund": 50, "freight": 10}}


def book(own: str = OWN, package: str = FILE) -> PolicyBook[Policy]:
    return read_book(package, reader(Policy)).laid_under(parse(own, "own/refunds.toml"))


def row(name: str = MINE, base: str = CLASSIC, **numbers: Any) -> KeptVersion:
    table = {**NUMBERS, **numbers}
    return KeptVersion(name, base, digest_of(table), table)


def test_equal_numbers_have_one_hash_in_whatever_order() -> None:
    assert written({"b": 1, "a": {"d": [2], "c": "尔"}}) == '{"a":{"c":"尔","d":[2]},"b":1}'
    assert digest_of({"b": 1, "a": 2}) == digest_of(json.loads('{"a": 2, "b": 1}'))
    assert digest_of({"b": 1, "a": 2}) != digest_of({"b": 1, "a": 3})


def test_a_version_that_is_as_it_was_is_nothing_to_tell() -> None:
    found = compare(book(), [row()])
    assert (found.refused, found.corrected, found.unreadable, found.restored) == ([], [], [], {})
    assert found.kept_count == 1


def test_a_file_that_gives_a_kept_version_other_numbers_is_refused_with_file_key_and_reason() -> None:
    kept = row()
    found = compare(book(OWN.replace("refund = 50", "refund = 60")), [kept])
    assert found.refused == [
        Fault(
            "own/refunds.toml",
            '"mine@2026-01-01".caps.refund',
            f"60, but cases run under it with 50 (the kept hash is {kept.digest[:12]}):"
            " give other numbers as a new version",
        )
    ]


def test_a_number_that_the_package_changed_under_the_operators_version_names_its_origin() -> None:
    found = compare(book(package=FILE.replace("days = 5", "days = 6")), [row()])
    (fault,) = found.refused
    assert fault.key == '"mine@2026-01-01".days'
    assert fault.reason.startswith("6 (from classic@2014-01-01), but cases run under it with 5 ")


def test_a_correction_of_the_package_is_told_and_not_refused() -> None:
    kept = row(CLASSIC, caps={"refund": 90, "freight": 10})
    found = compare(book(), [kept])
    assert found.refused == []
    assert [fault.key for fault in found.corrected] == ['"classic@2014-01-01".caps.refund']


def test_a_version_that_no_file_has_keeps_its_numbers() -> None:
    gone = row("gone@2020-01-01", days=9)
    found = compare(book(), [gone, row()])
    assert found.restored == {"gone@2020-01-01": gone.numbers}


@pytest.mark.parametrize("is_in_file", [True, False])
def test_a_number_that_came_with_a_later_release_has_the_packages_value(is_in_file: bool) -> None:
    """A version that was kept before `retries` existed, and a number that exists no more."""
    name = MINE if is_in_file else "gone@2020-01-01"
    older = {"days": 5, "colour": "red", "caps": {"refund": 50, "freight": 10, "stamps": 1}}
    kept = KeptVersion(name, CLASSIC, digest_of(older), older)
    found = compare(book(), [kept])
    assert (found.refused, found.unreadable) == ([], [])
    assert found.restored == ({} if is_in_file else {name: NUMBERS})


def test_a_new_number_of_a_running_version_cannot_be_another_than_the_packages() -> None:
    older = {"days": 5, "caps": {"refund": 50, "freight": 10}}
    kept = KeptVersion(MINE, CLASSIC, digest_of(older), older)
    found = compare(book(f"{OWN}retries = 7\n"), [kept])
    assert [fault.key for fault in found.refused] == ['"mine@2026-01-01".retries']


def test_a_row_that_was_tampered_with_is_not_used() -> None:
    honest = row("gone@2020-01-01")
    forged = KeptVersion(honest.name, honest.base, honest.digest, {**NUMBERS, "days": 50})
    found = compare(book(), [forged])
    assert found.restored == {}
    assert found.unreadable == [
        Fault("table policy_versions", '"gone@2020-01-01"', "its numbers have another hash than it says")
    ]


def test_a_kept_version_that_this_release_cannot_read_is_told_and_the_others_go_on() -> None:
    found = compare(book(), [row("bad@2020-01-01", days="five"), row("gone@2020-01-01")])
    assert list(found.restored) == ["gone@2020-01-01"]
    assert found.unreadable == [
        Fault("table policy_versions", '"bad@2020-01-01".days', "not a whole number of days: 'five'")
    ]
