"""The refund intent alone: one decision to pay, and any answer of the provider."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed, NotYet
from kernel.money import Money
from kernel.people import Task
from kernel.value import replace
from services.refunds.cases.refund_intent import messages as m
from services.refunds.cases.refund_intent import state as c
from services.refunds.cases.refund_intent.border import REFUND_INTENT
from services.refunds.shares import Purpose, Share, Tender
from tests.services.given import NEXT_DEADLINE, Walk, decide, facts_of
from tests.services.refunds.kinds import POLICY, messages_of
from tests.services.refunds.shop import DAY, HOUR, MINUTE, T0

KIND = REFUND_INTENT
CNY = Money(1_000, "CNY")
ORDER = m.PaymentOrder(
    "r1", Purpose.REFUND, CNY, (Share("a", 1, 1_000),), 0, (Tender("pay1", 1_000),), True, True, None
)
QUARTER = T0 + 15 * MINUTE
STUCK_AT = T0 + 24 * HOUR
FIRST = c.PaymentRequested(ORDER, 1, QUARTER, STUCK_AT)
LATER = T0 + 10 * DAY
STUCK = c.PaymentStuck(1, m.Moved.UNKNOWN, LATER)
SURE = replace(STUCK, moved=m.Moved.NO)
ASKED = Task("payment_stuck", LATER)
TAKEN = c.PaymentTaken(STUCK_AT)
PAID = c.RefundPaid(CNY, 1)
BACK = c.RefundReversed(CNY, "account_closed", LATER, ORDER)
SETTLED = m.MoneySettled(1, CNY, True)
BACK_ASKED = Task("payment_reversed", LATER)
PERHAPS = c.PaymentDisputed("part_not_known", LATER)

TWO = m.PaymentOrder(
    "r1", Purpose.REFUND, CNY, (Share("a", 1, 700), Share("b", 2, 200)), 100,
    (Tender("pay1", 600), Tender("pay2", 400)), True, True, None,
)  # fmt: skip
"""Two lines and freight over two payments."""
PART = replace(
    TWO, amount=Money(400, "CNY"), shares=(Share("a", 1, 280), Share("b", 2, 80)), freight_minor=40,
    tenders=(Tender("pay2", 400),),
)  # fmt: skip
HALVES = replace(TWO, tenders=(Tender("pay1", 500), Tender("pay2", 500)))
FIRST_TWO = c.PaymentRequested(TWO, 1, QUARTER, STUCK_AT)
BACK_PART = c.RefundReversed(Money(400, "CNY"), "account_closed", LATER, PART)
SHORT_PAID = c.RefundPaid(Money(600, "CNY"), 1)
SHORT = c.PaidShort(PART, LATER)
SHORT_ASKED = Task("other_amount_settled", LATER)


def failed(moved: m.Moved, *, again: bool, attempt: int = 1) -> m.PaymentFailed:
    return m.PaymentFailed(attempt, "bank_down", again, moved)


TABLE: list[tuple[str, list[Any], Any, list[Any]]] = [
    ("RF-013", [], m.Pay(ORDER), [FIRST]),
    ("RF-025", [FIRST], m.Pay(ORDER), []),
    ("RF-033", [FIRST], SETTLED, [PAID]),
    ("RF-033", [FIRST, TAKEN], SETTLED, [PAID]),
    ("RF-033", [FIRST, STUCK, ASKED], SETTLED, [PAID]),
    ("RF-033", [FIRST, PAID], SETTLED, []),
    ("RF-033", [FIRST, PAID], replace(SETTLED, attempt_count=2), [c.PaymentDisputed("paid_twice", LATER)]),
    ("RF-033", [FIRST, PAID], replace(SETTLED, attempt_count=2, has_moved_now=False), []),
    ("RF-033", [FIRST], replace(SETTLED, amount=Money(900, "CNY")),
     [c.RefundPaid(Money(900, "CNY"), 1),
      c.PaidShort(replace(ORDER, amount=Money(100, "CNY"), shares=(Share("a", 1, 100),),
                          tenders=(Tender("pay1", 100),)), LATER),
      SHORT_ASKED]),
    ("RF-033", [FIRST], replace(SETTLED, amount=Money(1_100, "CNY")),
     [c.RefundPaid(Money(1_100, "CNY"), 1), c.PaymentDisputed("other_amount_settled", LATER)]),
    ("RF-033", [FIRST_TWO], replace(SETTLED, amount=Money(600, "CNY")), [SHORT_PAID, SHORT, SHORT_ASKED]),
    ("RF-033", [FIRST_TWO], replace(SETTLED, amount=Money(600, "CNY"), tenders=(Tender("pay1", 600),)),
     [SHORT_PAID, SHORT, SHORT_ASKED]),
    ("RF-033", [FIRST_TWO], replace(SETTLED, amount=Money(600, "CNY"), tenders=(Tender("pay9", 600),)),
     [SHORT_PAID, c.PaidShort(None, LATER), SHORT_ASKED]),
    ("RF-033", [FIRST_TWO], replace(SETTLED, amount=Money(300, "CNY")),
     [c.RefundPaid(Money(300, "CNY"), 1), c.PaidShort(None, LATER), SHORT_ASKED]),
    ("RF-033", [FIRST_TWO, SHORT_PAID, SHORT, SHORT_ASKED], m.PersonDecided("retry"),
     [replace(FIRST_TWO, order=PART, attempt_count=2)]),
    ("RF-033", [FIRST_TWO, SHORT_PAID, SHORT, SHORT_ASKED], m.PersonDecided("abandon"),
     [c.PaymentAbandoned(PART)]),
    ("RF-033", [FIRST_TWO, SHORT_PAID, SHORT, SHORT_ASKED], replace(SETTLED, amount=Money(400, "CNY")),
     [c.PaymentDisputed("paid_while_asked", LATER)]),
    ("RF-029", [FIRST], m.PaymentAccepted(1), [TAKEN]),
    ("RF-029", [FIRST], m.PaymentAccepted(7), []),
    ("RF-029", [FIRST], failed(m.Moved.NO, again=True), [c.RetryAwaited(QUARTER)]),
    ("RF-029", [FIRST], failed(m.Moved.NO, again=False), [SURE, ASKED]),
    ("RF-029", [FIRST], failed(m.Moved.UNKNOWN, again=True), [c.OutcomeUnknown(QUARTER)]),
    ("RF-029", [FIRST, c.RetryAwaited(QUARTER)], failed(m.Moved.NO, again=True), []),
    ("RF-029", [FIRST, SURE, ASKED], m.PersonDecided("retry"), [replace(FIRST, attempt_count=2)]),
    ("RF-029", [FIRST, STUCK, ASKED], m.PersonDecided("retry"), [FIRST]),
    ("RF-029", [FIRST, STUCK, ASKED], m.PersonDecided("not_moved"), [replace(FIRST, attempt_count=2)]),
    ("RF-029", [FIRST, STUCK, ASKED], m.PersonDecided("abandon"), []),
    ("RF-029", [FIRST, SURE, ASKED], m.PersonDecided("abandon"), [c.PaymentAbandoned(ORDER)]),
    ("RF-029", [FIRST, SURE, ASKED, c.PaymentAbandoned(ORDER)], SETTLED,
     [c.PaymentDisputed("paid_after_abandoning", LATER)]),
    ("RF-029", [FIRST, PAID], m.MoneyReversed(CNY, "account_closed"),
     [BACK, BACK_ASKED]),
    ("RF-029", [FIRST, PAID, BACK], m.PersonDecided("retry"), [replace(FIRST, attempt_count=2)]),
    ("RF-029", [FIRST, PAID, BACK], m.PersonDecided("abandon"), [c.PaymentAbandoned(ORDER)]),
    ("RF-029", [FIRST_TWO, PAID], m.MoneyReversed(Money(400, "CNY"), "account_closed"),
     [BACK_PART, BACK_ASKED]),
    ("RF-029", [FIRST_TWO, PAID, BACK_PART], m.PersonDecided("retry"),
     [replace(FIRST_TWO, order=PART, attempt_count=2)]),
    ("RF-029", [FIRST_TWO, PAID, BACK_PART], m.PersonDecided("abandon"), [c.PaymentAbandoned(PART)]),
    ("RF-029", [FIRST_TWO, PAID, BACK_PART], m.MoneyReversed(Money(600, "CNY"), "account_closed"),
     [c.PaymentDisputed("reversed_as_well", LATER)]),
    ("RF-029", [FIRST_TWO, PAID], m.MoneyReversed(Money(300, "CNY"), "account_closed"),
     [replace(BACK_PART, amount=Money(300, "CNY"), part=None), BACK_ASKED]),
    ("RF-029", [FIRST_TWO, PAID, replace(BACK_PART, part=None)], m.PersonDecided("retry"), [PERHAPS]),
    ("RF-029", [FIRST_TWO, PAID, replace(BACK_PART, part=None)], m.PersonDecided("abandon"), [PERHAPS]),
    ("RF-029", [replace(FIRST_TWO, order=HALVES), PAID], m.MoneyReversed(Money(500, "CNY"), "closed"),
     [c.RefundReversed(Money(500, "CNY"), "closed", LATER, None), BACK_ASKED]),
    ("RF-029", [FIRST, PAID, c.PaymentDisputed("paid_twice", LATER)], m.MoneyReversed(CNY, "closed"),
     [c.RefundReversed(CNY, "closed", LATER, None), BACK_ASKED]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "given_facts", "when", "then"), TABLE, ids=[row[0] for row in TABLE])
def test_rule(rule: str, given_facts: list[Any], when: Any, then: list[Any]) -> None:
    decided = decide(KIND, given_facts, when, T0, POLICY)
    assert facts_of(decided) == then
    assert not then or any({rule, "RF-033"} & set(entry.rules) for entry in decided)


def test_silence_asks_again_with_growing_pauses_and_the_same_ids() -> None:
    walk = Walk(KIND, POLICY, T0)
    walk.tell(m.Pay(ORDER))
    for _ in range(7):
        walk.tell(NEXT_DEADLINE)
    requests = [fact for fact in walk.facts if isinstance(fact, c.PaymentRequested)]
    minutes = [(fact.again_at - T0) // MINUTE for fact in requests]
    assert minutes == [15, 45, 105, 225, 465, 945, 1905]
    assert {fact.attempt_count for fact in requests} == {1}
    assert walk.facts[-2:] == [
        replace(STUCK, look_at=STUCK_AT + 10 * DAY),
        Task("payment_stuck", STUCK_AT + 10 * DAY),
    ]
    assert walk.now == STUCK_AT


def test_unknown_never_becomes_a_new_attempt() -> None:
    unknown = [FIRST, c.OutcomeUnknown(QUARTER)]
    (again,) = facts_of(decide(KIND, unknown, DeadlinePassed("payment", QUARTER), QUARTER, POLICY))
    assert again.attempt_count == 1
    assert facts_of(decide(KIND, unknown, failed(m.Moved.UNKNOWN, again=True), T0, POLICY)) == []


def test_a_reversal_before_the_settlement_waits() -> None:
    with pytest.raises(NotYet):
        decide(KIND, [FIRST], m.MoneyReversed(CNY, "account_closed"), T0, POLICY)


def test_attention_stops() -> None:
    walk = Walk(KIND, POLICY, T0)
    walk.tell(m.Pay(ORDER))
    walk.tell(failed(m.Moved.NO, again=False))
    walk.run_out()
    asked = [fact for fact in walk.facts if isinstance(fact, Task | c.PersonAsked)]
    assert len(asked) == 1 + POLICY.attention_count_max
    assert isinstance(walk.state, c.Stuck)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(messages_of(KIND), st.integers(0, 1_000)), max_size=25))
def test_any_history(history: list[tuple[Any, int]]) -> None:
    """Paid once unless it came back; what is asked and what the buyer has never exceed what was granted."""
    walk = Walk(KIND, POLICY, T0, reopens=("Settled",))
    for message, minutes in history:
        if isinstance(message, m.Pay) and message.order.amount.minor != total(message.order):
            continue
        walk.tell(message, minutes * MINUTE)
        check_parts(walk)
        open_states = c.Requested | c.Accepted | c.Unknown
        assert not isinstance(walk.state, open_states) or walk.kind.deadlines(walk.state)
    left = [after for before, after in walk.moves if isinstance(before, c.Settled)]
    assert all(isinstance(state, c.Settled | c.Reversed) for state in left)
    paid = sum(isinstance(fact, c.RefundPaid) for fact in walk.facts)
    assert paid <= 1 + sum(isinstance(fact, c.RefundReversed | c.PaidShort) for fact in walk.facts)
    walk.run_out()


def total(order: m.PaymentOrder) -> int:
    return sum(share.minor for share in order.shares) + order.freight_minor


def check_parts(walk: Walk) -> None:
    """A later request is for no more than the buyer lacks, and its sums agree."""
    lacks: Money | None = None
    for fact in walk.facts:
        match fact:
            case c.PaymentRequested(order=order):
                assert lacks is None or order.amount.minor <= lacks.minor
                assert not order.shares or total(order) == order.amount.minor
                lacks = order.amount
            case c.RefundReversed(part=m.PaymentOrder() as part) | c.PaidShort(part=m.PaymentOrder() as part):
                assert lacks is not None
                assert part.amount.minor <= lacks.minor
                lacks = part.amount
            case c.PaymentAbandoned(order=order):
                assert lacks is not None
                assert order.amount.minor <= lacks.minor
            case _:
                pass
