"""Reads Shopify's orders: lines, charges and sums, in the shop's currency."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import ValidationError

from aftersales_adapters.money import money
from aftersales_adapters.reading import Node
from aftersales_adapters.telling import Telling, digest_id, refused
from aftersales_contracts.base import Money
from aftersales_contracts.components import Charge, Line
from aftersales_contracts.enums import ChargeKind, FreightTerms, GoodsClass

PREFIX = "shopify:"
SKU_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Terms:
    """All that the buyer owes, line by line."""

    lines: list[Line]
    freight: Money
    total: Money
    charges: list[Charge]
    rounded_off: Money | None
    shown_total: Money | None


@dataclass(slots=True)
class _Sums:
    """Sums that are collected while the lines are read."""

    currency: str
    charges: list[Charge] = field(default_factory=list[Charge])

    def add(self, kind: ChargeKind, minor: int, line_id: str | None, node: Node) -> None:
        if minor < 0:
            node.fail("an amount below zero")
        if minor:
            self.charges.append(Charge(kind=kind, amount=money(minor, self.currency), line_id=line_id))


def order_id(node: Node) -> str:
    """The order's id, with a prefix, for numbers of other platforms may be the same."""
    return digest_id([f"{PREFIX}{node.need_id()}"])


def global_id(node: Node) -> str:
    """The id of a payment or refund, with the prefix."""
    return digest_id([f"{PREFIX}{node.need_id()}"])


def own_id(node: Node) -> str:
    """The id of a line, unique within its order; of anything else as a part of an event's id."""
    return digest_id([node.need_id()])


def amount(parent: Node, name: str, currency: str) -> int | None:
    """The amount of a field in the shop's currency: of `<name>_set`, else of the field itself."""
    both = parent[f"{name}_set"]
    if both.is_absent:
        return parent[name].minor(currency)
    shop = both["shop_money"]
    if shop["currency_code"].currency() != currency:
        shop["currency_code"].fail("not the currency of the order")
    return shop["amount"].minor(currency)


def need_amount(parent: Node, name: str, currency: str) -> int:
    """The amount. Raises PayloadError where absent."""
    found = amount(parent, name, currency)
    if found is None:
        parent[name].fail("missing")
    return found


def shown(both: Node, currency: str) -> Money | None:
    """The presentment money of a `..._set`, where its currency is another than the shop's."""
    if both.is_absent or both["presentment_money"].is_absent:
        return None
    presented = both["presentment_money"]
    code = presented["currency_code"].currency()
    if code == currency:
        return None
    minor = presented["amount"].need_minor(code)
    if minor < 0:
        presented["amount"].fail("an amount below zero")
    return money(minor, code)


def terms_of(telling: Telling, order: Node, *, quantities: dict[str, int] | None = None) -> Terms:
    """Reads lines, freight, charges and total. `quantities` are those of the lines now, after an edit.

    Raises PayloadError for an amount that is none, and for sums that do not add up.
    """
    currency = order["currency"].currency()
    on_top = not order["taxes_included"].flag()
    sums = _Sums(currency)
    freight = _freight(order, currency, on_top=on_top)
    terms = FreightTerms.BUYER_PAYS if freight else FreightTerms.FREE
    lines: list[Line] = []
    tips = 0
    for node in order["line_items"].items():
        if not node["tip"].is_absent:
            tips += need_amount(node, "price", currency) * (node["quantity"].count() or 1)
            telling.remark(node, "assumed", "a line that is a tip is told as a charge")
            continue
        line_id = own_id(node["id"])
        count = node["quantity"].need_count() if quantities is None else quantities.get(line_id, 0)
        if count == 0:
            telling.remark(node["quantity"], "not_told", "a line without pieces")
            continue
        lines.append(_line(telling, node, count, currency, terms))
        if on_top:
            sums.add(ChargeKind.TAX, _taxes(node, currency), line_id, node["tax_lines"])
        for duty in node["duties"].items():
            sums.add(ChargeKind.DUTY, _duty(duty, currency), line_id, duty)
            sums.add(ChargeKind.TAX, _taxes(duty, currency) if on_top else 0, line_id, duty)
    told_tip = amount(order, "total_tip_received", currency)
    sums.add(ChargeKind.TIP, tips or told_tip or 0, None, order["total_tip_received"])
    fees = order["original_total_additional_fees_set"]
    if not fees.is_absent:
        sums.add(ChargeKind.FEE, amount(order, "original_total_additional_fees", currency) or 0, None, fees)
    total = _not_below_zero(order, "total_price", currency)
    # Cash is rounded to the smallest coin, and the order's total is not.
    rounding = amount(order, "total_cash_rounding_payment_adjustment", currency) or 0
    sums.add(ChargeKind.ROUNDING, max(rounding, 0), None, order)
    if total + rounding < 0:
        order["total_cash_rounding_payment_adjustment_set"].fail("more than the order")
    return Terms(
        lines,
        money(freight, currency),
        money(total + rounding, currency),
        sums.charges,
        money(-rounding, currency) if rounding < 0 else None,
        shown(order["total_price_set"], currency),
    )


