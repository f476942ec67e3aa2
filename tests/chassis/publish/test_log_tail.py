"""A process remembers the end of the log that it has just written."""

from datetime import UTC, datetime

from chassis.engine.records import Cause, FactRecord
from chassis.publish.log_tail import ANNOUNCED_MOST, STRETCHES_MOST, LogTail

CAUSE = Cause("t", "s", "c", "o1", None)
AT = datetime(2026, 1, 1, tzinfo=UTC)


def fact(version: int, *, announces: bool = True) -> FactRecord:
    event = "{}" if announces else None
    return FactRecord("o1", "tab", "o1", version, "Opened", AT, "{}", "", "", CAUSE, "t", "o1", event)


def test_a_stretch_is_handed_out_once_and_only_at_its_own_place() -> None:
    tail = LogTail()
    tail.add(3, [fact(1), fact(2, announces=False), fact(3)])
    assert tail.after(1) is None, "1 lies inside of it"
    tail.add(5, [fact(4), fact(5)])
    assert tail.after(2) is None
    assert tail.next_start(2) == 3
    found = tail.after(3)
    assert found is not None
    assert (found.start, found.end, [f.version for f in found.announced]) == (3, 5, [4, 5])
    assert tail.after(3) is None


def test_what_announces_nothing_is_not_kept_but_moves_the_position() -> None:
    tail = LogTail()
    tail.add(2, [fact(1, announces=False), fact(2, announces=False)])
    found = tail.after(0)
    assert found is not None
    assert (found.end, found.announced) == (2, [])


def test_commits_noted_the_other_way_round_come_out_in_order_of_position() -> None:
    tail = LogTail()
    tail.add(4, [fact(3), fact(4)])
    tail.add(2, [fact(1), fact(2)])
    first, second = tail.after(0), tail.after(2)
    assert first is not None
    assert second is not None
    assert [f.version for f in (*first.announced, *second.announced)] == [1, 2, 3, 4]


def test_the_oldest_are_dropped_first_and_a_gap_is_told() -> None:
    tail = LogTail()
    many = [fact(n) for n in range(ANNOUNCED_MOST)]
    tail.add(1, [fact(0)])
    tail.add(1 + ANNOUNCED_MOST, many)
    assert tail.after(0) is None
    assert tail.next_start(0) == 1
    assert tail.after(1) is not None
    tail.add(2 * ANNOUNCED_MOST + 2, [*many, fact(1)])
    assert tail.next_start(0) is None, "more than may be kept is not kept at all"


def test_stretches_that_announce_nothing_are_bounded_too() -> None:
    tail = LogTail()
    for head in range(1, STRETCHES_MOST + 11):
        tail.add(head, [fact(head, announces=False)])
    assert tail.next_start(0) == 10


def test_nothing_is_left_where_the_log_may_be_another_one() -> None:
    tail = LogTail()
    tail.add(ANNOUNCED_MOST, [fact(1)] * ANNOUNCED_MOST)
    tail.clear()
    assert tail.next_start(0) is None
    tail.add(ANNOUNCED_MOST, [fact(1)] * ANNOUNCED_MOST)
    assert tail.after(0) is not None, "what was cleared still counted"
