"""Publishes a refund application with a mistake, and reads why it was set aside.

pip install aiokafka
"""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

BOOTSTRAP = os.environ.get("KAFKA_BOOTSTRAP", "127.0.0.1:9092")


async def publish_mistake(order, event_id):
    """The amount is a number, not {minor, currency}."""
    data = {
        "shop_id": "shop-1",
        "order_id": order,
        "refund_id": f"{order}-refund",
        "terms_version": 1,
        "kind": "not_received",
        "reason_code": "missing",
        "amount": 49.00,
    }
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_source": "shop/example-dead-letter",
        "ce_type": "shop.refund.applied.v1",
        "ce_time": datetime.now(UTC).isoformat(),
        "ce_subject": order,
        "content-type": "application/json",
    }
    producer = AIOKafkaProducer(bootstrap_servers=BOOTSTRAP, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        await producer.send_and_wait(
            "shop.aftersales.v1",
            json.dumps(data).encode(),
            key=order.encode(),
            headers=[(name, text.encode()) for name, text in attributes.items()],
        )
    finally:
        await producer.stop()


async def read_reason(event_id):
    """Every service that reads the topic sets the record aside; this reads what refunds says."""
    consumer = AIOKafkaConsumer(
        "aftersales.refunds.dead.v1", bootstrap_servers=BOOTSTRAP, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        async for record in consumer:
            headers = dict(record.headers)
            if headers.get("ce_id") == event_id.encode():
                for name in ("dead-reason", "dead-detail", "dead-topic", "dead-partition", "dead-offset"):
                    print(f"{name}: {headers[name].decode()}")
                return
    finally:
        await consumer.stop()


async def main():
    order, event_id = f"order-{uuid4().hex[:12]}", str(uuid4())
    await publish_mistake(order, event_id)
    await asyncio.wait_for(read_reason(event_id), timeout=60)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
