"""Adapts Taobao and Tmall: trades and refunds as TOP answers, and messages with the object beside them."""

from pydantic import ValidationError

from aftersales_adapters.reading import Node, parse
from aftersales_adapters.result import Adapted, Context, PayloadError
from aftersales_adapters.taobao_refunds import tell_refund
from aftersales_adapters.taobao_trades import at, order_id, tell_closed, tell_paid, tell_trade
from aftersales_adapters.telling import Telling, refused

NAME = "taobao"
TRADE, REFUND, DISPUTE = "taobao_trade_", "taobao_refund_", "taobao_dispute_"
TRADES = (
    "TradeCreate", "TradeBuyerPay", "TradeSellerShip", "TradePartlySellerShip", "TradeSuccess", "TradeClose",
    "TradePartlyRefund", "TradeDelayConfirmPay", "TradeTimeoutRemind", "TradeRated", "TradeMemoModified",
    "TradeLogisticsAddressChanged",
)  # fmt: skip
REFUNDS = (
    "RefundCreated", "RefundSellerAgreeAgreement", "RefundSellerRefuseAgreement",
    "RefundBuyerModifyAgreement", "RefundBuyerReturnGoods", "RefundCreateMessage", "RefundBlockMessage",
    "RefundTimeoutRemind", "RefundClosed", "RefundSuccess", "TaobaoInterApplied", "TaobaoIntervened",
    "RefundableMarked", "RefundableCanceled",
)  # fmt: skip
TOPICS = frozenset({*(TRADE + word for word in TRADES), *(REFUND + word for word in REFUNDS)})
"""Topics of messages about trades and refunds; disputes (exchanges, reshipping) are not adapted."""
ANSWERS = {
    "trade_fullinfo_get_response": ("trade",),
    "trade_get_response": ("trade",),
    "refund_get_response": ("refund",),
    "trades_sold_get_response": ("trades", "trade"),
    "refunds_receive_get_response": ("refunds", "refund"),
}
"""Where an answer of TOP keeps its objects."""


def adapt(payload: Node, context: Context) -> Adapted:
    """Tells a trade, a refund, lists of them, or a message. Raises PayloadError for what is none of these."""
    telling = Telling(NAME, context)
    if context.shop_id is None:
        raise PayloadError("shop_id", "missing: the context names the shop")
    try:
        _dispatch(telling, context.shop_id, payload)
    except ValidationError as error:
        raise refused(payload, error) from None
    return telling.adapted()


def _dispatch(telling: Telling, shop_id: str, payload: Node) -> None:
    if payload.has("error_response"):
        payload["error_response"].fail("the sender refused the question")
    if payload.has("topic"):
        _message(telling, shop_id, payload)
        return
    for name, way in ANSWERS.items():
        if payload.has(name):
            node = payload[name]
            for step in way:
                node = node[step]
            objects = list(node.items()) if isinstance(node.value, list) else [node]
            for one in objects:
                _object(telling, shop_id, one, way[-1], is_new=True)
            return
    for name in ("trade", "refund"):
        if payload.has(name):
            _object(telling, shop_id, payload[name], name, is_new=True)
            return
    if not payload.has("refund_id", "tid"):
        payload.fail("neither a message, a trade nor a refund")
    _object(telling, shop_id, payload, "refund" if payload.has("refund_id") else "trade", is_new=True)


def _object(telling: Telling, shop_id: str, node: Node, name: str, *, is_new: bool) -> None:
    if name == "refund":
        tell_refund(telling, shop_id, node, with_applied=is_new)
    else:
        tell_trade(telling, shop_id, node, with_placed=is_new)


def _message(telling: Telling, shop_id: str, message: Node) -> None:
    """A message says that something happened; the object beside it says what."""
    topic = message["topic"].need_text()
    if topic not in TOPICS:
        known = topic.startswith(DISPUTE)
        if known:
            telling.remark(message["topic"], "not_told", "disputes (exchange, reshipping) are not adapted")
        else:
            telling.unknown(message["topic"], "topic", topic)
        return
    for name in ("trade", "refund"):
        if not message[name].is_absent:
            is_new = topic in (f"{TRADE}TradeCreate", f"{REFUND}RefundCreated")
            _object(telling, shop_id, message[name], name, is_new=is_new)
            return
    content = _content(message["content"])
    if topic == f"{TRADE}TradeBuyerPay":
        tell_paid(telling, shop_id, order_id(content["tid"]), content, at(_sent(message)))
        return
    if topic == f"{TRADE}TradeClose" and content["status"].text() == "TRADE_CLOSED_BY_TAOBAO":
        name = order_id(content["tid"])
        tell_closed(
            telling, shop_id, name, "TRADE_CLOSED_BY_TAOBAO", at(_sent(message)), content, was_sent=False
        )
        return
    which = "refund" if topic.startswith(REFUND) else "trade"
    telling.remark(message["topic"], "waits", f"a message alone does not say enough: hand in its {which}")


def _content(node: Node) -> Node:
    """The content of a message, an object or its text."""
    if not isinstance(node.value, str):
        return node
    inner = parse(node.value)
    return Node(inner.value, node.place)


def _sent(message: Node) -> Node:
    for name in ("pub_time", "pubTime", "time"):
        if not message[name].is_absent:
            return message[name]
    return message["pub_time"]
