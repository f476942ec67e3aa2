"""The merge by event time: patience, watermarks, bounds, pauses."""

from datetime import timedelta

import pytest

from aftersales_contracts.reasons import Reason
from chassis.ingest.decoder import Ignored, Rejected
from chassis.ingest.merge import Merge
from chassis.ingest.replay_barrier import ReplayBarrier
from chassis.settings import Limits
from tests.chassis.ingest.samples import (
    NOON,
    OWN,
    SHOP_0,
    SHOP_1,
    at,
    buffered,
    event,
    merge,
    names,
    read_to_end,
)


def test_heads_are_merged_by_event_time() -> None:
    made = merge()
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
    made = merge(patience_ms=50)
    made.push(SHOP_0, [buffered(SHOP_0, 0, event(1))])
    read_to_end(made, SHOP_0, 1)
    read_to_end(made, OWN, 0)
    made.note_position(SHOP_1, 5, 9, at(0))
    assert names(made.release(1.0, at(1))) == []
    assert made.release(1.04, at(1)) is None
    assert names(made.release(1.06, at(1))) == ["shop0/0"]


def test_an_unknown_end_holds_up_as_well_and_an_answer_frees_at_once() -> None:
    made = merge()
    made.push(SHOP_0, [buffered(SHOP_0, 0, event(1))])
    read_to_end(made, SHOP_0, 1)
    read_to_end(made, OWN, 0)
    assert names(made.release(1.0, at(1))) == []
    read_to_end(made, SHOP_1, 3)
    assert names(made.release(1.0, at(1))) == ["shop0/0"]


def test_patience_grows_with_the_age_of_what_is_held() -> None:
    made = merge(patience_ms=50, backlog_patience_ms=5_000)
    made.push(SHOP_0, [buffered(SHOP_0, 0, event(0))])
    read_to_end(made, SHOP_0, 1)
    read_to_end(made, OWN, 0)
    made.note_position(SHOP_1, 0, 9, at(0))
    assert names(made.release(1.0, at(60))) == []
    assert names(made.release(3.9, at(60))) == []
    assert names(made.release(4.1, at(60))) == ["shop0/0"]


def test_the_merge_stops_where_a_partition_runs_dry_but_has_more() -> None:
    made = merge()
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
    made = merge(batch_records=1)
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
    made = merge()
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


def test_a_partition_stands_at_its_last_stable_offset() -> None:
    """B5: an answer lay behind an open transaction, and its deadline fired with a lag of nothing."""
    made = merge(patience_ms=50)
    made.push(SHOP_0, [buffered(SHOP_0, 0, event(1))])
    made.note_position(SHOP_0, 1, 4, at(20), 1)
    read_to_end(made, SHOP_1, 0, seconds=20)
    read_to_end(made, OWN, 0)

    release = made.release(0.0, at(20))

    assert release is not None
    assert names(release) == ["shop0/0"]
    assert release.watermark == at(1)
    assert made.held() == {"shop": 1, "own": 0}
    assert made.lag() == {"shop": 3, "own": 0}
    assert not made.is_caught_up()
    made.note_position(SHOP_0, 4, 4, at(30), 4)
    read_to_end(made, SHOP_1, 0, seconds=30)
    over = made.release(1.0, at(30))
    assert over is not None
    assert over.watermark == at(30)
    assert made.held() == {"shop": 0, "own": 0}
    assert made.is_caught_up()


def test_an_open_transaction_delays_other_partitions_by_the_patience_only() -> None:
    made = merge(patience_ms=50, backlog_patience_ms=50)
    made.note_position(SHOP_0, 1, 4, at(20), 1)
    made.push(SHOP_1, [buffered(SHOP_1, 0, event(5))])
    read_to_end(made, SHOP_1, 1)
    read_to_end(made, OWN, 0)

    assert names(made.release(1.0, at(6))) == []
    assert names(made.release(1.06, at(6))) == ["shop1/0"]
    made.push(SHOP_1, [buffered(SHOP_1, 1, event(6))])
    assert names(made.release(1.07, at(6))) == ["shop1/1"]


def test_own_topics_take_part_in_the_merge_but_bound_no_watermark() -> None:
    made = merge()
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
    made = merge()
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
    made = merge(batch_records=3, batch_bytes=64 * 1024)
    made.push(SHOP_0, [buffered(SHOP_0, n, event(n), size=30_000 if n < 6 else 10) for n in range(12)])
    for partition_id, position in ((SHOP_0, 12), (SHOP_1, 0), (OWN, 0)):
        read_to_end(made, partition_id, position)
    sizes = []
    while (release := made.release(0.0, at(99))) is not None and release.records:
        sizes.append(len(release.records))
        assert release.positions == {SHOP_0: sum(sizes)}
    assert sizes == [2, 2, 3, 3, 2]


def test_one_record_larger_than_a_batch_still_passes() -> None:
    made = merge(batch_bytes=64 * 1024)
    made.push(SHOP_0, [buffered(SHOP_0, 0, event(0), size=900_000)])
    for partition_id, position in ((SHOP_0, 1), (SHOP_1, 0), (OWN, 0)):
        read_to_end(made, partition_id, position)
    assert names(made.release(0.0, at(1))) == ["shop0/0"]


def test_partitions_with_too_much_in_memory_are_paused_and_resumed() -> None:
    made = merge(partition_records=10, batch_records=6)
    made.push(SHOP_0, [buffered(SHOP_0, n, event(n)) for n in range(11)])
    for partition_id, position in ((SHOP_0, 11), (SHOP_1, 0), (OWN, 0)):
        read_to_end(made, partition_id, position)
    assert made.pauses() == ([SHOP_0], [])
    assert made.pauses() == ([], [])
    made.release(0.0, at(99))
    assert made.pauses() == ([], [SHOP_0])


def test_a_partition_that_gives_more_may_hold_more() -> None:
    made = merge(buffered_records=100, batch_records=60)
    made.push(SHOP_0, [buffered(SHOP_0, n, event(n)) for n in range(90)])
    made.push(SHOP_1, [buffered(SHOP_1, n, event(1 + 50 * n)) for n in range(40)])
    for partition_id, position in ((SHOP_0, 90), (SHOP_1, 40), (OWN, 0)):
        read_to_end(made, partition_id, position)
    assert made.pauses() == ([SHOP_0], [])  # 50 each: nothing was given yet
    made.release(0.0, at(999))  # 58 of the one, 2 of the other
    assert made.pauses() == ([SHOP_1], [SHOP_0])  # from now on 73 and 27


def test_what_was_revoked_is_forgotten_and_a_reread_starts_anew() -> None:
    made = merge()
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


@pytest.mark.parametrize("kind", [Merge, ReplayBarrier])
def test_nothing_assigned_releases_nothing(kind: type[Merge] | type[ReplayBarrier]) -> None:
    made = kind(limits=Limits(), is_own=lambda _: False)
    assert made.release(0.0, NOON) is None
    assert made.watermark() is None
