"""A toy service for the chassis tests: a tab that is opened, added to, and must be paid in an hour.

It has what the chassis must cope with: an early message, a deadline with and without grace, a rule
that can be made to fail, a message handed to a case of the same subject and to one of another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aftersales_contracts.base import Event, Outcome
from aftersales_contracts.shop.orders import OrderClosedV1, OrderPaidV1, OrderPlacedV1
from chassis.service import Kind, Service
from kernel.decider import HERE, Addressed, CaseView, Deadline, DeadlinePassed, Decided, NotYet, Told, tell

HOUR = timedelta(hours=1)
BROKEN: set[str] = set()
"""Names of messages whose rule raises, while they are in here."""


@dataclass(frozen=True, slots=True)
class Absent:
    pass


@dataclass(frozen=True, slots=True)
class Open:
    total: int
    pay_by: datetime


@dataclass(frozen=True, slots=True)
class Closed:
    total: int
    why: str


@dataclass(frozen=True, slots=True)
class Opened:
    pass


@dataclass(frozen=True, slots=True)
class Added:
    amount: int


@dataclass(frozen=True, slots=True)
class Paid:
    pass


@dataclass(frozen=True, slots=True)
class Shared:
    """The ledgers of the order and of the shop are to know of the tab."""


@dataclass(frozen=True, slots=True)
class TabOpened:
    pay_by: datetime


@dataclass(frozen=True, slots=True)
class AmountAdded:
    amount: int


@dataclass(frozen=True, slots=True)
class TabClosed:
    why: str


State = Absent | Open | Closed


def decide(state: State, message: Any, policy: timedelta, now: datetime) -> Sequence[Decided[Any]]:
    if type(message).__name__ in BROKEN:
        raise RuntimeError("broken on purpose")
    match message:
        case Opened():
            return _opened(state, policy, now)
        case Added():
            return _added(state, message)
        case Paid():
            return _closed(state, "paid")
        case Shared():
            told = tell(
                Addressed(HERE, "ledger", "o1", Opened()), Addressed("ledger-s1", "ledger", "s1", Opened())
            )
            return [Decided(told, ("OR-016",))]
        case DeadlinePassed():
            return _closed(state, "lapsed")
        case _:
            raise TypeError(message)


def _opened(state: State, policy: timedelta, now: datetime) -> Sequence[Decided[Any]]:
    return [Decided(TabOpened(now + HOUR), ("OR-013",))] if isinstance(state, Absent) else []


def _added(state: State, message: Added) -> Sequence[Decided[Any]]:
    if isinstance(state, Absent):
        raise NotYet
    return [Decided(AmountAdded(message.amount), ("OR-014",))] if isinstance(state, Open) else []


def _closed(state: State, why: str) -> Sequence[Decided[Any]]:
    if isinstance(state, Absent):
        raise NotYet
    return [Decided(TabClosed(why), ("OR-015",))] if isinstance(state, Open) else []


def evolve(state: State, fact: Any) -> State:
    match fact:
        case TabOpened():
            return Open(0, fact.pay_by)
        case AmountAdded():
            assert isinstance(state, Open)
            return Open(state.total + fact.amount, state.pay_by)
        case TabClosed():
            assert isinstance(state, Open)
            return Closed(state.total, fact.why)
        case Told():
            return state
        case _:
            raise TypeError(fact)


GRACE = timedelta(minutes=10)


def deadlines(state: State) -> Sequence[Deadline]:
    return [Deadline("pay", state.pay_by, GRACE)] if isinstance(state, Open) else []


@dataclass(frozen=True, slots=True)
class Book:
    """One policy for all: the grace."""

    def choose(self, shop_id: str, at: datetime) -> tuple[str, timedelta]:
        return "toy@1", GRACE

    def get(self, version: str) -> timedelta:
        return GRACE


class TabClosedV1(Outcome):
    TYPE = "aftersales.toy.closed.v1"
    TOPIC = "aftersales.refunds.v1"
    order_id: str
    total_count: int

    def subject_of(self) -> str:
        return self.order_id


def announce_closed(fact: TabClosed, view: CaseView[Any]) -> Outcome:
    total = view.state.total if isinstance(view.state, Closed) else 0
    return TabClosedV1.model_validate({**view.common(), "order_id": view.subject, "total_count": total})


def ledger(fact: TabClosed, view: CaseView[Any]) -> Sequence[Addressed]:
    """Closing a tab adds it to the shop's ledger (another subject) and to the order's (the same)."""
    return [
        Addressed(f"ledger-{view.shop_id}", "ledger", view.shop_id, Opened()),
        Addressed(f"ledger-{view.shop_id}", "ledger", view.shop_id, Added(1)),
        Addressed(view.subject, "ledger", view.subject, Opened()),
    ]


Message = Opened | Added | Paid | Shared | DeadlinePassed
Fact = TabOpened | AmountAdded | TabClosed | Told


def nothing(data: Event) -> list[Addressed]:
    """Reads an event that means nothing to any case."""
    del data
    return []


def tab(order_id: str, message: object) -> list[Addressed]:
    """A message for the tab of an order."""
    return [Addressed(order_id, "tab", order_id, message)]


TAB_KIND: Kind[State, Any, Any, timedelta] = Kind(
    name="tab", initial=Absent(), state=State, message=Message, fact=Fact, ended=Closed,
    decide=decide, evolve=evolve, deadlines=deadlines,
    reads={
        OrderPlacedV1: lambda data: tab(data.order_id, Opened()),
        OrderPaidV1: lambda data: tab(data.order_id, Added(data.paid_amount.minor)),
        OrderClosedV1: lambda data: tab(data.order_id, Paid()),
    },
    announces={TabClosed: announce_closed}, tells={TabClosed: ledger},
)  # fmt: skip
LEDGER_KIND: Kind[State, Any, Any, timedelta] = Kind(
    name="ledger", initial=Absent(), state=State, message=Message, fact=Fact, ended=Closed,
    decide=decide, evolve=evolve,
)  # fmt: skip
TOY = Service(name="refunds", kinds=(TAB_KIND, LEDGER_KIND), policies=Book())
