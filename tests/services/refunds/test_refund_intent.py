"""The refund intent alone: one decision to pay, and any answer of the provider."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.decider import DeadlinePassed, NotYet
from kernel.money import Money
from kernel.value import replace
from services.refunds import intent_words as w
from services.refunds.values import Purpose, Share, Tender
from tests.services.refunds.kinds import POLICY, Walk, decide, facts_of, messages_of
from tests.services.refunds.shop import DAY, HOUR, MINUTE, T0

KIND = "refund-intent"
CNY = Money(1_000, "CNY")
ORDER = w.Order(
    "r1", Purpose.REFUND, CNY, (Share("a", 1, 1_000),), 0, (Tender("pay1", 1_000),), True, True, None
)
QUARTER = T0 + 15 * MINUTE
STUCK_AT = T0 + 24 * HOUR
FIRST = w.PaymentRequested(ORDER, 1, QUARTER, STUCK_AT)
LATER = T0 + 10 * DAY
STUCK = w.PaymentStuck(1, w.Moved.UNKNOWN, LATER)
SURE = replace(STUCK, moved=w.Moved.NO)
ASKED = w.PersonAsked("payment_stuck", LATER, LATER)
TAKEN = w.PaymentTaken(STUCK_AT)
PAID = w.RefundPaid(CNY, 1)
BACK = w.RefundReversed(CNY, "account_closed", LATER, ORDER)
SETTLED = w.MoneySettled(1, CNY, True)
BACK_ASKED = w.PersonAsked("payment_reversed", LATER, LATER)
PERHAPS = w.PaymentDisputed("part_not_known", LATER)

TWO = w.Order(
    "r1", Purpose.REFUND, CNY, (Share("a", 1, 700), Share("b", 2, 200)), 100,
    (Tender("pay1", 600), Tender("pay2", 400)), True, True, None,
)  # fmt: skip
"""Two lines and freight over two payments."""
PART = replace(
    TWO, amount=Money(400, "CNY"), shares=(Share("a", 1, 280), Share("b", 2, 80)), freight_minor=40,
    tenders=(Tender("pay2", 400),),
)  # fmt: skip
HALVES = replace(TWO, tenders=(Tender("pay1", 500), Tender("pay2", 500)))
FIRST_TWO = w.PaymentRequested(TWO, 1, QUARTER, STUCK_AT)
BACK_PART = w.RefundReversed(Money(400, "CNY"), "account_closed", LATER, PART)
SHORT_PAID = w.RefundPaid(Money(600, "CNY"), 1)
SHORT = w.PaidShort(PART, LATER)
SHORT_ASKED = w.PersonAsked("other_amount_settled", LATER, LATER)


def failed(moved: w.Moved, *, again: bool, attempt: int = 1) -> w.PaymentFailed:
    return w.PaymentFailed(attempt, "bank_down", again, moved)


TABLE: list[tuple[str, list[Any], Any, list[Any]]] = [
    ("RF-013", [], w.Pay(ORDER), [FIRST]),
    ("RF-025", [FIRST], w.Pay(ORDER), []),
    ("RF-033", [FIRST], SETTLED, [PAID]),
    ("RF-033", [FIRST, TAKEN], SETTLED, [PAID]),
    ("RF-033", [FIRST, STUCK, ASKED], SETTLED, [PAID]),
    ("RF-033", [FIRST, PAID], SETTLED, []),
    ("RF-033", [FIRST, PAID], replace(SETTLED, attempt_count=2), [w.PaymentDisputed("paid_twice", LATER)]),
    ("RF-033", [FIRST, PAID], replace(SETTLED, attempt_count=2, has_moved_now=False), []),
    ("RF-033", [FIRST], replace(SETTLED, amount=Money(900, "CNY")),
     [w.RefundPaid(Money(900, "CNY"), 1),
      w.PaidShort(replace(ORDER, amount=Money(100, "CNY"), shares=(Share("a", 1, 100),),
                          tenders=(Tender("pay1", 100),)), LATER),
      SHORT_ASKED]),
    ("RF-033", [FIRST], replace(SETTLED, amount=Money(1_100, "CNY")),
     [w.RefundPaid(Money(1_100, "CNY"), 1), w.PaymentDisputed("other_amount_settled", LATER)]),
    ("RF-033", [FIRST_TWO], replace(SETTLED, amount=Money(600, "CNY")), [SHORT_PAID, SHORT, SHORT_ASKED]),
    ("RF-033", [FIRST_TWO], replace(SETTLED, amount=Money(600, "CNY"), tenders=(Tender("pay1", 600),)),
     [SHORT_PAID, SHORT, SHORT_ASKED]),
    ("RF-033", [FIRST_TWO], replace(SETTLED, amount=Money(600, "CNY"), tenders=(Tender("pay9", 600),)),
     [SHORT_PAID, w.PaidShort(None, LATER), SHORT_ASKED]),
    ("RF-033", [FIRST_TWO], replace(SETTLED, amount=Money(300, "CNY")),
     [w.RefundPaid(Money(300, "CNY"), 1), w.PaidShort(None, LATER), SHORT_ASKED]),
    ("RF-033", [FIRST_TWO, SHORT_PAID, SHORT, SHORT_ASKED], w.PersonDecided("retry"),
     [replace(FIRST_TWO, order=PART, attempt_count=2)]),
    ("RF-033", [FIRST_TWO, SHORT_PAID, SHORT, SHORT_ASKED], w.PersonDecided("abandon"),
     [w.PaymentAbandoned(PART)]),
    ("RF-033", [FIRST_TWO, SHORT_PAID, SHORT, SHORT_ASKED], replace(SETTLED, amount=Money(400, "CNY")),
     [w.PaymentDisputed("paid_while_asked", LATER)]),
    ("RF-029", [FIRST], w.PaymentAccepted(1), [TAKEN]),
    ("RF-029", [FIRST], w.PaymentAccepted(7), []),
    ("RF-029", [FIRST], failed(w.Moved.NO, again=True), [w.RetryAwaited(QUARTER)]),
    ("RF-029", [FIRST], failed(w.Moved.NO, again=False), [SURE, ASKED]),
    ("RF-029", [FIRST], failed(w.Moved.UNKNOWN, again=True), [w.OutcomeUnknown(QUARTER)]),
    ("RF-029", [FIRST, w.RetryAwaited(QUARTER)], failed(w.Moved.NO, again=True), []),
    ("RF-029", [FIRST, SURE, ASKED], w.PersonDecided("retry"), [replace(FIRST, attempt_count=2)]),
    ("RF-029", [FIRST, STUCK, ASKED], w.PersonDecided("retry"), [FIRST]),
    ("RF-029", [FIRST, STUCK, ASKED], w.PersonDecided("not_moved"), [replace(FIRST, attempt_count=2)]),
    ("RF-029", [FIRST, STUCK, ASKED], w.PersonDecided("abandon"), []),
    ("RF-029", [FIRST, SURE, ASKED], w.PersonDecided("abandon"), [w.PaymentAbandoned(ORDER)]),
    ("RF-029", [FIRST, SURE, ASKED, w.PaymentAbandoned(ORDER)], SETTLED,
     [w.PaymentDisputed("paid_after_abandoning", LATER)]),
    ("RF-029", [FIRST, PAID], w.MoneyReversed(CNY, "account_closed"),
     [BACK, BACK_ASKED]),
    ("RF-029", [FIRST, PAID, BACK], w.PersonDecided("retry"), [replace(FIRST, attempt_count=2)]),
    ("RF-029", [FIRST, PAID, BACK], w.PersonDecided("abandon"), [w.PaymentAbandoned(ORDER)]),
    ("RF-029", [FIRST_TWO, PAID], w.MoneyReversed(Money(400, "CNY"), "account_closed"),
     [BACK_PART, BACK_ASKED]),
    ("RF-029", [FIRST_TWO, PAID, BACK_PART], w.PersonDecided("retry"),
     [replace(FIRST_TWO, order=PART, attempt_count=2)]),
    ("RF-029", [FIRST_TWO, PAID, BACK_PART], w.PersonDecided("abandon"), [w.PaymentAbandoned(PART)]),
    ("RF-029", [FIRST_TWO, PAID, BACK_PART], w.MoneyReversed(Money(600, "CNY"), "account_closed"),
     [w.PaymentDisputed("reversed_as_well", LATER)]),
    ("RF-029", [FIRST_TWO, PAID], w.MoneyReversed(Money(300, "CNY"), "account_closed"),
     [replace(BACK_PART, amount=Money(300, "CNY"), part=None), BACK_ASKED]),
    ("RF-029", [FIRST_TWO, PAID, replace(BACK_PART, part=None)], w.PersonDecided("retry"), [PERHAPS]),
    ("RF-029", [FIRST_TWO, PAID, replace(BACK_PART, part=None)], w.PersonDecided("abandon"), [PERHAPS]),
    ("RF-029", [replace(FIRST_TWO, order=HALVES), PAID], w.MoneyReversed(Money(500, "CNY"), "closed"),
     [w.RefundReversed(Money(500, "CNY"), "closed", LATER, None), BACK_ASKED]),
    ("RF-029", [FIRST, PAID, w.PaymentDisputed("paid_twice", LATER)], w.MoneyReversed(CNY, "closed"),
     [w.RefundReversed(CNY, "closed", LATER, None), BACK_ASKED]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "given_facts", "when", "then"), TABLE, ids=[row[0] for row in TABLE])
def test_rule(rule: str, given_facts: list[Any], when: Any, then: list[Any]) -> None:
    decided = decide(KIND, given_facts, when)
    assert facts_of(decided) == then
    assert not then or any({rule, "RF-033"} & set(entry.rules) for entry in decided)


def test_silence_asks_again_with_growing_pauses_and_the_same_ids() -> None:
    walk = Walk(KIND)
    walk.tell(w.Pay(ORDER), 0)
    for _ in range(7):
        walk.tell("next deadline", 0)
    requests = [fact for fact in walk.facts if isinstance(fact, w.PaymentRequested)]
    minutes = [(fact.again_at - T0) // MINUTE for fact in requests]
    assert minutes == [15, 45, 105, 225, 465, 945, 1905]
    assert {fact.attempt_count for fact in requests} == {1}
    assert walk.facts[-2:] == [
        replace(STUCK, look_at=STUCK_AT + 10 * DAY),
        w.PersonAsked("payment_stuck", STUCK_AT + 10 * DAY, STUCK_AT + 10 * DAY),
    ]
    assert walk.now == STUCK_AT


def test_unknown_never_becomes_a_new_attempt() -> None:
    unknown = [FIRST, w.OutcomeUnknown(QUARTER)]
    (again,) = facts_of(decide(KIND, unknown, DeadlinePassed("payment", QUARTER), QUARTER))
    assert again.attempt_count == 1
    assert facts_of(decide(KIND, unknown, failed(w.Moved.UNKNOWN, again=True))) == []


def test_a_reversal_before_the_settlement_waits() -> None:
    with pytest.raises(NotYet):
        decide(KIND, [FIRST], w.MoneyReversed(CNY, "account_closed"))


def test_attention_stops() -> None:
    walk = Walk(KIND)
    walk.tell(w.Pay(ORDER), 0)
    walk.tell(failed(w.Moved.NO, again=False), 0)
    walk.run_out()
    asked = [fact for fact in walk.facts if isinstance(fact, w.PersonAsked)]
    assert len(asked) == 1 + POLICY.attention_count_max
    assert isinstance(walk.state, w.Stuck)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(messages_of(KIND), st.integers(0, 1_000)), max_size=25))
def test_any_history(history: list[tuple[Any, int]]) -> None:
    """Paid once unless it came back; what is asked and what the buyer has never exceed what was granted."""
    walk = Walk(KIND)
    for message, minutes in history:
        if isinstance(message, w.Pay) and message.order.amount.minor != total(message.order):
            continue
        walk.tell(message, minutes)
        check_parts(walk)
        open_states = w.Requested | w.Accepted | w.Unknown
        assert not isinstance(walk.state, open_states) or walk.kind.deadlines(walk.state)
    paid = sum(isinstance(fact, w.RefundPaid) for fact in walk.facts)
    assert paid <= 1 + sum(isinstance(fact, w.RefundReversed | w.PaidShort) for fact in walk.facts)
    walk.run_out()


def total(order: w.Order) -> int:
    return sum(share.minor for share in order.shares) + order.freight_minor


def check_parts(walk: Walk) -> None:
    """A later request is for no more than the buyer lacks, and its sums agree."""
    lacks: Money | None = None
    for fact in walk.facts:
        match fact:
            case w.PaymentRequested(order=order):
                assert lacks is None or order.amount.minor <= lacks.minor
                assert not order.shares or total(order) == order.amount.minor
                lacks = order.amount
            case w.RefundReversed(part=w.Order() as part) | w.PaidShort(part=w.Order() as part):
                assert lacks is not None
                assert part.amount.minor <= lacks.minor
                lacks = part.amount
            case w.PaymentAbandoned(order=order):
                assert lacks is not None
                assert order.amount.minor <= lacks.minor
            case _:
                pass
