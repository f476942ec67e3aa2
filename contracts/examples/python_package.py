"""Publishes an order, its shipment and a refund application, and reads the outcomes: with this package.

pip install ./contracts aiokafka
"""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from aftersales_contracts.aftersales.refunds import ApplicationRejectedV1, RefundOpenedV1
from aftersales_contracts.base import Event, Money
from aftersales_contracts.envelope import Envelope, read, write
from aftersales_contracts.components import Line, Payment, Share, Tracking
from aftersales_contracts.registry import EVENTS, encode, read_data, topic_of
from aftersales_contracts.shop.aftersales import RefundAppliedV1
from aftersales_contracts.shop.orders import DeliveryKind, OrderPaidV1, OrderPlacedV1, OrderShippedV1
from aftersales_contracts.shop.shipments import FreightPayer, ParcelRegisteredV1
from aftersales_contracts.enums import (
    FreightTerms,
    ParcelDirection,
    PaymentMethod,
    RefundKind,
    SellerType,
)

BOOTSTRAP = os.environ.get("KAFKA_BOOTSTRAP", "127.0.0.1:9092")
SOURCE = "shop/example-python-package"  # who you are; ids need be unique within it only
SHOP = "shop-1"


def cny(minor: int) -> Money:
    return Money(minor=minor, currency="CNY")


def story(order: str) -> list[Event]:
    """Two cups at 49.00 and 6.00 of freight, paid and sent off; one cup did not arrive."""
    about = {"shop_id": SHOP, "order_id": order}
    return [
        OrderPlacedV1(
            **about,
            customer_id="customer-1",
            seller_type=SellerType.C_SHOP,
            platform_code="taobao",
            lines=[
                Line(
                    line_id="1",
                    product_id="cup",
                    sku_id="cup-blue",
                    quantity_count=2,
                    unit_price=cny(4900),
                    freight_terms=FreightTerms.BUYER_PAYS,
                )
            ],
            freight=cny(600),
            total=cny(10400),
        ),
        OrderPaidV1(
            **about,
            payments=[Payment(payment_id=f"{order}-pay", method=PaymentMethod.ALIPAY, amount=cny(10400))],
            paid_amount=cny(10400),
        ),
        ParcelRegisteredV1(
            **about,
            parcel_id=f"{order}-parcel",
            direction=ParcelDirection.OUTBOUND,
            tracking=Tracking(carrier_code="sf", tracking_code=f"SF-{order}"),
            lines=[Share(line_id="1", quantity_count=2)],
            freight_payer=FreightPayer.SENDER,
        ),
        OrderShippedV1(**about, delivery_kind=DeliveryKind.EXPRESS, parcel_ids=[f"{order}-parcel"]),
        RefundAppliedV1(
            **about,
            refund_id=f"{order}-refund",
            terms_version=1,
            kind=RefundKind.NOT_RECEIVED,
            reason_code="missing",
            lines=[Share(line_id="1", quantity_count=1, amount=cny(4900))],
            amount=cny(4900),
        ),
    ]


async def publish(order: str) -> None:
    # Idempotence keeps the order of one key through retries.
    producer = AIOKafkaProducer(bootstrap_servers=BOOTSTRAP, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        happened_at = datetime.now(UTC) - timedelta(minutes=10)
        for event in story(order):
            happened_at += timedelta(minutes=1)
            envelope = Envelope(str(uuid4()), SOURCE, event.TYPE, happened_at, event.subject_of())
            key, headers, value = write(envelope, encode(event))
            await producer.send_and_wait(topic_of(event), value, key=key, headers=headers)
            print("published", event.TYPE)
    finally:
        await producer.stop()


async def read_outcomes(order: str) -> bool:
    """Prints what is announced about the order until its refund is opened or turned down."""
    # A reader that must miss nothing has a group_id of its own and commits what it has finished.
    consumer = AIOKafkaConsumer(
        "aftersales.refunds.v1", bootstrap_servers=BOOTSTRAP, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        async for record in consumer:
            envelope, data = read(record.key, record.headers, record.value)
            event_class = EVENTS.get(envelope.type)
            if envelope.subject != order or event_class is None:
                continue  # about another order, or a type newer than this package
            outcome = read_data(event_class, data)
            print("read", envelope.type, envelope.id)
            if isinstance(outcome, RefundOpenedV1):
                print(f"opened: {outcome.refund_id}, answer by {outcome.answer_by_at.isoformat()}")
                return True
            if isinstance(outcome, ApplicationRejectedV1):
                print(f"rejected: {outcome.reason_code}")
                return False
        return False
    finally:
        await consumer.stop()


async def main() -> int:
    order = f"order-{uuid4().hex[:12]}"
    await publish(order)
    return 0 if await asyncio.wait_for(read_outcomes(order), timeout=60) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
