"""The index of orders by account."""

from hypothesis import given
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed
from services.customers.cases.order_index import messages as m
from services.customers.cases.order_index.border import ORDER_INDEX
from tests.services.customers.built import T0, P
from tests.services.given import Walk


@given(st.lists(st.sampled_from(["o1", "o2", "o3"])))
def test_the_index_names_each_order_once(order_ids: list[str]) -> None:
    """OR-008: found by the buyer's account."""
    walk = Walk(ORDER_INDEX, P, T0)
    for order_id in order_ids:
        walk.tell(m.OrderPlaced(order_id))
    assert list(walk.state.order_ids) == list(dict.fromkeys(order_ids))
    assert not walk.kind.handle(walk.state, DeadlinePassed("any", T0), P, T0)
    assert ORDER_INDEX.deadlines(walk.state) == ()
