"""Taobao: a trade from its placing to its end, a refund step by step, messages with and without object."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from aftersales_adapters.result import Adapted, PayloadError
from tests.adapters.given import CONTEXT, adapted, codes, data, payload

TID = "tb:2130700002394001"


def taobao(value: object, **about: Any) -> Adapted:
    """The adapter's result, with a context of its own."""
    return adapted("taobao", value, replace(CONTEXT, **about))


def types(found: Adapted) -> list[str]:
    """The types of the events, without their ends."""
    return [told.event.TYPE.removeprefix("shop.").removesuffix(".v1") for told in found.events]


def one(found: Adapted, event_type: str) -> Mapping[str, Any]:
    """The data of the only event of a type."""
    (told,) = [told for told in found.events if f"shop.{event_type}.v1" == told.event.TYPE]
    return data(told)


def at(found: Adapted, event_type: str) -> str:
    """The moment of the only event of a type."""
    (told,) = [told for told in found.events if f"shop.{event_type}.v1" == told.event.TYPE]
    return str(told.as_json()["time"])


def cny(minor: int) -> dict[str, object]:
    return {"minor": minor, "currency": "CNY"}


def trade(**fields: object) -> Any:
    """The trade itself, with other fields."""
    return {**payload("taobao_trade")["trade_fullinfo_get_response"]["trade"], **fields}


def refund(**fields: object) -> Any:
    """The refund itself, with other fields."""
    return {**payload("taobao_refund")["refund_get_response"]["refund"], **fields}


def test_a_trade_with_all_that_happened_to_it() -> None:
    found = taobao(payload("taobao_trade"))
    assert types(found) == [
        "order.placed", "order.paid", "parcel.registered", "order.shipped", "order.succeeded", "order.closed",
    ]  # fmt: skip
    assert {told.envelope.subject for told in found.events} == {TID}
    placed = one(found, "order.placed")
    assert at(found, "order.placed") == "2026-11-10T12:15:03Z", "a time without a zone is China's"
    assert (placed["seller_type"], placed["platform_code"]) == ("c_shop", "taobao")
    assert placed["total"] == cny(10400)
    assert [(line["sku_id"], line["discount"]["minor"]) for line in placed["lines"]] == [
        ("杯子-蓝 350", 1000),
        ("610947572361", 1000),
    ]
    assert one(found, "order.paid")["payments"][0]["payment_id"] == f"{TID}.paid"
    assert one(found, "parcel.registered")["tracking"] == {
        "carrier_code": "顺丰速运",
        "tracking_code": "SF1020304050607",
    }
    assert one(found, "order.succeeded")["lines"] == [{"line_id": "2130700002395001", "quantity_count": 2}]
    closed = one(found, "order.closed")
    assert closed["cause"] == "refunded_unshipped"
    assert closed["lines"][0]["line_id"] == "2130700002396001"
    assert "王" not in str([told.as_json() for told in found.events])


@pytest.mark.parametrize("nick", ["alice", "王小明", "wang王"])
def test_a_buyer_without_an_open_id_is_known_by_a_hash_of_the_nick(nick: str) -> None:
    first = one(taobao(trade(buyer_open_uid=None, buyer_nick=nick)), "order.placed")["customer_id"]
    assert first == one(taobao(trade(buyer_open_uid="", buyer_nick=nick)), "order.placed")["customer_id"]
    assert first.startswith("tb:nick-")
    assert "alice" not in first
    assert "wang" not in first


def test_a_message_tells_the_payment_under_the_id_of_the_trade() -> None:
    message = taobao(payload("taobao_message"))
    assert types(message) == ["order.paid"]
    (paid,) = [
        told for told in taobao(payload("taobao_trade")).events if told.event.TYPE == "shop.order.paid.v1"
    ]
    assert (message.events[0].envelope.id, message.events[0].event) == (paid.envelope.id, paid.event)


def test_a_message_with_its_trade_tells_the_trade() -> None:
    beside = {"topic": "taobao_trade_TradeSellerShip", "content": "{}", "trade": trade()}
    assert "order.placed" not in types(taobao(beside))
    assert "order.shipped" in types(taobao(beside))
    assert "order.placed" in types(taobao({**beside, "topic": "taobao_trade_TradeCreate"}))


@pytest.mark.parametrize(
    ("topic", "word"),
    [
        ("taobao_trade_TradeSuccess", "waits"),
        ("taobao_refund_RefundSuccess", "waits"),
        ("taobao_dispute_ExchangeAgree", "not_told"),
        ("taobao_trade_TradeMoonlight", "unknown_code"),
    ],
)
def test_a_message_that_does_not_say_enough_is_remarked(topic: str, word: str) -> None:
    found = taobao({"topic": topic, "pub_time": "2026-11-20 10:00:00", "content": {"tid": 1}})
    assert types(found) == []
    assert codes(found) == [word]


def test_a_trade_that_was_closed_before_it_was_paid() -> None:
    closed = taobao(trade(status="TRADE_CLOSED_BY_TAOBAO", pay_time=None, consign_time=None, orders=None))
    assert one(closed, "order.closed")["cause"] == "unpaid_timeout"
    content = {"tid": 2130700002394001, "status": "TRADE_CLOSED_BY_TAOBAO"}
    message = taobao(
        {"topic": "taobao_trade_TradeClose", "pub_time": "2026-11-22 08:00:01", "content": content}
    )
    assert message.events[0].envelope.id == closed.events[-1].envelope.id
    assert message.events[0].event == closed.events[-1].event


