"""Shopify's order of these tests, with its payments, refund and parcel; and a small one in yen."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aftersales_adapters.result import Adapted
from tests.adapters.given import CONTEXT, adapted, data, payload

ORDER = "shopify:820982911946154508"
ORDERS = replace(CONTEXT, topic="orders/updated")
TRANSACTIONS = replace(CONTEXT, payments="transactions")


def shopify(value: object, **about: Any) -> Adapted:
    """The adapter's result, with a context of its own."""
    return adapted("shopify", value, replace(CONTEXT, **about))


def types(found: Adapted) -> list[str]:
    """The types of the events, without their ends."""
    return [told.event.TYPE.removeprefix("shop.").removesuffix(".v1") for told in found.events]


def one(found: Adapted, event_type: str) -> Mapping[str, Any]:
    """The data of the only event of a type."""
    (told,) = [told for told in found.events if f"shop.{event_type}.v1" == told.event.TYPE]
    return data(told)


def cad(minor: int) -> dict[str, object]:
    return {"minor": minor, "currency": "CAD"}


def webhook() -> Any:
    """The order as a webhook brings it: without its transactions."""
    order = payload("shopify_order")
    del order["transactions"]
    return order


def plain(**fields: object) -> dict[str, Any]:
    """A small order in yen."""
    line = {"id": 1, "product_id": 2, "variant_id": 3, "quantity": 1, "price": "1200", "tax_lines": []}
    order: dict[str, Any] = {
        "id": 77,
        "created_at": "2026-11-20T10:00:00+09:00",
        "currency": "JPY",
        "taxes_included": True,
        "financial_status": "pending",
        "total_price": "1200",
        "customer": {"id": 9},
        "line_items": [line],
    }
    return {**order, **fields}
