"""Plans the story of each order of the made-up shop: chosen by seed and number alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from aftersales_contracts.base import Money
from aftersales_contracts.components import Line, Payment, Share
from aftersales_contracts.enums import (
    FreightTerms,
    GoodsClass,
    PaymentMethod,
    SaleService,
    SellerType,
)
from simulator.records import share

CURRENCY = "CNY"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Trouble(StrEnum):
    """The stories that an order can become."""

    NONE = "none"
    UNPAID = "unpaid"
    PAID_AT_THE_LAST_MOMENT = "paid_at_the_last_moment"
    LATE_SHIPPING_CLAIMED = "late_shipping_claimed"
    LATE_SHIPPING_KEPT = "late_shipping_kept"
    CHANGED_MIND = "changed_mind"
    CHANGED_MIND_TOO_LATE = "changed_mind_too_late"
    RETURN = "return"
    RETURN_NO_REASON = "return_no_reason"
    RETURN_SILENT_SELLER = "return_silent_seller"
    RETURN_SILENT_BUYER = "return_silent_buyer"
    REFUND_SILENT_SELLER = "refund_silent_seller"
    REFUND_PARTLY = "refund_partly"
    REFUSED_SILENT_BUYER = "refused_silent_buyer"
    REFUSED_THEN_AMENDED = "refused_then_amended"
    WITHDRAWN = "withdrawn"
    EXCHANGE = "exchange"
    EXCHANGE_NO_STOCK = "exchange_no_stock"
    LOST_RESHIP = "lost_reship"
    LOST_REFUND = "lost_refund"
    LOST_TURNED_UP = "lost_turned_up"
    BAD_REVIEW_CHANGED = "bad_review_changed"
    BAD_REVIEW_LEFT_ALONE = "bad_review_left_alone"
    BAD_REVIEW_UNREACHED = "bad_review_unreached"


WEIGHTS: dict[Trouble, float] = {
    Trouble.UNPAID: 10,
    Trouble.PAID_AT_THE_LAST_MOMENT: 1,
    Trouble.LATE_SHIPPING_CLAIMED: 3,
    Trouble.LATE_SHIPPING_KEPT: 5,
    Trouble.CHANGED_MIND: 7,
    Trouble.CHANGED_MIND_TOO_LATE: 3,
    Trouble.RETURN: 9,
    Trouble.RETURN_NO_REASON: 7,
    Trouble.RETURN_SILENT_SELLER: 2,
    Trouble.RETURN_SILENT_BUYER: 3,
    Trouble.REFUND_SILENT_SELLER: 2,
    Trouble.REFUND_PARTLY: 4,
    Trouble.REFUSED_SILENT_BUYER: 2,
    Trouble.REFUSED_THEN_AMENDED: 2,
    Trouble.WITHDRAWN: 2,
    Trouble.EXCHANGE: 5,
    Trouble.EXCHANGE_NO_STOCK: 2,
    Trouble.LOST_RESHIP: 2,
    Trouble.LOST_REFUND: 2,
    Trouble.LOST_TURNED_UP: 1,
    Trouble.BAD_REVIEW_CHANGED: 3,
    Trouble.BAD_REVIEW_LEFT_ALONE: 1,
    Trouble.BAD_REVIEW_UNREACHED: 3,
}
"""Frequency of each story among the orders that have one."""

LOST = frozenset({Trouble.LOST_RESHIP, Trouble.LOST_REFUND, Trouble.LOST_TURNED_UP})
BAD_REVIEW = frozenset(
    {Trouble.BAD_REVIEW_CHANGED, Trouble.BAD_REVIEW_LEFT_ALONE, Trouble.BAD_REVIEW_UNREACHED}
)
NEVER_SHIPPED = frozenset({Trouble.UNPAID, Trouble.LATE_SHIPPING_CLAIMED, Trouble.CHANGED_MIND})
WITH_RETURN = frozenset(
    {
        Trouble.RETURN,
        Trouble.RETURN_NO_REASON,
        Trouble.RETURN_SILENT_SELLER,
        Trouble.RETURN_SILENT_BUYER,
        Trouble.WITHDRAWN,
    }
)
AFTER_DELIVERY = WITH_RETURN | {
    Trouble.REFUND_SILENT_SELLER,
    Trouble.REFUND_PARTLY,
    Trouble.REFUSED_SILENT_BUYER,
    Trouble.REFUSED_THEN_AMENDED,
    Trouble.EXCHANGE,
    Trouble.EXCHANGE_NO_STOCK,
}
"""Stories that begin with goods in the buyer's hands; until they end nobody confirms receipt."""

SHOPS = (("tb-8812", SellerType.C_SHOP), ("tm-2207", SellerType.MALL))
STYLES = ("coat", "dress", "boots", "jeans", "scarf", "shirt", "bag", "skirt")
SIZES = ("s", "m", "l", "xl")
PRICES = (1990, 4900, 7990, 12900, 18800, 29900, 45900, 89900)


