"""Builds the steps that several rules of a refund agreement share: consent, pay, refuse."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from kernel.decider import Decided
from kernel.rules import rules_of
from services.refunds.cases.refund_agreement.facts import (
    Answer,
    AnswerCause,
    AnswerDecided,
    EditAwaited,
    Fact,
    Filed,
    FreightDecided,
    FreightDue,
    NegotiationOver,
    RefundDue,
    ReturnAwaited,
    ReturnedGoods,
)
from services.refunds.cases.refund_agreement.state import (
    AwaitingAnswer,
    Open,
)
from services.refunds.liability import Bearer
from services.refunds.policy import Policy
from services.refunds.shares import RefundKind, Share, prorated

Decision = Sequence[Decided[Fact]]


def agreed_for_seller(filed: Filed, cause: AnswerCause, policy: Policy, now: datetime) -> Sequence[Fact]:
    facts = consent(filed, policy, now, None)
    if filed.terms.kind is RefundKind.UNSHIPPED:
        return facts
    return [AnswerDecided(filed.terms.version, Answer.AGREE, cause, None), *facts]


def consent(filed: Filed, policy: Policy, now: datetime, address_ref: str | None) -> Sequence[Fact]:
    if not filed.terms.kind.wants_goods_back:
        return pay(filed, None)
    rules = policy.agreement
    send_by = send_until(filed, policy, now)
    remind_at = now + min(rules.remind_days, (send_by - now) / 2)
    awaited = ReturnAwaited(address_ref or rules.return_address_ref, send_by, remind_at, rules.carriages)
    return [awaited, FreightDecided()]


@rules_of("RF-020", "RF-104")
def send_until(filed: Filed, policy: Policy, now: datetime) -> datetime:
    """Finds the end of the time to send. A shop's own hours count from the receipt, with the report in them.

    Where they were over before the shop agreed, the buyer has them from the agreement.
    """
    hours = policy.agreement.send_hours
    if not hours:
        return now + policy.agreement.send_days
    if filed.received_at is None or filed.received_at + hours <= now:
        return now + hours
    return filed.received_at + hours


def with_row(decided: Decision, filed: Filed) -> Decision:
    """Names the row of the freight matrix that decided, not the step at which it did (RF-060 to RF-067)."""
    row = filed.liability
    rules = (row.rule_id, "RF-068") if row.return_leg is Bearer.SELLER else (row.rule_id,)
    return [Decided(d.fact, rules) if isinstance(d.fact, FreightDecided) else d for d in decided]


def pay(filed: Filed, returned: ReturnedGoods | None) -> Sequence[Fact]:
    """Pays the refund, and the freight that the buyer laid out where the seller bears it."""
    terms = filed.terms
    facts: list[Fact] = []
    paid = None if returned is None else returned.freight_paid
    if paid is not None and paid.minor and filed.liability.return_leg is Bearer.SELLER:
        facts.append(FreightDue(paid))
    are_goods_gone = filed.are_goods_back or terms.kind is not RefundKind.NO_RETURN
    due = RefundDue(terms.amount, terms.shares, terms.freight_minor, are_goods_gone, filed.remedy_id)
    return [*facts, due]


def edit_awaited(policy: Policy, now: datetime, evidence_by: datetime | None) -> EditAwaited:
    rules = policy.agreement
    return EditAwaited(now + rules.edit_days, now + rules.remind_days, evidence_by)


def task_over(state: Open) -> Sequence[Fact]:
    return [NegotiationOver()] if isinstance(state, AwaitingAnswer) and state.has_task else []


def divided(
    shares: tuple[Share, ...], counts: Mapping[str, int]
) -> tuple[tuple[Share, ...], tuple[Share, ...]]:
    """Divides shares: as many pieces per line as `counts` says, and the others with the rest of the money."""
    taken: list[Share] = []
    others: list[Share] = []
    for share in shares:
        count = min(counts.get(share.line_id, 0), share.quantity_count)
        part = prorated(share, count) if count else Share(share.line_id, 0, 0)
        if count:
            taken.append(part)
        if count < share.quantity_count:
            others.append(Share(share.line_id, share.quantity_count - count, share.minor - part.minor))
    return tuple(taken), tuple(others)
