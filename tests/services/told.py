"""Events as shops tell them, short to write in tests of services."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from aftersales_contracts.aftersales import customers
from aftersales_contracts.base import Money
from aftersales_contracts.components import Line, Payment
from aftersales_contracts.shop import contacts, orders
from aftersales_contracts.shop import customers as shop_customers
from aftersales_contracts.shop import reviews as shop_reviews
from tests.services.flow import Flow

T0 = datetime(2026, 3, 2, tzinfo=UTC)
D = timedelta(days=1)
H = timedelta(hours=1)
ORDER = {"shop_id": "s1", "order_id": "o1"}
CUSTOMER = {"shop_id": "s1", "customer_id": "c1"}


def cny(minor: int) -> Money:
    return Money(minor=minor, currency="CNY")


def build(event_class: type[Any], *parts: Mapping[str, Any], **fields: Any) -> Any:
    data = {key: value for part in parts for key, value in part.items()}
    return event_class.model_validate({**data, **fields})


def placed(seller_type: str = "c_shop", order_id: str = "o1") -> Any:
    line = Line.model_validate(
        {"line_id": "l1", "product_id": "p1", "sku_id": "k1", "quantity_count": 1,
         "unit_price": cny(10_000), "freight_terms": "buyer_pays"}
    )  # fmt: skip
    return build(
        orders.OrderPlacedV1, ORDER, order_id=order_id, customer_id="c1", buyer_account_id="a1",
        seller_type=seller_type, platform_code="taobao", lines=[line], freight=cny(800), total=cny(10_800),
        has_consulted=False, agent_id="agent-7",
    )  # fmt: skip


def paid(amount: int = 10_800) -> Any:
    payment = Payment.model_validate({"payment_id": "y1", "method": "alipay", "amount": cny(amount)})
    return build(orders.OrderPaidV1, ORDER, payments=[payment], paid_amount=cny(amount))


def succeeded(order_id: str = "o1") -> Any:
    return build(orders.OrderSucceededV1, ORDER, order_id=order_id, cause="buyer")


def given(rating: str, rater: str = "buyer", review: str = "r1", order_id: str = "o1") -> Any:
    return build(
        shop_reviews.ReviewGivenV1, ORDER, order_id=order_id, review_id=review, rater=rater, rating=rating,
        line_id="l1", product_id="p1",
    )  # fmt: skip


def consented(channel: str = "sms") -> Any:
    return build(
        shop_customers.ConsentGrantedV1, CUSTOMER, channel=channel, purpose="service", source_code="checkout"
    )


def withdrawn(channel: str = "all") -> Any:
    return build(shop_customers.ConsentWithdrawnV1, CUSTOMER, channel=channel, source="reply")


def held(request_id: str, outcome: str) -> Any:
    return build(
        contacts.CallHeldV1, CUSTOMER, call_id=f"call.{request_id}", request_id=request_id,
        agent_id="agent-7", outcome=outcome, has_introduced=True, is_identity_confirmed=True,
        summary_ref="calls/1",
    )  # fmt: skip


def texts(flow: Flow, purpose: str = "review_followup") -> list[customers.MessageSendRequestedV1]:
    return [x for x in flow.outcomes(customers.MessageSendRequestedV1) if x.purpose == purpose]
