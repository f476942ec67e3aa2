"""The file of an order: told once, its promises kept informed."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.decider import HERE, DeadlinePassed, Told, tell
from kernel.money import Money
from kernel.value import replace
from services.customers.cases.customer_order import messages as m
from services.customers.cases.customer_order import state as s
from services.customers.cases.customer_order.border import CUSTOMER_ORDER
from services.customers.cases.message import messages as message
from services.customers.cases.promise import messages as promise
from services.customers.contact import Channel, Contact, Origin, Purpose, To
from services.customers.promised import Promise, PromiseKind
from tests.services.customers.built import CONTACT, T0, H, P
from tests.services.given import Walk, check_rule, decide, facts_of

FREE, FREIGHT = Money(0, "CNY"), Money(800, "CNY")
FILED = s.OrderFiled("c1", "a1", FREE)
PROMISE = Promise("p1", PromiseKind.GIFT, "o1", "c1")
WITH_PROMISE: list[s.Fact] = [FILED, s.PromiseFiled(PROMISE)]


def status(notice: str, to: To, template: str) -> Contact:
    return Contact(
        f"status.o1.{notice}", "status.o1", "o1", "c1", Origin.STATUS, to, Purpose.SERVICE, template,
        {"order_id": "o1"}, (Channel.CHAT, Channel.SMS), T0 + 48 * H,
    )  # fmt: skip


PAID = s.PaymentTold(status("paid", To.SELLER, "order_paid_ship_due"), FREIGHT, FREE, T0)
SHIPPED = s.ShipmentTold(status("shipped-1", To.BUYER, "order_shipped"), 1)


REMINDED = s.ReminderNoted(24)
SAID = Promise("reminder-promise.o1", PromiseKind.SHIP_BY, "o1", "c1", due_at=T0 + 24 * H)
AGREED = replace(SAID, promise_id="p9", due_at=T0 + 90 * H)
REPLACED = tell(promise.to(HERE, "reminder-promise.o1", promise.Replaced()))


def to_promise(news: promise.Message) -> Told:
    return tell(promise.to(HERE, "p1", news))


TABLE: list[tuple[str, Sequence[s.Fact], m.Message, Sequence[s.Fact]]] = [
    ("OR-008", [], m.Placed("c1", "a1", FREE), [FILED]),
    ("OR-012", [], m.Placed("c1", "a1", FREE), [FILED]),
    ("OR-007", [FILED], m.Paid("o1", FREIGHT), [PAID]),
    ("OR-007", [FILED, PAID], m.Paid("o1", FREIGHT), []),
    ("OR-007", [FILED], m.Shipped("o1"), [SHIPPED]),
    ("OR-007", [FILED, SHIPPED], m.Shipped("o1"),
     [s.ShipmentTold(status("shipped-2", To.BUYER, "order_shipped"), 2)]),
    ("OR-012", [FILED], m.Succeeded(), [s.PhaseChanged(s.Phase.AFTER_SALE)]),
    ("OR-012", [FILED, s.PhaseChanged(s.Phase.AFTER_SALE)], m.Succeeded(), []),
    ("OR-012", [FILED], m.Closed(is_refunded=True, is_whole=True),
     [s.PhaseChanged(s.Phase.AFTER_SALE), s.OrderClosed(is_refunded=True)]),
    ("OR-012", [FILED], m.Closed(is_refunded=True, is_whole=False), []),
    ("CP-035", [FILED], m.TermsChanged(FREIGHT), [s.FreightSet(FREIGHT)]),
    ("CP-032", [FILED], m.PromiseMade(PROMISE), [s.PromiseFiled(PROMISE)]),
    ("CP-032", WITH_PROMISE, m.PromiseMade(PROMISE), []),
    ("CP-032", WITH_PROMISE, m.PromiseDone("p1"), [s.PromiseDropped("p1")]),
    ("CP-032", WITH_PROMISE, m.HandedOver("sf"), [to_promise(promise.HandedOver("sf"))]),
    ("CP-032", [FILED], m.HandedOver("sf"), []),
    ("CP-032", WITH_PROMISE, m.DispatchCompleted(T0), [to_promise(promise.DispatchCompleted(T0))]),
    ("CP-033", WITH_PROMISE, m.MemoStored("memo.p1"), [to_promise(promise.MemoStored("memo.p1"))]),
    ("LG-055", [FILED], m.ReminderSaid("o1", 24), [REMINDED]),
    ("LG-055", [FILED, REMINDED], m.ReminderSaid("o1", 24), []),
    ("LG-055", [FILED, REMINDED, PAID], m.Paid("o1", FREIGHT), []),
    ("LG-055", [FILED, replace(PAID, paid_at=T0 - H)], m.ReminderSaid("o1", 24),
     [REMINDED, s.PromiseFiled(replace(SAID, due_at=T0 + 23 * H))]),
    ("LG-055", [FILED, PAID, s.OrderClosed(is_refunded=True)], m.ReminderSaid("o1", 24), [REMINDED]),
    ("RF-118", WITH_PROMISE, m.ExchangeOver("x1", "completed"),
     [to_promise(promise.ExchangeOver("x1", "completed"))]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "given_facts", "when", "then"), TABLE, ids=[f"{n}-{row[0]}" for n, row in enumerate(TABLE)]
)
def test_rule(rule: str, given_facts: Sequence[s.Fact], when: m.Message, then: Sequence[s.Fact]) -> None:
    check_rule(CUSTOMER_ORDER, rule, given_facts, when, T0, then, P)


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ([], [PAID]),
        ([REMINDED], [PAID, s.PromiseFiled(SAID)]),
        ([REMINDED, s.PromiseFiled(PROMISE)], [PAID, s.PromiseFiled(SAID)]),
        ([REMINDED, s.PromiseFiled(AGREED)], [PAID]),
    ],
)
def test_the_payment_binds_the_shop_to_its_reminder(before: Sequence[s.Fact], then: Sequence[s.Fact]) -> None:
    """LG-055: unless staff agreed on a ship time with the buyer."""
    decided = decide(CUSTOMER_ORDER, [FILED, *before], m.Paid("o1", FREIGHT), T0, P)
    assert facts_of(decided) == then
    assert [entry.rules for entry in decided[1:]] == [("LG-055",)] * (len(then) - 1)


@pytest.mark.parametrize(
    ("made", "then"),
    [(AGREED, [s.PromiseFiled(AGREED), REPLACED]), (PROMISE, [s.PromiseFiled(PROMISE)])],
)
def test_a_ship_time_that_was_agreed_replaces_the_reminders(made: Promise, then: Sequence[s.Fact]) -> None:
    """LG-055: nothing else that staff promise does."""
    before = [FILED, REMINDED, PAID, s.PromiseFiled(SAID)]
    decided = decide(CUSTOMER_ORDER, before, m.PromiseMade(made), T0, P)
    assert facts_of(decided) == then
    assert [entry.rules for entry in decided[1:]] == [("LG-055", "LG-059")] * (len(then) - 1)


def test_news_reaches_every_open_promise() -> None:
    """CP-032: as one fact."""
    second = replace(PROMISE, promise_id="p2")
    given_facts = [*WITH_PROMISE, s.PromiseFiled(second)]
    told = tell(*(promise.to(HERE, x, promise.HandedOver("sf")) for x in ("p1", "p2")))
    check_rule(CUSTOMER_ORDER, "CP-032", given_facts, m.HandedOver("sf"), T0, [told], P)


def test_the_order_names_the_customer_of_a_notice() -> None:
    """OR-008."""
    contact = replace(CONTACT, customer_id="")
    told = tell(message.to("c1", "n1", message.Asked(CONTACT)))
    check_rule(CUSTOMER_ORDER, "OR-008", [FILED], m.NoticeAsked(contact), T0, [told], P)


messages: st.SearchStrategy[m.Message] = st.one_of(
    st.just(m.Placed("c1", "a1", FREE)),
    st.just(m.Paid("o1", FREIGHT)),
    st.just(m.Shipped("o1")),
    st.just(m.TermsChanged(FREIGHT)),
    st.builds(m.Succeeded),
    st.builds(m.Closed, st.booleans(), st.booleans()),
    st.just(m.HandedOver("sf")),
    st.just(m.DispatchCompleted(T0)),
    st.just(m.MemoStored("m1")),
    st.just(m.PromiseMade(PROMISE)),
    st.just(m.PromiseDone("p1")),
    st.just(m.PromiseMade(AGREED)),
    st.just(m.ReminderSaid("o1", 24)),
)


@given(st.lists(messages, max_size=20))
def test_any_history(history: list[m.Message]) -> None:
    """OR-007: told once of the payment, once of every part, under an id of its own."""
    walk = Walk(CUSTOMER_ORDER, P, T0)
    for drawn in history:
        walk.tell(drawn)
        assert not walk.kind.handle(walk.state, DeadlinePassed("any", T0), P, T0)
    assert all(isinstance(state, s.Absent) for state in walk.early)
    assert sum(isinstance(f, s.PaymentTold) for f in walk.facts) <= 1
    said = [f for f in walk.facts if isinstance(f, s.PromiseFiled) and f.promise == SAID]
    assert len(said) <= 1, "LG-055"
    ids = [f.contact.notice_id for f in walk.facts if isinstance(f, s.ShipmentTold)]
    assert len(ids) == len(set(ids))
    assert sum(isinstance(f, s.OrderClosed) for f in walk.facts) <= 1
    assert CUSTOMER_ORDER.deadlines(walk.state) == ()
