"""A refund that the seller leaves unanswered: agreed by silence after five days, paid by us as the provider.

AFTERSALES_IMAGE=aftersales:0.1.0 python -m pytest testing/example
"""

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest

from aftersales_contracts.aftersales.refunds import RefundOpenedV1, RefundPaidV1, RefundPaymentRequestedV1
from aftersales_contracts.base import Event, Money
from aftersales_contracts.components import Line, Payment, Share
from aftersales_contracts.enums import FreightTerms, PaymentMethod, RefundKind, SellerType
from aftersales_contracts.shop.aftersales import RefundAppliedV1
from aftersales_contracts.shop.orders import OrderPaidV1, OrderPlacedV1
from aftersales_contracts.shop.payments import RefundSettledV1
from aftersales_testing import Aftersales, NotAnnouncedError


@pytest.fixture(scope="session")
def aftersales() -> Iterator[Aftersales]:
    """Started once for all tests: each has orders of its own."""
    with Aftersales(os.environ["AFTERSALES_IMAGE"]) as system:
        yield system


def cny(minor: int) -> Money:
    return Money(minor=minor, currency="CNY")


def sold(order_id: str) -> list[Event]:
    """Two cups at 49.00 and 6.00 of freight, paid and not sent yet."""
    cups = Line(
        line_id="1",
        product_id="cup",
        sku_id="cup-blue",
        quantity_count=2,
        unit_price=cny(4900),
        freight_terms=FreightTerms.BUYER_PAYS,
    )
    payment = Payment(payment_id=f"{order_id}.pay", method=PaymentMethod.ALIPAY, amount=cny(10400))
    return [
        OrderPlacedV1(
            shop_id="shop-1",
            order_id=order_id,
            customer_id="customer-1",
            seller_type=SellerType.C_SHOP,
            platform_code="taobao",
            lines=[cups],
            freight=cny(600),
            total=cny(10400),
        ),
        OrderPaidV1(shop_id="shop-1", order_id=order_id, payments=[payment], paid_amount=cny(10400)),
    ]


def application(order_id: str) -> RefundAppliedV1:
    """The buyer wants the whole order's money back before anything was sent."""
    return RefundAppliedV1(
        shop_id="shop-1",
        order_id=order_id,
        refund_id=f"{order_id}.refund",
        terms_version=1,
        kind=RefundKind.UNSHIPPED,
        reason_code="not_wanted",
        lines=[Share(line_id="1", quantity_count=2, amount=cny(9800))],
        amount=cny(9800),
    )


def test_silence_agrees_and_the_money_goes_back(aftersales: Aftersales) -> None:
    aftersales.publish(*sold("order-1"), source="shop/order-system")
    aftersales.move(minutes=10)
    aftersales.publish(application("order-1"))
    opened = aftersales.await_outcome(RefundOpenedV1, refund_id="order-1.refund")

    aftersales.move_to(opened.answer_by_at - timedelta(minutes=1))
    with pytest.raises(NotAnnouncedError):
        aftersales.await_outcome(RefundPaymentRequestedV1, order_id="order-1")
    aftersales.move(minutes=20)  # money is decided ten minutes after a deadline
    asked = aftersales.await_outcome(RefundPaymentRequestedV1, order_id="order-1")

    settled = RefundSettledV1(
        shop_id="shop-1",
        order_id="order-1",
        intent_id=asked.intent_id,
        attempt_id=asked.attempt_id,
        amount=asked.amount,
        tenders=asked.tenders,
        provider_ref="provider/1",
        has_moved_now=True,
    )
    aftersales.publish(settled, source="shop/payments")
    paid = aftersales.await_outcome(RefundPaidV1, refund_id="order-1.refund")

    assert paid.amount == asked.amount
    assert aftersales.dead_letters == []


def test_a_wrong_record_is_explained(aftersales: Aftersales) -> None:
    """A program of yours wrote a wrong key: the failure says what could not be used, and why."""
    placed, _ = sold("order-2")
    aftersales.publish_record(
        "shop.orders.v1",
        b"order-3",
        [
            ("ce_specversion", b"1.0"),
            ("ce_id", b"order-2/placed"),
            ("ce_source", b"shop/order-system"),
            ("ce_type", placed.TYPE.encode()),
            ("ce_time", aftersales.now.isoformat().encode()),
            ("ce_subject", b"order-3"),
        ],
        placed.model_dump_json(exclude_none=True).encode(),
    )
    aftersales.publish(application("order-2"))

    with pytest.raises(NotAnnouncedError, match="wrong_key"):
        aftersales.await_outcome(RefundOpenedV1, refund_id="order-2.refund")
