"""Dead letters as an operator meets them: list, show, send again with who and why."""

from collections.abc import Sequence

import pytest

from aftersales_contracts.reasons import Reason
from aftersales_contracts.shop.orders import OrderPaidV1, OrderPlacedV1
from chassis.engine.records import StoredOrigin
from chassis.ingest.decoder import Rejected
from chassis.operate import dead_letters
from chassis.operate.erasure import ERASED
from tests.chassis import toy
from tests.chassis.runtime.test_batches import LIMITS, MINUTE, T0, Bench, bench

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
        listed = await dead_letters.entries(connection, None, 10)
        assert [(entry.reason, entry.topic, entry.offset) for entry in listed] == [
            ("bad_json", "shop.orders.v1", 7)
        ]
        assert await dead_letters.entries(connection, "too_deep", 10) == []
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


async def test_a_letter_about_records_that_are_gone_cannot_be_sent_again(bench: Bench) -> None:
    origin = StoredOrigin("shop.orders.v1", 3, 7, None, (), None)
    lost = Rejected(Reason.RECORDS_LOST, "offsets 3 to 7 were deleted before they were read")
    for _ in range(2):  # found again after a crash
        await bench.process(bench.processor.translate(origin, lost))
    async with bench.pool.acquire() as connection:
        (listed,) = await dead_letters.entries(connection, "records_lost", 10)
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
        place = (await dead_letters.entries(connection, Reason.RULE_FAILED, 10))[0].position
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
        place = (await dead_letters.entries(connection, None, 10))[0].position
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
        return (await dead_letters.entries(connection, Reason.RULE_FAILED, 10))[0].position


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
        place = (await dead_letters.entries(connection, None, 10))[0].position
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
