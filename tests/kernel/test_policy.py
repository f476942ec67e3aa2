"""Policy packs: which version holds for which shop at which moment, and what a bad file says."""

from datetime import UTC, datetime

import pytest

from kernel.policy import PolicyBook, PolicyError, Table, read_book

FILE = """
[shops]
"*" = "classic"
"olist*" = "world"
"olist-br-7" = "classic"

["classic@2014-01-01"]
days = 5
caps = { refund = 100, freight = 10 }

["classic@2016-06-01"]
extends = "classic@2014-01-01"
days = 7

["world@2014-01-01"]
extends = "classic@2016-06-01"
caps = { freight = 20 }
"""


def book(text: str = FILE) -> PolicyBook[Table]:
    return read_book(text, lambda table: table)


@pytest.mark.parametrize(
    ("shop_id", "day", "name"),
    [
        ("tm:1", datetime(2015, 1, 1, tzinfo=UTC), "classic@2014-01-01"),
        ("tm:1", datetime(2016, 5, 31, 23, 59, tzinfo=UTC), "classic@2014-01-01"),
        ("tm:1", datetime(2016, 6, 1, tzinfo=UTC), "classic@2016-06-01"),
        ("tm:1", datetime(2001, 1, 1, tzinfo=UTC), "classic@2014-01-01"),
        ("olist-sp", datetime(2018, 1, 1, tzinfo=UTC), "world@2014-01-01"),
        ("olist-br-7", datetime(2018, 1, 1, tzinfo=UTC), "classic@2016-06-01"),
    ],
)
def test_the_version_in_force(shop_id: str, day: datetime, name: str) -> None:
    chosen, table = book().choose(shop_id, day)
    assert chosen == name
    assert table == book().get(name)


def test_extending_merges_tables_key_by_key() -> None:
    assert book().get("world@2014-01-01") == {"days": 7, "caps": {"refund": 100, "freight": 20}}
    assert book().get("classic@2014-01-01")["days"] == 5


def test_versions_are_kept_by_name() -> None:
    assert list(book().versions()) == ["classic@2014-01-01", "classic@2016-06-01", "world@2014-01-01"]
    with pytest.raises(KeyError):
        book().get("classic@2020-01-01")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[shops]\n", 'names no pack for "\\*"'),
        ('[shops]\n"*" = "none"\n', "no pack 'none'"),
        ('[shops]\n"*" = "a"\n["a"]\n', "is not pack@YYYY-MM-DD"),
        ('[shops]\n"*" = "a"\n["a@2014-13-01"]\n', "is not pack@YYYY-MM-DD"),
        ('[shops]\n"*" = "a"\n["a@2014-01-01"]\nextends = "b@2014-01-01"\n', "no version"),
        ('[shops]\n"*" = "a"\n["a@2014-01-01"]\nextends = "a@2014-01-01"\n', "extends itself"),
        ("[shops", "not TOML"),
    ],
)
def test_a_bad_file_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        book(text)


def test_numbers_that_make_no_sense_name_their_version() -> None:
    def make(table: Table) -> int:
        if table["days"] < 6:
            raise ValueError("days is too small")
        return int(table["days"])

    with pytest.raises(PolicyError, match=r"classic@2014-01-01: ValueError: days is too small"):
        read_book(FILE, make)
