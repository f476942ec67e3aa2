"""Values that several kinds of refund cases share: shares of lines, terms of an agreement, ids, prorating."""

from collections.abc import Collection
from enum import StrEnum
from hashlib import blake2b
from typing import TypeVar

from kernel.money import Money
from kernel.value import Value

ID_LENGTH_MAX = 64

T = TypeVar("T")


class RefundKind(StrEnum):
    """What the buyer asks for; it fixes the path and the deadlines (RF-011)."""

    UNSHIPPED = "unshipped"
    NOT_RECEIVED = "not_received"
    NO_RETURN = "no_return"
    WITH_RETURN = "with_return"
    NO_REASON = "no_reason"

    @property
    def wants_goods_back(self) -> bool:
        """Whether the buyer must send the goods before money moves."""
        return self in (RefundKind.WITH_RETURN, RefundKind.NO_REASON)


class Carriage(StrEnum):
    EXPRESS = "express"
    MAIL = "mail"


class DeliveryKind(StrEnum):
    """How the goods travel; it fixes the auto-confirm window."""

    AUTO_DELIVERED = "auto_delivered"
    VIRTUAL = "virtual"
    EXPRESS = "express"
    EMS = "ems"
    MAIL = "mail"
    NONE = "none"


class Purpose(StrEnum):
    """What a payment to the buyer is for; each has its own account in the order's book."""

    REFUND = "refund"
    FREIGHT = "freight"
    LATE_COMPENSATION = "late_compensation"


class AnswerCause(StrEnum):
    """Why we answer in the seller's place."""

    POLICY = "policy"
    SILENCE = "silence"
    REMEDY = "remedy"


class ReturnCause(StrEnum):
    """Whose fault a return is, as the freight matrix sees it."""

    QUALITY = "quality"
    NOT_QUALITY = "not_quality"


class Bearer(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"


class Share(Value):
    """Pieces of one order line and the money asked or paid for them, in minor units."""

    line_id: str
    quantity_count: int
    minor: int


class Goods(Value):
    """Pieces of one order line: what they cost, and what the whole line did, in minor units."""

    line_id: str
    minor: int
    line_minor: int


class Wanted(Value):
    """The SKU that the buyer wants in place of a line."""

    line_id: str
    sku_id: str


class Tender(Value):
    """A part of a payment, in minor units of the order's currency."""

    payment_id: str
    minor: int


class Liability(Value):
    """Who bears which leg of a return or exchange; one row of the matrix (B1) after the shop's overrides.

    Leg 1 goes back to the shop, leg 2 is the replacement; `rule_id` names the row.
    """

    cause: ReturnCause
    return_leg: Bearer
    replacement_leg: Bearer | None
    is_original_freight_refunded: bool
    rule_id: str


class Terms(Value):
    """What is agreed on: kind, reason, shares of lines, the part of `amount` that is original freight."""

    kind: RefundKind
    reason_code: str
    shares: tuple[Share, ...]
    freight_minor: int
    amount: Money
    version: int


class InspectedLine(Value):
    """What the warehouse found of one line in a returned parcel."""

    line_id: str
    received_count: int
    accepted_count: int
    condition: str
    is_packaging_complete: bool
    is_fault_confirmed: bool | None


def derived_id(base: str, suffix: str) -> str:
    """An id that follows from another one: `base` + `suffix`, at most 64 characters, stable for ever."""
    if len(base) + len(suffix) <= ID_LENGTH_MAX:
        return base + suffix
    digest = blake2b(base.encode(), digest_size=8).hexdigest()
    return f"{base[: ID_LENGTH_MAX - len(suffix) - 17]}~{digest}{suffix}"


def prorated(share: Share, quantity_count: int) -> Share:
    """The share of fewer pieces; rounded down, so that the parts never exceed the whole."""
    if quantity_count >= share.quantity_count:
        return share
    minor = share.minor * quantity_count // share.quantity_count
    return Share(share.line_id, quantity_count, minor)


def line_ids_of(shares: Collection[Share]) -> tuple[str, ...]:
    return tuple(share.line_id for share in shares)


def total_of(shares: Collection[Share]) -> int:
    return sum(share.minor for share in shares)
