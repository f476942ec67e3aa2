"""Defines the messages to the ledger of what one buyer and one shop earned from each other."""

from datetime import datetime

from kernel.decider import Addressed
from kernel.ids import derived_id
from kernel.value import Value
from services.reviews.credit import Role

NAME = "credit-pair"


class Earned(Value):
    """A rating as it stands now, and its worth to one side. Points 0: given back, or neutral."""

    account_id: str
    role: Role
    entry_id: str
    order_id: str
    item_id: str
    succeeded_at: datetime
    points: int
    revision: int
    is_mall: bool
    cause_code: str


Message = Earned


def to(shop_id: str, buyer_account_id: str, message: Message) -> Addressed:
    """Addresses the ledger of a shop and a buyer."""
    pair_id = derived_id(shop_id, buyer_account_id)
    return Addressed(pair_id, NAME, pair_id, message)
