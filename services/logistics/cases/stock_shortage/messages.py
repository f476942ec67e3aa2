"""Defines the messages to the shortage of an order, and addresses them."""

from datetime import datetime

from kernel.decider import Addressed, DeadlinePassed
from kernel.value import Value
from services.logistics.news import TaskDone
from services.logistics.shares import Share

NAME = "stock-shortage"


class ShortageFound(Value):
    """Goods are missing; `product_ids` of the missing lines."""

    order_id: str
    lines: tuple[Share, ...]
    product_ids: tuple[str, ...]
    expected_at: datetime | None


class OfferAnswered(Value):
    """The buyer chose this option; None: nothing."""

    offer_id: str
    option_id: str | None


class GoodsLeft(Value):
    """A parcel with these lines left."""

    lines: tuple[Share, ...]


class RefundTakesOver(Value):
    """A refund is open for these lines, or the order was closed."""

    lines: tuple[Share, ...]


Message = ShortageFound | OfferAnswered | GoodsLeft | RefundTakesOver | TaskDone | DeadlinePassed


def to(order_id: str, message: Message) -> Addressed:
    """Addresses the shortage of an order."""
    return Addressed(order_id, NAME, order_id, message)
