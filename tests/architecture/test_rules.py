"""Every rule is accounted for, and no rule is named that does not exist."""

from collections import Counter

import pytest

from tests.architecture import register, tree

CATALOGUE = {"RF": 128, "CP": 96, "LG": 80, "CU": 80, "OR": 46, "RV": 33, "MT": 10}
"""Rules of each family in the catalogue. Rules of our own come after them, without a gap."""


@pytest.fixture(scope="module")
def rows() -> list[register.Row]:
    return register.load()


def test_the_register_holds_every_rule_once(rows: list[register.Row]) -> None:
    ids = [row.id for row in rows]
    found = Counter(rule_id.partition("-")[0] for rule_id in set(ids))
    expected = {
        f"{family}-{number:03}"
        for family, count in CATALOGUE.items()
        for number in range(1, max(count, found[family]) + 1)
    }
    assert [rule_id for rule_id, count in Counter(ids).items() if count > 1] == []
    assert set(ids) == expected


def test_every_state_is_known_and_what_is_not_done_says_why(rows: list[register.Row]) -> None:
    assert [row.id for row in rows if row.state not in register.STATES] == []
    assert [row.id for row in rows if row.state != "done" and not row.note] == []


def test_what_is_done_has_a_home_and_a_test(rows: list[register.Row]) -> None:
    done = [row for row in register.refreshed(rows) if row.state == "done"]
    assert [row.id for row in done if not row.where] == [], "done, but no function or policy row is its home"
    assert [row.id for row in done if not row.test] == [], "done, but no test names it"


def test_what_has_a_home_is_not_called_open(rows: list[register.Row]) -> None:
    homes = register.homes_of_rules()
    assert [row.id for row in rows if row.state == "not_automated" and row.id in homes] == []


def test_the_register_is_up_to_date(rows: list[register.Row]) -> None:
    now = register.refreshed(rows)
    stale = [old.id for old, new in zip(rows, now, strict=True) if old != new]
    assert stale == [], "run `make rules`"


def test_the_readme_says_how_many_are_done(rows: list[register.Row]) -> None:
    assert register.FIGURE.findall(register.README.read_text("utf-8")) == [register.figure(rows)], (
        "run `make rules`"
    )


def test_what_is_done_in_part_has_a_home_and_says_what_is_missing(rows: list[register.Row]) -> None:
    partly = [row for row in rows if row.state == "partly"]
    assert [row.id for row in partly if not row.where or len(row.note) < 20] == []


def test_no_unknown_rule_is_named_anywhere(rows: list[register.Row]) -> None:
    known = {row.id for row in rows}
    unknown = {
        f"{tree.name(path)}: {rule_id}"
        for path in tree.files()
        for rule_id in register.RULE_ID.findall(tree.text(path))
        if rule_id not in known
    }
    assert unknown == set()
