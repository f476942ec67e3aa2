"""The wait for payment: one reminder, three days, a request to close that is not repeated for ever."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed, NotYet
from kernel.people import Task
from kernel.value import replace
from services.customers import policy
from services.customers.cases.unpaid_order import messages as m
from services.customers.cases.unpaid_order import state as s
from services.customers.cases.unpaid_order.border import UNPAID_ORDER
from services.customers.contact import Channel, Contact, Heard, Origin, Purpose, To
from tests.services.customers.built import T0, D, H, M, P
from tests.services.given import NEXT_DEADLINE, Walk, after, check_rule, decide


def placed(*, consulted: bool = False, prepaid: bool = True) -> m.Placed:
    return m.Placed("o1", "c1", prepaid, consulted, "agent-7", 10_000)


def order(*, consulted: bool = False) -> s.Order:
    return s.Order("o1", "c1", T0, consulted, "agent-7", 10_000)


def awaited(pay_by: datetime = T0 + 3 * D, remind_at: datetime | None = T0 + 2 * H) -> s.PaymentAwaited:
    return s.PaymentAwaited(order(), pay_by, pay_by + 10 * M, remind_at)


def asked(count: int = 1, again_at: datetime = T0 + 3 * D + H) -> s.CloseRequested:
    return s.CloseRequested("close.o1", "c1", T0 + 3 * D, again_at, count)


CLOSE: list[s.Fact] = [awaited(), s.ReminderSkipped(), asked()]
PERSON = Task("close_unanswered", T0 + 14 * D, task_id="close-task.o1.1")
REMINDER = s.ReminderDue(
    Contact(
        "reminder.o1", "reminder.o1", "o1", "c1", Origin.REMINDER, To.BUYER, Purpose.REMINDER,
        "payment_reminder_unasked", {"order_id": "o1"}, (Channel.CHAT, Channel.SMS), T0 + 3 * D, "agent-7",
        m.reply_to("o1"),
    )
)  # fmt: skip
HELP = replace(REMINDER.contact, notice_id="payment-help.o1", template_code="payment_help")
PAID = s.WaitEnded(s.Ending.PAID, None, None)


def tick(name: str, at: datetime) -> DeadlinePassed:
    return DeadlinePassed(name, at)


TABLE: list[tuple[str, Sequence[s.Fact], m.Message, datetime, Sequence[s.Fact]]] = [
    ("OR-013", [], placed(), T0, [awaited()]),
    ("OR-013", [], placed(prepaid=False), T0, [s.WaitEnded(s.Ending.EXEMPT, None, None)]),
    ("OR-013", [awaited(remind_at=None)], tick("pay", T0 + 3 * D), T0 + 3 * D, [asked()]),
    ("OR-013", [awaited()], m.Paid(), T0 + D, [PAID]),
    ("OR-013", CLOSE, m.Paid(), T0 + 3 * D, [PAID]),
    ("OR-013", CLOSE, m.Declined("close.o1", "paid_meanwhile"), T0 + 3 * D,
     [s.WaitEnded(s.Ending.PAID, "paid_meanwhile", None)]),
    ("OR-013", CLOSE, m.Declined("close.o1", "already_closed"), T0 + 4 * D,
     [Task("already_closed", T0 + 14 * D, task_id="close-task.o1.1")]),
    ("OR-013", CLOSE, tick("again", T0 + 3 * D + H), T0 + 3 * D + H, [asked(2, T0 + 3 * D + 2 * H)]),
    ("OR-013", [*CLOSE, asked(3, T0 + 4 * D)], tick("again", T0 + 4 * D), T0 + 4 * D, [PERSON]),
    ("OR-013", [*CLOSE, PERSON, Task("x", T0 + 9 * D)], tick("again", T0 + 9 * D), T0 + 9 * D,
     [Task("close_unanswered", T0 + 19 * D, task_id="close-task.o1.3")]),
    ("OR-013", [*CLOSE, PERSON, PERSON, Task("x", T0 + 9 * D)], tick("again", T0 + 9 * D), T0 + 9 * D,
     [s.WaitEnded(s.Ending.UNANSWERED, None, None)]),
    ("OR-014", [awaited()], m.TermsChanged("seller", 10_000), T0 + D, [awaited(T0 + 4 * D)]),
    ("OR-014", CLOSE, m.TermsChanged("seller", 10_000), T0 + 4 * D, [awaited(T0 + 7 * D, None)]),
    # Terms that changed before the order was placed change nothing: the later of the two counts.
    ("OR-014", [awaited()], m.TermsChanged("seller", 10_000), T0 - D, []),
    ("OR-015", [awaited()], m.Closed("unpaid_agreed", "seller"), T0 + D,
     [s.WaitEnded(s.Ending.CLOSED, "unpaid_agreed", "seller")]),
    ("OR-015", [awaited()], m.Closed("unpaid_cancelled", "buyer"), T0 + D,
     [s.WaitEnded(s.Ending.CLOSED, "unpaid_cancelled", "buyer")]),
    ("CU-001", [awaited()], m.Reminded("sent"), T0 + D, [s.ReminderNoted("sent")]),
    ("CU-001", [awaited()], Heard("n1", "suppressed", "no_consent"), T0 + D, [s.ReminderNoted("suppressed")]),
    ("CU-002", [], placed(), T0, [awaited()]),
    # No total is too small for a reminder.
    ("CU-002", [], m.Placed("o1", "c1", True, False, "agent-7", 0), T0,
     [replace(awaited(), order=replace(order(), total_minor=0))]),
    ("CU-003", [awaited()], tick("remind", T0 + 2 * H), T0 + 2 * H, [REMINDER]),
    ("CU-003", [], placed(consulted=True), T0,
     [s.PaymentAwaited(order(consulted=True), T0 + 3 * D, T0 + 3 * D + 10 * M, T0 + 12 * H)]),
    ("CU-006", [awaited(), replace(REMINDER, help_at=T0 + 26 * H)], tick("help", T0 + 26 * H), T0 + 26 * H,
     [s.HelpOffered(HELP)]),
    ("CU-004", [awaited()], tick("remind", T0 + 2 * H), T0 + 2 * H, [REMINDER]),
    ("CU-009", [], placed(), T0, [awaited()]),
    ("CU-011", [awaited(), PAID], tick("remind", T0 + 2 * H), T0 + 2 * H, []),
    ("CU-011", [awaited()], m.Paid(), T0 + D, [PAID]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "given_facts", "when", "now", "then"),
    TABLE,
    ids=[f"{n}-{row[0]}" for n, row in enumerate(TABLE)],
)
def test_rule(
    rule: str, given_facts: Sequence[s.Fact], when: m.Message, now: datetime, then: Sequence[s.Fact]
) -> None:
    check_rule(UNPAID_ORDER, rule, given_facts, when, now, then, P)


NEWER = policy.load().choose("s1", datetime(2027, 1, 1, tzinfo=UTC))[1]


@pytest.mark.parametrize(("consulted", "hours"), [(False, "24"), (True, None)])
def test_the_reminder_to_who_did_not_ask_promises_dispatch(consulted: bool, hours: str | None) -> None:
    """LG-055, CU-003: within 24 hours of the payment, in the pack of 2027; before it, nothing."""
    waiting = replace(awaited(), order=order(consulted=consulted))
    (entry,) = decide(UNPAID_ORDER, [waiting], tick("remind", T0 + 2 * H), T0 + 2 * H, NEWER)
    assert entry.fact.contact.values.get("dispatch_hours") == hours
    (entry,) = decide(UNPAID_ORDER, [waiting], tick("remind", T0 + 2 * H), T0 + 2 * H, P)
    assert entry.fact.contact.values == {"order_id": "o1"}


@pytest.mark.parametrize(("total_minor", "is_picked"), [(999, False), (1_000, True)])
def test_orders_are_picked_by_amount(total_minor: int, is_picked: bool) -> None:
    """CU-002: from CNY 10, in the pack of 2027; when the amount changes, it is picked or dropped anew."""
    cheap = m.Placed("o1", "c1", True, False, None, total_minor)
    (entry,) = decide(UNPAID_ORDER, [], cheap, T0, NEWER)
    assert (entry.fact.remind_at is not None) == is_picked
    (entry,) = decide(UNPAID_ORDER, [awaited()], m.TermsChanged("seller", total_minor), T0 + H, NEWER)
    assert (entry.fact.remind_at is not None) == is_picked
    assert P.unpaid.remind_from_minor == 0, "as it was in the pack before"


def test_who_is_slow_to_pay_is_asked_once_whether_there_is_a_problem() -> None:
    """CU-006, CU-009: a day after the reminder, in the pack of 2027, unless the order is paid or over."""
    walk = Walk(UNPAID_ORDER, NEWER, T0)
    walk.tell(placed())
    walk.run_out()
    said = [(fact.contact.template_code, fact.contact.expires_at) for fact in walk.facts
            if isinstance(fact, s.ReminderDue | s.HelpOffered)]  # fmt: skip
    assert said == [("payment_reminder_unasked", T0 + 3 * D), ("payment_help", T0 + 3 * D)]
    (reminded,) = decide(UNPAID_ORDER, [awaited()], tick("remind", T0 + 2 * H), T0 + 2 * H, NEWER)
    assert reminded.fact.help_at == T0 + 26 * H
    late = awaited(T0 + 26 * H)
    (reminded,) = decide(UNPAID_ORDER, [late], tick("remind", T0 + 2 * H), T0 + 2 * H, NEWER)
    assert reminded.fact.help_at is None, "not after the time to pay (CU-011)"
    paid = [awaited(), replace(REMINDER, help_at=T0 + 26 * H), PAID]
    assert decide(UNPAID_ORDER, paid, tick("help", T0 + 26 * H), T0 + 26 * H, NEWER) == []
    again = after(
        UNPAID_ORDER, [awaited(), replace(REMINDER, help_at=T0 + 26 * H), awaited(T0 + 4 * D, None)]
    )
    assert again.help_at == T0 + 26 * H, "a change of terms leaves it"


def test_a_payment_published_late_has_ten_minutes() -> None:
    state = after(UNPAID_ORDER, [awaited()])
    pay = next(d for d in s.deadlines(state) if d.name == "pay")
    assert pay.fires_at - pay.due_at == 10 * M


@pytest.mark.parametrize("message", [m.Paid(), m.Closed("x", "buyer"), m.TermsChanged("seller", 1)])
def test_news_of_an_unknown_order_waits(message: m.Message) -> None:
    with pytest.raises(NotYet):
        decide(UNPAID_ORDER, [], message, T0, P)


messages: st.SearchStrategy[m.Message | str] = st.one_of(
    st.builds(placed, consulted=st.booleans(), prepaid=st.sampled_from([True, True, False])),
    st.builds(m.TermsChanged, st.just("seller"), st.integers(0, 9)),
    st.builds(m.Paid),
    st.builds(m.Closed, st.just("unpaid_timeout"), st.just("system")),
    st.builds(m.Declined, st.sampled_from(["close.o1", "other"]), st.sampled_from(["paid_meanwhile", "x"])),
    st.builds(m.Reminded, st.sampled_from(["sent", "suppressed"])),
    st.builds(Heard, st.just("n1"), st.sampled_from(["sent", "suppressed"]), st.none()),
    st.just(NEXT_DEADLINE),
)


@settings(max_examples=300)
@given(st.lists(st.tuples(messages, st.integers(0, 80)), max_size=30))
def test_any_history(history: list[tuple[m.Message | str, int]]) -> None:
    walk = Walk(UNPAID_ORDER, P, T0)
    for drawn, hours in history:
        was_ended = walk.is_ended
        decided = walk.tell(drawn, hours * H)
        assert not (was_ended and decided)
    assert isinstance(walk.state, s.Watched | s.CloseAsked) == bool(s.deadlines(walk.state))
    assert sum(isinstance(x, s.ReminderDue) for x in walk.facts) <= 1, "CU-009"
    assert len({x.request_id for x in walk.facts if isinstance(x, s.CloseRequested)}) <= 1
    assert sum(isinstance(x, s.WaitEnded) for x in walk.facts) <= 1
