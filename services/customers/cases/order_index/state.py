"""Keeps the orders of one buyer account in one month: a page of the index. A ledger."""

from kernel.value import Value


class Page(Value):
    """Order ids in the order in which they became known."""

    order_ids: tuple[str, ...] = ()


State = Page


class OrderIndexed(Value):
    order_id: str


Fact = OrderIndexed


def evolve(state: State, fact: Fact) -> State:
    """Adds the order to the page."""
    return Page((*state.order_ids, fact.order_id))
