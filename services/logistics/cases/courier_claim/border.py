"""Declares the claim on a carrier: the events that it reads and the outcomes of its facts."""

from collections.abc import Mapping, Sequence

from aftersales_contracts.aftersales import common, logistics
from aftersales_contracts.aftersales import logistics_enums as lw
from aftersales_contracts.base import Event
from aftersales_contracts.enums import EvidenceKind
from aftersales_contracts.shop import aftersales, desk, shipments
from chassis.engine import outcomes
from chassis.service import Announce, Kind, Read
from kernel.decider import Addressed, CaseView
from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from kernel.picture import Picture, Pictures, ended
from services.logistics.attention import AttentionDrawn
from services.logistics.cases.courier_claim import messages as m
from services.logistics.cases.courier_claim import state as s
from services.logistics.cases.courier_claim.messages import NAME, Message
from services.logistics.cases.courier_claim.rules import decide
from services.logistics.cases.courier_claim.state import Ended, Fact, State, deadlines, evolve
from services.logistics.news import TaskDone
from services.logistics.policy import Policy


def _claim_answered(data: shipments.CourierClaimAnsweredV1) -> Sequence[Addressed]:
    """Reads the carrier's word on the claim."""
    amount = outcomes.money_in(data.amount) if data.amount else None
    kinds = tuple(kind.value for kind in data.evidence_kinds or ())
    return [m.to(data.order_id, data.claim_id, m.Answered(data.outcome.value, amount, kinds))]


def _evidence_submitted(data: aftersales.EvidenceSubmittedV1) -> Sequence[Addressed]:
    """Reads that evidence is in a store."""
    if data.case_id is None:
        return []
    return [m.to(data.order_id, data.case_id, m.EvidenceIn(data.evidence_id))]


def _task_completed(data: desk.TaskCompletedV1) -> Sequence[Addressed]:
    """Reads a person's answer."""
    return [m.to(data.about_subject, data.case_id, TaskDone(data.task_id, data.outcome_code))]


READS: Mapping[type[Event], Read] = {
    shipments.CourierClaimAnsweredV1: _claim_answered,
    aftersales.EvidenceSubmittedV1: outcomes.mine(NAME, _evidence_submitted),
    desk.TaskCompletedV1: outcomes.mine(NAME, _task_completed),
}


def _claim(view: CaseView[State]) -> s.Claim:
    if isinstance(view.state, s.Absent):
        raise TypeError("nothing is claimed")
    return view.state.claim


def _sent(fact: s.ClaimSent, view: CaseView[State]) -> logistics.CourierClaimRequestedV1:
    """Announces a step of the claim towards the carrier."""
    claim = _claim(view)
    return logistics.CourierClaimRequestedV1(
        **outcomes.about_order(view),
        claim_id=claim.claim_id,
        action=lw.ClaimAction(fact.action),
        kind=lw.ClaimKind(claim.kind),
        parcel_id=claim.parcel_id,
        tracking=outcomes.tracking(claim.tracking),
        amount=outcomes.money(claim.amount),
        evidence_ids=list(claim.evidence_ids),
        file_by_at=claim.file_by,
    )


def _evidence_asked(fact: s.EvidenceAsked, view: CaseView[State]) -> common.EvidenceRequestedV1:
    """Announces the evidence that the seller is to show."""
    return common.EvidenceRequestedV1(
        **outcomes.about_order(view),
        request_id=fact.request_id,
        from_role=common.EvidenceHolder.SELLER,
        kinds=[EvidenceKind(kind) for kind in fact.kinds],
        about_code="courier_claim",
        due_at=fact.due_at,
    )


def _concluded(fact: s.ClaimConcluded, view: CaseView[State]) -> logistics.CourierClaimConcludedV1:
    """Announces the end of the claim: the sum that the carrier paid, and the sum that the buyer got."""
    claim = _claim(view)
    return logistics.CourierClaimConcludedV1(
        **outcomes.about_order(view),
        claim_id=claim.claim_id,
        outcome=lw.ClaimOutcome(fact.ending.value),
        recovered_amount=outcomes.money(fact.recovered),
        spent_on_buyer_amount=outcomes.money(Money(claim.spent_minor, claim.amount.currency)),
    )


def _returned(_fact: s.PaymentReturned, view: CaseView[State]) -> logistics.CourierClaimConcludedV1:
    """Announces that nothing is recovered after all."""
    nothing = Money(0, _claim(view).amount.currency)
    return _concluded(s.ClaimConcluded(s.Ending.WITHDRAWN, nothing), view)


def _attention(fact: AttentionDrawn, view: CaseView[State]) -> common.TaskRequestedV1:
    """Announces that a person is to look at the claim."""
    return outcomes.order_task(fact.task, view)


ANNOUNCES: Mapping[type, Announce] = {
    AttentionDrawn: _attention,
    Task: outcomes.order_task,
    TaskWithdrawn: outcomes.order_task_withdrawn,
    s.ClaimSent: _sent,
    s.EvidenceAsked: _evidence_asked,
    s.ClaimConcluded: _concluded,
    s.PaymentReturned: _returned,
}

PICTURES: Pictures = {
    s.Drafted: Picture("drafted", "seller", ("show_evidence",)),
    s.Filed: Picture("filed", "carrier"),
    s.UnderReview: Picture("under_review", "carrier"),
    s.NeedsEvidence: Picture("needs_evidence", "seller", ("show_evidence",)),
    s.Approved: Picture("approved", "carrier"),
    s.Paid: ended("paid"),
    s.Rejected: ended("rejected"),
    s.Expired: ended("expired"),
    s.Withdrawn: ended("withdrawn"),
}

COURIER_CLAIM: Kind[State, Message, Fact, Policy] = Kind(
    name=NAME,
    initial=s.Absent(),
    state=State,
    message=Message,
    fact=Fact,
    ended=Ended,
    decide=decide,
    evolve=evolve,
    deadlines=deadlines,
    reads=READS,
    announces=ANNOUNCES,
    pictures=PICTURES,
)
