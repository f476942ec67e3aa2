"""Tells Shopify's refunds: money that went back without a request of ours."""

from collections.abc import Collection, Iterator
from datetime import datetime

from pydantic import ValidationError

from aftersales_adapters.money import money
from aftersales_adapters.reading import Node
from aftersales_adapters.shopify_orders import amount, global_id, need_amount, order_id, own_id, shown
from aftersales_adapters.shopify_payments import moment_of
from aftersales_adapters.telling import Telling, refused
from aftersales_contracts.base import Money
from aftersales_contracts.components import Party, Share, Tender
from aftersales_contracts.enums import Role
from aftersales_contracts.shop.orders import CloseCause, OrderClosedV1
from aftersales_contracts.shop.payments import RefundMadeOutsideV1

OURS = "aftersales:"
"""Start of the note of a refund that carries out a payment which we asked for; the intent's id follows."""


def has_money(refund: Node) -> bool:
    """Whether a refund has a transaction: one without only takes pieces off the order."""
    return next(refund["transactions"].items(), None) is not None


def tell_refund(
    telling: Telling, shop_id: str, refund: Node, currency: str | None, known: Collection[str]
) -> None:
    """Tells the money of a refund once all its transactions have ended; `known` are payments told before."""
    transactions = list(refund["transactions"].items())
    if not transactions:
        telling.remark(refund, "not_told", "a refund without money only takes pieces off the order")
        return
    note = refund["note"].text() or ""
    if note.startswith(OURS):
        telling.remark(refund["note"], "not_told", "it carries out our request, whose answer tells it")
        return
    states = [one["status"].need_text() for one in transactions]
    if any(state in ("pending", "awaiting_response") for state in states):
        telling.remark(refund["transactions"], "waits", "told once all its transactions have ended")
        return
    moved = [one for one, state in zip(transactions, states, strict=True) if state == "success"]
    if not moved:
        telling.remark(refund["transactions"], "not_told", "no money moved")
        return
    code = currency or _currency(moved[0])
    try:
        event = _outside(telling, shop_id, refund, moved, code, known)
    except ValidationError as error:
        raise refused(refund, error) from None
    at = max(moment_of(telling, one) for one in moved)
    telling.tell(f"refund/{event.outside_id}", at, event, refund)
    _tell_cancelled(telling, event, refund, at)
    for one in refund["refund_line_items"].items():
        if one["restock_type"].text() not in (None, "no_restock", "cancel"):
            telling.remark(one["restock_type"], "not_told", "goods that are back are told by the warehouse")


def _tell_cancelled(telling: Telling, event: RefundMadeOutsideV1, refund: Node, at: datetime) -> None:
    """Tells the pieces that are not to be sent any more: Shopify restocks them as cancelled."""
    counts: dict[str, int] = {}
    for one in refund["refund_line_items"].items():
        if one["restock_type"].text() == "cancel" and (count := one["quantity"].need_count()):
            line_id = own_id(one["line_item_id"])
            counts[line_id] = counts.get(line_id, 0) + count
    if not counts:
        return
    closed = OrderClosedV1(
        shop_id=event.shop_id,
        order_id=event.order_id,
        cause=CloseCause.REFUNDED_OUTSIDE,
        by=Party(role=Role.SELLER),
        lines=[Share(line_id=line_id, quantity_count=count) for line_id, count in counts.items()],
    )
    telling.tell(f"refund/{event.outside_id}/cancelled", at, closed, refund)


def _currency(transaction: Node) -> str:
    both = transaction["amount_set"]
    return (
        both["shop_money"]["currency_code"].currency()
        if not both.is_absent
        else transaction["currency"].currency()
    )


