"""States, messages and facts of the courier claim."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chassis.vocabulary import DeadlinePassed, Money
from services.logistics.cases.values import Attention, AttentionDrawn, TaskDone, TaskOpened, Tracking


class Ending(StrEnum):
    """How a claim ended."""

    PAID = "paid"
    PARTIAL = "partial"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Claim:
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


@dataclass(frozen=True, slots=True)
class Absent:
    """Nothing is claimed."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """Evidence is missing, or a person has to file it."""

    claim: Claim
    evidence_by: datetime | None
    attention: Attention


@dataclass(frozen=True, slots=True)
class Filed:
    """The carrier was asked to pay."""

    claim: Claim
    attention: Attention


@dataclass(frozen=True, slots=True)
class UnderReview:
    """The carrier has it."""

    claim: Claim
    attention: Attention


@dataclass(frozen=True, slots=True)
class NeedsEvidence:
    """The carrier wants to see more."""

    claim: Claim
    evidence_by: datetime
    attention: Attention


@dataclass(frozen=True, slots=True)
class Approved:
    """The carrier will pay."""

    claim: Claim
    amount: Money
    attention: Attention


@dataclass(frozen=True, slots=True)
class Paid:
    """The carrier paid, all or in part."""

    claim: Claim


@dataclass(frozen=True, slots=True)
class Rejected:
    """The carrier does not pay: the loss is the shop's."""

    claim: Claim


@dataclass(frozen=True, slots=True)
class Expired:
    """It was not filed in time."""

    claim: Claim


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The parcel turned up."""

    claim: Claim


Open = Drafted | Filed | UnderReview | NeedsEvidence | Approved
Known = Open | Paid | Rejected | Expired | Withdrawn
State = Absent | Known


# Messages.


@dataclass(frozen=True, slots=True)
class LossFound:
    """A loss that the carrier answers for."""

    claim_id: str
    order_id: str
    parcel_id: str
    tracking: Tracking
    kind: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Answered:
    """The carrier moved the claim."""

    outcome: str
    amount: Money | None
    evidence_kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EvidenceIn:
    """A piece of evidence is in a store."""

    evidence_id: str


@dataclass(frozen=True, slots=True)
class RemedySpent:
    """What the buyer got because of the loss."""

    amount: Money


@dataclass(frozen=True, slots=True)
class GoodsFound:
    """The parcel is there after all."""


Message = LossFound | Answered | EvidenceIn | RemedySpent | GoodsFound | TaskDone | DeadlinePassed


# Facts.


@dataclass(frozen=True, slots=True)
class ClaimDrafted:
    """A claim exists."""

    claim: Claim
    attention: Attention


@dataclass(frozen=True, slots=True)
class EvidenceAsked:
    """The seller is to show what the carrier wants (evidence.requested)."""

    request_id: str
    kinds: tuple[str, ...]
    due_at: datetime
    attention: Attention


@dataclass(frozen=True, slots=True)
class EvidenceNoted:
    """Evidence goes with the claim."""

    evidence_id: str


@dataclass(frozen=True, slots=True)
class ClaimSent:
    """File, supplement or withdraw (courier.claim-requested)."""

    action: str
    attention: Attention


@dataclass(frozen=True, slots=True)
class ReviewNoted:
    """The carrier has it."""

    attention: Attention


@dataclass(frozen=True, slots=True)
class ApprovalNoted:
    """The carrier will pay this."""

    amount: Money
    attention: Attention


@dataclass(frozen=True, slots=True)
class SpendingNoted:
    """The loss cost this much."""

    amount: Money


@dataclass(frozen=True, slots=True)
class ClaimConcluded:
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
