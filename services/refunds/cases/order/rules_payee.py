"""Decides who gets a refund whose money was paid in cash: it cannot go back the way it came (RF-048)."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import Decided
from kernel.ids import derived_id
from kernel.people import Task
from kernel.rules import rule
from services.refunds.cases.order.facts import Fact, PaymentGranted
from services.refunds.cases.order.state import State, live
from services.refunds.policy import Policy


def with_payee(
    state: State, decided: Sequence[Decided[Fact]], policy: Policy, now: datetime
) -> Sequence[Decided[Fact]]:
    """Adds the question for the buyer's account to a grant of which a part was paid in cash."""
    in_cash = {tender.payment_id for tender in live(state).book.tenders if tender.is_cash}
    if not in_cash:
        return decided
    asked = [
        question
        for entry in decided
        if isinstance(entry.fact, PaymentGranted)
        and any(tender.payment_id in in_cash for tender in entry.fact.tenders)
        for question in _payee_asked(entry.fact.intent_id, policy, now)
    ]
    return [*decided, *asked]


@rule("RF-048")
def _payee_asked(intent_id: str, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks a person for the account to which cash is refunded."""
    due_at = now + policy.attention_days
    return [Task("payee_of_cash", due_at, "approval", task_id=derived_id(intent_id, "payee"))]
