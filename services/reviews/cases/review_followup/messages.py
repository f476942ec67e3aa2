"""Defines the messages to the follow-up of one order's neutral and bad reviews."""

from enum import StrEnum

from kernel.decider import Addressed, DeadlinePassed
from kernel.value import Value

NAME = "review-followup"


class Outcome(StrEnum):
    """The end of a follow-up (C4)."""

    CHANGED = "changed"
    DELETED = "deleted"
    EXPLAINED = "explained"
    REFUSED_CONTACT = "refused_contact"
    EXPIRED = "expired"


class Negative(Value):
    """The buyer rated neutral or bad."""

    order_id: str
    review_id: str
    customer_id: str


class Resolved(Value):
    """The buyer changed the review, or it was deleted."""

    review_id: str
    outcome: Outcome


class ContactResolved(Value):
    """The sender reports the outcome of an attempt."""

    notice_id: str
    outcome: str
    channel: str | None
    reason_code: str | None


class HarassmentReported(Value):
    """The buyer complained that we harass."""


class Explained(Value):
    """Staff report the result of the talk with the buyer."""

    is_settled: bool


Message = Negative | Resolved | ContactResolved | HarassmentReported | Explained | DeadlinePassed


def to(order_id: str, message: Message, case_id: str = "") -> Addressed:
    """Addresses the follow-up of an order. The case id is the order id; an answer names it itself."""
    return Addressed(order_id, NAME, case_id or order_id, message)
