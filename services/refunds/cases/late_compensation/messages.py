"""Defines the messages to the compensation of an order: lateness, claims, payments."""

from kernel.decider import Addressed, DeadlinePassed
from kernel.money import Money
from kernel.value import Value

NAME = "late-compensation"


class Goods(Value):
    """Money for goods of one order line: for some pieces, and the cost of the whole line, in minor units."""

    line_id: str
    minor: int
    line_minor: int


class LateShippingEstablished(Value):
    trigger: str


class LateShippingWithdrawn(Value):
    trigger: str
    reason_code: str


class RefundClaimed(Value):
    """A refund for this reason was admitted or amended. `base` is the money that it asks for goods."""

    refund_id: str
    base: Money
    goods: tuple[Goods, ...] = ()


class ClaimPaid(Value):
    """A refund was paid. `base`: the money for goods that it gave back so far, by line in `goods`.

    Without `base` it is what was claimed.
    """

    refund_id: str
    base: Money | None = None
    goods: tuple[Goods, ...] = ()


class ClaimClosed(Value):
    """The refund ended without money, or names another reason now."""

    refund_id: str


class OrderEnded(Value):
    pass


class CompensationSettled(Value):
    compensation_number: int = 1


class CompensationAbandoned(Value):
    """A payment of compensation, or a part of it, was given up."""

    amount: Money
    compensation_number: int = 1


Message = (
    LateShippingEstablished | LateShippingWithdrawn | RefundClaimed | ClaimPaid | ClaimClosed | OrderEnded
    | CompensationSettled | CompensationAbandoned | DeadlinePassed
)  # fmt: skip


def to(order_id: str, message: Message) -> Addressed:
    """Addresses the compensation of the order. The order id is subject and case id in one."""
    return Addressed(order_id, NAME, order_id, message)
