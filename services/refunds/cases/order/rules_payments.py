"""Decides what the end of a payment means to the order: paid, paid in part, given up."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from kernel.decider import HERE, Decided, tell
from kernel.rules import rule
from kernel.value import replace
from services.refunds.cases.order import rules_beside
from services.refunds.cases.order.account import OrderAccount
from services.refunds.cases.order.facts import CaseReleased, Fact, GrantGivenBack, MoneyEntered, MoreSettled
from services.refunds.cases.order.messages import CaseEnded, IntentAbandoned, RefundSettled
from services.refunds.cases.order.rules_money import released
from services.refunds.cases.order.state import Live, State, evolve, live
from services.refunds.cases.refund_agreement import messages as agreement
from services.refunds.cases.refund_intent import messages as intent
from services.refunds.policy import Policy
from services.refunds.shares import Purpose, RefundKind


def refund_settled(
    state: State, settled: RefundSettled, policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    current = live(state)
    if current.book.case(settled.case_id) is not None:
        return _paid_off(current, settled, policy, now)
    return _more_settled(settled) if current.book.is_late else []


@rule("RF-033")
def _paid_off(current: Live, settled: RefundSettled, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Frees the lines of a paid refund. The rest of the order goes on."""
    ended = CaseEnded(settled.case_id, is_used=False)
    facts = released(current, ended, policy, now, is_paid=True)
    return [
        replace(fact, given_back=settled.given_back) if isinstance(fact, CaseReleased) else fact
        for fact in facts
    ]


@rule("LG-060")
def _more_settled(settled: RefundSettled) -> Sequence[Fact]:
    """Lets a part that settles later count for a compensation."""
    return [] if settled.given_back is None else [MoreSettled(settled.case_id, settled.given_back)]


@rule("RF-029", "RF-033")
def intent_abandoned(
    state: State, abandoned: IntentAbandoned, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Gives the account back what it held for a payment that no one will make.

    A refund of which nothing was paid ends by that. Other payments on their way are no longer the last.
    """
    current = live(state)
    case = current.book.case(abandoned.case_id)
    was_sent = abandoned.was_sent
    if was_sent is None:
        was_sent = case is not None and case.kind is not RefundKind.UNSHIPPED
    facts: list[Fact] = [
        GrantGivenBack(
            purpose=abandoned.purpose,
            amount=abandoned.amount,
            shares=abandoned.shares,
            freight_minor=abandoned.freight_minor,
            tenders=abandoned.tenders,
            are_goods_gone=abandoned.are_goods_gone,
            case_id=abandoned.case_id,
            was_sent=was_sent,
            intent_id=abandoned.intent_id,
        )
    ]
    if abandoned.purpose is Purpose.SURPLUS:
        return [*facts, *_surplus_again(current, facts, policy, now)]
    if abandoned.purpose is not Purpose.REFUND:
        return facts
    facts += _in_account(current, facts)
    facts += no_longer_full(current.book, abandoned.case_id)
    if case is not None:
        given_up = agreement.PaymentGivenUp(abandoned.reason_code)
        ended = CaseEnded(abandoned.case_id, is_used=False)
        pieces = abandoned.shares if abandoned.are_goods_gone else ()
        facts += released(current, ended, policy, now, is_paid=False, given_up=pieces)
        facts.append(tell(agreement.to(HERE, abandoned.case_id, given_up)))
    return facts


def _in_account(current: Live, facts: Sequence[Fact]) -> Sequence[Fact]:
    """Takes back questions about money of others for which the account has room now."""
    if not current.book.beside.questions:
        return []
    before: State = current
    book, void = rules_beside.no_longer_beyond(live(reduce(evolve, facts, before)).book)
    return [MoneyEntered(book, "in_account"), *void] if void else []


def _surplus_again(current: Live, facts: Sequence[Fact], policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks anew about money that the order does not need and that was not given back."""
    before: State = current
    book, asks = rules_beside.asked_of_any(live(reduce(evolve, facts, before)).book, policy, now)
    return [MoneyEntered(book, "surplus"), *asks]


def no_longer_full(book: OrderAccount, case_id: str) -> Sequence[Fact]:
    """Tells the granted refunds: money of the order is left after them (RF-033).

    One that was paid may be reversed and paid again.
    """
    others = [*(case.case_id for case in book.open), *book.past]
    ids = [intent.refund_intent_of(other_id) for other_id in others if other_id != case_id]
    lost = intent.FullnessLost()
    told = [intent.to(HERE, intent_id, lost) for intent_id in ids if intent_id in book.intents]
    return [tell(*told)] if told else []
