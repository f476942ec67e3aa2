"""Baseline: one message, one transaction, as most services are written.

aiokafka `getone`; inbox, case, outbox row and timer in one transaction; the offset is committed per
message. A relay in the same process takes outbox rows, a hundred at a time, publishes them, waits for
the acknowledgements and deletes them. No rules and no validation.
"""

import asyncio
import sys
from datetime import datetime
from typing import Any

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from benchmarks.baseline import ANSWER_WITHIN, Message, Orders, Outgoing, decide, headers_of, read
from benchmarks.broker import make_producer

RELAY_ROWS = 100
RELAY_PAUSE_SECONDS = 0.01

INBOX = "INSERT INTO inbox VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id"
LOAD = "SELECT version, state FROM cases WHERE case_id = $1 FOR UPDATE"
SAVE = """
INSERT INTO cases VALUES ($1, $2, $3)
ON CONFLICT (case_id) DO UPDATE SET version = EXCLUDED.version, state = EXCLUDED.state
"""
TIMER = """
INSERT INTO timers VALUES ($1, $2) ON CONFLICT (case_id) DO UPDATE SET due_at = EXCLUDED.due_at
"""
OUTBOX = "INSERT INTO outbox (key, type, event_id, at, cause, data) VALUES ($1, $2, $3, $4, $5, $6)"
TAKE = """
SELECT id, key, type, event_id, at, cause, data FROM outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
"""
SENT = "DELETE FROM outbox WHERE id = ANY ($1::bigint[])"


async def handle(connection: asyncpg.Connection, message: Message) -> None:
    """One message in one transaction."""
    async with connection.transaction():
        if await connection.fetchval(INBOX, message.source, message.id) is None:
            return
        row = await connection.fetchrow(LOAD, message.case_id)
        version, state = (0, {}) if row is None else (row[0], orjson.loads(row[1]))
        state, outcomes = decide(message, version + 1, state)
        await connection.execute(SAVE, message.case_id, version + 1, orjson.dumps(state).decode())
        await connection.execute(TIMER, message.case_id, message.at + ANSWER_WITHIN)
        for o in outcomes:
            await connection.execute(OUTBOX, o.key, o.type, o.event_id, o.at, o.cause, o.data)


async def relay_once(connection: asyncpg.Connection, producer: AIOKafkaProducer, topic: str) -> int:
    """Publishes some outbox rows; how many."""
    async with connection.transaction():
        rows = await connection.fetch(TAKE, RELAY_ROWS)
        sent: list[asyncio.Future[Any]] = []
        for row in rows:
            o = Outgoing(*_columns(row))
            sent.append(
                await producer.send(topic, key=o.key.encode(), value=o.data.encode(), headers=headers_of(o))
            )
        await asyncio.gather(*sent)
        if rows:
            await connection.execute(SENT, [row[0] for row in rows])
    return len(rows)


def _columns(row: Any) -> tuple[str, str, str, datetime, str, str]:
    return row[1], row[2], row[3], row[4], row[5], row[6]


async def relay(connection: asyncpg.Connection, producer: AIOKafkaProducer, topic: str) -> None:
    """Publishes for ever."""
    while True:
        if not await relay_once(connection, producer, topic):
            await asyncio.sleep(RELAY_PAUSE_SECONDS)


async def run(orders: Orders) -> None:
    """Handles so many events, publishes what is left, then ends."""
    session = {"search_path": orders.schema}
    connection = await asyncpg.connect(orders.database_url, server_settings=session)
    relaying = await asyncpg.connect(orders.database_url, server_settings=session)
    producer = make_producer(orders.bootstrap_servers)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=orders.bootstrap_servers,
        group_id=orders.group_id,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=50,
    )
    await producer.start()
    await consumer.start()
    offsets = {TopicPartition(t, int(p)): o for t, by in orders.start.items() for p, o in by.items()}
    consumer.assign(list(offsets))
    for place, offset in offsets.items():
        consumer.seek(place, offset)
    task = asyncio.create_task(relay(relaying, producer, orders.topic))
    for _ in range(orders.count):
        record: Any = await consumer.getone()
        await handle(connection, read(record))
        await consumer.commit({TopicPartition(record.topic, record.partition): record.offset + 1})
    while await connection.fetchval("SELECT count(*) FROM outbox"):  # noqa: ASYNC110 - the relay empties it
        await asyncio.sleep(RELAY_PAUSE_SECONDS)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await consumer.stop()
    await producer.stop()
    await relaying.close()
    await connection.close()


if __name__ == "__main__":
    asyncio.run(run(Orders(**orjson.loads(sys.argv[1]))))
