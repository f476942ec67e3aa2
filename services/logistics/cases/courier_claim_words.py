"""States, messages and facts of the courier claim."""

from datetime import datetime
from enum import StrEnum

from kernel.decider import DeadlinePassed
from kernel.money import Money
from kernel.value import Value
from services.logistics.cases.values import Attention, AttentionDrawn, TaskDone, TaskOpened, Tracking


class Ending(StrEnum):
    """How a claim ended."""

    PAID = "paid"
    PARTIAL = "partial"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Claim(Value):
    """What is claimed of whom."""

    claim_id: str
    order_id: str
    parcel_id: str
    tracking: Tracking
    kind: str
    amount: Money
    file_by: datetime
    evidence_ids: tuple[str, ...] = ()
    spent_minor: int = 0
    """What the buyer got because of it, in minor units of the claim's currency."""


# States.


class Absent(Value):
    """Nothing is claimed."""


class Drafted(Value):
    """Evidence is missing, or a person has to file it."""

    claim: Claim
    evidence_by: datetime | None
    attention: Attention


class Filed(Value):
    """The carrier was asked to pay."""

    claim: Claim
    attention: Attention


class UnderReview(Value):
    """The carrier has it."""

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


class Rejected(Value):
    """The carrier does not pay: the loss is the shop's."""

    claim: Claim


class Expired(Value):
    """It was not filed in time."""

    claim: Claim


class Withdrawn(Value):
    """The parcel turned up."""

    claim: Claim


Open = Drafted | Filed | UnderReview | NeedsEvidence | Approved
Known = Open | Paid | Rejected | Expired | Withdrawn
State = Absent | Known


# Messages.


class LossFound(Value):
    """A loss that the carrier answers for."""

    claim_id: str
    order_id: str
    parcel_id: str
    tracking: Tracking
    kind: str
    amount: Money


class Answered(Value):
    """The carrier moved the claim."""

    outcome: str
    amount: Money | None
    evidence_kinds: tuple[str, ...]


class EvidenceIn(Value):
    """A piece of evidence is in a store."""

    evidence_id: str


class RemedySpent(Value):
    """What the buyer got because of the loss."""

    amount: Money


class GoodsFound(Value):
    """The parcel is there after all."""


Message = LossFound | Answered | EvidenceIn | RemedySpent | GoodsFound | TaskDone | DeadlinePassed


# Facts.


class ClaimDrafted(Value):
    """A claim exists."""

    claim: Claim
    attention: Attention


class EvidenceAsked(Value):
    """The seller is to show what the carrier wants (evidence.requested)."""

    request_id: str
    kinds: tuple[str, ...]
    due_at: datetime
    attention: Attention


class EvidenceNoted(Value):
    """Evidence goes with the claim."""

    evidence_id: str


class ClaimSent(Value):
    """File, supplement or withdraw (courier.claim-requested)."""

    action: str
    attention: Attention


class ReviewNoted(Value):
    """The carrier has it."""

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


Fact = (
    ClaimDrafted
    | EvidenceAsked
    | EvidenceNoted
    | ClaimSent
    | ReviewNoted
    | ApprovalNoted
    | SpendingNoted
    | ClaimConcluded
    | AttentionDrawn
    | TaskOpened
)
