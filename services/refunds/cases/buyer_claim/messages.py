"""Defines the messages to a claim on the buyer: goods that he has beside the money, and people's answers."""

from kernel.decider import Addressed, DeadlinePassed
from kernel.ids import derived_id
from kernel.money import Money
from kernel.value import Value
from services.refunds.shares import Share

NAME = "buyer-claim"
QUESTION_MARK = "question"


class GoodsKept(Value):
    """Pieces that were repaid are with the buyer all the same. `shares` carry what was repaid for them.

    `cause_id`: the parcel, resend or refund that brought it about.
    """

    claim_number: int
    customer_id: str
    shares: tuple[Share, ...]
    amount: Money
    cause_id: str


class PiecesCleared(Value):
    """The buyer does not have both for these pieces any more: `goods_back`, `not_there` or `not_paid`."""

    shares: tuple[Share, ...]
    reason_code: str


class TaskDone(Value):
    """A person answered the n-th question of the claim, from 1."""

    question_number: int
    outcome_code: str


Message = GoodsKept | PiecesCleared | TaskDone | DeadlinePassed


def to(order_id: str, claim_id: str, message: Message) -> Addressed:
    """Addresses one claim on the buyer of the order."""
    return Addressed(order_id, NAME, claim_id, message)


def claim_id_of(order_id: str, claim_number: int) -> str:
    """Derives the id of the n-th claim on the buyer of the order, from 1."""
    return derived_id(order_id, NAME, str(claim_number))
