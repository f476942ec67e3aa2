"""Decides what news mean to a refund agreement: mark, hold, parcel back, remedy, promise, evidence."""

from collections.abc import Sequence
from datetime import datetime

from kernel.money import Money
from kernel.people import Task
from kernel.rules import rule
from kernel.value import replace
from services.refunds.cases.refund_agreement import transitions as steps
from services.refunds.cases.refund_agreement.facts import (
    Answer,
    AnswerAwaited,
    AnswerCause,
    AnswerDecided,
    BuyerReminded,
    DeliveryNoted,
    DeliveryQuestioned,
    Ending,
    EvidenceAsked,
    EvidenceNoted,
    Fact,
    Filed,
    GoodsNoted,
    PiecesReceived,
    PromiseNoted,
    RefundDue,
    RefusalWithdrawn,
    RestUndecided,
)
from services.refunds.cases.refund_agreement.messages import (
    DeliverySeen,
    EvidenceGiven,
    GoodsCameBack,
    HoldAnswered,
    ParcelTraced,
    PromiseMade,
    Remedied,
    TaskAnswered,
)
from services.refunds.cases.refund_agreement.state import (
    AwaitingAnswer,
    AwaitingReceipt,
    AwaitingReturn,
    Open,
    Refused,
)
from services.refunds.cases.refund_agreement.transitions import Decision
from services.refunds.goods import counts_of, pieces_of, together
from services.refunds.policy import Policy
from services.refunds.shares import RefundKind, Share, total_of

YES = frozenset({"approved", "confirmed", "done"})
"""Answers of a person by which the refund is paid."""


@rule("RF-002", "RF-003")
def shipment_seen(state: Open) -> Sequence[Fact]:
    """Ends a refund before shipment. Nothing but the mark of the shipment stops it."""
    if state.filed.terms.kind is RefundKind.UNSHIPPED:
        return [steps.ended(state, Ending.SHIPPED)]
    return []


@rule("RF-005", "RF-006", "RF-009", "RF-029")
def hold_answered(state: Open, hold: HoldAnswered) -> Sequence[Fact]:
    """Pays at once for a void waybill, unless staff promised otherwise. Too late: mark or two days decide."""
    if not isinstance(state, AwaitingAnswer) or state.filed.terms.kind is not RefundKind.UNSHIPPED:
        return []
    if hold.outcome != "stopped" or state.is_promised_away:
        return []
    return steps.pay(state.filed, None)


def goods_came_back(state: Open, back: GoodsCameBack, policy: Policy, now: datetime) -> steps.Decision:
    """Pays for pieces that the buyer never got, and counts those that he was to send as returned."""
    if state.filed.terms.kind in (RefundKind.NOT_RECEIVED, RefundKind.UNSHIPPED):
        return _never_got(state, back, policy, now)
    return _returned(state, back, policy, now)


