"""Tells Shopify's payments and refunds: transactions, and money that went back without a request of ours."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from pydantic import ValidationError

from aftersales_adapters.money import money
from aftersales_adapters.reading import Node
from aftersales_adapters.shopify_orders import amount, global_id, need_amount, order_id, own_id, shown
from aftersales_adapters.telling import Telling, digest_id, refused
from aftersales_contracts.base import Money
from aftersales_contracts.components import Party, Payment, Share, Tender
from aftersales_contracts.enums import PaymentMethod as M
from aftersales_contracts.enums import PaymentStatus, Role
from aftersales_contracts.shop.orders import OrderPaidV1
from aftersales_contracts.shop.payments import PaymentStatusChangedV1, RefundMadeOutsideV1

OURS = "aftersales:"
"""Start of the note of a refund that carries out a payment which we asked for; the intent's id follows."""
GATEWAYS: Mapping[str, M] = {
    "shopify_payments": M.CREDIT_CARD,
    "stripe": M.CREDIT_CARD,
    "adyen": M.CREDIT_CARD,
    "authorize_net": M.CREDIT_CARD,
    "checkout_com": M.CREDIT_CARD,
    "paypal": M.PAYPAL,
    "paypal_express": M.PAYPAL,
    "gift_card": M.GIFT_CARD,
    "store_credit": M.STORE_CREDIT,
    "shopify_store_credit": M.STORE_CREDIT,
    "shop_cash": M.STORE_CREDIT,
    "cash": M.CASH,
    "cash_on_delivery": M.CASH_ON_DELIVERY,
    "cash on delivery (cod)": M.CASH_ON_DELIVERY,
    "bank_deposit": M.BANK_TRANSFER,
    "bank deposit": M.BANK_TRANSFER,
    "money order": M.BANK_TRANSFER,
    "alipay": M.ALIPAY,
    "alipay_global": M.ALIPAY,
    "wechat_pay": M.TENPAY,
    "shopify_installments": M.PAY_LATER,
    "klarna": M.PAY_LATER,
    "afterpay": M.PAY_LATER,
    "affirm": M.PAY_LATER,
    "apple_pay": M.WALLET,
    "google_pay": M.WALLET,
    "amazon_payments": M.WALLET,
    "shop_pay": M.WALLET,
}
"""The means of payment by `gateway`, in lower case."""
STATUSES: Mapping[tuple[str, str], PaymentStatus] = {
    ("authorization", "success"): PaymentStatus.AUTHORISED,
    ("sale", "success"): PaymentStatus.RECEIVED,
    ("capture", "success"): PaymentStatus.RECEIVED,
    ("authorization", "failure"): PaymentStatus.FAILED,
    ("authorization", "error"): PaymentStatus.FAILED,
    ("sale", "failure"): PaymentStatus.FAILED,
    ("sale", "error"): PaymentStatus.FAILED,
    ("capture", "failure"): PaymentStatus.FAILED,
    ("capture", "error"): PaymentStatus.FAILED,
    ("void", "success"): PaymentStatus.VOIDED,
}
"""The fate of a payment, by a transaction's `kind` and `status`."""
KINDS = frozenset({"authorization", "sale", "capture", "void", "refund", "change", "emv_authorization"})
STATES = frozenset({"success", "failure", "error", "pending", "awaiting_response"})
PAID = frozenset({"paid", "partially_refunded", "refunded"})
"""The `financial_status` of an order that was fully paid."""
UNPAID = frozenset({"pending", "authorized", "partially_paid", "voided", "expired"})


def method_of(telling: Telling, gateway: Node, wallet: Node) -> M:
    """The means of payment; an unknown gateway is counted and told as a wallet."""
    if not wallet.is_absent:
        return M.WALLET
    name = (gateway.text() or "").lower()
    found = GATEWAYS.get(name)
    if found is None:
        telling.unknown(gateway, "gateway", name or "none")
        telling.remark(gateway, "assumed", "an unknown means of payment is told as a wallet")
        return M.WALLET
    return found


def payment_of(telling: Telling, transaction: Node, payment_id: Node, currency: str) -> Payment:
    """One transaction as a payment in the shop's currency."""
    minor = amount(transaction, "amount", currency)
    if minor is None or minor < 0:
        transaction["amount"].fail("missing" if minor is None else "an amount below zero")
    wallet = transaction["payment_details"]["credit_card_wallet"]
    return Payment(
        payment_id=global_id(payment_id),
        method=method_of(telling, transaction["gateway"], wallet),
        amount=money(minor, currency),
        shown_amount=shown(transaction["amount_set"], currency),
    )


