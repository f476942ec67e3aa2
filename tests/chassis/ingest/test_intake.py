"""The order of what is read: nothing lost, nothing twice, the same release however partitions interleave."""

from datetime import timedelta

import pytest

from aftersales_contracts.reasons import Reason
from chassis.ingest.decoder import Ignored, Mark, Rejected
from chassis.ingest.intake import Intake
from chassis.settings import Limits
from tests.chassis.ingest.intake_items import (
    NOON,
    OWN,
    SHOP_0,
    SHOP_1,
    at,
    buffered,
    event,
    intake,
    names,
    read_to_end,
)


def test_heads_are_merged_by_event_time() -> None:
    made = intake()
    made.push(SHOP_0, [buffered(SHOP_0, 0, event(1)), buffered(SHOP_0, 1, event(4))])
    made.push(SHOP_1, [buffered(SHOP_1, 7, event(2)), buffered(SHOP_1, 8, event(3))])
    for partition_id, position in ((SHOP_0, 2), (SHOP_1, 9), (OWN, 0)):
        read_to_end(made, partition_id, position)
    release = made.release(0.0, at(100))
    assert release is not None
    assert names(release) == ["shop0/0", "shop1/7", "shop1/8", "shop0/1"]
    assert release.positions == {SHOP_0: 2, SHOP_1: 9}
    assert release.watermark == at(10_000)
    assert made.is_caught_up()


def test_a_partition_with_more_to_read_holds_the_others_up_for_a_while() -> None:
    made = intake(patience_ms=50)
    made.push(SHOP_0, [buffered(SHOP_0, 0, event(1))])
    read_to_end(made, SHOP_0, 1)
    read_to_end(made, OWN, 0)
    made.note_position(SHOP_1, 5, 9, at(0))
    assert names(made.release(1.0, at(1))) == []
    assert made.release(1.04, at(1)) is None
    assert names(made.release(1.06, at(1))) == ["shop0/0"]


def test_an_unknown_end_holds_up_as_well_and_an_answer_frees_at_once() -> None:
    made = intake()
    made.push(SHOP_0, [buffered(SHOP_0, 0, event(1))])
    read_to_end(made, SHOP_0, 1)
    read_to_end(made, OWN, 0)
    assert names(made.release(1.0, at(1))) == []
    read_to_end(made, SHOP_1, 3)
    assert names(made.release(1.0, at(1))) == ["shop0/0"]


def test_patience_grows_with_the_age_of_what_is_held() -> None:
    made = intake(patience_ms=50, backlog_patience_ms=5_000)
    made.push(SHOP_0, [buffered(SHOP_0, 0, event(0))])
    read_to_end(made, SHOP_0, 1)
    read_to_end(made, OWN, 0)
    made.note_position(SHOP_1, 0, 9, at(0))
    assert names(made.release(1.0, at(60))) == []
    assert names(made.release(3.9, at(60))) == []
    assert names(made.release(4.1, at(60))) == ["shop0/0"]


def test_the_merge_stops_where_a_partition_runs_dry_but_has_more() -> None:
    made = intake()
    made.push(SHOP_0, [buffered(SHOP_0, 0, event(1))])
    made.push(SHOP_1, [buffered(SHOP_1, 0, event(5))])
    made.note_position(SHOP_0, 1, 3, at(0))
    read_to_end(made, SHOP_1, 1)
    read_to_end(made, OWN, 0)
    assert names(made.release(1.0, at(5))) == ["shop0/0"]
    made.push(SHOP_0, [buffered(SHOP_0, 1, event(2)), buffered(SHOP_0, 2, event(3))])
    read_to_end(made, SHOP_0, 3)
    assert names(made.release(1.0, at(5))) == ["shop0/1", "shop0/2", "shop1/0"]


