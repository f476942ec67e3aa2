"""The promises of store, leases, log reader and watermarks, by PostgreSQL and by the simulation's model."""

import asyncio
from datetime import date, datetime

import asyncpg
import msgspec
import pytest

from chassis.engine.records import PartitionId
from chassis.store import bulk as rows
from chassis.store.lease import LeaseLost
from chassis.store.progress import Progress
from chassis.store.store import Conflict
from chassis.store.stored_headers import pack_headers
from chassis.store.watermarks import BEGINNING, END
from tests.chassis import toy
from tests.chassis.store.store_sides import (
    MINUTE,
    MOMENT_SECONDS,
    MONTH,
    T0,
    ModelSide,
    RealSide,
    Side,
    case,
    dead,
    delivery,
    fact,
    load,
    prepare,
    save,
    subjects_of,
    transaction,
)


@pytest.fixture(
    params=[
        pytest.param("parameters", marks=pytest.mark.stack),
        pytest.param("copy", marks=pytest.mark.stack),
        "model",
    ]
)
def side(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Side:
    """The model, and PostgreSQL by each of the two ways in which rows go to it."""
    if request.param == "model":
        return ModelSide()
    monkeypatch.setattr(rows, "FEW", 0 if request.param == "copy" else 1_000)
    return RealSide(request.getfixturevalue("refunds_pool"))


async def test_an_event_is_new_once_per_month_and_its_hash_is_kept(side: Side) -> None:
    await prepare(side)
    one, two = b"1" * 16, b"2" * 16
    async with transaction(side) as connection:
        assert await side.store.first_seen(connection, [(MONTH, one, 7), (MONTH, two, -8)]) == (
            {one, two},
            {},
        )
    async with transaction(side) as connection:
        found = await side.store.first_seen(connection, [(MONTH, one, 9), (MONTH, b"3" * 16, 1)])
        assert found == ({b"3" * 16}, {one: 7})


async def test_what_was_rolled_back_never_was(side: Side) -> None:
    await prepare(side)
    key = b"1" * 16
    try:
        async with transaction(side) as connection:
            await side.store.first_seen(connection, [(MONTH, key, 7)])
            await side.store.save(connection, subjects_of(case("o1")), [], [delivery("o2", "mailbox")], 0)
            await side.store.append(connection, [fact(1)], [], T0)
            raise LookupError
    except LookupError:
        pass
    async with transaction(side) as connection:
        assert await side.store.first_seen(connection, [(MONTH, key, 7)]) == ({key}, {})
        assert await side.store.append(connection, [], [], T0) == 0
    assert [
        len(subject.cases) + len(subject.waiting) for subject in (await load(side, "o1", "o2")).values()
    ] == [0, 0]


async def test_a_month_has_to_be_prepared(side: Side) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        async with transaction(side) as connection:
            await side.store.first_seen(connection, [(date(2031, 1, 1), b"1" * 16, 1)])
    with pytest.raises(asyncpg.RaiseError):
        async with side.pool.acquire() as connection:
            await side.store.ensure_partition(connection, "cases", MONTH)
    with pytest.raises(asyncpg.RaiseError):
        async with side.pool.acquire() as connection:
            await side.store.ensure_partition(connection, "facts", date(2026, 3, 2))


async def test_a_case_comes_back_as_it_was_saved(side: Side) -> None:
    await save(side, case("o1", 3, wake_at=T0 + toy.HOUR), round_number=5)
    found = (await load(side, "o1", "o2"))["o1"].cases["tab", "o1"]
    assert (found.state, found.version, found.stored_version) == (toy.Open(3, T0 + toy.HOUR), 3, 3)
    assert (found.shop_id, found.policy, found.wake_at, found.round_number) == (
        "s1",
        "toy@1",
        T0 + toy.HOUR,
        5,
    )
    assert (found.opened_at, found.moved_at, found.is_ended) == (T0, T0 + MINUTE, False)
    await save(side, case("o1", 4, stored_version=3, is_ended=True))
    found = (await load(side, "o1"))["o1"].cases["tab", "o1"]
    assert (found.version, found.wake_at, found.is_ended, found.round_number) == (4, None, True, 0)


async def test_a_case_that_began_with_an_early_message_is_not_open(side: Side) -> None:
    await save(side, case("o1", 0))
    found = (await load(side, "o1"))["o1"].cases["tab", "o1"]
    assert (found.version, found.stored_version) == (0, 0)
    assert (found.opened_at, found.moved_at) == (None, None), "its policy was chosen for the year 1970"


async def test_a_case_that_somebody_else_moved_is_a_conflict(side: Side) -> None:
    await save(side, case("o1", 1))
    with pytest.raises(Conflict):
        await save(side, case("o1", 3, stored_version=2))
    with pytest.raises(Conflict):
        await save(side, case("o9", 3, stored_version=2))
    with pytest.raises(Conflict):
        await save(side, case("o1", 1))
    assert (await load(side, "o1"))["o1"].cases["tab", "o1"].version == 1


async def test_a_text_with_nul_is_refused_for_good(side: Side) -> None:
    with pytest.raises(asyncpg.DataError):
        await save(side, case("o\x001"))


async def test_waiting_messages_come_back_in_order_with_their_originals(side: Side) -> None:
    subjects = subjects_of(case("o1"))
    subjects["o1"].waiting = [delivery("o1", "failed", 3, attempts=2, error="x"), delivery("o1", "early", 1)]
    subjects["o1"].held = [delivery("o1", "horizon", 2)]
    async with transaction(side) as connection:
        await side.store.save(connection, subjects, [], [delivery("o2", "mailbox", 4, due_at=T0)], 0)
    found = await load(side, "o1", "o2")
    assert [(p.reason, p.addressed.message) for p in found["o1"].waiting] == [
        ("early", toy.Added(1)), ("failed", toy.Added(3)),
    ]  # fmt: skip
    assert [p.at for p in found["o1"].held] == [T0 + 2 * MINUTE]
    assert found["o1"].cases["tab", "o1"].is_blocked
    assert (found["o1"].waiting[1].attempts, found["o1"].waiting[1].error) == (2, "x")
    assert [(p.reason, p.due_at) for p in found["o2"].waiting] == [("mailbox", T0)]
    origin = found["o1"].waiting[0].origin
    assert origin is not None
    assert (origin.offset, origin.value, tuple(origin.headers)) == (
        1,
        b"\x00v",
        (("h", b"\xff"), ("n", None)),
    )


async def test_a_waiting_message_is_taken_once(side: Side) -> None:
    await save(side, cross_subject=[delivery("o1", "mailbox")])
    (kept,) = (await load(side, "o1"))["o1"].waiting
    assert kept.waiting_id is not None
    async with transaction(side) as connection:
        await side.store.save(connection, {}, [kept.waiting_id], [], 0)
    with pytest.raises(Conflict):
        async with transaction(side) as connection:
            await side.store.save(connection, {}, [kept.waiting_id], [], 0)
    assert (await load(side, "o1"))["o1"].waiting == []


async def test_a_changed_waiting_message_replaces_its_row(side: Side) -> None:
    await save(side, case("o1"), cross_subject=[delivery("o1", "early")])
    subjects = dict(await load(side, "o1"))
    subjects["o1"].waiting[0].reason, subjects["o1"].waiting[0].is_changed = "failed", True
    async with transaction(side) as connection:
        await side.store.save(connection, subjects, [], [], 0)
    assert [p.reason for p in (await load(side, "o1"))["o1"].waiting] == ["failed"]


async def test_positions_follow_each_other_and_a_dead_letter_is_kept_once(side: Side) -> None:
    await prepare(side)
    async with transaction(side) as connection:
        assert await side.store.append(connection, [fact(1), fact(2, '{"a":1}')], [dead(5)], T0) == 3
    async with transaction(side) as connection:
        assert await side.store.append(connection, [fact(3, "{}")], [dead(5), dead(6)], T0) == 6
    async with side.session() as session:
        assert await session.log_reader.head() == 6
        rows = [tuple(row) for row in await session.log_reader.facts(0, 6)]
        assert [(row[3], row[9]) for row in rows] == [(2, '{"a":1}'), (3, "{}")]
        assert rows[0][:3] == ("o1", "tab", "o1")
        assert rows[0][4:9] == (T0, "aftersales.toy.closed.v1", "o1", "e1", None)
        assert [row[3] for row in map(tuple, await session.log_reader.facts(2, 4))] == [3]
        letters = await session.log_reader.dead_letters(0, 6)
        assert [(row["position"], row["place"], row["value"]) for row in letters] == [
            (3, 5, b"\xff"), (6, 6, b"\xff"),
        ]  # fmt: skip
        assert (letters[0]["headers"], letters[0]["reason"]) == ('[["h",null]]', "bad_json")


async def test_a_message_that_fails_again_is_another_dead_letter(side: Side) -> None:
    await prepare(side)
    message = msgspec.structs.replace(dead(5), subject="o1", kind="tab", case_id="o1", name="Added")
    for head in (1, 2):
        async with transaction(side) as connection:
            assert await side.store.append(connection, [], [message], T0) == head
    async with side.session() as session:
        assert [row["position"] for row in await session.log_reader.dead_letters(0, 2)] == [1, 2]


async def test_intake_never_goes_back(side: Side) -> None:
    a0, a1, b0, own = PartitionId("a", 0), PartitionId("a", 1), PartitionId("b", 0), PartitionId("own", 0)
    assert await side.watermarks.others([]) == BEGINNING
    async with transaction(side) as connection:
        await side.store.note_progress(connection, {a0: 5, a1: 7, own: 1}, {a0: T0, b0: T0 + MINUTE}, {a0: 3})
    assert await side.watermarks.others([a0, a1, b0]) == END
    assert await side.watermarks.others([a1]) == T0
    assert await side.watermarks.others([a0, b0]) == BEGINNING
    async with transaction(side) as connection:
        watermarks = {a0: T0 - MINUTE, a1: T0 + 2 * MINUTE}
        await side.store.note_progress(connection, {a0: 4}, watermarks, {a0: 2, a1: 4, b0: 9})
    await asyncio.sleep(2 * MOMENT_SECONDS)
    assert await side.watermarks.others([]) == T0
    assert await side.watermarks.others([a0]) == T0 + MINUTE
    assert await side.watermarks.progress([a0, a1, PartitionId("c", 0)]) == {
        a0: Progress(3, 5), a1: Progress(4, 7), PartitionId("c", 0): Progress(),
    }  # fmt: skip
    assert await side.replay.reached() is None
    async with transaction(side) as connection:
        await side.store.note_progress(connection, {b0: 1, own: 1}, {}, {b0: 2, own: 8})
    assert await side.replay.reached() == (T0, 2)


async def test_the_database_knows_offsets_and_watermarks_that_were_noted_in_it(side: Side) -> None:
    a0, a1, b0 = PartitionId("a", 0), PartitionId("a", 1), PartitionId("b", 0)
    async with side.pool.acquire() as connection:
        assert await side.watermarks.stored(connection) == BEGINNING
    async with transaction(side) as connection:
        await side.store.note_progress(connection, {a0: 5, a1: 7, b0: 1}, {a0: T0, a1: T0 + MINUTE}, {})
    async with side.pool.acquire() as connection:
        known = [
            await side.store.knows(connection, offsets)
            for offsets in ({a0: 5}, {a0: 4, a1: 7}, {a0: 6}, {a0: 5, a1: 8}, {PartitionId("c", 0): 1})
        ]
        assert known == [True, True, False, False, False]
        assert await side.watermarks.stored(connection) == BEGINNING, "b has no stand"
    async with transaction(side) as connection:
        await side.store.note_progress(connection, {}, {b0: T0 + 2 * MINUTE}, {})
        assert await side.watermarks.stored(connection) == T0
    assert not side.watermarks.is_alone([a0, b0])
    assert side.watermarks.is_alone([a0, a1, b0])


async def test_a_partition_without_a_watermark_gave_a_moment_that_could_not_be_compared(side: Side) -> None:
    places = {PartitionId("a", 0): 1, PartitionId("a", 1): 1, PartitionId("b", 0): 1}
    async with transaction(side) as connection:
        await side.store.note_progress(connection, places, {PartitionId("a", 0): T0}, {})
    assert min(await side.watermarks.others([]), T0) == BEGINNING


async def test_what_is_due_comes_the_longest_due_first(side: Side) -> None:
    def due(number: int) -> datetime:
        return T0 + number * MINUTE

    await save(
        side,
        case("c3", wake_at=due(3)), case("c9", wake_at=due(9)), case("c0"),
        cross_subject=[
            delivery("m1", "mailbox", due_at=due(1)), delivery("r5", "failed", retry_at=due(5)),
            delivery("x2", "early", expires_at=due(2)), delivery("c3", "mailbox", due_at=due(0)),
        ],
    )  # fmt: skip

    async def asked(watermark: int, wall: int, limit: int, round_number: int = 0) -> list[str]:
        async with side.pool.acquire() as connection:
            return await side.store.due_subjects(connection, due(watermark), due(wall), limit, round_number)

    assert await asked(3, 4, 10) == ["c3", "m1", "x2"]
    assert await asked(2, 5, 10) == ["c3", "m1", "x2", "r5"]
    assert await asked(9, 9, 2) == ["c3", "m1"]
    assert await asked(-1, -1, 10) == []


async def test_by_marks_a_case_of_this_round_is_not_due_nor_is_its_subject(side: Side) -> None:
    await save(side, case("old", wake_at=T0), round_number=3)
    await save(side, case("new", wake_at=T0), round_number=4)
    async with side.pool.acquire() as connection:
        assert await side.store.due_subjects(connection, T0, T0, 9, 4) == ["old"]
        assert await side.store.due_subjects(connection, T0, T0, 9, 5) == ["new", "old"]


async def test_a_loaded_case_waits_for_whoever_has_it_and_is_seen_as_it_became(side: Side) -> None:
    await save(side, case("o1", 1))
    async with transaction(side) as connection:
        await side.store.load(connection, ["o1"])
        waiter = asyncio.create_task(load(side, "o1"))
        await asyncio.sleep(MOMENT_SECONDS)
        assert not waiter.done()
        await side.store.save(connection, subjects_of(case("o1", 2, stored_version=1)), [], [], 0)
    assert (await waiter)["o1"].cases["tab", "o1"].version == 2


@pytest.mark.parametrize("is_committed", [True, False])
async def test_the_same_event_in_two_transactions_is_decided_by_the_first(
    side: Side, *, is_committed: bool
) -> None:
    await prepare(side)
    key = b"1" * 16

    async def second() -> tuple[set[bytes], dict[bytes, int]]:
        async with transaction(side) as connection:
            return await side.store.first_seen(connection, [(MONTH, key, 8)])

    waiters: list[asyncio.Task[tuple[set[bytes], dict[bytes, int]]]] = []
    try:
        async with transaction(side) as connection:
            await side.store.first_seen(connection, [(MONTH, key, 7)])
            waiters.append(asyncio.create_task(second()))
            await asyncio.sleep(MOMENT_SECONDS)
            assert not waiters[0].done()
            if not is_committed:
                raise LookupError
    except LookupError:
        pass
    assert await waiters[0] == ((set(), {key: 7}) if is_committed else ({key}, {}))


async def test_positions_are_in_the_order_of_the_commits(side: Side) -> None:
    await prepare(side)

    async def second() -> int:
        async with transaction(side) as connection:
            return await side.store.append(connection, [fact(9)], [], T0)

    async with transaction(side) as connection:
        assert await side.store.append(connection, [fact(1), fact(2)], [], T0) == 2
        waiter = asyncio.create_task(second())
        await asyncio.sleep(MOMENT_SECONDS)
        assert not waiter.done()
    assert await waiter == 3


async def test_two_that_wait_for_each_other_do_not_wait_for_ever(side: Side) -> None:
    await save(side, case("o1"), case("o2"))
    both = asyncio.Barrier(2)

    async def crossing(first: str, second: str) -> str:
        try:
            async with transaction(side) as connection:
                await side.store.load(connection, [first])
                await both.wait()
                await side.store.load(connection, [second])
        except asyncpg.DeadlockDetectedError:
            return "deadlock"
        return "done"

    found = await asyncio.gather(crossing("o1", "o2"), crossing("o2", "o1"))
    assert sorted(found) == ["deadlock", "done"]


async def test_one_leads_until_it_lets_go_or_is_gone(side: Side) -> None:
    async with side.session() as one, side.session() as two:
        first, second = one.lease("relay"), two.lease("relay")
        assert (await first.take(), await first.take(), await second.take()) == (True, True, False)
        await first.move(4)
        assert first.position == 4
        with pytest.raises(LeaseLost):
            await second.move(9)
        await first.release()
        assert (await second.take(), second.position) == (True, 4)
        with pytest.raises(LeaseLost):
            await first.move(5)
        assert await one.lease("waker").take()
        await two.end()
        async with asyncio.timeout(5):
            while not await first.take():
                await asyncio.sleep(MOMENT_SECONDS)
        assert first.position == 4


async def test_a_window_ends_before_its_dead_letters_are_too_large(side: Side) -> None:
    await prepare(side)
    async with transaction(side) as connection:
        await side.store.append(connection, [fact(1)], [dead(5), dead(6), dead(7)], T0)
    each = len(pack_headers((("h", None),))) + 1
    async with side.session() as session:
        ends = [await session.log_reader.fitting(0, 4, limit) for limit in (0, each, 2 * each, 3 * each)]
        assert ends == [2, 2, 3, 4], "one at least"
        assert await session.log_reader.fitting(0, 1, 0) == 1
