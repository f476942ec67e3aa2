"""Defects on the way out: positions of the log, the relay, dead letters."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any

from aiokafka.errors import KafkaError
from msgspec import structs

from chassis.engine.records import DeadLetter, FactRecord
from chassis.publish.publisher import KafkaPublisher
from chassis.publish.relay import Record, Relay
from chassis.store import store
from chassis.store.lease import PostgresLease
from chassis.store.store import PostgresStore
from tests.faults.proof.pools import pool_of_process, remember_pool
from tests.faults.proof.seams import check_use, replace, replace_text, seam

DELAY_SECONDS = 0.1
"""Between two steps that belong together: the moment for which a defect waits comes sooner."""
SMALL_WINDOW = 5
TWICE_EVERY = 20
CLAIM = f"""
UPDATE cursors SET position = LEAST(cursors.position + {SMALL_WINDOW}, head.position)
FROM (SELECT position FROM cursors WHERE name = 'head') AS head,
     (SELECT position FROM cursors WHERE name = 'relay' FOR UPDATE) AS relay
WHERE name = 'relay' RETURNING relay.position, cursors.position
"""
_running: set[asyncio.Task[None]] = set()


class Beside:
    """A connection of which one statement takes another way, where it is committed at once."""

    def __init__(self, connection: Any, statement: str) -> None:
        self._connection = connection
        self._statement = statement
        self.is_used = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        """One value; the statement's over the other connection, with a pause behind it."""
        if query != self._statement:
            return await self._connection.fetchval(query, *arguments)
        self.is_used = True
        async with pool_of_process().acquire() as other:
            value = await other.fetchval(query, *arguments)
        await asyncio.sleep(DELAY_SECONDS)
        return value


def positions_without_the_lock() -> None:
    """The head of the log moves in a transaction of its own."""
    remember_pool()
    statement: str = seam(store, "TAKE_POSITIONS")
    original = seam(PostgresStore, "append")
    check_use(original, "TAKE_POSITIONS")

    async def append(self: PostgresStore, connection: Any, *arguments: Any) -> int:
        beside = Beside(connection, statement)
        head = int(await original(self, beside, *arguments))
        if not beside.is_used:
            raise LookupError("positions are not taken by TAKE_POSITIONS any more")
        return head

    replace(PostgresStore, "append", append)


def facts_without_the_lock() -> None:
    """The head is looked at, and written when the facts are: two writers may see the same."""
    update = "UPDATE cursors SET position = position + $1 WHERE name = 'head' RETURNING position"
    look = "SELECT position + $1 FROM cursors WHERE name = 'head'"
    replace_text(store, "TAKE_POSITIONS", update, look)
    original = seam(PostgresStore, "append")

    async def append(self: PostgresStore, connection: Any, *arguments: Any) -> int:
        head = int(await original(self, connection, *arguments))
        await asyncio.sleep(DELAY_SECONDS)
        await connection.execute(
            "UPDATE cursors SET position = greatest(position, $1) WHERE name = 'head'", head
        )
        return head

    replace(PostgresStore, "append", append)


def two_relay_leaders() -> None:
    """Both replicas publish; each takes the next few positions and publishes them when it comes to it."""
    dice = Random()
    take = seam(PostgresLease, "take")
    names = [seam(Relay, name) for name in ("_turn", "_outcome", "_dead_letter")]

    async def taken(self: PostgresLease) -> bool:
        is_relay: bool = seam(self, "_name") == "relay"
        return is_relay or bool(await take(self))

    async def turn(self: Relay) -> bool:
        connection, log_reader = seam(self._lease, "_connection"), seam(self, "_log_reader")
        start, upto = await connection.fetchrow(CLAIM)
        if start == upto:
            return False
        records = [names[1](self, row) for row in await log_reader.facts(start, upto)]
        records += [names[2](self, row) for row in await log_reader.dead_letters(start, upto)]
        await asyncio.sleep(dice.uniform(0, 3 * DELAY_SECONDS))
        await seam(self, "_publisher").publish(records)
        return True

    replace(PostgresLease, "take", taken)
    replace(Relay, "_turn", turn)


def retry_without_the_id() -> None:
    """Until a first window of its own is through, what a relay publishes gets ids of another kind."""
    turn, outcome = seam(Relay, "_turn"), seam(Relay, "_outcome")
    through: set[int] = set()

    async def turned(self: Relay) -> bool:
        was_through = id(self) in through
        through.discard(id(self))
        has_moved = bool(await turn(self))  # what it raises leaves the relay in doubt about the window
        if has_moved or was_through:
            through.add(id(self))
        return has_moved

    def told(self: Relay, row: Any) -> Record:
        record: Record = outcome(self, row)
        is_again = id(self) not in through and seam(self, "_lease").position > 0
        return _renamed(record, b"~again") if is_again else record

    replace(Relay, "_turn", turned)
    replace(Relay, "_outcome", told)


def cursor_before_acknowledgement() -> None:
    """Publishing is over when it has begun."""
    original = seam(KafkaPublisher, "publish")
    turn = asyncio.Lock()

    async def in_background(self: KafkaPublisher, records: Sequence[Record]) -> None:
        async with turn:
            await asyncio.sleep(DELAY_SECONDS)
            with suppress(KafkaError, OSError, TimeoutError):
                await original(self, records)

    async def publish(self: KafkaPublisher, records: Sequence[Record]) -> None:
        task = asyncio.create_task(in_background(self, list(records)))
        _running.add(task)
        task.add_done_callback(_running.discard)

    replace(KafkaPublisher, "publish", publish)


def announced_twice() -> None:
    """One record in so many goes out again with an id of its own."""
    original = seam(KafkaPublisher, "publish")
    counted = [0]

    async def publish(self: KafkaPublisher, records: Sequence[Record]) -> None:
        doubled: list[Record] = []
        for record in records:
            counted[0] += 1
            doubled.append(record)
            if counted[0] % TWICE_EVERY == 0:
                doubled.append(_renamed(record, b"~twice"))
        await original(self, doubled)

    replace(KafkaPublisher, "publish", publish)


def dead_letter_without_its_place() -> None:
    """The record is not kept with it."""
    original = seam(store, "dead_row")

    def dead_row(position: int, letter: DeadLetter) -> Any:
        return original(position, structs.replace(letter, origin=None))

    replace(store, "dead_row", dead_row)


def dead_letters_not_written() -> None:
    """They are left out of what is appended."""
    original = seam(PostgresStore, "append")

    async def append(
        self: PostgresStore,
        connection: Any,
        facts: Sequence[FactRecord],
        dead: Sequence[DeadLetter],
        *more: Any,
    ) -> int:
        del dead
        return int(await original(self, connection, facts, (), *more))

    replace(PostgresStore, "append", append)


def _renamed(record: Record, suffix: bytes) -> Record:
    """The record with another id."""
    topic, key, headers, value = record
    changed = [(name, (content or b"") + suffix if name == "ce_id" else content) for name, content in headers]
    return topic, key, changed, value
