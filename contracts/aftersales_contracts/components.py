"""Defines values that several event types share; enumerations are in `words`, money, times, ids in `base`."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from aftersales_contracts.base import At, Code, Count, Hours, Id, Money, Part, Sku, Text
from aftersales_contracts.enums import (
    ChargeKind,
    Condition,
    Disposition,
    FreightTerms,
    GoodsClass,
    OptionKind,
    Payer,
    PaymentMethod,
    PaymentPurpose,
    Role,
    SaleService,
)

Ref = Annotated[str, StringConstraints(min_length=1, max_length=512)]
"""Where the announcer keeps a text, an address or a document; the thing itself is never in an event."""

Subject = Annotated[str, StringConstraints(min_length=1, max_length=160)]
"""The subject of a case: an order, customer or shop id, an account, or carrier_code/tracking_code."""

Digest = Annotated[str, StringConstraints(min_length=1, max_length=128)]
"""A keyed hash, good for equality only."""

Pieces = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""Pieces of one order line, at least one."""

Points = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
"""A balance of points, which may be below zero."""

BasisPoints = Annotated[int, Field(ge=0, le=1_000_000)]
"""A rate in basis points: 3000 is 30 %."""

Score = Annotated[int, Field(ge=1, le=5)]

Values = dict[str, Text]
"""Values for the places of a template, by name; ids, amounts and times as text, never personal data."""


class Party(Part):
    """Somebody who acted, without a name."""

    role: Role
    id: Id | None = None
    """The announcer's id of the person or system, where it may be told."""


class Line(Part):
    """One line of an order, as sold."""

    line_id: Id
    """Unique within the order."""
    product_id: Id
    sku_id: Sku
    """The variant, as the shop names it; the product id where the shop has no variants."""
    style_id: Id | None = None
    """The style that an exchange must keep: another size or colour has the same style (RF-105)."""
    quantity_count: Pieces
    unit_price: Money
    """Per piece, before `discount`."""
    discount: Money | None = None
    """Off the whole line, order-wide discounts spread over the lines included; absent: none."""
    freight_terms: FreightTerms
    goods_class: GoodsClass = GoodsClass.STANDARD
    services: list[SaleService] = Field(default_factory=list[SaleService])
    is_presale: bool = False
    is_customised: bool = False
    """Made to the buyer's wish."""
    is_special_offer: bool = False
    dispatch_by_at: At | None = None
    """The promised moment of dispatch."""
    dispatch_within_hours: Hours | None = None
    """The promised time to dispatch, in hours from the completed payment."""
    door_delivery_fee: Money | None = None
    """Agreed for delivery of bulky goods to the door (LG-047); part of the order's freight."""

    @model_validator(mode="after")
    def _discount_fits(self) -> "Line":
        one_currency(self.unit_price, self.discount, self.door_delivery_fee)
        if self.discount and self.discount.minor > self.unit_price.minor * self.quantity_count:
            raise ValueError(f"line {self.line_id}: the discount exceeds the price")
        return self

    @property
    def amount_minor(self) -> int:
        """Price of the whole line after discount, without freight, in minor units of its currency."""
        discount = self.discount.minor if self.discount else 0
        return self.unit_price.minor * self.quantity_count - discount


class Charge(Part):
    """A sum that the buyer owes on top of the prices and the freight."""

    kind: ChargeKind
    amount: Money
    line_id: Id | None = None
    """The line that it belongs to and is given back with. Absent: tax and duty belong to all lines, by their
    amounts; any other charge is given back as freight is."""


class Share(Part):
    """Some pieces of one order line."""

    line_id: Id
    quantity_count: Pieces
    amount: Money | None = None
    """The money that these pieces stand for in this event, exact."""


class Wanted(Part):
    """The variant wanted instead of the one in an order line."""

    line_id: Id
    sku_id: Sku
    style_id: Id | None = None
    """The style of that variant; an exchange keeps the style of the line (RF-105)."""


class Payment(Part):
    """One tender with which an order was paid."""

    payment_id: Id
    method: PaymentMethod
    amount: Money
    """The sum that counts towards the order."""
    purpose: PaymentPurpose = PaymentPurpose.FULL
    instalment_count: Count | None = None
    buyer_fee: Money | None = None
    """Fee that the payer bore on top of `amount`."""
    payer: Payer = Payer.BUYER
    shown_amount: Money | None = None
    """The same sum in the currency that was shown to the payer, where that is another."""


class Tender(Part):
    """Part of a sum that goes through one payment of the order."""

    payment_id: Id
    amount: Money


class Tracking(Part):
    """The identity of a parcel at its carrier."""

    carrier_code: Code
    tracking_code: Code


class Inspection(Part):
    """The findings of a check on the goods of one order line."""

    line_id: Id
    received_count: Count
    accepted_count: Count
    condition: Condition
    is_packaging_complete: bool
    is_fault_confirmed: bool | None = None
    """Whether a fault that the buyer named is there; absent where none was named."""
    disposition: Disposition

    @model_validator(mode="after")
    def _accepted_were_received(self) -> "Inspection":
        if self.accepted_count > self.received_count:
            raise ValueError(f"line {self.line_id}: more pieces accepted than received")
        return self


class DeadlinePart(Part):
    """A deadline that runs in a case."""

    name: Code
    due_at: At
    on_expiry_code: Code
    """The consequence at `due_at` if nothing comes."""
    waits_for: Role
    is_extendable: bool
    paused_since_at: At | None = None
    """The moment when the deadline was paused; absent while the deadline runs."""


class Option(Part):
    """One of the remedies that are offered."""

    option_id: Id
    kind: OptionKind
    amount: Money | None = None
    lines: list[Share] | None = None
    until_at: At | None = None
    """The last moment at which the option may be chosen, where earlier than the whole offer's."""


def costs_nothing(lines: Sequence[Line], total: Money) -> bool:
    """Tells whether an order is a gift: its lines are known, and no payment will come for it."""
    return bool(lines) and not total.minor and not any(line.amount_minor for line in lines)


def one_currency(*amounts: Money | None) -> None:
    """Raises ValueError where the amounts are not all of one currency."""
    first: str | None = None
    for amount in amounts:
        if amount is None:
            continue
        if first is None:
            first = amount.currency
        elif amount.currency != first:
            raise ValueError(f"amounts of one event are in one currency, not {first} and {amount.currency}")


def sums_up(total: Money, parts: Sequence[Money], what: str, *, tolerance_minor: int = 0) -> None:
    """Raises ValueError where the parts miss the total, by more than the tolerance."""
    one_currency(total, *parts)
    together = sum(part.minor for part in parts)
    if abs(together - total.minor) > tolerance_minor:
        raise ValueError(f"{what} sum to {together}, not to {total.minor}")


def shares_sum_up(total: Money, shares: Sequence[Share], freight: Money | None = None) -> None:
    """Raises ValueError where every share names its amount and these, with the freight, miss the total.

    A minor unit for each share is no miss: announcers split cents in more than one way.
    """
    amounts = [share.amount for share in shares if share.amount is not None]
    if freight is not None:
        amounts.append(freight)
    if shares and len(amounts) == len(shares) + (freight is not None):
        sums_up(total, amounts, "the amounts of the lines and the freight", tolerance_minor=len(shares))
    else:
        one_currency(total, *amounts)


def one_of(**ids: str | None) -> None:
    """Raises ValueError unless exactly one of the ids is given."""
    if sum(value is not None for value in ids.values()) != 1:
        raise ValueError(f"exactly one of {' and '.join(ids)} is named")
