"""Decides who gets money that was paid in cash: it cannot go back the way it came (RF-048)."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from kernel.decider import Decided
from kernel.people import TaskWithdrawn
from kernel.rules import rule
from services.refunds.cases.refund_intent.facts import Fact, PayeeAsked, PayeeKnown, PaymentRequested
from services.refunds.cases.refund_intent.messages import PayeeNamed, payee_name_of
from services.refunds.cases.refund_intent.state import (
    Abandoned,
    Begun,
    NotBegun,
    Requested,
    Settled,
    State,
    Unknown,
    evolve,
)
from services.refunds.payments import PaymentOrder
from services.refunds.policy import Policy


@rule("RF-048")
def asked(order: PaymentOrder, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks a person for the account to which cash is refunded."""
    return [PayeeAsked(now + policy.attention_days, 1)] if order.needs_payee else []


@rule("RF-048")
def named(state: Begun, answer: PayeeNamed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Writes the account on what is asked for from now on, and on an attempt that nobody has taken yet.

    An answer without an account is asked for again. Of a payment that is over no answer counts.
    """
    if isinstance(state, Settled | Abandoned):
        return []
    if state.beside.payee_ref is not None:
        return []
    if answer.payee_ref is None:
        number = max(answer.question, state.beside.payee_question)
        is_open = answer.question == number
        return [PayeeAsked(now + policy.attention_days, number + 1)] if is_open else []
    known = PayeeKnown(answer.payee_ref)
    if isinstance(state, Unknown) or (isinstance(state, Requested) and not state.is_waiting):
        again = PaymentRequested(state.order, state.attempt_count, state.again_at, state.stuck_at)
        return [known, again]
    return [known]


@rule("RF-048")
def withdrawn(state: State, decided: Sequence[Decided[Fact]]) -> Sequence[Fact]:
    """Withdraws the question for the payee once nothing more is to be paid."""
    if isinstance(state, NotBegun | Abandoned) or not state.beside.payee_question:
        return []
    before: State = state
    after = reduce(evolve, (entry.fact for entry in decided), before)
    if not isinstance(after, Settled | Abandoned) or isinstance(state, Settled):
        return []
    return [TaskWithdrawn("settled", name=payee_name_of(state.beside.payee_question))]
