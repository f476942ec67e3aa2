"""Tells Taobao's trades (交易): placed, paid, shipped, succeeded, closed; in yuan and in China's time."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from pydantic import ValidationError

from aftersales_adapters.carriers import carrier_code, tracking_code
from aftersales_adapters.money import money
from aftersales_adapters.reading import SHANGHAI, Node
from aftersales_adapters.telling import Telling, digest_id, refused
from aftersales_contracts.base import Money
from aftersales_contracts.components import Charge, Line, Party, Payment, Share, Tracking
from aftersales_contracts.enums import (
    ChargeKind,
    FreightTerms,
    GoodsClass,
    ParcelDirection,
    PaymentMethod,
    PaymentPurpose,
    PaymentStatus,
    Role,
    SellerType,
)
from aftersales_contracts.shop.orders import (
    CloseCause,
    DeliveryKind,
    OrderClosedV1,
    OrderPaidV1,
    OrderPlacedV1,
    OrderShippedV1,
    OrderSucceededV1,
    PaymentMode,
    SuccessCause,
)
from aftersales_contracts.shop.payments import PaymentStatusChangedV1
from aftersales_contracts.shop.shipments import FreightPayer, ParcelRegisteredV1

PREFIX = "tb:"
CNY = "CNY"
STATUSES = frozenset(
    {
        "TRADE_NO_CREATE_PAY", "WAIT_BUYER_PAY", "SELLER_CONSIGNED_PART", "WAIT_SELLER_SEND_GOODS",
        "WAIT_BUYER_CONFIRM_GOODS", "TRADE_BUYER_SIGNED", "TRADE_FINISHED", "TRADE_CLOSED",
        "TRADE_CLOSED_BY_TAOBAO", "PAY_PENDING", "WAIT_PRE_AUTH_CONFIRM", "PAID_FORBID_CONSIGN",
    }
)  # fmt: skip
"""The `status` of a trade and of its lines."""
SENT = frozenset({"WAIT_BUYER_CONFIRM_GOODS", "TRADE_BUYER_SIGNED", "TRADE_FINISHED"})
CLOSED: Mapping[str, CloseCause] = {
    "TRADE_CLOSED": CloseCause.REFUNDED,
    "TRADE_CLOSED_BY_TAOBAO": CloseCause.UNPAID_TIMEOUT,
}
DELIVERIES: Mapping[str, DeliveryKind] = {
    "express": DeliveryKind.EXPRESS,
    "free": DeliveryKind.EXPRESS,
    "ems": DeliveryKind.EMS,
    "post": DeliveryKind.MAIL,
    "virtual": DeliveryKind.VIRTUAL,
}
"""The kind of delivery by `shipping_type`."""
DEPOSIT_PAID = frozenset({"FRONT_PAID_FINAL_NOPAID", "FRONT_PAID_FINAL_PAID"})
STEPS = DEPOSIT_PAID | {"FRONT_NOPAID_FINAL_NOPAID", "FRONT_PAID_FRONT_FORFEITED"}


def order_id(node: Node) -> str:
    """The order's id, with a prefix."""
    return digest_id([f"{PREFIX}{node.need_id()}"])


def yuan(node: Node) -> Money:
    """An amount in yuan. Raises PayloadError where it is missing or below zero."""
    minor = node.need_minor(CNY)
    if minor < 0:
        node.fail("an amount below zero")
    return money(minor, CNY)


def at(node: Node) -> datetime:
    """A moment of China. Raises PayloadError where it is missing."""
    return node.need_moment(SHANGHAI)


def sub_orders(trade: Node) -> list[Node]:
    """The lines of a trade: `orders.order`, or `orders` where it is the list."""
    orders = trade["orders"]
    return list((orders["order"] if orders.has("order") else orders).items())


def tell_trade(telling: Telling, shop_id: str, trade: Node, *, with_placed: bool) -> None:
    """Tells all that a trade says of itself."""
    name = order_id(trade["tid"])
    status = trade["status"].need_text()
    if status not in STATUSES:
        telling.unknown(trade["status"], "trade status", status)
    if with_placed:
        _placed(telling, shop_id, trade, name)
    else:
        telling.remark(trade, "not_told", "a placed order is told by TradeCreate")
    _paid(telling, shop_id, trade, name)
    _shipped(telling, shop_id, trade, name)
    if status == "TRADE_FINISHED":
        _succeeded(telling, shop_id, trade, name)
    _closed(telling, shop_id, trade, name, status)


