"""The orders of one buyer account in one month: a page of the index by account. A ledger."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from kernel.decider import Deadline, DeadlinePassed, Decided, Decider
from kernel.rules import rule
from kernel.value import Value
from services.customers.policy import Policy


class Page(Value):
    """Order ids in the order in which they became known."""

    order_ids: tuple[str, ...] = ()


class OrderPlaced(Value):
    order_id: str


Message = OrderPlaced | DeadlinePassed


class OrderIndexed(Value):
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
