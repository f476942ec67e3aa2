"""What a process remembers of the log that it has just written."""

from datetime import UTC, datetime

from chassis.engine.records import Cause, FactRecord
from chassis.publish.log_tail import ANNOUNCED_MOST, STRETCHES_MOST, Recent

CAUSE = Cause("t", "s", "c", "o1", None)
AT = datetime(2026, 1, 1, tzinfo=UTC)


def fact(version: int, *, announces: bool = True) -> FactRecord:
    event = "{}" if announces else None
    return FactRecord("o1", "tab", "o1", version, "Opened", AT, "{}", "", "", CAUSE, "t", "o1", event)


def test_a_stretch_is_handed_out_once_and_only_at_its_own_place() -> None:
    recent = Recent()
    recent.add(3, [fact(1), fact(2, announces=False), fact(3)])
    assert recent.after(1) is None, "1 lies inside of it"
    recent.add(5, [fact(4), fact(5)])
    assert recent.after(2) is None
    assert recent.next_start(2) == 3
    found = recent.after(3)
    assert found is not None
    assert (found.start, found.end, [f.version for f in found.announced]) == (3, 5, [4, 5])
    assert recent.after(3) is None


def test_what_announces_nothing_is_not_kept_but_moves_the_position() -> None:
    recent = Recent()
    recent.add(2, [fact(1, announces=False), fact(2, announces=False)])
    found = recent.after(0)
    assert found is not None
    assert (found.end, found.announced) == (2, [])


def test_commits_noted_the_other_way_round_come_out_in_order_of_position() -> None:
    recent = Recent()
    recent.add(4, [fact(3), fact(4)])
    recent.add(2, [fact(1), fact(2)])
    first, second = recent.after(0), recent.after(2)
    assert first is not None
    assert second is not None
    assert [f.version for f in (*first.announced, *second.announced)] == [1, 2, 3, 4]


def test_the_oldest_are_dropped_first_and_a_gap_is_told() -> None:
    recent = Recent()
    many = [fact(n) for n in range(ANNOUNCED_MOST)]
    recent.add(1, [fact(0)])
    recent.add(1 + ANNOUNCED_MOST, many)
    assert recent.after(0) is None
    assert recent.next_start(0) == 1
    assert recent.after(1) is not None
    recent.add(2 * ANNOUNCED_MOST + 2, [*many, fact(1)])
    assert recent.next_start(0) is None, "more than may be kept is not kept at all"


def test_stretches_that_announce_nothing_are_bounded_too() -> None:
    recent = Recent()
    for head in range(1, STRETCHES_MOST + 11):
        recent.add(head, [fact(head, announces=False)])
    assert recent.next_start(0) == 10


def test_nothing_is_left_where_the_log_may_be_another_one() -> None:
    recent = Recent()
    recent.add(ANNOUNCED_MOST, [fact(1)] * ANNOUNCED_MOST)
    recent.clear()
    assert recent.next_start(0) is None
    recent.add(ANNOUNCED_MOST, [fact(1)] * ANNOUNCED_MOST)
    assert recent.after(0) is not None, "what was cleared still counted"
