"""Dead letters as an operator meets them: list, show, send again with who and why."""

import importlib
from collections.abc import Sequence

import asyncpg
import pytest

from aftersales_contracts.reasons import Reason
from aftersales_contracts.shop.orders import OrderPaidV1, OrderPlacedV1
from chassis.engine.records import DeadLetter, StoredOrigin
from chassis.ingest.claimed import claimed
from chassis.ingest.decoder import Rejected
from chassis.operate import dead_letters
from chassis.operate.dead_letters import Filter
from chassis.operate.erasure import ERASED
from chassis.store.migrate import migrate
from chassis.store.store import INSERT_DEAD, dead_row
from tests.chassis import toy
from tests.chassis.runtime.test_batches import LIMITS, MINUTE, T0, Bench, bench
from tests.conftest import Database

step_0005 = importlib.import_module("chassis.store.migrations.versions.0005_operators_look")
pytestmark = pytest.mark.stack
__all__ = ["bench"]

LogReader = list[tuple[str, bytes | None, list[tuple[str, bytes | None]], bytes | None]]


async def nowhere(
    topic: str, key: bytes | None, headers: Sequence[tuple[str, bytes | None]], value: bytes | None
) -> None:
    raise AssertionError("a message of a case does not go to Kafka")


async def test_what_the_decoder_refused_goes_to_its_topic_as_it_came(bench: Bench) -> None:
    origin = StoredOrigin("shop.orders.v1", 3, 7, b"k", (("h", b"\xff"),), b"\x00{")
    await bench.process(bench.processor.translate(origin, Rejected(Reason.BAD_JSON, "data")))
    published: LogReader = []

    async def publish(
        topic: str, key: bytes | None, headers: Sequence[tuple[str, bytes | None]], value: bytes | None
    ) -> None:
        published.append((topic, key, list(headers), value))

    async with bench.pool.acquire() as connection:
        listed = await dead_letters.entries(connection, Filter(), 10)
        assert [(entry.reason, entry.topic, entry.offset) for entry in listed] == [
            ("bad_json", "shop.orders.v1", 7)
        ]
        assert await dead_letters.entries(connection, Filter("too_deep"), 10) == []
        assert await dead_letters.counts(connection) == {"bad_json": 1}
        place = listed[0].position
        with pytest.raises(ValueError, match="who"):
            await dead_letters.resend(connection, place, " ", "because", publish)
        assert (
            await dead_letters.resend(connection, place, "ann", "fixed at the source", publish)
            == "shop.orders.v1"
        )
        assert published == [("shop.orders.v1", b"k", [("h", b"\xff")], b"\x00{")]
        row = await dead_letters.one(connection, place)
        assert (row["resent_by"], row["resent_why"]) == ("ann", "fixed at the source")
        with pytest.raises(dead_letters.NoSuchDeadLetter):
            await dead_letters.one(connection, 999)


NAMED = (
    ("ce_id", b"o1.placed"),
    ("ce_source", b"shop/orders"),
    ("ce_type", b"shop.order.placed.v1"),
    ("ce_subject", b"o1"),
)


async def test_a_letter_says_which_event_the_record_was_and_can_be_searched_for(bench: Bench) -> None:
    """P5: a letter shows id, type and source, and is found by them, by its topic and its moment."""
    refused = Rejected(Reason.FAILED_SCHEMA, "data.lines: missing")
    for offset, headers in enumerate((NAMED, (("ce_id", b"other"), ("ce_type", b"shop.order.paid.v1")), ())):
        origin = StoredOrigin("shop.orders.v1", 0, offset, b"o1", headers, b"{}")
        await bench.process(bench.processor.translate(origin, refused))
    async with bench.pool.acquire() as connection:
        named, *_ = await dead_letters.entries(connection, Filter(event_id="o1.placed"), 10)
        assert (named.event_type, named.event_source, named.event_id, named.subject) == (
            "shop.order.placed.v1", "shop/orders", "o1.placed", "o1",
        )  # fmt: skip

        async def offsets(**wanted: object) -> list[int]:
            found = await dead_letters.entries(connection, Filter(**wanted), 10)  # type: ignore[arg-type]
            return [entry.offset for entry in found]

        assert await offsets() == [2, 1, 0]
        assert await offsets(event_type="order.placed") == [0]
        assert await offsets(event_type="shop.order.paid.v1") == [1]
        assert await offsets(event_type="order") == []
        assert await offsets(source="shop/") == [0]
        assert await offsets(topic="shop.scans.v1") == []
        assert await offsets(since=named.recorded_at, until=named.recorded_at + MINUTE) == [2, 1, 0]
        assert await offsets(until=named.recorded_at) == []


