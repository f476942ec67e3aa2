"""Defines the message to the index of orders by account."""

from datetime import datetime

from kernel.decider import Addressed
from kernel.ids import derived_id
from kernel.value import Value

NAME = "order-index"


class OrderPlaced(Value):
    order_id: str


Message = OrderPlaced


def to(account_id: str, at: datetime, message: Message) -> Addressed:
    """Addresses the account's page of that month: a page per month, so that none grows for ever."""
    return Addressed(account_id, NAME, derived_id(account_id, at.strftime("%Y-%m")), message)
