"""Turns the public order tables into events: what is known of each order, at the moment it happened.

What the tables say and how it is told (nothing else is invented):

- A purchase is `order.placed`; items of one product, seller and price are one line. The id of a line is
  its lowest item number; its sku names product and seller, for on a marketplace that is what is sold.
  An order whose items are not in the tables has no lines, and its total is what was paid for it.
- An approval is `order.paid` with every part of the payment. Without an approval it never was paid, unless
  the goods left or arrived: then it was paid before, and the latest certain moment stands. Parts and
  lines may differ by centavos in the tables; both are told as they are.
- A hand-over to the carrier is `order.shipped`, `parcel.registered`, `parcel.handed-over` and a scan
  `picked_up`, all of one moment, for the tables know one per order; so there is one parcel per order, of
  however many sellers. A hand-over before the approval stays where it is.
- A delivery is a scan `delivered`; where no hand-over is known, the parcel is registered at that moment.
- The tables have no moment for canceled and unavailable: those orders just go no further.
- The estimated delivery and the seller's shipping limit are the marketplace's forecasts, agreed with
  nobody: no promise is made of them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime

from aftersales_contracts.base import Event, Money
from aftersales_contracts.components import Line, Payment, Share, Tracking
from aftersales_contracts.enums import FreightTerms, ParcelDirection, ParcelStatus, PaymentMethod, SellerType
from aftersales_contracts.shop.orders import DeliveryKind, OrderPaidV1, OrderPlacedV1, OrderShippedV1
from aftersales_contracts.shop.scans import ParcelScannedV1
from aftersales_contracts.shop.shipments import FreightPayer, ParcelHandedOverV1, ParcelRegisteredV1
from simulator.records import Record, announce
from simulator.tables import CURRENCY, Item, Order, OrderTables, Step

SHOP_ID = "olist"
CARRIER_CODE = "olist"
METHODS = {
    "boleto": PaymentMethod.BANK_SLIP,
    "credit_card": PaymentMethod.CREDIT_CARD,
    "debit_card": PaymentMethod.DEBIT_CARD,
    "voucher": PaymentMethod.VOUCHER,
    "not_defined": PaymentMethod.BANK_TRANSFER,
}
"""Words of the tables for means of payment; the last is theirs for payments of nothing."""
SOURCES = {
    "shop.orders.v1": "olist/orders",
    "shop.shipments.v1": "olist/shipments",
    "shop.scans.v1": "olist/tracking",
}


def money(minor: int) -> Money:
    """An amount in centavos."""
    return Money(minor=minor, currency=CURRENCY)


def parcel_id(order: Order) -> str:
    """The one parcel of the order."""
    return f"{order.id}.p1"


def sku_id(item: Item) -> str:
    """Names a product of a seller, the unit that a marketplace sells; at most 64 characters."""
    return f"{item.product_id}.{item.seller_id}"[:64]


def _line(item: Item) -> Line:
    return Line(
        line_id=str(item.number),
        product_id=item.product_id,
        sku_id=sku_id(item),
        quantity_count=item.count,
        unit_price=money(item.unit_price),
        freight_terms=FreightTerms.BUYER_PAYS if item.freight else FreightTerms.FREE,
    )


def _placed(order: Order) -> OrderPlacedV1:
    freight = sum(item.freight for item in order.items)
    goods = sum(item.unit_price * item.count for item in order.items)
    total = goods + freight if order.items else sum(part.value for part in order.payments)
    return OrderPlacedV1(
        shop_id=SHOP_ID,
        order_id=order.id,
        customer_id=order.person_id,
        buyer_account_id=order.person_id,
        seller_type=SellerType.MALL,
        platform_code="olist",
        lines=[_line(item) for item in order.items],
        freight=money(freight),
        total=money(total),
        address_ref=f"olist/customers/{order.customer_id}",
        address_digest=hashlib.blake2b(order.place.encode(), key=b"olist", digest_size=16).hexdigest(),
        region_code=f"BR-{order.state}" if order.state else "BR",
        has_consulted=False,
    )


def _paid(order: Order) -> OrderPaidV1:
    payments = [
        Payment(
            payment_id=f"{order.id}.{part.number}",
            method=METHODS[part.method],
            amount=money(part.value),
            instalment_count=part.instalments or None,
        )
        for part in order.payments
    ]
    paid = money(sum(part.value for part in order.payments))
    return OrderPaidV1(shop_id=SHOP_ID, order_id=order.id, payments=payments, paid_amount=paid)


def _scan(order: Order, at: datetime, status: ParcelStatus) -> ParcelScannedV1:
    return ParcelScannedV1(
        carrier_code=CARRIER_CODE,
        tracking_code=order.id,
        occurred_at=at,
        status=status,
        raw_status_code=f"olist_{status.value}",
        region_code=f"BR-{order.state}" if order.state and status is ParcelStatus.DELIVERED else None,
    )


def _left(order: Order) -> Sequence[Event]:
    shipped = OrderShippedV1(
        shop_id=SHOP_ID, order_id=order.id, delivery_kind=DeliveryKind.EXPRESS, parcel_ids=[parcel_id(order)]
    )
    registered = ParcelRegisteredV1(
        shop_id=SHOP_ID,
        order_id=order.id,
        parcel_id=parcel_id(order),
        direction=ParcelDirection.OUTBOUND,
        tracking=Tracking(carrier_code=CARRIER_CODE, tracking_code=order.id),
        lines=[Share(line_id=str(item.number), quantity_count=item.count) for item in order.items],
        freight_payer=FreightPayer.SENDER,
    )
    handed = ParcelHandedOverV1(
        shop_id=SHOP_ID, order_id=order.id, parcel_id=parcel_id(order), carrier_code=CARRIER_CODE
    )
    return (shipped, registered, handed)


def events_of(step: Step, order: Order) -> Iterator[tuple[str, datetime, Event]]:
    """Yields the events that tell one step of an order: (name within the order, moment, event)."""
    match step:
        case Step.PLACED:
            yield "placed", order.placed_at, _placed(order)
        case Step.PAID if order.paid_at is not None:
            yield "paid", order.paid_at, _paid(order)
        case Step.HANDED_OVER if order.handed_at is not None:
            for name, event in zip(("shipped", "registered", "handed-over"), _left(order), strict=True):
                yield name, order.handed_at, event
            yield "picked-up", order.handed_at, _scan(order, order.handed_at, ParcelStatus.PICKED_UP)
        case Step.DELIVERED if order.delivered_at is not None:
            if order.handed_at is None:
                for name, event in zip(("shipped", "registered"), _left(order)[:2], strict=True):
                    yield name, order.delivered_at, event
            yield "delivered", order.delivered_at, _scan(order, order.delivered_at, ParcelStatus.DELIVERED)
        case _:
            return


def records(tables: OrderTables) -> Iterator[Record]:
    """Every event of the tables, by real moment."""
    for step, order in tables.steps():
        for name, at, event in events_of(step, order):
            yield announce(event, at=at, source=SOURCES[event.TOPIC], event_id=f"{order.id}.{name}")