def _placed(telling: Telling, shop_id: str, trade: Node, name: str) -> None:
    if (trade["adjust_fee"].minor(CNY) or 0) != 0:
        telling.remark(trade["adjust_fee"], "assumed", "told with the price as the seller has edited it")
    freight = yuan(trade["post_fee"]) if not trade["post_fee"].is_absent else money(0, CNY)
    lines: list[Line] = []
    charges: list[Charge] = []
    for order in sub_orders(trade):
        line, charge = _line(order, trade, is_free=freight.minor == 0)
        lines.append(line)
        if charge is not None:
            telling.remark(order["price"], "assumed", "more than the price is told as a fee")
            charges.append(charge)
    is_mall = telling.context.is_mall
    event = OrderPlacedV1(
        shop_id=shop_id,
        order_id=name,
        customer_id=_customer(telling, trade, name),
        seller_type=SellerType.MALL if is_mall else SellerType.C_SHOP,
        platform_code="tmall" if is_mall else "taobao",
        payment_mode=PaymentMode.CASH_ON_DELIVERY if _is_cod(trade) else PaymentMode.PREPAID,
        lines=lines,
        freight=freight,
        total=yuan(trade["payment"]),
        charges=charges,
    )
    telling.tell(f"trade/{name}/placed", at(trade["created"]), event, trade)


def _customer(telling: Telling, trade: Node, name: str) -> str:
    """The buyer's open id, or a hash of the nick: the nick itself is never told."""
    open_uid, nick = trade["buyer_open_uid"].id(), trade["buyer_nick"].text()
    if open_uid is not None:
        return digest_id([f"{PREFIX}{open_uid}"])
    if nick is not None:
        return f"{PREFIX}nick-{sha256(nick.encode()).hexdigest()[:32]}"
    telling.remark(trade["buyer_nick"], "assumed", "a buyer without a name is one of this trade alone")
    return digest_id([f"{name}.guest"])


def _is_cod(trade: Node) -> bool:
    return trade["type"].text() == "cod"


def _line(order: Node, trade: Node, *, is_free: bool) -> tuple[Line, Charge | None]:
    """A line with all that was taken off it as its discount; what was put on it as a charge."""
    line_id = digest_id([order["oid"].need_id()])
    product = order["num_iid"].id()
    count = order["num"].need_count()
    price = yuan(order["price"])
    shared = next(
        (order[name] for name in ("divide_order_fee", "payment", "total_fee") if not order[name].is_absent),
        order["payment"],
    )
    off = price.minor * count - yuan(shared).minor
    charge = Charge(kind=ChargeKind.FEE, amount=money(-off, CNY), line_id=line_id) if off < 0 else None
    is_virtual = trade["shipping_type"].text() == "virtual"
    try:
        line = Line(
            line_id=line_id,
            product_id=digest_id([product]) if product else line_id,
            sku_id=order["outer_sku_id"].id() or order["sku_id"].id() or product or line_id,
            quantity_count=count,
            unit_price=price,
            discount=money(off, CNY) if off > 0 else None,
            freight_terms=FreightTerms.FREE if is_free or is_virtual else FreightTerms.BUYER_PAYS,
            goods_class=GoodsClass.VIRTUAL if is_virtual else GoodsClass.STANDARD,
            is_presale=trade["type"].text() == "step",
        )
    except ValidationError as error:
        raise refused(order, error) from None
    return line, charge


def _paid(telling: Telling, shop_id: str, trade: Node, name: str) -> None:
    """A trade is paid at once, or by a deposit and a balance."""
    step = trade["step_trade_status"].text()
    if step is not None and step not in STEPS:
        telling.unknown(trade["step_trade_status"], "step_trade_status", step)
    deposit: Payment | None = None
    if step in DEPOSIT_PAID:
        deposit = _payment(trade, f"{name}.deposit", yuan(trade["step_paid_fee"]), PaymentPurpose.DEPOSIT)
    if trade["pay_time"].is_absent or step == "FRONT_PAID_FINAL_NOPAID":
        if deposit is not None:
            moment = trade["pay_time"] if not trade["pay_time"].is_absent else trade["modified"]
            event = PaymentStatusChangedV1(
                shop_id=shop_id, order_id=name, payment=deposit, status=PaymentStatus.RECEIVED
            )
            telling.tell(f"trade/{name}/deposit", at(moment), event, trade)
        return
    tell_paid(telling, shop_id, name, trade, at(trade["pay_time"]), deposit)


def tell_paid(
    telling: Telling, shop_id: str, name: str, trade: Node, moment: datetime, deposit: Payment | None = None
) -> None:
    """Tells that a trade is paid. A trade of zero needs no payment."""
    total = yuan(trade["payment"])
    if total.minor == 0:
        return
    payments = [_payment(trade, f"{name}.paid", total, PaymentPurpose.FULL)]
    if deposit is not None:
        if deposit.amount.minor > total.minor:
            trade["step_paid_fee"].fail("more than the whole payment")
        balance = money(total.minor - deposit.amount.minor, CNY)
        payments = [deposit, _payment(trade, f"{name}.balance", balance, PaymentPurpose.BALANCE)]
    event = OrderPaidV1(shop_id=shop_id, order_id=name, payments=payments, paid_amount=total)
    telling.tell(f"trade/{name}/paid", moment, event, trade)


def _payment(trade: Node, payment_id: str, amount: Money, purpose: PaymentPurpose) -> Payment:
    method = PaymentMethod.CASH_ON_DELIVERY if _is_cod(trade) else PaymentMethod.ALIPAY
    return Payment(payment_id=digest_id([payment_id]), method=method, amount=amount, purpose=purpose)