@rule("RF-006", "RF-034", "RF-036", "RF-037", "RF-038", "RF-044")
def _never_got(state: Open, back: GoodsCameBack, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Pays for a parcel that is back. A refusal that waited for the parcel is withdrawn before."""
    pieces = together(state.filed.back, back.shares) if back.shares else ()
    return _owed(state, pieces, policy, now, None)


@rule("RF-025", "RF-044")
def _returned(state: Open, back: GoodsCameBack, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Counts pieces at the shop as returned. Where the return is agreed and all are there, it pays.

    Those that were checked and not accepted wait for the seller's word, like a return that is here.
    """
    pieces = back.shares or pieces_of(counts_of(state.filed.terms.shares))
    is_unfit = back.are_unfit or state.filed.is_back_unfit
    filed = replace(state.filed, back=together(state.filed.back, pieces), is_back_unfit=is_unfit)
    noted: list[Fact] = [GoodsNoted(pieces, back.are_unfit)]
    if not steps.are_all_back(filed):
        return noted
    if isinstance(state, AwaitingReceipt):
        return noted if is_unfit else [*noted, *steps.pay(filed, state.returned)]
    if not isinstance(state, AwaitingReturn):
        return noted
    registered = steps.received_before(filed, policy, now)
    return [*noted, registered, *([] if is_unfit else steps.pay(filed, None))]


@rule("RF-007", "RF-035", "RF-036", "RF-037", "RF-038", "RF-044")
def remedy(state: Open, remedied: Remedied, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Pays the open refund once report and memo are done."""
    return _owed(state, remedied.shares, policy, now, remedied.remedy_id)


def _owed(
    state: Open, pieces: tuple[Share, ...], policy: Policy, now: datetime, remedy_id: str | None
) -> Sequence[Fact]:
    """Pays for the pieces that the news is about. Others go to a person.

    Before shipment the case stands as it is where the news is about a part: its two days pay for all.
    """
    filed = state.filed if remedy_id is None else replace(state.filed, remedy_id=remedy_id)
    terms = filed.terms
    if terms.kind not in (RefundKind.NOT_RECEIVED, RefundKind.UNSHIPPED):
        return []
    if not isinstance(state, AwaitingAnswer | Refused):
        return []
    owed, rest = steps.divided(terms.shares, {share.line_id: share.quantity_count for share in pieces})
    facts: list[Fact] = [*steps.task_over(state)]
    if pieces and rest:
        minor = total_of(owed)
        if minor == 0 and terms.amount.minor:
            return []
        due_at = state.answer_by if isinstance(state, AwaitingAnswer) else now + policy.attention_days
        facts.append(RestUndecided(rest, due_at))
        if terms.kind is RefundKind.UNSHIPPED:
            return facts
        part = replace(terms, shares=owed, freight_minor=0, amount=Money(minor, terms.amount.currency))
        filed = replace(filed, terms=part)
    if isinstance(state, Refused):
        facts.append(RefusalWithdrawn(now + policy.agreement.answer_days[terms.kind]))
    if terms.kind is not RefundKind.UNSHIPPED:
        facts.append(AnswerDecided(terms.version, Answer.AGREE, AnswerCause.REMEDY, None))
    is_back = remedy_id is None and terms.kind is RefundKind.NOT_RECEIVED
    due = steps.pay(filed, filed.returned)
    return [*facts, *(replace(d, is_proven=is_back) if isinstance(d, RefundDue) else d for d in due)]


@rule("RF-017", "RF-033")
def receipt_confirmed(state: Open, line_ids: tuple[str, ...] | None) -> Sequence[Fact]:
    """Ends a refund of goods that the buyer has after all; of some of its lines it goes on for the others."""
    terms = state.filed.terms
    rest = () if line_ids is None else tuple(s for s in terms.shares if s.line_id not in line_ids)
    if not rest:
        return [*steps.task_over(state), steps.ended(state, Ending.WITHDRAWN)]
    if rest == terms.shares:
        return []
    amount = Money(total_of(rest), terms.amount.currency)
    filed = replace(state.filed, terms=replace(terms, shares=rest, freight_minor=0, amount=amount))
    if isinstance(state, AwaitingAnswer):
        return [*steps.task_over(state), AnswerAwaited(filed, state.answer_by)]
    return [PiecesReceived(filed)]


@rule("RF-031", "RF-034")
def in_transit_refused(filed: Filed, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Refuses with evidence while a parcel is only just collected. The buyer should refuse the parcel."""
    return _just_collected(filed, policy, now)


def _just_collected(filed: Filed, policy: Policy, now: datetime) -> list[Fact]:
    due_at = now + policy.agreement.evidence_days
    return [
        AnswerDecided(filed.terms.version, Answer.REFUSE, AnswerCause.POLICY, "just_collected"),
        steps.edit_awaited(policy, now, due_at),
        EvidenceAsked(policy.agreement.evidence_kinds, due_at),
        BuyerReminded("refuse_parcel", now + policy.agreement.edit_days),
    ]


@rule("RF-031", "RF-034")
def parcel_traced(state: Open, traced: ParcelTraced, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Refuses a refund of goods that the carrier has only just collected, whatever reason the buyer gave."""
    if not isinstance(state, AwaitingAnswer) or state.filed.terms.kind is not RefundKind.NOT_RECEIVED:
        return []
    is_fresh = now < traced.picked_up_at + policy.agreement.just_collected_hours
    if not is_fresh or state.filed.remedy_id is not None or state.filed.is_delivered:
        return []
    return [*steps.task_over(state), *_just_collected(state.filed, policy, now)]


@rule("RF-044")
def delivery_seen(state: Open, seen: DeliverySeen) -> Sequence[Fact]:
    """Notes that goods of the refund were delivered, or were not after all."""
    if state.filed.is_delivered == seen.is_there:
        return []
    return [DeliveryNoted(seen.is_there)]


def is_delivery_open(state: AwaitingAnswer) -> bool:
    """Tells whether goods that the buyer says were not received were delivered, and a person may decide."""
    return state.filed.terms.kind is RefundKind.NOT_RECEIVED and state.filed.is_delivered


def silent_after_delivery(state: AwaitingAnswer, policy: Policy, now: datetime) -> Decision:
    """Asks a person before silence pays for delivered goods; without an answer the delivery decides."""
    if state.is_questioned:
        return _delivery_decides(state, policy, now)
    return _person_asked(policy, now)


@rule("RF-013", "RF-044")
def _person_asked(policy: Policy, now: datetime) -> Sequence[Fact]:
    """Asks whether the buyer has the goods; the delivery is the evidence."""
    due_at = now + policy.attention_days
    return [
        DeliveryQuestioned(Task("not_received_but_delivered", due_at, "assessment", name=steps.DELIVERED))
    ]


@rule("RF-013", "RF-031", "RF-044")
def _delivery_decides(state: AwaitingAnswer, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Refuses with the delivery as evidence. The buyer may show that the goods did not come."""
    return [
        *steps.task_over(state),
        AnswerDecided(state.filed.terms.version, Answer.REFUSE, AnswerCause.POLICY, "delivered"),
        steps.edit_awaited(policy, now, None),
    ]


def task_answered(state: Open, answer: TaskAnswered, policy: Policy, now: datetime) -> Decision:
    """Follows the person who was asked whether the buyer has the goods."""
    if not isinstance(state, AwaitingAnswer) or not state.is_questioned:
        return []
    if not answer.task_id.endswith(f".{steps.DELIVERED}"):
        return []
    if answer.outcome_code in YES:
        return steps.with_row(_consented(state, policy, now), state.filed)
    return _delivery_decides(replace(state, is_questioned=False), policy, now)


@rule("RF-013", "RF-044")
def _consented(state: AwaitingAnswer, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Takes the seller's silence as consent, as the person says."""
    return steps.agreed_for_seller(state.filed, AnswerCause.SILENCE, policy, now)


@rule("RF-009")
def promise_made(state: Open, made: PromiseMade) -> Sequence[Fact]:
    """Holds a refund that was opened by mistake. The warehouse's stop does not pay it."""
    if isinstance(state, AwaitingAnswer) and not state.is_promised_away:
        return [PromiseNoted(made.promise_id)]
    return []


@rule("RF-031")
def evidence_given(state: Open, given: EvidenceGiven, policy: Policy) -> Sequence[Fact]:
    kinds = policy.agreement.evidence_kinds
    if given.kind not in kinds or given.kind in state.filed.evidence_kinds:
        return []
    return [EvidenceNoted(given.kind, set(kinds) <= {*state.filed.evidence_kinds, given.kind})]
