"""Known scripts about one order: what is told, in which order, and how long nobody says anything.

What must come of each is said in `reducer.py`, by hand, from the READMEs of the services.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aftersales_contracts.base import Event, Money
from aftersales_contracts.shop import aftersales, contacts, customers, orders, payments, reviews, shipments
from tests.faults.proof.templates import DUE, PLACEHOLDER, Template

CANARY = "canary-5b1d77"
"""Stands for what nobody but the reader of the data may see: in no log, metric or dead letter's detail."""
AMOUNT = 30_000
LINE = 20_000
"""Price of the first line: more than half, so that paying it back twice is more than was paid."""
GRACE = timedelta(minutes=10)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
SOURCES = {
    "shop.orders.v1": "proof/orders",
    "shop.shipments.v1": "proof/warehouse",
    "shop.aftersales.v1": "proof/pages",
    "shop.payments.v1": "proof/payments",
    "shop.reviews.v1": "proof/reviews",
    "shop.contacts.v1": "proof/chat",
    "shop.customers.v1": "proof/crm",
}
IDS: dict[str, Any] = {"shop_id": f"{PLACEHOLDER}.shop", "order_id": PLACEHOLDER}
PERSON: dict[str, Any] = {"shop_id": f"{PLACEHOLDER}.shop", "customer_id": f"{PLACEHOLDER}.c"}
REFUND = f"{PLACEHOLDER}.r1"
INTENT = f"{REFUND}.refund.1"


@dataclass(frozen=True)
class Step:
    """An event of the story, and the time from the beginning to it."""

    name: str
    template: Template
    after: timedelta


@dataclass(frozen=True)
class Story:
    """One script. `silence`: from the beginning to the moment at which a deadline fires, grace included."""

    name: str
    steps: tuple[Step, ...]
    silence: timedelta | None = None
    due_in_data: bool = False
    """Whether the deadline is a moment that the data names."""


def _money(minor: int = AMOUNT) -> Money:
    return Money(minor=minor, currency="CNY")


def _placed() -> Event:
    line = {
        "product_id": f"{PLACEHOLDER}.p", "sku_id": f"{PLACEHOLDER}.k", "quantity_count": 1,
        "unit_price": _money(LINE), "freight_terms": "free",
    }  # fmt: skip
    told: dict[str, Any] = {
        **IDS, "customer_id": f"{PLACEHOLDER}.c", "buyer_account_id": f"{PLACEHOLDER}.b",
        "seller_type": "c_shop", "platform_code": "taobao",
        "lines": [
            {**line, "line_id": "a"},
            {**line, "line_id": "b", "unit_price": _money(AMOUNT - LINE)},
        ],
        "freight": _money(0), "total": _money(), "address_ref": f"addresses/{CANARY}",
        "buyer_note_ref": f"notes/{CANARY}",
    }  # fmt: skip
    return orders.OrderPlacedV1.model_validate(told)


def _paid() -> Event:
    paid = {"payment_id": f"{PLACEHOLDER}.pay", "method": "alipay", "amount": _money()}
    return orders.OrderPaidV1.model_validate({**IDS, "payments": [paid], "paid_amount": _money()})


def _shipped() -> Event:
    told = {**IDS, "delivery_kind": "express", "parcel_ids": [f"{PLACEHOLDER}.k1"]}
    return orders.OrderShippedV1.model_validate(told)


def _registered() -> Event:
    told = {
        **IDS, "parcel_id": f"{PLACEHOLDER}.k1", "direction": "outbound", "freight_payer": "sender",
        "tracking": {"carrier_code": "sto", "tracking_code": f"{PLACEHOLDER}.w"},
        "lines": [{"line_id": "a", "quantity_count": 1}, {"line_id": "b", "quantity_count": 1}],
    }  # fmt: skip
    return shipments.ParcelRegisteredV1.model_validate(told)


def _applied(kind: str, refund: str = REFUND, line: str | None = "a", minor: int = LINE) -> Event:
    told: dict[str, Any] = {
        **IDS, "refund_id": refund, "terms_version": 1, "kind": kind, "reason_code": "quality",
        "amount": _money(minor), "statement_ref": f"statements/{CANARY}",
    }  # fmt: skip
    if line is not None:
        told["lines"] = [{"line_id": line, "quantity_count": 1, "amount": _money(minor)}]
    return aftersales.RefundAppliedV1.model_validate(told)


def _agreed(refund: str = REFUND) -> Event:
    told = {
        **IDS, "refund_id": refund, "terms_version": 1, "stage": "answer",
        "return_address_ref": f"addresses/{CANARY}", "by": {"role": "seller", "id": "s1"},
    }  # fmt: skip
    return aftersales.RefundAgreedV1.model_validate(told)


def _refused() -> Event:
    told = {
        **IDS, "refund_id": REFUND, "terms_version": 1, "stage": "answer", "reason_code": "not_our_fault",
        "evidence_ids": ["e1", "e2", "e3"], "by": {"role": "seller", "id": "s1"},
    }  # fmt: skip
    return aftersales.RefundRefusedV1.model_validate(told)


def _back(refund: str = REFUND) -> dict[str, Any]:
    lines = [{"line_id": "a", "quantity_count": 1}]
    return {**IDS, "refund_id": refund, "return_id": f"{refund}.return", "lines": lines}