def test_a_deposit_and_a_balance_are_two_payments() -> None:
    steps = {"type": "step", "step_paid_fee": "20.00"}
    first = taobao(trade(**steps, step_trade_status="FRONT_PAID_FINAL_NOPAID", status="WAIT_BUYER_PAY"))
    assert one(first, "payment.status-changed")["payment"]["purpose"] == "deposit"
    assert "order.paid" not in types(first)
    both = one(taobao(trade(**steps, step_trade_status="FRONT_PAID_FINAL_PAID")), "order.paid")
    assert [(each["payment_id"], each["purpose"], each["amount"]["minor"]) for each in both["payments"]] == [
        (f"{TID}.deposit", "deposit", 2000),
        (f"{TID}.balance", "balance", 8400),
    ]


@pytest.mark.parametrize(
    ("shipping", "kind"),
    [("express", "express"), ("free", "express"), ("ems", "ems"), ("post", "mail"), ("virtual", "virtual")],
)
def test_a_kind_of_shipping(shipping: str, kind: str) -> None:
    assert one(taobao(trade(shipping_type=shipping)), "order.shipped")["delivery_kind"] == kind


def test_a_shop_of_the_mall_is_said_by_the_context() -> None:
    placed = one(taobao(trade(), is_mall=True), "order.placed")
    assert (placed["seller_type"], placed["platform_code"]) == ("mall", "tmall")


def test_unknown_words_are_counted() -> None:
    found = taobao(trade(status="TRADE_ON_THE_MOON", shipping_type="drone", step_trade_status="BACK"))
    assert found.unknown_codes == {
        ("trade status", "TRADE_ON_THE_MOON"): 1,
        ("shipping_type", "drone"): 1,
        ("step_trade_status", "BACK"): 1,
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"payment": "104.005"}, "payment: more decimals than CNY has (2)"),
        ({"payment": ""}, "payment: missing"),
        ({"payment": "-1.00"}, "payment: an amount below zero"),
        ({"payment": "999.00"}, "lines and freight sum to 10400, not to 99900"),
        ({"created": "2026-11-10"}, "created: a day without a time"),
        ({"tid": None}, "tid: missing"),
        ({"status": None}, "status: missing"),
    ],
)
def test_money_is_all_or_nothing_and_the_field_is_named(change: dict[str, object], told: str) -> None:
    with pytest.raises(PayloadError) as caught:
        taobao(trade(**change))
    assert told in str(caught.value)


def test_a_refund_whose_goods_are_on_the_way_back() -> None:
    found = taobao(payload("taobao_refund"))
    assert types(found) == ["refund.applied", "refund.agreed", "return.sent"]
    applied = one(found, "refund.applied")
    assert (applied["kind"], applied["reason_code"], applied["amount"]) == (
        "with_return",
        "quality",
        cny(4400),
    )
    assert one(found, "return.sent")["tracking"]["tracking_code"] == "YT8812345678901"
    assert at(found, "return.sent") == "2026-11-16T10:20:00Z"
    assert "13800138000" not in str([told.as_json() for told in found.events])


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("WAIT_SELLER_AGREE", []),
        ("WAIT_BUYER_RETURN_GOODS", ["refund.agreed"]),
        ("SELLER_REFUSE_BUYER", ["refund.refused"]),
        ("CLOSED", ["application.withdrawn"]),
        ("SUCCESS", ["refund.made-outside"]),
    ],
)
def test_a_refund_at_each_step(status: str, told: list[str]) -> None:
    found = taobao(refund(status=status, sid=None, good_return_time=None))
    assert types(found) == ["refund.applied", *told]
    assert found.unknown_codes == {}


def test_money_of_a_refund_enters_the_account_as_paid_outside() -> None:
    paid = one(taobao(refund(status="SUCCESS")), "refund.made-outside")
    assert (paid["outside_id"], paid["refund_id"], paid["amount"]) == (
        "tb:99300021",
        "tb:99300021",
        cny(4400),
    )


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"has_good_return": False, "order_status": "WAIT_SELLER_SEND_GOODS"}, "unshipped"),
        ({"has_good_return": "false", "good_status": "BUYER_NOT_RECEIVED"}, "not_received"),
        ({"has_good_return": False, "good_status": "BUYER_RECEIVED"}, "no_return"),
        ({"has_good_return": "true", "reason": "7天无理由退换货"}, "no_reason"),
    ],
)
def test_a_kind_of_refund(fields: dict[str, object], kind: str) -> None:
    assert one(taobao(refund(**fields)), "refund.applied")["kind"] == kind


def test_a_reason_in_other_words_is_counted() -> None:
    found = taobao(refund(reason="猫不喜欢"))
    assert one(found, "refund.applied")["reason_code"] == "other"
    assert found.unknown_codes == {("refund reason", "猫不喜欢"): 1}


def test_an_error_of_the_sender_is_no_trade() -> None:
    with pytest.raises(PayloadError, match="error_response: the sender refused the question"):
        taobao({"error_response": {"code": 27, "msg": "Invalid session"}})
