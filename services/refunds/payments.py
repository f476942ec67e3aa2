"""Defines a payment to the buyer as it was granted, and adds and takes parts of it."""

from collections.abc import Iterable, Sequence

from kernel.money import Money, allocate
from kernel.rules import rules_of
from kernel.value import Value, replace
from services.refunds.shares import Purpose, Share, Tender


class PaymentOrder(Value):
    """The payment as it was granted; later only the part that the buyer has not got.

    `tenders` are the payments in whose account it stands. Where nobody knows through which of them a part
    came back (`is_way_known` is False), that part goes through none. `was_sent`: for goods that had been
    shipped; absent in what was stored before it was kept. `has_trade_ended`: it was granted after the
    success, so that it closes no order. `needs_payee`: a part of it was paid in cash.
    """

    case_id: str
    purpose: Purpose
    amount: Money
    shares: tuple[Share, ...]
    freight_minor: int
    tenders: tuple[Tender, ...]
    are_goods_gone: bool
    is_full: bool
    remedy_id: str | None
    is_way_known: bool = True
    was_sent: bool | None = None
    has_trade_ended: bool = False
    needs_payee: bool = False


@rules_of("RF-029", "RF-033")
def cut(order: PaymentOrder, minor: int, through: Sequence[Tender] = ()) -> PaymentOrder:
    """Cuts so much out of the order; lines and freight by their grants.

    `through`: by which payments it went or came back, where that was told. Else the payment is known where
    there is one, or where exactly one has that amount or the rest; if not, the part is spread over all.
    Raises ValueError for nothing and for more than the order.
    """
    if not 0 < minor <= order.amount.minor:
        raise ValueError(f"{minor} of {order.amount.minor}")
    if minor == order.amount.minor:
        return order
    known = _told(order, minor, through) if through else _guessed(order, minor)
    spread = allocate(minor, [tender.minor for tender in order.tenders]) if order.tenders else []
    tenders = known or _tenders(zip(order.tenders, spread, strict=True))
    part = replace(
        order,
        amount=Money(minor, order.amount.currency),
        tenders=tenders,
        is_way_known=order.is_way_known and (known is not None or not order.tenders),
    )
    if not order.shares and not order.freight_minor:
        return part
    *goods, freight = allocate(minor, [*(share.minor for share in order.shares), order.freight_minor])
    shares = tuple(
        Share(share.line_id, share.quantity_count, part_minor)
        for share, part_minor in zip(order.shares, goods, strict=True)
        if part_minor
    )
    return replace(part, shares=shares, freight_minor=freight)


def _told(order: PaymentOrder, minor: int, through: Sequence[Tender]) -> tuple[Tender, ...] | None:
    left = {tender.payment_id: tender.minor for tender in order.tenders}
    fits = all(tender.minor <= left.get(tender.payment_id, 0) for tender in through)
    return tuple(through) if fits and sum(tender.minor for tender in through) == minor else None


def _guessed(order: PaymentOrder, minor: int) -> tuple[Tender, ...] | None:
    if len(order.tenders) == 1:
        return (Tender(order.tenders[0].payment_id, minor),)
    same = [tender for tender in order.tenders if tender.minor == minor]
    if len(same) == 1:
        return tuple(same)
    others = [tender for tender in order.tenders if tender.minor == order.amount.minor - minor]
    if not same and len(others) == 1:
        return tuple(tender for tender in order.tenders if tender != others[0])
    return None


def _tenders(parts: Iterable[tuple[Tender, int]]) -> tuple[Tender, ...]:
    return tuple(Tender(tender.payment_id, minor) for tender, minor in parts if minor)


def together(one: PaymentOrder | None, other: PaymentOrder | None) -> PaymentOrder | None:
    """Adds two parts of one payment. Parts add up: all of them together are the payment."""
    if one is None or other is None:
        return one or other
    minors: dict[str, int] = {}
    for tender in (*one.tenders, *other.tenders):
        minors[tender.payment_id] = minors.get(tender.payment_id, 0) + tender.minor
    shares = {share.line_id: share for share in one.shares}
    for share in other.shares:
        before = shares.get(share.line_id)
        shares[share.line_id] = share if before is None else replace(before, minor=before.minor + share.minor)
    return replace(
        one,
        amount=one.amount + other.amount,
        shares=tuple(shares.values()),
        freight_minor=one.freight_minor + other.freight_minor,
        tenders=tuple(Tender(payment_id, minor) for payment_id, minor in sorted(minors.items())),
        is_full=one.is_full and other.is_full,
        is_way_known=one.is_way_known and other.is_way_known,
    )


def without(order: PaymentOrder | None, part: PaymentOrder) -> PaymentOrder | None:
    """Takes a part out of the order that it was cut from; None where nothing is left."""
    if order is None or part.amount.minor >= order.amount.minor:
        return None
    went = {tender.payment_id: tender.minor for tender in part.tenders}
    minors = {share.line_id: share.minor for share in part.shares}
    left = ((tender, tender.minor - went.get(tender.payment_id, 0)) for tender in order.tenders)
    shares = (replace(s, minor=s.minor - minors.get(s.line_id, 0)) for s in order.shares)
    return replace(
        order,
        amount=order.amount - part.amount,
        shares=tuple(share for share in shares if share.minor or share.line_id not in minors),
        freight_minor=order.freight_minor - part.freight_minor,
        tenders=_tenders(left),
        is_way_known=order.is_way_known and part.is_way_known,
    )


def less(order: PaymentOrder, part: PaymentOrder) -> PaymentOrder:
    """Takes a part out of the order and keeps its pieces, whatever is left of the money."""
    went = {tender.payment_id: tender.minor for tender in part.tenders}
    minors = {share.line_id: share.minor for share in part.shares}
    left = ((tender, tender.minor - went.get(tender.payment_id, 0)) for tender in order.tenders)
    return replace(
        order,
        amount=order.amount - part.amount,
        shares=tuple(replace(s, minor=s.minor - minors.get(s.line_id, 0)) for s in order.shares),
        freight_minor=order.freight_minor - part.freight_minor,
        tenders=_tenders(left),
    )
