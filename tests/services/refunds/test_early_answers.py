"""Answers to an application that came before the news of its payment."""

from datetime import UTC, datetime, timedelta

import pytest

from kernel.decider import NotYet
from services.refunds.cases.refund_agreement import messages as m
from services.refunds.cases.refund_agreement.rules import decide
from services.refunds.cases.refund_agreement.state import Absent, TurnedAway, evolve
from services.refunds.service import REFUNDS

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
POLICY = REFUNDS.policies.choose("shop", NOON)[1]


def turned_away(*, is_early: bool) -> TurnedAway:
    (decided,) = decide(Absent(), m.NotAdmitted(is_early), POLICY, NOON)
    state = evolve(Absent(), decided.fact)
    assert isinstance(state, TurnedAway)
    return state


def test_an_agreement_waits_for_an_application_that_may_be_opened_yet() -> None:
    """RF-001, RF-012: the news of an older payment opens it, and the seller's answer was not lost."""
    withdrawn = m.BuyerWithdrew()

    with pytest.raises(NotYet):
        decide(turned_away(is_early=True), withdrawn, POLICY, NOON + timedelta(hours=1))
    assert decide(turned_away(is_early=False), withdrawn, POLICY, NOON + timedelta(hours=1)) == []
