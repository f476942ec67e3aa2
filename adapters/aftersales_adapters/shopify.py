"""Adapts Shopify: orders, edits, payments, disputes, refunds, fulfilments; as webhooks and as files."""

from collections.abc import Callable, Mapping

from pydantic import ValidationError

from aftersales_adapters.reading import Node
from aftersales_adapters.result import Adapted, Context, PayloadError
from aftersales_adapters.shopify_orders import PREFIX, Terms, order_id, own_id, quantities_now, terms_of
from aftersales_adapters.shopify_parcels import tell_fulfilment
from aftersales_adapters.shopify_payments import (
    GATEWAYS,
    PAID,
    tell_dispute,
    tell_paid,
    tell_received,
    tell_transaction,
)
from aftersales_adapters.shopify_refunds import has_money, tell_refund
from aftersales_adapters.telling import Telling, digest_id, refused
from aftersales_contracts.components import Party
from aftersales_contracts.enums import PaymentMethod, Role, SellerType
from aftersales_contracts.shop.orders import (
    CloseCause,
    OrderClosedV1,
    OrderEditedV1,
    OrderPlacedV1,
    PaymentMode,
)

NAME = "shopify"
CLOSED: Mapping[str, CloseCause] = {
    "fraud": CloseCause.FRAUD,
    "declined": CloseCause.DECLINED,
    "inventory": CloseCause.NO_STOCK,
    "staff": CloseCause.STAFF_ERROR,
}
"""The cause by `cancel_reason`; `customer` and `other` go by whether the order was paid and shipped."""
OPEN_REASONS = frozenset({"customer", "other"})


def adapt(payload: Node, context: Context) -> Adapted:
    """Tells an order and all inside, or one edit, transaction, refund or fulfilment.

    Raises PayloadError for a payload that is none of these, and for money that cannot be told.
    """
    telling = Telling(NAME, context)
    try:
        _dispatch(telling, payload)
    except ValidationError as error:
        raise refused(payload, error) from None
    return telling.adapted()


def _dispatch(telling: Telling, payload: Node) -> None:
    if telling.context.shop_id is None:
        raise PayloadError("shop_id", "missing: the context names the shop")
    if payload.has("order_edit"):
        _edit(telling, payload)
        return
    for name, tell in _WHOLE.items():
        if payload.has(name):
            tell(telling, payload[name])
            return
    for name, one in _LISTS.items():
        if payload.has(name) and not payload.has("total_price", "refund_line_items"):
            for node in payload[name].items():
                _WHOLE[one](telling, node)
            return
    _WHOLE[_kind(payload)](telling, payload)


def _kind(payload: Node) -> str:
    """The kind of a bare object, by fields that no other has."""
    if payload.has("total_price", "financial_status"):
        return "order"
    if payload.has("refund_line_items", "order_adjustments"):
        return "refund"
    if payload.has("tracking_number", "tracking_numbers", "tracking_company", "shipment_status"):
        return "fulfillment"
    if payload.has("gateway", "kind"):
        return "transaction"
    if payload.has("evidence_due_by", "initiated_at"):
        return "dispute"
    return payload.fail("neither an order, a refund, a fulfilment, a transaction nor a dispute")


def _shop(telling: Telling) -> str:
    return telling.context.shop_id or ""


def _order(telling: Telling, order: Node) -> None:
    name = order_id(order["id"])
    if order["test"].flag():
        telling.remark(order["test"], "test_mode", "nothing is told of a test order")
        return
    terms = terms_of(telling, order)
    if telling.context.topic in (None, "orders/create"):
        _placed(telling, order, name, terms)
    else:
        telling.remark(order, "not_told", "a placed order is told by orders/create")
    known = tell_paid(telling, _shop(telling), order, terms.total)
    for fulfilment in order["fulfillments"].items():
        tell_fulfilment(telling, _shop(telling), fulfilment)
    for refund in order["refunds"].items():
        tell_refund(telling, _shop(telling), refund, terms.total.currency, known)
    _look_for_edits(telling, order)
    if not order["cancelled_at"].is_absent:
        _closed(telling, order, name)


def _placed(telling: Telling, order: Node, name: str, terms: Terms) -> None:
    customer = order["customer"]["id"].id()
    if customer is None:
        telling.remark(order["customer"], "assumed", "a guest is a customer of this order alone")
    gateways = [one.text() or "" for one in order["payment_gateway_names"].items()]
    is_cod = any(GATEWAYS.get(one.lower()) == PaymentMethod.CASH_ON_DELIVERY for one in gateways)
    address = order["shipping_address"]
    parts = (address["country_code"].text(), address["province_code"].text())
    region = "-".join(part for part in parts if part)
    event = OrderPlacedV1(
        shop_id=_shop(telling),
        order_id=name,
        customer_id=digest_id([f"{PREFIX}{customer}" if customer else f"{name}.guest"]),
        seller_type=SellerType.WEB_SHOP,
        platform_code="shopify",
        payment_mode=PaymentMode.CASH_ON_DELIVERY if is_cod else PaymentMode.PREPAID,
        lines=terms.lines,
        freight=terms.freight,
        total=terms.total,
        region_code=region[:64] or None,
        charges=terms.charges,
        rounded_off=terms.rounded_off,
        shown_total=terms.shown_total,
    )
    telling.tell(f"order/{name}/placed", order["created_at"].need_moment(telling.context.zone), event, order)


