"""Shopify: refunds after the fact, charge-backs, fulfilments."""

import copy
from typing import Any

import pytest

from tests.adapters.given import codes, payload
from tests.adapters.shopify import (
    ORDER,
    cad,
    one,
    shopify,
    types,
)


def refund(**fields: object) -> Any:
    """The refund, alone, with other fields."""
    return {**payload("shopify_order")["refunds"][0], **fields}


def test_a_refund_waits_until_its_transactions_have_ended() -> None:
    pending = copy.deepcopy(refund())
    pending["transactions"][0]["status"] = "pending"
    assert (types(shopify(pending)), codes(shopify(pending))) == ([], ["waits"])


@pytest.mark.parametrize(
    "change",
    [{"transactions": []}, {"note": "aftersales:refund-intent.r1"}],
    ids=["without money", "our own request"],
)
def test_a_refund_that_moves_no_money_of_others_is_remarked(change: dict[str, object]) -> None:
    found = shopify(refund(**change))
    assert (types(found), codes(found)) == ([], ["not_told"])


def test_a_refund_whose_lines_do_not_make_its_sum_keeps_the_pieces_without_amounts() -> None:
    found = shopify(refund(order_adjustments=[]))
    told = one(found, "refund.made-outside")
    assert told["amount"] == cad(5537)
    assert told["lines"] == [{"line_id": "866550311766439020", "quantity_count": 1}]
    assert "assumed" in codes(found)


def test_money_beyond_the_pieces_is_no_part_of_them() -> None:
    """Shopify writes money that goes out below zero; 3.00 more than the piece and the freight."""
    more = refund()
    more["order_adjustments"].append({"kind": "refund_discrepancy", "amount": "-3.00", "tax_amount": "0.00"})
    more["transactions"][0]["amount"] = "58.37"
    told = one(shopify(more), "refund.made-outside")
    assert (told["amount"], told["lines"][0]["amount"], told["freight"]) == (cad(5837), cad(4972), cad(565))


def test_a_fee_that_was_kept_leaves_the_pieces_without_amounts() -> None:
    less = refund()
    less["order_adjustments"].append({"kind": "refund_discrepancy", "amount": "5.00", "tax_amount": "0.00"})
    less["transactions"][0]["amount"] = "50.37"
    told = one(shopify(less), "refund.made-outside")
    assert told["amount"] == cad(5037)
    assert "amount" not in told["lines"][0]


def test_duties_that_go_back_are_told_with_the_freight() -> None:
    duties = refund(duties=[{"duty_id": 1, "amount": "3.50"}])
    duties["transactions"][0]["amount"] = "58.87"
    told = one(shopify(duties), "refund.made-outside")
    assert (told["freight"], told["lines"][0]["amount"]) == (cad(915), cad(4972))


def dispute(**fields: object) -> dict[str, object]:
    """The charge-back of the order's payment, with other fields."""
    return {**payload("shopify_dispute"), **fields}


@pytest.mark.parametrize(
    ("status", "ended", "stage"),
    [
        ("needs_response", None, "opened"),
        ("under_review", None, "opened"),
        ("won", "2026-11-28T13:00:00-05:00", "won"),
        ("lost", "2026-11-28T13:00:00-05:00", "lost"),
        ("accepted", "2026-11-28T13:00:00-05:00", "lost"),
    ],
)
def test_a_charge_back_is_about_the_orders_only_payment(status: str, ended: str | None, stage: str) -> None:
    told = one(shopify(dispute(status=status, finalized_on=ended)), "payment.charged-back")
    assert (told["stage"], told["payment_id"], told["amount"]) == (stage, f"{ORDER}.paid", cad(14478))
    assert told["reason_code"] == "fraudulent"


@pytest.mark.parametrize(
    ("change", "about", "word"),
    [
        ({"type": "inquiry"}, {}, "not_told"),
        ({}, {"payments": "transactions"}, "not_told"),
        ({"status": "pondered"}, {}, "unknown_code"),
    ],
)
def test_a_dispute_that_moves_no_known_payment_is_remarked(
    change: dict[str, object], about: dict[str, Any], word: str
) -> None:
    found = shopify(dispute(**change), **about)
    assert (types(found), codes(found)) == ([], [word])


def fulfilment(**fields: object) -> Any:
    """The fulfilment, alone, with other fields."""
    return {**payload("shopify_order")["fulfillments"][0], **fields}


def test_several_numbers_of_a_fulfilment_are_several_parcels() -> None:
    found = shopify(fulfilment(tracking_numbers=["A1", "A2", "A1"]))
    assert types(found) == ["parcel.registered", "parcel.registered", "order.shipped"]
    assert one(found, "order.shipped")["parcel_ids"] == ["shopify:255858046", "shopify:255858046.2"]
    assert "assumed" in codes(found)


@pytest.mark.parametrize(
    ("status", "told", "word"),
    [
        ("open", [], "waits"),
        ("cancelled", ["parcel.registered", "parcel.waybill-voided"], "not_told"),
        ("sublimated", [], "unknown_code"),
    ],
)
def test_a_fulfilment_that_is_not_under_way(status: str, told: list[str], word: str) -> None:
    found = shopify(fulfilment(status=status))
    assert types(found) == told
    assert word in codes(found)


def cancelled(quantity: int = 1, **fields: object) -> Any:
    found = copy.deepcopy(refund(**fields))
    found["refund_line_items"][0] |= {"restock_type": "cancel", "quantity": quantity}
    return found


def test_pieces_that_a_refund_cancels_are_not_awaited_any_more() -> None:
    """Money alone does not say whether the goods still leave: Shopify says it by the way it restocks them."""
    closed = one(shopify(cancelled()), "order.closed")
    assert closed["lines"] == [{"line_id": "866550311766439020", "quantity_count": 1}]
    assert closed["cause"] == "refunded_outside"
    for found in (shopify(refund()), shopify(cancelled(transactions=[])), shopify(cancelled(quantity=0))):
        assert not [name for name in types(found) if name.endswith("order.closed.v1")]
