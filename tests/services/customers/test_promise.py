"""Promises: registered, noted on the order, kept, broken or released."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed, NotYet
from kernel.money import Money
from kernel.value import replace
from services.customers import policy
from services.customers.cases import promise as p
from services.customers.promised import Promise
from services.customers.promised import PromiseKind as Kind

T0 = datetime(2026, 3, 1, tzinfo=UTC)
D = timedelta(days=1)
H = timedelta(hours=1)
_, P = policy.load().choose("s1", T0)
FULFILLED, BREACHED, RELEASED = p.Outcome.FULFILLED, p.Outcome.BREACHED, p.Outcome.RELEASED


def cny(minor: int) -> Money:
    return Money(minor, "CNY")


def promise(kind: Kind, **changes: Any) -> Promise:
    return replace(Promise("p1", kind, "o1", "c1"), **changes)


def registered(kind: Kind, due_at: datetime | None = T0 + 3 * D, **changes: Any) -> p.PromiseRegistered:
    return p.PromiseRegistered(promise(kind, **changes), due_at, due_at or T0 + 10 * D)


def memo(kind: Kind, **changes: Any) -> p.MemoWanted:
    return p.MemoWanted("memo.p1", promise(kind, **changes))


def kept(kind: Kind, **changes: Any) -> list[p.Fact]:
    return [p.PromiseEnded(promise(kind, due_at=T0 + 3 * D, **changes), FULFILLED, 0)]


def broken(kind: Kind, due_at: datetime | None = T0 + 3 * D, **changes: Any) -> list[p.Fact]:
    made = promise(kind, due_at=due_at, **changes)
    return [p.PromiseEnded(made, BREACHED, 4), p.BreachNoticed(made, 4)]


def released(kind: Kind, due_at: datetime | None = T0 + 3 * D) -> list[p.Fact]:
    return [p.PromiseEnded(promise(kind, due_at=due_at), RELEASED, 0)]


PRICE: dict[str, Any] = {"amount": cny(9000)}
FREIGHT: dict[str, Any] = {"amount": cny(0)}
paid = p.OrderPaid
TABLE: list[tuple[str, Sequence[p.Fact], p.Message, datetime, Sequence[p.Fact]]] = [
    ("CP-032", [], p.Given(promise(Kind.GIFT)), T0, [registered(Kind.GIFT), memo(Kind.GIFT)]),
    ("CP-033", [], p.Given(promise(Kind.GIFT)), T0, [registered(Kind.GIFT), memo(Kind.GIFT)]),
    ("CP-033", [registered(Kind.GIFT)], p.MemoStored("memo.p1"), T0, [p.PromiseNoted()]),
    ("CP-033", [registered(Kind.GIFT)], p.MemoStored("other"), T0, []),
    ("CP-032", [registered(Kind.SHIP_BY)], p.HandedOver("sf"), T0 + 3 * D, kept(Kind.SHIP_BY)),
    ("CP-032", [registered(Kind.SHIP_BY)], p.HandedOver("sf"), T0 + 3 * D + H, broken(Kind.SHIP_BY)),
    ("CP-032", [registered(Kind.SHIP_BY)], DeadlinePassed("due", T0 + 3 * D), T0 + 3 * D,
     broken(Kind.SHIP_BY)),
    ("CP-032", [registered(Kind.CARRIER, value_code="sf")], p.HandedOver("sf"), T0,
     kept(Kind.CARRIER, value_code="sf")),
    ("CP-032", [registered(Kind.CARRIER, value_code="sf")], p.HandedOver("yto"), T0,
     broken(Kind.CARRIER, value_code="sf")),
    ("CP-032", [registered(Kind.GIFT)], DeadlinePassed("due", T0 + 3 * D), T0 + 3 * D,
     [p.PersonAsked("promise-task.p1.1", T0 + 13 * D, 1, promise(Kind.GIFT, due_at=T0 + 3 * D))]),
    ("CP-032", [registered(Kind.GIFT)], p.Judged("breached"), T0, broken(Kind.GIFT)),
    ("CP-032", [registered(Kind.GIFT)], p.Judged("confirmed"), T0, kept(Kind.GIFT)),
    ("CP-032", [registered(Kind.GIFT)], p.Judged("unclear"), T0, []),
    ("CP-032", [registered(Kind.GIFT), p.PersonAsked("t", T0 + 9 * D, 3, promise(Kind.GIFT))],
     DeadlinePassed("attention", T0 + 9 * D), T0 + 9 * D, released(Kind.GIFT)),
    ("CP-035", [registered(Kind.PRICE, **PRICE)], paid(cny(9000), cny(0)), T0, kept(Kind.PRICE, **PRICE)),
    ("CP-035", [registered(Kind.PRICE, **PRICE)], paid(cny(9001), cny(0)), T0, broken(Kind.PRICE, **PRICE)),
    # Free shipping was agreed, and freight was charged.
    ("CP-035", [registered(Kind.FREIGHT, **FREIGHT)], paid(cny(9000), cny(800)), T0,
     broken(Kind.FREIGHT, **FREIGHT)),
    ("RF-009", [], p.Given(promise(Kind.NO_REFUND)), T0,
     [registered(Kind.NO_REFUND, None), memo(Kind.NO_REFUND)]),
    ("RF-009", [registered(Kind.NO_REFUND, None)], p.OrderClosed(is_refunded=True), T0,
     broken(Kind.NO_REFUND, None)),
    ("RF-009", [registered(Kind.NO_REFUND, None)], p.OrderShipped(), T0,
     [p.PromiseEnded(promise(Kind.NO_REFUND), FULFILLED, 0)]),
    ("CP-032", [registered(Kind.GIFT)], p.OrderClosed(is_refunded=False), T0, released(Kind.GIFT)),
    ("RF-118", [], p.Given(promise(Kind.EXCHANGE)), T0, [registered(Kind.EXCHANGE, T0 + 45 * D)]),
    ("RF-118", [registered(Kind.EXCHANGE)], p.ExchangeOver("x1", "completed"), T0, kept(Kind.EXCHANGE)),
    ("RF-118", [registered(Kind.EXCHANGE)], p.ExchangeOver("x1", "breached"), T0, broken(Kind.EXCHANGE)),
    ("RF-118", [registered(Kind.EXCHANGE)], p.ExchangeOver("x1", "withdrawn"), T0, released(Kind.EXCHANGE)),
    ("RF-118", [registered(Kind.EXCHANGE, value_code="x2")], p.ExchangeOver("x1", "breached"), T0, []),
    ("CP-032", [], p.Given(promise(Kind.CALLBACK, due_at=T0 + H)), T0,
     [p.PromiseRegistered(promise(Kind.CALLBACK, due_at=T0 + H), T0 + H, T0 + H),
      p.CallWanted(promise(Kind.CALLBACK, due_at=T0 + H), T0 + H)]),
    ("CP-032", [registered(Kind.CALLBACK)], p.Called(is_reached=True), T0, kept(Kind.CALLBACK)),
]  # fmt: skip


def after(facts: Sequence[p.Fact], state: p.State | None = None) -> p.State:
    """The state that a history leads to; from the beginning, unless it goes on from one."""
    state = p.Absent() if state is None else state
    for fact in facts:
        state = p.evolve(state, fact)
    return state


@pytest.mark.parametrize(
    ("rule", "given_facts", "when", "now", "then"),
    TABLE,
    ids=[f"{n}-{row[0]}" for n, row in enumerate(TABLE)],
)
def test_rule(
    rule: str, given_facts: Sequence[p.Fact], when: p.Message, now: datetime, then: Sequence[p.Fact]
) -> None:
    state = after(given_facts)
    decided = p.decide(state, when, P, now)
    assert [d.fact for d in decided] == list(then)
    assert all(rule in d.rules for d in decided)


def test_a_missed_callback_is_broken_and_costs_no_points() -> None:
    state = after([registered(Kind.CALLBACK)])
    facts = [d.fact for d in p.decide(state, DeadlinePassed("due", T0 + 3 * D), P, T0 + 3 * D)]
    assert facts == [p.PromiseEnded(promise(Kind.CALLBACK, due_at=T0 + 3 * D), BREACHED, 0)]


messages: st.SearchStrategy[p.Message | str] = st.one_of(
    st.builds(p.Given, st.builds(promise, st.sampled_from(Kind), amount=st.just(cny(9000)))),
    st.just(p.MemoStored("memo.p1")),
    st.builds(p.HandedOver, st.sampled_from(["sf", "yto"])),
    st.builds(p.OrderPaid, st.builds(cny, st.integers(0, 20_000)), st.just(cny(0))),
    st.builds(p.OrderShipped),
    st.builds(p.OrderClosed, st.booleans()),
    st.builds(p.ExchangeOver, st.just("x1"), st.sampled_from(["completed", "breached", "expired"])),
    st.builds(p.Called, st.booleans()),
    st.builds(p.Judged, st.sampled_from(["confirmed", "breached", "unclear"])),
    st.sampled_from(["tick", "tick", "stale"]),
)


@settings(max_examples=300)
@given(st.lists(st.tuples(messages, st.integers(0, 9)), max_size=20))
def test_any_history(history: list[tuple[p.Message | str, int]]) -> None:
    state: p.State = p.Absent()
    now, seen, log = T0, set[tuple[str, datetime]](), list[p.Fact]()
    for drawn, days in history:
        now += days * D
        pending = {(d.name, d.due_at) for d in p.deadlines(state)}
        offered: list[p.Message]
        if drawn == "tick":
            offered = [DeadlinePassed(*x) for x in pending if x[1] <= now]
        elif drawn == "stale":
            offered = [DeadlinePassed(*x) for x in sorted(seen - pending)]
        else:
            assert not isinstance(drawn, str)
            offered = [drawn]
        for message in offered:
            was_ended = isinstance(state, p.Ended)
            at = message.due_at if isinstance(message, DeadlinePassed) else now
            try:
                decided = p.decide(state, message, P, at)
            except NotYet:
                assert isinstance(state, p.Absent)
                continue
            assert not ((was_ended or drawn == "stale") and decided)
            state = after([d.fact for d in decided], state)
            seen |= {(d.name, d.due_at) for d in p.deadlines(state)}
            log += [d.fact for d in decided]
    assert isinstance(state, p.Made) == bool(p.deadlines(state))
    ends = [x for x in log if isinstance(x, p.PromiseEnded)]
    assert len(ends) == isinstance(state, p.Ended)
    breaches = [x for x in log if isinstance(x, p.BreachNoticed)]
    assert len(breaches) == sum(x.points > 0 for x in ends), "points only for what was broken"
    assert sum(isinstance(x, p.PersonAsked) for x in log) <= P.promise.attention_count
