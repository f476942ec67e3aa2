"""The toy service of the chassis tests, read from two topics, and what its records look like."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from aftersales_contracts.base import Event, Money
from aftersales_contracts.envelope import Envelope, write
from aftersales_contracts.registry import encode, read_data
from aftersales_contracts.shop.orders import OrderClosedV1, OrderPaidV1
from aftersales_contracts.shop.payments import RefundSettledV1
from chassis.engine.registry import Registry
from chassis.publish.relay import Record
from chassis.service import Service
from kernel.decider import Addressed
from tests.chassis import toy

ORDERS, PAYMENTS = "shop.orders.v1", "shop.payments.v1"
OUTCOMES, DEAD = "aftersales.refunds.v1", "aftersales.refunds.dead.v1"
PARTITIONS = {ORDERS: 2, PAYMENTS: 2, OUTCOMES: 2, DEAD: 2}
SOURCE = "sim/shop"
SHOPS = ("s1", "s2")
UNSTORABLE, UNTRANSLATABLE, NOBODY = "unstorable", "untranslatable", "nobody"
"""Shops whose closed orders mean something that fails behind the decoder, each in its own way."""
SAMPLES = Path(__file__).parents[2] / "contracts" / "samples"


def _closed(data: OrderClosedV1) -> Sequence[Addressed]:
    match data.shop_id:
        case "unstorable":
            return [Addressed(data.order_id, "tab", f"{data.order_id}\x00", toy.Opened())]
        case "untranslatable":
            raise LookupError(data.shop_id)
        case "nobody":
            return [Addressed(data.order_id, "nobody", data.order_id, toy.Opened())]
        case _:
            return toy.tab(data.order_id, toy.Paid())


def _settled(data: RefundSettledV1) -> Sequence[Addressed]:
    return toy.tab(data.order_id, toy.Added(data.amount.minor))


_TAB = replace(
    toy.TAB_KIND,
    reads={
        **toy.TAB_KIND.reads,
        OrderClosedV1: _closed,
        RefundSettledV1: _settled,
    },
)
SERVICE = Service(name="refunds", kinds=(_TAB, toy.LEDGER_KIND), policies=toy.Book())
REGISTRY = Registry(SERVICE)


def _sample(event_class: type[Event]) -> Event:
    return read_data(event_class, (SAMPLES / f"{event_class.TYPE}.json").read_bytes())


_SAMPLES: dict[type[Event], Event] = {event_class: _sample(event_class) for event_class in SERVICE.reads}


def record(
    event_class: type[Event], event_id: str, order_id: str, shop_id: str, at: datetime, minor: int = 0
) -> Record:
    """A record as a source publishes it: (topic, key, headers, value)."""
    sample = _SAMPLES[event_class]
    amount = Money(minor=minor, currency="CNY")
    changes: dict[str, object] = {"order_id": order_id, "shop_id": shop_id}
    if isinstance(sample, OrderPaidV1):
        changes["paid_amount"] = amount
        changes["payments"] = [sample.payments[0].model_copy(update={"amount": amount})]
    elif isinstance(sample, RefundSettledV1):
        changes["amount"] = amount
        changes["tenders"] = [sample.tenders[0].model_copy(update={"amount": amount})]
    data = sample.model_copy(update=changes)
    envelope = Envelope(event_id, SOURCE, event_class.TYPE, at, order_id)
    key, headers, value = write(envelope, encode(data))
    return event_class.TOPIC, key, headers, value
