"""The proxy does what it says: passes on, delays, resets, goes silent, and loses the answers to writes."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from random import Random

import pytest

from chassis.clock import monotonic
from devstack import ports
from tests.faults.proof.proxy import Frames, Harm, KafkaSpy, PostgresSpy, Proxy, Spy

pytestmark = pytest.mark.faults

PATIENCE_SECONDS = 10.0
SOON_SECONDS = 0.3


class Echo:
    """A server that sends back what it gets, and keeps it."""

    def __init__(self) -> None:
        self.got = b""
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._writers.append(writer)
        with suppress(OSError):
            while chunk := await reader.read(65536):
                self.got += chunk
                writer.write(chunk)
                await writer.drain()
        writer.close()


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    made = Echo()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


async def proxied(echo: Echo, spy: Callable[[], Spy] = PostgresSpy) -> Proxy:
    (port,) = ports.free(1)
    proxy = Proxy("test", port, echo.port, spy, Random(1))
    await proxy.start()
    return proxy


async def asked(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: bytes, limit_seconds: float
) -> bytes:
    """Returns the echo of a text. Raises TimeoutError or ConnectionError."""
    async with asyncio.timeout(limit_seconds):
        writer.write(text)
        return await reader.readexactly(len(text))


async def test_what_is_sent_arrives_late_where_it_is_delayed_and_slow_where_it_is_slowed(echo: Echo) -> None:
    proxy = await proxied(echo)
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await asked(reader, writer, b"x" * 200_000, PATIENCE_SECONDS) == b"x" * 200_000
    assert proxy.counts["delayed"] == 0
    for harm in (Harm(latency_seconds=0.2, jitter_seconds=0.1), Harm(bytes_per_second=10)):
        proxy.harm, began = harm, monotonic()
        assert await asked(reader, writer, b"abcd", PATIENCE_SECONDS) == b"abcd"
        assert monotonic() - began >= 0.4
    assert proxy.counts["delayed"] == 4
    writer.close()
    await proxy.stop()


async def test_silence_holds_back_and_lets_through_when_it_is_over(echo: Echo) -> None:
    proxy = await proxied(echo)
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    proxy.harm = Harm(is_silent=True)
    with pytest.raises(TimeoutError):
        await asked(reader, writer, b"held", SOON_SECONDS)
    assert echo.got == b""
    assert proxy.counts["held_back"] == 1
    proxy.heal()
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await reader.readexactly(4) == b"held"
    writer.close()
    await proxy.stop()


async def test_a_half_open_connection_swallows_all_while_new_ones_work(echo: Echo) -> None:
    proxy = await proxied(echo)
    dead_reader, dead_writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await asked(dead_reader, dead_writer, b"once", PATIENCE_SECONDS) == b"once"
    assert proxy.half_open() == 1
    with pytest.raises(TimeoutError):
        await asked(dead_reader, dead_writer, b"never", SOON_SECONDS)
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await asked(reader, writer, b"new", PATIENCE_SECONDS) == b"new"
    assert (echo.got, proxy.counts["swallowed_bytes"]) == (b"oncenew", 5)
    proxy.heal()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asked(dead_reader, dead_writer, b"over", PATIENCE_SECONDS)
    assert await asked(reader, writer, b"still", PATIENCE_SECONDS) == b"still"
    writer.close()
    await proxy.stop()


async def test_reset_and_refusal_end_connections_and_healing_lets_new_ones_in(echo: Echo) -> None:
    proxy = await proxied(echo)
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await asked(reader, writer, b"a", PATIENCE_SECONDS) == b"a"
    proxy.harm = Harm(is_refusing=True)
    assert proxy.reset() == 1
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asked(reader, writer, b"b", PATIENCE_SECONDS)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asked(*await asyncio.open_connection("127.0.0.1", proxy.port), b"c", PATIENCE_SECONDS)
    assert proxy.counts["refused"] == 1
    proxy.heal()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await asked(reader, writer, b"d", PATIENCE_SECONDS) == b"d"
    writer.close()
    await proxy.stop()


async def test_a_commit_is_forwarded_and_its_answer_lost(echo: Echo) -> None:
    proxy = await proxied(echo)
    proxy.harm = Harm(lose_answers_count=1)
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await asked(reader, writer, b"SELECT;", PATIENCE_SECONDS) == b"SELECT;"
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asked(reader, writer, b"COMMIT;", PATIENCE_SECONDS)
    assert echo.got == b"SELECT;COMMIT;"
    assert (proxy.counts["lost_answers"], proxy.harm.lose_answers_count) == (1, 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await asked(reader, writer, b"COMMIT;", PATIENCE_SECONDS) == b"COMMIT;"
    writer.close()
    await proxy.stop()


def request(api: int, number: int, size: int = 100) -> bytes:
    """As a Kafka client frames one."""
    body = struct.pack(">hhi", api, 9, number) + b"x" * size
    return struct.pack(">i", len(body)) + body


def answer(number: int) -> bytes:
    """As a broker frames one."""
    return struct.pack(">iii", 12, number, 0) + b"okay"


@pytest.mark.parametrize("step", [1, 3, 7, 10_000])
def test_a_produce_request_and_its_answer_are_known_however_the_bytes_are_cut(step: int) -> None:
    spy, seen, answered = KafkaSpy(), list[bytes](), list[bytes]()
    requests = (request(3, 1), request(0, 2, 5_000), request(1, 3))
    for wanted in requests:
        for start in range(0, len(wanted), step):
            if spy.sees_write(wanted[start : start + step]):
                seen.append(wanted)
                assert start + step >= len(wanted), "a write before it was sent whole"
    assert seen == [requests[1]]
    for wanted in (answer(1), answer(2), answer(3)):
        for start in range(0, len(wanted), step):
            if spy.sees_answer(wanted[start : start + step]):
                answered.append(wanted)
    assert answered == [answer(2)]


def test_frames_that_arrive_together_are_told_apart() -> None:
    frames = Frames()
    both = request(0, 5) + request(18, 6)
    assert [struct.unpack(">hhi", head) for head in frames.feed(both)] == [(0, 9, 5), (18, 9, 6)]
