"""Properties of the order: nothing lost, nothing twice, the same however partitions interleave."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aftersales_contracts.reasons import Reason
from chassis.engine.records import PartitionId
from chassis.ingest.buffer import Buffer
from chassis.ingest.decoder import Accepted, Entry, Ignored, Mark, Rejected
from chassis.ingest.partition import BufferedRecord
from tests.chassis.ingest.samples import (
    NOON,
    OWN,
    SHOP_0,
    SHOP_1,
    at,
    barrier,
    buffered,
    event,
    merge,
    read_to_end,
)

Streams = dict[PartitionId, list[BufferedRecord]]

partition_times = st.lists(st.integers(0, 60), max_size=25)


@st.composite
def streams(draw: st.DrawFn, marks: int) -> Streams:
    """Three partitions, times in any order within each; with marks a mark after every part."""
    made: Streams = {}
    for partition_id in (SHOP_0, SHOP_1, OWN):
        entries: list[Entry] = []
        for tick in range(max(1, marks)):
            for seconds in draw(partition_times):
                kind = draw(st.sampled_from("eeeeir"))
                moment = tick * 100 + seconds
                if kind == "e":
                    entries.append(event(moment, f"{partition_id}{len(entries)}"))
                elif kind == "i":
                    entries.append(Ignored("shop.other.v1", at(moment)))
                else:
                    entries.append(Rejected(Reason.BAD_JSON, "data"))
            if marks:
                entries.append(Mark(tick + 1, at(tick * 100 + 99)))
        made[partition_id] = [buffered(partition_id, offset, entry) for offset, entry in enumerate(entries)]
    return made


def play(
    made: Buffer[Any], given_streams: Streams, draw: st.DataObject
) -> tuple[list[BufferedRecord], dict[PartitionId, int]]:
    """Pushes the partitions in chunks of any size and order, releasing now and then, to the end."""
    left = {partition_id: list(items) for partition_id, items in given_streams.items()}
    released: list[BufferedRecord] = []
    positions: dict[PartitionId, int] = {}
    clock_seconds = 0.0

    def release() -> bool:
        found = made.release(clock_seconds, at(1_000))
        if found is None:
            return False
        released.extend(found.records)
        for partition_id, offset in found.positions.items():
            assert offset >= positions.get(partition_id, 0)
            positions[partition_id] = offset
            given_away = {each.offset for each in released if each.partition_id == partition_id}
            due = {
                each.offset
                for each in given_streams[partition_id]
                if each.offset < offset and isinstance(each.entry, Accepted | Rejected)
            }
            assert due <= given_away
        return bool(found.records or found.positions)

    while any(left.values()):
        partition_id = draw.draw(
            st.sampled_from([partition_id for partition_id, items in left.items() if items])
        )
        count = draw.draw(st.integers(1, 12))
        chunk, left[partition_id] = left[partition_id][:count], left[partition_id][count:]
        made.push(partition_id, [buffered(each.partition_id, each.offset, each.entry) for each in chunk])
        for each_place, items in given_streams.items():
            made.note_position(each_place, len(items) - len(left[each_place]), len(items), at(900))
        if draw.draw(st.booleans()):
            release()
    while release():
        clock_seconds += 100
    for partition_id, items in given_streams.items():
        made.note_position(partition_id, len(items), len(items), at(900))
    while release():
        clock_seconds += 100
    return released, positions


def key(each: BufferedRecord) -> tuple[PartitionId, int]:
    return each.partition_id, each.offset


def expected(given_streams: Streams) -> list[tuple[PartitionId, int]]:
    return sorted(
        key(each)
        for items in given_streams.values()
        for each in items
        if isinstance(each.entry, Accepted | Rejected)
    )


@given(streams(marks=0), st.data())
def test_by_the_clock_nothing_is_lost_or_twice(given_streams: Streams, data: st.DataObject) -> None:
    made = merge(batch_records=data.draw(st.sampled_from([1, 3, 1_000])))
    released, positions = play(made, given_streams, data)
    assert sorted(map(key, released)) == expected(given_streams)
    assert positions == {partition_id: len(items) for partition_id, items in given_streams.items() if items}


@given(streams(marks=0))
def test_by_the_clock_partitions_that_have_data_are_never_inverted(given_streams: Streams) -> None:
    made = merge(batch_records=7)
    ordered: Streams = {}
    for partition_id, items in given_streams.items():
        entries = sorted(
            (each.entry for each in items if isinstance(each.entry, Accepted)),
            key=lambda entry: entry.received.at,
        )
        ordered[partition_id] = [
            buffered(partition_id, offset, entry) for offset, entry in enumerate(entries)
        ]
        made.push(partition_id, ordered[partition_id])
        read_to_end(made, partition_id, len(entries))
    released: list[BufferedRecord] = []
    while (found := made.release(0.0, at(900))) is not None and found.records:
        released.extend(found.records)
    assert len(released) == sum(map(len, ordered.values()))
    assert all(one.at <= other.at for one, other in pairwise(released))


@given(streams(marks=3), st.data())
def test_by_marks_every_interleaving_gives_the_same_order(
    given_streams: Streams, data: st.DataObject
) -> None:
    straight = barrier()
    for partition_id, items in given_streams.items():
        straight.push(partition_id, [buffered(each.partition_id, each.offset, each.entry) for each in items])
    once: list[BufferedRecord] = []
    while (found := straight.release(0.0, NOON)) is not None:
        once.extend(found.records)
    made = barrier(batch_records=data.draw(st.sampled_from([1, 4, 1_000])))
    released, positions = play(made, given_streams, data)
    assert [key(each) for each in released] == [key(each) for each in once]
    assert sorted(map(key, released)) == expected(given_streams)
    assert positions == {partition_id: len(items) for partition_id, items in given_streams.items()}
