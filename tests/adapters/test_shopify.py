"""Shopify: an order, its payments, refunds and parcels; sums, odd amounts, edits, guests and gifts."""

import json

import pytest

from aftersales_adapters.catalogue import adapt
from aftersales_adapters.result import PayloadError
from tests.adapters.given import codes, payload
from tests.adapters.shopify import (
    ORDER,
    cad,
    one,
    plain,
    shopify,
    types,
    webhook,
)


def test_an_order_with_all_that_happened_to_it() -> None:
    found = shopify(payload("shopify_order"))
    assert types(found) == [
        "order.placed", "payment.status-changed", "order.paid", "parcel.registered", "order.shipped",
        "refund.made-outside",
    ]  # fmt: skip
    assert {told.envelope.subject for told in found.events} == {ORDER}
    placed = one(found, "order.placed")
    assert placed["seller_type"] == "web_shop"
    assert placed["total"] == cad(14478)
    assert placed["shown_total"] == {"minor": 10341, "currency": "USD"}
    assert placed["freight"] == cad(1130), "after its discount, with its tax"
    assert [line["sku_id"] for line in placed["lines"]] == [
        "杯子 蓝色 / 350 ml", "141249953214522974", "SAMPLE",
    ]  # fmt: skip
    assert placed["lines"][0]["discount"] == cad(1000)
    assert placed["lines"][2]["unit_price"] == cad(0)
    assert [
        (charge["kind"], charge["amount"]["minor"], charge.get("line_id")) for charge in placed["charges"]
    ] == [
        ("tax", 1144, "866550311766439020"),
        ("duty", 700, "866550311766439020"),
        ("tax", 254, "141249953214522974"),
        ("tip", 500, None),
    ]
    assert "example.org" not in json.dumps([told.as_json() for told in found.events])


def test_payments_are_each_told_with_their_means_and_the_money_that_was_shown() -> None:
    paid = one(shopify(payload("shopify_order")), "order.paid")
    assert [(each["payment_id"], each["method"]) for each in paid["payments"]] == [
        ("shopify:389404470", "credit_card"),
        ("shopify:389404471", "gift_card"),
    ]
    assert paid["payments"][0]["shown_amount"] == {"minor": 8913, "currency": "USD"}
    assert paid["paid_amount"] == cad(14478)


def test_a_refund_is_told_after_the_fact_with_its_pieces_and_freight() -> None:
    refund = one(shopify(payload("shopify_order")), "refund.made-outside")
    assert refund["outside_id"] == "shopify:509562969"
    assert refund["amount"] == cad(5537)
    assert refund["freight"] == cad(565)
    assert refund["lines"] == [{"line_id": "866550311766439020", "quantity_count": 1, "amount": cad(4972)}]
    assert refund["tenders"] == [{"payment_id": "shopify:389404470", "amount": cad(5537)}]


def test_the_same_refund_and_parcel_come_with_the_order_or_alone_under_the_same_ids() -> None:
    """Tenders are named where the payments are known: alone, only if transactions tell of payments."""
    order = payload("shopify_order")
    whole = {told.envelope.id: told for told in shopify(order).events}
    refund = shopify(order["refunds"][0], topic="refunds/create", payments="transactions")
    parcel = shopify(order["fulfillments"][0], topic="fulfillments/create")
    for told in (*refund.events, *parcel.events):
        assert whole[told.envelope.id].event == told.event
    assert [*types(refund), *types(parcel)] == ["refund.made-outside", "parcel.registered", "order.shipped"]


def test_a_webhook_without_transactions_tells_one_payment_where_orders_tell_of_payments() -> None:
    found = shopify(webhook(), topic="orders/paid")
    assert "order.placed" not in types(found)
    paid = one(found, "order.paid")
    assert paid["payments"][0]["payment_id"] == f"{ORDER}.paid"
    assert paid["paid_amount"] == cad(14478)
    assert (
        "tenders" not in one(found, "refund.made-outside")
        or one(found, "refund.made-outside")["tenders"] == []
    )
    waiting = shopify(webhook(), topic="orders/paid", payments="transactions")
    assert "order.paid" not in types(waiting)
    assert "waits" in codes(waiting)


