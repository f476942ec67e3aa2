"""The refund intent alone: one decision to pay, and any answer of the provider."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed, NotYet
from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from kernel.value import replace
from services.refunds.cases.refund_intent import facts as f
from services.refunds.cases.refund_intent import messages as m
from services.refunds.cases.refund_intent import state as c
from services.refunds.cases.refund_intent.border import REFUND_INTENT
from services.refunds.payments import PaymentOrder, cut, together, without
from services.refunds.shares import Purpose, Share, Tender
from tests.services.given import NEXT_DEADLINE, Walk, decide, facts_of
from tests.services.refunds.kinds import POLICY, messages_of
from tests.services.refunds.shop import DAY, HOUR, MINUTE, T0

KIND = REFUND_INTENT
CNY = Money(1_000, "CNY")
ORDER = PaymentOrder(
    "r1", Purpose.REFUND, CNY, (Share("a", 1, 1_000),), 0, (Tender("pay1", 1_000),), True, True, None
)
QUARTER = T0 + 15 * MINUTE
STUCK_AT = T0 + 24 * HOUR
FIRST = f.PaymentRequested(ORDER, 1, QUARTER, STUCK_AT)
LATER = T0 + 10 * DAY
STUCK = f.PaymentStuck(1, m.Moved.UNKNOWN, LATER)
SURE = replace(STUCK, moved=m.Moved.NO)
ASKED = Task("payment_stuck", LATER, name="question.1")
TAKEN = f.PaymentTaken(STUCK_AT)
PAID = f.RefundPaid(CNY, 1)
BACK = f.RefundReversed(CNY, "account_closed", LATER, ORDER)
SETTLED = m.MoneySettled(1, CNY, True)
BACK_ASKED = Task("payment_reversed", LATER, name="question.1")
SETTLED_GONE = TaskWithdrawn("settled", name="question.1")

TWO = PaymentOrder(
    "r1", Purpose.REFUND, CNY, (Share("a", 1, 700), Share("b", 2, 200)), 100,
    (Tender("pay1", 600), Tender("pay2", 400)), True, True, None,
)  # fmt: skip
"""Two lines and freight over two payments."""
PART = replace(
    TWO, amount=Money(400, "CNY"), shares=(Share("a", 1, 280), Share("b", 2, 80)), freight_minor=40,
    tenders=(Tender("pay2", 400),),
)  # fmt: skip
HALVES = replace(TWO, tenders=(Tender("pay1", 500), Tender("pay2", 500)))
FIRST_TWO = f.PaymentRequested(TWO, 1, QUARTER, STUCK_AT)
BACK_PART = f.RefundReversed(Money(400, "CNY"), "account_closed", LATER, PART)
SHORT_PAID = f.RefundPaid(Money(600, "CNY"), 1)
SHORT = f.PaidShort(PART, LATER)
SHORT_ASKED = Task("other_amount_settled", LATER, name="question.1")


REST = without(TWO, PART)
"""Of the two: 6.00 through the first payment."""
assert REST is not None
ASKED_ANEW = TaskWithdrawn("asked_anew", name="question.1")
AGAIN = f.PersonAsked("payment_still_stuck", LATER, LATER, "question.2")
TWO_BACK = (
    FIRST_TWO, PAID, BACK_PART, BACK_ASKED, f.RefundReversed(Money(600, "CNY"), "closed", LATER, REST),
    ASKED_ANEW, replace(BACK_ASKED, name="question.2"),
)  # fmt: skip
"""All came back, in two parts."""
RETRIED = (FIRST_TWO, PAID, BACK_PART, BACK_ASKED, replace(FIRST_TWO, order=PART, attempt_count=2))


def spread(order: PaymentOrder, *minors: int) -> PaymentOrder:
    """The same part where nobody knows through which payment it went."""
    tenders = tuple(Tender(f"pay{number}", minor) for number, minor in enumerate(minors, 1))
    return replace(order, tenders=tenders, is_way_known=False)


THIRD = spread(
    replace(TWO, amount=Money(300, "CNY"), shares=(Share("a", 1, 210), Share("b", 2, 60)), freight_minor=30),
    180, 120,
)  # fmt: skip


def failed(moved: m.Moved, *, again: bool, attempt: int = 1) -> m.PaymentFailed:
    return m.PaymentFailed(attempt, "bank_down", again, moved)


TABLE: list[tuple[str, list[Any], Any, list[Any]]] = [
    ("RF-013", [], m.Pay(ORDER), [FIRST]),
    ("RF-025", [FIRST], m.Pay(ORDER), []),
    ("RF-033", [FIRST], SETTLED, [PAID]),
    ("RF-033", [FIRST, TAKEN], SETTLED, [PAID]),
    ("RF-033", [FIRST, STUCK, ASKED], SETTLED, [PAID, SETTLED_GONE]),
    ("RF-033", [FIRST, PAID], SETTLED, []),
    ("RF-033", [FIRST, PAID], replace(SETTLED, attempt_count=2),
     [f.SumDisputed("paid_twice", CNY, 1_000)]),
    ("RF-033", [FIRST, PAID], replace(SETTLED, attempt_count=2, has_moved_now=False), []),
    ("RF-033", [FIRST], replace(SETTLED, amount=Money(900, "CNY")),
     [f.RefundPaid(Money(900, "CNY"), 1),
      f.PaidShort(replace(ORDER, amount=Money(100, "CNY"), shares=(Share("a", 1, 100),),
                          tenders=(Tender("pay1", 100),)), LATER),
      SHORT_ASKED]),
    ("RF-033", [FIRST], replace(SETTLED, amount=Money(1_100, "CNY")),
     [f.RefundPaid(Money(1_100, "CNY"), 1), f.SumDisputed("other_amount_settled", Money(100, "CNY"), 100)]),
    ("RF-033", [FIRST_TWO], replace(SETTLED, amount=Money(600, "CNY")), [SHORT_PAID, SHORT, SHORT_ASKED]),
    ("RF-033", [FIRST_TWO], replace(SETTLED, amount=Money(600, "CNY"), tenders=(Tender("pay1", 600),)),
     [SHORT_PAID, SHORT, SHORT_ASKED]),
    ("RF-033", [FIRST_TWO], replace(SETTLED, amount=Money(600, "CNY"), tenders=(Tender("pay9", 600),)),
     [SHORT_PAID, f.PaidShort(spread(PART, 240, 160), LATER), SHORT_ASKED]),
    ("RF-033", [FIRST_TWO], replace(SETTLED, amount=Money(300, "CNY")),
     [f.RefundPaid(Money(300, "CNY"), 1), f.PaidShort(without(TWO, cut(TWO, 300)), LATER), SHORT_ASKED]),
    ("RF-033", [FIRST_TWO, SHORT_PAID, SHORT, SHORT_ASKED], m.PersonDecided("retry"),
     [replace(FIRST_TWO, order=PART, attempt_count=2), f.DoubtCleared()]),
    ("RF-033", [FIRST_TWO, SHORT_PAID, SHORT, SHORT_ASKED], m.PersonDecided("abandon"),
     [f.PaymentAbandoned(PART), f.DoubtCleared()]),
    ("RF-033", [FIRST_TWO, SHORT_PAID, SHORT, SHORT_ASKED], replace(SETTLED, amount=Money(400, "CNY")),
     [f.SumDisputed("paid_while_asked", Money(400, "CNY"), 400)]),
    ("RF-033", [FIRST], replace(SETTLED, amount=Money(900, "USD")),
     [f.RefundPaid(Money(900, "USD"), 1), f.PaidShort(ORDER, LATER, is_foreign=True), SHORT_ASKED]),
    ("RF-033", [FIRST, PAID], replace(SETTLED, attempt_count=2, amount=Money(900, "USD")),
     [f.SumDisputed("paid_twice", Money(900, "USD"))]),
    ("RF-029", [FIRST], m.PaymentAccepted(1), [TAKEN]),
    ("RF-029", [FIRST], m.PaymentAccepted(7), []),
    ("RF-029", [FIRST], failed(m.Moved.NO, again=True), [f.RetryAwaited(QUARTER)]),
    ("RF-029", [FIRST], failed(m.Moved.NO, again=False), [SURE, ASKED]),
    ("RF-029", [FIRST], failed(m.Moved.UNKNOWN, again=True), [f.OutcomeUnknown(QUARTER)]),
    ("RF-029", [FIRST, f.RetryAwaited(QUARTER)], failed(m.Moved.NO, again=True), []),
    ("RF-029", [FIRST, SURE, ASKED], m.PersonDecided("retry"), [replace(FIRST, attempt_count=2)]),
    ("RF-029", [FIRST, STUCK, ASKED], m.PersonDecided("retry"), [FIRST]),
    ("RF-029", [FIRST, STUCK, ASKED], m.PersonDecided("not_moved"), [replace(FIRST, attempt_count=2)]),
    ("RF-029", [FIRST, STUCK, ASKED], m.PersonDecided("abandon"), [replace(ASKED, name="question.2")]),
    ("RF-029", [FIRST, SURE, ASKED], m.PersonDecided("abandon"), [f.PaymentAbandoned(ORDER)]),
    ("RF-029", [FIRST, SURE, ASKED, f.PaymentAbandoned(ORDER)], SETTLED,
     [f.SumDisputed("paid_after_abandoning", CNY)]),
    ("RF-029", [FIRST, PAID], m.MoneyReversed(CNY, "account_closed"),
     [BACK, BACK_ASKED]),
    ("RF-029", [FIRST, PAID, BACK], m.PersonDecided("retry"), [replace(FIRST, attempt_count=2)]),
    ("RF-029", [FIRST, PAID, BACK], m.PersonDecided("abandon"), [f.PaymentAbandoned(ORDER)]),
    ("RF-029", [FIRST_TWO, PAID], m.MoneyReversed(Money(400, "CNY"), "account_closed"),
     [BACK_PART, BACK_ASKED]),
    ("RF-029", [FIRST_TWO, PAID, BACK_PART], m.PersonDecided("retry"),
     [replace(FIRST_TWO, order=PART, attempt_count=2)]),
    ("RF-029", [FIRST_TWO, PAID, BACK_PART], m.PersonDecided("abandon"), [f.PaymentAbandoned(PART)]),
    # Parts add up, each through the payment that is known, else through none.
    ("RF-029", [FIRST_TWO, PAID, BACK_PART, BACK_ASKED], m.MoneyReversed(Money(600, "CNY"), "account_closed"),
     [f.RefundReversed(Money(600, "CNY"), "account_closed", LATER, REST), ASKED_ANEW,
      replace(BACK_ASKED, name="question.2")]),
    ("RF-029", [FIRST_TWO, PAID], m.MoneyReversed(Money(300, "CNY"), "closed"),
     [f.RefundReversed(Money(300, "CNY"), "closed", LATER, THIRD), BACK_ASKED]),
    ("RF-029", [FIRST_TWO, PAID], m.MoneyReversed(Money(300, "CNY"), "closed", (Tender("pay1", 300),)),
     [f.RefundReversed(Money(300, "CNY"), "closed", LATER, replace(
         THIRD, tenders=(Tender("pay1", 300),), is_way_known=True)), BACK_ASKED]),
    ("RF-029", [*TWO_BACK], m.PersonDecided("retry"), [replace(FIRST_TWO, attempt_count=2)]),
    ("RF-029", [*TWO_BACK], m.PersonDecided("abandon"), [f.PaymentAbandoned(TWO)]),
    ("RF-029", [*TWO_BACK], m.MoneyReversed(CNY, "closed"), [f.PaymentDisputed("reversed_as_well", LATER)]),
    ("RF-029", [FIRST_TWO, PAID, BACK_PART, BACK_ASKED], m.MoneyReversed(CNY, "closed"),
     [f.RefundReversed(CNY, "closed", LATER, REST), ASKED_ANEW, replace(BACK_ASKED, name="question.2"),
      f.PaymentDisputed("reversed_as_well", LATER)]),
    ("RF-029", [replace(FIRST_TWO, order=HALVES), PAID], m.MoneyReversed(Money(500, "CNY"), "closed"),
     [f.RefundReversed(Money(500, "CNY"), "closed", LATER, cut(HALVES, 500)), BACK_ASKED]),
    ("RF-029", [FIRST, PAID], m.MoneyReversed(Money(1_000, "USD"), "closed"),
     [f.PaymentDisputed("reversed_as_well", LATER)]),
    # A person settles on a part, and is asked about the rest.
    ("RF-029", [*TWO_BACK], m.PersonDecided("retry", 2, Money(400, "CNY")),
     [replace(FIRST_TWO, order=PART, attempt_count=2)]),
    ("RF-029", [*TWO_BACK], m.PersonDecided("abandon", 2, Money(400, "CNY")),
     [f.PaymentAbandoned(PART), replace(BACK_ASKED, name="question.3")]),
    ("RF-029", [*TWO_BACK], m.PersonDecided("abandon", 2, Money(1_001, "CNY")),
     [replace(BACK_ASKED, name="question.3")]),
    # Money beyond the grant comes back first: the buyer lacks nothing of it.
    ("RF-029", [FIRST, PAID, f.SumDisputed("paid_twice", CNY, 1_000)], m.MoneyReversed(CNY, "closed"),
     [f.SurplusReturned(1_000)]),
    ("RF-029", [FIRST, PAID, f.SumDisputed("paid_twice", Money(600, "CNY"), 600)],
     m.MoneyReversed(CNY, "closed"),
     [f.SurplusReturned(600), f.RefundReversed(CNY, "closed", LATER, cut(ORDER, 400)), BACK_ASKED]),
    # It did not move, a person says: what comes back is lacking to the buyer.
    ("RF-029", [FIRST, PAID, f.SumDisputed("paid_twice", CNY, 1_000)], m.MoreNotMoved(CNY),
     [f.SurplusDenied(1_000)]),
    ("RF-029", [FIRST, PAID, f.SumDisputed("paid_twice", CNY, 1_000), f.SurplusDenied(1_000)],
     m.MoneyReversed(CNY, "closed"), [f.RefundReversed(CNY, "closed", LATER, ORDER), BACK_ASKED]),
    ("RF-029", [FIRST, PAID], m.MoreNotMoved(CNY), []),
    ("RF-029", [FIRST, PAID, f.SumDisputed("paid_twice", CNY, 1_000)], m.MoreNotMoved(Money(1_000, "USD")),
     []),
    # Only the answer to the question that is open counts.
    ("RF-029", [FIRST, SURE, ASKED], m.PersonDecided("retry", 1), [replace(FIRST, attempt_count=2)]),
    ("RF-029", [FIRST, SURE, ASKED], m.PersonDecided("retry", 0), []),
    ("RF-029", [FIRST, SURE, ASKED, AGAIN], m.PersonDecided("retry", 1), []),
    ("RF-029", [FIRST, SURE, ASKED, AGAIN], m.PersonDecided("retry", 2), [replace(FIRST, attempt_count=2)]),
    ("RF-029", [*TWO_BACK], m.PersonDecided("retry", 1), []),
    ("RF-029", [FIRST, SURE, ASKED], m.PersonDecided("approved", 1), [replace(ASKED, name="question.2")]),
    ("RF-029", [FIRST, PAID, BACK, BACK_ASKED], m.PersonDecided("approved", 1),
     [replace(BACK_ASKED, name="question.2")]),
    # What comes back while a part is on its way waits for it, and for nothing else.
    ("RF-029", [*RETRIED], m.MoneyReversed(Money(600, "CNY"), "closed"),
     [f.RefundReversed(Money(600, "CNY"), "closed", LATER, REST)]),
    ("RF-033", [*RETRIED], m.MoneySettled(1, Money(400, "CNY"), False), []),
    ("RF-033", [*RETRIED], m.MoneySettled(2, Money(400, "CNY"), False), [f.RefundPaid(Money(400, "CNY"), 2)]),
    ("RF-033", [*RETRIED, f.RefundReversed(Money(600, "CNY"), "closed", LATER, REST)],
     m.MoneySettled(2, Money(400, "CNY"), True),
     [f.RefundPaid(Money(400, "CNY"), 2), f.LackingAsked(LATER), replace(BACK_ASKED, name="question.2")]),
    ("RF-029", [*RETRIED, f.RefundReversed(Money(600, "CNY"), "closed", LATER, REST),
                replace(SURE, attempt_count=2), replace(ASKED, name="question.2")],
     m.PersonDecided("abandon", 2), [f.PaymentAbandoned(TWO)]),
    # RF-033: another payment of the order was given up.
    ("RF-033", [FIRST], m.FullnessLost(), [f.FullnessDropped()]),
    ("RF-033", [FIRST, f.FullnessDropped()], m.FullnessLost(), []),
    ("RF-033", [FIRST, SURE, ASKED, f.PaymentAbandoned(ORDER)], m.FullnessLost(), []),
    # RF-017: the buyer confirmed receipt of what he was to be paid for.
    ("RF-017", [FIRST], m.ReceiptConfirmed(), [f.PaymentUnwanted()]),
    ("RF-017", [FIRST, f.PaymentUnwanted()], m.ReceiptConfirmed(), []),
    ("RF-017", [FIRST, PAID], m.ReceiptConfirmed(), []),
    ("RF-017", [FIRST, f.RetryAwaited(QUARTER)], m.ReceiptConfirmed(),
     [f.PaymentAbandoned(ORDER, "receipt_confirmed")]),
    ("RF-017", [FIRST, SURE, ASKED], m.ReceiptConfirmed(),
     [replace(SETTLED_GONE, reason_code="receipt_confirmed"),
      f.PaymentAbandoned(ORDER, "receipt_confirmed")]),
    ("RF-017", [FIRST, STUCK, ASKED], m.ReceiptConfirmed(), [f.PaymentUnwanted()]),
    ("RF-029", [FIRST, f.PaymentUnwanted()], failed(m.Moved.NO, again=True),
     [f.PaymentAbandoned(ORDER, "receipt_confirmed")]),
    ("RF-033", [FIRST, f.PaymentUnwanted()], SETTLED, [PAID, f.PaymentDisputed("paid_after_receipt", LATER)]),
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
    requests = [fact for fact in walk.facts if isinstance(fact, f.PaymentRequested)]
    minutes = [(fact.again_at - T0) // MINUTE for fact in requests]
    assert minutes == [15, 45, 105, 225, 465, 945, 1905]
    assert {fact.attempt_count for fact in requests} == {1}
    assert walk.facts[-2:] == [
        replace(STUCK, look_at=STUCK_AT + 10 * DAY),
        replace(ASKED, due_at=STUCK_AT + 10 * DAY),
    ]
    assert walk.now == STUCK_AT


def test_a_person_is_asked_three_times_about_a_stuck_payment() -> None:
    """RF-029: after the question itself; then nobody asks any more, and no money moves."""
    walk = Walk(KIND, POLICY, T0)
    walk.tell(m.Pay(ORDER))
    walk.tell(failed(m.Moved.NO, again=False))
    walk.run_out()
    asked = [fact for fact in walk.facts if isinstance(fact, f.PersonAsked)]
    assert [fact.look_at is None for fact in asked] == [False, False, True]


def test_unknown_never_becomes_a_new_attempt() -> None:
    unknown = [FIRST, f.OutcomeUnknown(QUARTER)]
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
    asked = [fact for fact in walk.facts if isinstance(fact, Task | f.PersonAsked)]
    assert len(asked) == 1 + 3
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
    paid = sum(isinstance(fact, f.RefundPaid) for fact in walk.facts)
    assert paid <= 1 + sum(isinstance(fact, f.RefundReversed | f.PaidShort) for fact in walk.facts)
    walk.run_out()


def total(order: PaymentOrder) -> int:
    return sum(share.minor for share in order.shares) + order.freight_minor


def check_parts(walk: Walk) -> None:
    """Held, lacking and given up are together what was granted, to the unit."""
    granted: PaymentOrder | None = None
    given_up: PaymentOrder | None = None
    for fact in walk.facts:
        match fact:
            case f.PaymentRequested(order=order):
                granted = granted or order
                assert order.amount.minor <= granted.amount.minor
                assert not order.shares or total(order) == order.amount.minor
            case f.PaymentAbandoned(order=order):
                given_up = together(given_up, order)
            case _:
                pass
    if granted is None:
        return
    parts = [given_up]
    if not isinstance(walk.state, c.Abandoned):
        parts += [c.held_by_buyer(walk.state), c.due_of(walk.state)]
    assert sum(part.amount.minor for part in parts if part is not None) == granted.amount.minor
    lines: Counter[str] = Counter()
    tenders: Counter[str] = Counter()
    for part in parts:
        if part is not None:
            lines.update({share.line_id: share.minor for share in part.shares})
            tenders.update({tender.payment_id: tender.minor for tender in part.tenders})
    assert lines == Counter({share.line_id: share.minor for share in granted.shares})
    assert tenders == Counter({tender.payment_id: tender.minor for tender in granted.tenders})
    freed = Counter(share.line_id for share in given_up.shares if share.quantity_count) if given_up else None
    assert freed is None or all(count == 1 for count in freed.values())


THREE = replace(TWO, tenders=(Tender("pay1", 600), Tender("pay2", 250), Tender("pay3", 150)))


@pytest.mark.parametrize(
    ("order", "minor", "through"),
    [
        (THREE, 250, (Tender("pay2", 250),)),
        (THREE, 850, (Tender("pay1", 600), Tender("pay2", 250))),
        (THREE, 300, (Tender("pay1", 180), Tender("pay2", 75), Tender("pay3", 45))),
    ],
)
def test_the_payments_that_a_part_went_through(
    order: PaymentOrder, minor: int, through: tuple[Tender, ...]
) -> None:
    """RF-029: the one of that amount, all but the one of the rest, else a part of each."""
    assert cut(order, minor).tenders == through


def test_two_parts_of_a_payment_are_the_payment() -> None:
    """RF-029: line by line, where one part has no money for a line."""
    one = replace(PART, shares=(Share("a", 1, 280),), freight_minor=120)
    both = together(one, PART)
    assert both is not None
    assert (both.shares, both.freight_minor) == ((Share("a", 1, 560), Share("b", 2, 80)), 160)