def tell_transaction(telling: Telling, shop_id: str, order: str, node: Node, currency: str) -> Payment | None:
    """Tells what became of one payment, and returns it where money came in.

    What came in is told by the caller, together with the other payments or as a part.
    """
    if node["test"].flag():
        telling.remark(node["test"], "test_mode", "nothing is told of a test transaction")
        return None
    kind, state = node["kind"].need_text(), node["status"].need_text()
    if kind not in KINDS or state not in STATES:
        name = "kind" if kind not in KINDS else "status"
        telling.unknown(node[name], f"transaction {name}", kind if name == "kind" else state)
        return None
    if kind in ("refund", "change"):
        telling.remark(node, "not_told", "money that goes back is told with its refund")
        return None
    status = STATUSES.get((kind.removeprefix("emv_"), state))
    if status is None:
        telling.remark(node["status"], "waits", f"{kind} {state}: nothing happened yet")
        return None
    is_void = status == PaymentStatus.VOIDED
    payment = payment_of(telling, node, node["parent_id"] if is_void else node["id"], currency)
    if status == PaymentStatus.RECEIVED:
        return payment
    code = telling.cut(node["error_code"], 64)
    event = PaymentStatusChangedV1(
        shop_id=shop_id, order_id=order, payment=payment, status=status, reason_code=code
    )
    telling.tell(f"transaction/{global_id(node['id'])}", moment_of(telling, node), event, node)
    return None


def tell_received(telling: Telling, shop_id: str, order: str, node: Node, payment: Payment) -> None:
    """Tells a payment that came in as one part of what is owed."""
    event = PaymentStatusChangedV1(
        shop_id=shop_id, order_id=order, payment=payment, status=PaymentStatus.RECEIVED
    )
    telling.tell(f"transaction/{payment.payment_id}", moment_of(telling, node), event, node)


def moment_of(telling: Telling, node: Node) -> datetime:
    """When it happened: `processed_at`, else `created_at`."""
    name = "created_at" if node["processed_at"].is_absent else "processed_at"
    return node[name].need_moment(telling.context.zone)


def tell_paid(telling: Telling, shop_id: str, order: Node, total: Money) -> Collection[str]:
    """Tells the payments of an order: of its transactions, else the whole order as one payment.

    Returns the ids of payments that came in, where transactions told them.
    """
    currency, name = total.currency, order_id(order["id"])
    state = order["financial_status"].text()
    if state is not None and state not in PAID | UNPAID:
        telling.unknown(order["financial_status"], "financial_status", state)
    received: list[tuple[Node, Payment]] = []
    for node in order["transactions"].items():
        payment = tell_transaction(telling, shop_id, name, node, currency)
        if payment is not None:
            received.append((node, payment))
    if received:
        _tell_received(telling, shop_id, order, received, total, is_paid=state in PAID)
    elif order["transactions"].is_absent and total.minor:
        _tell_by_status(telling, shop_id, order, state, total)
    return [payment.payment_id for _, payment in received]


def _tell_received(
    telling: Telling,
    shop_id: str,
    order: Node,
    received: list[tuple[Node, Payment]],
    total: Money,
    *,
    is_paid: bool,
) -> None:
    name = order_id(order["id"])
    together = sum(payment.amount.minor for _, payment in received)
    if not is_paid and together < total.minor:
        for node, payment in received:
            tell_received(telling, shop_id, name, node, payment)
        return
    payments = list({payment.payment_id: payment for _, payment in received}.values())
    together = sum(payment.amount.minor for payment in payments)
    event = OrderPaidV1(
        shop_id=shop_id, order_id=name, payments=payments, paid_amount=money(together, total.currency)
    )
    last = max(moment_of(telling, node) for node, _ in received)
    which = digest_id(["paid", *sorted(payment.payment_id for payment in payments)])
    telling.tell(f"order/{name}/{which}", last, event, order["transactions"])


def _tell_by_status(telling: Telling, shop_id: str, order: Node, state: str | None, total: Money) -> None:
    """Without transactions an order's status is all that is known of its payments."""
    if telling.context.payments == "transactions":
        telling.remark(order["financial_status"], "waits", "payments are told by the transactions")
        return
    if state not in PAID:
        if state == "partially_paid":
            telling.remark(order["financial_status"], "waits", "parts are told by the transactions only")
        return
    name = order_id(order["id"])
    gateways = list(order["payment_gateway_names"].items())
    first = gateways[0] if gateways else order["gateway"]
    if len(gateways) > 1:
        telling.remark(
            order["payment_gateway_names"], "assumed", "several means are told as one payment of the first"
        )
    payment = Payment(
        payment_id=digest_id([f"{name}.paid"]),
        method=method_of(telling, first, Node(None, "")),
        amount=total,
        shown_amount=shown(order["total_price_set"], total.currency),
    )
    paid_at = order["processed_at"] if not order["processed_at"].is_absent else order["created_at"]
    event = OrderPaidV1(shop_id=shop_id, order_id=name, payments=[payment], paid_amount=total)
    telling.tell(f"order/{name}/paid", paid_at.need_moment(telling.context.zone), event, order)


def has_money(refund: Node) -> bool:
    """Whether a refund has a transaction: one without only takes pieces off the order."""
    return next(refund["transactions"].items(), None) is not None


