"""The stage of the journeys: orders with everybody around them, on one time axis that moves forward."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from aftersales_contracts.base import Event
from aftersales_contracts.components import Line, Tracking
from aftersales_contracts.registry import read_data
from simulator.outcomes import Announced
from tests.journeys.people import (
    SHOP,
    Buyer,
    Carrier,
    Gateway,
    Names,
    OrderSystem,
    Parcel,
    Provider,
    Seller,
    Told,
    Warehouse,
    shares,
)
from tests.support.running import Running

E = TypeVar("E", bound=Event)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
GRACE = 10 * MINUTE
"""Time from a money deadline to its decision, which judges by what was said before the deadline."""
STEP = 6 * HOUR
"""Most time that passes at once while nobody in the story says anything."""
FIRST = datetime(2015, 3, 2, 1, tzinfo=UTC)
"""A Monday, nine in the morning in Shanghai. No story gets from here to the next version of a pack."""


TOO_COMMON = {
    "case_id", "case_kind", "case_version", "shop_id", "rule_ids", "policy_version", "order_id",
    "customer_id", "about_subject", "tracking", "values", "deadlines", "allowed_action_codes",
}  # fmt: skip


def _words(outcome: Announced) -> str:
    return " ".join(f"{name}={value}" for name, value in outcome.values().items() if name not in TOO_COMMON)


class Order:
    """One order, whoever has to do with it, and what is announced about it."""

    def __init__(self, stage: "Stage", name: str) -> None:
        self.stage = stage
        self.order_id = name
        self.customer_id = f"c-{name}"
        names = Names(
            name,
            self.customer_id,
            {"shop_id": SHOP, "order_id": name},
            {"shop_id": SHOP, "customer_id": self.customer_id},
        )
        self.buyer = Buyer(names)
        self.seller = Seller(names)
        self.system = OrderSystem(names)
        self.warehouse = Warehouse(names)
        self.carrier = Carrier(names)
        self.provider = Provider(names)
        self.gateway = Gateway(names)

    def parcel(self, mark: str = "out") -> Parcel:
        """One of its parcels, with a waybill of its own."""
        tracking = Tracking(carrier_code="sto", tracking_code=f"W-{self.order_id}-{mark}")
        return Parcel(f"{self.order_id}.{mark}", tracking)

    def announced(self) -> Iterator[Announced]:
        """All that was announced about the order or its buyer, in order."""
        own = f'"{self.order_id}"'.encode()
        return (
            outcome
            for outcome in self.stage.world.announced
            if outcome.envelope.subject in {self.order_id, self.customer_id} or own in outcome.data
        )

    def all(self, event_class: type[E], *, after: timedelta | None = None, **fields: object) -> list[E]:
        """Everything heard of that type, of that moment after the story's start, with these fields."""
        at = None if after is None else self.stage.start + after
        found = [
            read_data(event_class, outcome.data)
            for outcome in self.announced()
            if outcome.envelope.type == event_class.TYPE and at in {None, outcome.envelope.time}
        ]
        return [data for data in found if all(getattr(data, n) == v for n, v in fields.items())]

    def heard(self, event_class: type[E], *, after: timedelta | None = None, **fields: object) -> E:
        """The one that was heard. Raises AssertionError where it is none or several."""
        found = self.all(event_class, after=after, **fields)
        assert len(found) == 1, f"{len(found)} times {event_class.TYPE} {after} {fields}\n{self.told()}"
        return found[0]

    def silent(self, event_class: type[E], **fields: object) -> None:
        """Nothing of that type was heard. Raises AssertionError otherwise."""
        found = self.all(event_class, after=None, **fields)
        assert not found, f"{len(found)} times {event_class.TYPE} {fields}\n{self.told()}"

    def told(self) -> str:
        """Everything announced, a line each."""
        return "\n".join(
            f"  {outcome.envelope.time - self.stage.start} {outcome.envelope.type} {_words(outcome)}"
            for outcome in self.announced()
        )


class Stage:
    """The running system, and the orders of one journey."""

    def __init__(self, world: Running) -> None:
        self.world = world
        self.start = FIRST if world.at < FIRST else FIRST + ((world.at - FIRST) // DAY + 1) * DAY
        self.orders: list[Order] = []

    def order(self, name: str) -> Order:
        """A new order; its id is the name, which no other journey uses."""
        made = Order(self, name)
        self.orders.append(made)
        return made

    async def plan(self, after: timedelta, *told: Told, happened: timedelta | None = None) -> None:
        """This is said at that moment after the start, once time gets there; `happened` earlier, if late."""
        moment = self.start + after
        occurred = moment if happened is None else self.start + happened
        for one in told:
            event = one if isinstance(one, Event) else one(occurred)
            await self.world.publish(event, at=occurred, published_at=moment)

    async def at(self, after: timedelta, *told: Told, happened: timedelta | None = None) -> None:
        """Goes to that moment after the start; this is said then, and all that it leads to is announced."""
        await self.plan(after, *told, happened=happened)
        await self.until(after)

    async def until(self, after: timedelta) -> None:
        """Lets time pass until that moment after the start."""
        await self.world.until(self.start + after, STEP)

    async def sold(self, order: Order, *lines: Line, freight: int = 0, **tenders: int) -> None:
        """To come: the buyer orders, and pays by the given methods half an hour later."""
        await self.plan(0 * HOUR, order.buyer.places(*lines, freight=freight))
        await self.plan(HOUR / 2, order.buyer.pays(**tenders))

    async def shipped(self, order: Order, after: timedelta = 5 * HOUR) -> Parcel:
        """To come: all of it leaves in one parcel, which the carrier picks up an hour later."""
        parcel = order.parcel()
        await self.plan(
            after,
            order.warehouse.registers(parcel, *shares(order.buyer.lines)),
            order.seller.marks_shipped(parcel),
            order.warehouse.hands_over(parcel),
        )
        await self.plan(after + HOUR, order.carrier.scan(parcel, "picked_up"))
        return parcel

    async def delivered(self, order: Order, after: timedelta = 2 * DAY) -> Parcel:
        """To come: sold goods are sent at once, and signed for by the buyer after that time."""
        parcel = await self.shipped(order)
        await self.plan(after, order.carrier.scan(parcel, "delivered", signed_by="buyer"))
        return parcel

    async def history(self) -> str:
        """Every case of the journey's orders with its decisions, for a person who looks for a fault."""
        lines: list[str] = []
        for order in self.orders:
            lines.append(f"== {order.order_id}, begun {self.start:%Y-%m-%d %H:%M}")
            for name in (order.order_id, order.customer_id):
                for case in await self.world.cases(name):
                    lines.append(f"-- {case.service} {case.kind} {case.case_id}: {case.state}")
                    lines += [
                        f"   {step.at - self.start} {step.name} {','.join(step.rules)}"
                        f" <- {step.cause.id}{f' -> {step.announced}' if step.announced else ''} {step.data}"
                        for step in case.steps
                    ]
                    lines += [f"   runs: {one.name} {one.due_at - self.start}" for one in case.deadlines]
        return "\n".join(lines)
