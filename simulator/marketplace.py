"""Plays the order system behind the public tables: the answers follow what really became of an order."""

from collections.abc import Sequence
from datetime import timedelta

from aftersales_contracts.base import Event
from aftersales_contracts.components import Party
from aftersales_contracts.enums import Role
from aftersales_contracts.shop.orders import (
    CloseCause,
    OrderClosedV1,
    OrderRequestDeclinedV1,
    OrderSucceededV1,
    SuccessCause,
)
from simulator.orders import SHOP_ID, SOURCES
from simulator.outcomes import Announced
from simulator.outside import Reply
from simulator.tables import Order, OrderTables

ANSWER_DELAY = timedelta(minutes=2)
AUTO_CONFIRM = "aftersales.order.auto-confirm-requested.v1"
CLOSE = "aftersales.order.close-requested.v1"


class Marketplace:
    """Answers two requests, and nothing else; all other outsiders of the tables stay silent.

    A request to confirm receipt succeeds, unless the tables say that the order was canceled. A request
    to close an unpaid order is declined where the tables know a payment, and carried out where not.
    """

    def __init__(self, tables: OrderTables) -> None:
        self._tables = tables

    def answer(self, outcome: Announced) -> Sequence[Reply]:
        """Returns the order system's reply to the outcome, two minutes later."""
        if outcome.envelope.type not in (AUTO_CONFIRM, CLOSE):
            return ()
        values = outcome.values()
        request_id: str = values["request_id"]
        order = self._tables.order(values["order_id"])
        is_confirm = outcome.envelope.type == AUTO_CONFIRM
        name, data = _confirmed(order, request_id) if is_confirm else _closed(order, request_id)
        return (Reply(ANSWER_DELAY, SOURCES[data.TOPIC], f"{name}.{request_id}", data),)


def _confirmed(order: Order, request_id: str) -> tuple[str, Event]:
    if order.status in ("canceled", "unavailable"):
        return "declined", _declined(order, request_id, order.status)
    return "succeeded", OrderSucceededV1(shop_id=SHOP_ID, order_id=order.id, cause=SuccessCause.AUTO_CONFIRM)


def _closed(order: Order, request_id: str) -> tuple[str, Event]:
    if order.paid_at is not None and order.payments:
        return "declined", _declined(order, request_id, "payment_on_its_way")
    return "closed", OrderClosedV1(
        shop_id=SHOP_ID,
        order_id=order.id,
        cause=CloseCause.UNPAID_TIMEOUT,
        by=Party(role=Role.SYSTEM),
        request_id=request_id,
    )


def _declined(order: Order, request_id: str, reason_code: str) -> OrderRequestDeclinedV1:
    return OrderRequestDeclinedV1(
        shop_id=SHOP_ID, order_id=order.id, request_id=request_id, reason_code=reason_code
    )
