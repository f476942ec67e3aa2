"""Decides what the seller's answers mean: agreement and refusal, to the application and at receipt."""

from collections.abc import Sequence
from datetime import datetime

from kernel.decider import NotYet
from kernel.people import Task
from kernel.rules import rule
from services.refunds.cases.refund_agreement import rules_returns
from services.refunds.cases.refund_agreement import transitions as steps
from services.refunds.cases.refund_agreement.facts import (
    AnswerContested,
    EvidenceAsked,
    Fact,
    Filed,
)
from services.refunds.cases.refund_agreement.messages import (
    SellerAgreed,
    SellerRefused,
    Stage,
)
from services.refunds.cases.refund_agreement.state import (
    AwaitingAnswer,
    AwaitingReceipt,
    AwaitingReturn,
    Open,
)
from services.refunds.cases.refund_agreement.transitions import Decision
from services.refunds.policy import Policy
from services.refunds.shares import RefundKind


def seller_agreed(state: Open, agreed: SellerAgreed, policy: Policy, now: datetime) -> Decision:
    """Pays, or asks for the goods first. An agreement is good for the version that it names."""
    if agreed.version > state.filed.terms.version:
        raise NotYet
    if agreed.version < state.filed.terms.version:
        return []
    if agreed.stage is Stage.RECEIPT:
        if not isinstance(state, AwaitingReceipt):
            return []
        return steps.with_row(rules_returns.goods_confirmed(state, (), policy, now), state.filed)
    if not isinstance(state, AwaitingAnswer):
        return []
    if state.is_promised_away:
        return _promise_at_risk(policy, now)
    return steps.with_row(_agreed(state, agreed, policy, now), state.filed)


@rule("RF-013", "RF-014", "RF-016", "RF-039")
def _agreed(state: AwaitingAnswer, agreed: SellerAgreed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks for the goods where they are to come back, else pays."""
    return [*steps.task_over(state), *steps.consent(state.filed, policy, now, agreed.address_ref)]


@rule("RF-009")
def _promise_at_risk(policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks a person, because staff promised to ship instead. Only the two days pay, no click."""
    return [Task("agreed_against_promise", now + policy.attention_days, "reconciliation", name="promise")]


def seller_refused(state: Open, refused: SellerRefused, policy: Policy, now: datetime) -> Decision:
    """Gives the buyer time to change the application. Before shipment nothing can be refused (RF-003)."""
    if refused.version > state.filed.terms.version:
        raise NotYet
    if refused.version < state.filed.terms.version or state.filed.terms.kind is RefundKind.UNSHIPPED:
        return []
    if refused.stage is Stage.RECEIPT:
        return _goods_refused(state, refused, policy, now) if isinstance(state, AwaitingReceipt) else []
    if isinstance(state, AwaitingAnswer):
        return _refused(state, refused, policy, now)
    is_silent = isinstance(state, AwaitingReturn) and not state.is_contested
    return _contested(policy, now) if is_silent else []


@rule("RF-003", "RF-017", "RF-018", "RF-031")
def _refused(state: AwaitingAnswer, refused: SellerRefused, policy: Policy, now: datetime) -> Sequence[Fact]:
    return [*steps.task_over(state), *_refusal(state.filed, refused, policy, now)]


@rule("RF-026", "RF-018", "RF-031")
def _goods_refused(
    state: AwaitingReceipt, refused: SellerRefused, policy: Policy, now: datetime
) -> Sequence[Fact]:
    """Refuses the goods as they are. The buyer edits, and the case comes back to this stage."""
    return _refusal(state.filed, refused, policy, now)


def _refusal(filed: Filed, refused: SellerRefused, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks for evidence that was not shown: a refusal must be backed (RF-031)."""
    missing = tuple(kind for kind in policy.agreement.evidence_kinds if kind not in filed.evidence_kinds)
    if refused.evidence_count >= len(policy.agreement.evidence_kinds) or not missing:
        return [steps.edit_awaited(policy, now, None)]
    due_at = now + policy.agreement.evidence_days
    return [steps.edit_awaited(policy, now, due_at), EvidenceAsked(missing, due_at)]


@rule("RF-015", "RF-016")
def _contested(policy: Policy, now: datetime) -> Sequence[Fact]:
    """Keeps our word after silence counted as consent. A person reconciles the late refusal."""
    return [AnswerContested(now + policy.attention_days)]
