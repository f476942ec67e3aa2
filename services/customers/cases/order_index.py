"""The orders of one buyer account in one month: a page of the index by account. A ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from chassis.vocabulary import Deadline, DeadlinePassed, Decided, Decider, rule
from services.customers.policy import Policy


@dataclass(frozen=True, slots=True)
class Page:
    """Order ids in the order in which they became known."""

    order_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderPlaced:
    order_id: str


Message = OrderPlaced | DeadlinePassed


@dataclass(frozen=True, slots=True)
class OrderIndexed:
    order_id: str


def decide(state: Page, message: Message, policy: Policy, now: datetime) -> Sequence[Decided[OrderIndexed]]:
    """Files an order once."""
    match message:
        case OrderPlaced():
            return _placed(state, message)
        case DeadlinePassed():
            return []
        case _:
            assert_never(message)


@rule("OR-008")
def _placed(state: Page, placed: OrderPlaced) -> Sequence[OrderIndexed]:
    """An order is found by the account that placed it."""
    return [] if placed.order_id in state.order_ids else [OrderIndexed(placed.order_id)]


def evolve(state: Page, fact: OrderIndexed) -> Page:
    """The page with the order."""
    return Page((*state.order_ids, fact.order_id))


def deadlines(state: Page) -> Sequence[Deadline]:
    """None: a ledger waits for nobody."""
    return []


ORDER_INDEX: Decider[Page, Message, OrderIndexed, Policy] = Decider(Page(), decide, evolve, deadlines)
