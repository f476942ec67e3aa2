"""Defines the states and facts of a claim on the buyer, how facts change the states, and its deadline."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from kernel.decider import Deadline
from kernel.ids import derived_id
from kernel.money import Money
from kernel.people import Task, TaskWithdrawn
from kernel.value import Value, replace
from services.refunds.cases.buyer_claim.messages import QUESTION_MARK
from services.refunds.shares import Share, total_of


class Ending(StrEnum):
    """The ways in which a claim on the buyer ends."""

    TAKEN_BACK = "taken_back"
    BILLED_AGAIN = "billed_again"
    WRITTEN_OFF = "written_off"
    VOID = "void"
    """The buyer owes nothing: the money never moved, or the goods were never there."""


class Claim(Value):
    """The pieces that the buyer has beside the money; `amount` is the whole claim as it was opened."""

    claim_number: int
    customer_id: str
    shares: tuple[Share, ...]
    """The pieces that are still claimed, with what was repaid for them."""
    amount: Money
    cause_id: str
    question_count: int = 0

    @property
    def open_amount(self) -> Money:
        """The money that was repaid for the pieces that are still claimed."""
        return Money(total_of(self.shares), self.amount.currency)


# States. `ask_at`: when a person is asked again; a claim waits until it is settled.


class Absent(Value):
    pass


class Asked(Value):
    """A person decides: take back, bill again, or write off."""

    claim: Claim
    ask_at: datetime


class GoodsAwaited(Value):
    """The buyer is to send the goods back."""

    claim: Claim
    ask_at: datetime


class MoneyAwaited(Value):
    """The buyer is billed again."""

    claim: Claim
    ask_at: datetime


class Settled(Value):
    """The claim is over; `claim.shares` are the pieces that stayed with the buyer."""

    claim: Claim
    ending: Ending


Open = Asked | GoodsAwaited | MoneyAwaited
Ended = Settled
Known = Open | Settled
State = Absent | Known


# Facts.


class ClaimOpened(Value):
    """Goods and money are both with the buyer (buyer-claim.opened)."""

    claim: Claim
    ask_at: datetime


class QuestionAsked(Value):
    """A person is asked what becomes of the claim (task.requested)."""

    task: Task
    ask_at: datetime


class TakeBackChosen(Value):
    pass


class BillChosen(Value):
    pass


class Reconsidered(Value):
    """Neither goods nor money came, and a person decides anew."""


class PiecesDropped(Value):
    """The buyer does not have both for these pieces any more."""

    shares: tuple[Share, ...]


class ClaimReduced(Value):
    """Pieces are claimed no longer, others still are (buyer-claim.reduced). `shares`: with their price."""

    shares: tuple[Share, ...]
    reason_code: str


class ClaimSettled(Value):
    """The claim is over (buyer-claim.settled). `net_loss`: the price of goods that stay with the buyer."""

    ending: Ending
    net_loss: Money


Fact = (
    ClaimOpened | QuestionAsked | TakeBackChosen | BillChosen | Reconsidered | PiecesDropped | ClaimReduced
    | ClaimSettled | Task | TaskWithdrawn
)  # fmt: skip


def question_name(question_number: int) -> str:
    """Names the n-th question about a claim, from 1."""
    return derived_id(QUESTION_MARK, str(question_number))


def evolve(state: State, fact: Fact) -> State:
    """Applies a fact. Raises TypeError where the fact does not fit the state."""
    if isinstance(fact, ClaimOpened):
        return Asked(fact.claim, fact.ask_at)
    if isinstance(state, Absent):
        raise TypeError(fact)
    known, claim = state, state.claim
    match fact:
        case QuestionAsked(ask_at=ask_at):
            asked = replace(known, claim=replace(claim, question_count=claim.question_count + 1))
            return asked if isinstance(asked, Settled) else replace(asked, ask_at=ask_at)
        case TakeBackChosen():
            return known if isinstance(known, Settled) else GoodsAwaited(claim, known.ask_at)
        case BillChosen():
            return known if isinstance(known, Settled) else MoneyAwaited(claim, known.ask_at)
        case Reconsidered():
            return known if isinstance(known, Settled) else Asked(claim, known.ask_at)
        case PiecesDropped(shares=shares) | ClaimReduced(shares=shares):
            return replace(known, claim=replace(claim, shares=left(claim, shares)))
        case ClaimSettled(ending=ending):
            return Settled(claim, ending)
        case Task() | TaskWithdrawn():
            return known
        case _:
            assert_never(fact)


def left(claim: Claim, gone: Sequence[Share]) -> tuple[Share, ...]:
    """Lists the claimed pieces without these; each piece takes its part of the money along."""
    counts = {share.line_id: share.quantity_count for share in gone}
    kept: list[Share] = []
    for share in claim.shares:
        count = share.quantity_count - min(counts.get(share.line_id, 0), share.quantity_count)
        if count:
            kept.append(Share(share.line_id, count, share.minor * count // share.quantity_count))
    return tuple(kept)


def dropped(claim: Claim, gone: Sequence[Share]) -> tuple[Share, ...]:
    """Lists the claimed pieces among these, with the money that they take along."""
    kept = {share.line_id: share for share in left(claim, gone)}
    found: list[Share] = []
    for share in claim.shares:
        rest = kept.get(share.line_id, Share(share.line_id, 0, 0))
        if share.quantity_count > rest.quantity_count:
            count = share.quantity_count - rest.quantity_count
            found.append(Share(share.line_id, count, share.minor - rest.minor))
    return tuple(found)


def deadlines(state: State) -> Sequence[Deadline]:
    """Lists when a person is asked again about an open claim."""
    match state:
        case Asked(ask_at=ask_at) | GoodsAwaited(ask_at=ask_at) | MoneyAwaited(ask_at=ask_at):
            return (Deadline("answer", ask_at),)
        case Absent() | Settled():
            return ()
        case _:
            assert_never(state)
