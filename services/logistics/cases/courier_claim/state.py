"""Defines the states and facts of a claim on a carrier, and its deadlines."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from kernel.decider import Deadline
from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from kernel.value import Value, replace
from services.logistics.attention import Attention, AttentionDrawn
from services.logistics.parcels import Tracking


class Ending(StrEnum):
    """The ways in which a claim ends."""

    PAID = "paid"
    PARTIAL = "partial"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Claim(Value):
    """The amount that is claimed, the carrier, and the evidence."""

    claim_id: str
    order_id: str
    parcel_id: str
    tracking: Tracking
    kind: str
    amount: Money
    file_by: datetime
    evidence_ids: tuple[str, ...] = ()
    spent_minor: int = 0
    """The buyer's gain because of the loss, in minor units of the claim's currency."""


# States.


class Absent(Value):
    """Nothing is claimed."""


class Drafted(Value):
    """Evidence is missing, or a person has to file the claim."""

    claim: Claim
    evidence_by: datetime | None
    attention: Attention


class Filed(Value):
    """The carrier was asked to pay."""

    claim: Claim
    attention: Attention


class UnderReview(Value):
    """The carrier looks into the claim."""

    claim: Claim
    attention: Attention


class NeedsEvidence(Value):
    """The carrier wants to see more."""

    claim: Claim
    evidence_by: datetime
    attention: Attention


class Approved(Value):
    """The carrier will pay."""

    claim: Claim
    amount: Money
    attention: Attention


class Paid(Value):
    """The carrier paid, all or in part."""

    claim: Claim
    is_found: bool = False
    """The parcel turned up: a person settles the payment with the carrier."""


class Rejected(Value):
    """The carrier does not pay: the loss is the shop's."""

    claim: Claim


class Expired(Value):
    """The claim was not filed in time."""

    claim: Claim


class Withdrawn(Value):
    """The parcel turned up; a sum that was paid went back."""

    claim: Claim


Open = Drafted | Filed | UnderReview | NeedsEvidence | Approved
Ended = Paid | Rejected | Expired | Withdrawn
Known = Open | Ended
State = Absent | Known


# Facts.


class ClaimDrafted(Value):
    """A claim exists."""

    claim: Claim
    attention: Attention


class EvidenceAsked(Value):
    """The seller is to show the evidence that the carrier wants (evidence.requested)."""

    request_id: str
    kinds: tuple[str, ...]
    due_at: datetime
    attention: Attention


class EvidenceNoted(Value):
    """Evidence goes with the claim."""

    evidence_id: str


class ClaimSent(Value):
    """The carrier is asked: file, supplement or withdraw (courier.claim-requested)."""

    action: str
    attention: Attention


class ReviewNoted(Value):
    """The carrier looks into the claim."""

    attention: Attention


class ApprovalNoted(Value):
    """The carrier will pay this."""

    amount: Money
    attention: Attention


class SpendingNoted(Value):
    """The loss cost this much."""

    amount: Money


class ClaimConcluded(Value):
    """The claim is over (courier.claim-concluded)."""

    ending: Ending
    recovered: Money


class PaymentReturned(Value):
    """The carrier has its money again: nothing is recovered (courier.claim-concluded)."""


Fact = (
    ClaimDrafted
    | EvidenceAsked
    | EvidenceNoted
    | ClaimSent
    | ReviewNoted
    | ApprovalNoted
    | SpendingNoted
    | ClaimConcluded
    | PaymentReturned
    | AttentionDrawn
    | Task
    | TaskWithdrawn
)


def evolve(state: State, fact: Fact) -> State:  # noqa: C901, PLR0911, PLR0912  one branch per fact
    """Applies a fact."""
    if isinstance(fact, ClaimDrafted):
        return Drafted(fact.claim, None, fact.attention)
    if isinstance(state, Absent):
        return state
    claim = state.claim
    match fact:
        case EvidenceAsked(due_at=due_at, attention=attention):
            if isinstance(state, Drafted):
                return replace(state, evidence_by=due_at)
            return NeedsEvidence(claim, due_at, attention)
        case EvidenceNoted(evidence_id=evidence_id):
            return replace(state, claim=replace(claim, evidence_ids=(*claim.evidence_ids, evidence_id)))
        case ClaimSent(action=action, attention=attention):
            return UnderReview(claim, attention) if action == "supplement" else Filed(claim, attention)
        case ReviewNoted(attention=attention):
            return UnderReview(claim, attention)
        case ApprovalNoted(amount=amount, attention=attention):
            return Approved(claim, amount, attention)
        case SpendingNoted(amount=amount):
            return replace(state, claim=replace(claim, spent_minor=amount.minor))
        case ClaimConcluded(ending=ending):
            return _ended(claim, ending)
        case PaymentReturned():
            return Withdrawn(claim)
        case AttentionDrawn(attention=attention):
            is_looked_at = isinstance(state, Filed | UnderReview | Approved)
            return replace(state, attention=attention) if is_looked_at else state
        case Task():
            return replace(state, is_found=True) if isinstance(state, Paid) else state
        case TaskWithdrawn():
            return replace(state, is_found=False) if isinstance(state, Paid) else state
        case _:
            assert_never(fact)


def _ended(claim: Claim, ending: Ending) -> Ended:
    match ending:
        case Ending.PAID | Ending.PARTIAL:
            return Paid(claim)
        case Ending.REJECTED:
            return Rejected(claim)
        case Ending.EXPIRED:
            return Expired(claim)
        case Ending.WITHDRAWN:
            return Withdrawn(claim)
        case _:
            assert_never(ending)


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists when an open claim must be looked at; an end has no deadline."""
    match state:
        case Drafted(evidence_by=evidence_by, claim=claim):
            return [Deadline("evidence", evidence_by) if evidence_by else Deadline("file", claim.file_by)]
        case NeedsEvidence(evidence_by=due_at):
            return [Deadline("evidence", due_at)]
        case Filed() | UnderReview() | Approved():
            return state.attention.deadlines()
        case Absent() | Paid() | Rejected() | Expired() | Withdrawn():
            return []
        case _:
            assert_never(state)
