"""Defines pieces of order lines and their money, how they travel, applications, and terms of refunds."""

from collections.abc import Collection
from enum import StrEnum

from kernel.money import Money
from kernel.value import Value


class RefundKind(StrEnum):
    """The wish of the buyer. It fixes the path and the deadlines (RF-011)."""

    UNSHIPPED = "unshipped"
    NOT_RECEIVED = "not_received"
    NO_RETURN = "no_return"
    WITH_RETURN = "with_return"
    NO_REASON = "no_reason"

    @property
    def wants_goods_back(self) -> bool:
        """Tells whether the buyer must send the goods before money moves."""
        return self in (RefundKind.WITH_RETURN, RefundKind.NO_REASON)


class Carriage(StrEnum):
    EXPRESS = "express"
    MAIL = "mail"


class DeliveryKind(StrEnum):
    """The way of the goods to the buyer. It fixes the auto-confirm window."""

    AUTO_DELIVERED = "auto_delivered"
    VIRTUAL = "virtual"
    EXPRESS = "express"
    EMS = "ems"
    MAIL = "mail"
    NONE = "none"


class Purpose(StrEnum):
    """The reason of a payment to the buyer. Each has its own account in the order."""

    REFUND = "refund"
    FREIGHT = "freight"
    LATE_COMPENSATION = "late_compensation"
    SURPLUS = "surplus"


class Share(Value):
    """Pieces of one order line and the money asked or paid for them, in minor units."""

    line_id: str
    quantity_count: int
    minor: int


class Wanted(Value):
    """The SKU that the buyer wants in place of a line; `style_id` where it was told."""

    line_id: str
    sku_id: str
    style_id: str | None = None


class Tender(Value):
    """A part of a payment, in minor units of the order's currency. `is_cash`: paid in cash at the door."""

    payment_id: str
    minor: int
    is_cash: bool = False


class Terms(Value):
    """The agreed refund. `freight_minor` is the part of `amount` that is original freight."""

    kind: RefundKind
    reason_code: str
    shares: tuple[Share, ...]
    freight_minor: int
    amount: Money
    version: int


class RefundApplied(Value):
    """An application as filed: a message to the order. The agreement forwards a changed one.

    `shares` None: the whole order; `minor` 0 and not `is_priced`: not told.
    """

    refund_id: str
    kind: str
    reason_code: str
    shares: tuple[Share, ...] | None
    is_priced: bool
    amount: Money
    freight_minor: int | None
    version: int
    is_agreed_beforehand: bool


class InspectedLine(Value):
    """The warehouse's findings on one line of a returned parcel.

    `unfit_count` of the accepted pieces are in a condition that the shop does not take: silence pays none.
    """

    line_id: str
    received_count: int
    accepted_count: int
    condition: str
    is_packaging_complete: bool
    is_fault_confirmed: bool | None
    unfit_count: int = 0


def prorated(share: Share, quantity_count: int) -> Share:
    """Computes the share of fewer pieces. It rounds down, so that the parts never exceed the whole."""
    if quantity_count >= share.quantity_count:
        return share
    minor = share.minor * quantity_count // share.quantity_count
    return Share(share.line_id, quantity_count, minor)


def total_of(shares: Collection[Share]) -> int:
    """Adds up the money, in minor units."""
    return sum(share.minor for share in shares)


def evened(shares: tuple[Share, ...], total_minor: int) -> tuple[Share, ...]:
    """Makes the money of the shares add up: cents that were split otherwise go to the greatest."""
    more = total_minor - total_of(shares)
    if not more or not shares:
        return shares
    first = max(range(len(shares)), key=lambda place: shares[place].minor)
    minor = max(shares[first].minor + more, 0)
    return tuple(
        Share(share.line_id, share.quantity_count, minor) if place == first else share
        for place, share in enumerate(shares)
    )


def money_together(one: Money | None, other: Money | None) -> Money | None:
    """Adds sums of one currency, where there are two; of another currency the first counts."""
    if one is None or other is None:
        return one or other
    return one + other if one.currency == other.currency else one