def _outside(
    telling: Telling, shop_id: str, refund: Node, moved: list[Node], currency: str, known: Collection[str]
) -> RefundMadeOutsideV1:
    sums = [need_amount(one, "amount", currency) for one in moved]
    total = sum(sums)
    if min(sums) < 0:
        refund["transactions"].fail("an amount below zero")
    freight, lines = _shares(telling, refund, total, currency)
    tenders: list[Tender] = []
    parents = [None if one["parent_id"].is_absent else global_id(one["parent_id"]) for one in moved]
    if all(parent and (parent in known or telling.context.payments == "transactions") for parent in parents):
        tenders = [
            Tender(payment_id=parent or "", amount=money(minor, currency))
            for parent, minor in zip(parents, sums, strict=True)
        ]
    presented = [shown(one["amount_set"], currency) for one in moved]
    return RefundMadeOutsideV1(
        shop_id=shop_id,
        order_id=order_id(refund["order_id"]),
        outside_id=global_id(refund["id"]),
        amount=money(total, currency),
        tenders=tenders,
        lines=lines or None,
        freight=money(freight, currency) if freight else None,
        reason_code="web_shop",
        shown_amount=_together(presented),
        by=Party(role=Role.SELLER),
    )


def _together(presented: list[Money | None]) -> Money | None:
    known = [one for one in presented if one is not None]
    if not known or len(known) != len(presented) or len({one.currency for one in known}) > 1:
        return None
    return money(sum(one.minor for one in known), known[0].currency)


def _shares(telling: Telling, refund: Node, total: int, currency: str) -> tuple[int, list[Share]]:
    """The freight and the pieces, with their amounts where these make the sum that moved.

    A refund does not say whether its subtotals include the tax: the reading that makes the sum is taken.
    """
    freight = sum(_adjusted(refund, currency)) + sum(_duties(refund, currency))
    beyond = sum(_discrepancies(refund, currency))
    items = [one for one in refund["refund_line_items"].items() if one["quantity"].need_count()]
    subtotals = [need_amount(one, "subtotal", currency) for one in items]
    taxes = [amount(one, "total_tax", currency) or 0 for one in items]
    with_tax = [net + tax for net, tax in zip(subtotals, taxes, strict=True)]
    amounts: list[int] | None = None
    for reading in (with_tax, subtotals):
        rest = total - sum(reading) - freight
        if abs(rest - max(beyond, 0)) <= len(items) and min(reading, default=0) >= 0:
            amounts = reading
            break
    if items and amounts is None:
        telling.remark(
            refund["refund_line_items"], "assumed", "amounts of the lines do not make the sum: left out"
        )
    if freight > total:
        telling.remark(refund["order_adjustments"], "unusable", "more freight than money: left out")
        freight = 0
    by_line: dict[str, list[int]] = {}
    for number, one in enumerate(items):
        entry = by_line.setdefault(own_id(one["line_item_id"]), [0, 0])
        entry[0] += one["quantity"].need_count()
        entry[1] += 0 if amounts is None else amounts[number]
    lines = [
        Share(
            line_id=line_id,
            quantity_count=count,
            amount=None if amounts is None else money(minor, currency),
        )
        for line_id, (count, minor) in by_line.items()
    ]
    return freight, lines


def _duties(refund: Node, currency: str) -> Iterator[int]:
    """Duties that go back: a refund does not say of which line, so that they are told with the freight."""
    for one in refund["duties"].items():
        yield abs(need_amount(one, "amount", currency))


def _discrepancies(refund: Node, currency: str) -> Iterator[int]:
    """Money that went back beyond goods and freight; less than that (a fee that was kept) is below zero."""
    for one in refund["order_adjustments"].items():
        if one["kind"].text() == "refund_discrepancy":
            yield -need_amount(one, "amount", currency) - (amount(one, "tax_amount", currency) or 0)


def _adjusted(refund: Node, currency: str) -> Iterator[int]:
    """Freight that goes back: Shopify writes it below zero, and any other difference beside it."""
    for one in refund["order_adjustments"].items():
        if one["kind"].text() == "shipping_refund":
            yield abs(need_amount(one, "amount", currency)) + abs(amount(one, "tax_amount", currency) or 0)
    if refund["order_adjustments"].is_absent:
        for one in refund["refund_shipping_lines"].items():
            yield abs(need_amount(one, "subtotal_amount", currency))