def _sent() -> Event:
    tracking = {"carrier_code": "yto", "tracking_code": f"{PLACEHOLDER}.back"}
    told = {**_back(), "carriage": "express", "tracking": tracking}
    return aftersales.ReturnSentV1.model_validate(told)


def _accepted() -> Event:
    return aftersales.ReturnAcceptedV1.model_validate({**_back(), "by": {"role": "seller", "id": "s1"}})


def _settled(refund: str = REFUND, minor: int = LINE) -> Event:
    intent = f"{refund}.refund.1"
    told = {
        **IDS, "intent_id": intent, "attempt_id": f"{intent}.try.1", "amount": _money(minor),
        "provider_ref": f"alipay/{CANARY}", "has_moved_now": True,
    }  # fmt: skip
    return payments.RefundSettledV1.model_validate(told)


def _withdrawn() -> Event:
    told = {**IDS, "refund_id": REFUND, "by": {"role": "buyer"}}
    return aftersales.ApplicationWithdrawnV1.model_validate(told)


def _succeeded() -> Event:
    return orders.OrderSucceededV1.model_validate({**IDS, "cause": "buyer"})


def _rated() -> Event:
    told = {
        **IDS, "review_id": f"{PLACEHOLDER}.v1", "rater": "buyer", "rating": "good", "line_id": "a",
        "product_id": f"{PLACEHOLDER}.p", "text_ref": f"reviews/{CANARY}",
    }  # fmt: skip
    return reviews.ReviewGivenV1.model_validate(told)


def _allowed(channel: str) -> Event:
    told = {**PERSON, "channel": channel, "purpose": "service", "source_code": "checkout"}
    return customers.ConsentGrantedV1.model_validate(told)


def _promised() -> Event:
    told = {
        **PERSON, "order_id": PLACEHOLDER, "promise_id": f"{PLACEHOLDER}.m1", "kind": "ship_by",
        "due_at": DUE, "by": {"role": "seller", "id": "s1"}, "conversation_id": CANARY,
    }  # fmt: skip
    return contacts.PromiseMadeV1.model_validate(told)


def _story(name: str, *told: tuple[str, Event, timedelta], **more: Any) -> Story:
    steps = (Step(step, Template(event, SOURCES[event.TOPIC]), after) for step, event, after in told)
    return Story(name, tuple(steps), **more)


def _sold(since: timedelta = 0 * MINUTE) -> tuple[tuple[str, Event, timedelta], ...]:
    return (
        ("placed", _placed(), since),
        ("paid", _paid(), since + 5 * MINUTE),
        ("registered", _registered(), since + 29 * MINUTE),
        ("shipped", _shipped(), since + 30 * MINUTE),
    )


ANSWER = 5 * DAY + GRACE
WINDOW = 15 * DAY
PAY = 3 * DAY + GRACE
STORIES = {
    story.name: story
    for story in (
        _story(
            "returned", *_sold(),
            ("applied", _applied("with_return"), 40 * MINUTE),
            ("agreed", _agreed(), 50 * MINUTE),
            ("sent", _sent(), 60 * MINUTE),
            ("accepted", _accepted(), 70 * MINUTE),
            ("settled", _settled(), 80 * MINUTE),
        ),
        _story(
            "kept", *_sold(),
            ("applied", _applied("no_return"), 40 * MINUTE),
            ("agreed", _agreed(), 50 * MINUTE),
            ("settled", _settled(), 60 * MINUTE),
            ("allowed", _allowed("sms"), 1 * MINUTE),
        ),
        _story(
            "withdrawn", *_sold(),
            ("applied", _applied("with_return"), 40 * MINUTE),
            ("withdrawn", _withdrawn(), 50 * MINUTE),
        ),
        _story(
            "greedy", *_sold(),
            ("applied", _applied("no_return"), 40 * MINUTE),
            ("agreed", _agreed(), 50 * MINUTE),
            ("settled", _settled(), 60 * MINUTE),
            ("applied2", _applied("no_return", f"{PLACEHOLDER}.r2"), 70 * MINUTE),
            ("agreed2", _agreed(f"{PLACEHOLDER}.r2"), 75 * MINUTE),
            ("applied3", _applied("no_return", f"{PLACEHOLDER}.r3", "b", 2 * AMOUNT), 80 * MINUTE),
            ("agreed3", _agreed(f"{PLACEHOLDER}.r3"), 85 * MINUTE),
        ),
        _story(
            "silent", *_sold(-2 * DAY),
            ("applied", _applied("no_return"), 0 * MINUTE),
            ("settled", _settled(), ANSWER + timedelta(seconds=1)),
            silence=ANSWER,
        ),
        _story(
            "refused", *_sold(-2 * DAY),
            ("applied", _applied("no_return"), 0 * MINUTE),
            ("refused", _refused(), ANSWER - GRACE - timedelta(seconds=30)),
            silence=ANSWER,
        ),
        _story(
            "unrated",
            ("placed", _placed(), -2 * DAY),
            ("succeeded", _succeeded(), 0 * MINUTE),
            ("rated", _rated(), DAY),
            silence=WINDOW,
        ),
        _story("unpaid", ("placed", _placed(), 0 * MINUTE), silence=PAY),
        _story(
            "promised",
            ("placed", _placed(), -20 * MINUTE),
            ("paid", _paid(), -15 * MINUTE),
            ("promised", _promised(), -10 * MINUTE),
            silence=0 * MINUTE, due_in_data=True,
        ),
    )
}  # fmt: skip
"""By name."""