def test_a_transaction_alone_tells_its_part_only_where_transactions_tell_of_payments() -> None:
    part = payload("shopify_order")["transactions"][1]
    found = shopify(part, payments="transactions")
    assert types(found) == ["payment.status-changed"]
    assert one(found, "payment.status-changed")["status"] == "received"
    assert types(shopify(part)) == []


@pytest.mark.parametrize(
    ("kind", "status", "told"),
    [
        ("authorization", "success", "authorised"),
        ("authorization", "failure", "failed"),
        ("sale", "error", "failed"),
        ("void", "success", "voided"),
    ],
)
def test_money_that_did_not_come_in_is_told_as_such(kind: str, status: str, told: str) -> None:
    part = {**payload("shopify_order")["transactions"][0], "kind": kind, "status": status, "parent_id": 5}
    changed = one(shopify(part), "payment.status-changed")
    assert changed["status"] == told
    assert changed["payment"]["payment_id"] == ("shopify:5" if kind == "void" else "shopify:389404469")


def test_an_order_paid_in_part_tells_its_parts() -> None:
    order = payload("shopify_order")
    order |= {"financial_status": "partially_paid", "refunds": [], "transactions": order["transactions"][2:]}
    found = shopify(order)
    assert types(found)[:2] == ["order.placed", "payment.status-changed"]
    assert one(found, "payment.status-changed")["payment"]["amount"] == cad(2000)


@pytest.mark.parametrize(
    ("gateway", "method"),
    [
        ("paypal", "paypal"),
        ("cash", "cash"),
        ("Cash on Delivery (COD)", "cash_on_delivery"),
        ("klarna", "pay_later"),
    ],
)
def test_a_gateway_has_its_means_of_payment(gateway: str, method: str) -> None:
    found = shopify(plain(financial_status="paid", payment_gateway_names=[gateway]))
    assert one(found, "order.paid")["payments"][0]["method"] == method
    assert found.unknown_codes == {}


def test_an_unknown_gateway_is_counted_and_told_as_a_wallet() -> None:
    found = shopify(plain(financial_status="paid", payment_gateway_names=["Coins & Co"]))
    assert one(found, "order.paid")["payments"][0]["method"] == "wallet"
    assert found.unknown_codes == {("gateway", "coins & co"): 1}


@pytest.mark.parametrize(
    ("amount", "minor"), [("1200", 1200), ("1200.00", 1200), (1200, 1200), (1200.0, 1200), (" 1200 ", 1200)]
)
def test_an_amount_is_text_or_a_number_and_yen_have_no_decimals(amount: object, minor: int) -> None:
    order = plain(total_price=amount)
    order["line_items"][0]["price"] = amount
    assert one(shopify(order), "order.placed")["total"] == {"minor": minor, "currency": "JPY"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"total_price": "1200.50"}, "total_price: more decimals than JPY has (0)"),
        ({"total_price": "1,200"}, "total_price: no amount"),
        ({"total_price": "-1"}, "total_price: an amount below zero"),
        ({"total_price": None}, "total_price: missing"),
        ({"total_price": True}, "total_price: no amount"),
        ({"total_price": "9999"}, "lines and freight sum to 1200, not to 9999"),
        ({"currency": "yen"}, "currency: no currency of three capital letters"),
        ({"id": ""}, "id: missing"),
        ({"created_at": "2026-11-20T10:00:00"}, "created_at: a local time, and nobody says of which zone"),
        ({"created_at": None}, "created_at: missing"),
        ({"created_at": "2099-01-01T00:00:00Z"}, "payload: a moment ahead of the receipt"),
        ({"created_at": "2020-01-01T00:00:00Z"}, "or too long ago for the border"),
        ({"line_items": {"id": 1}}, "line_items: no list"),
        (
            {"line_items": [{"id": 1, "quantity": "one", "price": "1"}]},
            "line_items[0].quantity: no whole number",
        ),
        ({"line_items": [{"id": 1, "quantity": 1, "price": "x"}]}, "line_items[0].price: no amount"),
        ({"total_price_set": {"shop_money": {"amount": "1200", "currency_code": "USD"}}}, "not the currency"),
    ],
)
def test_money_is_all_or_nothing_and_the_field_is_named(change: dict[str, object], told: str) -> None:
    with pytest.raises(PayloadError) as caught:
        shopify(plain(**change))
    assert told in str(caught.value)


def test_cents_that_were_split_otherwise_are_no_fault() -> None:
    assert types(shopify(plain(total_price="1201"))) == ["order.placed"]


