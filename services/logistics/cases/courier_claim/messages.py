"""Defines the messages to a claim on a carrier, and addresses them."""

from kernel.decider import Addressed, DeadlinePassed
from kernel.money import Money
from kernel.value import Value
from services.logistics.news import TaskDone
from services.logistics.parcels import Tracking

NAME = "courier-claim"


class LossFound(Value):
    """A loss that the carrier answers for."""

    claim_id: str
    order_id: str
    parcel_id: str
    tracking: Tracking
    kind: str
    amount: Money
    is_again: bool = False
    """The parcel turned up after an earlier loss."""


class Answered(Value):
    """The carrier moved the claim."""

    outcome: str
    amount: Money | None
    evidence_kinds: tuple[str, ...]


class EvidenceIn(Value):
    """A piece of evidence is in a store."""

    evidence_id: str


class RemedySpent(Value):
    """The buyer got this much because of the loss."""

    amount: Money


class GoodsFound(Value):
    """The parcel is there after all."""


Message = LossFound | Answered | EvidenceIn | RemedySpent | GoodsFound | TaskDone | DeadlinePassed


def to(order_id: str, claim_id: str, message: Message) -> Addressed:
    """Addresses one claim."""
    return Addressed(order_id, NAME, claim_id, message)