def _not_below_zero(parent: Node, name: str, currency: str) -> int:
    minor = need_amount(parent, name, currency)
    if minor < 0:
        parent[name].fail("an amount below zero")
    return minor


def _line(telling: Telling, node: Node, count: int, currency: str, terms: FreightTerms) -> Line:
    line_id = own_id(node["id"])
    product_id = node["product_id"].id()
    sku = telling.cut(node["sku"], SKU_LENGTH, node["sku"].id())
    travels = node["requires_shipping"].is_absent or node["requires_shipping"].flag()
    is_virtual = node["gift_card"].flag() or not travels
    discounts = [need_amount(one, "amount", currency) for one in node["discount_allocations"].items()]
    discount = sum(discounts) if discounts else amount(node, "total_discount", currency) or 0
    if discount < 0:
        node["discount_allocations"].fail("an amount below zero")
    try:
        return Line(
            line_id=line_id,
            product_id=digest_id([product_id]) if product_id else line_id,
            sku_id=sku or node["variant_id"].id() or product_id or line_id,
            quantity_count=count,
            unit_price=money(_not_below_zero(node, "price", currency), currency),
            discount=money(discount, currency) if discount else None,
            freight_terms=FreightTerms.FREE if is_virtual else terms,
            goods_class=GoodsClass.VIRTUAL if is_virtual else GoodsClass.STANDARD,
        )
    except ValidationError as error:
        raise refused(node, error) from None


def _freight(order: Node, currency: str, *, on_top: bool) -> int:
    """The freight after discounts, with the taxes on it where prices do not include them."""
    total = 0
    for line in order["shipping_lines"].items():
        if line["is_removed"].flag():
            continue
        name = "discounted_price" if line.has("discounted_price", "discounted_price_set") else "price"
        total += _not_below_zero(line, name, currency) + (_taxes(line, currency) if on_top else 0)
    return total


def _taxes(parent: Node, currency: str) -> int:
    return sum(need_amount(tax, "price", currency) for tax in parent["tax_lines"].items())


def _duty(duty: Node, currency: str) -> int:
    shop = duty["shop_money"]
    if shop.is_absent:
        return need_amount(duty, "price", currency)
    if shop["currency_code"].currency() != currency:
        shop["currency_code"].fail("not the currency of the order")
    return shop["amount"].need_minor(currency)


def quantities_now(order: Node, refunds_with_money: Iterator[Node]) -> dict[str, int]:
    """Pieces of each line after edits: those that are left, and those for which money went back."""
    now: dict[str, int] = {}
    for line in order["line_items"].items():
        left = line["current_quantity"].count()
        now[own_id(line["id"])] = line["quantity"].need_count() if left is None else left
    for refund in refunds_with_money:
        for one in refund["refund_line_items"].items():
            line_id = own_id(one["line_item_id"])
            if line_id in now:
                now[line_id] += one["quantity"].need_count()
    return now