def test_a_gift_of_price_zero_needs_no_payment() -> None:
    order = plain(total_price="0", financial_status="paid")
    order["line_items"][0]["price"] = "0"
    found = shopify(order)
    assert types(found) == ["order.placed"]


def test_a_gift_card_and_a_service_are_goods_that_do_not_travel() -> None:
    order = plain()
    order["line_items"][0] |= {"gift_card": True, "requires_shipping": False}
    assert one(shopify(order), "order.placed")["lines"][0]["goods_class"] == "virtual"


def test_a_guest_is_a_customer_of_one_order() -> None:
    found = shopify(plain(customer=None))
    assert one(found, "order.placed")["customer_id"] == "shopify:77.guest"
    assert "assumed" in codes(found)


@pytest.mark.parametrize(
    ("reason", "status", "sent", "cause"),
    [
        ("customer", "voided", None, "unpaid_cancelled"),
        ("customer", "refunded", None, "refunded_unshipped"),
        ("other", "refunded", "fulfilled", "refunded"),
        ("fraud", "refunded", None, "fraud"),
        ("declined", "pending", None, "declined"),
        ("inventory", "refunded", None, "no_stock"),
        ("staff", "voided", None, "staff_error"),
        ("sunspots", "pending", None, "unpaid_cancelled"),
    ],
)
def test_a_cancelled_order_is_closed_with_its_cause(
    reason: str, status: str, sent: str | None, cause: str
) -> None:
    order = plain(
        cancelled_at="2026-11-21T10:00:00+09:00",
        cancel_reason=reason,
        financial_status=status,
        fulfillment_status=sent,
    )
    found = shopify(order, payments="transactions")
    assert one(found, "order.closed")["cause"] == cause
    assert bool(found.unknown_codes) == (reason == "sunspots")


def test_an_edit_is_told_with_the_order_as_it_is_now() -> None:
    order = webhook() | {"refunds": [], "current_total_price": "84.24"}
    order["line_items"][0] |= {"current_quantity": 0}
    order["line_items"][0]["tax_lines"] = []
    order["line_items"][0]["duties"] = []
    order["line_items"].append(
        {"id": 4, "product_id": 5, "quantity": 2, "current_quantity": 2, "price": "22.95", "tax_lines": []}
    )
    edit = {"id": 78912328793, "order_id": order["id"], "committed_at": "2026-11-12T09:00:00-05:00"}
    found = shopify({"order": order, "order_edit": edit})
    edited = one(found, "order.edited")
    assert [(line["line_id"], line["quantity_count"]) for line in edited["lines"]] == [
        ("141249953214522974", 1),
        ("257004973105704598", 1),
        ("4", 2),
    ]
    assert edited["total"] == cad(8424)
    alone = shopify({"order_edit": edit}, topic="orders/edited")
    assert (types(alone), codes(alone)) == ([], ["waits"])


def test_pieces_that_an_edit_took_off_are_remarked_where_the_edit_is_not_beside() -> None:
    order = webhook()
    order["line_items"][1]["current_quantity"] = 0
    (remark,) = [each for each in shopify(order).remarks if each.place.endswith("current_quantity")]
    assert remark.place == "line_items[1].current_quantity"


@pytest.mark.parametrize(
    ("adjustment", "total", "charges", "off"),
    [("2", 1202, [("rounding", 2)], None), ("-3", 1197, [], 3), ("0", 1200, [], None)],
)
def test_cash_is_rounded_to_the_smallest_coin(
    adjustment: str, total: int, charges: list[tuple[str, int]], off: int | None
) -> None:
    rounded = {"shop_money": {"amount": adjustment, "currency_code": "JPY"}}
    found = shopify(plain(total_cash_rounding_payment_adjustment_set=rounded))
    placed = one(found, "order.placed")
    assert placed["total"]["minor"] == total
    assert [(charge["kind"], charge["amount"]["minor"]) for charge in placed["charges"]] == charges
    assert placed.get("rounded_off", {}).get("minor") == off


def test_a_test_order_and_a_context_without_a_shop() -> None:
    assert codes(shopify(plain(test=True))) == ["test_mode"]
    with pytest.raises(PayloadError, match="shop_id: missing"):
        adapt("shopify", json.dumps(plain()))