def test_watermarks_follow_the_head_the_last_record_or_the_clock() -> None:
    made = intake(batch_records=1)
    made.push(SHOP_0, [buffered(SHOP_0, 0, event(1)), buffered(SHOP_0, 1, event(9))])
    read_to_end(made, SHOP_0, 2)
    read_to_end(made, OWN, 0)
    read_to_end(made, SHOP_1, 0, seconds=20)
    release = made.release(0.0, at(20))
    assert release is not None
    assert release.has_more
    assert release.watermarks == {SHOP_0: at(9) - timedelta(microseconds=1), SHOP_1: at(20)}
    assert release.watermark == at(9) - timedelta(microseconds=1)
    made.note_position(SHOP_0, 2, 5, at(21))
    release = made.release(0.0, at(21))
    assert release is not None
    assert release.watermarks == {SHOP_0: at(9)}
    assert made.watermark() == at(9)


def test_a_watermark_never_goes_back_and_late_records_are_released_at_once() -> None:
    made = intake()
    for partition_id in (SHOP_0, SHOP_1, OWN):
        read_to_end(made, partition_id, 0, seconds=50)
    first = made.release(0.0, at(50))
    assert first is not None
    assert first.watermark == at(50)
    made.push(SHOP_0, [buffered(SHOP_0, 0, event(3))])
    read_to_end(made, SHOP_0, 1, seconds=40)
    late = made.release(0.0, at(51))
    assert names(late) == ["shop0/0"]
    assert late is not None
    assert late.watermarks == {}
    assert late.watermark == at(50)


def test_own_topics_take_part_in_the_merge_but_bound_no_watermark() -> None:
    made = intake()
    made.push(OWN, [buffered(OWN, 0, event(1))])
    made.note_position(OWN, 1, 50, at(0))
    made.push(SHOP_0, [buffered(SHOP_0, 0, event(2))])
    read_to_end(made, SHOP_0, 1, seconds=30)
    read_to_end(made, SHOP_1, 0, seconds=30)
    release = made.release(0.0, at(2))
    assert names(release) == ["own0/0"]
    release = made.release(9.0, at(2))
    release = made.release(18.0, at(2))
    assert names(release) == ["shop0/0"]
    assert release is not None
    assert set(release.watermarks) <= {SHOP_0, SHOP_1}
    assert release.watermark == at(30)


def test_records_without_a_time_keep_their_place_and_never_block() -> None:
    made = intake()
    rejected = Rejected(Reason.BAD_JSON, "data")
    made.push(
        SHOP_0, [buffered(SHOP_0, 0, rejected), buffered(SHOP_0, 1, event(5)), buffered(SHOP_0, 2, rejected)]
    )
    made.push(SHOP_1, [buffered(SHOP_1, 0, event(1)), buffered(SHOP_1, 1, Ignored("shop.other.v1", at(2)))])
    for partition_id, position in ((SHOP_0, 3), (SHOP_1, 2), (OWN, 0)):
        read_to_end(made, partition_id, position)
    release = made.release(0.0, at(6))
    assert release is not None
    assert names(release) == ["shop0/0", "shop1/0", "shop0/1", "shop0/2"]
    assert release.ignored == {"shop.other.v1": 1}
    assert release.positions == {SHOP_0: 3, SHOP_1: 2}


def test_batches_are_bounded_by_records_and_by_bytes() -> None:
    made = intake(batch_records=3, batch_bytes=64 * 1024)
    made.push(SHOP_0, [buffered(SHOP_0, n, event(n), size=30_000 if n < 6 else 10) for n in range(12)])
    for partition_id, position in ((SHOP_0, 12), (SHOP_1, 0), (OWN, 0)):
        read_to_end(made, partition_id, position)
    sizes = []
    while (release := made.release(0.0, at(99))) is not None and release.records:
        sizes.append(len(release.records))
        assert release.positions == {SHOP_0: sum(sizes)}
    assert sizes == [2, 2, 3, 3, 2]