def tell_refund(
    telling: Telling, shop_id: str, refund: Node, currency: str | None, known: Collection[str]
) -> None:
    """Tells the money of a refund once all its transactions have ended; `known` are payments told before."""
    transactions = list(refund["transactions"].items())
    if not transactions:
        telling.remark(refund, "not_told", "a refund without money only takes pieces off the order")
        return
    note = refund["note"].text() or ""
    if note.startswith(OURS):
        telling.remark(refund["note"], "not_told", "it carries out our request, whose answer tells it")
        return
    states = [one["status"].need_text() for one in transactions]
    if any(state in ("pending", "awaiting_response") for state in states):
        telling.remark(refund["transactions"], "waits", "told once all its transactions have ended")
        return
    moved = [one for one, state in zip(transactions, states, strict=True) if state == "success"]
    if not moved:
        telling.remark(refund["transactions"], "not_told", "no money moved")
        return
    code = currency or _currency(moved[0])
    try:
        event = _outside(telling, shop_id, refund, moved, code, known)
    except ValidationError as error:
        raise refused(refund, error) from None
    telling.tell(f"refund/{event.outside_id}", max(moment_of(telling, one) for one in moved), event, refund)
    for one in refund["refund_line_items"].items():
        if one["restock_type"].text() not in (None, "no_restock"):
            telling.remark(one["restock_type"], "not_told", "goods that are back are told by the warehouse")


def _currency(transaction: Node) -> str:
    both = transaction["amount_set"]
    return (
        both["shop_money"]["currency_code"].currency()
        if not both.is_absent
        else transaction["currency"].currency()
    )


def _outside(
    telling: Telling, shop_id: str, refund: Node, moved: list[Node], currency: str, known: Collection[str]
) -> RefundMadeOutsideV1:
    sums = [need_amount(one, "amount", currency) for one in moved]
    total = sum(sums)
    if min(sums) < 0:
        refund["transactions"].fail("an amount below zero")
    freight, lines = _shares(telling, refund, total, currency)
    tenders: list[Tender] = []
    parents = [None if one["parent_id"].is_absent else global_id(one["parent_id"]) for one in moved]
    if all(parent and (parent in known or telling.context.payments == "transactions") for parent in parents):
        tenders = [
            Tender(payment_id=parent or "", amount=money(minor, currency))
            for parent, minor in zip(parents, sums, strict=True)
        ]
    presented = [shown(one["amount_set"], currency) for one in moved]
    return RefundMadeOutsideV1(
        shop_id=shop_id,
        order_id=order_id(refund["order_id"]),
        outside_id=global_id(refund["id"]),
        amount=money(total, currency),
        tenders=tenders,
        lines=lines or None,
        freight=money(freight, currency) if freight else None,
        reason_code="web_shop",
        shown_amount=_together(presented),
        by=Party(role=Role.SELLER),
    )


def _together(presented: list[Money | None]) -> Money | None:
    known = [one for one in presented if one is not None]
    if not known or len(known) != len(presented) or len({one.currency for one in known}) > 1:
        return None
    return money(sum(one.minor for one in known), known[0].currency)


def _shares(telling: Telling, refund: Node, total: int, currency: str) -> tuple[int, list[Share]]:
    """The freight and the pieces, with their amounts where these make the sum that moved.

    A refund does not say whether its subtotals include the tax: the reading that makes the sum is taken.
    """
    freight = sum(_adjusted(refund, currency))
    items = [one for one in refund["refund_line_items"].items() if one["quantity"].need_count()]
    subtotals = [need_amount(one, "subtotal", currency) for one in items]
    taxes = [amount(one, "total_tax", currency) or 0 for one in items]
    with_tax = [net + tax for net, tax in zip(subtotals, taxes, strict=True)]
    amounts: list[int] | None = None
    for reading in (with_tax, subtotals):
        if abs(sum(reading) + freight - total) <= len(items) and min(reading, default=0) >= 0:
            amounts = reading
            break
    if items and amounts is None:
        telling.remark(
            refund["refund_line_items"], "assumed", "amounts of the lines do not make the sum: left out"
        )
    if freight > total:
        telling.remark(refund["order_adjustments"], "unusable", "more freight than money: left out")
        freight = 0
    by_line: dict[str, list[int]] = {}
    for number, one in enumerate(items):
        entry = by_line.setdefault(own_id(one["line_item_id"]), [0, 0])
        entry[0] += one["quantity"].need_count()
        entry[1] += 0 if amounts is None else amounts[number]
    lines = [
        Share(
            line_id=line_id,
            quantity_count=count,
            amount=None if amounts is None else money(minor, currency),
        )
        for line_id, (count, minor) in by_line.items()
    ]
    return freight, lines


def _adjusted(refund: Node, currency: str) -> Iterator[int]:
    """Freight that goes back: Shopify writes it below zero, and any other difference beside it."""
    for one in refund["order_adjustments"].items():
        if one["kind"].text() == "shipping_refund":
            yield abs(need_amount(one, "amount", currency)) + abs(amount(one, "tax_amount", currency) or 0)
    if refund["order_adjustments"].is_absent:
        for one in refund["refund_shipping_lines"].items():
            yield abs(need_amount(one, "subtotal_amount", currency))
