"""Computes the part of a payment that the buyer has not got: never sent, or returned."""

from collections.abc import Sequence

from kernel.money import Money, allocate
from kernel.rules import rules_of
from kernel.value import replace
from services.refunds.cases.refund_intent.messages import PaymentOrder
from services.refunds.shares import Share, Tender


@rules_of("RF-029", "RF-033")
def part_of(order: PaymentOrder, amount: Money) -> PaymentOrder | None:
    """Cuts so much out of the order. Returns None where it is no part of it, or its payment is unknown.

    The payment is known where it is all of it, where there is one payment or none, or where exactly one
    has that amount.
    """
    if amount == order.amount:
        return order
    same = [tender for tender in order.tenders if tender.minor == amount.minor]
    if len(order.tenders) == 1:
        return _part(order, amount, (Tender(order.tenders[0].payment_id, amount.minor),))
    return _part(order, amount, tuple(same)) if len(same) == 1 or not order.tenders else None


@rules_of("RF-029", "RF-033")
def missing_of(order: PaymentOrder, paid: Money, through: Sequence[Tender]) -> PaymentOrder | None:
    """Computes the missing part of a short payment. `through`: by which payments it went, where told."""
    if paid.currency != order.amount.currency or paid.minor >= order.amount.minor:
        return None
    missing = order.amount - paid
    if not through:
        return part_of(order, missing)
    went = {tender.payment_id: tender.minor for tender in through}
    left = [Tender(t.payment_id, t.minor - went.get(t.payment_id, 0)) for t in order.tenders]
    if any(tender.minor < 0 for tender in left) or sum(tender.minor for tender in left) != missing.minor:
        return None
    return _part(order, missing, tuple(tender for tender in left if tender.minor))


def _part(order: PaymentOrder, amount: Money, tenders: tuple[Tender, ...]) -> PaymentOrder | None:
    """Splits the amount over lines and freight by their grants. A line without money is left out."""
    if amount.currency != order.amount.currency or not 0 < amount.minor < order.amount.minor:
        return None
    if not order.shares and not order.freight_minor:
        return replace(order, amount=amount, tenders=tenders)
    *goods, freight = allocate(amount.minor, [*(share.minor for share in order.shares), order.freight_minor])
    shares = tuple(
        Share(share.line_id, share.quantity_count, minor)
        for share, minor in zip(order.shares, goods, strict=True)
        if minor
    )
    return replace(order, amount=amount, shares=shares, freight_minor=freight, tenders=tenders)
