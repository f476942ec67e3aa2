"""Tells Shopify's payments: transactions, the status of an order, disputes."""

from collections.abc import Collection, Mapping
from datetime import datetime

from aftersales_adapters.money import money
from aftersales_adapters.reading import Node
from aftersales_adapters.shopify_orders import amount, global_id, order_id, shown
from aftersales_adapters.telling import Telling, digest_id
from aftersales_contracts.base import Money
from aftersales_contracts.components import Payment
from aftersales_contracts.enums import ChargebackStage, PaymentStatus
from aftersales_contracts.enums import PaymentMethod as M
from aftersales_contracts.shop.orders import OrderPaidV1
from aftersales_contracts.shop.payments import (
    PaymentChargedBackV1,
    PaymentStatusChangedV1,
)

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
DISPUTES: Mapping[str, ChargebackStage] = {
    "needs_response": ChargebackStage.OPENED,
    "under_review": ChargebackStage.OPENED,
    "won": ChargebackStage.WON,
    "lost": ChargebackStage.LOST,
    "accepted": ChargebackStage.LOST,
    "charge_refunded": ChargebackStage.LOST,
}
"""The stage of a charge-back by the `status` of a dispute."""
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


def tell_dispute(telling: Telling, shop_id: str, node: Node) -> None:
    """Tells a charge-back of an order's only payment: a dispute does not name which payment it is about."""
    if node["type"].text() == "inquiry":
        telling.remark(node["type"], "not_told", "an inquiry moves no money")
        return
    status = node["status"].need_text()
    stage = DISPUTES.get(status)
    if stage is None:
        telling.unknown(node["status"], "dispute status", status)
        return
    if telling.context.payments == "transactions":
        telling.remark(node, "not_told", "it does not name its payment, and transactions told several")
        return
    order, currency = order_id(node["order_id"]), node["currency"].currency()
    minor = node["amount"].need_minor(currency)
    if minor < 0:
        node["amount"].fail("an amount below zero")
    moment = node["initiated_at" if stage == ChargebackStage.OPENED else "finalized_on"]
    event = PaymentChargedBackV1(
        shop_id=shop_id,
        order_id=order,
        payment_id=digest_id([f"{order}.paid"]),
        dispute_id=global_id(node["id"]),
        stage=stage,
        amount=money(minor, currency),
        reason_code=telling.cut(node["reason"], 64) or "unknown",
    )
    which = f"dispute/{event.dispute_id}/{stage.value}"
    telling.tell(which, moment.need_moment(telling.context.zone), event, node)
