"""Defines the messages to the ledger of one account's credit points."""

from kernel.decider import Addressed
from kernel.value import Value
from services.reviews.credit import Cap, Role

NAME = "credit-account"


class PointsMoved(Value):
    """One rating moved the account's points. The caps are applied."""

    order_id: str
    role: Role
    points: int
    delta_points: int
    cap: Cap
    cause_code: str


Message = PointsMoved


def to(account_id: str, message: Message) -> Addressed:
    """Addresses the ledger of an account, a buyer's or a shop's."""
    return Addressed(account_id, NAME, account_id, message)
