"""Publishes an order, its shipment and a refund application, and reads the outcomes: with a Kafka client alone.

pip install aiokafka
"""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

BOOTSTRAP = os.environ.get("KAFKA_BOOTSTRAP", "127.0.0.1:9092")
SOURCE = "shop/example-python-plain"  # who you are; ids need be unique within it only


def cny(minor):
    return {"minor": minor, "currency": "CNY"}


def story(order):
    """Topic, type and data: two cups at 49.00 and 6.00 of freight, paid and sent off; one did not arrive."""
    about = {"shop_id": "shop-1", "order_id": order}
    line = {
        "line_id": "1",
        "product_id": "cup",
        "sku_id": "cup-blue",
        "quantity_count": 2,
        "unit_price": cny(4900),
        "freight_terms": "buyer_pays",
    }
    placed = {
        "customer_id": "customer-1",
        "seller_type": "c_shop",
        "platform_code": "taobao",
        "lines": [line],
        "freight": cny(600),
        "total": cny(10400),
    }
    paid = {
        "payments": [{"payment_id": f"{order}-pay", "method": "alipay", "amount": cny(10400)}],
        "paid_amount": cny(10400),
    }
    registered = {
        "parcel_id": f"{order}-parcel",
        "direction": "outbound",
        "tracking": {"carrier_code": "sf", "tracking_code": f"SF-{order}"},
        "lines": [{"line_id": "1", "quantity_count": 2}],
        "freight_payer": "sender",
    }
    shipped = {"delivery_kind": "express", "parcel_ids": [f"{order}-parcel"]}
    applied = {
        "refund_id": f"{order}-refund",
        "terms_version": 1,
        "kind": "not_received",
        "reason_code": "missing",
        "lines": [{"line_id": "1", "quantity_count": 1, "amount": cny(4900)}],
        "amount": cny(4900),
    }
    return [
        ("shop.orders.v1", "shop.order.placed.v1", {**about, **placed}),
        ("shop.orders.v1", "shop.order.paid.v1", {**about, **paid}),
        ("shop.shipments.v1", "shop.parcel.registered.v1", {**about, **registered}),
        ("shop.orders.v1", "shop.order.shipped.v1", {**about, **shipped}),
        ("shop.aftersales.v1", "shop.refund.applied.v1", {**about, **applied}),
    ]


def headers_of(event_type, happened_at, subject):
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid4()),
        "ce_source": SOURCE,
        "ce_type": event_type,
        "ce_time": happened_at.isoformat(),
        "ce_subject": subject,
        "content-type": "application/json",
    }
    return [(name, text.encode()) for name, text in attributes.items()]


async def publish(order):
    # Idempotence keeps the order of one key through retries.
    producer = AIOKafkaProducer(bootstrap_servers=BOOTSTRAP, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        happened_at = datetime.now(UTC) - timedelta(minutes=10)
        for topic, event_type, data in story(order):
            happened_at += timedelta(minutes=1)
            await producer.send_and_wait(
                topic,
                json.dumps(data).encode(),
                key=order.encode(),  # the subject: without it the record is refused
                headers=headers_of(event_type, happened_at, order),
            )
            print("published", event_type)
    finally:
        await producer.stop()


async def read_outcomes(order):
    """Prints what is announced about the order until its refund is opened or turned down."""
    # A reader that must miss nothing has a group_id of its own and commits what it has finished.
    consumer = AIOKafkaConsumer(
        "aftersales.refunds.v1", bootstrap_servers=BOOTSTRAP, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        async for record in consumer:
            if record.key != order.encode():
                continue
            headers = {name: raw.decode() for name, raw in record.headers}
            outcome = json.loads(record.value)
            print("read", headers["ce_type"], headers["ce_id"])
            if headers["ce_type"] == "aftersales.refund.opened.v1":
                print(f"opened: {outcome['refund_id']}, answer by {outcome['answer_by_at']}")
                return True
            if headers["ce_type"] == "aftersales.application.rejected.v1":
                print(f"rejected: {outcome['reason_code']}")
                return False
    finally:
        await consumer.stop()


async def main():
    order = f"order-{uuid4().hex[:12]}"
    await publish(order)
    return 0 if await asyncio.wait_for(read_outcomes(order), timeout=60) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