def _shipped(telling: Telling, shop_id: str, trade: Node, name: str) -> None:
    """A parcel and a mark for each waybill; a mark alone for what was sent without one."""
    sent = [one for one in sub_orders(trade) if one["status"].text() in SENT]
    groups: dict[tuple[str, str], list[Node]] = {}
    for one in sent:
        number = one["invoice_no"].id() or ""
        groups.setdefault((one["logistics_company"].text() or "", number), []).append(one)
    shipping = trade["shipping_type"].text() or "express"
    kind = DELIVERIES.get(shipping)
    if kind is None:
        telling.unknown(trade["shipping_type"], "shipping_type", shipping)
        kind = DeliveryKind.EXPRESS
    for (company, number), inside in groups.items():
        first = inside[0]
        consigned = first["consign_time"] if not first["consign_time"].is_absent else trade["consign_time"]
        if consigned.is_absent:
            telling.remark(consigned, "no_moment", "sent, and nobody says when: left out")
            continue
        lines = [share_of(one) for one in inside]
        parcels: list[str] = []
        if number:
            tracking = _tracking(telling, first, company)
            parcels = [digest_id([f"{PREFIX}{trade['tid'].need_id()}", tracking.tracking_code])]
            registered = ParcelRegisteredV1(
                shop_id=shop_id,
                order_id=name,
                parcel_id=parcels[0],
                direction=ParcelDirection.OUTBOUND,
                tracking=tracking,
                lines=lines,
                freight_payer=FreightPayer.SENDER,
            )
            telling.tell(f"trade/{name}/parcel/{parcels[0]}", at(consigned), registered, first)
        elif kind != DeliveryKind.VIRTUAL:
            telling.remark(first["invoice_no"], "assumed", "sent without a waybill: no parcel is told")
        event = OrderShippedV1(
            shop_id=shop_id, order_id=name, delivery_kind=kind, parcel_ids=parcels, lines=lines
        )
        which = digest_id([share.line_id for share in lines])
        telling.tell(f"trade/{name}/shipped/{which}", at(consigned), event, first)


def _tracking(telling: Telling, node: Node, company: str) -> Tracking:
    named = node["logistics_company"] if company else Node("other", node["logistics_company"].place)
    if not company:
        telling.remark(named, "assumed", "a number without its carrier: the carrier is other")
    return Tracking(
        carrier_code=carrier_code(telling, named), tracking_code=tracking_code(node["invoice_no"])
    )


def share_of(order: Node) -> Share:
    """All pieces of a line. Raises PayloadError for none."""
    try:
        return Share(line_id=digest_id([order["oid"].need_id()]), quantity_count=order["num"].need_count())
    except ValidationError as error:
        raise refused(order, error) from None


def _succeeded(telling: Telling, shop_id: str, trade: Node, name: str) -> None:
    telling.remark(trade["status"], "assumed", "a trade does not say whether its buyer or the clock ended it")
    lines = sub_orders(trade)
    left = [one for one in lines if one["status"].text() not in CLOSED]
    event = OrderSucceededV1(
        shop_id=shop_id,
        order_id=name,
        cause=SuccessCause.BUYER,
        lines=None if len(left) == len(lines) else [share_of(one) for one in left],
    )
    telling.tell(f"trade/{name}/succeeded", at(trade["end_time"]), event, trade)


def _closed(telling: Telling, shop_id: str, trade: Node, name: str, status: str) -> None:
    """The trade, or lines of one that goes on."""
    if status in CLOSED:
        ended = trade["end_time"] if not trade["end_time"].is_absent else trade["modified"]
        was_sent = not trade["consign_time"].is_absent
        tell_closed(telling, shop_id, name, status, at(ended), trade, was_sent=was_sent)
        return
    for one in sub_orders(trade):
        if one["status"].text() in CLOSED:
            ended = one["end_time"] if not one["end_time"].is_absent else trade["modified"]
            was_sent = not one["consign_time"].is_absent or bool(one["invoice_no"].id())
            tell_closed(
                telling, shop_id, name, one["status"].need_text(), at(ended), one,
                was_sent=was_sent, lines=[share_of(one)],
            )  # fmt: skip


def tell_closed(
    telling: Telling,
    shop_id: str,
    name: str,
    status: str,
    moment: datetime,
    place: Node,
    *,
    was_sent: bool,
    lines: list[Share] | None = None,
) -> None:
    """Tells that a trade, or some lines of it, ended without success."""
    cause = CLOSED[status]
    if cause == CloseCause.REFUNDED and not was_sent:
        cause = CloseCause.REFUNDED_UNSHIPPED
    if cause == CloseCause.UNPAID_TIMEOUT:
        telling.remark(place["status"], "assumed", "a trade does not say who closed it before it was paid")
    event = OrderClosedV1(
        shop_id=shop_id, order_id=name, cause=cause, by=Party(role=Role.PLATFORM), lines=lines
    )
    which = "" if lines is None else f"/{lines[0].line_id}"
    telling.tell(f"trade/{name}/closed{which}", moment, event, place)