async def test_a_record_is_sent_again_once_for_all_who_could_not_use_it(own_database: Database) -> None:
    """P5: the letters of several readers are of one record; sent again by any, it is published once."""
    for service in ("refunds", "logistics"):
        await migrate(own_database.services[service], service)
    origin = StoredOrigin("shop.orders.v1", 3, 7, b"k", NAMED, b"{")
    letter = DeadLetter(T0, Reason.BAD_JSON, "data", origin, *claimed(origin))
    sent: LogReader = []

    async def publish(
        topic: str, key: bytes | None, headers: Sequence[tuple[str, bytes | None]], value: bytes | None
    ) -> None:
        sent.append((topic, key, list(headers), value))

    connection = await asyncpg.connect(own_database.url)
    both = ("refunds", "logistics")
    try:
        for service, position in (("refunds", 4), ("logistics", 9)):
            await connection.execute("SELECT set_config('search_path', $1, false)", service)
            await connection.execute(INSERT_DEAD, *dead_row(position, letter))
        target = await dead_letters.resend(connection, 9, "ann", "mended", publish, both)
        assert (target, len(sent)) == ("shop.orders.v1", 1)
        await connection.execute("SELECT set_config('search_path', 'refunds', false)")
        assert (await dead_letters.one(connection, 4))["resent_by"] == "ann"
        with pytest.raises(ValueError, match="sent again already"):
            await dead_letters.resend(connection, 4, "bob", "mended too", publish, both)
        assert len(sent) == 1
    finally:
        await connection.close()


async def test_letters_of_the_release_before_get_the_names_from_their_headers(refunds_url: str) -> None:
    connection = await asyncpg.connect(refunds_url, server_settings={"search_path": "refunds"})
    try:
        for offset, headers in enumerate((NAMED, (("ce_id", b"\xff\x00"), ("h", None)), ())):
            origin = StoredOrigin("shop.orders.v1", 3, offset, b"k", headers, b"{")
            bare = DeadLetter(T0, Reason.BAD_JSON, "data", origin)
            await connection.execute(INSERT_DEAD, *dead_row(offset + 1, bare))
        await connection.execute(step_0005.NAMES)
        listed = await dead_letters.entries(connection, Filter(), 10)
        assert [(entry.event_id, entry.event_type) for entry in listed] == [
            ("", ""), ("\\377\\000", ""), ("o1.placed", "shop.order.placed.v1"),
        ]  # fmt: skip
    finally:
        await connection.close()


async def test_a_letter_about_records_that_are_gone_cannot_be_sent_again(bench: Bench) -> None:
    origin = StoredOrigin("shop.orders.v1", 3, 7, None, (), None)
    lost = Rejected(Reason.RECORDS_LOST, "offsets 3 to 7 were deleted before they were read")
    for _ in range(2):  # found again after a crash
        await bench.process(bench.processor.translate(origin, lost))
    async with bench.pool.acquire() as connection:
        (listed,) = await dead_letters.entries(connection, Filter("records_lost"), 10)
        with pytest.raises(ValueError, match="their senders have to tell them again"):
            await dead_letters.resend(connection, listed.position, "ann", "why not", nowhere)


async def test_a_message_whose_rule_failed_goes_back_to_its_case(bench: Bench) -> None:
    await bench.process(bench.arrival(OrderPlacedV1, "o1", T0, "e1"))
    toy.BROKEN.add("Added")
    await bench.process(bench.arrival(OrderPaidV1, "o1", T0 + MINUTE, "e3"))
    for _ in range(LIMITS.attempts):
        await bench.processor.fire_due(100)
    toy.BROKEN.clear()
    async with bench.pool.acquire() as connection:
        place = (await dead_letters.entries(connection, Filter(Reason.RULE_FAILED), 10))[0].position
        assert await dead_letters.resend(connection, place, "ann", "rule mended", nowhere) == "tab o1"
    await bench.processor.fire_due(100)
    assert await bench.facts() == [("o1", "TabOpened", 1), ("o1", "AmountAdded", 2)]
    assert await bench.pool.fetchval("SELECT count(*) FROM waiting") == 0


