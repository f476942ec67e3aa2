"""An account of one order, kept from the events that are told and the outcomes that are announced alone."""

from collections import Counter
from datetime import datetime

from aftersales_contracts.base import Event
from aftersales_contracts.shop import orders
from tests.histories import events, outcomes
from tests.histories.goods import Goods, Parcel, Where
from tests.histories.matters import (
    Exchange,
    Matters,
    Refund,
)
from tests.histories.money import MoneyBeside
from tests.support.chains import Chains

_FINE = (Where.BUYER, Where.TO_BUYER, Where.BACK, Where.UNKNOWN)


class Ledger:
    """Goods, money and open matters; `told` takes what others say, `announced` what the services say."""

    def __init__(self) -> None:
        self.goods = Goods()
        self.m = Matters()
        self.beside = MoneyBeside()
        self.chains = Chains()
        self.placed: orders.OrderPlacedV1 | None = None
        self.prices: Counter[str] = Counter()
        self.piece_prices: Counter[str] = Counter()
        self.currency = ""
        self.total_minor = 0
        self.paid_minor = 0
        self.tenders: Counter[str] = Counter()
        self.paid_at: datetime | None = None
        self.shipped_at: datetime | None = None
        self.marked_lines: Counter[str] = Counter()
        self.succeeded_at: datetime | None = None
        self.success_cause = ""
        self.closed_at: datetime | None = None
        self.pickups: dict[str, datetime] = {}
        self.withdrawn: set[str] = set()
        """Refunds and exchanges that the buyer took back."""

    def told(self, event: Event, at: datetime) -> None:
        """An event from outside."""
        handler = events.HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event, at)

    def announced(self, event: Event, at: datetime) -> None:
        """An outcome of one of the four services."""
        handler = outcomes.HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event, at)

    @property
    def is_over(self) -> bool:
        return self.closed_at is not None

    def price(self, line_id: str) -> int:
        """The money of a whole line."""
        return self.prices[line_id]

    def missing(self, line_id: str) -> int:
        """Pieces for which the buyer has neither goods nor money, nor is anything on its way to him."""
        here = [piece for piece in self.goods.pieces if piece.line_id == line_id]
        fine = sum(p.where in _FINE or (p.where is Where.SHOP and not p.has_left) for p in here)
        return self.goods.ordered[line_id] - fine - self.m.settled_with_money(self.piece_prices)[line_id]

    def is_owed(self, line_id: str) -> bool:
        """Whether the buyer lacks goods of a line, and the money for them."""
        has = self.goods.count(line_id, Where.BUYER) + self.m.settled_with_money(self.piece_prices)[line_id]
        return has < self.goods.ordered[line_id]

    def refund(self, refund_id: str) -> Refund:
        return self.m.refunds.setdefault(refund_id, Refund(refund_id))

    def exchange(self, exchange_id: str) -> Exchange:
        return self.m.exchanges.setdefault(exchange_id, Exchange(exchange_id))

    def box(self, parcel_id: str, return_id: str | None) -> Parcel | None:
        """The box of a return: by its own name, else by the return that it belongs to."""
        box = self.goods.parcels.get(parcel_id)
        if box is not None:
            return box
        boxes = [p for p in self.goods.parcels.values() if return_id in p.return_ids]
        return boxes[0] if boxes else None
