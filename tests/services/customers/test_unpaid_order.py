"""The wait for payment: one reminder, three days, a request to close that is not repeated for ever."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed, NotYet
from services.customers import policy
from services.customers.cases import unpaid_order as u
from services.customers.contact import Channel, Contact, Origin, Purpose, To

T0 = datetime(2026, 3, 1, tzinfo=UTC)
D = timedelta(days=1)
H = timedelta(hours=1)
M = timedelta(minutes=1)
_, P = policy.load().choose("s1", T0)


def placed(*, consulted: bool = False, prepaid: bool = True) -> u.Placed:
    return u.Placed("o1", "c1", prepaid, consulted, "agent-7", 10_000)


def order(*, consulted: bool = False) -> u.Order:
    return u.Order("o1", "c1", T0, consulted, "agent-7", 10_000)


def awaited(pay_by: datetime = T0 + 3 * D, remind_at: datetime | None = T0 + 2 * H) -> u.PaymentAwaited:
    return u.PaymentAwaited(order(), pay_by, pay_by + 10 * M, remind_at)


def asked(count: int = 1, again_at: datetime = T0 + 3 * D + H) -> u.CloseRequested:
    return u.CloseRequested("close.o1", "c1", T0 + 3 * D, again_at, count)


CLOSE: list[u.Fact] = [awaited(), u.ReminderSkipped(), asked()]
PERSON = u.PersonAsked("close-task.o1.1", "close_unanswered", T0 + 14 * D, 1)
REMINDER = u.ReminderDue(
    Contact(
        "reminder.o1", "reminder.o1", "o1", "c1", Origin.REMINDER, To.BUYER, Purpose.REMINDER,
        "payment_reminder_unasked", {"order_id": "o1"}, (Channel.CHAT, Channel.SMS), T0 + 3 * D, "agent-7",
    )
)  # fmt: skip
PAID = u.WaitEnded(u.Ending.PAID, None, None)


def tick(name: str, at: datetime) -> DeadlinePassed:
    return DeadlinePassed(name, at)


TABLE: list[tuple[str, Sequence[u.Fact], u.Message, datetime, Sequence[u.Fact]]] = [
    ("OR-013", [], placed(), T0, [awaited()]),
    ("OR-013", [], placed(prepaid=False), T0, [u.WaitEnded(u.Ending.EXEMPT, None, None)]),
    ("OR-013", [awaited(remind_at=None)], tick("pay", T0 + 3 * D), T0 + 3 * D, [asked()]),
    ("OR-013", [awaited()], u.Paid(), T0 + D, [PAID]),
    ("OR-013", CLOSE, u.Paid(), T0 + 3 * D, [PAID]),
    ("OR-013", CLOSE, u.Declined("close.o1", "paid_meanwhile"), T0 + 3 * D,
     [u.WaitEnded(u.Ending.PAID, "paid_meanwhile", None)]),
    ("OR-013", CLOSE, u.Declined("close.o1", "already_closed"), T0 + 4 * D,
     [u.PersonAsked("close-task.o1.1", "already_closed", T0 + 14 * D, 1)]),
    ("OR-013", CLOSE, tick("again", T0 + 3 * D + H), T0 + 3 * D + H, [asked(2, T0 + 3 * D + 2 * H)]),
    ("OR-013", [*CLOSE, asked(3, T0 + 4 * D)], tick("again", T0 + 4 * D), T0 + 4 * D, [PERSON]),
    ("OR-013", [*CLOSE, u.PersonAsked("t", "x", T0 + 9 * D, 3)], tick("again", T0 + 9 * D), T0 + 9 * D,
     [u.WaitEnded(u.Ending.UNANSWERED, None, None)]),
    ("OR-014", [awaited()], u.TermsChanged("seller", 10_000), T0 + D, [awaited(T0 + 4 * D)]),
    ("OR-014", CLOSE, u.TermsChanged("seller", 10_000), T0 + 4 * D, [awaited(T0 + 7 * D, None)]),
    # Terms that changed before the order was placed change nothing: the later of the two counts.
    ("OR-014", [awaited()], u.TermsChanged("seller", 10_000), T0 - D, []),
    ("OR-015", [awaited()], u.Closed("unpaid_agreed", "seller"), T0 + D,
     [u.WaitEnded(u.Ending.CLOSED, "unpaid_agreed", "seller")]),
    ("OR-015", [awaited()], u.Closed("unpaid_cancelled", "buyer"), T0 + D,
     [u.WaitEnded(u.Ending.CLOSED, "unpaid_cancelled", "buyer")]),
    ("CU-001", [awaited()], u.Reminded("sent"), T0 + D, [u.ReminderNoted("sent")]),
    ("CU-002", [], placed(), T0, [awaited()]),
    ("CU-003", [awaited()], tick("remind", T0 + 2 * H), T0 + 2 * H, [REMINDER]),
    ("CU-003", [], placed(consulted=True), T0,
     [u.PaymentAwaited(order(consulted=True), T0 + 3 * D, T0 + 3 * D + 10 * M, T0 + 12 * H)]),
    ("CU-004", [awaited()], tick("remind", T0 + 2 * H), T0 + 2 * H, [REMINDER]),
    ("CU-009", [], placed(), T0, [awaited()]),
    ("CU-011", [awaited(), PAID], tick("remind", T0 + 2 * H), T0 + 2 * H, []),
    ("CU-011", [awaited()], u.Paid(), T0 + D, [PAID]),
]  # fmt: skip


def after(facts: Sequence[u.Fact], state: u.State | None = None) -> u.State:
    """The state that a history leads to; from the beginning, unless it goes on from one."""
    state = u.Absent() if state is None else state
    for fact in facts:
        state = u.evolve(state, fact)
    return state


@pytest.mark.parametrize(
    ("rule", "given_facts", "when", "now", "then"),
    TABLE,
    ids=[f"{n}-{row[0]}" for n, row in enumerate(TABLE)],
)
def test_rule(
    rule: str, given_facts: Sequence[u.Fact], when: u.Message, now: datetime, then: Sequence[u.Fact]
) -> None:
    state = after(given_facts)
    decided = u.decide(state, when, P, now)
    assert [d.fact for d in decided] == list(then)
    assert all(rule in d.rules for d in decided)


def test_a_payment_published_late_has_ten_minutes() -> None:
    state = after([awaited()])
    pay = next(d for d in u.deadlines(state) if d.name == "pay")
    assert pay.fires_at - pay.due_at == 10 * M


@pytest.mark.parametrize("message", [u.Paid(), u.Closed("x", "buyer"), u.TermsChanged("seller", 1)])
def test_news_of_an_unknown_order_waits(message: u.Message) -> None:
    with pytest.raises(NotYet):
        u.decide(u.Absent(), message, P, T0)


messages: st.SearchStrategy[u.Message | str] = st.one_of(
    st.builds(placed, consulted=st.booleans(), prepaid=st.sampled_from([True, True, False])),
    st.builds(u.TermsChanged, st.just("seller"), st.integers(0, 9)),
    st.builds(u.Paid),
    st.builds(u.Closed, st.just("unpaid_timeout"), st.just("system")),
    st.builds(u.Declined, st.sampled_from(["close.o1", "other"]), st.sampled_from(["paid_meanwhile", "x"])),
    st.builds(u.Reminded, st.sampled_from(["sent", "suppressed"])),
    st.sampled_from(["tick", "tick", "tick", "stale"]),
)


@settings(max_examples=300)
@given(st.lists(st.tuples(messages, st.integers(0, 80)), max_size=30))
def test_any_history(history: list[tuple[u.Message | str, int]]) -> None:
    state: u.State = u.Absent()
    now, seen, log = T0, set[tuple[str, datetime]](), list[u.Fact]()
    for drawn, hours in history:
        now += hours * H
        pending = {(d.name, d.due_at) for d in u.deadlines(state)}
        offered: list[u.Message]
        if drawn == "tick":
            offered = [tick(*x) for x in sorted(pending, key=lambda x: x[1]) if x[1] <= now]
        elif drawn == "stale":
            offered = [tick(*x) for x in sorted(seen - pending)]
        else:
            assert not isinstance(drawn, str)
            offered = [drawn]
        for message in offered:
            at = message.due_at if isinstance(message, DeadlinePassed) else now
            was_ended = isinstance(state, u.Ended)
            try:
                decided = u.decide(state, message, P, at)
            except NotYet:
                continue
            assert not ((was_ended or drawn == "stale") and decided)
            state = after([d.fact for d in decided], state)
            seen |= {(d.name, d.due_at) for d in u.deadlines(state)}
            log += [d.fact for d in decided]
    assert isinstance(state, u.Watched | u.CloseAsked) == bool(u.deadlines(state))
    assert sum(isinstance(x, u.ReminderDue) for x in log) <= 1, "CU-009"
    assert len({x.request_id for x in log if isinstance(x, u.CloseRequested)}) <= 1
    assert sum(isinstance(x, u.WaitEnded) for x in log) <= 1
