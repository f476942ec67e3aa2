"""Builds the steps that several rules of a refund agreement share: consent, pay, refuse."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from kernel.decider import Decided
from kernel.money import Money
from kernel.people import TaskWithdrawn
from kernel.rules import rules_of
from kernel.value import replace
from services.refunds.cases.refund_agreement.facts import (
    AgreementClosed,
    Answer,
    AnswerCause,
    AnswerDecided,
    EditAwaited,
    Ending,
    Fact,
    Filed,
    FreightDecided,
    FreightDue,
    NegotiationOver,
    ReceiptAwaited,
    RefundDue,
    ReturnAwaited,
    ReturnedGoods,
)
from services.refunds.cases.refund_agreement.state import (
    AwaitingAnswer,
    Open,
    Refused,
    returned_of,
)
from services.refunds.goods import counts_of, pieces_of, received, without
from services.refunds.liability import Bearer, Liability, is_fault_known, is_fault_refuted, without_fault
from services.refunds.policy import Policy
from services.refunds.shares import Carriage, RefundKind, Share, prorated

Decision = Sequence[Decided[Fact]]
DELIVERED = "delivered"
"""The name of the task that asks whether the buyer has the goods."""


def agreed_for_seller(filed: Filed, cause: AnswerCause, policy: Policy, now: datetime) -> Sequence[Fact]:
    if cause is AnswerCause.SILENCE and filed.returned is not None:
        filed = unanswered(filed, filed.returned)
    if filed.is_back_unfit and filed.terms.kind.wants_goods_back and are_all_back(filed):
        facts: Sequence[Fact] = [received_before(filed, policy, now)]
    else:
        facts = consent(filed, policy, now, None)
    if filed.terms.kind is RefundKind.UNSHIPPED:
        return facts
    return [AnswerDecided(filed.terms.version, Answer.AGREE, cause, None), *facts]


def received_before(filed: Filed, policy: Policy, now: datetime) -> ReceiptAwaited:
    """Takes goods that are at the shop for a return that has arrived."""
    receive_by = now + policy.agreement.receive_days[Carriage.EXPRESS]
    return ReceiptAwaited(filed, receive_by, ReturnedGoods(Carriage.EXPRESS, None, (), filed.back))


def consent(filed: Filed, policy: Policy, now: datetime, address_ref: str | None) -> Sequence[Fact]:
    if not filed.terms.kind.wants_goods_back or are_all_back(filed):
        return pay(filed, filed.returned)
    return [return_awaited(send_until(filed, policy, now), policy, now, address_ref), FreightDecided()]


def return_awaited(
    send_by: datetime, policy: Policy, now: datetime, address_ref: str | None = None
) -> ReturnAwaited:
    """Lets the buyer send the goods, and prompts him at the latest after half of the time."""
    rules = policy.agreement
    remind_at = now + min(rules.remind_days, (send_by - now) / 2)
    return ReturnAwaited(address_ref or rules.return_address_ref, send_by, remind_at, rules.carriages)


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
    return [
        Decided(d.fact, _row_rules(d.fact.liability or filed.liability))
        if isinstance(d.fact, FreightDecided)
        else d
        for d in decided
    ]


def _row_rules(row: Liability) -> tuple[str, ...]:
    return (row.rule_id, "RF-068") if row.return_leg is Bearer.SELLER else (row.rule_id,)


@rules_of("RF-044")
def are_all_back(filed: Filed) -> bool:
    """Tells whether the shop has every piece of the refund, other than by a return of it."""
    shares = filed.terms.shares
    return filed.are_goods_back or (bool(shares) and not without(shares, filed.back))


def pay(filed: Filed, returned: ReturnedGoods | None) -> Sequence[Fact]:
    """Pays the refund, and the freight that the buyer laid out where the seller bears it."""
    facts: list[Fact] = []
    if returned is not None and is_refuted(returned):
        row = without_fault(filed.liability)
        if row != filed.liability:
            facts.append(FreightDecided(row))
            filed = owing_no_freight(replace(filed, liability=row))
    terms = filed.terms
    paid = None if returned is None else returned.freight_paid
    if paid is not None and paid.minor and filed.liability.return_leg is Bearer.SELLER:
        facts.append(FreightDue(paid))
    are_goods_gone = terms.kind is not RefundKind.NO_RETURN or returned is not None or are_all_back(filed)
    due = RefundDue(terms.amount, terms.shares, terms.freight_minor, are_goods_gone, filed.remedy_id)
    return [*facts, due]


@rules_of("RF-116")
def is_refuted(returned: ReturnedGoods) -> bool:
    """Tells whether the goods that travelled had no fault, also those that the refund is not about now."""
    is_known = is_fault_known(returned.inspected)
    return is_fault_refuted(returned.inspected) or (returned.is_refuted and not is_known)


@rules_of("RF-023", "RF-064", "RF-066")
def owing_no_freight(filed: Filed) -> Filed:
    """Leaves the freight of the first delivery out, where the freight matrix does not owe it."""
    terms = filed.terms
    if not terms.shares or not terms.freight_minor or filed.liability.is_original_freight_refunded:
        return filed
    goods = Money(max(terms.amount.minor - terms.freight_minor, 0), terms.amount.currency)
    return replace(filed, terms=replace(terms, freight_minor=0, amount=goods))


def unanswered(filed: Filed, returned: ReturnedGoods) -> Filed:
    """Narrows to what silence consents to: the freight as the goods left, unless the buyer asks less."""
    before = returned.liability
    if before is None:
        return filed
    if before.return_leg is Bearer.BUYER:
        filed = replace(filed, liability=before)
    if before.is_original_freight_refunded:
        return filed
    narrowed = owing_no_freight(replace(filed, liability=before))
    return replace(narrowed, liability=filed.liability)


def ended(state: Open, ending: Ending) -> AgreementClosed:
    """Ends the refund without payment, and tells which of the goods that the buyer sent the shop has."""
    returned = returned_of(state)
    if returned is None:
        return AgreementClosed(ending)
    here = received(returned.inspected)
    is_refused = isinstance(state, Refused) or state.filed.returned is not None
    if not returned.inspected and is_refused:
        here = pieces_of(counts_of(returned.sent or state.filed.terms.shares))
    return AgreementClosed(ending, here)


def edit_awaited(policy: Policy, now: datetime, evidence_by: datetime | None) -> EditAwaited:
    rules = policy.agreement
    return EditAwaited(now + rules.edit_days, now + rules.remind_days, evidence_by)


def task_over(state: Open) -> Sequence[Fact]:
    """Takes back what a person was asked before the answer."""
    if not isinstance(state, AwaitingAnswer):
        return []
    over: list[Fact] = [NegotiationOver()] if state.has_task else []
    return [*over, TaskWithdrawn("answered", name=DELIVERED)] if state.is_questioned else over


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
