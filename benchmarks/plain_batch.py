"""Baseline: a plain batch loop, as an engineer writes it who knows that batches are quick.

aiokafka `getmany` of up to 1,000 records, one transaction per batch with set-based SQL (inbox, case,
outbox row, timer), then the outcomes are published and acknowledged, the outbox rows deleted, the
offsets committed. No rules and no validation, one process, nothing overlaps.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from benchmarks.baseline import ANSWER_WITHIN, Message, Orders, Outgoing, decide, headers_of, read
from benchmarks.broker import make_producer

BATCH_RECORDS = 1_000

INBOX = """
INSERT INTO inbox SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING RETURNING source, id
"""
LOAD = """
SELECT case_id, version, state FROM cases WHERE case_id = ANY ($1::text[]) ORDER BY case_id FOR UPDATE
"""
SAVE = """
INSERT INTO cases SELECT * FROM unnest($1::text[], $2::bigint[], $3::jsonb[])
ON CONFLICT (case_id) DO UPDATE SET version = EXCLUDED.version, state = EXCLUDED.state
"""
TIMERS = """
INSERT INTO timers SELECT * FROM unnest($1::text[], $2::timestamptz[])
ON CONFLICT (case_id) DO UPDATE SET due_at = EXCLUDED.due_at
"""
OUTBOX = ("key", "type", "event_id", "at", "cause", "data")
SENT = "DELETE FROM outbox WHERE id <= (SELECT max(id) FROM outbox)"


async def handle(connection: asyncpg.Connection, messages: Sequence[Message]) -> list[Outgoing]:
    """One batch in one transaction; its outcomes, which are in the outbox too."""
    outcomes: list[Outgoing] = []
    async with connection.transaction():
        rows = await connection.fetch(INBOX, [m.source for m in messages], [m.id for m in messages])
        new = {(row[0], row[1]) for row in rows}
        fresh = [message for message in messages if (message.source, message.id) in new]
        ids = sorted({message.case_id for message in fresh})
        cases: dict[str, tuple[int, dict[str, Any]]] = dict.fromkeys(ids, (0, {}))
        for case_id, version, state in await connection.fetch(LOAD, ids):
            cases[case_id] = version, orjson.loads(state)
        due = {message.case_id: message.at + ANSWER_WITHIN for message in fresh}
        for message in fresh:
            version, state = cases[message.case_id]
            state, decided = decide(message, version + 1, state)
            cases[message.case_id] = version + 1, state
            outcomes.extend(decided)
        await connection.execute(
            SAVE, ids, [cases[i][0] for i in ids], [orjson.dumps(cases[i][1]).decode() for i in ids]
        )
        await connection.execute(TIMERS, ids, [due[i] for i in ids])
        await connection.copy_records_to_table(
            "outbox",
            records=[(o.key, o.type, o.event_id, o.at, o.cause, o.data) for o in outcomes],
            columns=OUTBOX,
        )
    return outcomes


async def publish(producer: AIOKafkaProducer, topic: str, outcomes: Sequence[Outgoing]) -> None:
    """Sends the outcomes and waits for every acknowledgement."""
    sent = [
        await producer.send(topic, key=o.key.encode(), value=o.data.encode(), headers=headers_of(o))
        for o in outcomes
    ]
    await asyncio.gather(*sent)


async def run(orders: Orders) -> None:
    """Handles so many events, then ends."""
    connection = await asyncpg.connect(orders.database_url, server_settings={"search_path": orders.schema})
    producer = make_producer(orders.bootstrap_servers)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=orders.bootstrap_servers,
        group_id=orders.group_id,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=256 * 1024,
        fetch_max_wait_ms=50,
    )
    await producer.start()
    await consumer.start()
    offsets = {TopicPartition(t, int(p)): o for t, by in orders.start.items() for p, o in by.items()}
    consumer.assign(list(offsets))
    for place, offset in offsets.items():
        consumer.seek(place, offset)
    done = 0
    while done < orders.count:
        batches: Mapping[Any, Sequence[Any]] = await consumer.getmany(
            timeout_ms=50, max_records=BATCH_RECORDS
        )
        messages = [read(record) for records in batches.values() for record in records]
        if not messages:
            continue
        await publish(producer, orders.topic, await handle(connection, messages))
        await connection.execute(SENT)
        await consumer.commit()
        done += len(messages)
    await consumer.stop()
    await producer.stop()
    await connection.close()


if __name__ == "__main__":
    asyncio.run(run(Orders(**orjson.loads(sys.argv[1]))))