def test_one_record_larger_than_a_batch_still_passes() -> None:
    made = intake(batch_bytes=64 * 1024)
    made.push(SHOP_0, [buffered(SHOP_0, 0, event(0), size=900_000)])
    for partition_id, position in ((SHOP_0, 1), (SHOP_1, 0), (OWN, 0)):
        read_to_end(made, partition_id, position)
    assert names(made.release(0.0, at(1))) == ["shop0/0"]


def test_partitions_with_too_much_in_memory_are_paused_and_resumed() -> None:
    made = intake(partition_records=10, batch_records=6)
    made.push(SHOP_0, [buffered(SHOP_0, n, event(n)) for n in range(11)])
    for partition_id, position in ((SHOP_0, 11), (SHOP_1, 0), (OWN, 0)):
        read_to_end(made, partition_id, position)
    assert made.pauses() == ([SHOP_0], [])
    assert made.pauses() == ([], [])
    made.release(0.0, at(99))
    assert made.pauses() == ([], [SHOP_0])


def test_a_partition_that_gives_more_may_hold_more() -> None:
    made = intake(buffered_records=100, batch_records=60)
    made.push(SHOP_0, [buffered(SHOP_0, n, event(n)) for n in range(90)])
    made.push(SHOP_1, [buffered(SHOP_1, n, event(1 + 50 * n)) for n in range(40)])
    for partition_id, position in ((SHOP_0, 90), (SHOP_1, 40), (OWN, 0)):
        read_to_end(made, partition_id, position)
    assert made.pauses() == ([SHOP_0], [])  # 50 each: nothing was given yet
    made.release(0.0, at(999))  # 58 of the one, 2 of the other
    assert made.pauses() == ([SHOP_1], [SHOP_0])  # from now on 73 and 27


def test_what_was_revoked_is_forgotten_and_a_reread_starts_anew() -> None:
    made = intake()
    made.push(SHOP_0, [buffered(SHOP_0, 0, event(1)), buffered(SHOP_0, 1, event(2))])
    made.revoke([SHOP_0])
    made.push(SHOP_0, [buffered(SHOP_0, 2, event(3))])
    made.assign([SHOP_0])
    made.push(
        SHOP_0, [buffered(SHOP_0, 5, event(9)), buffered(SHOP_0, 0, event(1)), buffered(SHOP_0, 1, event(2))]
    )
    for partition_id, position in ((SHOP_0, 2), (SHOP_1, 0), (OWN, 0)):
        read_to_end(made, partition_id, position)
    release = made.release(0.0, at(50))
    assert release is not None
    assert names(release) == ["shop0/0", "shop0/1"]
    assert release.positions == {SHOP_0: 2}


def test_a_barrier_waits_for_the_mark_of_every_partition() -> None:
    made = intake(by_marks=True)
    made.push(SHOP_0, [buffered(SHOP_0, 0, event(5, "b")), buffered(SHOP_0, 1, Mark(1, at(10)))])
    made.push(SHOP_1, [buffered(SHOP_1, 0, event(2, "a")), buffered(SHOP_1, 1, Mark(1, at(10)))])
    assert made.release(0.0, NOON) is None
    made.push(OWN, [buffered(OWN, 0, Mark(1, at(10))), buffered(OWN, 1, event(11, "later"))])
    release = made.release(0.0, NOON)
    assert release is not None
    assert names(release) == ["shop1/0", "shop0/0"]
    assert release.positions == {SHOP_0: 2, SHOP_1: 2, OWN: 1}
    assert release.passed == {SHOP_0: 1, SHOP_1: 1, OWN: 1}
    assert release.watermarks == {SHOP_0: at(10), SHOP_1: at(10)}
    assert (release.watermark, release.mark) == (at(10), 1)
    assert made.release(0.0, NOON) is None
    assert made.buffered_count == 1