@dataclass(frozen=True, slots=True)
class Plan:
    """One order, and how its story goes. Amounts are in fen."""

    number: int
    order_id: str
    shop_id: str
    seller_type: SellerType
    customer_id: str
    trouble: Trouble
    lines: tuple[Line, ...]
    freight: int
    payments: tuple[Payment, ...]
    placed_at: datetime
    paid_at: datetime
    shipped_at: datetime
    delivered_at: datetime
    has_consulted: bool
    confirms_receipt: bool
    reviews: bool

    @property
    def goods(self) -> int:
        """Price of all lines."""
        return sum(line.amount_minor for line in self.lines)

    @property
    def total(self) -> int:
        """The sum that the buyer pays."""
        return self.goods + self.freight

    def dice(self, *words: object) -> float:
        """A number in [0, 1) for this order and these words."""
        return share(self.order_id, *words)

    def shares(self) -> list[Share]:
        """Every line, with the money that it stands for."""
        return [
            Share(line_id=line.line_id, quantity_count=line.quantity_count, amount=money(line.amount_minor))
            for line in self.lines
        ]

    def pieces(self) -> list[Share]:
        """Every line, without money."""
        return [Share(line_id=line.line_id, quantity_count=line.quantity_count) for line in self.lines]


def money(minor: int) -> Money:
    """An amount in fen."""
    return Money(minor=minor, currency=CURRENCY)


def _pick(values: Sequence[str], dice: float) -> str:
    return values[int(dice * len(values))]


def _trouble(number: int, order_id: str, trouble_rate: float) -> Trouble:
    told = list(WEIGHTS)
    # Each story once, spread over the first orders, so that even a small shop has all of them.
    if number % 2 and number // 2 < len(told):
        return told[number // 2]
    if share(order_id, "troubled") >= trouble_rate:
        return Trouble.NONE
    left = share(order_id, "trouble") * sum(WEIGHTS.values())
    for trouble, weight in WEIGHTS.items():
        left -= weight
        if left < 0:
            return trouble
    return told[-1]


def _lines(order_id: str, shop_id: str) -> tuple[Line, ...]:
    count = 1 + (share(order_id, "lines") < 0.3) + (share(order_id, "lines") < 0.08)
    lines: list[Line] = []
    for number in range(1, count + 1):
        style = _pick(STYLES, share(order_id, number, "style"))
        lines.append(
            Line(
                line_id=str(number),
                product_id=f"{shop_id}.{style}",
                sku_id=f"{shop_id}.{style}.{_pick(SIZES, share(order_id, number, 'size'))}",
                style_id=f"{shop_id}.{style}",
                quantity_count=2 if share(order_id, number, "pieces") < 0.15 else 1,
                unit_price=money(PRICES[int(share(order_id, number, "price") * len(PRICES))]),
                freight_terms=FreightTerms.BUYER_PAYS,
                goods_class=GoodsClass.STANDARD,
                services=[SaleService.SEVEN_DAY_NO_REASON],
            )
        )
    return tuple(lines)


def _payments(order_id: str, total: int) -> tuple[Payment, ...]:
    method = PaymentMethod.HUABEI if share(order_id, "huabei") < 0.3 else PaymentMethod.ALIPAY
    points = total // 10 if share(order_id, "points") < 0.2 else 0
    payments = [Payment(payment_id=f"{order_id}.pay1", method=method, amount=money(total - points))]
    if points:
        payments.append(
            Payment(payment_id=f"{order_id}.pay2", method=PaymentMethod.POINTS, amount=money(points))
        )
    return tuple(payments)


def _ship_delay(order_id: str, trouble: Trouble) -> timedelta:
    if trouble is Trouble.LATE_SHIPPING_KEPT:
        return 80 * HOUR + share(order_id, "ship") * 20 * HOUR
    if trouble is Trouble.CHANGED_MIND_TOO_LATE:
        return 5 * HOUR
    return 4 * HOUR + share(order_id, "ship") * 40 * HOUR


def make_plan(seed: int, number: int, start: datetime, span: timedelta, trouble_rate: float) -> Plan:
    """The plan of one order: the same for the same arguments. Orders are placed all over `span`."""
    order_id = f"s{seed}-{number:06d}"
    trouble = _trouble(number, order_id, trouble_rate)
    # Only ratings of a small shop can be changed (RV-017).
    shop = 0 if trouble in BAD_REVIEW else int(share(order_id, "shop") * len(SHOPS))
    shop_id, seller_type = SHOPS[shop]
    lines = _lines(order_id, shop_id)
    goods = sum(line.amount_minor for line in lines)
    freight = 0 if goods > 30_000 else 1_000
    placed_at = _whole(start + share(order_id, "placed") * span)
    paid_at = _whole(placed_at + 2 * MINUTE + share(order_id, "paid") ** 3 * 20 * HOUR)
    if trouble is Trouble.PAID_AT_THE_LAST_MOMENT:
        paid_at = placed_at + 3 * DAY - 2 * MINUTE
    shipped_at = _whole(paid_at + _ship_delay(order_id, trouble))
    delivered_at = _whole(shipped_at + 30 * HOUR + share(order_id, "way") * 80 * HOUR)
    return Plan(
        number=number,
        order_id=order_id,
        shop_id=shop_id,
        seller_type=seller_type,
        customer_id=f"c{seed}-{int(share(order_id, 'customer') * 10_000):04d}",
        trouble=trouble,
        lines=lines,
        freight=freight,
        payments=_payments(order_id, goods + freight),
        placed_at=placed_at,
        paid_at=paid_at,
        shipped_at=shipped_at,
        delivered_at=delivered_at,
        has_consulted=share(order_id, "consulted") < 0.4,
        confirms_receipt=share(order_id, "confirms") < 0.65,
        reviews=share(order_id, "reviews") < 0.6,
    )


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
