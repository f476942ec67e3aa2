"""The barrier of a replay: it waits for a mark in every partition, and comes in pieces."""

from chassis.ingest.decoder import Mark
from chassis.store.progress import Progress
from tests.chassis.ingest.samples import (
    NOON,
    OWN,
    SHOP_0,
    SHOP_1,
    at,
    barrier,
    buffered,
    event,
    names,
)


def test_a_barrier_waits_for_the_mark_of_every_partition() -> None:
    made = barrier()
    made.push(SHOP_0, [buffered(SHOP_0, 0, event(5, "b")), buffered(SHOP_0, 1, Mark(1, at(10)))])
    made.push(SHOP_1, [buffered(SHOP_1, 0, event(2, "a")), buffered(SHOP_1, 1, Mark(1, at(10)))])
    assert made.release(0.0, NOON) is None
    made.push(OWN, [buffered(OWN, 0, Mark(1, at(10))), buffered(OWN, 1, event(11, "later"))])
    release = made.release(0.0, NOON)
    assert release is not None
    assert names(release) == ["shop1/0", "shop0/0"]
    assert release.positions == {SHOP_0: 2, SHOP_1: 2, OWN: 1}
    assert release.rounds == {SHOP_0: 1, SHOP_1: 1, OWN: 1}
    assert release.watermarks == {SHOP_0: at(10), SHOP_1: at(10)}
    assert (release.watermark, release.is_whole, release.round_number) == (at(10), True, 1)
    assert made.release(0.0, NOON) is None
    assert made.buffered_count == 1


def test_a_large_barrier_comes_in_pieces_and_offsets_never_step_over_what_is_left() -> None:
    made = barrier(batch_records=2)
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
    assert [piece.is_whole for piece in pieces] == [False, False, True]
    assert [piece.round_number for piece in pieces] == [1, 1, 1]
    assert [bool(piece.watermarks) for piece in pieces] == [False, False, True]
    assert all(piece.watermark == at(10) for piece in pieces)


def test_who_takes_over_waits_for_no_mark_that_lies_behind() -> None:
    made = barrier()
    made.push(SHOP_0, [buffered(SHOP_0, 4, event(5)), buffered(SHOP_0, 5, Mark(7, at(10)))])
    assert made.release(0.0, NOON) is None
    made.note_progress({SHOP_1: Progress(7), OWN: Progress(8)})
    release = made.release(0.0, NOON)
    assert release is not None
    assert names(release) == ["shop0/4"]
    assert release.positions == {SHOP_0: 6}
    assert (release.is_whole, release.round_number) == (True, 7)


def test_a_mark_that_comes_again_is_passed_over() -> None:
    made = barrier()
    for partition_id in (SHOP_0, SHOP_1, OWN):
        made.push(
            partition_id,
            [buffered(partition_id, 0, Mark(1, at(1))), buffered(partition_id, 1, Mark(1, at(1)))],
        )
    first = made.release(0.0, NOON)
    assert first is not None
    assert (first.is_whole, first.round_number) == (True, 1)
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
    assert (second.is_whole, second.round_number) == (True, 2)
    assert second.positions == {SHOP_0: 4, SHOP_1: 4, OWN: 4}


def test_partitions_revoked_in_the_middle_of_a_barrier_leave_the_rest_whole() -> None:
    made = barrier(batch_records=1)
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
