"""Tells the stories of a run's sources: orders with their events, repeats, reused ids, rubbish, all noted."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from aftersales_contracts.base import Event
from aftersales_contracts.shop.orders import OrderClosedV1, OrderPaidV1, OrderPlacedV1
from aftersales_contracts.shop.payments import RefundSettledV1
from chassis.publish.relay import Record
from tests.simulation import service

MINUTE = timedelta(minutes=1)
SPAN_MINUTES = 100
"""Events of a run happen within so long."""
OPEN, ADD, PAY = "open", "add", "pay"


@dataclass(frozen=True)
class Told:
    """One record that a source publishes: what it means, when it happened, when it is written."""

    event_id: str
    order_id: str
    what: str
    at: datetime
    written_at: datetime
    minor: int
    topic: str
    partition: int
    record: Record
    fate: str
    """`good`, `repeat`, or the reason of the dead letter that it must become."""


@dataclass
class Order:
    """One order: whether its events come in order and in time, so that its end can be told exactly."""

    order_id: str
    shop_id: str
    is_orderly: bool
    tells: list[Told] = field(default_factory=list[Told])


class Story:
    """All that is told in one run."""

    def __init__(self, dice: Random, began: datetime) -> None:
        self._dice = dice
        self._began = began
        self._count = 0
        self.orders = [self._order(number) for number in range(dice.choice((1, 2, 3, 4, 5)))]
        tells = [told for order in self.orders for told in order.tells]
        tells += [self._rubbish() for _ in range(dice.choice((0, 0, 1, 2)))]
        self.tells = sorted(tells, key=lambda told: (told.written_at, told.event_id))

    def _order(self, number: int) -> Order:
        dice = self._dice
        shop = dice.choice(service.SHOPS)
        order = Order(f"o{number}", shop, is_orderly=dice.random() < 0.75)
        opened = self._moment(0, SPAN_MINUTES // 2)
        has_payments = dice.random() < 0.5
        order.tells = list(self._events(order, opened, has_payments=has_payments))
        if not order.is_orderly:
            order.tells = [
                replace(told, written_at=told.at + dice.choice((1, 5, 20, 80)) * MINUTE)
                for told in order.tells
            ]
        elif dice.random() < 0.15:
            self._open_last(order)
        self._repeat(order)
        return order

    @staticmethod
    def _open_last(order: Order) -> None:
        """Its opening is written behind everything else: all of that is early, across deadlines too."""
        last = max((told.written_at for told in order.tells), default=None)
        if last is not None:
            order.tells = [
                replace(told, written_at=last + MINUTE) if told.what == OPEN else told for told in order.tells
            ]

    def _events(self, order: Order, opened: datetime, *, has_payments: bool) -> Iterator[Told]:
        dice = self._dice
        if dice.random() < 0.93:
            yield self._tell(order, OPEN, opened, OrderPlacedV1)
        for _ in range(dice.randrange(5)):
            at = (
                opened
                + dice.randrange(-10, 85) * MINUTE
                + dice.randrange(1, 10**6) * timedelta(microseconds=1)
            )
            event_class = RefundSettledV1 if has_payments and dice.random() < 0.6 else OrderPaidV1
            yield self._tell(order, ADD, max(at, self._began), event_class)
        if not has_payments and dice.random() < 0.5:
            at = opened + dice.randrange(1, 80) * MINUTE + dice.randrange(10**6) * timedelta(microseconds=1)
            yield self._tell(order, PAY, at, OrderClosedV1)

    def _moment(self, first: int, last: int) -> datetime:
        minutes = self._dice.randrange(first, last)
        return self._began + minutes * MINUTE + self._dice.randrange(10**6) * timedelta(microseconds=1)

    def _tell(self, order: Order, what: str, at: datetime, event_class: type[Event]) -> Told:
        self._count += 1
        event_id, minor = f"e{self._count}", self._dice.randrange(1, 100)
        record = service.record(event_class, event_id, order.order_id, order.shop_id, at, minor)
        return Told(
            event_id, order.order_id, what, at, at + MINUTE, minor, record[0],
            int(order.order_id[1:]) % 2, record, "good",
        )  # fmt: skip

    def _repeat(self, order: Order) -> None:
        """Some are written twice, some ids are used again for something else: always after the first."""
        dice = self._dice
        for told in list(order.tells):
            draw = dice.random()
            later = told.written_at + dice.choice((0, 1, 30)) * MINUTE
            if draw < 0.15:
                order.tells.append(replace(told, written_at=later, fate="repeat"))
            elif draw < 0.2 and told.what == ADD:
                event_class = RefundSettledV1 if told.topic == service.PAYMENTS else OrderPaidV1
                other = service.record(
                    event_class, told.event_id, told.order_id, order.shop_id, told.at, told.minor + 1_000
                )
                order.tells.append(
                    replace(told, written_at=later, fate="id_reused", record=other, minor=told.minor + 1_000)
                )

    def _rubbish(self) -> Told:
        """A record that nobody can use, each kind refused at another place."""
        dice = self._dice
        self._count += 1
        at, event_id, order_id = self._moment(0, SPAN_MINUTES), f"e{self._count}", f"x{self._count}"
        kind = dice.choice(("noise", "key", service.UNSTORABLE, service.UNTRANSLATABLE, service.NOBODY))
        shop = kind if kind in {service.UNSTORABLE, service.UNTRANSLATABLE, service.NOBODY} else "s1"
        record = service.record(OrderClosedV1, event_id, order_id, shop, at)
        topic, key, headers, value = record
        fate = "rule_failed"
        if kind == "noise":
            record, fate = (topic, key, headers, b"\xff\x00rubbish"), "bad_utf8"
        elif kind == "key":
            record, fate = (topic, b"another", headers, value), "wrong_key"
        elif kind == service.UNSTORABLE:
            fate = "not_storable"
        return Told(event_id, order_id, "rubbish", at, at + MINUTE, 0, topic, dice.randrange(2), record, fate)
