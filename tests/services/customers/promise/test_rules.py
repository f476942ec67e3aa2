"""Promises: registered, noted on the order, kept, broken or released."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed, tell
from kernel.money import Money
from kernel.people import Task
from kernel.value import replace
from services.customers.cases.message import messages as message
from services.customers.cases.promise import messages as m
from services.customers.cases.promise import state as s
from services.customers.cases.promise.border import PROMISE
from services.customers.contact import Channel, Contact, Heard, Origin, Purpose, To
from services.customers.promised import Promise
from services.customers.promised import PromiseKind as Kind
from tests.services.customers.built import T0, D, H, P
from tests.services.given import NEXT_DEADLINE, Walk, check_rule, decide, facts_of

FULFILLED, BREACHED, RELEASED = s.Outcome.FULFILLED, s.Outcome.BREACHED, s.Outcome.RELEASED


def cny(minor: int) -> Money:
    return Money(minor, "CNY")


def promise(kind: Kind, **changes: Any) -> Promise:
    return replace(Promise("p1", kind, "o1", "c1"), **changes)


def registered(kind: Kind, due_at: datetime | None = T0 + 3 * D, **changes: Any) -> s.PromiseRegistered:
    return s.PromiseRegistered(promise(kind, **changes), due_at, due_at or T0 + 10 * D)


def memo(kind: Kind, **changes: Any) -> s.MemoWanted:
    return s.MemoWanted("memo.p1", promise(kind, **changes))


def kept(kind: Kind, **changes: Any) -> list[s.Fact]:
    return [s.PromiseEnded(promise(kind, due_at=T0 + 3 * D, **changes), FULFILLED, 0)]


def broken(kind: Kind, due_at: datetime | None = T0 + 3 * D, **changes: Any) -> list[s.Fact]:
    made = promise(kind, due_at=due_at, **changes)
    return [s.PromiseEnded(made, BREACHED, 4), s.BreachNoticed(made, 4)]


def released(kind: Kind, due_at: datetime | None = T0 + 3 * D) -> list[s.Fact]:
    return [s.PromiseEnded(promise(kind, due_at=due_at), RELEASED, 0)]


def person(number: int, due_at: datetime) -> Task:
    return Task("was_promise_kept", due_at, task_id=f"promise-task.p1.{number}")


CALL = tell(
    message.to(
        "c1",
        "p1",
        message.Asked(
            Contact(
                "p1", "p1", "o1", "c1", Origin.CALLBACK, To.BUYER, Purpose.SERVICE, "callback", {},
                (Channel.CALL,), T0 + H, None, m.reply_to("o1", "p1"),
            )
        ),
    )
)  # fmt: skip
PRICE: dict[str, Any] = {"amount": cny(9000)}
FREIGHT: dict[str, Any] = {"amount": cny(0)}
paid = m.OrderPaid
TABLE: list[tuple[str, Sequence[s.Fact], m.Message, datetime, Sequence[s.Fact]]] = [
    ("CP-032", [], m.Given(promise(Kind.GIFT)), T0, [registered(Kind.GIFT), memo(Kind.GIFT)]),
    ("CP-033", [], m.Given(promise(Kind.GIFT)), T0, [registered(Kind.GIFT), memo(Kind.GIFT)]),
    ("CP-033", [registered(Kind.GIFT)], m.MemoStored("memo.p1"), T0, [s.PromiseNoted()]),
    ("CP-033", [registered(Kind.GIFT)], m.MemoStored("other"), T0, []),
    ("CP-032", [registered(Kind.SHIP_BY)], m.DispatchCompleted(T0 + 3 * D), T0, kept(Kind.SHIP_BY)),
    ("CP-032", [registered(Kind.SHIP_BY)], m.DispatchCompleted(T0 + 3 * D + H), T0,
     broken(Kind.SHIP_BY)),
    ("CP-032", [registered(Kind.SHIP_BY)], m.HandedOver("sf"), T0, []),
    ("CP-032", [registered(Kind.SHIP_BY)], DeadlinePassed("due", T0 + 3 * D), T0 + 3 * D,
     broken(Kind.SHIP_BY)),
    ("CP-032", [registered(Kind.CARRIER, value_code="sf")], m.HandedOver("sf"), T0,
     kept(Kind.CARRIER, value_code="sf")),
    ("CP-032", [registered(Kind.CARRIER, value_code="sf")], m.HandedOver("yto"), T0,
     broken(Kind.CARRIER, value_code="sf")),
    ("CP-032", [registered(Kind.GIFT)], DeadlinePassed("due", T0 + 3 * D), T0 + 3 * D,
     [person(1, T0 + 13 * D)]),
    ("CP-032", [registered(Kind.GIFT)], m.Judged("breached"), T0, broken(Kind.GIFT)),
    ("CP-032", [registered(Kind.GIFT)], m.Judged("confirmed"), T0, kept(Kind.GIFT)),
    ("CP-032", [registered(Kind.GIFT)], m.Judged("unclear"), T0, []),
    ("CP-032", [registered(Kind.GIFT), *(person(n, T0 + 9 * D) for n in (1, 2))],
     DeadlinePassed("attention", T0 + 9 * D), T0 + 9 * D, [person(3, T0 + 19 * D)]),
    ("CP-032", [registered(Kind.GIFT), *(person(n, T0 + 9 * D) for n in (1, 2, 3))],
     DeadlinePassed("attention", T0 + 9 * D), T0 + 9 * D, released(Kind.GIFT)),
    ("CP-035", [registered(Kind.PRICE, **PRICE)], paid(cny(9000), cny(0)), T0, kept(Kind.PRICE, **PRICE)),
    ("CP-035", [registered(Kind.PRICE, **PRICE)], paid(cny(9001), cny(0)), T0, broken(Kind.PRICE, **PRICE)),
    # Free shipping was agreed, and freight was charged.
    ("CP-035", [registered(Kind.FREIGHT, **FREIGHT)], paid(cny(9000), cny(800)), T0,
     broken(Kind.FREIGHT, **FREIGHT)),
    ("RF-009", [], m.Given(promise(Kind.NO_REFUND)), T0,
     [registered(Kind.NO_REFUND, None), memo(Kind.NO_REFUND)]),
    ("RF-009", [registered(Kind.NO_REFUND, None)], m.OrderClosed(is_refunded=True), T0,
     broken(Kind.NO_REFUND, None)),
    ("RF-009", [registered(Kind.NO_REFUND, None)], m.OrderShipped(), T0,
     [s.PromiseEnded(promise(Kind.NO_REFUND), FULFILLED, 0)]),
    ("RF-009", [registered(Kind.GIFT)], m.OrderShipped(), T0, []),
    ("CP-032", [registered(Kind.GIFT)], m.OrderClosed(is_refunded=False), T0, released(Kind.GIFT)),
    ("RF-118", [], m.Given(promise(Kind.EXCHANGE)), T0, [registered(Kind.EXCHANGE, T0 + 45 * D)]),
    ("RF-118", [registered(Kind.EXCHANGE)], m.ExchangeOver("x1", "completed"), T0, kept(Kind.EXCHANGE)),
    ("RF-118", [registered(Kind.EXCHANGE)], m.ExchangeOver("x1", "breached"), T0, broken(Kind.EXCHANGE)),
    ("RF-118", [registered(Kind.EXCHANGE)], m.ExchangeOver("x1", "withdrawn"), T0, released(Kind.EXCHANGE)),
    ("RF-118", [registered(Kind.EXCHANGE, value_code="x2")], m.ExchangeOver("x1", "breached"), T0, []),
    ("CP-032", [], m.Given(promise(Kind.CALLBACK, due_at=T0 + H)), T0,
     [s.PromiseRegistered(promise(Kind.CALLBACK, due_at=T0 + H), T0 + H, T0 + H),
      CALL]),
    ("CP-032", [registered(Kind.CALLBACK)], m.Called(is_reached=True), T0, kept(Kind.CALLBACK)),
    ("CP-032", [registered(Kind.CALLBACK)], Heard("p1", "reached", None), T0, kept(Kind.CALLBACK)),
    ("CP-032", [registered(Kind.CALLBACK)], Heard("p1", "not_reached", None), T0, []),
    ("LG-055", [registered(Kind.SHIP_BY)], m.Replaced(), T0 + 4 * D, released(Kind.SHIP_BY)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "given_facts", "when", "now", "then"),
    TABLE,
    ids=[f"{n}-{row[0]}" for n, row in enumerate(TABLE)],
)
def test_rule(
    rule: str, given_facts: Sequence[s.Fact], when: m.Message, now: datetime, then: Sequence[s.Fact]
) -> None:
    check_rule(PROMISE, rule, given_facts, when, now, then, P)


def test_a_missed_callback_is_broken_and_costs_no_points() -> None:
    decided = decide(PROMISE, [registered(Kind.CALLBACK)], DeadlinePassed("due", T0 + 3 * D), T0 + 3 * D, P)
    assert facts_of(decided) == [s.PromiseEnded(promise(Kind.CALLBACK, due_at=T0 + 3 * D), BREACHED, 0)]


def test_nobody_is_called_where_no_customer_is_named() -> None:
    decided = decide(PROMISE, [], m.Given(promise(Kind.CALLBACK, customer_id=None)), T0, P)
    assert facts_of(decided)[1:] == [tell()]


messages: st.SearchStrategy[m.Message | str] = st.one_of(
    st.builds(m.Given, st.builds(promise, st.sampled_from(Kind), amount=st.just(cny(9000)))),
    st.just(m.MemoStored("memo.p1")),
    st.just(m.DispatchCompleted(T0)),
    st.builds(m.HandedOver, st.sampled_from(["sf", "yto"])),
    st.builds(m.OrderPaid, st.builds(cny, st.integers(0, 20_000)), st.just(cny(0))),
    st.builds(m.OrderShipped),
    st.builds(m.OrderClosed, st.booleans()),
    st.builds(m.ExchangeOver, st.just("x1"), st.sampled_from(["completed", "breached", "expired"])),
    st.builds(m.Replaced),
    st.builds(m.Called, st.booleans()),
    st.builds(Heard, st.just("p1"), st.sampled_from(["reached", "not_reached"]), st.none()),
    st.builds(m.Judged, st.sampled_from(["confirmed", "breached", "unclear"])),
    st.just(NEXT_DEADLINE),
)


@settings(max_examples=300)
@given(st.lists(st.tuples(messages, st.integers(0, 9)), max_size=20))
def test_any_history(history: list[tuple[m.Message | str, int]]) -> None:
    walk = Walk(PROMISE, P, T0)
    for drawn, days in history:
        was_ended = walk.is_ended
        decided = walk.tell(drawn, days * D)
        assert not (was_ended and decided)
    assert all(isinstance(state, s.Absent) for state in walk.early)
    assert isinstance(walk.state, s.Made) == bool(s.deadlines(walk.state))
    ends = [x for x in walk.facts if isinstance(x, s.PromiseEnded)]
    assert len(ends) == isinstance(walk.state, s.Ended)
    breaches = [x for x in walk.facts if isinstance(x, s.BreachNoticed)]
    assert len(breaches) == sum(x.points > 0 for x in ends), "points only for what was broken"
    assert sum(isinstance(x, Task) for x in walk.facts) <= P.promise.attention_count