async def parked(bench: Bench) -> None:
    """The deadline of an order fails to the last attempt; the rule is mended then."""
    await bench.process(bench.arrival(OrderPlacedV1, "o1", T0, "e1"))
    toy.BROKEN.add("DeadlinePassed")
    bench.processor.watermark = T0 + 2 * toy.HOUR
    for _ in range(LIMITS.attempts + 2):
        await bench.processor.fire_due(100)
    assert await bench.pool.fetchval("SELECT reason FROM waiting") == "parked"
    toy.BROKEN.clear()


async def test_a_parked_deadline_is_taken_up_again(bench: Bench) -> None:
    await parked(bench)
    async with bench.pool.acquire() as connection:
        place = (await dead_letters.entries(connection, Filter(), 10))[0].position
        await dead_letters.resend(connection, place, "ann", "rule mended", nowhere)
    await bench.processor.fire_due(100)
    assert await bench.facts() == [("o1", "TabOpened", 1), ("o1", "TabClosed", 2)]


async def failed_and_buried(bench: Bench) -> int:
    """The number of the newest dead letter, once the rule has failed to the last attempt."""
    toy.BROKEN.add("Added")
    for _ in range(LIMITS.attempts):
        await bench.processor.fire_due(100)
    toy.BROKEN.clear()
    async with bench.pool.acquire() as connection:
        return (await dead_letters.entries(connection, Filter(Reason.RULE_FAILED), 10))[0].position


async def test_what_is_sent_again_and_fails_again_left_no_trace(bench: Bench) -> None:
    await bench.process(bench.arrival(OrderPlacedV1, "o1", T0, "e1"))
    toy.BROKEN.add("Added")
    await bench.process(bench.arrival(OrderPaidV1, "o1", T0 + MINUTE, "e3"))
    first = await failed_and_buried(bench)
    async with bench.pool.acquire() as connection:
        await dead_letters.resend(connection, first, "ann", "mended, she thinks", nowhere)
        with pytest.raises(ValueError, match="already"):
            await dead_letters.resend(connection, first, "bob", "a second time", nowhere)
        again = await connection.fetchrow("SELECT correlation, trace FROM waiting")
        assert again is not None
        assert again["correlation"] == (await dead_letters.one(connection, first))["correlation"] != ""
    second = await failed_and_buried(bench)
    assert second > first
    async with bench.pool.acquire() as connection:
        await dead_letters.resend(connection, second, "ann", "mended indeed", nowhere)
    await bench.processor.fire_due(100)
    assert await bench.facts() == [("o1", "TabOpened", 1), ("o1", "AmountAdded", 2)]


async def test_a_case_parked_when_its_person_was_erased_is_taken_up_again(bench: Bench) -> None:
    await parked(bench)
    await bench.pool.execute("UPDATE dead_letters SET detail = $1, message = NULL", ERASED)
    async with bench.pool.acquire() as connection:
        place = (await dead_letters.entries(connection, Filter(), 10))[0].position
        await dead_letters.resend(connection, place, "ann", "rule mended", nowhere)
    await bench.processor.fire_due(100)
    assert await bench.facts() == [("o1", "TabOpened", 1), ("o1", "TabClosed", 2)]


async def test_an_emptied_message_is_not_sent_again(bench: Bench) -> None:
    await bench.process(bench.arrival(OrderPlacedV1, "o1", T0, "e1"))
    toy.BROKEN.add("Added")
    await bench.process(bench.arrival(OrderPaidV1, "o1", T0 + MINUTE, "e3"))
    place = await failed_and_buried(bench)
    await bench.pool.execute("UPDATE dead_letters SET detail = $1, message = NULL", ERASED)
    async with bench.pool.acquire() as connection:
        with pytest.raises(ValueError, match="emptied"):
            await dead_letters.resend(connection, place, "ann", "rule mended", nowhere)