def _look_for_edits(telling: Telling, order: Node) -> None:
    """Remarks on pieces that an edit took off: an order alone does not say when, or what was added."""
    now = quantities_now(order, (one for one in order["refunds"].items() if has_money(one)))
    for line in order["line_items"].items():
        if line["tip"].is_absent and now.get(own_id(line["id"])) != line["quantity"].count():
            telling.remark(
                line["current_quantity"], "not_told", "edited: hand in order and order_edit together"
            )


def _edit(telling: Telling, payload: Node) -> None:
    edit, order = payload["order_edit"], payload["order"]
    if order.is_absent:
        telling.remark(payload["order_edit"], "waits", "an edit alone has no lines: hand in its order too")
        return
    name = order_id(order["id"])
    if order_id(edit["order_id"]) != name:
        edit["order_id"].fail("not the order beside it")
    refunds = [one for one in order["refunds"].items() if has_money(one)]
    terms = terms_of(telling, _now(order), quantities=quantities_now(order, iter(refunds)))
    if not terms.lines:
        edit.fail("no line is left")
    total = terms.total
    if refunds:
        parts = [line.amount_minor for line in terms.lines]
        parts += [charge.amount.minor for charge in terms.charges] + [terms.freight.minor]
        parts += [] if terms.rounded_off is None else [-terms.rounded_off.minor]
        total = total.model_copy(update={"minor": sum(parts)})
        telling.remark(order["current_total_price"], "assumed", "refunds are part of what is owed")
    event = OrderEditedV1(
        shop_id=_shop(telling),
        order_id=name,
        by=Party(role=Role.SELLER),
        lines=terms.lines,
        freight=terms.freight,
        total=total,
        charges=terms.charges,
        rounded_off=terms.rounded_off,
        shown_total=None if refunds else terms.shown_total,
    )
    moment = edit["committed_at"] if not edit["committed_at"].is_absent else edit["created_at"]
    telling.tell(f"order-edit/{own_id(edit['id'])}", moment.need_moment(telling.context.zone), event, edit)


def _now(order: Node) -> Node:
    """The order with its total as it is now."""
    if order["current_total_price"].is_absent and order["current_total_price_set"].is_absent:
        return order
    names = ("total_price", "total_price_set")
    return Node({**order.value, **{name: order[f"current_{name}"].value for name in names}}, order.place)


def _closed(telling: Telling, order: Node, name: str) -> None:
    reason = order["cancel_reason"].text() or "other"
    cause = CLOSED.get(reason)
    if cause is None:
        if reason not in OPEN_REASONS:
            telling.unknown(order["cancel_reason"], "cancel_reason", reason)
        was_paid = order["financial_status"].text() in PAID
        was_sent = not order["fulfillment_status"].is_absent
        cause = CloseCause.UNPAID_CANCELLED
        if was_paid:
            cause = CloseCause.REFUNDED if was_sent else CloseCause.REFUNDED_UNSHIPPED
    by = Party(role=Role.BUYER if reason == "customer" else Role.SELLER)
    event = OrderClosedV1(shop_id=_shop(telling), order_id=name, cause=cause, by=by)
    telling.tell(
        f"order/{name}/closed", order["cancelled_at"].need_moment(telling.context.zone), event, order
    )


def _transaction(telling: Telling, node: Node) -> None:
    both = node["amount_set"]
    currency = node["currency"] if both.is_absent else both["shop_money"]["currency_code"]
    order = order_id(node["order_id"])
    payment = tell_transaction(telling, _shop(telling), order, node, currency.currency())
    if payment is None:
        return
    if telling.context.payments == "orders":
        telling.remark(node, "not_told", "the orders tell payments, unless the context differs")
        return
    tell_received(telling, _shop(telling), order, node, payment)


def _dispute(telling: Telling, node: Node) -> None:
    tell_dispute(telling, _shop(telling), node)


def _refund(telling: Telling, node: Node) -> None:
    tell_refund(telling, _shop(telling), node, None, ())


def _fulfilment(telling: Telling, node: Node) -> None:
    tell_fulfilment(telling, _shop(telling), node)


_WHOLE: Mapping[str, Callable[[Telling, Node], None]] = {
    "order": _order,
    "refund": _refund,
    "fulfillment": _fulfilment,
    "transaction": _transaction,
    "dispute": _dispute,
}
_LISTS = {
    "orders": "order",
    "refunds": "refund",
    "fulfillments": "fulfillment",
    "transactions": "transaction",
    "disputes": "dispute",
}
