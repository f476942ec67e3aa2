"""Policy packs: which version holds for which shop at which moment, and everything that a bad file says."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kernel.packs import PACKAGE, Fault, PolicyError, parse
from kernel.policy import Days, Hours, Numbers, PolicyBook, read_book, reader


class Caps(Numbers):
    refund: int
    freight: int

    def __post_init__(self) -> None:
        if self.freight > self.refund:
            raise ValueError("freight costs more than the refund")


class Policy(Numbers):
    days: Days
    zone: ZoneInfo
    waits: Mapping[str, Hours]
    caps: Caps

    def __post_init__(self) -> None:
        if self.days < timedelta(days=2):
            raise ValueError("days is too small")


FILE = """
[shops]
"*" = "classic"
"olist*" = "world"
"olist-br-7" = "classic"

["classic@2014-01-01"]
days = 5
zone = "Asia/Shanghai"
waits = { short = 1, long = 9 }
caps = { refund = 100, freight = 10 }

["classic@2016-06-01"]
extends = "classic@2014-01-01"
days = 7

["world@2014-01-01"]
extends = "classic@2016-06-01"
caps = { freight = 20 }
"""
OWN = """
[shops]
"tm:1" = "mine"

["mine@2026-01-01"]
extends = "classic@2016-06-01"
days = 9

