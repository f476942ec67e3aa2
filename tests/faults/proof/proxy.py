"""A TCP proxy of the test between one process and the broker or the database, which does harm when told.

What it can do to the connections that go through it: delay (with jitter), slow down to a bandwidth, reset,
go silent for all or for those that are open (half-open), refuse new ones, and lose the answer to a request
that was forwarded whole (the write happens, its acknowledgement does not arrive).
"""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

CHUNK_BYTES = 64 * 1024
SILENT_LOOK_SECONDS = 0.05
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing sends RST."""


@dataclass
class Harm:
    """The harm done to the connections; none by default."""

    latency_seconds: float = 0.0
    jitter_seconds: float = 0.0
    bytes_per_second: float = 0.0
    """0: as fast as it goes."""
    is_silent: bool = False
    """Nothing passes and nothing is closed; what was sent meanwhile arrives when it is over."""
    is_refusing: bool = False
    """New connections are reset at once."""
    lose_answers_count: int = 0
    """The answers to so many writes are still to be lost."""


class Spy(Protocol):
    """Watches one connection's bytes for a write and for the answer to it."""

    def sees_write(self, chunk: bytes) -> bool:
        """Whether with this chunk, to the server, a write has been sent whole."""
        ...

    def sees_answer(self, chunk: bytes) -> bool:
        """Whether this chunk, to the client, begins to answer that write."""
        ...


@dataclass(eq=False)
class Link:
    """One connection through the proxy."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    spy: Spy
    is_dead: bool = False
    """Half-open: whatever is sent is swallowed, for ever, and nobody is told."""
    is_losing: bool = False
    """A write was forwarded whose answer will not arrive."""

    def reset(self) -> None:
        """Ends both sides at once, the client's by RST."""
        for writer in (self.client, self.server):
            raw = writer.get_extra_info("socket")
            with suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            writer.transport.abort()


@dataclass
class Proxy:
    """Listens on one port and passes everything on to another, both on the loopback address."""

    name: str
    port: int
    target_port: int
    make_spy: Callable[[], Spy]
    dice: Random
    harm: Harm = field(default_factory=Harm)
    counts: Counter[str] = field(default_factory=Counter[str])
    """Counts since the start: connections, refused, reset, swallowed_bytes, delayed, held_back,
    lost_answers."""

    def __post_init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._links: set[Link] = set()
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begins to listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=CHUNK_BYTES)

    async def stop(self) -> None:
        """Ends all connections and stops listening."""
        if self._server is not None:
            self._server.close()
        self.reset()
        await asyncio.sleep(0)  # a connection that was taken before begins its task now
        while self._serving:
            for task in self._serving:
                task.cancel()  # those that only dial, too
            await asyncio.gather(*self._serving, return_exceptions=True)

    @property
    def open_count(self) -> int:
        """Connections through it now."""
        return len(self._links)

    def reset(self) -> int:
        """Resets every connection; how many there were."""
        count = len(self._links)
        for link in list(self._links):
            link.reset()
        self.counts["reset"] += count
        return count

    def half_open(self) -> int:
        """Makes every connection that is open a dead one that nobody is told of; how many there were."""
        for link in self._links:
            link.is_dead = True
        return len(self._links)

    def heal(self) -> None:
        """Ends all harm. A connection that was half-open is reset, as the other side's machine would do."""
        self.harm = Harm()
        for link in [link for link in self._links if link.is_dead]:
            link.reset()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            if self.harm.is_refusing:
                raise ConnectionRefusedError
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            self.counts["refused"] += 1
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            writer.transport.abort()
            return
        link = Link(writer, server_writer, self.make_spy())
        self._links.add(link)
        self.counts["connections"] += 1
        ways = (self._pass(link, reader, to_server=True), self._pass(link, server_reader, to_server=False))
        tasks = [asyncio.ensure_future(way) for way in ways]
        try:
            await asyncio.wait(tasks)
        finally:
            for each in tasks:
                each.cancel()
            link.reset()
            self._links.discard(link)

    async def _pass(self, link: Link, reader: asyncio.StreamReader, *, to_server: bool) -> None:
        writer = link.server if to_server else link.client
        with suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                await self._delayed(len(chunk))
                self.counts["held_back"] += self.harm.is_silent
                while self.harm.is_silent and not link.is_dead:
                    await asyncio.sleep(SILENT_LOOK_SECONDS)
                if link.is_dead:
                    self.counts["swallowed_bytes"] += len(chunk)
                    continue
                if to_server:
                    is_write = link.spy.sees_write(chunk)
                    if is_write and self.harm.lose_answers_count and not link.is_losing:
                        self.harm.lose_answers_count -= 1
                        link.is_losing = True
                elif link.spy.sees_answer(chunk) and link.is_losing:
                    self.counts["lost_answers"] += 1
                    link.reset()
                    return
                writer.write(chunk)
                await writer.drain()
        if link.is_dead:
            return  # the other side does not learn of it
        with suppress(OSError, RuntimeError):
            writer.close()

    async def _delayed(self, size: int) -> None:
        harm = self.harm
        pause = harm.latency_seconds
        if harm.jitter_seconds:
            pause += self.dice.uniform(0, harm.jitter_seconds)
        if harm.bytes_per_second:
            pause += size / harm.bytes_per_second
        if pause:
            self.counts["delayed"] += 1
            await asyncio.sleep(pause)


class KafkaSpy:
    """Sees produce requests (key 0), and the response that carries the same number."""

    PRODUCE = 0

    def __init__(self) -> None:
        self._requests = Frames()
        self._answers = Frames()
        self._asked: int | None = None

    def sees_write(self, chunk: bytes) -> bool:
        """Whether a produce request ends in this chunk."""
        is_write = False
        for head in self._requests.feed(chunk):
            api, _, number = struct.unpack(">hhi", head)
            if api == self.PRODUCE:
                is_write, self._asked = True, number
        return is_write

    def sees_answer(self, chunk: bytes) -> bool:
        """Whether the response to the last produce request seen ends in this chunk."""
        return any(struct.unpack(">i4x", head)[0] == self._asked for head in self._answers.feed(chunk))


class Frames:
    """Cuts a stream into frames: four bytes of length and as many of content."""

    HEAD_BYTES = 8

    def __init__(self) -> None:
        self._left_bytes = 0
        self._head = b""
        self._size = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The first eight bytes of every frame that ends in this chunk; shorter frames are passed over."""
        found: list[bytes] = []
        while chunk:
            if not self._left_bytes:
                needed = 4 - len(self._size)
                self._size, chunk = self._size + chunk[:needed], chunk[needed:]
                if len(self._size) < 4:
                    break
                self._left_bytes = struct.unpack(">i", self._size)[0]
                self._size = self._head = b""
            taken, chunk = chunk[: self._left_bytes], chunk[self._left_bytes :]
            self._head = (self._head + taken)[: self.HEAD_BYTES]
            self._left_bytes -= len(taken)
            if not self._left_bytes and len(self._head) == self.HEAD_BYTES:
                found.append(self._head)
        return found


class PostgresSpy:
    """Sees COMMIT, and whatever comes next."""

    def sees_write(self, chunk: bytes) -> bool:
        """Whether a commit is in this chunk."""
        return b"COMMIT;" in chunk

    def sees_answer(self, chunk: bytes) -> bool:
        """The server's next bytes."""
        return bool(chunk)