def test_a_large_barrier_comes_in_pieces_and_offsets_never_step_over_what_is_left() -> None:
    made = intake(by_marks=True, batch_records=2)
    times = {SHOP_0: [9, 1, 5], SHOP_1: [2, 3, 8]}
    for partition_id, seconds in times.items():
        made.push(partition_id, [buffered(partition_id, n, event(s, f"{s}")) for n, s in enumerate(seconds)])
        made.push(partition_id, [buffered(partition_id, 3, Mark(1, at(10)))])
    made.push(OWN, [buffered(OWN, 0, Mark(1, at(10)))])
    pieces = [release for _ in range(3) if (release := made.release(0.0, NOON)) is not None]
    assert [names(piece) for piece in pieces] == [
        ["shop0/1", "shop1/0"],
        ["shop1/1", "shop0/2"],
        ["shop1/2", "shop0/0"],
    ]
    assert [piece.positions for piece in pieces] == [{SHOP_1: 1}, {SHOP_1: 2}, {SHOP_0: 4, SHOP_1: 4, OWN: 1}]
    assert [piece.mark for piece in pieces] == [None, None, 1]
    assert [bool(piece.watermarks) for piece in pieces] == [False, False, True]
    assert all(piece.watermark == at(10) for piece in pieces)


def test_who_takes_over_waits_for_no_mark_that_lies_behind() -> None:
    made = intake(by_marks=True)
    made.push(SHOP_0, [buffered(SHOP_0, 4, event(5)), buffered(SHOP_0, 5, Mark(7, at(10)))])
    assert made.release(0.0, NOON) is None
    made.note_passed({SHOP_1: 7, OWN: 8})
    release = made.release(0.0, NOON)
    assert release is not None
    assert names(release) == ["shop0/4"]
    assert release.positions == {SHOP_0: 6}
    assert release.mark == 7


def test_a_mark_that_comes_again_is_passed_over() -> None:
    made = intake(by_marks=True)
    for partition_id in (SHOP_0, SHOP_1, OWN):
        made.push(
            partition_id,
            [buffered(partition_id, 0, Mark(1, at(1))), buffered(partition_id, 1, Mark(1, at(1)))],
        )
    first = made.release(0.0, NOON)
    assert first is not None
    assert first.mark == 1
    assert made.release(0.0, NOON) is None
    for partition_id in (SHOP_0, SHOP_1, OWN):
        made.push(
            partition_id,
            [
                buffered(partition_id, 2, event(2, partition_id.topic)),
                buffered(partition_id, 3, Mark(2, at(3))),
            ],
        )
    second = made.release(0.0, NOON)
    assert second is not None
    assert len(second.records) == 3
    assert second.mark == 2
    assert second.positions == {SHOP_0: 4, SHOP_1: 4, OWN: 4}


def test_partitions_revoked_in_the_middle_of_a_barrier_leave_the_rest_whole() -> None:
    made = intake(by_marks=True, batch_records=1)
    for partition_id in (SHOP_0, SHOP_1):
        made.push(
            partition_id,
            [buffered(partition_id, n, event(n, f"{n}")) for n in range(2)]
            + [buffered(partition_id, 2, Mark(1, at(9)))],
        )
    made.push(OWN, [buffered(OWN, 0, Mark(1, at(9)))])
    assert names(made.release(0.0, NOON)) == ["shop0/0"]
    made.revoke([SHOP_0])
    assert names(made.release(0.0, NOON)) == ["shop1/0"]
    last = made.release(0.0, NOON)
    assert last is not None
    assert names(last) == ["shop1/1"]
    assert last.positions == {SHOP_1: 3, OWN: 1}
    assert last.watermarks == {SHOP_1: at(9)}


@pytest.mark.parametrize("by_marks", [False, True])
def test_nothing_assigned_releases_nothing(by_marks: bool) -> None:
    made = Intake(by_marks=by_marks, limits=Limits(), is_own=lambda _: False)
    assert made.release(0.0, NOON) is None
    assert made.watermark() is None