["mine@2026-03-01"]
extends = "mine@2026-01-01"
waits = { short = 2 }
"""


def book(text: str = FILE) -> PolicyBook[Policy]:
    return read_book(text, reader(Policy))


def laid(own: str = OWN) -> PolicyBook[Policy]:
    return book().laid_under(parse(own, "own.toml"))


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
    chosen, policy = book().choose(shop_id, day)
    assert chosen == name
    assert policy == book().get(name)


def test_extending_merges_tables_key_by_key() -> None:
    world = book().get("world@2014-01-01")
    assert (world.days, world.caps) == (timedelta(days=7), Caps(refund=100, freight=20))
    assert book().get("classic@2014-01-01").days == timedelta(days=5)


def test_versions_are_kept_by_name() -> None:
    assert list(book().versions()) == ["classic@2014-01-01", "classic@2016-06-01", "world@2014-01-01"]
    with pytest.raises(KeyError):
        book().get("classic@2020-01-01")


@pytest.mark.parametrize(
    ("shop_id", "day", "name"),
    [
        ("tm:1", datetime(2026, 2, 28, tzinfo=UTC), "mine@2026-01-01"),
        ("tm:1", datetime(2026, 3, 1, tzinfo=UTC), "mine@2026-03-01"),
        ("tm:2", datetime(2026, 3, 1, tzinfo=UTC), "classic@2016-06-01"),
    ],
)
def test_packs_of_the_operator_hold_for_their_shops_and_for_no_others(
    shop_id: str, day: datetime, name: str
) -> None:
    assert laid().choose(shop_id, day)[0] == name


def test_a_pack_of_the_operator_stands_on_the_packages() -> None:
    policy = laid().get("mine@2026-03-01")
    assert policy.days == timedelta(days=9)
    assert policy.waits == {"short": timedelta(hours=2), "long": timedelta(hours=9)}
    assert policy.caps == Caps(refund=100, freight=10)


def test_each_number_knows_the_version_that_wrote_it() -> None:
    origins = laid().packs.origins("mine@2026-03-01")
    assert origins["waits", "short"] == "mine@2026-03-01"
    assert origins["days",] == "mine@2026-01-01"
    assert origins["waits", "long"] == origins["zone",] == "classic@2014-01-01"


def test_the_operator_may_give_a_shop_of_the_package_to_another_pack() -> None:
    own = laid('[shops]\n"*" = "world"\n')
    assert own.choose("tm:1", datetime(2026, 1, 1, tzinfo=UTC))[0] == "world@2014-01-01"
    assert book().pack_of("tm:1") == "classic"


def test_a_new_version_of_a_pack_of_the_package_holds_from_its_day() -> None:
    own = laid('["world@2026-05-01"]\nextends = "world@2014-01-01"\ndays = 8\n')
    assert own.choose("olist-sp", datetime(2026, 4, 30, tzinfo=UTC))[0] == "world@2014-01-01"
    assert own.choose("olist-sp", datetime(2026, 5, 1, tzinfo=UTC))[1].days == timedelta(days=8)


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
def test_a_bad_file_of_the_package_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        book(text)


NEW = '["mine@2026-01-01"]\nextends = "classic@2016-06-01"\n'
PLACE = '"mine@2026-01-01"'


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("[shops", "", "not TOML: Expected ']' at the end of a table declaration (at end of document)"),
        ("shops = 3\n", "shops", "neither [shops] nor a table pack@YYYY-MM-DD"),
        ('[shops]\n"tm*" = 3\n', 'shops."tm*"', "not the name of a pack: 3"),
        ('[shops]\n"tm*" = "mine"\n', 'shops."tm*"', "no pack 'mine'"),
        ("[mine]\n", "mine", "is not pack@YYYY-MM-DD, a day of the calendar"),
        ('["mine@2026-02-30"]\n', '"mine@2026-02-30"', "is not pack@YYYY-MM-DD, a day of the calendar"),
        ('["mine@2026-2-3"]\n', '"mine@2026-2-3"', "is not pack@YYYY-MM-DD, a day of the calendar"),
        ('["my shop@2026-02-03"]\n', '"my shop@2026-02-03"', "is not pack@YYYY-MM-DD, a day of the calendar"),
        ('["mine@2026-01-01"]\nextends = 3\n', f"{PLACE}.extends", "not the name of a version: 3"),
        (
            '["mine@2026-01-01"]\nextends = "classic@2020-01-01"\n',
            f"{PLACE}.extends",
            "no version 'classic@2020-01-01' to extend",
        ),
        (
            '["classic@2014-01-01"]\nextends = "world@2014-01-01"\n',
            '"classic@2014-01-01"',
            "is in the package already and cannot be changed: use another day or pack",
        ),
        (f"{NEW}dayz = 3\n", f"{PLACE}.dayz", "no such number; there is days"),
        (f"{NEW}weather = 3\n", f"{PLACE}.weather", "no such number"),
        (f"{NEW}caps = {{ returns = 3 }}\n", f"{PLACE}.caps.returns", "no such number"),
        (f"{NEW}days = 1.5\n", f"{PLACE}.days", "not a whole number of days: 1.5"),
        (f"{NEW}days = true\n", f"{PLACE}.days", "not a whole number of days: True"),
        (f'{NEW}days = "7 days"\n', f"{PLACE}.days", "not a whole number of days: '7 days'"),
        (f"{NEW}days = -1\n", f"{PLACE}.days", "not between 0 and a hundred years in days: -1"),
        (f"{NEW}days = 36526\n", f"{PLACE}.days", "not between 0 and a hundred years in days: 36526"),
        (
            f"{NEW}waits = {{ short = [] }}\n",
            f"{PLACE}.waits.short",
            "not a whole number of hours: []",
        ),
        (f"{NEW}waits = 3\n", f"{PLACE}.waits", "Expected `object`, got `int`"),
        (f"{NEW}caps = 3\n", f"{PLACE}.caps", "not a table: 3"),
        (f'{NEW}caps = {{ refund = "5" }}\n', f"{PLACE}.caps.refund", "Expected `int`, got `str`"),
        (f'{NEW}zone = "Asia/Nowhere"\n', f"{PLACE}.zone", "no time zone: 'Asia/Nowhere'"),
        (f"{NEW}zone = 8\n", f"{PLACE}.zone", "no time zone: 8"),
        (f'{NEW}zone = "../etc"\n', f"{PLACE}.zone", "no time zone: '../etc'"),
        (f"{NEW}days = 1\n", PLACE, "days is too small"),
        (f"{NEW}caps = {{ freight = 101 }}\n", f"{PLACE}.caps", "freight costs more than the refund"),
    ],
)
def test_a_bad_file_of_the_operator_is_refused_with_file_key_and_reason(
    text: str, key: str, reason: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        laid(text)
    assert caught.value.faults == (Fault("own.toml", key, reason),)


def test_a_number_in_another_unit_names_the_one_that_was_meant() -> None:
    class Unit(Numbers):
        edit_days: Days
        edit_count: int

    text = '[shops]\n"*" = "a"\n["a@2014-01-01"]\nedit_days = 1\nedit_count = 1\nedit_hours = 24\n'
    with pytest.raises(PolicyError, match="edit_hours: no such number; there is edit_days"):
        read_book(text, reader(Unit))


def test_a_pack_that_extends_nothing_needs_every_number() -> None:
    with pytest.raises(PolicyError) as caught:
        laid('["mine@2026-01-01"]\ndays = 5\ncaps = { refund = 3 }\n')
    assert [(fault.key, fault.reason) for fault in caught.value.faults] == [
        (f"{PLACE}.zone", "is missing"),
        (f"{PLACE}.waits", "is missing"),
        (f"{PLACE}.caps.freight", "is missing"),
    ]


def test_versions_that_extend_each_other_are_refused() -> None:
    text = '["a@2026-01-01"]\nextends = "b@2026-01-01"\n["b@2026-01-01"]\nextends = "a@2026-01-01"\n'
    with pytest.raises(PolicyError) as caught:
        laid(f'{text}["c@2026-01-01"]\nextends = "a@2026-01-01"\n')
    assert [fault.reason for fault in caught.value.faults] == [
        "extends itself: a@2026-01-01 -> b@2026-01-01 -> a@2026-01-01",
        "extends itself: b@2026-01-01 -> a@2026-01-01 -> b@2026-01-01",
    ]


def test_all_faults_are_told_each_where_it_was_written() -> None:
    """A version that stands on a wrong one does not repeat its faults."""
    text = f'{NEW}dayz = 3\nzone = 1\n["mine@2026-02-01"]\nextends = "mine@2026-01-01"\ndays = 0.5\n'
    with pytest.raises(PolicyError) as caught:
        laid(f'[shops]\n"x" = "nobody"\n{text}')
    assert [fault.key for fault in caught.value.faults] == [
        "shops.x",
        f"{PLACE}.dayz",
        f"{PLACE}.zone",
        '"mine@2026-02-01".days',
    ]
    assert str(caught.value).startswith("own.toml: shops.x: no pack 'nobody'\nown.toml: ")


def test_numbers_that_make_no_sense_name_their_version() -> None:
    with pytest.raises(PolicyError) as caught:
        book(FILE.replace("days = 7", "days = 1"))
    assert caught.value.faults[0] == Fault(PACKAGE, '"classic@2016-06-01"', "days is too small")


def test_a_version_stands_on_one_of_the_package() -> None:
    alone = '["alone@2026-01-01"]\ndays = 5\nzone = "UTC"\nwaits = {}\ncaps = { refund = 1, freight = 1 }\n'
    own = laid(OWN + alone)
    assert own.package_base("mine@2026-03-01") == "classic@2016-06-01"
    assert own.package_base("world@2014-01-01") == "world@2014-01-01"
    assert own.package_base("alone@2026-01-01") == "classic@2014-01-01"


def test_numbers_that_were_kept_are_brought_to_this_release() -> None:
    """New numbers have the value of the package's version; numbers that are gone are left out."""
    kept = {"days": 9, "old": 1, "zone": "UTC", "waits": {"short": 3}, "caps": {"refund": 50, "gone": 2}}
    table = book().completed(kept, "world@2014-01-01")
    assert table == {
        "days": 9,
        "zone": "UTC",
        "waits": {"short": 3, "long": 9},
        "caps": {"refund": 50, "freight": 20},
    }
    assert book().completed(kept, "gone@2014-01-01")["caps"] == {"refund": 50, "freight": 10}


def test_a_version_that_no_file_has_can_be_got_and_is_never_chosen() -> None:
    own = book()
    own.add("mine@2020-01-01", {**own.packs.tables["world@2014-01-01"], "days": 3})
    assert own.get("mine@2020-01-01").days == timedelta(days=3)
    assert own.choose("tm:1", datetime(2026, 1, 1, tzinfo=UTC))[0] == "classic@2016-06-01"
