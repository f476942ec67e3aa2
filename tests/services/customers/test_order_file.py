"""What customers knows of an order, and the index by account."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed, NotYet
from kernel.money import Money
from services.customers import policy
from services.customers.cases import order_file as o
from services.customers.cases import order_index as x
from services.customers.contact import Channel, Contact, Origin, Purpose, To
from services.customers.promised import Promise, PromiseKind

T0 = datetime(2026, 3, 1, tzinfo=UTC)
H = timedelta(hours=1)
_, P = policy.load().choose("s1", T0)
FREE, FREIGHT = Money(0, "CNY"), Money(800, "CNY")
FILED = o.OrderFiled("c1", "a1", FREE)
PROMISE = Promise("p1", PromiseKind.GIFT, "o1", "c1")
WITH_PROMISE: list[o.Fact] = [FILED, o.PromiseFiled(PROMISE)]


def status(notice: str, to: To, template: str) -> Contact:
    return Contact(
        f"status.o1.{notice}", "status.o1", "o1", "c1", Origin.STATUS, to, Purpose.SERVICE, template,
        {"order_id": "o1"}, (Channel.CHAT, Channel.SMS), T0 + 48 * H,
    )  # fmt: skip


PAID = o.PaymentTold(status("paid", To.SELLER, "order_paid_ship_due"), FREIGHT, FREE)
SHIPPED = o.ShipmentTold(status("shipped-1", To.BUYER, "order_shipped"), 1)

TABLE: list[tuple[str, Sequence[o.Fact], o.Message, Sequence[o.Fact]]] = [
    ("OR-008", [], o.Placed("c1", "a1", FREE), [FILED]),
    ("OR-012", [], o.Placed("c1", "a1", FREE), [FILED]),
    ("OR-007", [FILED], o.Paid("o1", FREIGHT), [PAID]),
    ("OR-007", [FILED, PAID], o.Paid("o1", FREIGHT), []),
    ("OR-007", [FILED], o.Shipped("o1"), [SHIPPED]),
    ("OR-007", [FILED, SHIPPED], o.Shipped("o1"),
     [o.ShipmentTold(status("shipped-2", To.BUYER, "order_shipped"), 2)]),
    ("OR-012", [FILED], o.Succeeded(), [o.PhaseChanged(o.Phase.AFTER_SALE)]),
    ("OR-012", [FILED], o.Closed(is_refunded=True, is_whole=True),
     [o.PhaseChanged(o.Phase.AFTER_SALE), o.OrderClosed(is_refunded=True)]),
    ("OR-012", [FILED], o.Closed(is_refunded=True, is_whole=False), []),
    ("CP-035", [FILED], o.TermsChanged(FREIGHT), [o.FreightSet(FREIGHT)]),
    ("CP-032", [FILED], o.PromiseMade(PROMISE), [o.PromiseFiled(PROMISE)]),
    ("CP-032", WITH_PROMISE, o.PromiseMade(PROMISE), []),
    ("CP-032", WITH_PROMISE, o.PromiseDone("p1"), [o.PromiseDropped("p1")]),
    ("CP-032", WITH_PROMISE, o.HandedOver("sf"), [o.HandOverPassedOn("sf")]),
    ("CP-032", [FILED], o.HandedOver("sf"), []),
    ("CP-033", WITH_PROMISE, o.MemoStored("memo.p1"), [o.MemoPassedOn("memo.p1")]),
    ("RF-118", WITH_PROMISE, o.ExchangeOver("x1", "completed"), [o.ExchangePassedOn("x1", "completed")]),
]  # fmt: skip


def after(facts: Sequence[o.Fact], state: o.State | None = None) -> o.State:
    """The state that a history leads to; from the beginning, unless it goes on from one."""
    state = o.Absent() if state is None else state
    for fact in facts:
        state = o.evolve(state, fact)
    return state


@pytest.mark.parametrize(
    ("rule", "given_facts", "when", "then"), TABLE, ids=[f"{n}-{row[0]}" for n, row in enumerate(TABLE)]
)
def test_rule(rule: str, given_facts: Sequence[o.Fact], when: o.Message, then: Sequence[o.Fact]) -> None:
    decided = o.decide(after(given_facts), when, P, T0)
    assert [d.fact for d in decided] == list(then)
    assert all(rule in d.rules for d in decided)


messages: st.SearchStrategy[o.Message] = st.one_of(
    st.just(o.Placed("c1", "a1", FREE)),
    st.just(o.Paid("o1", FREIGHT)),
    st.just(o.Shipped("o1")),
    st.just(o.TermsChanged(FREIGHT)),
    st.builds(o.Succeeded),
    st.builds(o.Closed, st.booleans(), st.booleans()),
    st.just(o.HandedOver("sf")),
    st.just(o.MemoStored("m1")),
    st.just(o.PromiseMade(PROMISE)),
    st.just(o.PromiseDone("p1")),
    st.just(DeadlinePassed("any", T0)),
)


@given(st.lists(messages, max_size=20))
def test_any_history(history: list[o.Message]) -> None:
    """OR-007: told once of the payment, once of every part, under an id of its own."""
    state: o.State = o.Absent()
    log: list[o.Fact] = []
    for message in history:
        try:
            decided = [d.fact for d in o.decide(state, message, P, T0)]
        except NotYet:
            assert isinstance(state, o.Absent)
            continue
        state = after(decided, state)
        log += decided
    assert sum(isinstance(f, o.PaymentTold) for f in log) <= 1
    ids = [f.contact.notice_id for f in log if isinstance(f, o.ShipmentTold)]
    assert len(ids) == len(set(ids))
    assert sum(isinstance(f, o.OrderClosed) for f in log) <= 1
    assert o.deadlines(state) == []


@given(st.lists(st.sampled_from(["o1", "o2", "o3"])))
def test_the_index_names_each_order_once(order_ids: list[str]) -> None:
    """OR-008: found by the buyer's account."""
    state = x.Page()
    for order_id in order_ids:
        for decided in x.decide(state, x.OrderPlaced(order_id), P, T0):
            state = x.evolve(state, decided.fact)
    assert list(state.order_ids) == list(dict.fromkeys(order_ids))
    assert x.decide(state, DeadlinePassed("any", T0), P, T0) == []
    assert x.deadlines(state) == []
